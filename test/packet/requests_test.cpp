// Requests that change the configuration, made of a real director: all of one or nothing, by whom, and the
// way back, between the packets of connections that have nothing to do with them.
#include <unistd.h>

#include "control/methods.h"
#include "test/packet/stories.h"

namespace turnout {
namespace {

constexpr unsigned kClients = 100;
const Caller kOperator{.uid = 0, .pid = 0};
const Caller kSomebody{.uid = 4'000'000'000, .pid = 0};  // whom /etc/passwd doesn't have

const Json kWebKey = {{"vip", kWeb}, {"protocol", "tcp"}, {"port", 80}};
const Json kNamesKey = {{"vip", kNames}, {"protocol", "udp"}, {"port", 53}};

Json of_server(const Json& key, unsigned number, const Json& more = Json::object()) {
  Json server = {{"address", server_ip(number)}, {"mac", server_mac(number)}};
  server.update(more);
  return {{"service", key}, {"server", server}};
}
Json operation(const char* method, const Json& params = Json::object()) {
  return {{"method", method}, {"params", params}};
}

class Requests : public testing::Test {
 protected:
  Requests() {
    add_service_methods(dispatcher_, daemon_);
    add_vip_methods(dispatcher_, daemon_);
    add_config_methods(dispatcher_, daemon_);
    add_batch_methods(dispatcher_, daemon_);
    add_history_methods(dispatcher_, daemon_);
  }

  Json ask(const std::string& method, const Json& params, const Caller& caller = kOperator) {
    const Json request = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    Json response;
    dispatcher_.dispatch(
        request.dump(), [&response](const std::string& line) { response = Json::parse(line); }, caller);
    return response;
  }
  Json result(const std::string& method, const Json& params = Json::object(),
              const Caller& caller = kOperator) {
    const Json response = ask(method, params, caller);
    EXPECT_TRUE(response.contains("result")) << response;
    return response.value("result", Json());
  }
  Json error(const std::string& method, const Json& params, const Caller& caller = kOperator) {
    const Json response = ask(method, params, caller);
    EXPECT_TRUE(response.contains("error")) << response;
    return response.value("error", Json::parse(R"({"code": 0, "message": "", "data": {}})"));
  }
  Json config() { return result("config.get"); }
  uint64_t generation() const { return rig_.director().generation(); }
  uint64_t web_connections() const {
    const Registry& registry = rig_.director().registry();
    const ServiceKey key = *parse_service_key(kWebKey).value;
    return rig_.statistics().service(registry.service(key), registry).connections;
  }

  Rig rig_{config_with(service(kWeb, server(11) + "," + server(12) + "," + server(13)))};
  RpcDispatcher dispatcher_;
  std::vector<std::shared_ptr<Device>> devices_;
  std::vector<std::unique_ptr<KernelInterface>> kernel_interfaces_;
  QueuePlan plan_;
  DaemonView daemon_{
      rig_.director(), devices_, kernel_interfaces_, rig_.wire(), plan_, "/turnout.json", 0, {0}};
};

TEST_F(Requests, EachThatChangesSomethingCanBeConditional) {
  Json whole = config();
  whole["services"] = Json::array();
  Json edited = kWebKey;
  edited["scheduler"] = "rr";
  const std::vector<std::pair<std::string, Json>> changes = {
      {"config.rollback", {{"generation", 1}}},
      {"service.add", kNamesKey},
      {"service.edit", {{"service", edited}}},
      {"service.delete", kWebKey},
      {"service.clear", Json::object()},
      {"server.add", of_server(kWebKey, 14)},
      {"server.edit", of_server(kWebKey, 11, {{"weight", 5}})},
      {"server.delete", of_server(kWebKey, 11)},
      {"vip.edit", {{"vip", kWeb}, {"echo", "no"}}},
      {"timeouts.edit", {{"udp", 30}}},
      {"config.apply", {{"config", whole}}},
      {"config.batch", {{"operations", Json::array({operation("service.clear")})}}},
  };
  result("timeouts.edit", {{"udp", 31}});  // so that a rollback has something to do
  for (const auto& [method, params] : changes) {
    SCOPED_TRACE(method);
    const Json before = config();
    Json conditional = params;
    conditional["if_generation"] = generation() - 1;
    const Json refused = error(method, conditional);
    EXPECT_EQ(refused["code"], -32002);
    EXPECT_EQ(refused["data"], (Json{{"pointer", "/if_generation"}, {"generation", generation()}}));
    EXPECT_EQ(config(), before);

    conditional["if_generation"] = "2";
    EXPECT_EQ(error(method, conditional)["code"], -32602);
    EXPECT_EQ(config(), before);

    conditional["if_generation"] = generation();
    const uint64_t generation_before = generation();
    EXPECT_EQ(result(method, conditional)["generation"], generation_before + 1);
    EXPECT_NE(config(), before);
    result("config.rollback", {{"generation", generation_before}});
  }
}

TEST_F(Requests, ABatchIsOneGeneration) {
  Json names = kNamesKey;
  names["health"] = {{"type", "none"}};  // nobody answers here
  const Json operations = {operation("service.add", names), operation("server.add", of_server(kNamesKey, 14)),
                           operation("server.edit", of_server(kWebKey, 11, {{"weight", 5}})),
                           operation("timeouts.edit", {{"udp", 30}})};
  const Json planned = result("config.batch", {{"operations", operations}, {"dry_run", true}});
  EXPECT_EQ(planned["generation"], 1);
  EXPECT_EQ(planned["changes"].size(), 3u) << planned;
  EXPECT_EQ(generation(), 1u);

  const Json done = result("config.batch", {{"operations", operations}});
  EXPECT_EQ(done["generation"], 2);
  EXPECT_EQ(done["changes"], planned["changes"]);
  EXPECT_EQ(rig_.pass(kFront, query_of(1)), std::vector{at_server(query_of(1), server_mac(14))});
  EXPECT_EQ(result("config.history").size(), 2u);
  EXPECT_EQ(result("config.batch", {{"operations", Json::array()}})["generation"], 2);
}

TEST_F(Requests, ABatchTakesAServerOutOfUseAndBack) {
  const auto maintenance = [this](bool on) {
    const Json operations =
        Json::array({operation("maintenance.edit", {{"server", server_ip(11)}, {"on", on}})});
    return result("config.batch", {{"operations", operations}})["generation"];
  };
  EXPECT_EQ(maintenance(true), 2);
  EXPECT_EQ(config()["maintenance"], Json::array({server_ip(11)}));
  EXPECT_EQ(maintenance(true), 2) << "it is already";
  EXPECT_EQ(maintenance(false), 3);
  EXPECT_EQ(config()["maintenance"], Json::array());
}

struct BadBatch {
  Json operations;
  int code;
  const char* pointer;
  int operation;  // -1: none
};

TEST_F(Requests, ABatchIsAllOrNothingAndNamesTheOperation) {
  const Json good = operation("service.delete", kWebKey);
  const Json elsewhere = of_server(kNamesKey, 14, {{"address", "203.0.113.9"}});
  const Json server_as_vip = {{"vip", server_ip(11)}, {"protocol", "tcp"}, {"port", 80}};
  const std::vector<BadBatch> batches = {
      {{good, good}, -32000, "/operations/1/params/service", 1},
      {{operation("server.edit", of_server(kWebKey, 11)), operation("service.add", kWebKey)},
       -32001,
       "/operations/1/params",
       1},
      {{good, operation("service.add", {{"vip", kNames}, {"protocol", "udp"}, {"port", 70000}})},
       -32602,
       "/operations/1/params/port",
       1},
      // found by the check of the whole, when all operations were carried out
      {{operation("service.add", kNamesKey), operation("server.add", elsewhere), operation("service.clear"),
        operation("service.add", kNamesKey), operation("server.add", of_server(kNamesKey, 14)),
        operation("server.add", elsewhere)},
       -32602,
       "/operations/5/params/server/address",
       5},
      // found there at a service that no operation is about
      {{operation("timeouts.edit", {{"udp", 30}}), operation("service.add", server_as_vip),
        operation("service.add", kNamesKey)},
       -32602,
       "/operations/1/params",
       1},
      {{good, operation("config.save")}, -32602, "/operations/1/method", 1},
      {{good, operation("config.batch")}, -32602, "/operations/1/method", 1},
      {{good, {{"params", kWebKey}}}, -32602, "/operations/1/method", 1},
      {{good, "service.clear"}, -32602, "/operations/1", 1},
      {{good, {{"method", "service.clear"}, {"param", 1}}}, -32602, "/operations/1/param", 1},
      {{good, {{"method", "service.clear"}, {"params", 1}}}, -32602, "/operations/1/params", 1},
      {{good, operation("service.clear", {{"if_generation", 1}})},
       -32602,
       "/operations/1/params/if_generation",
       1},
      {operation("service.clear"), -32602, "/operations", -1},
  };
  const Json before = config();
  for (const BadBatch& batch : batches) {
    SCOPED_TRACE(batch.operations.dump());
    const Json refused = error("config.batch", {{"operations", batch.operations}});
    EXPECT_EQ(refused["code"], batch.code) << refused;
    EXPECT_EQ(refused["data"]["pointer"], batch.pointer);
    EXPECT_EQ(refused["data"].value("operation", -1), batch.operation);
    EXPECT_EQ(config(), before);
    EXPECT_EQ(generation(), 1u);
  }
}

TEST_F(Requests, ARollbackRestoresExactlyAndHarmsNothingThatStays) {
  const Placement established = place(rig_, 0, kClients, syn_of);
  ASSERT_EQ(place(rig_, 0, kClients, data_of), established);
  const Json first = config();
  result("service.add", {{"service", kNamesKey}});
  result("server.add", of_server(kNamesKey, 14));
  result("server.add", of_server(kWebKey, 14));
  result("timeouts.edit", {{"tcp_established", 60}});
  const Json last = config();
  ASSERT_EQ(generation(), 5u);

  const Json planned = result("config.rollback", {{"generation", 1}, {"dry_run", true}});
  EXPECT_EQ(planned["generation"], 5);
  EXPECT_EQ(planned["changes"].size(), 3u) << planned;
  EXPECT_EQ(config(), last);

  EXPECT_EQ(result("config.rollback", {{"generation", 1}})["generation"], 6);
  EXPECT_EQ(config(), first);
  EXPECT_EQ(place(rig_, 0, kClients, data_of), established);
  EXPECT_EQ(web_connections(), kClients);

  EXPECT_EQ(result("config.rollback", {{"generation", 5}})["generation"], 7)
      << "a rollback can be rolled back";
  EXPECT_EQ(config(), last);
  EXPECT_EQ(place(rig_, 0, kClients, data_of), established);
  EXPECT_EQ(result("config.rollback", {{"generation", 7}})["changes"], Json::array());
  EXPECT_EQ(generation(), 7u);
  EXPECT_EQ(web_connections(), kClients);
}

TEST_F(Requests, ARollbackToWhatIsNotKnownIsRefused) {
  for (const auto& [params, code] : std::vector<std::pair<Json, int>>{{{{"generation", 2}}, -32000},
                                                                      {{{"generation", 0}}, -32000},
                                                                      {{{"generation", "1"}}, -32602},
                                                                      {{{"generation", -1}}, -32602},
                                                                      {Json::object(), -32602}}) {
    const Json refused = error("config.rollback", params);
    EXPECT_EQ(refused["code"], code) << params;
    EXPECT_EQ(refused["data"]["pointer"], "/generation") << params;
  }
}

TEST_F(Requests, ARollbackBringsBackAProgramForTheDaemonsOwnUserOnly) {
  Config with_program = rig_.director().config();
  with_program.services[0].health.type = HealthType::exec;
  with_program.services[0].health.command = {"/bin/true"};
  Config without = rig_.director().config();
  rig_.apply(with_program);  // as the daemon's file does
  rig_.apply(without);
  const Json refused = error("config.rollback", {{"generation", 2}}, kSomebody);
  EXPECT_EQ(refused["code"], -32002);
  EXPECT_EQ(refused["data"]["pointer"], "/services/0/health/command");
  EXPECT_EQ(generation(), 3u);
  EXPECT_EQ(result("config.rollback", {{"generation", 2}}, kOperator)["generation"], 4);
}

TEST_F(Requests, TheHistorySaysWhoDidWhatAndHow) {
  result("server.edit", of_server(kWebKey, 11, {{"weight", 5}}), {.uid = 0, .pid = ::getpid()});
  result("service.delete", kWebKey, kSomebody);
  result("config.rollback", {{"generation", 1}});
  const Json history = result("config.history");
  ASSERT_EQ(history.size(), 4u);
  EXPECT_EQ(history[0]["how"], "config.rollback");
  EXPECT_EQ(history[0]["restored"], 1);
  EXPECT_EQ(history[1]["generation"], 3);
  EXPECT_EQ(history[1]["how"], "service.delete");
  EXPECT_EQ(history[1]["who"],
            Json::parse(R"({"uid": 4000000000, "user": null, "pid": null, "program": null})"));
  EXPECT_EQ(history[2]["who"]["user"], "root");
  EXPECT_EQ(history[2]["who"]["pid"], ::getpid());
  EXPECT_TRUE(history[2]["who"]["program"].is_string());
  EXPECT_EQ(history[2]["changes"],
            Json::array({"tcp 192.0.2.100:80: change weight of real server 198.51.100.11 from 1 to 5"}));
  EXPECT_EQ(history[3]["how"], "start");
  EXPECT_EQ(history[3]["who"], nullptr);
  for (const Json& entry : history) {
    EXPECT_EQ(entry["config_known"], true);
    EXPECT_EQ(entry["time"].get<std::string>().size(), std::string("2026-01-31T12:00:00Z").size());
  }
}

}  // namespace
}  // namespace turnout
