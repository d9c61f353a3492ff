#include "support/redis_server.hpp"

#include <csignal>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace collective::testing_support {
namespace {

constexpr std::uint32_t databases = 2'000;

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(probe, reinterpret_cast<sockaddr*>(&address), size) != 0 ||          // NOLINT: as sockets want it
      ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) != 0) {  // NOLINT
    throw std::runtime_error("no free port");
  }
  ::close(probe);
  return ntohs(address.sin_port);
}

using Context = std::unique_ptr<redisContext, decltype(&redisFree)>;

Context connect(const std::string& socket) {
  Context context(redisConnectUnixWithTimeout(socket.c_str(), {5, 0}), redisFree);
  if (context && context->err != 0) context.reset();
  return context;
}

void print(const redisReply& reply, std::string& out) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      out += std::to_string(reply.integer);
      break;
    case REDIS_REPLY_ARRAY:
      for (std::size_t i = 0; i < reply.elements; ++i) {
        if (i > 0) out += "\n";
        print(*reply.element[i], out);
      }
      break;
    case REDIS_REPLY_NIL:
      break;
    default:
      out.append(reply.str, static_cast<std::size_t>(reply.len));
  }
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)), port_(free_port()) {
  start();
}

RedisServer::~RedisServer() {
  kill();
}

void RedisServer::start() {
  std::vector<std::string> words{"redis-server",
                                 "--port",
                                 std::to_string(port_),
                                 "--unixsocket",
                                 socket(),
                                 "--dir",
                                 directory().string(),
                                 "--save",
                                 "",
                                 "--bind",
                                 "127.0.0.1",
                                 "--databases",
                                 std::to_string(databases),
                                 "--logfile",
                                 (directory() / "log").string()};
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const auto parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the server ends with the program, also when that crashes
    if (::getppid() != parent) ::_exit(1);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  for (int tries = 0; tries < 2'000; ++tries) {
    if (const auto context = connect(socket())) {
      const std::unique_ptr<void, decltype(&freeReplyObject)> pong(redisCommand(context.get(), "PING"),
                                                                   freeReplyObject);
      if (pong && !std::string_view(static_cast<redisReply*>(pong.get())->str).starts_with("LOADING")) return;
    }
    int status = 0;
    if (::waitpid(process_, &status, WNOHANG) == process_)
      throw std::runtime_error("redis-server ended at once; see DEVELOPMENT.md for what the tests need");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  throw std::runtime_error("redis-server did not come up");
}

void RedisServer::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

void RedisServer::stop_running() {
  ::kill(process_, SIGSTOP);
}

void RedisServer::go_on() {
  ::kill(process_, SIGCONT);
}

redis::Options RedisServer::options(std::uint32_t database) const {
  redis::Options options;
  options.host = socket();
  options.database = database;
  return options;
}

std::string RedisServer::call(const std::vector<std::string>& words) const {
  const auto context = connect(socket());
  if (!context) throw std::runtime_error("cannot connect to the test's redis-server");
  std::vector<const char*> argv;
  std::vector<std::size_t> sizes;
  for (const auto& word : words) {
    argv.push_back(word.data());
    sizes.push_back(word.size());
  }
  const std::unique_ptr<void, decltype(&freeReplyObject)> reply(
      redisCommandArgv(context.get(), static_cast<int>(argv.size()), argv.data(), sizes.data()), freeReplyObject);
  std::string out;
  if (reply) print(*static_cast<redisReply*>(reply.get()), out);
  return out;
}

RedisServer& shared_redis() {
  static RedisServer server;
  return server;
}

std::uint32_t redis_database_of(const std::filesystem::path& directory) {
  static std::mutex mutex;
  static std::map<std::string, std::uint32_t> known;
  static std::uint32_t next = 0;
  const std::lock_guard lock(mutex);
  const auto [at, created] = known.try_emplace(directory.string(), next % databases);
  if (created && next++ >= databases) shared_redis().call({"FLUSHALL"});
  return at->second;
}

}  // namespace collective::testing_support
