#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>

// The real program on a store of its own: what it prints, and how it ends.
namespace collective::testing_support {

struct Ended {
  int code = -1;
  std::string output;  ///< both streams
};

class Commands : public testing::Test {
 protected:
  Commands() {
    if (::mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  }
  ~Commands() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string store() const { return "embedded:" + directory_ + "/store"; }

  [[nodiscard]] Ended run(const std::string& arguments) const {
    const std::string line = "EVENT_BUS_BROKER='" + store() + "' " EVENT_BUS_PROGRAM " " + arguments + " 2>&1";
    FILE* const program = ::popen(line.c_str(), "r");
    Ended ended;
    std::array<char, 4096> buffer{};
    while (const auto size = std::fread(buffer.data(), 1, buffer.size(), program))
      ended.output.append(buffer.data(), size);
    ended.code = WEXITSTATUS(::pclose(program));
    return ended;
  }

  void expect(const Ended& ended, int code, const std::string& part) const {
    EXPECT_EQ(ended.code, code) << ended.output;
    EXPECT_NE(ended.output.find(part), std::string::npos) << ended.output;
  }

  static constexpr const char* user = R"('{"user_id":"u-1","email":"user@example.com","tier":"individual_pro"}')";

 private:
  std::string directory_ = (std::filesystem::temp_directory_path() / "event-bus-test-XXXXXX").string();
};

}  // namespace collective::testing_support
