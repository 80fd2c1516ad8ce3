// Associations of SCTP through the director: one real server each, from INIT to SHUTDOWN or ABORT.
#include "control/trace.h"

#include "test/packet/stories.h"
#include "test/support/frame_changes.h"

namespace turnout::sctp_test {
namespace {

using Json = nlohmann::json;

constexpr uint8_t kData = 0, kInit = 1, kAbort = 6, kShutdown = 7, kCookieEcho = 10, kShutdownComplete = 14;

Bytes from_peer(unsigned client, uint8_t type) {
  return sctp_frame(from_client(client), {sctp_chunk(type, payload(16))});
}

struct Associations : testing::Test {
  Associations() : rig(config_with(diameter())) { rig.settle(); }

  static std::string diameter() {
    Json one = Json::parse(service(kWeb, server(11) + "," + server(12) + "," + server(13), "rr"));
    one["protocol"] = "sctp";
    return one.dump();
  }
  std::string pass(unsigned client, uint8_t type) {
    return destination(rig.pass(kFront, from_peer(client, type)));
  }
  /// Of the entry that the client's next packet would find.
  std::string state(unsigned client) {
    const Json told = trace_frame(rig.director(), kFront, from_peer(client, kData));
    return told["entry"].is_null() ? "none" : told["entry"]["state"].get<std::string>();
  }
  int64_t active() {
    int64_t sum = 0;
    for (uint32_t slot = 0; slot < rig.director().snapshot().servers.size(); ++slot)
      sum += rig.statistics().server(slot).active;
    return sum;
  }

  Rig rig;
};

TEST_F(Associations, EachStaysWithOneServerFromInitToShutdown) {
  std::set<std::string> servers;
  for (unsigned client = 0; client < 9; ++client) {
    EXPECT_EQ(state(client), "none");
    const std::string mac = pass(client, kInit);
    servers.insert(mac);
    EXPECT_EQ(state(client), "SYN_RECV");
    EXPECT_EQ(pass(client, kCookieEcho), mac);
    EXPECT_EQ(state(client), "ESTABLISHED");
    EXPECT_EQ(active(), 1);
    EXPECT_EQ(pass(client, kData), mac);
    EXPECT_EQ(pass(client, kShutdown), mac);
    EXPECT_EQ(state(client), "FIN_WAIT");
    EXPECT_EQ(active(), 0);
    EXPECT_EQ(pass(client, kShutdownComplete), mac);
    EXPECT_EQ(state(client), "FIN_WAIT");
  }
  EXPECT_EQ(servers.size(), 3u) << "in turn";
}

TEST_F(Associations, AnAbortEndsOneAndAnInitAfterItBeginsAnother) {
  const std::string first = pass(1, kInit);
  pass(1, kCookieEcho);
  EXPECT_EQ(pass(1, kAbort), first);
  EXPECT_EQ(state(1), "CLOSE");
  EXPECT_NE(pass(1, kInit), first) << "the next one's turn";
  EXPECT_EQ(state(1), "SYN_RECV");
}

TEST_F(Associations, AnErrorGoesWhereItsAssociationGoes) {
  const std::string mac = pass(1, kInit);
  FrameFields to_client = turned_round(from_client(1));
  FrameFields router = from_client(1);
  router.source = "203.0.113.254";
  const Bytes reply = sctp_frame(to_client, {sctp_chunk(kData, payload(40))});
  EXPECT_EQ(destination(rig.pass(kFront, icmp_error(router, 3, ip_packet_of(reply, 28)))), mac);
}

TEST_F(Associations, TcpAtTheSamePortIsNoneOfIt) {
  EXPECT_TRUE(rig.pass(kFront, syn_of(1)).empty());
  EXPECT_EQ(rig.totals().drops[static_cast<size_t>(DropReason::no_service)], 1u);
}

TEST_F(Associations, ATraceSpeaksOfChunks) {
  TracedPacket packet{.protocol = Protocol::sctp,
                      .source = parse_address("203.0.113.9").value(),
                      .source_port = 20008,
                      .destination = parse_address(kWeb).value(),
                      .destination_port = 80};
  const auto told = [&](uint8_t flags) {
    packet.tcp_flags = flags;
    const Bytes frame = frame_of(packet, rig.director().snapshot(), kFront);
    return trace_frame(rig.director(), kFront, frame)["decisions"][0].get<std::string>();
  };
  EXPECT_EQ(told(kSyn), "an SCTP packet over IPv4 that begins an association (INIT)");
  EXPECT_EQ(told(kAck), "an SCTP packet over IPv4 in an association (no INIT, SHUTDOWN or ABORT)");
  EXPECT_EQ(told(kFin | kAck), "an SCTP packet over IPv4 that ends an association (SHUTDOWN)");
  EXPECT_EQ(told(kRst), "an SCTP packet over IPv4 that breaks an association off (ABORT)");
}

}  // namespace
}  // namespace turnout::sctp_test
