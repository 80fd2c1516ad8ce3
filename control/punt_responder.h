// Decides what the director answers to the frames that workers hand up: ARP requests, neighbour solicitations
// and pings for addresses it holds, and packets that it won't forward. Sends nothing itself and reads no
// clock. Driven by the control thread alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "control/address.h"
#include "control/address_claim.h"
#include "control/arp.h"
#include "control/ndp.h"
#include "control/token_bucket.h"

namespace turnout {

/// A VIP or one of the director's own addresses.
struct LocalAddress {
  IpAddress ip;
  uint32_t port_mask = 0;  // bit p set: who asks where it is, is answered on port p
  bool is_vip = false;
  bool is_on(size_t port) const;
};

/// Answers a second, and at once: a flood must not keep the control thread from its work.
struct PuntLimits {
  uint32_t arp_rate = 10000;
  uint32_t arp_burst = 10000;
  uint32_t ndp_rate = 10000;
  uint32_t ndp_burst = 10000;
  uint32_t icmp_rate = 1000;
  uint32_t icmp_burst = 1000;
  uint32_t error_rate = 1000;  // of refusals, and of "too big": each (RFC 4443 2.4(f))
  uint32_t error_burst = 100;
};

class PuntResponder {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back

  struct Answer {
    std::vector<uint8_t> frame;  // to be sent on the port that the question came from
  };

  struct NeighborVerdict {
    /// None if it is no sound frame, a probe (which claims nothing yet), or the director's own.
    std::optional<AddressClaim> claim;
    std::optional<Answer> answer;
    bool is_answer = false;              // ARP reply or neighbour advertisement, not the director's own
    bool claims_our_address = false;     // another host says that it has an address held on this port
    std::optional<IpAddress> asked_for;  // an address held on this port that a host looks for
  };

  struct Counters {
    uint64_t arp_answered = 0;
    uint64_t arp_over_limit = 0;  // left unanswered by the limit
    uint64_t ndp_answered = 0;
    uint64_t ndp_over_limit = 0;
    uint64_t icmp_answered = 0;
    uint64_t icmp_over_limit = 0;
    uint64_t refused = 0;
    uint64_t refused_over_limit = 0;
    uint64_t denied = 0;  // told so
    uint64_t denied_over_limit = 0;
    uint64_t too_big_answered = 0;
    uint64_t too_big_over_limit = 0;
  };

  explicit PuntResponder(PuntLimits limits = {});

  /// Exactly these are held from now on. The masks of an address that is given twice are joined.
  void set_addresses(const std::vector<LocalAddress>& addresses);
  void set_port_mac(size_t port, const MacAddress& mac);

  /// Requests (RFC 5227 probes too) for an address held on this port are answered with this port's MAC. Not
  /// answered: frames for another station; announcements (RFC 5227), which claim and ask nothing.
  NeighborVerdict on_arp(size_t port, std::span<const uint8_t> frame, Time now);

  /// Solicitations (RFC 4862 probes too) by the same rule. Advertisements are learnt from.
  NeighborVerdict on_ndp(size_t port, std::span<const uint8_t> frame, Time now);

  /// Echo requests of both families to an address held on any port, link-local ones on this port, if they
  /// came to this port's MAC.
  std::optional<Answer> on_icmp(size_t port, std::span<const uint8_t> frame, Time now);

  /// A packet that no service has, to a VIP that says so.
  std::optional<Answer> on_unmatched(size_t port, std::span<const uint8_t> frame, Time now);
  std::optional<Answer> on_filtered(size_t port, std::span<const uint8_t> frame, Time now);

  /// A packet longer than `mtu`; `from`: an address of the director's own on this port, of the packet's
  /// family.
  std::optional<Answer> on_too_big(size_t port, std::span<const uint8_t> frame, const IpAddress& from,
                                   uint16_t mtu, Time now);

  const Counters& counters() const { return counters_; }
  bool holds(const IpAddress& ip) const { return held_.contains(ip); }

 private:
  struct Echo {
    MacAddress destination_mac;
    IpAddress from;
    IpAddress to;
  };
  bool holds_on(size_t port, const IpAddress& ip) const;
  bool holds_here(size_t port, const IpAddress& ip) const;
  const MacAddress* mac_of(size_t port) const;
  bool is_own(const MacAddress& mac) const;
  bool is_port(size_t port, const MacAddress& mac) const;
  std::optional<IpAddress> held_target(size_t port, const ArpPacket& packet) const;
  std::optional<Answer> answer_arp(size_t port, std::span<const uint8_t> frame, const ArpPacket& packet,
                                   Time now);
  NeighborVerdict on_solicitation(size_t port, const NeighborSolicitation& asked, Time now);
  NeighborVerdict on_advertisement(size_t port, const NeighborAdvertisement& told) const;
  bool may_answer(size_t port, const Echo& echo, Time now);

  std::map<IpAddress, LocalAddress> held_;
  std::vector<std::optional<MacAddress>> port_macs_;  // by port
  TokenBucket arp_limit_;
  TokenBucket ndp_limit_;
  TokenBucket icmp_limit_;
  TokenBucket refusal_limit_;
  TokenBucket denied_limit_;
  TokenBucket too_big_limit_;
  Counters counters_;
};

}  // namespace turnout
