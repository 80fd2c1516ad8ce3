// A million frames, most of them broken in some way: each ends in exactly one place, and what is forwarded is
// what came in. The rig checks its books after every pass, and its packet buffers at the end.
#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>

#include "test/packet/rows.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"

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
    switch (below(10)) {
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
      case 6:
        change_fragment(product.frame);
        break;
      case 7:
        change_tag(product.frame);
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
  void change_flow(Bytes& frame) {  // the client's address and port, so that the connection tables fill up
    const bool is6 = frame.size() > kIpAt && frame[12] == 0x86;
    const size_t client = is6 ? kIpAt + 22 : kIpAt + 14, port = is6 ? kTransport6At : kTransportAt;
    if (frame.size() < port + 2) return;
    for (const size_t at : {client, client + 1, port, port + 1}) frame[at] = octet();
  }
  void change_fragment(Bytes& frame) {  // id, flags and offset, mostly small
    if (frame.size() < kTransport6At + 8) return;
    if (frame[12] == 0x86) {
      frame[kIpAt + 6] = 44;
      frame[kTransport6At] = below(4) == 0 ? 6 : 17;
      frame[kTransport6At + 2] = 0;
      frame[kTransport6At + 3] = static_cast<uint8_t>(below(4) << 3 | below(2));
      frame[kTransport6At + 7] = static_cast<uint8_t>(below(32));
    } else {
      frame[kIpAt + 5] = static_cast<uint8_t>(below(32));
      frame[kIpAt + 6] = below(2) == 0 ? 0x20 : 0;
      frame[kIpAt + 7] = static_cast<uint8_t>(below(4));
    }
  }
  void change_tag(Bytes& frame) {
    if (frame.size() < kMacs) return;
    frame = tagged(std::move(frame), static_cast<uint16_t>(below(2) == 0 ? below(8) << 13 : random_()));
    if (below(8) == 0) frame = tagged(std::move(frame), 0);
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

/// Without a tag that tells a priority only: no port here has a VLAN.
Bytes untagged(Bytes frame) {
  const bool has_tag = frame.size() >= kMacs + 4 && frame[12] == 0x81 && frame[13] == 0x00;
  if (has_tag && (frame[14] & 0x0F) == 0 && frame[15] == 0)
    frame.erase(frame.begin() + 12, frame.begin() + 16);
  return frame;
}

/// Every frame that left is one of those that came, none more often than it came.
class Forwarded {
 public:
  void check(const std::vector<Sent>& sent, std::vector<Bytes> put, const Rig& rig) {
    std::vector<std::string_view> came, left, late;
    for (Bytes& frame : put) {
      frame = untagged(std::move(frame));
      if (frame.size() >= kMacs) came.push_back(behind_macs(frame));
    }
    for (const Sent& one : sent) {
      check_macs(one, rig);
      left.push_back(behind_macs(one.frame));
    }
    std::sort(came.begin(), came.end());
    std::sort(left.begin(), left.end());
    std::set_difference(left.begin(), left.end(), came.begin(), came.end(), std::back_inserter(late));
    for (const std::string_view frame : late) {
      const auto waited = waiting_.find(std::string(frame));
      ASSERT_NE(waited, waiting_.end())
          << "a frame was changed or doubled:" << hex(Bytes(frame.begin(), frame.end()));
      waiting_.erase(waited);
      ++late_;
    }
    std::vector<std::string_view> stayed;
    std::set_difference(came.begin(), came.end(), left.begin(), left.end(), std::back_inserter(stayed));
    for (const std::string_view frame : stayed) {
      if (may_wait(frame)) waiting_.emplace(frame);
    }
    if (waiting_.size() > kMostWaiting) waiting_.clear();
  }
  uint64_t late() const { return late_; }

 private:
  static constexpr size_t kMostWaiting = 1'000'000;

  /// Behind the MAC addresses: is this, by its IP header, a later fragment?
  static bool may_wait(std::string_view frame) {
    const auto at = [&](size_t i) { return static_cast<uint8_t>(frame[i]); };
    if (frame.size() < 2 + 20) return false;
    if (at(0) == 0x08) return ((at(8) & 0x1F) | at(9)) != 0;
    return at(0) == 0x86 && frame.size() >= 2 + 40;
  }

  std::unordered_multiset<std::string> waiting_;  // fragments that did not leave when they came
  uint64_t late_ = 0;
};

bool is_of_limit(DropReason reason) {
  for (size_t i = 0; i < kLimits; ++i) {
    if (drop_reason_of(static_cast<Limit>(i)) == reason) return true;
  }
  return false;
}

/// Control acts on what was punted; what it sends is not looked at.
void let_control_act(Rig& rig) {
  rig.tick(1ms);
  while (rte_ring_count(rig.from_control()) > 0) rig.poll();
  rig.take();
}

TEST(Books, BalanceOverAMillionBrokenFrames) {
  RigOptions options = rows_options();
  options.ticks_per_second = 10;  // so that connections expire, and fragments have waited long enough
  Rig rig(rows_config(), options);
  rig.settle();
  Mutator mutator;
  Forwarded forwarded;
  for (unsigned done = 0; done < kFrames && !HasFatalFailure(); done += kBatch) {
    std::vector<Bytes> put;
    for (size_t i = 0; i < kBatch; ++i) {
      Mutator::Product product = mutator.next();
      rig.put(product.port, product.frame, product.how);
      put.push_back(std::move(product.frame));
    }
    rig.poll_all();
    forwarded.check(rig.take(), std::move(put), rig);
    let_control_act(rig);
  }
  const PacketTotals totals = rig.totals();
  EXPECT_GE(totals.received() + totals.held, kFrames);
  EXPECT_GT(totals.transmitted(), kFrames / 20) << "too few were good enough to be forwarded";
  const uint64_t limited = totals.drops[static_cast<size_t>(DropReason::punt_limited)];
  EXPECT_GT(totals.punted() + limited, kFrames / 20)
      << "how many of them may be punted depends on the time it takes";
  for (size_t i = 0; i < kDropReasons; ++i) {
    const auto reason = static_cast<DropReason>(i);
    if (reason == DropReason::punt_limited) continue;    // depends on how fast this goes
    if (reason == DropReason::no_server_up) continue;    // their health is not checked here
    if (reason == DropReason::no_server_free) continue;  // nor have they thresholds
    if (reason == DropReason::filtered || reason == DropReason::icmp_filtered) continue;  // nor filters
    if (is_of_limit(reason)) continue;  // nor have their services limits
    const bool is_for_want_of_room = reason == DropReason::transmit_full || reason == DropReason::punt_full ||
                                     reason == DropReason::spread_full || reason == DropReason::no_headroom;
    EXPECT_EQ(totals.drops[i] == 0, is_for_want_of_room) << name_of(reason) << ": " << totals.drops[i];
  }
  EXPECT_GT(forwarded.late(), kFrames / 10'000)
      << "hardly a fragment was followed by its first: how many are depends on the time it takes";
  EXPECT_GT(rig.statistics().ipv4_table().evicted, 0u) << "the connection table was never full";
  if (kFrames < 1'000'000) return;  // too few to fill the other
  EXPECT_GT(rig.statistics().ipv6_table().evicted, 0u) << "nor was IPv6's";
}

}  // namespace
}  // namespace turnout
