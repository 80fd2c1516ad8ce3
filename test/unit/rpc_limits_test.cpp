// The bounds that keep one client of the control socket from harming another.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "control/rpc_server.h"
#include "test/support/rpc_server_fixture.h"

namespace turnout::rpc_limits_test {
namespace {

using namespace std::chrono_literals;

TEST_F(RpcServerTest, ARequestOverTheLimitIsRefusedAndTheClientClosed) {
  serve({.line_bytes = 100});
  RpcClient fits(path_);
  std::string line = request(1, "echo");
  line.pop_back();
  line += std::string(100 - line.size(), ' ');
  send_all(fits, line + "\r\n");
  ASSERT_TRUE(lines_come(fits, 1));
  EXPECT_EQ(fits.responses()[0]["id"], 1);

  for (const std::string& text : {line + " \n", std::string(5000, 'x')}) {
    RpcClient client(path_);
    client.send(text);
    ASSERT_TRUE(is_closed(client));
    ASSERT_EQ(client.line_count(), 1u);
    EXPECT_EQ(client.responses()[0]["error"]["code"], -32600);
    EXPECT_EQ(client.responses()[0]["error"]["message"], "request longer than 100 bytes");
  }
  EXPECT_TRUE(answers(fits));
}

TEST_F(RpcServerTest, AHalfRequestIsGivenUpHoweverItTrickles) {
  serve({.half_request_seconds = 1});
  RpcClient client(path_);
  client.send("{");
  const auto start = Clock::now();
  ASSERT_TRUE(until([&] {
    client.send(" ");
    client.receive();
    return client.closed();
  }));
  EXPECT_GE(Clock::now() - start, 900ms);
  EXPECT_LT(Clock::now() - start, 10s);
  ASSERT_EQ(client.line_count(), 1u);
  EXPECT_EQ(client.responses()[0]["error"]["code"], -32600);
}

TEST_F(RpcServerTest, AnIdleClientOrOneThatWaitsForItsAnswerIsKept) {
  serve({.half_request_seconds = 1, .write_seconds = 1});
  RpcClient idle(path_);
  RpcClient waiting(path_);
  EXPECT_TRUE(answers(idle));
  send_all(waiting, request(1, "slow"));
  run_for(1500ms);
  EXPECT_TRUE(answers(idle));
  pending_.at(0)(true);
  EXPECT_TRUE(lines_come(waiting, 1));
}

TEST_F(RpcServerTest, AClientThatNeverReadsIsClosedAndHarmsNoOther) {
  serve({.write_seconds = 1});
  RpcClient deaf(path_);
  RpcClient other(path_);
  send_all(deaf, request(1, "large", {{"bytes", 20'000'000}}));
  const auto start = Clock::now();
  while (Clock::now() - start < 500ms) ASSERT_TRUE(answers(other));
  run_for(1s);
  ASSERT_TRUE(is_closed(deaf));
  EXPECT_EQ(deaf.line_count(), 0u) << "cut short, as it had its time";
  EXPECT_TRUE(answers(other));
}

TEST_F(RpcServerTest, AClientThatReadsSlowlyIsServed) {
  serve({.write_seconds = 1});
  RpcClient client(path_);
  send_all(client, request(1, "large", {{"bytes", 1'000'000}}));
  for (int i = 0; i < 5; ++i) {
    run_for(400ms);
    client.receive(150'000);
  }
  EXPECT_TRUE(lines_come(client, 1));
  EXPECT_GT(client.received().size(), 1'000'000u);
}

TEST_F(RpcServerTest, OneClientTooManyIsTold) {
  serve({.clients = 2});
  std::optional<RpcClient> first(std::in_place, path_);
  RpcClient second(path_);
  ASSERT_TRUE(answers(*first) && answers(second));
  RpcClient third(path_);
  ASSERT_TRUE(is_closed(third));
  ASSERT_EQ(third.line_count(), 1u);
  EXPECT_EQ(third.responses()[0]["error"]["code"], -32002);
  EXPECT_NE(third.received().find("too many clients"), std::string::npos);
  first.reset();
  run_for(50ms);
  RpcClient fourth(path_);
  EXPECT_TRUE(answers(fourth));
}

TEST_F(RpcServerTest, WhoGoesAwayWhileHeWaitsGivesUpHisPlace) {
  serve({.clients = 1});
  std::optional<RpcClient> gone(std::in_place, path_);
  send_all(*gone, request(1, "slow"));
  ASSERT_TRUE(until([&] { return pending_.size() == 1; }));
  gone.reset();
  run_for(20ms);
  RpcClient next(path_);
  EXPECT_TRUE(answers(next));
  pending_[0](nullptr);
  EXPECT_TRUE(answers(next));
}

TEST_F(RpcServerTest, WhoGoesAwayAfterASlowAnswerIsStillHeard) {
  serve();
  RpcClient client(path_);
  send_all(client, request(1, "slow"));
  ASSERT_TRUE(until([&] { return pending_.size() == 1; }));
  pending_[0](nullptr);
  ASSERT_TRUE(lines_come(client, 1));
  ASSERT_EQ(client.send(request(2, "echo")), request(2, "echo").size());
  client.hang_up();
  EXPECT_TRUE(until([&] { return calls_ == 1; })) << "what it asked before it went is done";
}

TEST_F(RpcServerTest, OutOfDescriptorsItWaitsInsteadOfSpinning) {
  serve();
  RpcClient waiting(path_);
  RpcClient spare(path_);  // its descriptor is the highest; one more is not to be had
  testing::internal::CaptureStderr();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int lowest_free = ::dup(0);
  ::close(lowest_free);
  const rlimit none_left{static_cast<rlim_t>(lowest_free), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  size_t handlers = 0;
  for (const auto end = Clock::now() + 450ms; Clock::now() < end;) handlers += io_.poll();
  ::setrlimit(RLIMIT_NOFILE, &before);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_GE(handlers, 2u);
  EXPECT_LE(handlers, 20u);
  EXPECT_EQ(std::ranges::count(log, '\n'), 1) << log;
  EXPECT_TRUE(answers(waiting));
  EXPECT_TRUE(answers(spare));
}

}  // namespace
}  // namespace turnout::rpc_limits_test
