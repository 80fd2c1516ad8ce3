// Services of QUIC: the server ID in a packet's connection ID, and what the forwarder does with it.
#include <gtest/gtest.h>

#include "test/support/forwarder_rig.h"
#include "test/support/frames6.h"

namespace turnout::forwarder_quic_test {
namespace {

constexpr uint8_t kConfiguration = 2;
constexpr uint8_t kFirst =
    kConfiguration << 5 | 0x11;  // octet of a connection ID: configuration, and the server's own bits
constexpr QuicTerms kTerms{2, kConfiguration};

Bytes connection_id(uint8_t server, uint8_t first = kFirst) {
  return {first, 0x0A, server, 1, 2, 3, 4, 5};
}

/// RFC 8999 5.2: no length, the ID begins at once.
Bytes short_packet(const Bytes& id) {
  Bytes packet{0x40};
  frames_detail::put(packet, id);
  frames_detail::put(packet, payload(30));
  return packet;
}

/// RFC 8999 5.1.
Bytes long_packet(const Bytes& id) {
  Bytes packet{0xC0, 0, 0, 0, 1, static_cast<uint8_t>(id.size())};
  frames_detail::put(packet, id);
  frames_detail::put(packet, {8, 9, 9, 9, 9, 9, 9, 9, 9});
  frames_detail::put(packet, payload(30));
  return packet;
}

Bytes from(uint16_t port, const Bytes& packet) {
  FrameFields fields;
  fields.source_port = port;
  fields.destination_port = 53;
  return udp_frame(fields, packet);
}
Bytes from6(uint16_t port, const Bytes& packet) {
  FrameFields6 fields;
  fields.source_port = port;
  fields.destination_port = 53;
  return udp6_frame(fields, packet);
}

/// Servers 0, 1 and 2 have the IDs 0a00, 0a01 and 0a02.
class Quic : public testing::Test {
 protected:
  Quic() { apply(); }
  void apply() {
    rig_.apply();
    Snapshot& snapshot = rig_.snapshot;
    snapshot.quic.assign(snapshot.services.size(), {});
    snapshot.quic_servers = ExactMap<ServiceKey6>(6);
    for (const uint16_t service : {kUdpService, kUdp6Service}) {
      snapshot.services[service].quic = true;
      snapshot.services[service].by_table = false;
      snapshot.quic[service] = kTerms;
      for (uint8_t server = 0; server < 3; ++server) {
        const uint8_t id[] = {0x0A, server};
        snapshot.quic_servers.insert(quic_server_key(service, id, 2), server + 1u);
      }
    }
  }
  uint32_t server_of(const Bytes& frame) {
    const auto fate = rig_.send(frame);
    EXPECT_EQ(fate.kind, Fate::transmitted);
    return fate.server();
  }
  ForwarderRig rig_;
};

TEST_F(Quic, WhoseConnectionIdNamesAServerGoesThere) {
  for (uint8_t server = 0; server < 3; ++server) {
    for (uint16_t port = 2000; port < 2020; ++port) {
      EXPECT_EQ(server_of(from(port, short_packet(connection_id(server)))), server);
      EXPECT_EQ(server_of(from6(port, short_packet(connection_id(server)))), server);
      EXPECT_EQ(server_of(from(port, long_packet(connection_id(server)))), server);
    }
  }
  EXPECT_EQ(rig_.counters.quic.by_id.read(), 3u * 20 * 3);
  EXPECT_EQ(rig_.counters.quic.by_flow.read(), 0u);
}

TEST_F(Quic, AConnectionKeepsItsServerWhenThePortChanges) {
  Bytes initial = connection_id(0, 0xE0);  // 0b111: chosen by the client
  const uint32_t first = server_of(from(3000, long_packet(initial)));
  EXPECT_EQ(server_of(from(3000, long_packet(initial))), first);
  const auto server = static_cast<uint8_t>(first);
  EXPECT_EQ(server_of(from(3000, short_packet(connection_id(server)))), first);
  for (uint16_t port = 3001; port < 3040; ++port)
    EXPECT_EQ(server_of(from(port, short_packet(connection_id(server)))), first) << port;
  EXPECT_EQ(rig_.counters.quic.moved.read(), 0u);
}

TEST_F(Quic, TheFlowsEntryIsOfTheNamedServerFromThenOn) {
  const uint32_t by_flow = server_of(from(4000, long_packet(connection_id(0, 0xE0))));
  const auto other = static_cast<uint8_t>((by_flow + 1) % 3);
  EXPECT_EQ(server_of(from(4000, short_packet(connection_id(other)))), other);
  EXPECT_EQ(rig_.counters.quic.moved.read(), 1u);
  EXPECT_EQ(server_of(from(4000, short_packet(connection_id(0, 0xE0)))), other)
      << "an ID without a server: by the flow";
  EXPECT_EQ(server_of(from(4000, short_packet(connection_id(other)))), other);
  EXPECT_EQ(rig_.counters.quic.moved.read(), 1u);
  EXPECT_EQ(rig_.counters.server(by_flow).active.read(), 0u) << "the connection went with it";
}

TEST_F(Quic, WhatNamesNobodyGoesByItsFlow) {
  const uint32_t expected = server_of(from(5000, payload(40)));
  const std::vector<Bytes> packets = {
      short_packet(connection_id(7)),                  // of no server
      short_packet(connection_id(0, 0x31)),            // of another configuration
      long_packet({kFirst, 0x0A}),                     // too short for an ID
      long_packet({}),                                 // without
      {0x40},                                          // a header, and that is all
      {0x40, kFirst, 0x0A},                            // cut off
      {0xC0, 0, 0, 0, 1, 200, kFirst, 0x0A, 0x00, 1},  // longer than the packet
      {0xC0, 0, 0, 0, 1},
      {},
  };
  for (size_t i = 0; i < packets.size(); ++i) EXPECT_EQ(server_of(from(5000, packets[i])), expected) << i;
  EXPECT_EQ(rig_.counters.quic.by_id.read(), 0u);
}

TEST_F(Quic, AServerThatCanNotBeHadIsNotNamed) {
  rig_.recipe.servers[1].resolved = false;
  rig_.recipe.maglev = {0, 2};
  apply();
  EXPECT_NE(server_of(from(6000, short_packet(connection_id(1)))), 1u);
}

TEST_F(Quic, OtherServicesPacketsAreNotLookedAt) {
  rig_.snapshot.quic[kUdpService] = {};
  rig_.snapshot.services[kUdpService].quic = false;
  std::set<uint32_t> servers;
  for (uint16_t port = 7000; port < 7050; ++port)
    servers.insert(server_of(from(port, short_packet(connection_id(1)))));
  EXPECT_EQ(servers.size(), 3u);
  EXPECT_EQ(rig_.counters.quic.by_flow.read(), 0u);
}

TEST_F(Quic, ManyInABurstEachFindTheirs) {
  std::vector<Bytes> frames;
  for (unsigned i = 0; i < kBurst; ++i) {
    const Bytes packet = short_packet(connection_id(static_cast<uint8_t>(i % 3)));
    const auto port = static_cast<uint16_t>(8000 + i / 4);
    frames.push_back(i % 2 == 0 ? from(port, packet) : from6(port, packet));
  }
  const auto fates = rig_.burst(frames);
  for (unsigned i = 0; i < kBurst; ++i) {
    ASSERT_EQ(fates[i].kind, Fate::transmitted);
    EXPECT_EQ(fates[i].server(), i % 3) << i;
  }
}

}  // namespace
}  // namespace turnout::forwarder_quic_test
