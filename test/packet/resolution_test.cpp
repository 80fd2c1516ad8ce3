// How the director comes to know where its real servers are, and what becomes of packets until then.
#include <algorithm>

#include "test/packet/stories.h"

namespace turnout {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kServer = 11, kOther = 12;

Config unresolved(const std::string& more = "") {
  return config_with(service(kWeb, server(kServer, 1, false) + more));
}

/// As the director has to ask for it.
Sent who_has(unsigned number) {
  return {kBack,
          arp_frame(kBroadcastMac,
                    {.sender_mac = kBackMac, .sender_ip = "198.51.100.2", .target_ip = server_ip(number)})};
}
Bytes is_at(unsigned number, const std::string& mac) {
  return arp_frame(kBackMac, {.operation = 2,
                              .sender_mac = mac,
                              .sender_ip = server_ip(number),
                              .target_mac = kBackMac,
                              .target_ip = "198.51.100.2"});
}
Bytes announces_itself(unsigned number, const std::string& mac) {
  return arp_frame(kBroadcastMac,
                   {.sender_mac = mac, .sender_ip = server_ip(number), .target_ip = server_ip(number)});
}

/// An ARP frame reaches the director, which keeps quiet and acts on it.
void tell(Rig& rig, const Bytes& frame) {
  EXPECT_TRUE(rig.pass(kBack, frame).empty());
  EXPECT_TRUE(rig.answers().empty());
}

/// As the director has to ask one MAC alone.
Sent are_you_there(unsigned number, const std::string& mac) {
  return {
      kBack,
      arp_frame(mac, {.sender_mac = kBackMac, .sender_ip = "198.51.100.2", .target_ip = server_ip(number)})};
}

/// Until the director, which gets no answer, has just asked and will not again for some seconds.
void wait_for_back_off(Rig& rig) {
  for (auto waited = 0ms; waited < 15s; waited += 100ms) {
    rig.tick(100ms);
    rig.poll();
  }
  rig.take();
  for (auto waited = 0ms; waited < 6s; waited += 100ms) {
    rig.tick(100ms);
    rig.poll();
    if (rig.take() == std::vector{who_has(kServer)}) return;
  }
  ADD_FAILURE() << "the director does not ask any more";
}

TEST(Resolution, APacketForAnUnresolvedServerIsDroppedAndTheServerAskedForAtOnce) {
  Rig rig(unresolved());
  wait_for_back_off(rig);
  rig.tick(1100ms);
  rig.poll();
  EXPECT_TRUE(rig.take().empty()) << "it was not its time to ask";
  EXPECT_TRUE(rig.pass(kFront, syn_of(1)).empty());
  EXPECT_EQ(rig.drops(DropReason::no_server_resolved), 1u);
  EXPECT_EQ(rig.answers(), std::vector{who_has(kServer)});
}

TEST(Resolution, TheFirstPacketAfterTheReplyIsForwarded) {
  Rig rig(unresolved());
  rig.settle();
  EXPECT_TRUE(rig.pass(kFront, syn_of(1)).empty());
  tell(rig, is_at(kServer, server_mac(kServer)));
  EXPECT_EQ(rig.pass(kFront, syn_of(1)), std::vector{at_server(syn_of(1), server_mac(kServer))});
  EXPECT_EQ(rig.drops(DropReason::no_server_resolved), 1u);
}

TEST(Resolution, AServerThatAnnouncesItselfIsAskedAtOnce) {
  Rig rig(unresolved());
  wait_for_back_off(rig);
  rig.tick(1100ms);
  EXPECT_TRUE(rig.pass(kBack, announces_itself(kServer, server_mac(kServer))).empty());
  EXPECT_EQ(rig.answers(), std::vector{who_has(kServer)});
  EXPECT_TRUE(rig.pass(kFront, syn_of(1)).empty()) << "anybody can announce anything";
  tell(rig, is_at(kServer, server_mac(kServer)));
  EXPECT_EQ(rig.pass(kFront, syn_of(1)), std::vector{at_server(syn_of(1), server_mac(kServer))});
}

TEST(Resolution, AReplyOnTheWrongPortResolvesNothing) {
  Rig rig(unresolved());
  rig.settle();
  EXPECT_TRUE(rig.pass(kFront, announces_itself(kServer, server_mac(kServer))).empty());
  EXPECT_TRUE(rig.answers().empty());
  EXPECT_TRUE(rig.pass(kFront, syn_of(1)).empty());
  EXPECT_EQ(rig.drops(DropReason::no_server_resolved), 1u);
}

TEST(Resolution, AServerThatMovesToAnotherMacKeepsItsConnections) {
  Rig rig(unresolved());
  rig.settle();
  tell(rig, is_at(kServer, server_mac(kServer)));
  EXPECT_EQ(rig.pass(kFront, syn_of(1)), std::vector{at_server(syn_of(1), server_mac(kServer))});
  const std::string replacement = "02:00:00:00:aa:11";
  EXPECT_TRUE(rig.pass(kBack, announces_itself(kServer, replacement)).empty());
  EXPECT_EQ(rig.answers(),
            (std::vector{are_you_there(kServer, server_mac(kServer)), are_you_there(kServer, replacement)}));
  tell(rig, is_at(kServer, replacement));
  EXPECT_EQ(rig.pass(kFront, data_of(1)), std::vector{at_server(data_of(1), server_mac(kServer))})
      << "the old one may answer yet";
  for (auto waited = 0ms; waited < 600ms; waited += 50ms) rig.tick(50ms);
  rig.poll();
  rig.take();
  EXPECT_EQ(rig.pass(kFront, data_of(1)), std::vector{at_server(data_of(1), replacement)});
  EXPECT_EQ(rig.pass(kFront, syn_of(2)), std::vector{at_server(syn_of(2), replacement)});
  EXPECT_EQ(rig.statistics().ipv4_table().inserted, 2u)
      << "the first connection must not have been opened again";
}

TEST(Resolution, AServerThatAnswersKeepsItsPacketsWhoeverElseClaimsItsAddress) {
  Rig rig(unresolved());
  rig.settle();
  tell(rig, is_at(kServer, server_mac(kServer)));
  for (int i = 0; i < 200; ++i) {
    rig.pass(kBack, announces_itself(kServer, "02:00:00:00:aa:11"));
    for (const Sent& sent : rig.answers()) {
      if (sent == are_you_there(kServer, server_mac(kServer)))
        rig.pass(kBack, is_at(kServer, server_mac(kServer)));
    }
    rig.answers();
    EXPECT_EQ(rig.pass(kFront, data_of(1)), std::vector{at_server(data_of(1), server_mac(kServer))});
    rig.tick(50ms);
  }
}

TEST(Resolution, AFixedMacIsNotOverruled) {
  Rig rig(config_with(service(kWeb, server(kServer))));
  rig.settle();
  tell(rig, announces_itself(kServer, "02:00:00:00:aa:11"));
  tell(rig, is_at(kServer, "02:00:00:00:aa:11"));
  rig.tick(600ms);
  EXPECT_EQ(rig.pass(kFront, syn_of(1)), std::vector{at_server(syn_of(1), server_mac(kServer))});
}

TEST(Resolution, AServerThatFallsSilentKeepsItsLastKnownMac) {
  Rig rig(unresolved());
  rig.settle();
  tell(rig, is_at(kServer, server_mac(kServer)));
  for (auto waited = 0s; waited < 120s; ++waited) {
    rig.tick(1s);
    rig.poll();
  }
  EXPECT_FALSE(rig.take().empty()) << "it is asked for";
  EXPECT_EQ(rig.pass(kFront, syn_of(1)), std::vector{at_server(syn_of(1), server_mac(kServer))});
}

TEST(Resolution, UntilAllAreResolvedThoseThatAreGetAll) {
  Rig rig(unresolved("," + server(kOther, 1, false)));
  rig.settle();
  tell(rig, is_at(kOther, server_mac(kOther)));
  const Placement early = place(rig, 0, 50, syn_of);
  EXPECT_EQ(shares(early), (std::map<std::string, unsigned>{{server_mac(kOther), 50}}));

  tell(rig, is_at(kServer, server_mac(kServer)));
  EXPECT_EQ(place(rig, 0, 50, data_of), early) << "a connection must not move";
  const std::map<std::string, unsigned> later = shares(place(rig, 50, 150, syn_of));
  EXPECT_EQ(later.size(), 2u);
  EXPECT_FALSE(later.contains(""));
  EXPECT_EQ(rig.totals().dropped(), 0u);
}

TEST(Resolution, JustStartedNoFlowGoesElsewhereOnlyBecauseItsServerHasNotAnsweredYet) {
  Placement settled;
  {
    Rig before(config_with(service(kWeb, server(kServer) + "," + server(kOther))));
    settled = place(before, 0, 100, data_of);
  }
  Rig rig(unresolved("," + server(kOther)));
  for (const auto& [client, mac] : place(rig, 0, 100, data_of)) {
    EXPECT_EQ(mac, settled[client] == server_mac(kOther) ? server_mac(kOther) : "") << "client " << client;
  }
  EXPECT_EQ(rig.drops(DropReason::no_server_resolved), shares(settled)[server_mac(kServer)]);
  rig.settle();  // now it has had its time
  EXPECT_EQ(shares(place(rig, 0, 100, data_of)),
            (std::map<std::string, unsigned>{{server_mac(kOther), 100}}));
}

TEST(Resolution, AtStartEachAddressIsAnnouncedThreeTimesOnItsPort) {
  Rig rig(config_with(service(kWeb, server(kServer)) + "," + service("203.0.113.100", server(kServer))));
  std::vector<Sent> all;
  for (auto waited = 0s; waited < 6s; ++waited) {
    rig.tick(1s);
    rig.poll();
    const std::vector<Sent> sent = rig.take();
    all.insert(all.end(), sent.begin(), sent.end());
  }
  size_t expected = 0;
  const auto expect_announced = [&](const std::string& address, size_t port) {
    const Sent frame{
        port,
        arp_frame(kBroadcastMac, {.sender_mac = port_mac(port), .sender_ip = address, .target_ip = address})};
    EXPECT_EQ(std::count(all.begin(), all.end(), frame), 3) << address << " on port " << port;
    expected += 3;
  };
  expect_announced("192.0.2.2", kFront);
  expect_announced("198.51.100.2", kBack);
  expect_announced(kWeb, kFront);
  expect_announced("203.0.113.100", kFront);
  expect_announced("203.0.113.100", kBack);
  EXPECT_EQ(all.size(), expected);
}

}  // namespace
}  // namespace turnout
