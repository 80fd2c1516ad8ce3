// A server and its clients on one thread, for the tests of the control socket.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "control/rpc_server.h"

namespace turnout {

using Clock = std::chrono::steady_clock;

inline constexpr auto kPatience = std::chrono::seconds(10);  // a test that waits longer has failed

inline std::string request(int id, const std::string& method, const Json& params = Json::object()) {
  return Json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}}.dump() + "\n";
}

/// A client that never blocks, so that one thread can be both sides.
class RpcClient {
 public:
  explicit RpcClient(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) hang_up();
  }
  RpcClient(RpcClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  RpcClient(const RpcClient&) = delete;
  ~RpcClient() { hang_up(); }

  void hang_up() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void end_input() const { ::shutdown(fd_, SHUT_WR); }

  /// How many bytes the socket took.
  size_t send(std::string_view text) const {
    const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent > 0 ? static_cast<size_t>(sent) : 0;
  }

  /// Takes what has come, up to about `most` bytes.
  void receive(size_t most = SIZE_MAX) {
    std::array<char, 65536> buffer;
    ssize_t got = 0;
    for (size_t taken = 0; taken < most; taken += static_cast<size_t>(got)) {
      got = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) closed_ = true;
      if (got <= 0) return;
      received_.append(buffer.data(), static_cast<size_t>(got));
      lines_ += static_cast<size_t>(std::count(buffer.data(), buffer.data() + got, '\n'));
    }
  }

  bool closed() const { return closed_; }
  const std::string& received() const { return received_; }
  size_t line_count() const { return lines_; }

  std::vector<Json> responses() const {
    std::vector<Json> all;
    size_t start = 0;
    for (size_t end = 0; (end = received_.find('\n', start)) != std::string::npos; start = end + 1) {
      all.push_back(Json::parse(received_.substr(start, end - start)));
    }
    return all;
  }

 private:
  int fd_ = -1;
  bool closed_ = false;
  std::string received_;
  size_t lines_ = 0;
};

class RpcServerTest : public testing::Test {
 protected:
  RpcServerTest() {
    std::string name = (std::filesystem::temp_directory_path() / "turnout-rpc-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    path_ = (directory_ / "control.sock").string();
    dispatcher_.add("echo", [this](const Json& params) {
      ++calls_;
      return params;
    });
    dispatcher_.add("large", [](const Json& params) { return std::string(params.at("bytes"), 'x'); });
    dispatcher_.add_slow(
        "slow", [this](const Json&, RpcDispatcher::Result done) { pending_.push_back(std::move(done)); });
  }
  ~RpcServerTest() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  void serve(const RpcLimits& limits = {}) { server_.emplace(io_, path_, dispatcher_, limits); }

  /// Runs the server until `reached` holds or patience ends.
  template <typename Condition>
  bool until(Condition reached, Clock::duration patience = kPatience) {
    for (const auto end = Clock::now() + patience; Clock::now() < end;) {
      io_.restart();
      const size_t ran = io_.poll();
      if (reached()) return true;
      if (ran == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  void run_for(Clock::duration time) {
    until([] { return false; }, time);
  }

  bool lines_come(RpcClient& client, size_t count) {
    return until([&] {
      client.receive();
      return client.line_count() >= count;
    });
  }
  bool is_closed(RpcClient& client) {
    return until([&] {
      client.receive();
      return client.closed();
    });
  }
  bool send_all(RpcClient& client, std::string_view text) {
    return until([&] {
      text.remove_prefix(client.send(text));
      return text.empty();
    });
  }
  bool answers(RpcClient& client) {
    const size_t before = client.line_count();
    return send_all(client, request(1, "echo")) && lines_come(client, before + 1);
  }
  std::string failure() {
    try {
      RpcServer second(io_, path_, dispatcher_);
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "";
  }

  boost::asio::io_context io_;
  RpcDispatcher dispatcher_;
  std::filesystem::path directory_;
  std::string path_;
  std::optional<RpcServer> server_;
  int calls_ = 0;
  std::vector<RpcDispatcher::Result> pending_;
};

}  // namespace turnout
