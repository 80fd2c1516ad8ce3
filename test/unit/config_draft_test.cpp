// Operations on a draft of a configuration, as single requests and config.batch carry them out.
#include "control/config_draft.h"

#include <gtest/gtest.h>

#include "test/support/config_example.h"

namespace turnout::config_draft_test {
namespace {

const Json kKey = Json::parse(R"({"vip": "192.0.2.100", "protocol": "tcp", "port": 80})");
const Json kNames = Json::parse(R"({"vip": "192.0.2.101", "protocol": "udp", "port": 53})");

Json with(Json object, const Json& more) {
  object.update(more);
  return object;
}
Json of_server(const Json& server, const Json& key = kKey) {
  return {{"service", key}, {"server", server}};
}

class DraftTest : public testing::Test {
 protected:
  void carry_out(const std::string& method, const Json& params) { draft_.carry_out(method, params, "/here"); }
  const ServiceConfig& service(size_t index) const { return draft_.config().services.at(index); }
  std::vector<std::string> changes() const { return describe_changes(example_config(), draft_.config()); }

  ConfigDraft draft_{example_config()};
};

TEST_F(DraftTest, ChangesServicesAndServers) {
  carry_out("service.add", with(kNames, {{"scheduler", "rr"}}));
  carry_out("server.add", of_server({{"address", "192.0.2.21"}, {"weight", 3}}, kNames));
  carry_out("server.add", of_server({{"address", "192.0.2.22"}}, kNames));
  carry_out("server.delete", of_server({{"address", "192.0.2.11"}}));
  carry_out("server.edit", of_server({{"address", "192.0.2.12"}, {"weight", 9}, {"mac", nullptr}}));
  carry_out("service.edit", {{"service", with(kKey, {{"scheduler", "wrr"}})}});
  EXPECT_EQ(changes(),
            (std::vector<std::string>{
                "tcp 192.0.2.100:80: change scheduler from mh to wrr",
                "tcp 192.0.2.100:80: change weight of real server 192.0.2.12 from 2 to 9",
                "tcp 192.0.2.100:80: change mac of real server 192.0.2.12 from 02:00:00:00:00:12 "
                "to none (ARP finds it)",
                "tcp 192.0.2.100:80: remove real server 192.0.2.11",
                "udp 192.0.2.101:53: add service, scheduler rr, real servers 192.0.2.21, 192.0.2.22",
            }));
}

TEST_F(DraftTest, FindsServicesByTheirKeysAfterOneIsGone) {
  carry_out("service.add", kNames);
  carry_out("service.delete", kKey);
  carry_out("server.add", of_server({{"address", "192.0.2.21"}}, kNames));
  ASSERT_EQ(draft_.config().services.size(), 1u);
  EXPECT_EQ(service(0).real_servers.size(), 1u);
  carry_out("service.clear", Json::object());
  EXPECT_TRUE(draft_.config().services.empty());
  carry_out("service.add", kKey);
  EXPECT_EQ(service(0).key.to_string(), "tcp 192.0.2.100:80");
}

TEST_F(DraftTest, ChangesTimeoutsAndVips) {
  carry_out("timeouts.edit", {{"udp", 30}, {"tcp_syn", 5}});
  carry_out("vip.edit", {{"vip", "192.0.2.100"}, {"echo", "no"}});
  EXPECT_EQ(changes(), (std::vector<std::string>{"connections: change timeout tcp_syn from 60 to 5 seconds",
                                                 "connections: change timeout udp from 300 to 30 seconds",
                                                 "vip 192.0.2.100: change echo from yes to no"}));
}

TEST_F(DraftTest, SaysWhereWhatTheCheckFindsCameFrom) {
  draft_.carry_out("service.add", with(kNames, {{"real_servers", {{{"address", "192.0.2.21"}}}}}), "/a");
  draft_.carry_out("server.add", of_server({{"address", "192.0.2.22"}}, kNames), "/b");
  draft_.carry_out("server.edit", of_server({{"address", "192.0.2.12"}, {"weight", 3}}), "/c");
  const PointerPrefixes places = draft_.places();
  EXPECT_EQ(renamed("/services/1/real_servers/0/address", places), "/a/real_servers/0/address");
  EXPECT_EQ(renamed("/services/1/real_servers/1/address", places), "/b/server/address");
  EXPECT_EQ(renamed("/services/1/vip", places), "/b/service/vip") << "what named the service last";
  EXPECT_EQ(renamed("/services/0/real_servers/1/weight", places), "/c/server/weight");
  EXPECT_EQ(renamed("/services/12", places), "/services/12") << "no part of /services/1";
}

struct Refusal {
  const char* method;
  Json params;
  RpcCode code;
  const char* pointer;
  const char* words;
};

TEST_F(DraftTest, RefusesWithAPointerIntoTheParameters) {
  const std::vector<Refusal> refusals = {
      {"service.add", kKey, RpcCode::already_exists, "", "already exists: tcp 192.0.2.100:80"},
      {"service.add", {{"service", kKey}}, RpcCode::already_exists, "/service", "already exists"},
      {"service.add", {{"service", kKey}, {"serivce", 1}}, RpcCode::invalid_params, "/serivce", "unknown"},
      {"service.add", {{"service", 5}}, RpcCode::invalid_params, "/service", "5"},
      {"service.edit", kNames, RpcCode::no_such, "/service", "no such service: udp 192.0.2.101:53"},
      {"service.edit", with(kKey, {{"scheduler", 1}}), RpcCode::invalid_params, "/scheduler", "1"},
      {"service.delete", {{"vip", "192.0.2.100"}}, RpcCode::invalid_params, "/protocol", "missing"},
      {"service.delete", kNames, RpcCode::no_such, "/service", "no such service"},
      {"service.clear", {{"really", true}}, RpcCode::invalid_params, "/really", "known here: none"},
      {"server.add", kKey, RpcCode::invalid_params, "/service", "missing or not an object"},
      {"server.add", of_server({{"address", "192.0.2.11"}}), RpcCode::already_exists, "/server/address",
       "192.0.2.11 in tcp 192.0.2.100:80"},
      {"server.edit", of_server({{"address", "192.0.2.99"}}), RpcCode::no_such, "/server/address", "no such"},
      {"server.delete", of_server({{"address", "192.0.2.99"}}), RpcCode::no_such, "/server/address",
       "no such real server: 192.0.2.99 in tcp 192.0.2.100:80"},
      {"timeouts.edit", {{"udp", 0}}, RpcCode::invalid_params, "/udp", "0"},
      {"timeouts.edit", {{"tcp", 5}}, RpcCode::invalid_params, "/tcp", "tcp"},
      {"vip.edit", {{"vip", "192.0.2.100"}, {"echo", "maybe"}}, RpcCode::invalid_params, "/echo", "maybe"},
  };
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(std::string(refusal.method) + " " + refusal.params.dump());
    try {
      ConfigDraft(example_config()).carry_out(refusal.method, refusal.params, "/here");
      ADD_FAILURE() << "taken";
    } catch (const RpcError& error) {
      EXPECT_EQ(error.code, refusal.code);
      EXPECT_EQ(error.data.at("pointer"), refusal.pointer);
      EXPECT_NE(std::string(error.what()).find(refusal.words), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace turnout::config_draft_test
