#include "dataplane/next_hops.h"

#include <gtest/gtest.h>

#include "dataplane/per_server.h"
#include "test/support/forwarder_rig.h"

namespace turnout::next_hops_test {

RealServer make_server(uint8_t mac, uint16_t tag) {
  RealServer server;
  server.macs.fill(mac);
  server.tag = tag;
  return server;
}

struct Rig {
  PerServer<NextHop> memory;
  NextHops hops{memory.first()};
  Snapshot snapshot;

  explicit Rig(size_t servers) { snapshot.servers.resize(servers, make_server(1, 1)); }
  void change() {
    ++snapshot.generation;
    hops.follow(snapshot);
  }
  NextHop& hop(uint32_t slot) { return memory.first()[slot]; }
  /// What its stamp has that those of servers which are there and up have not: nothing but a generation then.
  uint32_t tag(uint32_t slot) { return hop(slot).stamp ^ hops.view().epoch(); }
  bool is_current(uint32_t slot) { return hops.view().is_current(hop(slot)); }
};

TEST(NextHops, AreCopiedWhenTheyAreAskedForAndOnlyThen) {
  Rig rig(3);
  rig.snapshot.servers[1] = make_server(7, 5);
  rig.hops.follow(rig.snapshot);
  EXPECT_FALSE(rig.is_current(1));
  EXPECT_EQ(rig.hops.view().current(1, rig.snapshot).macs, rig.snapshot.servers[1].macs);
  EXPECT_EQ(rig.tag(1), 5u);
  EXPECT_FALSE(rig.is_current(0));
  EXPECT_FALSE(rig.is_current(2));
}

TEST(NextHops, AreOutOfDateWithEachSnapshotAndWithNothingElse) {
  Rig rig(1);
  rig.hops.follow(rig.snapshot);
  rig.hops.view().renew(0, rig.snapshot);
  rig.hops.follow(rig.snapshot);
  EXPECT_TRUE(rig.is_current(0)) << "the same snapshot";
  rig.snapshot.servers[0] = make_server(9, 1);
  rig.change();
  EXPECT_FALSE(rig.is_current(0));
  EXPECT_GT(rig.tag(0), ConnectionValue::kGenerationMask) << "no connection has that";
  EXPECT_EQ(rig.hops.view().current(0, rig.snapshot).macs[0], 9);
}

TEST(NextHops, KeepTheirCountsWhenTheyAreCopiedAgain) {
  Rig rig(1);
  rig.hops.follow(rig.snapshot);
  rig.hops.view().current(0, rig.snapshot).traffic.packets.add(3);
  rig.change();
  EXPECT_EQ(rig.hops.view().current(0, rig.snapshot).traffic.packets.read(), 3u);
}

TEST(NextHops, OfAServerThatCantBeUsedAreNoConnections) {
  Rig rig(1);
  for (const uint16_t generation : {uint16_t{0}, uint16_t{1}, uint16_t{ConnectionValue::kGenerationMask}}) {
    rig.snapshot.servers[0].tag = static_cast<uint16_t>(generation | RealServer::kUnusable);
    rig.change();
    rig.hops.view().renew(0, rig.snapshot);
    EXPECT_TRUE(rig.is_current(0));
    EXPECT_GT(rig.tag(0), ConnectionValue::kGenerationMask);
    rig.snapshot.servers[0].tag = generation;
    rig.change();
    rig.hops.view().renew(0, rig.snapshot);
    EXPECT_EQ(rig.tag(0), generation);
  }
}

TEST(NextHops, OfASlotThatTheSnapshotHasNotAreNotTouched) {
  Rig rig(2);
  rig.hops.follow(rig.snapshot);
  rig.hops.view().renew(1, rig.snapshot);
  rig.snapshot.servers.resize(1);
  rig.change();
  rig.hops.view().renew(1, rig.snapshot);
  rig.hops.view().renew(kMaxServers - 1, rig.snapshot);
  EXPECT_FALSE(rig.is_current(1));
  EXPECT_FALSE(rig.is_current(kMaxServers - 1));
  EXPECT_EQ(rig.hop(kMaxServers - 1).stamp, 0u);
}

/// How often a snapshot has to be replaced until stamps repeat themselves.
uint32_t snapshots_until_a_stamp_comes_again() {
  Rig rig(1);
  rig.hops.follow(rig.snapshot);
  rig.hops.view().renew(0, rig.snapshot);
  const uint32_t stamp = rig.hop(0).stamp;
  for (uint32_t changes = 1; changes < 1u << 24; ++changes) {
    rig.change();
    if (rig.hops.view().current(0, rig.snapshot).stamp == stamp) return changes;
  }
  return 0;
}

TEST(NextHops, AreForgottenBeforeTheirStampComesAgain) {
  const uint32_t round = snapshots_until_a_stamp_comes_again();
  ASSERT_GT(round, 1000u);
  Rig rig(kMaxServers);
  rig.hops.follow(rig.snapshot);
  for (uint32_t slot = 0; slot < kMaxServers; ++slot) rig.hops.view().renew(slot, rig.snapshot);
  rig.snapshot.servers.resize(1);  // whoever is beyond is not copied again, but may come back
  for (uint32_t changes = 0; changes < round; ++changes) rig.change();
  uint32_t current = 0;
  for (uint32_t slot = 0; slot < kMaxServers; ++slot) current += rig.is_current(slot);
  EXPECT_EQ(current, 0u) << "copies of " << round << " snapshots ago";
}

// As packets see it.

template <typename Change>
void change(ForwarderRig& rig, Change&& change) {
  change(rig.snapshot.servers);
  ++rig.snapshot.generation;
}

TEST(NextHopsOfAForwarder, AConnectionFollowsItsServersMacAddress) {
  SnapshotRecipe recipe;
  recipe.maglev = {1};
  ForwarderRig rig(1024, recipe);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(rig.tcp(0, i == 0 ? kSyn : kAck), 1u);
    ASSERT_EQ(rig.tcp6(0, i == 0 ? kSyn : kAck), 1u);
  }
  change(rig, [](auto& servers) { servers[1].macs[5] = 0x77; });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(rig.tcp(0, kAck), 0x77u);
    EXPECT_EQ(rig.tcp6(0, kAck), 0x77u);
  }
  EXPECT_EQ(rig.counters.traffic(1).packets.read(), 12u);
}

TEST(NextHopsOfAForwarder, NewConnectionsHaveTheNewAddressToo) {
  SnapshotRecipe recipe;
  recipe.maglev = {1};
  ForwarderRig rig(1024, recipe);
  rig.tcp(0, kSyn);
  change(rig, [](auto& servers) { servers[1].macs[5] = 0x77; });
  EXPECT_EQ(rig.tcp(1, kSyn), 0x77u);
  EXPECT_EQ(rig.udp(2), 0x77u);
}

TEST(NextHopsOfAForwarder, ASlotThatIsGoneAndCameBackIsItsNewServers) {
  SnapshotRecipe recipe;
  recipe.maglev = {2};
  ForwarderRig rig(1024, recipe);
  for (int i = 0; i < 2; ++i) ASSERT_EQ(rig.tcp(0, kAck), 2u);
  change(rig, [](auto& servers) { servers.resize(2); });
  rig.recipe.maglev = {0};
  rig.recipe.servers.resize(2);
  rig.apply();
  EXPECT_EQ(rig.tcp(0, kAck), 0u);
  rig.recipe.maglev = {2};
  rig.recipe.servers.resize(3, {.generation = 2});
  rig.apply();
  EXPECT_EQ(rig.tcp(0, kAck), 0u) << "the connection has another server now";
  EXPECT_EQ(rig.tcp(1, kSyn), 2u);
}

}  // namespace turnout::next_hops_test
