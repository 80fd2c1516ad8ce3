// Watches what lies behind the ports: each gateway is asked by ARP or Neighbor Discovery, and a far target,
// if there is one, is pinged by way of it. Says which uplinks are down and which VIPs are withdrawn with
// them. Reads no clock and sends nothing itself. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/finding.h"
#include "control/neighbor_table.h"

namespace turnout {

enum class UplinkFault : uint8_t { none, link, gateway, far_target };

/// One family's way out of a port: its gateway, and the far target behind that.
struct Uplink {
  size_t port = 0;  // index into the configuration's ports
  IpAddress gateway;
  std::optional<IpAddress> echo;          // the far target
  UplinkFault fault = UplinkFault::none;  // none: it is up, as is assumed at the start
  std::string reason;                     // why it is down, in words; "" if it is up
  std::chrono::milliseconds since{};      // when it last went up or down, or was first watched
  uint64_t changes = 0;                   // up or down

  bool up() const { return fault == UplinkFault::none; }
};

class UplinkMonitor {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back

  /// How it reaches the network. All must be given.
  struct Ways {
    /// Sends a request to a gateway alone, or `for_all` to hear.
    std::function<void(const NeighborKey& gateway, bool for_all)> ask;
    /// What is known of a gateway, null if nothing. `confirmed` is when it last proved to be there.
    std::function<const Neighbor*(const NeighborKey& gateway)> find;
    std::function<void(size_t port, std::span<const uint8_t> frame)> send;
  };

  /// `config` must outlive it. Its ports stay as they are; VIPs may change.
  UplinkMonitor(const Config& config, std::vector<MacAddress> port_macs, Ways ways, Time now);

  /// To be called every few milliseconds. True if an uplink went up or down since the last call, and so
  /// another set of VIPs may be withdrawn.
  bool tick(Time now);

  /// The port's link. While it is down, so are its uplinks, and nobody is asked.
  void set_link(size_t port, bool up, Time now);

  /// An IP packet for the director itself, in an Ethernet frame. True if it answers one of these pings.
  bool on_frame(size_t port, std::span<const uint8_t> frame);

  std::vector<Uplink> uplinks() const;  ///< by port, IPv4 first where the configuration has it first
  bool is_withdrawn(const VipConfig& vip) const { return down_uplink_of(vip) != nullptr; }
  std::set<IpAddress> withdrawn() const;
  Findings findings(Time now) const;

 private:
  struct Check {
    Time began{};
    std::optional<uint16_t> pinged;  // the sequence number
    bool answered = false;           // the ping
  };
  struct Watched {
    Uplink uplink;
    IpAddress source;  // of pings
    bool link_up = true;
    uint32_t passed = 0;  // checks in a row
    uint32_t failed = 0;  // likewise
    uint32_t silent = 0;  // of those that failed, the last in a row in which the gateway was silent
    std::optional<Check> check;
    Time next_check{};
  };

  const UplinkConfig& config_of(const Watched& watched) const;
  void advance(Watched& watched, Time now);
  void begin(Watched& watched, Time now);
  void ping(Watched& watched, const MacAddress& gateway);
  void pass(Watched& watched, Time now);
  void fail(Watched& watched, UplinkFault fault, Time now);
  void change(Watched& watched, UplinkFault fault, const std::string& reason, Time now);
  const Uplink* down_uplink_of(const VipConfig& vip) const;

  std::string words_of(const Watched& watched, UplinkFault fault) const;
  std::vector<IpAddress> dependents_of(const Uplink& uplink) const;
  void report_change(const Uplink& uplink, Time lasted) const;
  Finding finding_of(const Uplink& uplink, Time now) const;

  const Config& config_;
  std::vector<MacAddress> port_macs_;
  Ways ways_;
  std::vector<Watched> watched_;
  bool changed_ = false;
  uint16_t ping_id_;
  uint16_t ping_sequence_;
};

}  // namespace turnout
