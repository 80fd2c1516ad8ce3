// A driver that hands over, or takes, no more than 32 packets at once: a worker asks it again.
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include <algorithm>
#include <deque>

#include "test/packet/stories.h"

namespace turnout {
namespace {

constexpr uint16_t kMost = 32;
static_assert(kMost < kBurst);

/// As long as it lives, the driver of a port hands over no more at once than kMost.
class ShortReceive {
 public:
  explicit ShortReceive(size_t port)
      : device_(TestPorts::instance().queues().receive[port].device),
        hook_(rte_eth_add_rx_callback(device_, 0, hand_over, this)) {}
  ~ShortReceive() {
    rte_eth_remove_rx_callback(device_, 0, hook_);
    rte_free(const_cast<rte_eth_rxtx_callback*>(hook_));
  }
  ShortReceive(const ShortReceive&) = delete;
  ShortReceive& operator=(const ShortReceive&) = delete;

 private:
  static uint16_t hand_over(uint16_t, uint16_t, rte_mbuf** packets, uint16_t count, uint16_t room,
                            void* self) {
    std::deque<rte_mbuf*>& waiting = static_cast<ShortReceive*>(self)->waiting_;
    waiting.insert(waiting.end(), packets, packets + count);
    const size_t now = std::min<size_t>({waiting.size(), room, kMost});
    std::copy_n(waiting.begin(), now, packets);
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(now));
    return static_cast<uint16_t>(now);
  }

  uint16_t device_;
  const rte_eth_rxtx_callback* hook_;
  std::deque<rte_mbuf*> waiting_;
};

/// The same of what it takes.
class ShortTransmit {
 public:
  explicit ShortTransmit(size_t port)
      : device_(TestPorts::instance().queues().transmit[port].device),
        hook_(rte_eth_add_tx_callback(device_, 0, take, nullptr)) {}
  ~ShortTransmit() {
    rte_eth_remove_tx_callback(device_, 0, hook_);
    rte_free(const_cast<rte_eth_rxtx_callback*>(hook_));
  }
  ShortTransmit(const ShortTransmit&) = delete;
  ShortTransmit& operator=(const ShortTransmit&) = delete;

 private:
  static uint16_t take(uint16_t, uint16_t, rte_mbuf**, uint16_t count, void*) {
    return std::min(count, kMost);
  }

  uint16_t device_;
  const rte_eth_rxtx_callback* hook_;
};

const std::string& dns_service() {
  static const std::string json = service(kNames, server(12), "mh", true);
  return json;
}

void put_queries(Rig& rig, unsigned count) {
  for (unsigned client = 0; client < count; ++client) rig.put(kFront, query_of(client));
}

TEST(DriverLimits, ABurstIsFullThatTheDriverHandedOverInTwoParts) {
  Rig rig(config_with(dns_service()));
  rig.settle();
  const ShortReceive limit(kFront);
  const WorkerCounters& counters = rig.statistics().worker(0);
  const uint64_t bursts = counters.bursts.read(), full = counters.full_bursts.read();
  put_queries(rig, kBurst);
  rig.poll();
  EXPECT_EQ(counters.bursts.read() - bursts, 1u);
  EXPECT_EQ(counters.full_bursts.read() - full, 1u);
  const std::vector<Sent> sent = rig.take();
  ASSERT_EQ(sent.size(), kBurst);
  for (unsigned client = 0; client < sent.size(); ++client)
    ASSERT_EQ(sent[client], at_server(query_of(client), server_mac(12))) << "in the order they came";
}

TEST(DriverLimits, OneThatHasJustSoManyIsAskedOnceMoreAndHasNoMore) {
  Rig rig(config_with(dns_service()));
  rig.settle();
  const WorkerCounters& counters = rig.statistics().worker(0);
  const uint64_t bursts = counters.bursts.read();
  put_queries(rig, kMost);
  rig.poll();
  EXPECT_EQ(rig.take().size(), size_t{kMost});
  EXPECT_EQ(counters.bursts.read() - bursts, 1u);
  EXPECT_EQ(counters.full_bursts.read(), 0u);
}

TEST(DriverLimits, AllOfABurstIsSentThatTheDriverTakesInTwoParts) {
  Rig rig(config_with(dns_service()));
  rig.settle();
  const ShortTransmit limit(kBack);
  put_queries(rig, kBurst);
  rig.poll();
  const std::vector<Sent> sent = rig.take();
  ASSERT_EQ(sent.size(), kBurst);
  for (unsigned client = 0; client < sent.size(); ++client)
    ASSERT_EQ(sent[client], at_server(query_of(client), server_mac(12))) << "in the order they came";
  EXPECT_EQ(rig.drops(DropReason::transmit_full), 0u);
}

TEST(DriverLimits, WhatDoesNotFitIsDroppedWhateverTheDriverTakesAtOnce) {
  Rig rig(config_with(dns_service()));
  rig.settle();
  const ShortTransmit limit(kBack);
  constexpr unsigned kTooMany = 77, kAll = TestPorts::kQueueRoom + kTooMany, kAtOnce = kBurst;
  for (unsigned before = 0; before < kAll; before += kAtOnce) {
    put_queries(rig, std::min(kAtOnce, kAll - before));
    rig.poll();
  }
  EXPECT_EQ(rig.drops(DropReason::transmit_full), kTooMany);
  EXPECT_EQ(rig.take().size(), size_t{TestPorts::kQueueRoom});
}

}  // namespace
}  // namespace turnout
