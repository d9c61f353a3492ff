#include "broker/embedded/verify.hpp"

#include <set>

#include "broker/embedded/embedded.hpp"
#include "broker/embedded/log.hpp"
#include "broker/embedded/shared_store.hpp"
#include "broker/embedded/verify_records.hpp"
#include "broker/embedded/work.hpp"

namespace collective::embedded {
namespace {

constexpr std::size_t after_number = 5;  // kind, and stream or group number

struct SideRecord {
  static SideRecord decode(std::string_view key, std::string_view record) {
    static_cast<void>(EventRecord::decode(key, record, {}));
    return {};
  }
};

class Verification {
 public:
  explicit Verification(const View& view) : view_(view) {}

  std::vector<std::string> run() {
    problems_ = verify_records(view_);
    each<StreamRecord>(Key(Kind::stream), [&](std::string_view key, const StreamRecord& stream) {
      check_stream(KeyReader(key.substr(1)).u32(), stream);
    });
    each<GroupRecord>(Key(Kind::group), [&](std::string_view key, const GroupRecord& group) {
      check_group(KeyReader(key.substr(1)).u32(), group);
    });
    return std::move(problems_);
  }

 private:
  template <class Record, class Visit>
  void each(const Key& prefix, Visit visit) {
    auto cursor = view_.state();
    for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) {
      try {
        visit(cursor.key(), Record::decode(cursor.key(), cursor.value()));
      } catch (const BadRecord&) {  // named by verify_records
      }
    }
  }

  template <class Visit>
  void each_key(const Key& prefix, Visit visit) {
    auto cursor = view_.state();
    for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) visit(cursor.key());
  }

  void expect(bool right, const std::string& problem) {
    if (!right) problems_.push_back(problem);
  }

  void expect_equal(std::uint64_t stored, std::uint64_t counted, const std::string& what) {
    expect(stored == counted,
           what + ": " + std::to_string(stored) + " recorded, " + std::to_string(counted) + " found");
  }

  void check_stream(std::uint32_t number, const StreamRecord& stream) {
    const std::string name = "stream " + stream.name;
    expect(view_.stream_number(stream.name) == number, name + ": its name leads elsewhere");
    const auto prefix = Key::of_log(number);
    auto cursor = view_.log();
    std::uint64_t entries = 0;
    EntryId last{};
    for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) {
      last = id_of_log_key(cursor.key());
      ++entries;
      try {
        const auto event = EventRecord::decode(cursor.key(), cursor.value(), stream.name);
        expect(event.ordinal == stream.trimmed + entries, name + ": entry " + last.to_string() + " is out of sequence");
      } catch (const BadRecord& bad) {
        problems_.push_back(name + ": entry " + last.to_string() + " cannot be read: " + bad.what());
      }
    }
    expect_equal(stream.length(), entries, name + ", entries");
    expect(last <= stream.last, name + ": its last id was given twice");
    std::uint64_t delayed = 0;
    each_key(Key(Kind::delayed).u32(number), [&](std::string_view) { ++delayed; });
    expect_equal(stream.delayed, delayed, name + ", delayed events");
  }

  void check_group(std::uint32_t number, const GroupRecord& group) {
    const std::string name = "group " + group.name;
    expect(view_.group_number(group.stream, group.name) == number, name + ": its name leads elsewhere");
    std::set<broker::WorkId> pending;
    const auto add = [&](const broker::WorkId& work) {
      expect(pending.insert(work).second, name + ": " + work.id.to_string() + " is pending twice");
      const bool there = work.side ? view_.get(Key(Kind::side).u32(number).u64(work.id.seq)).has_value()
                                   : view_.get_log(log_key(group.stream, work.id)).has_value();
      expect(there, name + ": the event of pending " + work.id.to_string() + " is gone");
    };
    std::uint64_t deadlines = check_runs(number, name, add);
    for (const auto kind : {Kind::held, Kind::parked}) deadlines += check_works(kind, number, name, add);
    std::uint64_t ready = 0;
    std::uint64_t parked = 0;
    std::uint64_t indexed = 0;
    std::uint64_t letters = 0;
    std::uint64_t members = 0;
    each_key(Key(Kind::ready).u32(number), [&](std::string_view) { ++ready; });
    each_key(Key(Kind::parked).u32(number), [&](std::string_view) { ++parked; });
    each_key(Key(Kind::deadline).u32(number), [&](std::string_view) { ++indexed; });
    each<Letter>(Key(Kind::letter).u32(number), [&](std::string_view, const Letter&) { ++letters; });
    each<MemberRecord>(Key(Kind::member).u32(number), [&](std::string_view, const MemberRecord&) { ++members; });
    expect_equal(parked, ready, name + ", index of parked work");
    expect_equal(deadlines, indexed, name + ", index of deadlines");
    expect_equal(group.letters, letters, name + ", dead letters");
    expect_equal(group.members, members, name + ", members");
    each<SideRecord>(Key(Kind::side).u32(number), [&](std::string_view key, const SideRecord&) {
      const EntryId id{0, KeyReader(key.substr(after_number)).u64()};
      expect(pending.contains({id, true}), name + ": a republished event is not pending");
    });
  }

  template <class Add>
  std::uint64_t check_runs(std::uint32_t number, const std::string& name, Add add) {
    std::uint64_t deadlines = 0;
    each<Run>(Key(Kind::run).u32(number), [&](std::string_view, const Run& run) {
      deadlines += run.deadline != Timestamp{} ? 1 : 0;
      bool any = false;
      for (std::size_t i = 0; i < run.ids.size(); ++i) {
        if (!run.live[i]) continue;
        any = true;
        add(broker::WorkId{run.ids[i], false});
      }
      expect(any, name + ": a run with nothing in it");
    });
    return deadlines;
  }

  template <class Add>
  std::uint64_t check_works(Kind kind, std::uint32_t number, const std::string& name, Add add) {
    std::uint64_t deadlines = 0;
    each<Pending>(Key(kind).u32(number), [&](std::string_view key, const Pending& pending) {
      deadlines += pending.deadline != Timestamp{} ? 1 : 0;
      expect(pending.member.empty() == (kind == Kind::parked), name + ": parked work with an owner, or held without");
      KeyReader fields(key.substr(after_number));
      const bool side = fields.byte() != 0;
      add(broker::WorkId{fields.id(), side});
    });
    return deadlines;
  }

  const View& view_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> verify(const View& view) {
  return Verification(view).run();
}

std::vector<std::string> check(const Options& options) {
  try {
    auto shared = share(options);
    auto problems = shared->environment->read([](const View& view) { return verify(view); });
    give_back(std::move(shared), std::chrono::steady_clock::now() + std::chrono::seconds(5));
    return problems;
  } catch (const Fault& fault) {
    return {fault.what()};
  }
}

}  // namespace collective::embedded
