// Watches who else says that it has a VIP, or an address of the director's own: asks for each VIP as if
// nobody had it (RFC 5227 2.1.1), hears every claim, takes the address back, and tells the operator whose
// machine it is and what mends it. Sends by a callback and reads no clock. Control thread only.
//
// Each VIP is asked for once per interval, spread over it. One that another machine answers for is asked for
// every kCloseLook. In IPv4 that is an ARP probe, which names no sender and so changes nobody's table. In
// IPv6 it is an ordinary solicitation from the director's own address: Linux answers that to the director
// alone, but one for duplicate address detection, which has no sender, to all nodes, and so would have the
// thief's MAC in every table. That form is for ports without an IPv6 address only; answers to it count as
// announcements.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "control/announcer.h"
#include "control/config.h"
#include "control/finding.h"
#include "control/log.h"
#include "control/mac_owners.h"
#include "control/punt_responder.h"
#include "control/vip_conflicts.h"
#include "control/vip_defence.h"

namespace turnout {

class VipWatch {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back

  static constexpr Time kCloseLook{1000};
  static constexpr unsigned kProbesAtOnce = 16;  // by a call of tick()

  struct Callbacks {
    Announcer::Send send;
    /// Where a solicitation for an IPv6 address is to come from; none: it can't come from anywhere.
    std::function<std::optional<IpAddress>(size_t port, const IpAddress& target)> source;
  };

  VipWatch(std::vector<MacAddress> port_macs, Callbacks callbacks);

  /// The addresses to watch over, and the ports' names for what is said of them.
  void watch(const VipWatchConfig& config, std::vector<std::string> port_names,
             const std::vector<LocalAddress>& addresses, Time now);

  /// Another machine claims an address that is held on this port.
  void heard(size_t port, const AddressClaim& claim, const MacOwners& owners, Time now);

  /// Somebody looks for an address that is held on this port.
  void asked_for(size_t port, const IpAddress& ip, Time now);

  /// To be called every few milliseconds.
  void tick(Time now);

  Findings findings(Time now) const;

  /// Those that last, and those that ended within the last hour; at most VipConflicts::kMost.
  const VipConflicts& conflicts() const { return conflicts_; }

 private:
  struct Target {
    size_t port;
    IpAddress vip;
  };

  bool probing() const { return config_.interval > Time::zero(); }
  void probe_in_turn(Time now);
  void look_closely(Time now);
  void probe(size_t port, const IpAddress& ip);
  void end_conflicts(Time now);
  void begin(VipConflict& conflict, Time now);
  void tell(VipConflict& conflict, bool is_new, Time now);
  const std::string& name_of(size_t port) const { return port_names_[port]; }

  std::vector<MacAddress> port_macs_;
  Callbacks callbacks_;
  VipWatchConfig config_;
  std::vector<std::string> port_names_;
  std::map<IpAddress, LocalAddress> held_;
  std::vector<Target> targets_;
  size_t next_target_ = 0;
  std::chrono::nanoseconds next_probe_{};
  Time next_look_{};
  VipConflicts conflicts_;
  VipDefence defence_;
  LogLimiter log_;
};

}  // namespace turnout
