#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collective/codec.hpp"
#include "collective/envelope.hpp"

namespace collective {

/// What an event carries beside its data. Owns its text.
struct EventHeader {
  EntryId entry_id{};  ///< its place in the stream
  std::string id;      ///< event id, a ULID
  std::string stream;
  std::string type;
  std::uint32_t version = 1;   ///< may be newer than the struct's; fields it added are in `unknown_fields`
  Timestamp timestamp{};       ///< when it occurred
  std::string correlation_id;  ///< empty when there is none
  std::string user_id;         ///< empty when there is none
  std::string metadata;        ///< a JSON object, or empty when there is none

  /// The id of the event that caused this one; empty when none did.
  [[nodiscard]] std::string causation_id() const;
  /// How many events led to this one; 0 for the first of a chain.
  [[nodiscard]] std::uint32_t hops() const;
  /// The ordering key; empty when there is none.
  [[nodiscard]] std::string key() const;
  /// The name of the service that published it; empty when unknown.
  [[nodiscard]] std::string source() const;

  static EventHeader from(EntryId entry_id, const EnvelopeView& event);
};

/// One event with its data decoded.
template <class T>
struct Event : EventHeader {
  T data{};
  std::string unknown_fields = "{}";  ///< data members that T does not name, as a JSON object in their own text

  /// @throws Error Errc::invalid when it is another type, or with every bad field
  static Event from(EntryId entry_id, const EnvelopeView& event);
};

/// The result of reading an event: the event, or why it cannot be read.
template <class T>
class Decoded {
 public:
  Decoded(Event<T> event) : event_(std::move(event)) {}  // NOLINT(google-explicit-constructor)
  Decoded(std::vector<FieldProblem> problems, std::string error)
      : error_(std::move(error)), problems_(std::move(problems)) {}

  [[nodiscard]] bool has_value() const noexcept { return event_.has_value(); }
  explicit operator bool() const noexcept { return event_.has_value(); }
  [[nodiscard]] Event<T>& operator*() noexcept { return *event_; }
  [[nodiscard]] const Event<T>& operator*() const noexcept { return *event_; }
  [[nodiscard]] Event<T>* operator->() noexcept { return &*event_; }
  [[nodiscard]] const Event<T>* operator->() const noexcept { return &*event_; }

  /// Every bad field, one per line; empty when there is an event.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  [[nodiscard]] const std::vector<FieldProblem>& problems() const noexcept { return problems_; }

 private:
  std::optional<Event<T>> event_;
  std::string error_;
  std::vector<FieldProblem> problems_;
};

namespace detail {
/// Empty, or the sentence that says the event is another type.
[[nodiscard]] std::string type_mismatch(const TypeDescriptor& type, const EnvelopeView& event);
}  // namespace detail

/// Reads an event as one of type T, tolerating what newer publishers may send (Strictness::reader). Throws nothing but
/// std::bad_alloc.
template <EventStruct T>
[[nodiscard]] Decoded<T> try_decode(EntryId entry_id, const EnvelopeView& view) {
  const auto& type = descriptor_of<T>();
  if (view.type != type.name) return {{}, detail::type_mismatch(type, view)};
  Event<T> event;
  std::vector<FieldProblem> problems;
  if (!decode_into(type, &event.data, view.data, &event.unknown_fields, problems)) {
    std::string error = invalid_event(type.name, problems).what();
    return {std::move(problems), std::move(error)};
  }
  static_cast<EventHeader&>(event) = EventHeader::from(entry_id, view);
  return event;
}

template <class T>
Event<T> Event<T>::from(EntryId entry_id, const EnvelopeView& event) {
  auto decoded = try_decode<T>(entry_id, event);
  if (!decoded) throw Error(Errc::invalid, decoded.error(), decoded.problems());
  return std::move(*decoded);
}

/// One event of any type, its data as JSON text.
struct AnyEvent {
  EntryId entry_id{};
  Envelope envelope;

  AnyEvent() = default;
  AnyEvent(EntryId id, Envelope event) : entry_id(id), envelope(std::move(event)) {}
  AnyEvent(EntryId id, const EnvelopeView& event) : entry_id(id), envelope(event.to_owned()) {}

  /// @throws Error Errc::invalid when it is another type, or with every bad field
  template <EventStruct T>
  [[nodiscard]] Event<T> as() const {
    return Event<T>::from(entry_id, envelope);
  }
  /// The fields beside the data.
  [[nodiscard]] EventHeader header() const { return EventHeader::from(entry_id, envelope); }
};

/// The event as one line of JSON: its entry id and the nine fields, data and metadata as objects. Data that is no JSON
/// object (an entry that could not be read) is a string.
[[nodiscard]] std::string to_json(const AnyEvent& event);

}  // namespace collective
