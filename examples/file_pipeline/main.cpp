// The file pipeline: five services as five processes on one event system. See events.hpp for the flow of one file.
//
//> file pipeline: 5 processes on embedded:…
//>   file.uploaded …
//>   whole flow …
//> 2 in the dead letters
//>     attempt 1 at …
//>     attempt 3 at …
//> the cause is mended, 2 republished to text-extractor
//> the flow of …
//>     file.processing.completed …
//>           notification.delivered …
//> search "why is delivery logic pure" …
//>   0.…docs/adr/…
//> the pipeline's processes have drained and ended
#include <iostream>
#include <map>

#include <CLI/CLI.hpp>

#include "roles.hpp"
#include "run.hpp"

namespace {

using pipeline::RoleOptions;
using pipeline::RunOptions;

int run_role(const std::string& role, const RunOptions& options) {
  static const std::map<std::string, int (*)(const RoleOptions&)> roles{{"publisher", pipeline::publish_files},
                                                                        {"extractor", pipeline::extract_texts},
                                                                        {"embedder", pipeline::embed_texts},
                                                                        {"index", pipeline::serve_index},
                                                                        {"notifier", pipeline::notify}};
  return roles.at(role)({.broker = options.broker, .folders = options.folders, .fail = options.fail});
}

}  // namespace

int main(int argc, char** argv) {
  RunOptions options;
  std::string role;
  bool no_sample = false;
  CLI::App app{
      "Announces every file under the folders, extracts its text, embeds it, indexes it, and tells how each file "
      "ended."};
  app.add_option("folders", options.folders, "folders or files; default: the current directory")
      ->check(CLI::ExistingPath);
  app.add_option("--broker", options.broker, "broker URL; default: an embedded store of its own, removed at the end");
  app.add_option("--query", options.queries, "search for this at the end; may be given several times");
  app.add_option("--fail", options.fail, "files whose name contains this fail until they are republished");
  app.add_flag("--no-sample", no_sample, "do not add the sample file that fails");
  app.add_flag("--keep", options.keep, "keep the store's directory");
  app.add_option("--role", role, "be one of the services: publisher, extractor, embedder, index or notifier")
      ->check(CLI::IsMember({"publisher", "extractor", "embedder", "index", "notifier"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : 2;
  }
  options.sample = !no_sample;
  if (options.folders.empty() && role.empty()) options.folders = {"."};
  if (options.queries.empty()) options.queries = {"how are failed events retried and dead letters republished"};

  pipeline::block_signals();  // before any thread starts
  try {
    return role.empty() ? pipeline::run(options) : run_role(role, options);
  } catch (const std::exception& error) {
    std::cerr << "file-pipeline: " << (role.empty() ? "" : role + ": ") << error.what() << "\n";
    return 1;
  }
}
