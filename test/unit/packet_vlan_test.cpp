// Frames with IEEE 802.1Q tags, and ports with and without a VLAN.
#include <gtest/gtest.h>

#include <array>

#include "test/support/frame_changes.h"
#include "test/support/frames6.h"
#include "test/support/parsed.h"

namespace turnout::packet_vlan_test {
namespace {

constexpr uint16_t kVlan = 0x123;
constexpr Port kVlanPort{.mac = 0x000100000002, .vlan = kVlan};

Bytes plain() {
  return tcp_frame({}, kSyn, payload(9));
}
/// IEEE 802.1ad: a service tag.
Bytes service_tagged(Bytes frame, uint16_t vlan) {
  return with_octets(tagged(std::move(frame), vlan), 12, {0x88, 0xA8});
}

TEST(ParseVlan, APortWithoutAVlanTakesFramesWithoutOneAndThoseWithAPriorityOnly) {
  EXPECT_EQ(verdict(plain()), "flow");
  for (const uint16_t priority : std::to_array<uint16_t>({0x0000, 0x2000, 0xE000, 0x1000, 0xF000}))
    EXPECT_EQ(verdict(tagged(plain(), priority)), "flow") << std::hex << priority;
  for (const uint16_t vlan : std::to_array<uint16_t>({1, kVlan, 0x0FFF, 0xE001}))
    EXPECT_EQ(verdict(tagged(plain(), vlan)), "unknown_vlan") << std::hex << vlan;
}

TEST(ParseVlan, APortWithAVlanTakesFramesOfThatVlanOnly) {
  for (const uint16_t priority : std::to_array<uint16_t>({0x0000, 0x2000, 0x7000, 0xF000}))
    EXPECT_EQ(verdict(tagged(plain(), priority | kVlan), kVlanPort), "flow") << std::hex << priority;
  for (const uint16_t vlan : std::to_array<uint16_t>({0, 1, 0x122, 0x124, 0x023, 0x0FFF, 0xE000}))
    EXPECT_EQ(verdict(tagged(plain(), vlan), kVlanPort), "unknown_vlan") << std::hex << vlan;
  EXPECT_EQ(verdict(plain(), kVlanPort), "unknown_vlan") << "without a tag";
}

TEST(ParseVlan, AFrameWithoutATagIsOfNoVlanWhateverItsType) {
  for (const uint16_t type :
       std::to_array<uint16_t>({0x0000, 0x0001, 0x002E, 0x0800, 0x0806, 0x86DD, 0x88CC, 0xFFFF})) {
    const Bytes frame =
        with_octets(plain(), 12, {static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type)});
    EXPECT_EQ(verdict(frame, kVlanPort), "unknown_vlan") << std::hex << type;
  }
}

TEST(ParseVlan, ReadsTheSameFieldsBehindATag) {
  for (const Bytes& frame : {plain(), tcp6_frame({}, kSyn, payload(9))}) {
    const Parsed bare = parse(frame);
    const Parsed parsed = parse(tagged(frame, 0xA000 | kVlan), kVlanPort);
    EXPECT_EQ(parsed.kind, bare.kind);
    EXPECT_EQ(parsed.fields.ip_at, 18);
    EXPECT_EQ(parsed.fields.ip_bytes, bare.fields.ip_bytes);
    EXPECT_EQ(parsed.fields.client, bare.fields.client);
    EXPECT_EQ(parsed.fields.client6, bare.fields.client6);
    EXPECT_EQ(parsed.fields.destination, bare.fields.destination);
    EXPECT_EQ(parsed.fields.destination6, bare.fields.destination6);
    EXPECT_EQ(parsed.fields.destination_port, RTE_BE16(80));
    EXPECT_EQ(parsed.fields.event, PacketEvent::syn);
  }
}

TEST(ParseVlan, TakesArpAndNeighborDiscoveryBehindATag) {
  const Bytes who_has =
      arp_frame(kBroadcastMac, {1, "02:00:00:00:00:c1", "192.0.2.1", kNoMac, "192.0.2.100"});
  FrameFields6 fields;
  fields.to_mac = "33:33:ff:00:01:00";
  fields.hop_limit = 255;
  const Bytes solicitation = icmp6_frame(fields, 135, 0, payload(20));
  for (const auto& [frame, kind] : {std::pair{who_has, "arp"}, {solicitation, "ndp"}}) {
    EXPECT_EQ(verdict(tagged(frame, kVlan), kVlanPort), kind);
    EXPECT_EQ(verdict(tagged(frame, 0)), kind) << "a priority only";
    EXPECT_EQ(verdict(frame, kVlanPort), "unknown_vlan");
    EXPECT_EQ(verdict(tagged(frame, kVlan)), "unknown_vlan");
  }
}

TEST(ParseVlan, TakesNoFrameWithTwoTags) {
  for (const Port& port : {kPort, kVlanPort}) {
    const Bytes inner = tagged(plain(), port.vlan);
    EXPECT_EQ(verdict(tagged(inner, port.vlan), port), "stacked_vlan");
    EXPECT_EQ(verdict(tagged(inner, 7), port), "stacked_vlan");
    EXPECT_EQ(verdict(tagged(service_tagged(plain(), 7), port.vlan), port), "stacked_vlan");
    EXPECT_EQ(verdict(service_tagged(inner, port.vlan), port), "stacked_vlan");
    EXPECT_EQ(verdict(service_tagged(plain(), port.vlan), port), "stacked_vlan") << "a provider's tag alone";
  }
}

TEST(ParseVlan, NoticesEveryPlaceWhereATaggedFrameCanBeCutOff) {
  for (const auto& [frame, kind] : {std::pair{plain(), "flow"},
                                    {udp_frame({}, payload(3)), "flow"},
                                    {tcp6_frame({}, kAck), "flow6"},
                                    {icmp_frame({}, 8), "icmp_echo"},
                                    {icmp6_frame({}, 128, 0, payload(4)), "icmp_echo"}}) {
    expect_cut_is_truncated(tagged(frame, kVlan), kind, kVlanPort);
    expect_cut_is_truncated(tagged(frame, 0), kind, kPort);
  }
}

TEST(ParseVlan, KnowsNoOtherEthertypeBehindATag) {
  for (const uint16_t type : std::to_array<uint16_t>({0x0000, 0x002E, 0x88CC, 0xFFFF})) {
    const Bytes frame =
        with_octets(plain(), 12, {static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type)});
    EXPECT_EQ(verdict(tagged(frame, kVlan), kVlanPort), "unknown_ethertype") << std::hex << type;
  }
}

TEST(ParseVlan, LooksAtTheTagBeforeTheAddress) {
  FrameFields other;
  other.to_mac = "02:00:00:00:09:99";
  EXPECT_EQ(verdict(tagged(tcp_frame(other, kSyn), kVlan), kVlanPort), "not_our_mac");
  EXPECT_EQ(verdict(tagged(tcp_frame(other, kSyn), 7), kVlanPort), "unknown_vlan");
}

TEST(ParseVlan, TellsAFramesVlanToWhoeverSortsThem) {
  const auto vlan = [](const Bytes& frame) {
    const auto exact = std::make_unique<uint8_t[]>(frame.size());
    std::copy(frame.begin(), frame.end(), exact.get());
    return vlan_of({exact.get(), static_cast<uint32_t>(frame.size()), 0});
  };
  EXPECT_EQ(vlan(tagged(plain(), 0xF123)), 0x123);
  EXPECT_EQ(vlan(tagged(tagged(plain(), 7), 9)), 9);
  EXPECT_EQ(vlan(plain()), 0);
  EXPECT_EQ(vlan(service_tagged(plain(), 7)), 0);
  for (size_t size = 0; size < 18; ++size) EXPECT_EQ(vlan(cut_to(tagged(plain(), 7), size)), 0) << size;
  EXPECT_EQ(vlan(cut_to(tagged(plain(), 7), 18)), 7);
}

}  // namespace
}  // namespace turnout::packet_vlan_test
