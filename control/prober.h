// Health checks that take their time: those that the control thread hands to an io_context and hears of
// later. Control thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "control/address.h"
#include "control/config.h"

namespace turnout {

/// What kind of failure it is: with what else is known of the server, it points to a cause.
enum class ProbeShape : uint8_t {
  other,        // an answer, but not as it should be
  unreachable,  // no answer, and none to ARP or Neighbor Discovery either
  silent,       // no answer
  refused,      // RST in answer to the SYN
  closed,       // ICMP: nothing listens there
  passed_on,    // not taken, but sent on to where another server or a router answered
  not_begun     // for want of room on the director: it says nothing of the server
};

/// What one check found.
struct ProbeResult {
  bool passed = false;
  std::string reason = {};  // in words: "RST: nothing listens on the VIP"
  std::string hint =
      {};  // which of the usual causes that points to, and what shows or mends it; may be empty
  ProbeShape shape = ProbeShape::other;
  std::optional<MacAddress> from = std::nullopt;  // the MAC address that answers came from, if it is known
};

/// Whom to check, and by which way.
struct ProbeTarget {
  ServiceKey service;
  IpAddress server;
  size_t port = 0;   // index of the port it is reached by
  IpAddress source;  // the director's own address on it, of the VIP's family
  MacAddress mac;    // the real server's
};

class Prober {
 public:
  using Done = std::function<void(ProbeResult)>;
  virtual ~Prober() = default;

  /// Checks once. `done` is called exactly once, after start() has returned, at the latest when
  /// `health.timeout` is over. What is needed of `health` later is copied.
  virtual void start(const ProbeTarget& target, const HealthConfig& health, Done done) = 0;

  /// An IP packet for the director itself, in an Ethernet frame. True if it was an answer to one of these
  /// checks.
  virtual bool on_frame(size_t port, std::span<const uint8_t> frame) = 0;
};

}  // namespace turnout
