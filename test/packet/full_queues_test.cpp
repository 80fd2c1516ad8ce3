// When somebody downstream takes no more: what does not fit is dropped and counted, and once there is room
// all goes on.
#include "test/packet/stories.h"

namespace turnout {
namespace {

constexpr unsigned kPuntRoom = 4095;  // of Wire's ring

void send_many(Rig& rig, unsigned first, unsigned count, Bytes (*make_frame)(unsigned)) {
  for (unsigned client = first; client < first + count; ++client) {
    rig.put(kFront, make_frame(client));
    if (client % kBurst == kBurst - 1) rig.poll_all();
  }
  rig.poll_all();
}

Bytes who_has_vip(unsigned asker) {
  const std::string ip = "192.0.2." + std::to_string(asker % 40 + 10);
  return arp_frame(kBroadcastMac, {.sender_mac = kRouterMac, .sender_ip = ip, .target_ip = kWeb});
}

TEST(FullQueues, AnEgressQueueThatTakesNoMore) {
  Rig rig(config_with(service(kWeb, server(11)) + "," + service(kNames, server(12), "mh", true)));
  rig.settle();
  constexpr unsigned kTooMany = 77;
  send_many(rig, 0, TestPorts::kQueueRoom + kTooMany, query_of);
  EXPECT_EQ(rig.drops(DropReason::transmit_full), kTooMany);
  EXPECT_EQ(rig.totals().transmitted(), TestPorts::kQueueRoom);

  const std::vector<Sent> sent = rig.take();
  ASSERT_EQ(sent.size(), size_t{TestPorts::kQueueRoom});
  for (unsigned client = 0; client < sent.size(); ++client) {
    ASSERT_EQ(sent[client], at_server(query_of(client), server_mac(12))) << "in the order they came";
  }
  EXPECT_EQ(rig.pass(kFront, syn_of(1)).size(), 1u) << "there is room again";
  EXPECT_EQ(rig.drops(DropReason::transmit_full), kTooMany);
}

TEST(FullQueues, APuntQueueThatTakesNoMoreHoldsNobodyElseUp) {
  Rig rig(config_with(service(kWeb, server(11))));
  rig.settle();
  // The punt limiter, whose time is the processor's own, lets a fifth of a second's flood fill the queue.
  constexpr unsigned kTooMany = 100, kLongEnough = 100'000;
  for (unsigned rounds = 0; rig.drops(DropReason::punt_full) < kTooMany && rounds < kLongEnough; ++rounds)
    send_many(rig, 0, kBurst, who_has_vip);
  EXPECT_EQ(rig.punts(PuntKind::arp), kPuntRoom);
  EXPECT_GE(rig.drops(DropReason::punt_full), kTooMany);
  EXPECT_EQ(rig.pass(kFront, syn_of(1)), std::vector{at_server(syn_of(1), server_mac(11))});

  unsigned answered = 0;
  for (std::vector<Sent> sent = rig.answers(); !sent.empty(); sent = rig.answers()) {
    answered += static_cast<unsigned>(sent.size());
  }
  EXPECT_EQ(answered, kPuntRoom);
  EXPECT_TRUE(rig.pass(kFront, who_has_vip(1)).empty());
  EXPECT_EQ(rig.answers().size(), 1u) << "there is room again";
}

TEST(FullQueues, AnAnswerOfControlsThatDoesNotFitIsLostAndCounted) {
  const std::string one_armed = R"({ "vip": "192.0.2.100", "protocol": "tcp", "port": 80,
    "real_servers": [ { "address": "192.0.2.21", "mac": "02:00:00:00:00:21" } ] })";
  Rig rig(config_with(one_armed));
  rig.settle();
  send_many(rig, 0, TestPorts::kQueueRoom, data_of);
  const uint64_t originated = rig.totals().originated;
  rig.put(kFront, who_has_vip(1));
  rig.poll();
  rig.tick();
  rig.poll();
  EXPECT_EQ(rig.totals().originated_lost, 1u);
  EXPECT_EQ(rig.totals().originated, originated);

  EXPECT_EQ(rig.take().size(), size_t{TestPorts::kQueueRoom});
  EXPECT_TRUE(rig.pass(kFront, who_has_vip(1)).empty());
  EXPECT_EQ(rig.answers().size(), 1u);
  EXPECT_EQ(rig.totals().originated, originated + 1);
}

}  // namespace
}  // namespace turnout
