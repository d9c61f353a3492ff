#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>

// `event-bus serve` as a process: how it begins, and how it ends.
namespace {

class Serve : public testing::Test {
 protected:
  Serve() {
    if (::mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  }
  ~Serve() override { std::filesystem::remove_all(directory_); }

  /// Runs a script of bash with STORE and PROGRAM set. @return what it prints, both streams
  [[nodiscard]] std::string bash(const std::string& script) const {
    ::setenv("PROGRAM", EVENT_BUS_PROGRAM, 1);
    ::setenv("STORE", ("embedded:" + directory_ + "/store").c_str(), 1);
    ::setenv("SCRIPT", script.c_str(), 1);
    FILE* const program = ::popen("env -u PORT -u HOST -u LOG_LEVEL timeout 60 bash -c \"$SCRIPT\" 2>&1", "r");
    std::string output;
    std::array<char, 4096> buffer{};
    while (const auto size = std::fread(buffer.data(), 1, buffer.size(), program)) output.append(buffer.data(), size);
    ::pclose(program);
    return output;
  }

  static void expect(const std::string& output, const std::string& part) {
    EXPECT_NE(output.find(part), std::string::npos) << output;
  }

 private:
  std::string directory_ = (std::filesystem::temp_directory_path() / "event-bus-test-XXXXXX").string();
};

TEST_F(Serve, SaysWhatItServesAnswersAndEndsWith0OnSigterm) {
  const auto output = bash(R"(
    coproc SERVICE { exec "$PROGRAM" serve --broker "$STORE" --port 0 --log-level error; }
    pid=$SERVICE_PID
    read -r address <&"${SERVICE[0]}"; read -r broker <&"${SERVICE[0]}"; read -r who <&"${SERVICE[0]}"
    echo "$address"; echo "$broker"; echo "$who"
    exec 3<>"/dev/tcp/127.0.0.1/${address##*:}"
    printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    cat <&3
    echo
    kill -TERM "$pid"
    wait "$pid"
    echo "ended with $?"
  )");
  expect(output, "event-bus serves http://127.0.0.1:");
  expect(output, "broker embedded:");
  expect(output, "a returned publish survives a killed process");
  expect(output, "everyone on this machine may call");
  expect(output, R"({"success":true,"data":{"status":"ready"}})");
  expect(output, "ended with 0");
}

TEST_F(Serve, TakesWhatExistingDeploymentsSetFromTheEnvironment) {
  const auto output = bash(R"(
    export PORT=0 HOST=0.0.0.0 LOG_LEVEL=warn EVENT_BUS_ANONYMOUS=info EVENT_BUS_ALLOWED_HOSTS=event-bus
    coproc SERVICE { exec "$PROGRAM" serve --broker "$STORE"; }
    pid=$SERVICE_PID
    read -r address <&"${SERVICE[0]}"
    echo "$address"
    exec 3<>"/dev/tcp/127.0.0.1/${address##*:}"
    printf 'GET /health HTTP/1.1\r\nHost: event-bus:3002\r\nConnection: close\r\n\r\n' >&3
    cat <&3
    kill -INT "$pid"
    wait "$pid"
    echo "ended with $?"
  )");
  expect(output, "event-bus serves http://0.0.0.0:");
  expect(output, R"("status":"healthy")");
  expect(output, "ended with 0");
}

TEST_F(Serve, RefusesWhatIsNotSafeOrMakesNoSense) {
  expect(bash(R"("$PROGRAM" serve --broker "$STORE" --host 0.0.0.0; echo "ended with $?")"), "without a token");
  expect(bash(R"("$PROGRAM" serve --broker "$STORE" --host 0.0.0.0; echo "ended with $?")"), "ended with 2");
  expect(bash(R"(PORT=http "$PROGRAM" serve --broker "$STORE"; echo "ended with $?")"),
         "the port (--port or PORT) is \"http\"");
  expect(bash(R"(LOG_LEVEL=loud "$PROGRAM" serve --broker "$STORE")"), "use debug, info, warn or error");
  expect(bash(R"("$PROGRAM" serve --broker "$STORE" --anonymous all)"), "use info or none");
  expect(bash(R"(EVENT_BUS_TOKEN=short "$PROGRAM" serve --broker "$STORE")"), "shorter than 16 characters");
  expect(bash(R"(EVENT_BUS_TOKEN_FILE=/nowhere "$PROGRAM" serve --broker "$STORE")"), "cannot be read or is empty");
  expect(bash(R"("$PROGRAM" serve --broker "$STORE" --tls-cert x.pem)"), "both a certificate and its key");
}

TEST_F(Serve, ASecretInTheEnvironmentIsPrintedNowhere) {
  const auto output = bash(R"(
    export EVENT_BUS_TOKEN=canary-0123456789 PORT=0 LOG_LEVEL=debug
    "$PROGRAM" serve --broker "$STORE" >"${STORE#embedded:}.out" 2>&1 &
    pid=$!
    until grep -q "callers need one of 1 tokens" "${STORE#embedded:}.out"; do :; done
    address=$(grep -o 'event-bus serves .*' "${STORE#embedded:}.out")
    exec 3<>"/dev/tcp/127.0.0.1/${address##*:}"
    printf 'GET /canary-0123456789 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer canary-0123456789\r\nConnection: close\r\n\r\n' >&3
    cat <&3
    kill -TERM "$pid"
    wait "$pid"
    cat "${STORE#embedded:}.out"
  )");
  expect(output, "callers need one of 1 tokens");
  expect(output, "answered");
  EXPECT_EQ(output.find("canary-0123456789"), std::string::npos) << output;
}

}  // namespace
