#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

// Which routes a member asks for, besides whole names and "*".
class Routes : public ContractTest {
 protected:
  void SetUp() override { join("m1"); }
  /// An entry parked under each of these labels, in this order.
  void park_under(const std::vector<std::string>& labels) {
    append_some(labels.size());
    auto work = fetch("m1").deliveries;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      work[i].progress.route = labels[i];
      settle("m1", settlement(work[i].ticket, Verdict::park, work[i].progress));
    }
  }
  std::vector<std::string> taken(std::vector<std::string> asked, bool ordered = false) {
    auto request = asking("m1", 10, std::move(asked));
    request.ordered = ordered;
    std::vector<std::string> routes;
    for (const auto& one : exchange(request).deliveries) routes.push_back(one.progress.route);
    return routes;
  }
};
COLLECTIVE_ON_EVERY_STORE(Routes);

TEST_P(Routes, ASlashAndAStarTakeWhatBeginsSo) {
  park_under({"a", "a/2", "ab/2", "a/key/9", "b/2"});
  EXPECT_THAT(taken({"a/*"}), ElementsAre("a/2", "a/key/9"));
  EXPECT_THAT(taken({"a"}), ElementsAre("a"));
  EXPECT_THAT(taken({"*"}), ElementsAre("ab/2", "b/2"));
}

TEST_P(Routes, AnExclamationMarkTakesFromAllOthers) {
  park_under({"a/2", "a/key/9", "a/key/10"});
  EXPECT_THAT(taken({"!a/key/9", "*"}), ElementsAre("a/2", "a/key/10"));
  EXPECT_THAT(taken({"a/*", "!a/key/*"}), IsEmpty());
  EXPECT_THAT(taken({"a/*", "!a/key/1"}), ElementsAre("a/key/9"));
}

TEST_P(Routes, TheyHoldForOrderedExchangesToo) {
  park_under({"a/key/9", "a", "a/key/10"});
  const auto fresh = append();
  auto request = asking("m1", 10, {"a", "a/key/*", "!a/key/9"});
  request.ordered = true;
  const auto answer = exchange(request);
  ASSERT_THAT(answer.deliveries, SizeIs(3));
  EXPECT_EQ(answer.deliveries[0].progress.route, "a");
  EXPECT_EQ(answer.deliveries[1].progress.route, "a/key/10");
  EXPECT_EQ(ids(answer).back(), fresh) << "what is not asked for stands in nobody's way";
}

TEST_P(Routes, ALabelThatTakesAPrefixKeepsWhatWaitsFromBeingUnowned) {
  park_under({"a/2"});
  store().leave(readers, "m1", now).value();
  join("m2", {"a"});
  EXPECT_EQ(group().unowned, 1U);
  auto labelled = joining("m2", {"a"});
  labelled.labels = {"a/*"};
  store().join(labelled).value();
  EXPECT_EQ(group().unowned, 0U);
}

}  // namespace
}  // namespace collective::conformance
