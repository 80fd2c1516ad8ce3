// What the health of servers makes of a snapshot.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "control/snapshot_builder.h"
#include "test/support/test_config.h"

namespace turnout::snapshot_standing_test {
namespace {

struct StandingOfServers : testing::Test {
  Config config = config_with({service(web(), {11, 12, 13})});
  Registry registry;
  std::map<uint32_t, Standing> standings;
  SnapshotBuilder builder{{{mac("02:00:00:00:01:00"), false}}, [this](uint32_t slot) {
                            const auto found = standings.find(slot);
                            return found == standings.end() ? Standing() : found->second;
                          }};

  StandingOfServers() { registry.update(config, 1); }
  uint32_t slot(int server) const {
    return registry.service(web()).servers.at(ip("192.0.2." + std::to_string(server))).slot;
  }
  std::unique_ptr<const Snapshot> build() {
    registry.update(config, 1);
    return builder.build(
        config, registry, [](size_t, const IpAddress&) { return mac("02:00:00:00:02:01"); }, 1);
  }
  const Service& web_service(const Snapshot& snapshot) const {
    return snapshot.services[registry.service(web()).index];
  }
  size_t places(const Snapshot& snapshot, int server) const {
    const Service& service = web_service(snapshot);
    return static_cast<size_t>(
        std::count(service.maglev, service.maglev + service.maglev_size, slot(server)));
  }
  size_t turns(const Snapshot& snapshot, int server) const {
    const Service& service = web_service(snapshot);
    return static_cast<size_t>(
        std::count(service.sequence, service.sequence + service.sequence_size, slot(server)));
  }
};

TEST_F(StandingOfServers, OneThatIsDownGetsNoConnectionsAndKeepsNone) {
  standings[slot(12)] = {.up = false};
  const auto snapshot = build();
  EXPECT_EQ(places(*snapshot, 12), 0u);
  EXPECT_GT(places(*snapshot, 11), 100u);
  EXPECT_FALSE(snapshot->servers[slot(12)].usable());
  EXPECT_TRUE(snapshot->servers[slot(11)].usable());
}

TEST_F(StandingOfServers, ItKeepsWhatItHasIfTheServiceSaysSo) {
  config.services[0].on_down = OnDown::keep;
  standings[slot(12)] = {.up = false};
  const auto snapshot = build();
  EXPECT_EQ(places(*snapshot, 12), 0u);
  EXPECT_TRUE(snapshot->servers[slot(12)].usable());
}

TEST_F(StandingOfServers, WithNoneUpPacketsAreDroppedByThatName) {
  for (const int server : {11, 12, 13}) standings[slot(server)] = {.up = false};
  const auto snapshot = build();
  EXPECT_EQ(web_service(*snapshot).maglev_size, 0u);
  EXPECT_EQ(web_service(*snapshot).unavailable, DropReason::no_server_up);
}

TEST_F(StandingOfServers, TheFallbackServesWhileNoOtherIsUp) {
  config.services[0].real_servers[2].fallback = true;
  EXPECT_EQ(places(*build(), 13), 0u);
  standings[slot(11)] = standings[slot(12)] = {.up = false};
  const auto snapshot = build();
  EXPECT_EQ(places(*snapshot, 13), config.services[0].maglev_table_size);
  standings[slot(13)] = {.up = false};
  EXPECT_EQ(web_service(*build()).unavailable, DropReason::no_server_up);
}

TEST_F(StandingOfServers, TheFallbackServesWhileAllOthersDrain) {
  config.services[0].real_servers[2].fallback = true;
  config.services[0].real_servers[0].weight = config.services[0].real_servers[1].weight = 0;
  EXPECT_GT(places(*build(), 13), 0u);
}

TEST_F(StandingOfServers, ASlowStartIsAPartOfTheWeight) {
  for (const auto scheduler : {SchedulerKind::rr, SchedulerKind::wrr}) {
    config.services[0].scheduler = scheduler;
    standings[slot(12)] = {.up = true, .share = 4};
    const auto snapshot = build();
    EXPECT_EQ(turns(*snapshot, 11), 4 * turns(*snapshot, 12));
    standings.clear();
    const auto whole = build();
    EXPECT_EQ(turns(*whole, 11), 1u);
    EXPECT_EQ(turns(*whole, 12), 1u);
  }
  config.services[0].scheduler = SchedulerKind::mh;
  standings[slot(12)] = {.up = true, .share = 4};
  const auto snapshot = build();
  EXPECT_NEAR(static_cast<double>(places(*snapshot, 11)), 4.0 * static_cast<double>(places(*snapshot, 12)),
              8);
}

TEST_F(StandingOfServers, ASlowStartUnderLargeWeightsIsCoarserThanItMightBe) {
  config.services[0].scheduler = SchedulerKind::wrr;
  config.services[0].real_servers[0].weight = 65535;
  config.services[0].real_servers[1].weight = 65534;
  config.services[0].real_servers[2].weight = 1;
  standings[slot(12)] = {.up = true, .share = 8};
  const auto snapshot = build();
  EXPECT_EQ(turns(*snapshot, 11), 65535u);
  EXPECT_EQ(turns(*snapshot, 12), 32767u);
  EXPECT_EQ(turns(*snapshot, 13), 1u);
}

}  // namespace
}  // namespace turnout::snapshot_standing_test
