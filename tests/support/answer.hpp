#pragma once

#include "runtime/await.hpp"

namespace collective::testing_support {

/// Makes a call of a store and waits for its answer.
template <class T, class Call>
broker::Result<T> answer(Call call) {
  return runtime::await<T>([&](broker::Reply<T> reply) { call(std::move(reply)); }, Millis(20'000), true, "the store");
}

}  // namespace collective::testing_support
