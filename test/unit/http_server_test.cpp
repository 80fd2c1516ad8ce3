#include "control/http_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace turnout::http_server_test {
namespace {

using Clock = std::chrono::steady_clock;
using Tcp = boost::asio::ip::tcp;
using namespace std::chrono_literals;

constexpr auto kPatience = 10s;  // a test that waits longer has failed

/// A client that never blocks once connected, so that one thread can be both sides.
class Client {
 public:
  explicit Client(uint16_t port) : socket_(io_) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    socket_.non_blocking(true);
  }
  void send(std::string_view text) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(text), ignored);
  }
  void receive() {
    std::array<char, 65536> buffer{};
    boost::system::error_code error;
    received_.append(buffer.data(), socket_.read_some(boost::asio::buffer(buffer), error));
    if (error && error != boost::asio::error::would_block) closed_ = true;
  }
  bool closed() const { return closed_; }
  const std::string& received() const { return received_; }
  bool has(std::string_view text) const { return received_.find(text) != std::string::npos; }

 private:
  boost::asio::io_context io_;
  Tcp::socket socket_;
  std::string received_;
  bool closed_ = false;
};

class HttpServerTest : public testing::Test {
 protected:
  void serve(const HttpLimits& limits = {}) {
    HttpServer::Handlers handlers;
    handlers["/metrics"] = [] { return HttpReply{200, "text/plain; version=0.0.4", "turnout_up 1\n"}; };
    handlers["/large"] = [] { return HttpReply{.body = std::string(20'000'000, 'x')}; };
    handlers["/healthz"] = [] { return HttpReply{.status = 503, .body = "not forwarding\n"}; };
    handlers["/broken"] = []() -> HttpReply { throw std::runtime_error("out of luck"); };
    server_.emplace(io_, "127.0.0.1:0", std::move(handlers), limits);
  }
  Client connect() const { return Client(server_->port()); }

  template <typename Condition>
  bool until(Condition reached, Clock::duration patience = kPatience) {
    for (const auto end = Clock::now() + patience; Clock::now() < end;) {
      io_.restart();
      const size_t ran = io_.poll();
      if (reached()) return true;
      if (ran == 0) std::this_thread::sleep_for(1ms);
    }
    return false;
  }
  bool comes(Client& client, std::string_view text) {
    return until([&] {
      client.receive();
      return client.has(text);
    });
  }
  bool is_closed(Client& client) {
    return until([&] {
      client.receive();
      return client.closed();
    });
  }
  /// All of the answer to one request on a connection of its own.
  std::string exchange(const std::string& head) {
    Client client = connect();
    client.send(head + "\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(is_closed(client));
    return client.received();
  }
  std::string failure(const std::string& listen) {
    try {
      HttpServer server(io_, listen, {});
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "";
  }

  boost::asio::io_context io_;
  std::optional<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersGet) {
  serve();
  const std::string answer = exchange("GET /metrics HTTP/1.1");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nContent-Type: text/plain; version=0.0.4\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nContent-Length: 13\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nDate: "), std::string::npos);
  EXPECT_NE(answer.find(" GMT\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nturnout_up 1\n"));
  EXPECT_TRUE(exchange("GET /metrics?name[]=up HTTP/1.1").ends_with("turnout_up 1\n"));
}

TEST_F(HttpServerTest, HeadHasTheSameHeaderAndNoBody) {
  serve();
  const std::string answer = exchange("HEAD /metrics HTTP/1.1");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nContent-Length: 13\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, TheHandlerSetsTheStatus) {
  serve();
  const std::string answer = exchange("GET /healthz HTTP/1.1");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_TRUE(answer.ends_with("not forwarding\n"));
}

TEST_F(HttpServerTest, RefusesWhatIsNotThere) {
  serve();
  EXPECT_TRUE(exchange("GET / HTTP/1.1").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(exchange("GET /metrics/ HTTP/1.1").starts_with("HTTP/1.1 404 "));
  for (const std::string method : {"POST", "DELETE", "OPTIONS"}) {
    const std::string answer = exchange(method + " /metrics HTTP/1.1");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 ")) << answer;
    EXPECT_NE(answer.find("\r\nAllow: GET, HEAD\r\n"), std::string::npos);
  }
}

TEST_F(HttpServerTest, AHandlersExceptionIsA500AndInTheLog) {
  serve();
  testing::internal::CaptureStderr();
  const std::string answer = exchange("GET /broken HTTP/1.1");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("/broken: out of luck"), std::string::npos);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
}

TEST_F(HttpServerTest, KeepsTheConnectionForMoreRequests) {
  serve();
  Client client = connect();
  client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nHEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(comes(client, "turnout_up 1\nHTTP/1.1 200 OK"));
  client.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(comes(client, "404"));
  EXPECT_FALSE(client.closed());
  client.send("GET /metrics HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(is_closed(client));
}

TEST_F(HttpServerTest, BoundsARequest) {
  serve();
  EXPECT_TRUE(exchange("GET /metrics HTTP/1.1\r\nX: " + std::string(9000, 'x')).starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(exchange("GET /metrics HTTP/1.1\r\nContent-Length: 5").starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(exchange("GET /metrics HTTP/1.1\r\nContent-Length: 0").starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, GarbageIsABadRequest) {
  serve();
  const std::string answer = exchange("\x16\x03\x01 not HTTP");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
}

TEST_F(HttpServerTest, ClosesWhoKeepsItWaiting) {
  serve({.idle_seconds = 1});
  Client silent = connect();
  Client half = connect();
  Client deaf = connect();
  half.send("GET /metr");
  deaf.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto start = Clock::now();
  EXPECT_TRUE(is_closed(silent));
  EXPECT_TRUE(is_closed(half));
  EXPECT_GE(Clock::now() - start, 900ms);
  EXPECT_LT(Clock::now() - start, 10s);
  until([] { return false; }, 300ms);
  EXPECT_TRUE(is_closed(deaf));
  EXPECT_LT(deaf.received().size(), 20'000'000u);
}

TEST_F(HttpServerTest, OneConnectionTooManyIsTold) {
  serve({.connections = 2});
  std::optional<Client> first(std::in_place, server_->port());
  Client second = connect();
  first->send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(comes(*first, "turnout_up"));
  Client third = connect();
  ASSERT_TRUE(is_closed(third));
  EXPECT_TRUE(third.received().starts_with("HTTP/1.1 503 ")) << third.received();
  EXPECT_TRUE(third.received().ends_with("\r\n\r\ntoo many connections\n"));
  first.reset();
  until([] { return false; }, 50ms);
  EXPECT_TRUE(exchange("GET /metrics HTTP/1.1").starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, AClientThatVanishesHarmsNothing) {
  serve();
  {
    Client client = connect();
    client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(comes(client, "200 OK"));
  }
  EXPECT_TRUE(exchange("GET /metrics HTTP/1.1").starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, TheServersEndClosesItsConnections) {
  serve();
  Client client = connect();
  client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(comes(client, "turnout_up"));
  client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  const size_t received = client.received().size();
  server_.reset();
  EXPECT_TRUE(is_closed(client));
  EXPECT_EQ(client.received().size(), received) << "no handler may run any more";
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  serve();
  const std::string taken = "127.0.0.1:" + std::to_string(server_->port());
  EXPECT_EQ(failure(taken), "can't listen on " + taken +
                                ": Address already in use: stop the other program or change http.listen");
  EXPECT_NE(failure("203.0.113.7:9877").find("can't listen on 203.0.113.7:9877: "), std::string::npos);
  for (const std::string text : {"", "9877", "localhost:9877", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000",
                                 "127.0.0.1:98x", "::1:9877", "[127.0.0.1]:9877", "[::1]"}) {
    EXPECT_NE(failure(text).find("write http.listen as"), std::string::npos) << text;
  }
}

TEST_F(HttpServerTest, ListensOnIpv6) {
  const HttpServer server(io_, "[::1]:0", {});
  EXPECT_NE(server.port(), 0);
}

}  // namespace
}  // namespace turnout::http_server_test
