// turnoutctl's side of the socket, against peers that answer well, badly, or not at all.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "control/cli/client.h"
#include "control/cli/errors.h"

namespace turnout::cli::cli_client_test {
namespace {

using Local = boost::asio::local::stream_protocol;
using namespace std::chrono_literals;

class CliClient : public testing::Test {
 protected:
  using Answer = std::function<std::string(const std::string& request)>;

  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "turnoutctl-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    path_ = (directory_ / "control.sock").string();
  }

  void TearDown() override {
    if (peer_.joinable()) peer_.join();
    std::filesystem::remove_all(directory_);
  }

  /// One client; an empty answer is none. Ends when the client closes, or after `requests` of them.
  void listen(Answer answer, int requests = 1) {
    acceptor_.emplace(io_, Local::endpoint(path_));
    peer_ = std::thread([this, answer = std::move(answer), requests] {
      Local::socket client = acceptor_->accept();
      std::string buffer;
      boost::system::error_code error;
      for (int i = 0; i < requests; ++i) {
        const size_t length =
            boost::asio::read_until(client, boost::asio::dynamic_buffer(buffer), '\n', error);
        if (error) return;
        boost::asio::write(client, boost::asio::buffer(answer(buffer.substr(0, length))), error);
        buffer.erase(0, length);
      }
    });
  }

  std::string path_;

 private:
  std::filesystem::path directory_;
  boost::asio::io_context io_;
  std::optional<Local::acceptor> acceptor_;
  std::thread peer_;
};

TEST_F(CliClient, SendsOneLineAndReturnsTheResultInItsOrder) {
  std::string request;
  listen([&](const std::string& line) {
    request = line;
    return "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"z\":1,\"a\":2}}\n";
  });
  RpcClient client(path_);
  EXPECT_EQ(client.call("stats.get", {{"a", 1}}).dump(), "{\"z\":1,\"a\":2}");
  EXPECT_EQ(request, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stats.get\",\"params\":{\"a\":1}}\n");
}

TEST_F(CliClient, AsksAgainOnTheSameConnection) {
  listen(
      [](const std::string& line) {
        return "{\"id\":" + Json::parse(line)["id"].dump() + ",\"result\":null}\n";
      },
      2);
  RpcClient client(path_);
  EXPECT_TRUE(client.call("a", Json::object()).is_null());
  EXPECT_TRUE(client.call("b", Json::object()).is_null());
}

TEST_F(CliClient, ThrowsTheErrorObject) {
  listen([](const std::string&) {
    return "{\"id\":1,\"error\":{\"code\":-32000,\"message\":\"no such service\"}}\n";
  });
  RpcClient client(path_);
  try {
    client.call("service.delete", Json::object());
    FAIL() << "accepted";
  } catch (const Refused& refused) {
    EXPECT_EQ(refused.error["code"], -32000);
    EXPECT_STREQ(refused.what(), "no such service");
  }
}

class CliClientBadAnswer : public CliClient, public testing::WithParamInterface<const char*> {};

TEST_P(CliClientBadAnswer, IsNotTakenForTurnoutd) {
  listen([](const std::string&) { return GetParam(); });
  RpcClient client(path_);
  EXPECT_THROW(client.call("stats.get", Json::object()), NoDaemon);
}

INSTANTIATE_TEST_SUITE_P(Kinds, CliClientBadAnswer,
                         testing::Values("220 mail ready\n", "[]\n", "{\"id\":7,\"result\":1}\n",
                                         "{\"id\":1}\n", "{\"result\":1"));

TEST_F(CliClient, GivesUpOnAPeerThatDoesNotAnswer) {
  listen([](const std::string&) { return ""; }, 2);
  RpcClient client(path_, 50ms);
  EXPECT_THROW(client.call("stats.get", Json::object()), NoDaemon);
}

TEST_F(CliClient, NamesTheSocketThatIsNotThere) {
  try {
    RpcClient client(path_);
    FAIL() << "connected";
  } catch (const NoDaemon& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find(path_ + ": No such file"), std::string::npos) << message;
    EXPECT_NE(message.find("--socket PATH"), std::string::npos) << message;
  }
  EXPECT_THROW(RpcClient(std::string(200, 'a')), NoDaemon);
}

}  // namespace
}  // namespace turnout::cli::cli_client_test
