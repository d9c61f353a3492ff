#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "collective/error.hpp"

namespace collective {

/// A saga did not get through. What it had done is undone, except for what `not_undone` lists; `what()` says all of it.
///
/// `code()` and `problems()` are those of the cause when that is an Error; Errc::failed stands for any other exception.
class SagaFailed : public Error {
 public:
  /// A compensation that threw: what it was to undo still stands.
  struct NotUndone {
    std::string step{};
    std::string error{};  ///< the exception's text
    std::exception_ptr exception{};
  };

  SagaFailed(const std::string& saga, std::string step, std::exception_ptr cause, std::vector<std::string> undone,
             std::vector<NotUndone> not_undone);

  [[nodiscard]] const std::string& step() const noexcept { return step_; }  ///< empty: the code between two steps
  [[nodiscard]] const std::exception_ptr& cause() const noexcept { return cause_; }  ///< never null
  /// The steps whose compensations ended well, in the order they ran: the last step comes first.
  [[nodiscard]] const std::vector<std::string>& undone() const noexcept { return undone_; }
  [[nodiscard]] const std::vector<NotUndone>& not_undone() const noexcept { return not_undone_; }

 private:
  std::string step_;
  std::exception_ptr cause_;
  std::vector<std::string> undone_;
  std::vector<NotUndone> not_undone_;
};

/// A workflow of several steps, each with what undoes it: the argument of the function that `run_saga` runs.
///
/// It lives in memory only. What makes a workflow survive a crash is the event that started it: it is delivered again, and
/// the saga runs from its first step. So let steps be idempotent, as handlers are.
///
/// Threads: one at a time.
class Saga {
 public:
  Saga(const Saga&) = delete;
  Saga& operator=(const Saga&) = delete;

  /// Runs a step and returns its result. @throws what the step throws; Error Errc::cancelled, without running it, when
  /// the saga was asked to stop
  template <std::invocable Step>
  auto step(std::string name, Step&& step) {
    return run_step(name, step);
  }

  /// The same; once the step has ended well, `undo` compensates it should the saga fail. It takes nothing, or the step's
  /// result, which is then copied. A step that threw is taken as not done: where it may be done after all (a timeout,
  /// Errc::unknown), say `on_failure` before it instead.
  template <std::invocable Step, class Undo>
  auto step(std::string name, Step&& step, Undo undo) {
    using Result = std::decay_t<std::invoke_result_t<Step&>>;
    if constexpr (std::is_void_v<Result>) {
      run_step(name, step);
      on_failure(std::move(name), std::move(undo));
    } else {
      Result result = run_step(name, step);
      if constexpr (std::invocable<Undo&>) {
        on_failure(std::move(name), std::move(undo));
      } else {
        static_assert(std::invocable<Undo&, const Result&>, "a compensation takes nothing, or the result of its step");
        on_failure(std::move(name), [undo = std::move(undo), result]() mutable { return undo(std::as_const(result)); });
      }
      return result;
    }
  }

  /// Compensates by `undo` should the saga fail from now on, whether the step of that name has run or not.
  template <std::invocable Undo>
  void on_failure(std::string name, Undo undo) {
    static_assert(std::is_void_v<std::invoke_result_t<Undo&>>,
                  "a compensation returns nothing: let it throw when it fails");
    undo_.push_back({std::move(name), std::move(undo)});
  }

 private:
  struct Undo {
    std::string step;
    std::function<void()> run;
  };

  template <class Body>
  friend auto run_saga(std::string name, std::stop_token stop, Body&& body) -> std::invoke_result_t<Body&, Saga&>;
  template <class Body>
  friend auto run_saga(std::string name, Body&& body) -> std::invoke_result_t<Body&, Saga&>;

  explicit Saga(std::string name) : name_(std::move(name)) {}

  template <class Body>
  std::invoke_result_t<Body&, Saga&> run(Body& body) {
    try {
      return body(*this);
    } catch (...) {
      fail(std::current_exception());
    }
  }

  template <class Step>
  std::decay_t<std::invoke_result_t<Step&>> run_step(const std::string& name, Step& step) {
    try {
      refuse_when_stopped(name);
      return step();
    } catch (...) {
      failed_step_ = name;
      failure_ = std::current_exception();
      throw;
    }
  }

  void refuse_when_stopped(const std::string& step) const;
  [[noreturn]] void fail(const std::exception_ptr& cause);

  std::string name_;
  std::stop_token stop_;
  std::vector<Undo> undo_;
  bool compensating_ = false;
  std::string failed_step_;
  std::exception_ptr failure_;
};

/// Runs `body`, which takes `Saga&`, and returns what it returns. When it throws, the compensations of what was done run, the
/// last one first, and the caller gets SagaFailed.
///
/// A stop request, from a handler's `Delivery::stop_token()`, keeps the next step from starting: the saga fails with
/// Errc::cancelled and is undone. It ends no step that runs, and never keeps a compensation from running; nor does a lost
/// lease. A compensation that throws is reported by SagaFailed, and the others run.
///
/// From a handler, let SagaFailed pass: the event is tried again, and the text stands in its attempt history.
template <class Body>
auto run_saga(std::string name, std::stop_token stop, Body&& body) -> std::invoke_result_t<Body&, Saga&> {
  Saga saga(std::move(name));
  saga.stop_ = std::move(stop);
  return saga.run(body);
}

/// The same, for a saga that nobody asks to stop.
template <class Body>
auto run_saga(std::string name, Body&& body) -> std::invoke_result_t<Body&, Saga&> {
  return Saga(std::move(name)).run(body);
}

}  // namespace collective
