// Decides what the director answers to the frames that workers hand up: ARP requests and pings for addresses
// it holds. Sends nothing itself and reads no clock. Driven by the control thread alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "control/address.h"
#include "control/arp.h"
#include "control/token_bucket.h"

namespace turnout {

/// A VIP or one of the director's own addresses.
struct LocalAddress {
  rte_be32_t ip = 0;
  uint32_t port_mask = 0;  // bit p set: its ARP requests are answered on port p
};

/// Answers a second, and at once: a flood must not keep the control thread from its work.
struct PuntLimits {
  uint32_t arp_rate = 10000;
  uint32_t arp_burst = 10000;
  uint32_t icmp_rate = 1000;
  uint32_t icmp_burst = 1000;
};

class PuntResponder {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back

  struct Answer {
    std::vector<uint8_t> frame;  // to be sent on the port that the question came from
  };

  struct ArpVerdict {
    std::optional<ArpPacket>
        packet;  // for NeighborTable::learn; nothing if no sound ARP, or the director's own
    std::optional<Answer> answer;
    bool claims_our_address = false;  // another host says that it has an address held on this port
  };

  struct Counters {
    uint64_t arp_answered = 0;
    uint64_t arp_over_limit = 0;  // left unanswered by the limit
    uint64_t icmp_answered = 0;
    uint64_t icmp_over_limit = 0;
  };

  explicit PuntResponder(PuntLimits limits = {});

  /// Exactly these are held from now on. The masks of an address that is given twice are joined.
  void set_addresses(const std::vector<LocalAddress>& addresses);
  void set_port_mac(size_t port, const MacAddress& mac);

  /// Requests (RFC 5227 probes too) for an address held on this port are answered with this port's MAC. Not
  /// answered: frames for another station; announcements (RFC 5227), which claim and ask nothing.
  ArpVerdict on_arp(size_t port, std::span<const uint8_t> frame, Time now);

  /// Echo requests to an address held on any port, if they came to this port's MAC.
  std::optional<Answer> on_icmp(size_t port, std::span<const uint8_t> frame, Time now);

  const Counters& counters() const { return counters_; }
  bool holds(rte_be32_t ip) const { return port_masks_.contains(ip); }

 private:
  bool holds_on(size_t port, rte_be32_t ip) const;
  const MacAddress* mac_of(size_t port) const;
  bool is_own(const MacAddress& mac) const;
  std::optional<Answer> answer_arp(size_t port, std::span<const uint8_t> frame, const ArpPacket& packet,
                                   Time now);

  std::unordered_map<rte_be32_t, uint32_t> port_masks_;  // by address held
  std::vector<std::optional<MacAddress>> port_macs_;     // by port
  TokenBucket arp_limit_;
  TokenBucket icmp_limit_;
  Counters counters_;
};

/// Gratuitous ARP for all addresses answered on a port: for when a VIP appears or a port comes up.
std::vector<ArpFrame> make_announcements(std::span<const LocalAddress> addresses, size_t port,
                                         const MacAddress& port_mac);

}  // namespace turnout
