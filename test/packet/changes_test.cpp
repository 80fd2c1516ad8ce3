// What a change of the configuration does to the packets between which it comes: those it concerns follow it
// at once, and the others don't notice.
#include <algorithm>

#include "test/packet/stories.h"

namespace turnout {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kClients = 200;

std::string three_servers() {
  return server(11) + "," + server(12) + "," + server(13);
}
std::string web(const std::string& servers = three_servers(), const std::string& scheduler = "mh") {
  return service(kWeb, servers, scheduler);
}
std::string names() {
  return service(kNames, server(14), "mh", true);
}

class Changes : public testing::Test {
 protected:
  /// kClients connections to the web service, established.
  void connect(Rig& rig) {
    established_ = place(rig, 0, kClients, syn_of);
    EXPECT_EQ(place(rig, 0, kClients, data_of), established_);
    EXPECT_FALSE(shares(established_).contains("")) << "not all were forwarded";
  }
  void expect_unharmed(Rig& rig) { EXPECT_EQ(place(rig, 0, kClients, data_of), established_); }

  Placement established_;
};

TEST_F(Changes, AServiceComesAndGoes) {
  Rig rig(config_with(web()));
  connect(rig);
  EXPECT_TRUE(rig.pass(kFront, query_of(1)).empty());
  EXPECT_EQ(rig.drops(DropReason::not_our_address), 1u);

  rig.apply(config_with(web() + "," + names()));
  EXPECT_EQ(rig.pass(kFront, query_of(1)), std::vector{at_server(query_of(1), server_mac(14))});
  expect_unharmed(rig);

  rig.apply(config_with(web()));
  EXPECT_TRUE(rig.pass(kFront, query_of(1)).empty());
  EXPECT_EQ(rig.drops(DropReason::not_our_address), 2u);
  expect_unharmed(rig);
}

TEST_F(Changes, TheNextBurstFollowsIt) {
  Rig rig(config_with(names()));
  for (unsigned client = 0; client < 2 * kBurst; ++client) rig.put(kFront, query_of(client));
  rig.poll();
  EXPECT_EQ(rig.totals().transmitted(), kBurst);
  rig.apply(config_with(""));
  rig.poll();
  EXPECT_EQ(rig.totals().transmitted(), kBurst);
  EXPECT_EQ(rig.drops(DropReason::not_our_address), kBurst);
}

TEST_F(Changes, ANewVipIsAnnouncedAndAnswersArp) {
  Rig rig(config_with(web()));
  rig.settle();
  rig.apply(config_with(web() + "," + names()));
  const ArpFields announcement{.sender_mac = kFrontMac, .sender_ip = kNames, .target_ip = kNames};
  EXPECT_EQ(rig.answers(), (std::vector<Sent>{{kFront, arp_frame(kBroadcastMac, announcement)}}));

  const Bytes who_has =
      arp_frame(kBroadcastMac, {.sender_mac = kRouterMac, .sender_ip = "192.0.2.1", .target_ip = kNames});
  EXPECT_TRUE(rig.pass(kFront, who_has).empty());
  EXPECT_EQ(rig.answers().size(), 1u);
  rig.apply(config_with(web()));
  EXPECT_TRUE(rig.pass(kFront, who_has).empty());
  EXPECT_TRUE(rig.answers().empty()) << "a VIP that was removed still answers";
  rig.tick(1s);
  EXPECT_TRUE(rig.answers().empty()) << "a VIP that was removed is still announced";
}

TEST_F(Changes, OnlyTheConnectionsOfARemovedServerMove) {
  Rig rig(config_with(web()));
  connect(rig);
  rig.apply(config_with(web(server(11) + "," + server(13))));
  const Placement now = place(rig, 0, kClients, data_of);
  for (const auto& [client, mac] : now) {
    if (established_[client] == server_mac(12)) {
      EXPECT_TRUE(mac == server_mac(11) || mac == server_mac(13)) << "client " << client << ": " << mac;
    } else {
      EXPECT_EQ(mac, established_[client]) << "client " << client;
    }
  }
  EXPECT_EQ(place(rig, 0, kClients, data_of), now) << "those that moved must stay where they are";
}

TEST_F(Changes, AnAddedServerGetsNewConnectionsOnly) {
  Rig rig(config_with(web()));
  connect(rig);
  rig.apply(config_with(web(three_servers() + "," + server(14))));
  expect_unharmed(rig);
  EXPECT_GT(shares(place(rig, kClients, 2 * kClients, syn_of))[server_mac(14)], 0u);
}

TEST_F(Changes, ADrainingServerKeepsItsConnectionsAndGetsNoNewOnes) {
  Rig rig(config_with(web()));
  connect(rig);
  ASSERT_GT(shares(established_)[server_mac(12)], 0u);
  rig.apply(config_with(web(server(11) + "," + server(12, 0) + "," + server(13))));
  expect_unharmed(rig);
  const std::map<std::string, unsigned> now = shares(place(rig, kClients, 2 * kClients, syn_of));
  EXPECT_FALSE(now.contains(server_mac(12)));
  EXPECT_EQ(now.size(), 2u);

  rig.apply(config_with(web()));
  expect_unharmed(rig);
  EXPECT_GT(shares(place(rig, 2 * kClients, 3 * kClients, syn_of))[server_mac(12)], 0u)
      << "it is no longer draining";
}

TEST_F(Changes, WhenAllDrainTheLastConnectionsGoOn) {
  Rig rig(config_with(web()));
  connect(rig);
  rig.apply(config_with(web(server(11, 0) + "," + server(12, 0) + "," + server(13, 0))));
  expect_unharmed(rig);
  EXPECT_TRUE(rig.pass(kFront, syn_of(kClients)).empty());
  EXPECT_EQ(rig.drops(DropReason::no_server), 1u);
}

TEST_F(Changes, AnotherSchedulerLeavesConnectionsAlone) {
  Rig rig(config_with(web()));
  connect(rig);
  rig.apply(config_with(web(three_servers(), "rr")));
  expect_unharmed(rig);
}

TEST_F(Changes, AServiceThatComesBackWithOtherServersKnowsNothingOfTheOldOnes) {
  Rig rig(config_with(web()));
  connect(rig);
  for (int round = 0; round < 20; ++round) {  // numbers that were given up are handed out again
    rig.apply(config_with(""));
    rig.poll();
    rig.tick(10ms);
    rig.answers();  // announcements
    rig.apply(config_with(web(server(14))));
    EXPECT_EQ(shares(place(rig, 0, kClients, data_of)),
              (std::map<std::string, unsigned>{{server_mac(14), kClients}}));
    rig.apply(config_with(web(server(15))));
    EXPECT_EQ(shares(place(rig, 0, kClients, data_of)),
              (std::map<std::string, unsigned>{{server_mac(15), kClients}}));
  }
}

TEST_F(Changes, AConfigurationThatIsRefusedChangesNothing) {
  Rig rig(config_with(web()));
  connect(rig);
  const uint64_t generation = rig.director().generation();
  Config wrong = config_with("");
  wrong.services.push_back(config_with(web()).services.front());
  wrong.services.push_back(wrong.services.front());  // twice the same
  EXPECT_THROW(rig.apply(wrong), ConfigRefused);
  Config needs_restart = config_with("");
  needs_restart.ports.front().device = "net_pcap9";
  EXPECT_THROW(rig.apply(needs_restart), ConfigRefused);
  EXPECT_EQ(rig.director().generation(), generation);
  expect_unharmed(rig);
}

TEST_F(Changes, RoundRobinGivesEachTheSameNumberAndWeightsCount) {
  Rig rig(config_with(web(three_servers(), "rr")));
  EXPECT_EQ(
      shares(place(rig, 0, 60, syn_of)),
      (std::map<std::string, unsigned>{{server_mac(11), 20}, {server_mac(12), 20}, {server_mac(13), 20}}));
  rig.apply(config_with(web(server(11, 1) + "," + server(12, 2) + "," + server(13, 3), "wrr")));
  EXPECT_EQ(
      shares(place(rig, 60, 120, syn_of)),
      (std::map<std::string, unsigned>{{server_mac(11), 10}, {server_mac(12), 20}, {server_mac(13), 30}}));
}

}  // namespace
}  // namespace turnout
