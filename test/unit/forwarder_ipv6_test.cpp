// IPv6 connections: as IPv4's, in a table of their own.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>

#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"

namespace turnout::forwarder_ipv6_test {
namespace {

using enum ConnectionState;

SnapshotRecipe round_robin() {
  SnapshotRecipe recipe;
  recipe.turns = {0, 1, 2};
  return recipe;
}

TEST(ForwarderIpv6, ChangesTheTwoMacAddressesAndNotOneOctetMore) {
  FrameFields6 headers;
  headers.traffic_class = 0xB9;
  headers.hop_limit = 1;
  headers.extension_headers = {{0, {0, 1, 4, 0, 0, 0, 0}}, {60, {0, 1, 4, 0, 0, 0, 0}}};
  ForwarderRig rig;
  for (const Bytes& frame :
       {tcp6_frame({}, kSyn), tcp6_frame({}, kAck, payload(1440)), padded(tcp6_frame({}, kFin | kAck), 90),
        tcp6_frame(headers, kAck, payload(33)), tcp6_frame({}, kRst)}) {
    const Fate fate = rig.send(frame);
    ASSERT_EQ(fate.kind, Fate::transmitted);
    const std::string to = "02:00:00:00:02:0" + std::to_string(fate.server());
    EXPECT_EQ(fate.frame, redirected(frame, to, "02:00:00:00:01:00")) << hex(fate.frame);
  }
}

/// A datagram of a few octets is too short for the quick parser, and the fields of a position keep what an
/// IPv4 packet left there.
TEST(ForwarderIpv6, AConnectionIsTheSameForShortDatagramsBehindIpv4) {
  ForwarderRig rig;
  const Fate opened = rig.send(udp6_frame(FrameFields6{.destination_port = 53}, payload(100)));
  ASSERT_EQ(opened.kind, Fate::transmitted);
  ASSERT_EQ(rig.send(tcp_frame({}, kSyn)).kind, Fate::transmitted);
  const Fate followed = rig.send(udp6_frame(FrameFields6{.destination_port = 53}, payload(4)));
  ASSERT_EQ(followed.kind, Fate::transmitted);
  EXPECT_EQ(followed.server(), opened.server());
  EXPECT_EQ(rig.counters.ipv6_table.inserted.read(), 1u);
}

TEST(ForwarderIpv6, AnEstablishedFlowKeepsItsServerWhateverTheSchedulerSaysNow) {
  for (const SnapshotRecipe& recipe : {SnapshotRecipe{}, round_robin()}) {
    ForwarderRig rig(1024, recipe);
    std::map<uint16_t, uint32_t> servers;
    for (uint16_t flow = 0; flow < 60; ++flow) servers[flow] = rig.tcp6(flow, kSyn);
    rig.recipe.maglev = {2};
    if (!rig.recipe.turns.empty()) rig.recipe.turns = {2};
    rig.apply();
    for (int second = 0; second < 20; ++second, rig.now += 7) {
      for (uint16_t flow = 0; flow < 60; ++flow) ASSERT_EQ(rig.tcp6(flow, kAck), servers[flow]);
    }
  }
}

TEST(ForwarderIpv6, FollowsAConnectionThroughItsStates) {
  ForwarderRig rig;
  const auto expect_after = [&](uint8_t flags, ConnectionState state) {
    rig.tcp6(1, flags);
    ASSERT_TRUE(rig.entry6(1));
    EXPECT_EQ(rig.entry6(1).value.state(), state) << "after flags " << int{flags};
    EXPECT_EQ(rig.entry6(1).value.seen(), rig.now);
    ++rig.now;
  };
  expect_after(kSyn, syn_recv);
  expect_after(kAck, established);
  expect_after(kSyn, established);
  expect_after(kFin | kAck, fin_wait);
  expect_after(kAck, fin_wait);
  expect_after(kRst, close);
}

TEST(ForwarderIpv6, GoesByTheMaglevTableWithMh) {
  ForwarderRig rig;
  std::set<uint32_t> servers;
  for (uint16_t flow = 0; flow < 60; ++flow) {
    EXPECT_EQ(rig.tcp6(flow, kSyn), rig.maglev_server6(flow));
    servers.insert(rig.maglev_server6(flow));
  }
  EXPECT_EQ(servers.size(), 3u);
}

TEST(ForwarderIpv6, TheMaglevTableKnowsEveryPartOfAClient) {
  ForwarderRig rig;
  rig.recipe.maglev.clear();
  for (uint32_t i = 0; i < 16; ++i) rig.recipe.maglev.push_back(i % 3);
  rig.apply();
  for (const char* form : {"2001:db8:c::%x", "2001:db8:%x::7", "2001:db8:c:%x::7", "%x:db8::7"}) {
    std::map<uint32_t, int> shares;
    for (unsigned i = 1; i <= 300; ++i) {
      char source[64];
      std::snprintf(source, sizeof source, form, 0x1000 + i);
      FrameFields6 fields;
      fields.source = source;
      ++shares[rig.send(tcp6_frame(fields, kSyn)).server()];
    }
    for (uint32_t server = 0; server < 3; ++server) EXPECT_GT(shares[server], 60) << form << " " << server;
  }
}

TEST(ForwarderIpv6, TakesTurnsExactly) {
  ForwarderRig rig(4096, round_robin());
  std::map<uint32_t, int> tcp, udp;
  for (uint16_t flow = 0; flow < 300; ++flow) {
    ++tcp[rig.tcp6(flow, kSyn)];
    rig.tcp6(flow, kAck);  // takes none
    ++udp[rig.udp6(flow)];
  }
  const std::map<uint32_t, int> expected{{0, 100}, {1, 100}, {2, 100}};
  EXPECT_EQ(tcp, expected);
  EXPECT_EQ(udp, expected);
}

TEST(ForwarderIpv6, TakesWeightedTurnsExactly) {
  SnapshotRecipe recipe;
  recipe.turns = {0, 1, 0, 2, 0, 1};
  ForwarderRig rig(4096, recipe);
  std::map<uint32_t, int> tcp;
  for (uint16_t flow = 0; flow < 600; ++flow) ++tcp[rig.tcp6(flow, kSyn)];
  EXPECT_EQ(tcp, (std::map<uint32_t, int>{{0, 300}, {1, 200}, {2, 100}}));
}

TEST(ForwarderIpv6, KeepsTheFamiliesConnectionsApart) {
  ForwarderRig rig(1024, round_robin());
  for (uint16_t flow = 0; flow < 20; ++flow) {
    rig.tcp(flow, kSyn);
    rig.tcp6(flow, kSyn);
    rig.udp6(flow);
  }
  EXPECT_EQ(rig.table.live(), 20u);
  EXPECT_EQ(rig.wide_table.live(), 40u);
  EXPECT_EQ(rig.counters.ipv4_table.inserted.read(), 20u);
  EXPECT_EQ(rig.counters.ipv6_table.inserted.read(), 40u);
}

TEST(ForwarderIpv6, ServesBothFamiliesInOneBurstEachInTheOrderItCame) {
  ForwarderRig rig(1024, round_robin());
  std::vector<Bytes> frames;
  for (uint16_t i = 0; i < kBurst; ++i) {
    const uint8_t flags = i < 8 ? kSyn : kAck;
    const Bytes data = payload(i);
    frames.push_back(i % 2 == 0 ? ForwarderRig::tcp_of(i % 4, flags, data)
                                : ForwarderRig::tcp6_of(i % 4, flags, data));
  }
  std::map<size_t, std::set<uint32_t>> servers;
  const std::vector<Fate> fates = rig.burst(frames);
  for (size_t i = 0; i < fates.size(); ++i) {
    ASSERT_EQ(fates[i].kind, Fate::transmitted);
    servers[i % 4].insert(fates[i].server());
  }
  for (size_t flow = 0; flow < 4; ++flow) EXPECT_EQ(servers[flow].size(), 1u) << "flow " << flow;
  std::map<size_t, size_t> last;  // length of the last packet of each flow that left
  for (const Bytes& frame : rig.left(0)) {
    const bool is6 = frame[12] == 0x86;
    const size_t flow = frame[is6 ? kTransport6At + 1 : kTransportAt + 1] + (is6 ? 1000u : 0u);
    EXPECT_GE(frame.size(), last[flow]) << "a flow's packets changed their order";
    last[flow] = frame.size();
  }
  EXPECT_EQ(last.size(), 4u);
  EXPECT_EQ(rig.table.live() + rig.wide_table.live(), 4u);
}

TEST(ForwarderIpv6, FindsEachPacketsServiceWhateverStandsBesideIt) {
  ForwarderRig rig(1024, round_robin());
  FrameFields unserved;
  unserved.destination_port = 81;
  const ArpFields who_has{1, "02:00:00:00:00:c1", "192.0.2.1", kNoMac, "192.0.2.100"};
  std::vector<Bytes> frames;
  std::vector<Fate::Kind> expected;
  const auto add = [&](Bytes frame, Fate::Kind fate) {
    frames.push_back(std::move(frame));
    expected.push_back(fate);
  };
  for (uint16_t round = 0; round < 4; ++round) {
    add(ForwarderRig::tcp_of(round, kSyn), Fate::transmitted);
    add(tcp_frame(unserved, kSyn), Fate::dropped);
    add(arp_frame(kBroadcastMac, who_has), Fate::punted);
    add(ForwarderRig::tcp6_of(round, kSyn), Fate::transmitted);
    add(ForwarderRig::tcp6_of(round, kAck), Fate::transmitted);
    add(tagged(ForwarderRig::tcp_of(round, kAck), 7), Fate::dropped);
    add(ForwarderRig::tcp_of(round, kAck), Fate::transmitted);
    add(ForwarderRig::tcp_of(round, kFin), Fate::transmitted);
  }
  const std::vector<Fate> fates = rig.burst(frames);
  for (size_t i = 0; i < fates.size(); ++i) {
    EXPECT_EQ(fates[i].kind, expected[i]) << "packet " << i;
    EXPECT_EQ(fates[i].lanes, 1u) << "packet " << i;
  }
  for (size_t round = 0; round < 4; ++round) {
    EXPECT_EQ(fates[round * 8].server(), fates[round * 8 + 6].server());
    EXPECT_EQ(fates[round * 8].server(), fates[round * 8 + 7].server());
    EXPECT_EQ(fates[round * 8 + 3].server(), fates[round * 8 + 4].server());
  }
}

TEST(ForwarderIpv6, AFlowWhoseEntryExpiredIsANewOne) {
  ForwarderRig rig(1024, round_robin());
  const uint32_t first = rig.tcp6(1, kSyn);
  rig.now += 61;
  EXPECT_EQ(rig.tcp6(1, kSyn), (first + 1) % 3);
  EXPECT_EQ(rig.counters.ipv6_table.expired.read(), 1u);
  EXPECT_EQ(rig.counters.ipv4_table.expired.read(), 0u);
}

TEST(ForwarderIpv6, AServerThatWasRemovedLosesItsConnectionsToTheOthers) {
  ForwarderRig rig(1024, round_robin());
  std::map<uint16_t, uint32_t> before;
  for (uint16_t flow = 0; flow < 30; ++flow) before[flow] = rig.tcp6(flow, kSyn);
  rig.recipe.servers[1] = {0, false};
  rig.recipe.turns = {0, 2};
  rig.recipe.maglev = {0, 2};
  rig.apply();
  for (uint16_t flow = 0; flow < 30; ++flow) {
    const uint32_t after = rig.tcp6(flow, kAck);
    EXPECT_NE(after, 1u);
    EXPECT_TRUE(before[flow] == 1 || after == before[flow]) << "flow " << flow << " had no reason to move";
    EXPECT_EQ(rig.tcp6(flow, kAck), after) << "and stays where it was moved";
  }
}

TEST(ForwarderIpv6, EvictsSynsWhenItsTableIsFull) {
  SnapshotRecipe recipe;
  recipe.maglev = {0};
  ForwarderRig rig(8, recipe);
  for (uint16_t flow = 0; flow < 20; ++flow) rig.tcp6(flow, kSyn);
  EXPECT_EQ(rig.counters.ipv6_table.inserted.read(), 20u);
  EXPECT_EQ(rig.counters.ipv6_table.evicted.read(), 12u);
  EXPECT_EQ(rig.counters.server(0).inactive.read(), 8u);
}

TEST(ForwarderIpv6, ForwardsFlowsThatFindNoRoomByTheMaglevTable) {
  for (const SnapshotRecipe& recipe : {SnapshotRecipe{}, round_robin()}) {
    ForwarderRig rig(8, recipe);
    rig.fill_with_udp6();
    const uint64_t before = rig.counters.ipv6_table.stateless.read();
    for (uint16_t flow = 0; flow < 50; ++flow) {
      for (const uint8_t flags : {kSyn, kAck, kAck, uint8_t{kFin | kAck}})
        EXPECT_EQ(rig.tcp6(flow, flags), rig.maglev_server6(flow)) << "flow " << flow;
      EXPECT_FALSE(rig.entry6(flow));
    }
    EXPECT_EQ(rig.counters.ipv6_table.stateless.read() - before, 200u);
  }
}

TEST(ForwarderIpv6, AFlowThatBeganWithoutAnEntryStaysWhereItIsWhenThereIsRoom) {
  ForwarderRig rig(8, round_robin());
  rig.fill_with_udp6();
  std::map<uint16_t, uint32_t> servers;
  for (uint16_t flow = 0; flow < 6; ++flow) servers[flow] = rig.tcp6(flow, kSyn);
  rig.now += 301;
  rig.sweep();
  ASSERT_EQ(rig.wide_table.live(), 0u);
  for (uint16_t flow = 0; flow < 6; ++flow) {
    EXPECT_EQ(rig.tcp6(flow, kAck), servers[flow]);
    EXPECT_TRUE(rig.entry6(flow)) << "and has an entry now";
  }
}

TEST(ForwarderIpv6, AFullTableOfOneFamilyLeavesTheOthersTurnsAlone) {
  const std::map<uint32_t, int> even{{0, 10}, {1, 10}, {2, 10}};
  {
    ForwarderRig rig(64, round_robin());
    rig.fill_with_udp6();
    rig.tcp6(0, kSyn);
    std::map<uint32_t, int> shares;
    for (uint16_t flow = 0; flow < 30; ++flow) ++shares[rig.tcp(flow, kSyn)];
    EXPECT_EQ(shares, even) << "IPv4's";
  }
  ForwarderRig rig(64, round_robin());
  rig.fill_with_udp();
  rig.tcp(0, kSyn);
  std::map<uint32_t, int> shares;
  for (uint16_t flow = 0; flow < 30; ++flow) ++shares[rig.tcp6(flow, kSyn)];
  EXPECT_EQ(shares, even) << "IPv6's";
}

TEST(ForwarderIpv6, DropsWhatIsNotForAServiceForTheMostLikelyReason) {
  ForwarderRig rig;
  const auto reason = [&](const Bytes& frame) { return rig.send(frame).reason; };
  const auto to = [](const char* address, uint16_t port) {
    FrameFields6 fields;
    fields.destination = address;
    fields.destination_port = port;
    return fields;
  };
  EXPECT_EQ(reason(tcp6_frame(to("2001:db8::100", 81), kSyn)), DropReason::no_service);
  EXPECT_EQ(reason(udp6_frame(to("2001:db8::100", 80))), DropReason::no_service) << "another protocol's port";
  EXPECT_EQ(reason(tcp6_frame(to("2001:db8::77", 80), kSyn)), DropReason::not_our_address);
  EXPECT_EQ(reason(tcp6_frame(to("2001:db8:1::100", 80), kSyn)), DropReason::not_our_address);
  EXPECT_EQ(reason(tcp6_frame(to("2001:db8::2", 22), kSyn)), DropReason::own_address_unserved);
  EXPECT_EQ(reason(ip6_frame(to("2001:db8::100", 0), 47, payload(8))), DropReason::unsupported_protocol);
  EXPECT_EQ(reason(icmp6_frame(to("2001:db8::100", 0), 129, 0, payload(8))), DropReason::icmp_unsupported);
  EXPECT_EQ(reason(icmp6_frame(to("2001:db8::77", 0), 128, 0, payload(8))), DropReason::not_our_address);
  EXPECT_EQ(rig.send(tcp6_frame({}, kSyn), RTE_MBUF_F_RX_IP_CKSUM_BAD).kind, Fate::transmitted)
      << "IPv6 has no header checksum, whatever the NIC says";
}

TEST(ForwarderIpv6, PuntsNeighborDiscoveryAndPingsToItsAddresses) {
  ForwarderRig rig;
  FrameFields6 own;
  own.destination = "2001:db8::2";
  EXPECT_EQ(rig.send(icmp6_frame(own, 128, 0, payload(8))).punt, PuntKind::icmp_echo);
  EXPECT_EQ(rig.send(icmp6_frame({}, 128, 0, payload(8))).punt, PuntKind::icmp_echo);
  FrameFields6 neighbor;
  neighbor.to_mac = "33:33:ff:00:01:00";
  neighbor.destination = "ff02::1:ff00:100";
  neighbor.hop_limit = 255;
  const Fate fate = rig.send(icmp6_frame(neighbor, 135, 0, payload(20)));
  EXPECT_EQ(fate.kind, Fate::punted);
  EXPECT_EQ(fate.punt, PuntKind::ndp);
}

TEST(ForwarderIpv6, BooksBalanceAfterEveryBurstOfBothFamilies) {
  std::mt19937 random(4);
  ForwarderRig rig(64, round_robin());
  constexpr std::array<uint8_t, 6> kFlags{kSyn, kSyn, kAck, kAck, kFin | kAck, kRst};
  for (unsigned round = 0; round < 3000; ++round) {
    std::vector<Bytes> frames(random() % (kBurst + 1));
    for (Bytes& frame : frames) {
      const auto flow = static_cast<uint16_t>(random() % 100);
      const uint8_t flags = kFlags[random() % kFlags.size()];
      if (random() % 16 == 0)
        frame = random() % 2 ? ForwarderRig::udp_of(flow) : ForwarderRig::udp6_of(flow);
      else
        frame = random() % 4 ? ForwarderRig::tcp6_of(flow, flags) : ForwarderRig::tcp_of(flow, flags);
    }
    rig.burst(frames);
    if (random() % 4 == 0) rig.now += static_cast<Tick>(random() % 60);
    if (random() % 8 == 0) rig.sweep();
    std::array<uint64_t, 3> active{}, inactive{};
    const auto add = [&](const auto&, ConnectionValue value) {
      if (value.live()) ++(is_active(value.state()) ? active : inactive)[value.server()];
    };
    rig.table.for_each_slot(add);
    rig.wide_table.for_each_slot(add);
    for (uint32_t slot = 0; slot < 3; ++slot) {
      ASSERT_EQ(rig.counters.server(slot).active.read(), active[slot]) << "round " << round;
      ASSERT_EQ(rig.counters.server(slot).inactive.read(), inactive[slot]) << "round " << round;
    }
    const TableCounters& counts = rig.counters.ipv6_table;
    ASSERT_EQ(counts.inserted.read() - counts.expired.read() - counts.evicted.read(), rig.wide_table.live());
  }
  EXPECT_GT(rig.counters.ipv6_table.evicted.read(), 0u);
  EXPECT_GT(rig.counters.ipv6_table.expired.read(), 0u);
  EXPECT_GT(rig.counters.ipv6_table.stateless.read(), 0u);
}

}  // namespace
}  // namespace turnout::forwarder_ipv6_test
