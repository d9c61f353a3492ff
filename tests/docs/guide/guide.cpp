#include "docs/guide/guide.hpp"

#include <cstdio>
#include <sstream>

#include "docs/guide/pattern.hpp"

namespace guide {
namespace {

std::chrono::seconds patience(20);  // with a line that is missing

/// Stands in for std::cout's buffer: keeps what is printed, and passes it on.
class Output : public std::streambuf {
 public:
  void clear() {
    const std::lock_guard lock(mutex_);
    text_.clear();
    seen_ = 0;
  }

  void expect(const std::string& place, const std::string& line) {
    std::unique_lock lock(mutex_);
    if (!printed_.wait_for(lock, patience, [&] { return find(line); })) {
      throw std::runtime_error(place + ": this line was not printed: " + line);
    }
  }

 protected:
  int overflow(int c) override {
    const char character = static_cast<char>(c);
    xsputn(&character, 1);
    return c;
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    const std::lock_guard lock(mutex_);
    text_.append(text, static_cast<std::size_t>(size));
    std::fwrite(text, 1, static_cast<std::size_t>(size), stdout);
    printed_.notify_all();
    return size;
  }

 private:
  // Looks for a whole line behind the one found before.
  bool find(const std::string& line) {
    std::size_t from = seen_;
    for (std::size_t end = 0; (end = text_.find('\n', from)) != std::string::npos; from = end + 1) {
      if (!matches(line, std::string_view(text_).substr(from, end - from))) continue;
      seen_ = end + 1;
      return true;
    }
    return false;
  }

  std::mutex mutex_;
  std::condition_variable printed_;
  std::string text_;      // guarded by mutex_
  std::size_t seen_ = 0;  // guarded by mutex_
};

Output output;

using Sections = std::vector<std::pair<const char*, Chapter::Section>>;
std::map<std::string, Sections>& chapters() {
  static std::map<std::string, Sections> all;
  return all;
}

void run(const std::string& chapter, const char* title, Chapter::Section section) {
  std::cout << "== " << title << std::endl;
  output.clear();
  collective::EventClient client({.broker = "memory:" + chapter});
  client.connect();
  collective::EventBus bus(client);
  section(client, bus);
  bus.close();
}

}  // namespace

void expect(const char* place, const char* lines) {
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) output.expect(place, line);
}

Chapter::Chapter(const char* name, Sections sections) {
  chapters()[name] = std::move(sections);
}

}  // namespace guide

int main(int count, char** arguments) {
  std::cout.rdbuf(&guide::output);
  const auto chapter = count >= 2 ? guide::chapters().find(arguments[1]) : guide::chapters().end();
  if (chapter == guide::chapters().end()) return std::cerr << "usage: guide-snippets PAGE [SECONDS]\n", 2;
  if (count == 3) guide::patience = std::chrono::seconds(std::stoi(arguments[2]));
  for (const auto& [title, section] : chapter->second) {
    try {
      guide::run(chapter->first, title, section);
    } catch (const std::exception& error) {
      std::cerr << "in section \"" << title << "\": " << error.what() << "\n";
      return 1;
    }
  }
}
