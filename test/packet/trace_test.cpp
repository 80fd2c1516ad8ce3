// What a trace says becomes of a packet is what becomes of it; and to ask changes nothing.
#include "control/trace.h"

#include <random>

#include "test/packet/stories.h"

namespace turnout {
namespace {

using Json = nlohmann::json;

/// Services of every kind on one VIP each.
std::string all_kinds() {
  const std::string servers = server(11, 3) + "," + server(12, 1) + "," + server(13, 0);
  std::string services;
  const char* kinds[] = {"mh", "lc", "wlc", "sh", "dh", "sed", "nq", "fo", "ovf"};
  for (unsigned i = 0; i < std::size(kinds); ++i) {
    Json one = Json::parse(service("192.0.2." + std::to_string(100 + i), servers, kinds[i]));
    if (i % 2 == 1) one["persistence"] = 60;
    if (i == 2) one["limits"] = Json::parse(R"({"client": {"connections_per_second": 3, "connections": 2}})");
    if (i == 4) one["limits"] = Json::parse(R"({"packets_per_second": 100, "connections_per_second": 20})");
    services += (i == 0 ? "" : ",") + one.dump();
  }
  services += R"(,{ "group": "web", "scheduler": "wlc", "persistence": 60, "health": {"type": "none"},
      "members": [ {"vip": "192.0.2.120", "protocol": "tcp", "port": 80},
                   {"vip": "192.0.2.120", "protocol": "tcp", "port": 443},
                   {"vip": "192.0.2.120", "protocol": "udp", "port": "5000-5009"} ],
      "real_servers": [)" +
              server(14) + "," + server(15) + "] }";
  return services;
}

/// A packet to one of them, or to nobody.
FrameFields random_packet(std::minstd_rand& random) {
  FrameFields fields = from_client(static_cast<unsigned>(random() % 40));
  const auto vip = static_cast<unsigned>(random() % 13);
  fields.destination = "192.0.2." + std::to_string(vip < 10 ? 100 + vip : 120);
  const uint16_t ports[] = {80, 443, 5003};
  fields.destination_port = ports[vip < 10 ? 0 : random() % 3];
  return fields;
}

Json outcome_of(const std::vector<Sent>& sent, const PacketTotals& before, const PacketTotals& after) {
  if (!sent.empty()) {
    const Bytes& frame = sent.front().frame;
    char mac[18];
    std::snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", frame[0], frame[1], frame[2], frame[3],
                  frame[4], frame[5]);
    return {{"outcome", "transmitted"}, {"mac", mac}};
  }
  for (size_t i = 0; i < kDropReasons; ++i) {
    if (after.drops[i] != before.drops[i])
      return {{"outcome", "dropped"}, {"reason", name_of(static_cast<DropReason>(i))}};
  }
  return {{"outcome", "punted"}};
}

struct State {
  TableTotals tables;
  std::vector<uint64_t> servers;
  std::vector<int64_t> loads;
  bool operator==(const State&) const = default;
};
State state_of(const Rig& rig) {
  State state{rig.statistics().tables(), {}, {}};
  for (uint32_t slot = 0; slot < rig.director().snapshot().servers.size(); ++slot) {
    const ServerTotals totals = rig.statistics().server(slot);
    state.servers.insert(state.servers.end(), {totals.packets, totals.connections, totals.active,
                                               totals.inactive, totals.templates});
    state.loads.push_back(rig.statistics().loads().read(slot).total());
  }
  return state;
}

TEST(Trace, SaysWhatThenHappensToThousandsOfPackets) {
  Rig rig(config_with(all_kinds()));
  rig.settle();
  std::minstd_rand random(7);
  std::map<std::string, int> outcomes;
  for (int i = 0; i < 3000; ++i) {
    const FrameFields fields = random_packet(random);
    const uint8_t flags[] = {kSyn, kAck, kAck, kFin | kAck, kRst};
    const bool udp = fields.destination_port == 5003;
    const Bytes frame = udp ? udp_frame(fields, payload(9)) : tcp_frame(fields, flags[random() % 5]);
    const State before = state_of(rig);
    const Json told = trace_frame(rig.director(), kFront, frame);
    ASSERT_EQ(state_of(rig), before) << "a trace changed something";
    const PacketTotals totals = rig.totals();
    const std::vector<Sent> sent = rig.pass(kFront, frame);
    const Json happened = outcome_of(sent, totals, rig.totals());
    for (const auto& [name, value] : happened.items())
      ASSERT_EQ(told.value(name, Json()), value) << told.dump(1);
    ++outcomes[happened["outcome"].get<std::string>()];
  }
  EXPECT_GT(outcomes["transmitted"], 2000);
  EXPECT_GT(outcomes["dropped"], 100);
}

TEST(Trace, TellsTheEntryAndWhatIsCounted) {
  Rig rig(config_with(service(kWeb, server(11), "mh")));
  rig.settle();
  const Bytes syn = syn_of(1);
  const Json first = trace_frame(rig.director(), kFront, syn);
  EXPECT_EQ(first["entry"], nullptr);
  EXPECT_EQ(first["entry_after"]["state"], "SYN_RECV");
  EXPECT_EQ(first["server"], server_ip(11));
  EXPECT_EQ(first["service"], Json::parse(R"({"vip": "192.0.2.100", "protocol": "tcp", "port": 80})"));
  EXPECT_EQ(first["counters"]["server 198.51.100.11: connections"], 1);
  EXPECT_EQ(first["port"], "back");
  rig.pass(kFront, syn);
  const Json second = trace_frame(rig.director(), kFront, data_of(1));
  EXPECT_EQ(second["entry"]["state"], "SYN_RECV");
  EXPECT_EQ(second["entry_after"]["state"], "ESTABLISHED");
  EXPECT_EQ(second["counters"]["server 198.51.100.11: active"], 1);
  EXPECT_EQ(second["counters"]["server 198.51.100.11: inactive"], -1);
  EXPECT_FALSE(second["counters"].contains("server 198.51.100.11: connections"));
}

TEST(Trace, NamesTheMarksThatAreWritten) {
  Json marked = Json::parse(service(kWeb, server(11), "mh"));
  marked["dscp"] = 46;
  Rig rig(config_with(marked.dump()));
  rig.settle();
  const Json told = trace_frame(rig.director(), kFront, syn_of(1));
  const auto decisions = told["decisions"].get<std::vector<std::string>>();
  ASSERT_GE(decisions.size(), 2u);
  EXPECT_EQ(decisions[decisions.size() - 2], "its DSCP becomes 46");
  EXPECT_EQ(rig.pass(kFront, syn_of(1)).at(0).frame.at(kIpAt + 1), 46 << 2);
}

TEST(Trace, OfAPacketThatIsMadeUpIsThatOfOneThatCame) {
  Rig rig(config_with(service(kWeb, server(11) + "," + server(12), "mh")));
  rig.settle();
  TracedPacket packet{.source = parse_address("203.0.113.9").value(),
                      .source_port = 20008,
                      .destination = parse_address(kWeb).value(),
                      .destination_port = 80};
  const Json made = trace_frame(rig.director(), kFront, frame_of(packet, rig.director().snapshot(), kFront));
  const auto sent = rig.pass(kFront, tcp_frame(from_client(8), kSyn));
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(made["mac"], server_mac(sent[0].frame[5] == 11 ? 11 : sent[0].frame[5]));
}

TEST(Trace, IsNotSureOfTurns) {
  Rig rig(config_with(service(kWeb, server(11) + "," + server(12), "rr")));
  rig.settle();
  EXPECT_EQ(trace_frame(rig.director(), kFront, syn_of(1))["certain"], false);
  rig.pass(kFront, syn_of(1));
  EXPECT_EQ(trace_frame(rig.director(), kFront, syn_of(1))["certain"], true);
}

/// Whatever the bytes are, the answer is one.
TEST(Trace, OfAnyBytesEndsWell) {
  Rig rig(config_with(all_kinds()));
  rig.settle();
  std::minstd_rand random(11);
  for (int i = 0; i < 3000; ++i) {
    Bytes frame = tcp_frame(random_packet(random), kSyn);
    for (int changes = 0; changes < 4; ++changes)
      frame[random() % frame.size()] = static_cast<uint8_t>(random());
    frame.resize(14 + random() % (frame.size() - 13));
    EXPECT_TRUE(trace_frame(rig.director(), kFront, frame).contains("outcome"));
  }
}

}  // namespace
}  // namespace turnout
