// Announces addresses on their ports, each three times: by gratuitous ARP or unsolicited neighbour
// advertisement. Reads no clock. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "control/address.h"

namespace turnout {

/// Says to all on a LAN that `address` is at `our_mac`: by gratuitous ARP or unsolicited neighbour
/// advertisement.
std::vector<uint8_t> make_announcement(const MacAddress& our_mac, const IpAddress& address);

class Announcer {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back
  using Send = std::function<void(size_t port, std::span<const uint8_t> frame)>;
  using IsHeld = std::function<bool(const IpAddress& address)>;

  Announcer(std::vector<MacAddress> port_macs, Send send)
      : port_macs_(std::move(port_macs)), send_(std::move(send)) {}

  /// An address that appeared on a port is announced from the next advance() on.
  void announce(size_t port, const IpAddress& address, Time now);
  /// Those of a port that are not through yet: a port that came up has all of its addresses announced anew.
  void forget(size_t port);

  /// Sends what is due, but for addresses that are held no longer.
  void advance(Time now, const IsHeld& is_held);

 private:
  struct Announcement {
    Time due;
    size_t port;
    IpAddress address;
    unsigned left;  // how often still
  };

  std::vector<MacAddress> port_macs_;
  Send send_;
  std::deque<Announcement> announcements_;  // by due time
};

}  // namespace turnout
