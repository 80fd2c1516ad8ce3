// What is asked of a capture: which packets, and how many of them.
#pragma once

#include <bitset>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "control/address.h"
#include "control/daemon_view.h"
#include "control/json_rpc.h"
#include "dataplane/capture_filter.h"

namespace turnout {

struct CaptureRequest {
  static constexpr uint16_t kMostSnaplen = 16 * 1024;  // no longer frame is received: jumbo frames and tags

  std::vector<ServiceKey> services;  // empty: whatever it is for; likewise the rest
  std::vector<IpAddress> servers;
  std::vector<InterfaceAddress> clients;
  std::bitset<kCaptureFates> fates;   // what became of them
  std::bitset<kDropReasons> reasons;  // of those that were dropped
  uint16_t snaplen = 0;               // octets of a frame
  uint64_t most_bytes = 100'000'000;  // of the file
  uint64_t most_packets = 1'000'000;
  std::chrono::milliseconds time{60'000};

  /// From the parameters of capture.start. Throws the RpcError that says what is wrong; names that the
  /// configuration doesn't have are.
  static CaptureRequest read(const Json& params, const DaemonView& daemon);

  /// In the numbers of a snapshot. A service or server that is gone matches nothing.
  CaptureFilter filter_for(const Registry& registry) const;
  std::string to_string() const;  ///< "service tcp 192.0.2.100:80, dropped for no_service"; "all packets"
  Json limits() const;            ///< as capture.start takes them
};

}  // namespace turnout
