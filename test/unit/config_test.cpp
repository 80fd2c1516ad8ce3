// What a valid configuration means, whole and in parts, read and written.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/support/config_example.h"

using namespace turnout;

namespace config_test {
namespace {

TEST(Config, ReadsTheExample) {
  const auto parsed = parse_config(example());
  ASSERT_TRUE(parsed.value) << all_of(parsed.errors);
  const Config& config = *parsed.value;
  EXPECT_EQ(config.eal.lcores, "0-1");
  EXPECT_EQ(config.eal.args, (std::vector<std::string>{"--no-pci", "--vdev=net_af_packet0,iface=dir0"}));
  ASSERT_EQ(config.ports.size(), 1u);
  EXPECT_EQ(config.ports[0].name, "lan");
  EXPECT_EQ(config.ports[0].device, "net_af_packet0");
  EXPECT_EQ(config.ports[0].addresses[0].to_string(), "192.0.2.2/24");
  EXPECT_EQ(config.ports[0].gateways, std::vector{*parse_address("192.0.2.1")});
  EXPECT_EQ(config.ports[0].rx_queues, 1);
  EXPECT_EQ(config.buffer_count, 16384u);
  EXPECT_EQ(config.workers.idle, IdlePolicy::pause);
  EXPECT_EQ(config.connections.timeouts.tcp_established, 900u);
  const ServiceKey key{*parse_address("192.0.2.100"), Protocol::tcp, 80};
  const ServiceConfig* service = config.find(key);
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->key.to_string(), "tcp 192.0.2.100:80");
  EXPECT_EQ(service->real_servers[0], (RealServerConfig{*parse_address("192.0.2.11"), 1, std::nullopt}));
  EXPECT_EQ(service->real_servers[1],
            (RealServerConfig{*parse_address("192.0.2.12"), 2, parse_mac("02:00:00:00:00:12")}));
}

TEST(Config, HasDefaultsForAllButThePorts) {
  const auto parsed = parse_config(
      Json::parse(R"({"ports": [{"name": "lan", "device": "net_tap0", "addresses": ["192.0.2.2/24"]}],
                      "services": [{"vip": "192.0.2.100", "protocol": "udp", "port": 53}]})"));
  ASSERT_TRUE(parsed.value) << all_of(parsed.errors);
  EXPECT_EQ(parsed.value->eal, EalConfig());
  EXPECT_EQ(parsed.value->connections, ConnectionsConfig());
  EXPECT_EQ(parsed.value->workers.idle, IdlePolicy::poll);
  EXPECT_FALSE(parsed.value->buffer_count);
  EXPECT_EQ(parsed.value->ports[0].rx_queues, 0);
  EXPECT_EQ(parsed.value->ports[0].spread, SpreadPolicy::automatic);
  EXPECT_EQ(parsed.value->http_listen, "127.0.0.1:9877");
  EXPECT_EQ(parsed.value->services[0].scheduler, SchedulerKind::mh);
  EXPECT_EQ(parsed.value->services[0].maglev_table_size, 4093u);
}

TEST(Config, FindsThePortOfAnAddress) {
  const Config config = example_config();
  EXPECT_EQ(port_of(config, *parse_address("192.0.2.77")), 0u);
  EXPECT_FALSE(port_of(config, *parse_address("198.51.100.1")));
}

struct Accepted {
  const char* path;
  const char* value;
};

TEST(Config, AcceptsTheEdgesOfEachRange) {
  for (const auto& [path, value] : {
           Accepted{"/ports/0/addresses", R"(["192.0.2.2/24", "10.0.0.1/8", "198.51.100.0/31"])"},
           {"/ports/0/gateway", ""},
           {"/ports/0/rx_queues", "64"},
           {"/workers/idle", R"("poll")"},
           {"/workers/idle", R"("pause")"},
           {"/workers/idle", R"("sleep")"},
           {"/workers", "{}"},
           {"/buffers/count", "1024"},
           {"/buffers/count", "67108864"},
           {"/connections/capacity", "1073741824"},
           {"/connections/timeouts/udp", "1000000"},
           {"/http/listen", R"("")"},
           {"/http/listen", R"("[::1]:1")"},
           {"/http/listen", R"("0.0.0.0:65535")"},
           {"/vip_watch", R"({"interval": 0, "clear": 3600})"},
           {"/vip_watch", R"({"interval": 0.1, "clear": 0.1})"},
           {"/services", "[]"},
           {"/services/0/port", "65535"},
           {"/services/0/scheduler", R"("wrr")"},
           {"/services/0/vip", R"("203.0.113.1")"},
           {"/services/0/health", ""},
           {"/services/0/real_servers", ""},
           {"/services/0/real_servers", "[]"},
           {"/services/0/real_servers/0/weight", "65535"},
           {"/services/0/real_servers/0/weight", "0"},
           {"/services/0/maglev_table_size", "251"},
           {"/services/0/maglev_table_size", "16777213"},
       }) {
    const auto parsed = parse_config(example_with(path, value));
    ASSERT_TRUE(parsed.value) << path << " " << value << "\n" << all_of(parsed.errors);
    EXPECT_TRUE(parse_config(to_json(*parsed.value)).value) << path << " " << value;
  }
}

TEST(ConfigParts, AreReadWithPointersFromWhereTheyStand) {
  const auto key = parse_service_key(Json::parse(R"({"vip": "192.0.2.100", "protocol": "udp", "port": 53})"));
  ASSERT_TRUE(key.value);
  EXPECT_EQ(key.value->to_string(), "udp 192.0.2.100:53");
  EXPECT_EQ(parse_service(example()["services"][0]).value, example_config().services[0]);
  EXPECT_EQ(parse_real_server(Json::parse(R"({"address": "192.0.2.11"})")).value->weight, 1u);

  EXPECT_EQ(parse_service_key(Json(3), "/service").errors[0].pointer, "/service");
  EXPECT_EQ(parse_service_key(example()["services"][0], "/service").errors[0].pointer, "/service/health");
  EXPECT_EQ(parse_service(Json::object(), "/service").errors.size(), 3u);
  const auto server =
      parse_real_server(Json::parse(R"({"address": "192.0.2.11", "weight": "3"})"), "/server");
  EXPECT_FALSE(server.value);
  ASSERT_EQ(server.errors.size(), 1u);
  EXPECT_EQ(server.errors[0].pointer, "/server/weight");
}

TEST(ConfigJson, RoundTrips) {
  const Json document = to_json(example_config());
  Json expected = example();
  expected["services"][0]["maglev_table_size"] = 4093;
  expected["services"][0]["on_down"] = "reassign";
  expected["services"][0]["slow_start"] = 0;
  expected["ports"][0]["uplink"] = {{"interval", 2}, {"timeout", 1}, {"rise", 2}, {"fall", 3}};
  expected["ports"][0].update({{"spread", "auto"}, {"rebalance", false}});
  expected["vip_watch"] = {{"interval", 10}, {"clear", 90}};
  expected["filters"] = Json::array();
  expected["vips"] = Json::array();
  expected["maintenance"] = Json::array();
  expected["control"]["autosave"] = false;
  expected["services"][0]["one_packet"] = false;
  EXPECT_EQ(document, expected);
  EXPECT_EQ(to_json(*parse_config(document).value), document);
}

TEST(ConfigJson, FlowsAreSpreadInSoftwareAsThePortSays) {
  for (const auto policy : {SpreadPolicy::automatic, SpreadPolicy::on, SpreadPolicy::off}) {
    Json document = example();
    document["ports"][0]["spread"] = to_string(policy);
    document["ports"][0]["rebalance"] = policy == SpreadPolicy::on;
    const Config config = *parse_config(document).value;
    EXPECT_EQ(config.ports[0].spread, policy);
    EXPECT_EQ(config.ports[0].rebalance, policy == SpreadPolicy::on);
    EXPECT_EQ(to_json(config)["ports"][0]["rebalance"], policy == SpreadPolicy::on);
    EXPECT_EQ(to_json(config)["ports"][0]["spread"], to_string(policy));
  }
}

TEST(ConfigJson, QuicAndServerIds) {
  Json document = example();
  Json& service = document["services"][0];
  service["protocol"] = "udp";
  service.erase("health");
  service["quic"] = {{"server_id_length", 2}, {"config_id", 6}};
  service["real_servers"][0]["quic_id"] = "0A01";
  const auto parsed = parse_config(document);
  ASSERT_TRUE(parsed.value) << all_of(parsed.errors);
  EXPECT_EQ(parsed.value->services[0].quic.id_length, 2);
  EXPECT_EQ(parsed.value->services[0].real_servers[0].quic_id, std::string("\x0A\x01"));
  EXPECT_EQ(to_json(*parsed.value)["services"][0]["real_servers"][0]["quic_id"], "0a01");
  EXPECT_EQ(parse_config(to_json(*parsed.value)).value->services, parsed.value->services);
  const auto refused_at = [&](const char* pointer, const Json& value) {
    Json wrong = document;
    wrong[Json::json_pointer(pointer)] = value;
    const ConfigErrors errors = parse_config(wrong).errors;
    return errors.size() == 1 ? errors[0].pointer : all_of(errors);
  };
  EXPECT_EQ(refused_at("/services/0/real_servers/0/quic_id", "0a0"), "/services/0/real_servers/0/quic_id");
  EXPECT_EQ(refused_at("/services/0/real_servers/0/quic_id", "0a"), "/services/0/real_servers/0/quic_id");
  EXPECT_EQ(refused_at("/services/0/real_servers/1/quic_id", "0a01"), "/services/0/real_servers/1/quic_id");
  EXPECT_EQ(refused_at("/services/0/quic/server_id_length", 16), "/services/0/quic/server_id_length");
  EXPECT_EQ(refused_at("/services/0/quic/config_id", 7), "/services/0/quic/config_id");
  EXPECT_EQ(refused_at("/services/0/one_packet", true), "/services/0/quic");
  EXPECT_EQ(refused_at("/services/0/quic", nullptr), "/services/0/real_servers/0/quic_id");
}

TEST(ConfigJson, MarksAreNumbersOrNone) {
  Json document = example();
  document["services"][0].update({{"dscp", 0}, {"vlan_priority", 7}});
  const Config config = *parse_config(document).value;
  EXPECT_EQ(config.services[0].dscp, 0);
  EXPECT_EQ(config.services[0].vlan_priority, 7);
  EXPECT_EQ(to_json(config)["services"][0]["dscp"], 0);
  EXPECT_EQ(parse_config(to_json(config)).value->services, config.services);
  document["services"][0].update({{"dscp", nullptr}, {"vlan_priority", nullptr}});
  EXPECT_EQ(parse_config(document).value->services, example_config().services);
}

TEST(ConfigJson, LeavesOutWhatIsNotSet) {
  Config config = example_config();
  config.buffer_count.reset();
  config.ports[0].gateways.clear();
  const Json document = to_json(config);
  EXPECT_FALSE(document.contains("buffers"));
  EXPECT_FALSE(document["ports"][0].contains("gateway"));
  EXPECT_FALSE(document["services"][0]["real_servers"][0].contains("mac"));
  EXPECT_EQ(to_json(*parse_config(document).value), document);
}

}  // namespace
}  // namespace config_test
