#include <fstream>

#include "cli/program.hpp"

// Schemas, completion, the manual page, measurements.
namespace {

using collective::testing_support::Commands;

using Around = Commands;

TEST_F(Around, TypesAsSchemasAndAsTypeScript) {
  expect(run("types --json-schema"), 0, R"("title":"FileUploaded")");
  expect(run("types --asyncapi"), 0, R"("asyncapi":"3.0.0")");
  const auto script = run("types user.registered --typescript");
  expect(script, 0, "export interface UserRegistered {");
  expect(script, 0, "  tier: 'sovereign_circle' | 'individual_pro';");
  expect(script, 0, "  referral_source?: string;");
  expect(run("types --output json"), 0, R"({"type":"user.login","version":1,"stream":"user.events"})");
  expect(run("types --asyncapi --typescript"), 2, "excludes");
}

TEST_F(Around, CompletionIsAScriptThatTheShellTakes) {
  const std::string complete = "completion bash > " + store().substr(9) + ".bash; bash -c 'source " +
                               store().substr(9) +
                               ".bash; COMP_WORDS=(event-bus \"$1\" \"$2\"); COMP_CWORD=2; _event_bus; "
                               "echo \"${COMPREPLY[@]}\"' - ";
  expect(run(complete + "dead-letters re"), 0, "republish");
  expect(run(complete + "publish user.reg"), 0, "user.registered");
  expect(run(complete + "consume --conc"), 0, "--concurrency");
  expect(run("completion zsh"), 0, "#compdef event-bus");
  expect(run("completion fish"), 2, "bash");
}

TEST_F(Around, TheManualPageNamesEveryCommandAndExitCode) {
  const auto page = run("man");
  expect(page, 0, ".TH EVENT\\-BUS 1");
  for (const auto* command : {"publish", "tail", "consume", "dead\\-letters republish", "doctor", "serve"})
    expect(page, 0, std::string(".SS ") + command);
  expect(page, 0, "\\-\\-max\\-attempts");
  expect(page, 0, ".SH EXIT STATUS");
}

TEST_F(Around, BenchMeasuresOnAStoreOfItsOwnAndLeavesNothing) {
  const auto figures = run("bench --events 500 --pace 100 --output json");
  expect(figures, 0, R"("events":500)");
  expect(figures, 0, R"("p99Microseconds":)");
  expect(run("streams"), 0, "no streams yet");
}

TEST_F(Around, TailShowsSeveralStreamsInOneOrder) {
  expect(run(std::string("publish user.registered ") + user), 0, "stored");
  expect(run(R"(publish system.performance.degraded '{"metric_name":"lag","current_value":2,"threshold_value":1,)"
             R"("affected_services":[],"suggested_actions":[]}')"),
         0, "stored");
  const auto both = run("tail user.events system.events");
  expect(both, 0, "user.registered");
  EXPECT_LT(both.output.find("user.registered"), both.output.find("system.performance.degraded"));
}

TEST_F(Around, TraceShowsAFlowAndWhatBecameOfItInEveryGroup) {
  expect(run(std::string("publish user.registered ") + user + " --correlation-id flow-1"), 0, "stored");
  expect(run("consume user.events mail --drain --max-attempts 1 -- sh -c 'echo no >&2; exit 1'"), 0, "no");
  expect(run("consume user.events audit --drain -- true"), 0, "");
  const auto tree = run("trace flow-1");
  expect(tree, 0, "+0 ms  user.registered");
  expect(tree, 0, "mail: dead letter, 1 failed: sh ended with 1: no");
  expect(tree, 0, "audit: handled");
  expect(run("trace flow-1 --output json"), 0, R"("state":"handled")");
  expect(run("trace flow-2"), 1, "no event of flow flow-2 was found");
  expect(run("trace flow-1 --since yesterday"), 2, "--since yesterday");
}

}  // namespace
