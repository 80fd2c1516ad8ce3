// Limits on whole packets: what is refused is dropped by its name, nothing else is; and a trace says so
// before.
#include <algorithm>
#include <memory>

#include "control/trace.h"
#include "test/packet/stories.h"
#include "test/support/frame_changes.h"

namespace turnout::limits_test {
namespace {

using Json = nlohmann::json;

std::string limited(const std::string& limits, const char* protocol = "tcp") {
  Json one = Json::parse(service(kWeb, server(11) + "," + server(12) + "," + server(13), "rr"));
  one["protocol"] = protocol;
  one["limits"] = Json::parse(limits);
  return one.dump();
}

/// A rig whose services' buckets stand still in time but for wait().
struct Limiting : testing::Test {
  Rig& start(const std::string& services) {
    rig = std::make_unique<Rig>(config_with(services));
    rig->settle();
    return *rig;
  }
  bool passes(const Bytes& frame) { return rig->pass(kFront, frame).size() == 1; }
  static Bytes syn(unsigned client, uint16_t port) {
    FrameFields fields = from_client(client);
    fields.source_port = port;
    return tcp_frame(fields, kSyn);
  }
  int begin(unsigned client, uint16_t first, int count) {
    int begun = 0;
    for (int i = 0; i < count; ++i) begun += passes(syn(client, static_cast<uint16_t>(first + i)));
    return begun;
  }
  std::unique_ptr<Rig> rig;
};

TEST_F(Limiting, EachLimitDropsByItsName) {
  start(limited(R"({"connections_per_second": 60, "client": {"connections_per_second": 20, "connections": 10},
                    "client_prefix": {"connections_per_second": 40}})"));
  EXPECT_EQ(begin(1, 1000, 15), 10);
  EXPECT_EQ(rig->drops(DropReason::client_connections), 5u);
  for (uint16_t port = 1000; port < 1010; ++port) {
    FrameFields fields = from_client(1);
    fields.source_port = port;
    EXPECT_TRUE(passes(tcp_frame(fields, kRst)));
  }
  EXPECT_EQ(begin(1, 2000, 9), 9);
  EXPECT_TRUE(passes(syn(1, 3000))) << "the twentieth";
  FrameFields last = from_client(1);
  last.source_port = 3000;
  EXPECT_TRUE(passes(tcp_frame(last, kRst)));
  EXPECT_FALSE(passes(syn(1, 3001)));
  EXPECT_EQ(rig->drops(DropReason::client_rate), 1u);
  for (unsigned client = 2; client < 22; ++client) EXPECT_EQ(begin(client, 1000, 1), 1);
  EXPECT_EQ(begin(30, 1000, 1), 0);
  EXPECT_EQ(rig->drops(DropReason::client_prefix_rate), 1u);
  int begun = 0;
  for (unsigned prefix = 0; prefix < 50; ++prefix)
    begun += passes(tcp_frame({.source = "198.18." + std::to_string(prefix) + ".1"}, kSyn));
  EXPECT_EQ(begun, 20);
  EXPECT_EQ(rig->drops(DropReason::service_connection_rate), 30u);
  rig->wait(kLimitSecond);
  EXPECT_EQ(begin(30, 1000, 1), 1);
}

TEST_F(Limiting, PacketsOverTheRateAreDroppedWhateverTheyAre) {
  start(limited(R"({"packets_per_second": 10})"));
  EXPECT_TRUE(passes(syn(1, 1000)));
  FrameFields fields = from_client(1);
  fields.source_port = 1000;
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(passes(tcp_frame(fields, kAck, payload(9))));
  EXPECT_FALSE(passes(tcp_frame(fields, kAck, payload(9))));
  const Bytes error = icmp_error({}, 3, ip_packet_of(tcp_frame(turned_round(fields), kAck)));
  EXPECT_FALSE(passes(error));
  EXPECT_EQ(rig->drops(DropReason::service_packet_rate), 2u);
  rig->wait(kLimitSecond / 10);
  EXPECT_TRUE(passes(error));
}

TEST_F(Limiting, ErrorsAndPacketsOfUnknownConnectionsPassLimitsOfConnections) {
  start(limited(R"({"client": {"connections_per_second": 1, "connections": 1}})"));
  EXPECT_EQ(begin(1, 1000, 2), 1);
  FrameFields fields = from_client(1);
  fields.source_port = 1001;
  EXPECT_TRUE(passes(icmp_error({}, 3, ip_packet_of(tcp_frame(turned_round(fields), kAck)))));
  EXPECT_TRUE(passes(tcp_frame(fields, kAck)));
  EXPECT_FALSE(passes(syn(1, 1002)));
}

TEST_F(Limiting, AnAssociationOfSctpIsAConnection) {
  start(limited(R"({"client": {"connections_per_second": 2}})", "sctp"));
  constexpr uint8_t kInit = 1, kData = 0;
  const auto chunk = [](uint16_t port, uint8_t type) {
    FrameFields fields = from_client(1);
    fields.source_port = port;
    return sctp_frame(fields, {sctp_chunk(type, payload(16))});
  };
  EXPECT_TRUE(passes(chunk(1000, kInit)));
  EXPECT_TRUE(passes(chunk(1001, kInit)));
  EXPECT_FALSE(passes(chunk(1002, kInit)));
  EXPECT_TRUE(passes(chunk(1000, kInit))) << "sent again";
  EXPECT_TRUE(passes(chunk(1000, kData)));
  EXPECT_EQ(rig->drops(DropReason::client_rate), 1u);
}

TEST_F(Limiting, FragmentsOfARefusedDatagramAreRefused) {
  start(limited(R"({"client": {"connections_per_second": 1}})", "udp"));
  FrameFields fields = from_client(1);
  fields.fragment = 0;
  for (uint16_t port = 1000; port < 1002; ++port) {
    fields.source_port = port;
    size_t passed = 0;
    for (const Bytes& piece : fragmented(udp_frame(fields, payload(300)), port, 96)) passed += passes(piece);
    EXPECT_EQ(passed, port == 1000 ? 4u : 0u);
  }
  EXPECT_EQ(rig->drops(DropReason::client_rate), 1u);
  EXPECT_EQ(rig->drops(DropReason::fragment), 3u);
}

TEST_F(Limiting, ATraceTellsTheTokensAndTakesNone) {
  start(limited(R"({"client": {"connections_per_second": 2, "connections": 5}, "packets_per_second": 9})"));
  const auto decisions = [&](const Json& told) { return told["decisions"].get<std::vector<std::string>>(); };
  const auto says = [&](const Json& told, const std::string& line) {
    const auto all = decisions(told);
    return std::find(all.begin(), all.end(), line) != all.end() ? "" : told.dump(1);
  };
  const auto trace = [&] { return trace_frame(rig->director(), kFront, syn(1, 5000)); };
  for (int i = 0; i < 3; ++i) {
    const Json told = trace();
    EXPECT_EQ(says(told, "limit client_rate: 2 of 2 tokens left"), "");
    EXPECT_EQ(says(told, "limit client_connections: the client has 0 of 5 connections open"), "");
    EXPECT_EQ(says(told, "limit service_packet_rate: 9 of 9 tokens left"), "");
    EXPECT_EQ(told["outcome"], "transmitted");
  }
  EXPECT_EQ(begin(1, 1000, 2), 2);
  const Json over = trace();
  EXPECT_EQ(says(over, "limit client_rate: 0 of 2 tokens left: it is over"), "");
  EXPECT_EQ(over["outcome"], "dropped");
  EXPECT_EQ(over["reason"], "client_rate");
  EXPECT_EQ(over["counters"]["drops.client_rate"], 1);
  Config observing = rig->director().config();
  observing.services[0].limits.observe = true;
  rig->apply(observing);
  const Json observed = trace();
  EXPECT_EQ(says(observed, "limit client_rate: 0 of 2 tokens left: it is over, which is only counted"), "");
  EXPECT_EQ(observed["outcome"], "transmitted");
}

/// A reload in the middle of traffic: what clients have and have spent stays.
TEST_F(Limiting, AChangeOfConfigurationForgetsNothing) {
  start(limited(R"({"client": {"connections_per_second": 10, "connections": 10}})"));
  EXPECT_EQ(begin(1, 1000, 6), 6);
  Config next = rig->director().config();
  next.services[0].limits.client = {8, 0};
  next.services[0].real_servers.pop_back();
  rig->apply(next);
  EXPECT_EQ(begin(1, 2000, 10), 3) << "of 8 a second; six tenths of a second's worth are used";
  rig->wait(kLimitSecond);
  EXPECT_EQ(begin(1, 3000, 10), 1) << "ten are open";
  EXPECT_EQ(rig->drops(DropReason::client_connections), 9u);
}

}  // namespace
}  // namespace turnout::limits_test
