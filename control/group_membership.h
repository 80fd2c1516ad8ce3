// The multicast groups that the director listens to, as it tells switches that snoop (RFC 4541 3): the
// solicited-node groups of all IPv6 addresses it holds, or no solicitation for them would reach it. Reads no
// clock. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "control/address.h"

namespace turnout {

class GroupMembership {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back
  using Send = std::function<void(size_t port, std::span<const uint8_t> frame)>;

  GroupMembership(const std::vector<MacAddress>& port_macs, Send send);

  /// Exactly these are held on a port from now on; IPv4 ones have no groups here. New groups are joined,
  /// which is reported twice, a second apart (RFC 3810 6.1 with a robustness of 2). That a group is left is
  /// not said: nobody is sent what nobody asks for, and its time runs out.
  void hold(size_t port, const std::vector<IpAddress>& addresses, Time now);
  /// All groups are joined again: the switch may be another.
  void port_came_up(size_t port, Time now);
  /// A sound query came in. It is answered with all groups at the next advance(), but not within a second of
  /// the last answer.
  void on_query(size_t port);

  /// Sends what is due.
  void advance(Time now);

 private:
  using Groups = std::set<IpAddress>;
  struct Joining {
    Time due;
    Groups groups;
    unsigned left;  // how often still
  };
  struct Port {
    MacAddress mac;
    Groups groups;
    std::vector<Joining> joining;
    bool asked = false;
    std::optional<Time> answered;  // last
  };

  void advance(size_t number, Port& port, Time now);
  void report(size_t number, const Port& port, const Groups& groups, bool joining);

  Send send_;
  std::vector<Port> ports_;
};

}  // namespace turnout
