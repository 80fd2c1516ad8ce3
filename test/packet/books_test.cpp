// A million frames, most of them broken in some way: each ends in exactly one place, and what is forwarded is
// what came in. The rig checks its books after every pass, and its packet buffers at the end.
#include <algorithm>
#include <random>
#include <string_view>

#include "test/packet/rows.h"

namespace turnout {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr unsigned kFrames = 200'000;
#else
constexpr unsigned kFrames = 1'000'000;
#endif
constexpr size_t kBatch = 256;
constexpr size_t kMacs = 12;     // octets that Direct Routing writes
constexpr size_t kHeaders = 80;  // octets in which a change is likely to matter

/// The rows' frames, each with some of its octets, its length, its flow or its buffers changed. Always the
/// same ones.
class Mutator {
 public:
  struct Product {
    size_t port;
    Bytes frame;
    Arrival how;
  };

  Product next() {
    const Row& row = rows_[below(rows_.size())];
    Product product{row.port, row.frame, row.how};
    switch (below(8)) {
      case 0:
        break;  // as it is
      case 1:
        change_length(product.frame);
        break;
      case 2:
        make_noise(product.frame);
        break;
      case 3:
        product.port = 1 - product.port;
        break;
      case 4:
      case 5:
        change_flow(product.frame);
        break;
      default:
        change_octets(product.frame);
    }
    if (below(16) == 0) product.how.split_at = below(product.frame.size());
    if (below(16) == 0) product.how.offload_flags = random_();
    product.how.offload_flags &= kFlagsOfNics;
    if (product.how.split_at >= product.frame.size()) product.how.split_at = 0;
    return product;
  }

 private:
  // not those that say what kind of buffer it is
  static constexpr uint64_t kFlagsOfNics =
      RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK | RTE_MBUF_F_RX_RSS_HASH | RTE_MBUF_F_RX_VLAN;

  size_t below(size_t limit) { return random_() % limit; }
  uint8_t octet() { return static_cast<uint8_t>(random_()); }

  void change_octets(Bytes& frame) {
    for (size_t changes = below(4) + 1; changes > 0; --changes)
      frame[below(std::min(frame.size(), kHeaders))] = octet();
  }
  void change_length(Bytes& frame) { frame.resize(below(2 * frame.size()) + 1, octet()); }
  void make_noise(Bytes& frame) {  // for us or not
    for (size_t i = below(2) * kMacs; i < frame.size(); ++i) frame[i] = octet();
  }
  void change_flow(Bytes& frame) {  // the client's address and port, so that the connection table fills up
    if (frame.size() < kTransportAt + 2) return;
    frame[kIpAt + 14] = octet();
    frame[kIpAt + 15] = octet();
    frame[kTransportAt] = octet();
    frame[kTransportAt + 1] = octet();
  }

  std::vector<Row> rows_ = all_rows();
  std::mt19937_64 random_{20240229};
};

std::string_view behind_macs(const Bytes& frame) {
  return {reinterpret_cast<const char*>(frame.data()) + kMacs, frame.size() - kMacs};
}

/// Is this what a frame may look like that left by a port?
void check_macs(const Sent& sent, const Rig& rig) {
  const Bytes to(sent.frame.begin(), sent.frame.begin() + 6);
  const Bytes from(sent.frame.begin() + 6, sent.frame.begin() + kMacs);
  ASSERT_EQ(from, mac_bytes(port_mac(sent.port))) << hex(sent.frame);
  if (sent.port == kBack) {
    ASSERT_TRUE(to == mac_bytes(kWebMac) || to == mac_bytes(kNameMac)) << hex(sent.frame);
    return;
  }
  // the server without a fixed MAC address takes one from whoever says that it is it
  const auto learnt = rig.director().link().resolve(kFront, *parse_address("192.0.2.23"));
  ASSERT_TRUE(to == mac_bytes(kOneArmMac) || (learnt && to == mac_bytes(learnt->to_string())))
      << hex(sent.frame);
}

/// Every frame that left is one of those that came, none more often than it came.
void check_forwarded(const std::vector<Sent>& sent, const std::vector<Bytes>& put, const Rig& rig) {
  std::vector<std::string_view> came, left;
  for (const Bytes& frame : put) {
    if (frame.size() >= kMacs) came.push_back(behind_macs(frame));
  }
  for (const Sent& one : sent) {
    check_macs(one, rig);
    left.push_back(behind_macs(one.frame));
  }
  std::sort(came.begin(), came.end());
  std::sort(left.begin(), left.end());
  ASSERT_TRUE(std::includes(came.begin(), came.end(), left.begin(), left.end()))
      << "a frame was changed or doubled";
}

/// Control acts on what was punted; what it sends is not looked at.
void let_control_act(Rig& rig) {
  rig.tick(1ms);
  while (rte_ring_count(rig.from_control()) > 0) rig.poll();
  rig.take();
}

TEST(Books, BalanceOverAMillionBrokenFrames) {
  Rig rig(rows_config());
  rig.settle();
  Mutator mutator;
  for (unsigned done = 0; done < kFrames && !HasFatalFailure(); done += kBatch) {
    std::vector<Bytes> put;
    for (size_t i = 0; i < kBatch; ++i) {
      Mutator::Product product = mutator.next();
      rig.put(product.port, product.frame, product.how);
      put.push_back(std::move(product.frame));
    }
    rig.poll_all();
    check_forwarded(rig.take(), put, rig);
    let_control_act(rig);
  }
  const PacketTotals totals = rig.totals();
  EXPECT_GE(totals.received(), kFrames);
  EXPECT_GT(totals.transmitted(), kFrames / 20) << "too few were good enough to be forwarded";
  EXPECT_GT(totals.punted(), kFrames / 20);
  for (size_t i = 0; i < kDropReasons; ++i) {
    const auto reason = static_cast<DropReason>(i);
    const bool is_full_queue = reason == DropReason::transmit_full || reason == DropReason::punt_full;
    EXPECT_EQ(totals.drops[i] == 0, is_full_queue) << name_of(reason) << ": " << totals.drops[i];
  }
  EXPECT_GT(rig.statistics().ipv4_table().evicted, 0u) << "the connection table was never full";
}

}  // namespace
}  // namespace turnout
