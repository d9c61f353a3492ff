#include "runtime/delivery_token.hpp"

#include <gtest/gtest.h>

#include "collective/error.hpp"

namespace collective::runtime {
namespace {

TokenContent sample() {
  TokenContent content;
  content.key = {"user.events", "mailer"};
  content.consumer = "shell-worker";
  content.ticket = {{{1'767'225'600'000, 7}, true}, 42};
  content.progress.attempts = 2;
  content.progress.stalls = 1;
  content.progress.generation = 3;
  content.progress.route = "user.registered";
  content.progress.note = R"([{"attempt":1,"error":"a | b"}])";
  content.max_attempts = 5;
  return content;
}

TEST(DeliveryToken, KeepsEverythingASettlementNeeds) {
  const auto read = read_token(write_token(sample()));
  EXPECT_EQ(read.key, sample().key);
  EXPECT_EQ(read.consumer, "shell-worker");
  EXPECT_EQ(read.ticket, sample().ticket);
  EXPECT_EQ(read.progress.attempts, 2u);
  EXPECT_EQ(read.progress.stalls, 1u);
  EXPECT_EQ(read.progress.generation, 3u);
  EXPECT_EQ(read.progress.route, "user.registered");
  EXPECT_EQ(read.progress.note, sample().progress.note);
  EXPECT_EQ(read.max_attempts, 5u);
}

TEST(DeliveryToken, AnythingElseIsRefused) {
  const auto good = write_token(sample()).text;
  const std::vector<std::string> bad_ones = {std::string(),
                                             std::string("d1"),
                                             std::string("d2") + good.substr(2),
                                             good.substr(0, 20),
                                             std::string("d1|../etc|g|c|1|1|0|1|0|0|0|3|r|"),
                                             std::string("d1|s|g|c|x|1|0|1|0|0|0|3|r|"),
                                             std::string("d1|s|g|c|01|1|0|1|0|0|0|3|r|"),
                                             std::string("d1|s|g|c|1|1|2|1|0|0|0|3|r|")};
  for (const auto& bad : bad_ones) {
    EXPECT_THROW(read_token({bad}), Error) << bad;
  }
}

}  // namespace
}  // namespace collective::runtime
