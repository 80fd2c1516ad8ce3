#include "control/json_rpc.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace turnout::json_rpc_test {
namespace {

class JsonRpcTest : public testing::Test {
 protected:
  JsonRpcTest() {
    dispatcher_.add("echo", [this](const Json& params) {
      ++calls_;
      return params;
    });
    dispatcher_.add("service.add", [](const Json&) -> Json {
      throw RpcError(RpcCode::already_exists, "there is one", {{"pointer", "/service/port"}});
    });
    dispatcher_.add("service.list", [](const Json&) -> Json { throw RpcError(RpcCode::no_such, "no such"); });
    dispatcher_.add("broken", [](const Json&) -> Json { throw std::runtime_error("out of luck"); });
    dispatcher_.add("bytes", [](const Json&) -> Json { return "\xff\xfe"; });
    dispatcher_.add_slow(
        "slow", [this](const Json&, RpcDispatcher::Result done) { pending_.push_back(std::move(done)); });
    dispatcher_.add_late("late",
                         [this](const Json&, const RpcDispatcher::Reply& reply) { late_.push_back(reply); });
    dispatcher_.add_slow("twice", [](const Json&, const RpcDispatcher::Result& done) {
      done(1);
      done(2);
      throw std::runtime_error("too late");
    });
  }

  /// The lines respond() was called with; exactly one when all is answered.
  std::vector<std::string> lines(std::string_view request) {
    std::vector<std::string> all;
    dispatcher_.dispatch(request, [&all](std::string line) { all.push_back(std::move(line)); });
    return all;
  }

  Json call(std::string_view request) {
    const std::vector<std::string> all = lines(request);
    EXPECT_EQ(all.size(), 1u);
    EXPECT_EQ(all.at(0).find('\n'), std::string::npos);
    return all.at(0).empty() ? Json("nothing") : Json::parse(all.at(0));
  }

  int error_of(std::string_view request) {
    const Json response = call(request);
    return response.is_object() && response.contains("error") ? response["error"]["code"].get<int>() : 0;
  }

  std::string message_of(std::string_view request) {
    return call(request).at("error").at("message").get<std::string>();
  }

  RpcDispatcher dispatcher_;
  int calls_ = 0;
  std::vector<RpcDispatcher::Result> pending_;
  std::vector<RpcDispatcher::Reply> late_;
};

TEST_F(JsonRpcTest, AnswersWithTheIdAndTheResult) {
  EXPECT_EQ(lines(R"({"jsonrpc":"2.0","id":7,"method":"echo","params":{"a":[1,2]}})"),
            std::vector<std::string>{R"({"id":7,"jsonrpc":"2.0","result":{"a":[1,2]}})"});
  EXPECT_EQ(call(R"({"jsonrpc":"2.0","id":"x","method":"echo"})"),
            Json::parse(R"({"jsonrpc":"2.0","id":"x","result":{}})"));
  EXPECT_EQ(call(R"({"jsonrpc":"2.0","id":null,"method":"echo"})"),
            Json::parse(R"({"jsonrpc":"2.0","id":null,"result":{}})"));
}

TEST_F(JsonRpcTest, TellsAMethodThatWantsToKnowWhoAsks) {
  dispatcher_.add_for_caller("who", [](const Json& params, const Caller& caller) {
    return Json{{"uid", caller.uid}, {"pid", caller.pid}, {"params", params}};
  });
  const auto ask = [this](std::string_view request, const Caller& caller) {
    Json response;
    dispatcher_.dispatch(
        request, [&response](const std::string& line) { response = Json::parse(line); }, caller);
    return response;
  };
  const std::string one = R"({"jsonrpc":"2.0","id":1,"method":"who","params":{"a":1}})";
  EXPECT_EQ(ask(one, {.uid = 1000, .pid = 77})["result"],
            Json::parse(R"({"uid": 1000, "pid": 77, "params": {"a": 1}})"));
  const Json batch = ask("[" + one + "," + one + "]", {.uid = 1001, .pid = 78});
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch[1]["result"]["uid"], 1001);
  EXPECT_EQ(ask(one, {})["result"]["uid"], Caller::kNobody) << "not root";
}

TEST_F(JsonRpcTest, TellsOfWhatIsNotJson) {
  for (const std::string text :
       {"", "{", "hello", "{\"a\":1,}", "\xff\xfe\x00garbage", "{\"jsonrpc\":\"\xc3\"}", "[1e999]"}) {
    const Json response = call(text);
    EXPECT_EQ(response["error"]["code"], -32700) << text;
    EXPECT_TRUE(response.at("id").is_null()) << text;
  }
  EXPECT_TRUE(message_of(R"({"a" 1})").starts_with("not JSON: parse error at line 1, column 6: "));
  EXPECT_LT(message_of("\"" + std::string(100000, 'x')).size(), 300u);
}

TEST_F(JsonRpcTest, BoundsTheNesting) {
  const auto nested = [](size_t levels) {
    return R"({"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":)" + std::string(levels - 2, '[') +
           std::string(levels - 2, ']') + "}}";
  };
  EXPECT_EQ(error_of(nested(64)), 0);
  EXPECT_EQ(error_of(nested(65)), -32700);
  EXPECT_NE(message_of(nested(65)).find("64 levels"), std::string::npos);
  EXPECT_EQ(error_of(std::string(5'000'000, '[')), -32700);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_EQ(error_of(objects), -32700);
}

TEST_F(JsonRpcTest, RefusesWhatIsNoRequest) {
  for (const std::string text :
       {"1", "null", R"("echo")", "{}", R"({"id":1,"method":"echo"})",
        R"({"jsonrpc":"1.0","id":1,"method":"echo"})", R"({"jsonrpc":2.0,"id":1,"method":"echo"})",
        R"({"jsonrpc":"2.0","id":1})", R"({"jsonrpc":"2.0","id":1,"method":1})",
        R"({"jsonrpc":"2.0","id":1,"method":"echo","params":null})",
        R"({"jsonrpc":"2.0","id":1,"method":"echo","params":"x"})",
        R"({"jsonrpc":"2.0","id":{},"method":"echo"})", R"({"jsonrpc":"2.0","id":[1],"method":"echo"})",
        R"({"jsonrpc":"2.0","id":true,"method":"echo"})"}) {
    EXPECT_EQ(error_of(text), -32600) << text;
  }
  EXPECT_EQ(calls_, 0);
}

TEST_F(JsonRpcTest, ARefusalCarriesTheIdIfThereIsOne) {
  EXPECT_EQ(call(R"({"jsonrpc":"2.0","id":5,"method":1})").at("id"), 5);
  EXPECT_TRUE(call(R"({"jsonrpc":"2.0","id":[5],"method":"echo"})").at("id").is_null());
  EXPECT_TRUE(call(R"({"jsonrpc":"2.0","method":1,"params":"bar"})").at("id").is_null());
}

TEST_F(JsonRpcTest, TakesParametersByNameOnly) {
  EXPECT_EQ(call(R"({"jsonrpc":"2.0","id":1,"method":"echo","params":[]})")["result"], Json::object());
  const std::string by_position = R"({"jsonrpc":"2.0","id":1,"method":"echo","params":[1]})";
  EXPECT_EQ(error_of(by_position), -32602);
  EXPECT_NE(message_of(by_position).find("by name"), std::string::npos);
}

TEST_F(JsonRpcTest, NamesAnUnknownMethodAndItsNeighbours) {
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","id":1,"method":"service.lst"})"), -32601);
  EXPECT_EQ(message_of(R"({"jsonrpc":"2.0","id":1,"method":"service.lst"})"),
            R"(no method "service.lst": did you mean service.add, service.list)");
  EXPECT_EQ(
      message_of(R"({"jsonrpc":"2.0","id":1,"method":"frob"})"),
      R"(no method "frob": there are broken, bytes, echo, late, service.add, service.list, slow, twice)");
}

TEST_F(JsonRpcTest, AHandlersErrorBecomesTheResponses) {
  EXPECT_EQ(call(R"({"jsonrpc":"2.0","id":1,"method":"service.add"})"),
            Json::parse(R"({"jsonrpc":"2.0","id":1,
      "error":{"code":-32001,"message":"there is one","data":{"pointer":"/service/port"}}})"));
  EXPECT_EQ(call(R"({"jsonrpc":"2.0","id":1,"method":"service.list"})"),
            Json::parse(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no such"}})"));
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","id":1,"method":"broken"})"), -32603);
  EXPECT_NE(message_of(R"({"jsonrpc":"2.0","id":1,"method":"broken"})").find("out of luck"),
            std::string::npos);
}

TEST_F(JsonRpcTest, NotificationsGetNoAnswer) {
  for (const std::string method : {"echo", "service.add", "broken", "unknown"}) {
    EXPECT_EQ(lines(R"({"jsonrpc":"2.0","method":")" + method + "\"}"), std::vector<std::string>{""})
        << method;
  }
  EXPECT_EQ(lines(R"({"jsonrpc":"2.0","method":"echo","params":[1]})"), std::vector<std::string>{""});
  EXPECT_EQ(calls_, 1);
}

TEST_F(JsonRpcTest, AnswersABatchInOneLine) {
  const Json responses = call(R"([{"jsonrpc":"2.0","id":1,"method":"echo"},{"jsonrpc":"2.0","method":"echo"},
      3,{"jsonrpc":"2.0","id":2,"method":"nothing"}])");
  ASSERT_EQ(responses.size(), 3u);
  EXPECT_EQ(responses[0]["id"], 1);
  EXPECT_EQ(responses[1]["error"]["code"], -32600);
  EXPECT_EQ(responses[2]["error"]["code"], -32601);
  EXPECT_EQ(calls_, 2);
}

TEST_F(JsonRpcTest, BoundsBatches) {
  EXPECT_EQ(error_of("[]"), -32600);
  const auto batch = [](int size) {
    std::string text = "[0";
    for (int i = 1; i < size; ++i) text += ",0";
    return text + "]";
  };
  EXPECT_EQ(call(batch(10'000)).size(), 10'000u);
  EXPECT_EQ(error_of(batch(10'001)), -32600);
  EXPECT_EQ(lines(R"([{"jsonrpc":"2.0","method":"echo"}])"), std::vector<std::string>{""});
}

TEST_F(JsonRpcTest, ABatchWaitsForItsSlowOnesInOrder) {
  std::vector<std::string> answers;
  dispatcher_.dispatch(
      R"([{"jsonrpc":"2.0","id":1,"method":"slow"},{"jsonrpc":"2.0","id":2,"method":"echo"},
          {"jsonrpc":"2.0","id":3,"method":"slow"}])",
      [&](std::string line) { answers.push_back(std::move(line)); });
  ASSERT_EQ(pending_.size(), 1u);
  EXPECT_EQ(calls_, 0) << "the second request must wait for the first";
  pending_[0]("first");
  EXPECT_EQ(calls_, 1);
  ASSERT_EQ(pending_.size(), 2u);
  EXPECT_TRUE(answers.empty());
  pending_[1]("third");
  ASSERT_EQ(answers.size(), 1u);
  const Json responses = Json::parse(answers[0]);
  EXPECT_EQ(responses[0]["result"], "first");
  EXPECT_EQ(responses[1]["id"], 2);
  EXPECT_EQ(responses[2]["result"], "third");
}

TEST_F(JsonRpcTest, SlowMethodsAnswerLaterAndOnce) {
  std::vector<std::string> answers;
  {
    std::string line = R"({"jsonrpc":"2.0","id":1,"method":"slow"})";
    dispatcher_.dispatch(line, [&](std::string answer) { answers.push_back(std::move(answer)); });
  }
  EXPECT_TRUE(answers.empty());
  pending_.at(0)(42);
  pending_.at(0)(43);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(Json::parse(answers[0])["result"], 42);
  EXPECT_EQ(call(R"({"jsonrpc":"2.0","id":1,"method":"twice"})")["result"], 1);
}

TEST_F(JsonRpcTest, LateMethodsMayFailLater) {
  std::vector<std::string> answers;
  for (int id = 1; id < 3; ++id) {
    dispatcher_.dispatch(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":"late"})",
                         [&](std::string line) { answers.push_back(std::move(line)); });
  }
  ASSERT_EQ(late_.size(), 2u);
  EXPECT_TRUE(answers.empty());
  late_[0].fail(RpcError(RpcCode::cannot, "the disk is full"));
  late_[0].done(1);
  late_[1].done(2);
  late_[1].fail(RpcError(RpcCode::cannot, "too late"));
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(Json::parse(answers[0])["error"]["code"], -32002);
  EXPECT_EQ(Json::parse(answers[0])["id"], 1);
  EXPECT_EQ(Json::parse(answers[1])["result"], 2);
}

TEST_F(JsonRpcTest, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(call(R"({"jsonrpc":"2.0","id":1,"method":"bytes"})")["result"], "\uFFFD\uFFFD");
  const std::string cut = std::string(199, 'x') + "é";  // our own shortening may cut a character in two
  EXPECT_NE(message_of(R"({"jsonrpc":"2.0","id":1,"method":")" + cut + "\"}").find("\uFFFD"),
            std::string::npos);
}

TEST_F(JsonRpcTest, ErrorLinesForTheTransport) {
  EXPECT_EQ(Json::parse(rpc_error_line(RpcCode::cannot, "no")),
            Json::parse(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32002,"message":"no"}})"));
}

}  // namespace
}  // namespace turnout::json_rpc_test
