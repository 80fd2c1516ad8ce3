// What clients of the control socket send, what they are answered, and how they go.
#include "control/rpc_server.h"

#include "test/support/rpc_server_fixture.h"

namespace turnout::rpc_server_test {
namespace {

using namespace std::chrono_literals;

// What clients send, and what they are answered.

TEST_F(RpcServerTest, AnswersARequest) {
  serve();
  RpcClient client(path_);
  send_all(client, R"({"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":1}})"
                   "\n");
  ASSERT_TRUE(lines_come(client, 1));
  EXPECT_EQ(client.received(), R"({"id":1,"jsonrpc":"2.0","result":{"a":1}})"
                               "\n");
}

TEST_F(RpcServerTest, KnowsWhoConnected) {
  dispatcher_.add_for_caller("who", [](const Json&, const Caller& caller) {
    return Json{{"uid", caller.uid}, {"pid", caller.pid}};
  });
  serve();
  RpcClient client(path_);
  send_all(client, request(1, "who"));
  ASSERT_TRUE(lines_come(client, 1));
  EXPECT_EQ(client.responses()[0]["result"], (Json{{"uid", ::getuid()}, {"pid", ::getpid()}}));
}

TEST_F(RpcServerTest, SaysWhetherWhoAskedIsStillThere) {
  std::vector<std::weak_ptr<const void>> sessions;
  dispatcher_.add_for_caller("who", [&sessions](const Json&, const Caller& caller) {
    sessions.push_back(caller.session);
    return Json();
  });
  serve();
  RpcClient first(path_), second(path_);
  for (RpcClient* client : {&first, &second}) {
    send_all(*client, request(1, "who"));
    ASSERT_TRUE(lines_come(*client, 1));
  }
  ASSERT_EQ(sessions.size(), 2u);
  first.hang_up();
  EXPECT_TRUE(until([&] { return sessions[0].expired(); }));
  EXPECT_FALSE(sessions[1].expired());
  send_all(second, request(2, "slow"));
  ASSERT_TRUE(until([&] { return pending_.size() == 1; }));
  second.hang_up();
  EXPECT_TRUE(until([&] { return sessions[1].expired(); })) << "though its answer is not there yet";
}

TEST_F(RpcServerTest, LinesMayEndInCrLfAndBlankOnesAreIgnored) {
  serve();
  RpcClient client(path_);
  std::string text = "\n\r\n  \n" + request(1, "echo");
  text.insert(text.size() - 1, "\r");
  send_all(client, text + "\n" + request(2, "echo"));
  ASSERT_TRUE(lines_come(client, 2));
  EXPECT_EQ(client.responses()[0]["id"], 1);
  EXPECT_EQ(client.responses()[1]["id"], 2);
  EXPECT_EQ(client.line_count(), 2u);
}

TEST_F(RpcServerTest, PipelinedRequestsAreAnsweredInOrder) {
  serve();
  RpcClient client(path_);
  std::string text;
  for (int id = 0; id < 1000; ++id) text += request(id, "echo");
  send_all(client, text);
  ASSERT_TRUE(lines_come(client, 1000));
  const std::vector<Json> responses = client.responses();
  for (int id = 0; id < 1000; ++id) EXPECT_EQ(responses.at(static_cast<size_t>(id))["id"], id);
}

TEST_F(RpcServerTest, ASlowAnswerHoldsBackTheNextRequestOfThatClientOnly) {
  serve();
  RpcClient first(path_);
  RpcClient second(path_);
  send_all(first, request(1, "slow") + request(2, "echo"));
  ASSERT_TRUE(until([&] { return pending_.size() == 1; }));
  EXPECT_TRUE(answers(second));
  EXPECT_EQ(calls_, 1) << "the first client's echo must wait";
  pending_[0]("late");
  ASSERT_TRUE(lines_come(first, 2));
  EXPECT_EQ(first.responses()[0]["result"], "late");
  EXPECT_EQ(first.responses()[1]["id"], 2);
}

TEST_F(RpcServerTest, ReadsNoFurtherWhileAnAnswerIsPending) {
  serve();
  RpcClient client(path_);
  send_all(client, request(1, "slow"));
  ASSERT_TRUE(until([&] { return pending_.size() == 1; }));
  size_t taken = 0;
  const std::string text = request(2, "echo");
  for (size_t sent = 1; sent > 0 && taken < (64u << 20); taken += sent) {
    run_for(1ms);
    sent = 0;
    for (size_t once = 0; (once = client.send(text)) > 0 && taken + sent < (64u << 20);) sent += once;
  }
  EXPECT_LT(taken, 8u << 20) << "only the kernel's buffer may fill";
}

TEST_F(RpcServerTest, NotificationsAndBlankLinesByTheThousandCostNoStack) {
  serve();
  RpcClient client(path_);
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}\n\n";
  send_all(client, text + request(1, "echo"));
  ASSERT_TRUE(lines_come(client, 1));
  EXPECT_EQ(calls_, 20'001);
  EXPECT_EQ(client.line_count(), 1u);
}

TEST_F(RpcServerTest, GarbageIsAnsweredAndTheClientStays) {
  serve();
  RpcClient client(path_);
  std::string garbage = "\xff\xfe{[\"";
  garbage += '\0';
  send_all(client, garbage + "\n" + "GET / HTTP/1.1\r\n");
  ASSERT_TRUE(lines_come(client, 2));
  for (const Json& response : client.responses()) EXPECT_EQ(response["error"]["code"], -32700);
  EXPECT_TRUE(answers(client));
}

TEST_F(RpcServerTest, LargeRequestsAndResponsesPassWhole) {
  serve();
  RpcClient client(path_);
  const std::string text(2'000'000, 'y');
  send_all(client, request(1, "echo", {{"text", text}}) + request(2, "large", {{"bytes", 3'000'000}}));
  ASSERT_TRUE(lines_come(client, 2));
  EXPECT_EQ(client.responses()[0]["result"]["text"], text);
  EXPECT_EQ(client.responses()[1]["result"].get<std::string>().size(), 3'000'000u);
}

TEST_F(RpcServerTest, AfterHalfCloseWhatWasAskedIsStillAnswered) {
  serve();
  RpcClient client(path_);
  std::string last = request(3, "echo");
  last.pop_back();  // not even a newline
  send_all(client, request(1, "slow") + request(2, "echo") + last);
  client.end_input();
  ASSERT_TRUE(until([&] { return pending_.size() == 1; }));
  pending_[0](nullptr);
  ASSERT_TRUE(is_closed(client));
  ASSERT_EQ(client.line_count(), 3u);
  EXPECT_EQ(client.responses()[2]["id"], 3);
}

TEST_F(RpcServerTest, ServesAHundredClientsAtOnce) {
  serve();
  std::vector<RpcClient> clients;
  clients.reserve(100);
  for (int i = 0; i < 100; ++i) clients.emplace_back(path_);
  for (int i = 0; i < 100; ++i) send_all(clients[static_cast<size_t>(i)], request(i, "echo"));
  for (int i = 0; i < 100; ++i) {
    RpcClient& client = clients[static_cast<size_t>(i)];
    ASSERT_TRUE(lines_come(client, 1));
    EXPECT_EQ(client.responses()[0]["id"], i);
  }
}

TEST_F(RpcServerTest, AClientThatVanishesHarmsNothing) {
  serve();
  RpcClient in_response(path_);
  RpcClient in_slow(path_);
  RpcClient in_request(path_);
  send_all(in_response, request(1, "large", {{"bytes", 20'000'000}}));
  send_all(in_slow, request(1, "slow"));
  in_request.send("{\"jsonrpc\"");
  ASSERT_TRUE(until([&] { return pending_.size() == 1; }));
  in_response.hang_up();
  in_slow.hang_up();
  in_request.hang_up();
  run_for(20ms);
  pending_[0](std::string(1'000'000, 'x'));
  run_for(20ms);
  RpcClient other(path_);
  EXPECT_TRUE(answers(other));
}

TEST_F(RpcServerTest, TheServersEndClosesItsClientsAndCallsNoHandler) {
  serve();
  RpcClient client(path_);
  RpcClient waiting(path_);
  ASSERT_TRUE(answers(client));
  send_all(waiting, request(1, "slow"));
  ASSERT_TRUE(until([&] { return pending_.size() == 1; }));
  const int calls = calls_;
  client.send(request(2, "echo"));
  server_.reset();
  EXPECT_TRUE(is_closed(client));
  EXPECT_TRUE(is_closed(waiting));
  pending_[0]("for nobody");
  run_for(10ms);
  EXPECT_EQ(calls_, calls);
}

}  // namespace
}  // namespace turnout::rpc_server_test
