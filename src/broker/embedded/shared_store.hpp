#pragma once

#include <memory>

#include "broker/embedded/environment.hpp"
#include "broker/embedded/listener.hpp"
#include "broker/embedded/writer.hpp"

namespace collective::embedded {

/// What all brokers of one store in this process share. Handed out by `share`, which opens a directory only once.
struct SharedStore {
  explicit SharedStore(std::shared_ptr<Environment> opened);

  std::shared_ptr<Environment> environment;
  std::shared_ptr<Writer> writer;
  std::shared_ptr<Listener> listener;
};

/// Opens the store or joins those that have it open in this process. Throws Fault.
std::shared_ptr<SharedStore> share(const Options& options);
/// Gives it back; the last one stops its threads. Returns by the deadline; a thread that hangs is left behind, and
/// opening the same directory again in this process waits for it.
void give_back(std::shared_ptr<SharedStore> store, std::chrono::steady_clock::time_point deadline);

}  // namespace collective::embedded
