#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "collective/catalog.hpp"
#include "collective/codec.hpp"
#include "collective/ulid.hpp"
#include "collective/validation.hpp"

namespace collective {
namespace {

using Problems = std::vector<FieldProblem>;

std::vector<std::string> pointers(const Problems& problems) {
  std::vector<std::string> out;
  for (const auto& problem : problems) out.push_back(problem.pointer);
  return out;
}

template <class T>
Problems check(std::string_view json, Strictness strictness = Strictness::publisher) {
  return validate_json(descriptor_of<T>(), json, strictness);
}

TEST(EventValidation, ReportsEveryBadFieldAtOnce) {
  const auto problems = check<UserRegistered>(R"({"referral_source":5,"user_id":"","email":"nobody","tier":"gold"})");
  ASSERT_EQ(pointers(problems), (std::vector<std::string>{"/user_id", "/email", "/tier", "/referral_source"}))
      << "in the order of the struct, whatever the order of the text";
  EXPECT_EQ(problems[0].found, R"("")");
  EXPECT_EQ(problems[0].allowed, "an id: 1 to 128 visible ASCII characters");
  EXPECT_EQ(problems[1].found, R"("nobody")");
  EXPECT_EQ(problems[1].allowed, "an e-mail address such as user@example.com");
  EXPECT_EQ(problems[2].found, R"("gold")");
  EXPECT_EQ(problems[2].allowed, R"("sovereign_circle" or "individual_pro")");
  EXPECT_EQ(problems[3].found, "5");
  EXPECT_EQ(problems[3].allowed, "a string");
}

TEST(EventValidation, PointsIntoListsAndNestedObjects) {
  const auto problems = check<NotificationSendRequested>(
      R"({"user_id":"u","notification_type":"system_alert","channels":["email","pusch",3],"message":{"title":null,"action_url":{}},"priority":"normal"})");
  EXPECT_EQ(pointers(problems), (std::vector<std::string>{"/channels/1", "/channels/2", "/message/title",
                                                          "/message/body", "/message/action_url"}));
  EXPECT_EQ(problems[0].allowed, R"("email", "push" or "websocket"; did you mean "push"?)");
  EXPECT_EQ(problems[2].found, "null");
  EXPECT_EQ(problems[3].found, "nothing");
}

TEST(EventValidation, NamesTheNearestEnumValueAndTheMisspeltField) {
  const auto problems = check<UserRegistered>(R"({"userId":"u","emial":"a@b.cc","tier":"individual_por"})");
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(problems[0].allowed, "an id: 1 to 128 visible ASCII characters; found /userId, did you mean that?");
  EXPECT_EQ(problems[1].allowed, "an e-mail address such as user@example.com; found /emial, did you mean that?");
  EXPECT_EQ(problems[2].allowed, R"("sovereign_circle" or "individual_pro"; did you mean "individual_pro"?)");
}

TEST(EventValidation, TheErrorListsOneProblemALine) {
  const Error error =
      invalid_event("user.registered", {{"/email", "nothing", "an e-mail address"}, {"", "broken", "a JSON object"}});
  EXPECT_EQ(error.code(), Errc::invalid);
  EXPECT_FALSE(error.retryable());
  EXPECT_EQ(error.problems().size(), 2U);
  EXPECT_STREQ(error.what(),
               "user.registered is not valid (2 problems):\n"
               "  /email: found nothing; allowed: an e-mail address\n"
               "  the data: found broken; allowed: a JSON object");
}

TEST(EventValidation, ChecksTheStructItself) {
  const FileUploaded bad{.file_id = "has space",
                         .user_id = std::string(129, 'x'),
                         .contextual_core_id = "ü",
                         .filename = "\xC3(",
                         .file_size = -1,
                         .mime_type = "fine",
                         .is_browser_viewable = true};
  EXPECT_EQ(pointers(validate(bad)),
            (std::vector<std::string>{"/file_id", "/user_id", "/contextual_core_id", "/filename", "/file_size"}));
  EXPECT_EQ(validate(bad)[1].found.size(), 65U) << "what was found is shortened";
  EXPECT_THROW((void)encode(bad), Error);
}

TEST(EventValidation, TheStructAndItsJsonAreJudgedAlike) {
  UserRegistered event{.user_id = "u", .email = "a@b.cc", .tier = Tier::individual_pro};
  EXPECT_TRUE(validate(event).empty());
  event.user_id = "";
  event.email = "x@";
  std::string json;
  encode_to(event, json);
  EXPECT_EQ(pointers(validate(event)), pointers(check<UserRegistered>(json)));
}

TEST(EventValidation, ARequiredEnumThatWasNotSetIsMissed) {
  const auto problems = validate(UserRegistered{.user_id = "u", .email = "a@b.cc", .tier = {}});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0], (FieldProblem{"/tier", "nothing", R"("sovereign_circle" or "individual_pro")"}));
}

TEST(EventValidation, NumbersAreFiniteAndDurationsNotNegative) {
  SystemServiceHealth health{.service_name = "s",
                             .status = ServiceStatus::healthy,
                             .response_time_ms = -0.5,
                             .memory_usage_mb = std::numeric_limits<double>::infinity(),
                             .cpu_usage_percent = std::nan(""),
                             .error_rate = -1};
  const auto problems = validate(health);
  ASSERT_EQ(pointers(problems),
            (std::vector<std::string>{"/response_time_ms", "/memory_usage_mb", "/cpu_usage_percent"}));
  EXPECT_EQ(problems[0].found, "-0.5");
  EXPECT_EQ(problems[1].found, "infinity");
  EXPECT_EQ(problems[2].found, "not a number (NaN)");

  EXPECT_EQ(
      pointers(check<SystemServiceHealth>(
          R"({"service_name":"s","status":"healthy","response_time_ms":1e400,"memory_usage_mb":-1,"cpu_usage_percent":1e-400,"error_rate":"0"})")),
      (std::vector<std::string>{"/response_time_ms", "/memory_usage_mb", "/error_rate"}));
}

TEST(EventValidation, EmailAddresses) {
  const auto good = [](std::string_view email) {
    return validate(UserRegistered{.user_id = "u", .email = email, .tier = Tier::individual_pro}).empty();
  };
  for (const char* email :
       {"user@example.com", "first.last+tag@sub.example.co.uk", "o'brien@example.com", "jörg@münchen.de"}) {
    EXPECT_TRUE(good(email)) << email;
  }
  for (const char* email : {"", "nobody", "@example.com", "user@", "user@localhost", "a b@example.com",
                            "a@b@example.com", "user@.com", "user@example.", "user@a..b", ".user@example.com",
                            "user.@example.com", "us\ner@example.com", "Ada <ada@example.com>"}) {
    EXPECT_FALSE(good(email)) << email;
  }
  EXPECT_FALSE(good(std::string(65, 'x') + "@example.com"));
  EXPECT_FALSE(good("x@" + std::string(250, 'y') + ".com"));
}

TEST(EventValidation, JsonFieldsAreObjects) {
  const auto found = [](Json value) {
    const auto problems =
        validate(UserPreferencesUpdated{.user_id = "u", .changed_fields = {}, .old_values = {}, .new_values = value});
    return problems.empty() ? std::string() : problems[0].pointer + ' ' + problems[0].found;
  };
  EXPECT_EQ(found({}), "");
  EXPECT_EQ(found(R"({"a":{"b":[1,2]}})"), "");
  EXPECT_EQ(found("[1]"), "/new_values \"[1]\"");
  EXPECT_EQ(found(""), "/new_values nothing");
  EXPECT_EQ(found(R"({"a":})"), "/new_values broken JSON: a value is expected at byte 5");
  EXPECT_EQ(found("{} x"), "/new_values broken JSON: there is something after the value at byte 3");
  EXPECT_EQ(found("{\"a\":\"\xFF\"}"), "/new_values text that is not UTF-8");
}

TEST(EventValidation, ExtraFieldsRepeatNoNamedField) {
  EXPECT_TRUE(validate(UserUpdated{.user_id = "u", .fields = R"({"name":1})"}).empty());
  EXPECT_EQ(pointers(validate(UserUpdated{.user_id = "u", .fields = R"({"user_id":"other"})"})),
            std::vector<std::string>{"/user_id"});
  EXPECT_EQ(pointers(validate(UserUpdated{.user_id = "u", .fields = "nonsense"})), std::vector<std::string>{""});
}

TEST(EventValidation, AMemberAppearsOnce) {
  for (const auto strictness : {Strictness::publisher, Strictness::reader}) {
    const auto problems = check<UserUpdated>(R"({"user_id":"a","user_id":"b"})", strictness);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0], (FieldProblem{"/user_id", "the member twice", "each member once"}));
  }
}

TEST(EventValidation, NamesOfStreamsAndTypes) {
  for (const char* name : {"user.events", "a", "A-b_c:d.9", "9"}) EXPECT_TRUE(is_name(name)) << name;
  for (const char* name : {"", ".hidden", "a b", "a/b", "ä", "a\n", "{a}"}) EXPECT_FALSE(is_name(name)) << name;
  EXPECT_TRUE(is_name(std::string(128, 'x')));
  EXPECT_FALSE(is_name(std::string(129, 'x')));
  EXPECT_NO_THROW(check_name("stream name", "user.events"));
  try {
    check_name("stream name", "../etc");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::invalid);
    EXPECT_STREQ(error.what(),
                 "the stream name \"../etc\" is not valid: use 1 to 128 of letters, digits, '.', '_', ':' and '-', not "
                 "starting with a dot");
  }
}

Envelope envelope() {
  return {.id = new_ulid(),
          .stream = "user.events",
          .type = "user.updated",
          .version = 1,
          .timestamp = {},
          .correlation_id = {},
          .user_id = {},
          .data = R"({"user_id":"u"})",
          .metadata = "{}"};
}

TEST(EventValidation, ChecksTheFieldsBesideTheData) {
  EXPECT_NO_THROW(check_envelope(envelope()));
  auto bad = envelope();
  bad.id = "mine";
  bad.version = 0;
  bad.correlation_id = "two words";
  bad.user_id = std::string(129, 'u');
  bad.metadata = "[]";
  bad.timestamp = Timestamp::max();
  try {
    check_envelope(bad);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(pointers(error.problems()),
              (std::vector<std::string>{"/id", "/version", "/timestamp", "/correlation_id", "/user_id", "/metadata"}));
  }
}

TEST(EventValidation, LargeEventsAreRefusedByTheirSize) {
  auto event = envelope();
  const std::size_t rest = encoded_size(event) - event.data.size();
  EXPECT_EQ(rest, 26U + 11 + 12 + 1 + 24 + 0 + 0 + 2);
  event.data.assign((1U << 20) - rest, 'x');
  EXPECT_NO_THROW(check_size(event));
  event.data += 'x';
  try {
    check_size(event);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::too_large);
    EXPECT_STREQ(error.what(),
                 "user.updated has 1048577 bytes, more than the limit of 1048576; make it smaller (store what is large "
                 "elsewhere and "
                 "send where it is) or raise the option max_event_bytes");
  }
  event.version = 1'000'000;
  EXPECT_EQ(encoded_size(event), (1U << 20) + 7);
}

TEST(EventValidation, NearestIsEmptyWhenNothingIsNear) {
  const std::vector<std::string_view> names{"low", "normal", "high"};
  EXPECT_EQ(nearest("nomral", names), "normal");
  EXPECT_EQ(nearest("HIGH", names), "high");
  EXPECT_EQ(nearest("urgent", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest(std::string(10'000, 'x'), names), "");
}

TEST(EventErrors, EveryCodeHasItsOwnName) {
  std::vector<std::string> names;
  for (int code = 0; code <= static_cast<int>(Errc::deadlock); ++code)
    names.emplace_back(name(static_cast<Errc>(code)));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_EQ(name(Errc::too_large), "too_large");
}

}  // namespace
}  // namespace collective
