#include "collective/saga.hpp"

#include <stdexcept>

#include <gmock/gmock.h>

namespace collective {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Log = std::vector<std::string>;

/// What a saga that must fail ends with.
template <class Run>
SagaFailed failure_in(Run&& run) {
  try {
    run();
  } catch (const SagaFailed& failed) {
    return failed;
  }
  ADD_FAILURE() << "the saga got through";
  return {"order", "", std::make_exception_ptr(0), {}, {}};
}
template <class Body>
SagaFailed failure_of(const std::stop_token& stop, Body&& body) {
  return failure_in([&] { run_saga("order", stop, body); });
}
template <class Body>
SagaFailed failure_of(Body&& body) {
  return failure_in([&] { run_saga("order", body); });
}

[[noreturn]] void fail(const std::string& why) {
  throw std::runtime_error(why);
}

TEST(Saga, ThatGetsThroughReturnsItsResultAndUndoesNothing) {
  Log undone;
  const int total = run_saga("order", [&](Saga& saga) {
    const int price = saga.step("price", [] { return 40; }, [&] { undone.push_back("price"); });
    saga.step("reserve", [] {}, [&] { undone.push_back("reserve"); });
    return price + saga.step("ship", [] { return 2; });
  });
  EXPECT_EQ(total, 42);
  EXPECT_THAT(undone, IsEmpty());
}

TEST(Saga, AFailingStepUndoesTheEarlierOnesTheLastFirstButNotItself) {
  Log undone;
  const auto failed = failure_of([&](Saga& saga) {
    saga.step("reserve", [] {}, [&] { undone.push_back("reserve"); });
    saga.step("log", [] {});
    saga.step("charge", [] {}, [&] { undone.push_back("charge"); });
    saga.step("ship", [] { fail("no truck"); }, [&] { undone.push_back("ship"); });
    undone.push_back("never reached");
  });
  EXPECT_THAT(undone, ElementsAre("charge", "reserve"));
  EXPECT_EQ(failed.step(), "ship");
  EXPECT_THAT(failed.undone(), ElementsAre("charge", "reserve"));
  EXPECT_THAT(failed.not_undone(), IsEmpty());
  EXPECT_STREQ(failed.what(), R"(saga "order" failed at step "ship"; undone: "charge", "reserve": no truck)");
}

TEST(Saga, ACompensationMayTakeTheResultOfItsStep) {
  std::string released;
  failure_of([&](Saga& saga) {
    saga.step("reserve", [] { return std::string("shelf 7"); }, [&](const std::string& place) { released = place; });
    saga.step("ship", [] { fail("no truck"); });
  });
  EXPECT_EQ(released, "shelf 7");
}

TEST(Saga, WhatMayBeDoneAlthoughItFailedIsUndoneByOnFailure) {
  Log undone;
  const auto failed = failure_of([&](Saga& saga) {
    saga.on_failure("charge", [&] { undone.push_back("charge"); });
    saga.step("charge", [] { throw Error(Errc::timeout, "no answer"); });
  });
  EXPECT_THAT(undone, ElementsAre("charge"));
  EXPECT_EQ(failed.step(), "charge");
}

TEST(Saga, CodeBetweenTheStepsFailsItToo) {
  const auto failed = failure_of([](Saga& saga) {
    saga.step("price", [] {}, [] {});
    fail("the total is negative");
  });
  EXPECT_EQ(failed.step(), "");
  EXPECT_STREQ(failed.what(), R"(saga "order" failed between its steps; undone: "price": the total is negative)");
}

TEST(Saga, AStepWhoseFailureTheBodyHandlesFailsNothing) {
  Log undone;
  run_saga("order", [&](Saga& saga) {
    saga.step("reserve", [] {}, [&] { undone.push_back("reserve"); });
    try {
      saga.step("send by air", [] { fail("no aeroplane"); });
    } catch (const std::runtime_error&) {
      saga.step("send by rail", [] {});
    }
  });
  EXPECT_THAT(undone, IsEmpty());

  const auto failed = failure_of([](Saga& saga) {
    try {
      saga.step("send by air", [] { fail("no aeroplane"); });
    } catch (const std::runtime_error&) {
      fail("no train");
    }
  });
  EXPECT_EQ(failed.step(), "") << "the step is not to blame for what came later";
}

// --- what the caller sees -------------------------------------------------------------------------------------------

TEST(Saga, TheCodeAndTheProblemsAreThoseOfTheCause) {
  const auto failed = failure_of([](Saga& saga) {
    saga.step("publish", [] { throw Error(Errc::invalid, "not valid", {{"/total", "-1", "0 or more"}}); });
  });
  EXPECT_EQ(failed.code(), Errc::invalid);
  EXPECT_THAT(failed.problems(), ElementsAre(FieldProblem{"/total", "-1", "0 or more"}));
  EXPECT_THROW(std::rethrow_exception(failed.cause()), Error);

  const auto timed_out = failure_of([](Saga& saga) { saga.step("ask", [] { throw Error(Errc::timeout, "late"); }); });
  EXPECT_TRUE(timed_out.retryable());
}

TEST(Saga, AnExceptionOfTheStepsOwnHasACodeThatSaysSo) {
  const auto failed = failure_of([](Saga& saga) { saga.step("ship", [] { fail("no truck"); }); });
  EXPECT_EQ(failed.code(), Errc::failed);
  EXPECT_EQ(name(failed.code()), "failed");
  EXPECT_THROW(std::rethrow_exception(failed.cause()), std::runtime_error);
}

TEST(Saga, EvenWhatIsNoStdExceptionIsReported) {
  const auto failed = failure_of([](Saga& saga) { saga.step("ship", [] { throw 7; }, [] {}); });
  EXPECT_STREQ(failed.what(), R"(saga "order" failed at step "ship": something that is not a std::exception)");
}

TEST(Saga, AFailedCompensationIsReportedAndTheOthersRun) {
  Log undone;
  const auto failed = failure_of([&](Saga& saga) {
    saga.step("reserve", [] {}, [&] { undone.push_back("reserve"); });
    saga.step("charge", [] {}, [] { fail("the bank is closed"); });
    saga.step("insure", [] {}, [] { throw 7; });
    saga.step("ship", [] { fail("no truck"); });
  });
  EXPECT_THAT(undone, ElementsAre("reserve"));
  EXPECT_THAT(failed.undone(), ElementsAre("reserve"));
  ASSERT_EQ(failed.not_undone().size(), 2u);
  EXPECT_EQ(failed.not_undone()[0].step, "insure");
  EXPECT_EQ(failed.not_undone()[1].step, "charge");
  EXPECT_EQ(failed.not_undone()[1].error, "the bank is closed");
  EXPECT_THROW(std::rethrow_exception(failed.not_undone()[1].exception), std::runtime_error);
  EXPECT_EQ(failed.code(), Errc::failed);
  EXPECT_STREQ(failed.what(), R"(saga "order" failed at step "ship", and this was not undone, see to it: )"
                              R"("insure" (something that is not a std::exception), "charge" (the bank is closed); )"
                              R"(undone: "reserve": no truck)");
}

TEST(Saga, WithinAStepOfAnotherIsUndoneBeforeThatOneIs) {
  Log undone;
  const auto failed = failure_of([&](Saga& outer) {
    outer.step("reserve", [] {}, [&] { undone.push_back("reserve"); });
    outer.step("deliver", [&] {
      run_saga("delivery", [&](Saga& inner) {
        inner.step("pack", [] {}, [&] { undone.push_back("pack"); });
        inner.step("ship", [] { throw Error(Errc::timeout, "no truck in time"); });
      });
    });
  });
  EXPECT_THAT(undone, ElementsAre("pack", "reserve"));
  EXPECT_EQ(failed.code(), Errc::timeout);
  EXPECT_STREQ(failed.what(), R"(saga "order" failed at step "deliver"; undone: "reserve": )"
                              R"(saga "delivery" failed at step "ship"; undone: "pack": no truck in time)");
}

// --- asked to stop --------------------------------------------------------------------------------------------------

class SagaAskedToStop : public ::testing::Test {
 protected:
  std::stop_source stop_{};
};

TEST_F(SagaAskedToStop, BeginsNoFurtherStepAndIsUndone) {
  Log log;
  const auto failed = failure_of(stop_.get_token(), [&](Saga& saga) {
    saga.step(
        "reserve", [&] { stop_.request_stop(), log.push_back("reserve to its end"); },
        [&] { log.push_back("undo reserve"); });
    saga.step("ship", [&] { log.push_back("ship"); });
  });
  EXPECT_THAT(log, ElementsAre("reserve to its end", "undo reserve"));
  EXPECT_EQ(failed.code(), Errc::cancelled);
  EXPECT_STREQ(failed.what(), R"(saga "order" failed at step "ship"; undone: "reserve": )"
                              R"(step "ship" was not begun: the saga was asked to stop)");
}

TEST_F(SagaAskedToStop, DuringItsLastStepIsThrough) {
  run_saga("order", stop_.get_token(), [&](Saga& saga) {
    saga.step("ship", [&] { stop_.request_stop(); }, [] { FAIL() << "undone although it got through"; });
  });
}

TEST_F(SagaAskedToStop, RunsItsCompensationsWithTheirSteps) {
  Log log;
  const auto failed = failure_of(stop_.get_token(), [&](Saga& saga) {
    saga.step("reserve", [] {}, [&] { log.push_back("undo reserve"); });
    saga.step("charge", [] {}, [&] { saga.step("refund", [&] { log.push_back("refund"); }); });
    saga.step("ship", [&] { stop_.request_stop(), fail("no truck"); });
  });
  EXPECT_THAT(log, ElementsAre("refund", "undo reserve"));
  EXPECT_THAT(failed.not_undone(), IsEmpty());
}

}  // namespace
}  // namespace collective
