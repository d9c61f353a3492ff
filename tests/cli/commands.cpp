#include <signal.h>

#include "cli/program.hpp"

namespace {

using collective::testing_support::Commands;

TEST_F(Commands, PublishStoresAndTailShows) {
  expect(run(std::string("publish user.registered ") + user + " --correlation-id flow-1"), 0, "stored 01");
  expect(run("tail user.events"), 0, "user@example.com");
  const auto json = run("tail user.events --from earliest --output json");
  expect(json, 0, R"("type":"user.registered")");
  expect(json, 0, R"("data":{"user_id":"u-1","email":"user@example.com","tier":"individual_pro"})");
  expect(json, 0, R"("correlation_id":"flow-1")");
}

TEST_F(Commands, TheDataMayComeFromAFileOrFromStandardInput) {
  EXPECT_EQ(std::system((std::string("echo ") + user + " > " + store().substr(9) + ".json").c_str()), 0);
  expect(run("publish user.registered @" + store().substr(9) + ".json"), 0, "stored");
  expect(run("publish user.registered - < " + store().substr(9) + ".json"), 0, "stored");
  expect(run("publish user.registered @/nowhere.json"), 2, "cannot read /nowhere.json");
}

TEST_F(Commands, AnEventIdIsStoredOnce) {
  const std::string again = std::string("publish user.registered ") + user + " --event-id 01ARYZ6S41TSV4RRFFQ69G5FAV";
  expect(run(again), 0, "stored 01ARYZ6S41TSV4RRFFQ69G5FAV");
  expect(run(again), 0, "already stored 01ARYZ6S41TSV4RRFFQ69G5FAV");
}

TEST_F(Commands, EveryBadFieldIsNamed) {
  const auto ended = run(R"(publish user.registered '{"user_id":"u 1","email":"x"}')");
  expect(ended, 2, "/user_id: found \"u 1\"");
  expect(ended, 2, "/email: found \"x\"");
  expect(ended, 2, "/tier: found nothing");
}

TEST_F(Commands, MistakesAreNamedWithTheirFix) {
  expect(run("publish user.registred '{}'"), 2, "did you mean \"user.registered\"?");
  expect(run("publish user.registered '{'"), 2, "JSON");
  expect(run(std::string("publish user.registered ") + user + " --stream system.events"), 2,
         "belong to stream user.events");
  expect(run("publish"), 2, "type is required");
  expect(run("nonsense"), 2, "");
  expect(run("tail user.events --from yesterday"), 2, "--from yesterday");
  expect(run("tail user.events --output xml"), 2, "--output");
  expect(run("info user.events --broker kafka:x"), 2, "there is no broker for \"kafka:\"");
  expect(run("info nothing.here"), 1, "nothing was published to it yet");
  expect(run("dead-letters discard user.events mail --all"), 2, "--yes");
}

TEST_F(Commands, ADamagedStoreIsAMatterOfConfiguration) {
  expect(run(std::string("publish user.registered ") + user), 0, "stored");
  std::filesystem::resize_file(store().substr(9) + "/data.mdb", 100);
  expect(run("tail user.events"), 78, "truncated");
}

TEST_F(Commands, ListsStreamsTypesAndItsVersion) {
  expect(run("streams"), 0, "no streams yet");
  expect(run(std::string("publish user.registered ") + user), 0, "stored");
  expect(run("streams"), 0, "user.events");
  expect(run("info user.events"), 0, "survives a killed process");
  expect(run("groups user.events"), 0, "no groups yet");
  expect(run("types"), 0, "file.uploaded");
  expect(run("types file.uploaded"), 0, "json-schema.org/draft/2020-12");
  expect(run("version"), 0, "event-bus 0.1.0");
  expect(run("--help"), 0, "publish");
}

TEST_F(Commands, TailFollowsWhatOtherProcessesPublish) {
  const std::string command = "EVENT_BUS_BROKER='" + store() +
                              "' exec " EVENT_BUS_PROGRAM
                              " tail user.events --from earliest --follow & "
                              "tail=$!; EVENT_BUS_BROKER='" +
                              store() + "' " EVENT_BUS_PROGRAM " publish user.registered " + user +
                              " >/dev/null; echo $tail; wait $tail; echo ended with $?";
  ::setenv("COMMAND", command.c_str(), 1);
  FILE* const follower = ::popen("bash -c \"$COMMAND\"", "r");
  std::array<char, 4096> line{};
  pid_t tail = 0;
  bool shown = false;
  while ((tail == 0 || !shown) && std::fgets(line.data(), line.size(), follower) != nullptr) {
    const std::string text = line.data();
    if (text.find("user@example.com") != std::string::npos) {
      shown = true;
    } else {
      tail = static_cast<pid_t>(std::strtol(line.data(), nullptr, 10));
    }
  }
  EXPECT_TRUE(shown);
  ASSERT_GT(tail, 0);
  ::kill(tail, SIGTERM);
  std::string rest;
  while (std::fgets(line.data(), line.size(), follower) != nullptr) rest += line.data();
  EXPECT_NE(rest.find("ended with 143"), std::string::npos) << rest;
  ::pclose(follower);
}

}  // namespace
