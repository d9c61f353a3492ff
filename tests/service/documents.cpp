#include <algorithm>
#include <cctype>
#include <set>

#include <simdjson.h>

#include "service/service_test.hpp"

// What the service says of itself to programs: OpenAPI, AsyncAPI, schemas, metrics.
namespace collective::service {
namespace {

using namespace testing_support;

class Documents : public ServiceTest {
 protected:
  /// The answer as JSON; valid until the next call.
  simdjson::dom::element json(const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    text_ = reply.body;
    return parser_.parse(text_);
  }

 private:
  simdjson::dom::parser parser_;
  std::string text_;
};

/// Every reference in the document leads to something in it.
void expect_references(simdjson::dom::element document, simdjson::dom::element part) {
  if (part.is_array()) {
    for (const auto element : part.get_array()) expect_references(document, element);
  } else if (part.is_object()) {
    for (const auto [name, value] : part.get_object()) {
      if (name != "$ref") {
        expect_references(document, value);
        continue;
      }
      const std::string reference(value.get_string().value());
      EXPECT_TRUE(reference.starts_with("#/")) << reference;
      EXPECT_EQ(document.at_pointer(reference.substr(1)).error(), simdjson::SUCCESS) << reference;
    }
  }
}

TEST_F(Documents, OpenApiDescribesEveryCallOnce) {
  const auto document = json(get("/openapi.json"));
  EXPECT_EQ(std::string_view(document["openapi"]), "3.1.0");
  expect_references(document, document);
  std::set<std::string> operations;
  for (const auto [path, item] : document["paths"].get_object()) {
    for (const auto [method, operation] : item.get_object()) {
      const std::string name(operation["operationId"].get_string().value());
      EXPECT_TRUE(operations.insert(name).second) << name;
      EXPECT_EQ(operation["responses"]["200"].error(), simdjson::SUCCESS) << name;
      std::size_t in_path = 0;
      for (const auto parameter : operation["parameters"].get_array())
        in_path += std::string_view(parameter["in"]) == "path" ? 1 : 0;
      EXPECT_EQ(static_cast<long>(in_path), std::count(path.begin(), path.end(), '{')) << name;
    }
  }
  EXPECT_GT(operations.size(), 25u);
  for (const auto* name : {"getHealth", "publish", "subscribe", "fetch", "republish", "getOpenApi"})
    EXPECT_TRUE(operations.contains(name)) << name;
}

// The document is made from the table that serves: what it names answers, and not as an unknown call.
TEST_F(Documents, EveryCallOfTheDocumentIsServed) {
  const auto document = json(get("/openapi.json"));
  std::vector<std::pair<std::string, std::string>> calls;
  for (const auto [path, item] : document["paths"].get_object()) {
    for (const auto [method, operation] : item.get_object()) calls.emplace_back(method, path);
  }
  for (auto [method, path] : calls) {
    for (auto begin = path.find('{'); begin != std::string::npos; begin = path.find('{'))
      path.replace(begin, path.find('}') - begin + 1, "x1");
    std::transform(method.begin(), method.end(), method.begin(), [](char c) { return std::toupper(c); });
    Wire wire(port());
    wire.send(request_text(method, path, method == "POST" ? "{}" : ""));
    const auto status = wire.receive_until("\r\n");
    EXPECT_EQ(status.find("405"), std::string::npos) << method << " " << path;
    EXPECT_EQ(status.find(" 500"), std::string::npos) << method << " " << path;
    EXPECT_FALSE(wire.receive_until("\r\n\r\n").empty());
  }
}

TEST_F(Documents, AsyncApiHasAChannelForEachStreamAndAMessageForEachType) {
  const auto document = json(get("/asyncapi.json"));
  EXPECT_EQ(std::string_view(document["asyncapi"]), "3.0.0");
  expect_references(document, document);
  EXPECT_EQ(document["channels"].get_object().size(), 6u);
  EXPECT_EQ(document["components"]["messages"].get_object().size(), TypeRegistry::catalog().list().size());
  EXPECT_EQ(std::string_view(document["components"]["messages"]["UserRegistered"]["payload"]["type"]), "object");
}

TEST_F(Documents, EventTypesComeWithTheirSchemas) {
  EXPECT_EQ(json(get("/types"))["data"].get_array().size(), TypeRegistry::catalog().list().size());
  const auto type = json(get("/types/user.registered"))["data"];
  EXPECT_EQ(std::string_view(type["stream"]), "user.events");
  EXPECT_EQ(std::string_view(type["schema"]["type"]), "object");
  const auto unknown = get("/types/user.registred");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_TRUE(unknown.has("did you mean user.registered?"));
}

TEST_F(Documents, MetricsBearTheNamesThatDashboardsKnow) {
  client.publish(user("u-1"));
  client.publish(user("u-2"));
  bus.dead_letter(bus.fetch("user.events", {.group = "mailer"}).at(0).token, "x");
  EXPECT_EQ(post("/streams/user.events/groups/mailer/fetch", "{}").status, 200);
  EXPECT_EQ(post("/streams/user.events/events",
                 R"({"type":"user.registered","data":{"user_id":"u-3","email":"a@b.example","tier":"individual_pro"}})")
                .status,
            201);
  EXPECT_EQ(get("/nowhere/at/all").status, 404);
  service().refresh();
  const auto reply = get("/metrics");
  EXPECT_EQ(reply.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const auto* line :
       {"eventbus_up 1\n", "eventbus_stream_entries{stream=\"user.events\"} 3\n",
        "eventbus_group_lag{stream=\"user.events\",group=\"mailer\"} 1\n",
        "eventbus_group_pending{stream=\"user.events\",group=\"mailer\"} 1\n",
        "eventbus_dead_letters{stream=\"user.events\",group=\"mailer\"} 1\n",
        "eventbus_lost_by_trim_total{stream=\"user.events\",group=\"mailer\"} 0\n",
        "eventbus_oldest_pending_age_seconds{stream=\"user.events\",group=\"mailer\"} ",
        "eventbus_redeliveries_total{stream=\"user.events\",group=\"mailer\"} 0\n",
        "messaging_client_sent_messages_total{messaging_system=\"event-bus\",messaging_destination_name=\"user."
        "events\",messaging_operation_name=\"publish\"} 1\n",
        "messaging_client_consumed_messages_total{messaging_system=\"event-bus\",messaging_destination_name=\"user."
        "events\",messaging_consumer_group_name=\"mailer\"} 1\n",
        "messaging_client_operation_duration_seconds_bucket{",
        "http_server_request_duration_seconds_count{http_request_method=\"POST\",http_route=\"/streams/{stream}/"
        "events\",http_response_status_code=\"201\"} 1\n",
        "http_route=\"none\",http_response_status_code=\"404\"} 1\n", "eventbus_http_connections 1\n"}) {
    EXPECT_TRUE(reply.has(line)) << line;
  }
}

TEST_F(Documents, MetricsAreWellFormedAndEachIsDescribedOnce) {
  (void)get("/health");
  const auto reply = get("/metrics");
  std::set<std::string> described;
  std::size_t begin = 0;
  while (begin < reply.body.size()) {
    const auto end = reply.body.find('\n', begin);
    ASSERT_NE(end, std::string::npos);
    const auto line = reply.body.substr(begin, end - begin);
    begin = end + 1;
    if (line.starts_with("# TYPE ")) {
      EXPECT_TRUE(described.insert(line.substr(7, line.find(' ', 7) - 7)).second) << line;
    } else if (!line.starts_with('#')) {
      EXPECT_NO_THROW((void)std::stod(line.substr(line.rfind(' ') + 1))) << line;
    }
  }
  EXPECT_GT(described.size(), 10u);
}

}  // namespace
}  // namespace collective::service
