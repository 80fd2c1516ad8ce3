// One command line of ipvsadm's grammar, understood. Plain data: nothing here asks a daemon.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace turnout::cli::ipvsadm {

using Address = boost::asio::ip::address;

/// In the order in which ipvsadm numbers its commands.
enum class Action {
  add_service,
  edit_service,
  delete_service,
  clear,
  list,
  add_server,
  delete_server,
  edit_server,
  set_timeouts,
  start_daemon,
  stop_daemon,
  restore,
  save,
  zero,
  help,
  version
};

/// (protocol, address, port), or a group: what a firewall mark is to LVS.
struct ServiceId {
  std::string protocol = "tcp";  // or "udp", "sctp"; of no meaning for a group
  Address address;               // of a group the unspecified one, of its family
  uint16_t port = 0;             // 0: all ports
  uint16_t last_port = 0;        // of a range, which ipvsadm doesn't have; else 0
  std::string group;             // "7"; empty: none

  bool is_group() const { return !group.empty(); }
  bool is_ipv6() const { return address.is_v6(); }
  bool operator==(const ServiceId&) const = default;
};

/// How a service spreads its connections: all that -A and -E set, with ipvsadm's defaults.
struct Scheduling {
  std::string scheduler = "wlc";
  std::vector<std::string> flags;  // "sh-port"
  uint32_t persistence = 0;        // seconds; 0: none
  unsigned prefix = 32;            // bits of the client's address that count for persistence
  bool one_packet = false;         // -o
  std::vector<ServiceId> members;  // of a group
  bool operator==(const Scheduling&) const = default;
};

/// A real server: all that -a and -e set, with ipvsadm's defaults.
struct Destination {
  Address address;
  uint32_t weight = 1;
  uint32_t upper_threshold = 0;  // connections; 0: none
  uint32_t lower_threshold = 0;
  bool operator==(const Destination&) const = default;
};

/// --set. 0: stays as it is. In seconds.
struct Timeouts {
  uint32_t tcp = 0;
  uint32_t tcp_fin = 0;
  uint32_t udp = 0;
  bool operator==(const Timeouts&) const = default;
};

enum class View { servers, stats, rate, thresholds, persistent, tunnels, connections, timeouts };

/// How -L and -S print.
struct Format {
  View view = View::servers;
  bool numeric = false;
  bool exact = false;
  bool sorted = true;
  bool persistence_engine = false;  // -L -c --persistent-conn
  bool operator==(const Format&) const = default;
};

struct Command {
  Action action = Action::list;
  std::optional<ServiceId> service;  // -t, -u, --sctp-service or -f
  Scheduling scheduling;
  Destination server;
  Timeouts timeouts;
  Format format;
};

}  // namespace turnout::cli::ipvsadm
