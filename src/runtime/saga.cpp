#include "collective/saga.hpp"

namespace collective {
namespace {

std::string text_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is not a std::exception";
  }
}

Error as_error(const std::exception_ptr& exception, const std::string& message) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return {error.code(), message, error.problems()};
  } catch (...) {
    return {Errc::failed, message};
  }
}

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

// What still stands comes first: an attempt history keeps the first 1,024 bytes.
std::string describe(const std::string& saga, const std::string& step, const std::exception_ptr& cause,
                     const std::vector<std::string>& undone, const std::vector<SagaFailed::NotUndone>& not_undone) {
  std::string text = "saga " + quoted(saga) + " failed ";
  text += step.empty() ? "between its steps" : "at step " + quoted(step);
  for (const auto& failure : not_undone) {
    text += &failure == &not_undone.front() ? ", and this was not undone, see to it: " : ", ";
    text += quoted(failure.step) + " (" + failure.error + ")";
  }
  for (const auto& name : undone) text += (&name == &undone.front() ? "; undone: " : ", ") + quoted(name);
  return text + ": " + text_of(cause);
}

}  // namespace

SagaFailed::SagaFailed(const std::string& saga, std::string step, std::exception_ptr cause,
                       std::vector<std::string> undone, std::vector<NotUndone> not_undone)
    : Error(as_error(cause, describe(saga, step, cause, undone, not_undone))),
      step_(std::move(step)),
      cause_(std::move(cause)),
      undone_(std::move(undone)),
      not_undone_(std::move(not_undone)) {}

void Saga::refuse_when_stopped(const std::string& step) const {
  if (compensating_ || !stop_.stop_requested()) return;
  throw Error(Errc::cancelled, "step " + quoted(step) + " was not begun: the saga was asked to stop");
}

void Saga::fail(const std::exception_ptr& cause) {
  compensating_ = true;
  const std::string step = cause == failure_ ? failed_step_ : "";
  std::vector<std::string> undone;
  std::vector<SagaFailed::NotUndone> not_undone;
  while (!undo_.empty()) {
    const auto undo = std::move(undo_.back());
    undo_.pop_back();
    try {
      undo.run();
      undone.push_back(undo.step);
    } catch (...) {
      not_undone.push_back({undo.step, text_of(std::current_exception()), std::current_exception()});
    }
  }
  throw SagaFailed(name_, step, cause, std::move(undone), std::move(not_undone));
}

}  // namespace collective
