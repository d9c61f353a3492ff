#include "cli/program.hpp"

// What is asked of, and done to, one group.
namespace {

using collective::testing_support::Commands;

class Groups : public Commands {
 protected:
  Groups() {
    expect(run(std::string("publish user.registered ") + user), 0, "stored");
    expect(run("consume user.events mail --type user.registered --drain -- true"), 0, "");
  }
};

TEST_F(Groups, PendingListsWhatIsNotFinished) {
  expect(run("pending user.events mail"), 0, "nothing pending");
  expect(run("pending user.events nobody"), 1, "nobody");
}

TEST_F(Groups, ReplayHandsRetainedEventsOutOnceMore) {
  expect(run("replay user.events mail --from earliest"), 2, "--yes");
  expect(run("replay user.events mail --from earliest --dry-run"), 0, "would replay 1 event");
  expect(run("replay user.events mail --from earliest --yes"), 0, "replays 1 event");
  expect(run("consume user.events mail --type user.registered --drain -- sh -c 'echo again'"), 0, "again");
}

TEST_F(Groups, ForgetTakesATypeFromTheGroup) {
  expect(run("forget user.events mail user.login --dry-run"), 1, "does not declare the type user.login");
  expect(run("forget user.events mail user.registered --dry-run"), 0, "would forget 0 events");
  expect(run("forget user.events mail user.registered --yes --output json"), 0, R"({"count":0})");
}

TEST_F(Groups, TrimDropsTheOldestThatEveryGroupIsDoneWith) {
  expect(run(std::string("publish user.registered ") + user), 0, "stored");
  expect(run("trim user.events --max-length 1"), 2, "--yes");
  expect(run("trim user.events --max-length 0 --yes"), 2, "--max-length");
  expect(run("trim user.events --max-length 1 --dry-run"), 0, "would drop at most 1 event");
  expect(run("trim user.events --max-length 1 --yes"), 0, "dropped 1 event");
  expect(run("info user.events --output json"), 0, R"("length":1)");
}

TEST_F(Groups, DoctorTellsWhatStandsStillAndWhatToDo) {
  expect(run("doctor"), 0, "every commit's data is flushed");
  expect(run(std::string("publish user.registered ") + user), 0, "stored");
  const auto ill = run("doctor");
  expect(ill, 1, "user.events, group mail: nobody consumes, and 1 event wait");
  expect(ill, 1, "start its service");
  expect(run("doctor --output json"), 1, R"({"level":"problem","what":"user.events, group mail)");
}

TEST_F(Groups, DoctorNamesAnUnsafeStore) {
  expect(run("doctor --broker embedded:" + store().substr(9) + "-other?sync=none"), 1, "a system crash may destroy");
  std::filesystem::permissions(store().substr(9), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  expect(run("doctor"), 0, "chmod go-r");
}

}  // namespace
