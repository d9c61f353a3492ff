#include <limits>

#include <gtest/gtest.h>

#include "collective/catalog.hpp"
#include "collective/codec.hpp"
#include "collective/event.hpp"
#include "collective/time.hpp"

namespace collective {
namespace {

enum class Size { small = 1, large, default_ };
BOOST_DESCRIBE_ENUM(Size, small, large, default_)

struct Inner {
  std::string text;
  std::optional<Count> count{};
  bool operator==(const Inner&) const = default;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (text, count))

struct Everything {
  static constexpr EventType event{"test.everything", "test.events", 3};
  std::int8_t i8{};
  std::uint8_t u8{};
  std::int16_t i16{};
  std::uint32_t u32{};
  std::int64_t i64{};
  std::uint64_t u64{};
  double real{};
  NonNegative duration{};
  bool flag{};
  Timestamp when{};
  Json object{};
  Size size = Size::small;
  std::optional<Size> maybe{};
  std::vector<Inner> inners{};
  std::vector<std::vector<int>> matrix{};
  std::optional<std::vector<std::string>> names{};
  Inner inner{};
  ExtraFields rest{};
  bool operator==(const Everything&) const = default;
};
BOOST_DESCRIBE_STRUCT(Everything, (),
                      (i8, u8, i16, u32, i64, u64, real, duration, flag, when, object, size, maybe, inners, matrix,
                       names, inner, rest))

Everything full() {
  return {.i8 = -128,
          .u8 = 255,
          .i16 = -32768,
          .u32 = 4294967295,
          .i64 = std::numeric_limits<std::int64_t>::min(),
          .u64 = std::numeric_limits<std::uint64_t>::max(),
          .real = 0.1,
          .duration = 1e300,
          .flag = true,
          .when = *parse_iso8601("2026-01-31T09:30:00.123Z"),
          .object = R"({"a":[]})",
          .size = Size::default_,
          .maybe = Size::large,
          .inners = {{.text = "a", .count = 5}, {.text = ""}},
          .matrix = {{1, -2}, {}},
          .names = {{"x", "y"}},
          .inner = {.text = "z"},
          .rest = R"({"more":1})"};
}

TEST(EventCodec, EveryKindOfFieldComesBack) {
  const std::string json = encode(full());
  EXPECT_EQ(
      json,
      R"({"i8":-128,"u8":255,"i16":-32768,"u32":4294967295,"i64":-9223372036854775808,"u64":18446744073709551615,)"
      R"("real":0.1,"duration":1e+300,"flag":true,"when":"2026-01-31T09:30:00.123Z","object":{"a":[]},"size":"default",)"
      R"("maybe":"large","inners":[{"text":"a","count":5},{"text":""}],"matrix":[[1,-2],[]],"names":["x","y"],)"
      R"("inner":{"text":"z"},"more":1})");
  EXPECT_EQ(decode<Everything>(json, Strictness::publisher), full());
}

TEST(EventCodec, EmptyOptionalsAreLeftOutAndNullMeansAbsent) {
  const UserRegistered event{.user_id = "u", .email = "a@b.cc", .tier = Tier::individual_pro};
  EXPECT_EQ(encode(event), R"({"user_id":"u","email":"a@b.cc","tier":"individual_pro"})");
  const auto read =
      decode<UserRegistered>(R"({"user_id":"u","email":"a@b.cc","tier":"individual_pro","referral_source":null})");
  EXPECT_EQ(read, event);
}

TEST(EventCodec, FieldsComeInAnyOrderAndWithAnySpace) {
  const auto event = decode<UserLogin>(
      " {\n\t\"success\" : true , \"user_agent\":\"x\",\r\n \"ip_address\":\"y\",\"user_id\":\"z\" } \n");
  EXPECT_EQ(event, (UserLogin{.user_id = "z", .ip_address = "y", .user_agent = "x", .success = true}));
}

TEST(EventCodec, NumbersAreShortAndExact) {
  const auto written = [](double value) {
    SystemPerformanceDegraded event{.metric_name = "m",
                                    .current_value = value,
                                    .threshold_value = 0,
                                    .affected_services = {},
                                    .suggested_actions = {}};
    const std::string json = encode(event);
    EXPECT_EQ(decode<SystemPerformanceDegraded>(json).current_value, value);
    const auto start = json.find("value\":") + 7;
    return json.substr(start, json.find(',', start) - start);
  };
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(written(1'000'000), "1000000");
  EXPECT_EQ(written(9007199254740992.0), "9007199254740992");
  EXPECT_EQ(written(-0.0), "-0");
  EXPECT_EQ(written(0.0001), "0.0001");
  EXPECT_EQ(written(0.000001234567890123456), "0.000001234567890123456");
  EXPECT_EQ(written(-123456789.125), "-123456789.125");
  EXPECT_EQ(written(1e20), "100000000000000000000");
  EXPECT_EQ(written(1e21), "1e+21");
  EXPECT_EQ(written(1e-7), "1e-07");
  EXPECT_EQ(written(5e-324), "5e-324");
  EXPECT_EQ(written(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
}

TEST(EventCodec, WholeNumbersMayBeWrittenAsReals) {
  const auto size = [](const std::string& number) {
    const auto event =
        decode<FileUploaded>(R"({"file_id":"f","user_id":"u","contextual_core_id":"c","filename":"n","file_size":)" +
                             number + R"(,"mime_type":"m","is_browser_viewable":true})");
    return std::int64_t{event.file_size};
  };
  EXPECT_EQ(size("500"), 500);
  EXPECT_EQ(size("500.0"), 500);
  EXPECT_EQ(size("5e2"), 500);
  EXPECT_THROW(size("500.5"), Error);
  EXPECT_THROW(size("-1"), Error);
  EXPECT_THROW(size("9007199254740992"), Error);
}

TEST(EventCodec, TextKeepsEveryCharacter) {
  std::string text = "quote \" backslash \\ slash / tab \t newline \n bell \a é 漢 😀 ";
  text += '\0';
  text += std::string(5'000, 'x') + "\x7F";
  const UserLogin event{.user_id = "u", .ip_address = text, .user_agent = "", .success = true};
  EXPECT_EQ(decode<UserLogin>(encode(event)).ip_address, text);
  EXPECT_NE(encode(event).find(R"(quote \" backslash \\ slash / tab \t newline \n bell \u0007 é 漢 😀 \u0000xxx)"),
            std::string::npos);
}

TEST(EventCodec, EscapesAreRead) {
  const auto event = decode<UserLogin>(
      R"({"user\u005fid":"\u0075","ip_address":"\"\\\/\b\f\n\r\t\u00e9\u6f22\uD83D\uDE00","user_agent":"","success":false})");
  EXPECT_EQ(event.user_id, "u");
  EXPECT_EQ(event.ip_address, "\"\\/\b\f\n\r\té漢😀");
}

TEST(EventCodec, UnknownMembersAreKeptInTheirOwnText) {
  UserLogin event{};
  std::string unknown;
  std::vector<FieldProblem> problems;
  const auto& type = descriptor_of<UserLogin>();
  EXPECT_TRUE(decode_into(type, &event,
                          R"({"a" : 1e400,"user_id":"u","ip_address":"","user_agent":"","success":true,"b":{"c":[ ]}})",
                          &unknown, problems));
  EXPECT_EQ(unknown, R"({"a" : 1e400,"b":{"c":[ ]}})");
  EXPECT_TRUE(decode_into(type, &event, R"({"user_id":"u","ip_address":"","user_agent":"","success":true})", &unknown,
                          problems));
  EXPECT_EQ(unknown, "{}");
}

TEST(EventCodec, ExtraFieldsStandBesideTheNamedOnes) {
  const UserUpdated event{.user_id = "u", .fields = R"({ "name": "Ada", "age": 36 })"};
  const std::string json = encode(event);
  EXPECT_EQ(json, R"({"user_id":"u", "name": "Ada", "age": 36 })");
  EXPECT_EQ(decode<UserUpdated>(json).fields, R"({"name": "Ada","age": 36})");
  EXPECT_EQ(encode(UserUpdated{.user_id = "u"}), R"({"user_id":"u"})");
  EXPECT_EQ(encode(UserUpdated{.user_id = "u", .fields = " { } "}), R"({"user_id":"u"})");
  EXPECT_EQ(decode<UserUpdated>(R"({"user_id":"u","fields":1})").fields, R"({"fields":1})")
      << "the C++ name means nothing on the wire";
}

TEST(EventCodec, ReadersTolerateEnumNamesTheyDoNotKnow) {
  const auto event = decode<UserRegistered>(R"({"user_id":"u","email":"a@b.cc","tier":"enterprise"})");
  EXPECT_EQ(event.tier, unknown_value<Tier>);
  EXPECT_FALSE(is_known(event.tier));
  EXPECT_TRUE(is_known(Tier::individual_pro));
  const auto problems = validate(event);
  ASSERT_EQ(problems.size(), 1U) << "such an event cannot be published again as it is";
  EXPECT_EQ(problems[0].pointer, "/tier");
}

TEST(EventCodec, AppendsToWhatIsThere) {
  std::string out = "data=";
  encode_to(UserUpdated{.user_id = "u"}, out);
  EXPECT_EQ(out, R"(data={"user_id":"u"})");
}

TEST(EventCodec, FindsTheUserOfAnEvent) {
  const SystemErrorCritical without{};
  const SystemErrorCritical with{.service_name = "",
                                 .error_type = "",
                                 .error_message = "",
                                 .stack_trace = "",
                                 .user_id = "u7",
                                 .requires_immediate_attention = false};
  EXPECT_EQ(user_id_of(descriptor_of<SystemErrorCritical>(), &without), "");
  EXPECT_EQ(user_id_of(descriptor_of<SystemErrorCritical>(), &with), "u7");
  const SystemServiceHealth none{};
  EXPECT_EQ(user_id_of(descriptor_of<SystemServiceHealth>(), &none), "");
  EXPECT_EQ(string_member(R"({"a":{"user_id":"no"},"user_id":"u\u0037"})", "user_id"), "u7");
  EXPECT_EQ(string_member(R"({"user_id":7})", "user_id"), "");
  EXPECT_EQ(string_member("[]", "user_id"), "");
}

Envelope envelope() {
  return {.id = "01ARYZ6S41TSV4RRFFQ69G5FAV",
          .stream = "user.events",
          .type = "user.registered",
          .version = 2,
          .timestamp = *parse_iso8601("2026-01-31T09:30:00.000Z"),
          .correlation_id = "c1",
          .user_id = "u1",
          .data = R"({"user_id":"u1","email":"a@b.cc","tier":"individual_pro","newer":true})",
          .metadata = R"({"causation_id":"c0","hops":2,"key":"k","source":"api"})"};
}

TEST(EventCodec, AnEventIsItsEnvelopeWithTypedData) {
  const auto event = Event<UserRegistered>::from({5, 1}, envelope());
  EXPECT_EQ(event.entry_id, (EntryId{5, 1}));
  EXPECT_EQ(event.id, "01ARYZ6S41TSV4RRFFQ69G5FAV");
  EXPECT_EQ(event.stream, "user.events");
  EXPECT_EQ(event.type, "user.registered");
  EXPECT_EQ(event.version, 2U);
  EXPECT_EQ(to_iso8601(event.timestamp), "2026-01-31T09:30:00.000Z");
  EXPECT_EQ(event.correlation_id, "c1");
  EXPECT_EQ(event.user_id, "u1");
  EXPECT_EQ(event.data.email, "a@b.cc");
  EXPECT_EQ(event.unknown_fields, R"({"newer":true})");
  EXPECT_EQ(event.causation_id(), "c0");
  EXPECT_EQ(event.hops(), 2U);
  EXPECT_EQ(event.key(), "k");
  EXPECT_EQ(event.source(), "api");
}

TEST(EventCodec, AnUntypedEventReadsAsItsTypeOnly) {
  const AnyEvent any({5, 1}, envelope());
  EXPECT_EQ(any.as<UserRegistered>().data.user_id, "u1");
  try {
    (void)any.as<UserLogin>();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::invalid);
    EXPECT_STREQ(
        error.what(),
        R"(the event 01ARYZ6S41TSV4RRFFQ69G5FAV is a "user.registered", not a "user.login": read it as its own type)");
  }
}

TEST(EventCodec, AnUnreadableEventSaysWhyWithoutThrowing) {
  auto bad = envelope();
  bad.data = R"({"user_id":7})";
  const auto decoded = try_decode<UserRegistered>({5, 1}, bad);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.problems().size(), 3U);
  EXPECT_NE(decoded.error().find("/user_id: found 7; allowed: an id"), std::string::npos) << decoded.error();
}

}  // namespace
}  // namespace collective
