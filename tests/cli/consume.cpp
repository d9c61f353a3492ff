#include <fstream>

#include "cli/program.hpp"

// Shell scripts as workers: `event-bus consume STREAM GROUP -- COMMAND`.
namespace {

using collective::testing_support::Commands;

class Consume : public Commands {
 protected:
  void publish_users(int count) const {
    for (int i = 0; i < count; ++i) expect(run(std::string("publish user.registered ") + user), 0, "stored");
  }
  /// Handles what is there with a line of shell.
  [[nodiscard]] auto drain(const std::string& script, const std::string& options = "") const {
    return run("consume user.events mail --drain --base-delay-ms 1 " + options + " -- sh -c '" + script + "'");
  }
};

TEST_F(Consume, TheCommandGetsTheEventOnStandardInputAndInItsEnvironment) {
  publish_users(2);
  const auto ended =
      drain(R"(grep -o user@example.com; echo "$EVENT_TYPE in $EVENT_STREAM for $EVENT_GROUP, try $EVENT_ATTEMPT")");
  expect(ended, 0, "user@example.com");
  expect(ended, 0, "user.registered in user.events for mail, try 1");
  expect(run("groups user.events --output json"), 0, R"("pending":0,"lag":0)");
}

TEST_F(Consume, AFailingCommandIsRetriedAndThenADeadLetterWithItsLastWords) {
  publish_users(1);
  expect(drain("cat >/dev/null; echo no such mailbox >&2; exit 3", "--max-attempts 2"), 0, "no such mailbox");
  const auto letters = run("dead-letters list user.events mail --output json");
  expect(letters, 0, R"("attempts":2)");
  expect(letters, 0, "sh ended with 3: no such mailbox");
}

TEST_F(Consume, ExitCode65GivesTheEventUpAtOnce) {
  publish_users(1);
  expect(drain("exit 65"), 0, "");
  expect(run("dead-letters list user.events mail --output json"), 0, "sh ended with 65");
}

TEST_F(Consume, ACommandNeedNotReadItsInput) {
  publish_users(3);
  expect(drain("exit 0", "-j 3"), 0, "");
  expect(run("groups user.events --output json"), 0, R"("pending":0,"lag":0)");
}

TEST_F(Consume, ACommandThatOutlivesItsTimeIsEndedAndTheEventCountsAStall) {
  publish_users(1);
  expect(drain("exec sleep 600", "--max-handling-ms 100"), 0, "");
  expect(run("dead-letters list user.events mail --output json"), 0, R"("stalls":3)");
}

TEST_F(Consume, AMistypedCommandIsFoundBeforeAnEventIsTaken) {
  publish_users(1);
  expect(run("consume user.events mail -- no-such-command-here"), 2, "cannot find the command no-such-command-here");
  expect(run("groups user.events"), 0, "no groups yet");
  expect(run("consume user.events mail"), 2, "command is required");
}

}  // namespace
