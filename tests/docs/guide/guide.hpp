#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <latch>
#include <map>
#include <mutex>
#include <optional>
#include <semaphore>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <collective/collective.hpp>

/// What the programs stand on that are made of the guide's pages.
namespace guide {

/// Waits until the section has printed these lines in this order; `…` stands for anything on the line. Handlers print on
/// threads of their own, so what a section prints is also what it waits for.
/// @throws std::runtime_error after a while, naming the line that is missing
void expect(const char* place, const char* lines);

/// A page's sections. Known to main by being made.
class Chapter {
 public:
  using Section = void (*)(collective::EventClient&, collective::EventBus&);
  Chapter(const char* name, std::vector<std::pair<const char*, Section>> sections);
};

}  // namespace guide
