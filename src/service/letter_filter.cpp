#include "service/letter_filter.hpp"

namespace collective::service {
namespace {

constexpr std::size_t page = 64;  // letters carry their events: pages stay small

}  // namespace

std::string failure_of(const DeadLetter& letter) {
  const auto& text = letter.history.empty() ? letter.reason : letter.history.back().error;
  return text.substr(0, text.find('\n'));
}

bool LetterFilter::matches(const DeadLetter& letter) const {
  if (!type.empty() && letter.event.envelope.type != type) return false;
  if (since && letter.died < *since) return false;
  if (until && letter.died >= *until) return false;
  return reason.empty() || failure_of(letter).find(reason) != std::string::npos ||
         letter.reason.find(reason) != std::string::npos;
}

void for_each_letter(EventBus& bus, const std::string& stream, const std::string& group, std::uint64_t after,
                     const std::function<bool(const DeadLetter&)>& visit) {
  while (true) {
    const auto letters = bus.dead_letters(stream, group, after, page);
    if (letters.empty()) return;
    for (const auto& letter : letters) {
      if (!visit(letter)) return;
    }
    after = letters.back().number;
  }
}

}  // namespace collective::service
