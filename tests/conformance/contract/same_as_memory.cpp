#include <cstdlib>
#include <iostream>
#include <tuple>

#include <gtest/gtest.h>

#include "conformance/contract/planted_difference.hpp"
#include "conformance/contract/random_steps.hpp"
#include "support/stores.hpp"

// The in-memory broker speaks for all brokers in the simulation. So the same random calls are made on it and on each
// other broker, every answer is compared, and now and then everything that can be seen. All of it is the same on every
// broker, but for the words of an error and for how often a watch calls.
namespace collective::conformance {
namespace {

using testing_support::every_store;
using testing_support::StoreKind;
using testing_support::TemporaryDirectory;

constexpr std::uint64_t sequences = 300;
constexpr std::uint64_t in_a_test = 50;
constexpr std::size_t steps_of_a_sequence = 200;
constexpr std::size_t looks_every = 10;

std::vector<StoreKind> others() {
  auto kinds = every_store();
  std::erase_if(kinds, [](const StoreKind& kind) { return kind.name == "memory"; });
  return kinds;
}

/// What differs, or nothing.
std::string difference(const std::string& memory, const std::string& other) {
  if (memory == other) return {};
  return "memory: " + memory + "\nother:  " + other;
}

std::string difference(const std::vector<std::string>& memory, const std::vector<std::string>& other) {
  for (std::size_t i = 0; i < std::max(memory.size(), other.size()); ++i) {
    const auto found = difference(i < memory.size() ? memory[i] : "nothing", i < other.size() ? other[i] : "nothing");
    if (!found.empty()) return "what can be seen differs\n" + found;
  }
  return {};
}

/// Makes the calls of a seed on a new in-memory store and on `other`. Returns where they differ first, or nothing.
std::string compare(std::uint64_t seed, broker::Store other, bool tell = false) {
  Steps memory(memory::open("reference"));
  Steps tested(std::move(other));
  RandomSteps random(seed);
  for (std::size_t number = 1; number <= steps_of_a_sequence; ++number) {
    const auto step = random.next();
    const auto expected = step.run(memory, &random.known());
    if (tell) std::cout << number << " " << step.what << "\n    " << expected << std::endl;
    auto found = difference(expected, step.run(tested, nullptr));
    if (found.empty() && (number % looks_every == 0 || number == steps_of_a_sequence || tell)) {
      found = difference(visible_state(memory, random.now()), visible_state(tested, random.now()));
    }
    if (!found.empty()) {
      return "COLLECTIVE_SEED=" + std::to_string(seed) + " step " + std::to_string(number) + ": " + step.what + "\n" +
             found;
    }
  }
  return {};
}

class SameAsMemory : public testing::TestWithParam<std::tuple<StoreKind, std::uint64_t>> {};

TEST_P(SameAsMemory, InEveryAnswer) {
  const auto& [kind, first] = GetParam();
  for (auto seed = first; seed < first + in_a_test; ++seed) {
    const TemporaryDirectory directory;
    ASSERT_EQ(compare(seed, kind.open(directory.path())), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, SameAsMemory,
                         testing::Combine(testing::ValuesIn(others()),
                                          testing::Range<std::uint64_t>(1, sequences + 1, in_a_test)),
                         [](const auto& parameter) {
                           return std::get<0>(parameter.param).name + "_from_seed_" +
                                  std::to_string(std::get<1>(parameter.param));
                         });

/// For a person: COLLECTIVE_SEED=n tells every call and answer of that seed, and looks after each.
TEST(SameAsMemory, OneSeed) {
  const char* const seed = std::getenv("COLLECTIVE_SEED");
  if (seed == nullptr) GTEST_SKIP() << "set COLLECTIVE_SEED to replay a seed";
  for (const auto& kind : others()) {
    const TemporaryDirectory directory;
    EXPECT_EQ(compare(std::strtoull(seed, nullptr, 10), kind.open(directory.path()), true), "") << kind.name;
  }
}

// --- the comparison itself ----------------------------------------------------------------------------------------

broker::Store planted() {
  auto store = memory::open("planted");
  store.broker = std::make_shared<ForgetsOneAcknowledgement>(store.broker, 10);
  return store;
}

TEST(Comparison, FindsOneForgottenAcknowledgement) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) found += compare(seed, planted()).empty() ? 0 : 1;
  EXPECT_GE(found, 8) << "some sequences acknowledge too little, or what is gone already";
}

TEST(Comparison, SaysWhereAndWhatDiffers) {
  std::string found;
  for (std::uint64_t seed = 1; found.empty() && seed <= 10; ++seed) found = compare(seed, planted());
  for (const auto* const part : {"COLLECTIVE_SEED=", "step ", "memory: ", "other: "}) {
    EXPECT_NE(found.find(part), std::string::npos) << found;
  }
}

TEST(Comparison, TheSameSeedFindsTheSame) {
  EXPECT_EQ(compare(3, planted()), compare(3, planted()));
}

TEST(Comparison, TheReferenceIsLikeItself) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) EXPECT_EQ(compare(seed, memory::open("another")), "");
}

}  // namespace
}  // namespace collective::conformance
