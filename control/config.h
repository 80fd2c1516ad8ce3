// The configuration: what the file says, checked and with its defaults filled in.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/address.h"
#include "control/config_limits.h"
#include "control/filter_config.h"
#include "dataplane/idle.h"
#include "dataplane/scheduler_kind.h"

namespace turnout {

enum class Protocol : uint8_t { tcp = 6, udp = 17, sctp = 132 };  // IANA protocol numbers
std::string to_string(Protocol protocol);

std::string to_string(SchedulerKind scheduler);

/// What sh and mh may be told besides.
struct SchedulerFlags {
  bool port = false;      // sh-port, mh-port: the client's port counts as well as its address
  bool fallback = false;  // sh-fallback, mh-fallback: whose server can't be had gets another one
  bool operator==(const SchedulerFlags&) const = default;
};
/// Of a service that doesn't say: for mh the client's port counts.
SchedulerFlags default_flags(SchedulerKind scheduler);

/// What names a virtual service: the VIP, protocol and port that its packets go to, or the name of a group of
/// such. Also each of a group's members, which have no name.
struct ServiceKey {
  IpAddress vip;  // of a group: the unspecified address of its family
  Protocol protocol = Protocol::tcp;
  uint16_t port = 0;       // host byte order; 0: every port
  uint16_t last_port = 0;  // of a range, above `port`; 0: it is that port alone
  std::string group = {};  // "": not a group

  friend bool operator==(const ServiceKey&, const ServiceKey&) = default;
  friend bool operator<(const ServiceKey& a, const ServiceKey& b);
  bool is_group() const { return !group.empty(); }
  bool is_one_port() const { return port != 0 && last_port == 0; }
  std::string port_text() const;  ///< "80", "8000-8099", "0"
  std::string to_string() const;  ///< "tcp 192.0.2.100:80", "tcp 192.0.2.100:8000-8099", "group web"
};

/// How real servers of a service of QUIC write their IDs into connection IDs (dataplane/quic.h).
struct QuicConfig {
  uint8_t id_length = 0;      // octets; 0: the service is not of QUIC
  uint8_t configuration = 0;  // of the QUIC-LB draft: the upper three bits of the first octet
  static constexpr uint8_t kUnread = UINT8_MAX;  // a length that could not be read
  bool operator==(const QuicConfig&) const = default;
};

struct RealServerConfig {
  IpAddress address;
  uint32_t weight = 1;            // 0: draining, keeps its connections and gets no new ones
  std::optional<MacAddress> mac;  // fixed: neither ARP nor neighbor discovery asks for it
  bool fallback = false;          // gets connections only while no other server of the service is up
  uint32_t upper_threshold = 0;   // connections at which it is full; 0: never
  std::string quic_id = {};       // octets; "": it has none
  uint32_t lower_threshold = 0;   // below which it is no longer; 0: below three quarters of upper_threshold

  bool operator==(const RealServerConfig&) const = default;
};

enum class HealthType : uint8_t { none, tcp, icmp, udp, http, https, exec };
std::string to_string(HealthType type);

/// When something that is asked again and again is up, and when it is down.
struct CheckTimings {
  std::chrono::milliseconds interval{2000};  // from one check to the next
  std::chrono::milliseconds timeout{1000};   // for the answer
  uint32_t rise = 2;                         // checks in a row that have to pass until it is up
  uint32_t fall = 3;                         // that have to fail until it is down
  bool operator==(const CheckTimings&) const = default;
};

/// How a service's real servers are checked, each over the path that clients' packets take.
struct HealthConfig {
  HealthType type = HealthType::none;
  CheckTimings timings;
  uint32_t jitter = 10;   // percent of the interval by which each check comes earlier or later
  uint32_t damping = 60;  // seconds that a server which goes down again and again has to pass; 0: off
  uint16_t port = 0;      // host byte order; 0: the service's. For tcp, udp, http and https

  std::string send;    // udp: octets of the datagram
  std::string expect;  // udp: octets of the answer, "": any, and none is no failure. http, https: of the body

  std::string path = "/";  // http, https
  std::string host;        // of the Host field and of TLS; "": the VIP
  uint16_t least_status = 200;
  uint16_t most_status = 399;

  std::vector<std::string> command;  // exec: the program's absolute path and its arguments
  bool operator==(const HealthConfig&) const = default;
};

/// What becomes of the connections of a real server that went down.
enum class OnDown : uint8_t { reassign, keep };
std::string to_string(OnDown on_down);

struct ServiceConfig {
  ServiceKey key;
  std::vector<ServiceKey> members = {};  // of a group
  SchedulerKind scheduler = SchedulerKind::mh;
  SchedulerFlags flags = default_flags(SchedulerKind::mh);
  uint32_t persistence = 0;                   // seconds for which a client keeps its server; 0: off
  uint8_t persistence_prefix = 32;            // leading bits of the client's address that count
  bool one_packet = false;                    // UDP: each datagram is scheduled by itself
  std::optional<uint8_t> dscp = {};           // written into its packets (RFC 2474); none: left alone
  std::optional<uint8_t> vlan_priority = {};  // likewise, IEEE 802.1Q
  QuicConfig quic = {};
  std::string filter = {};                     // that its clients have to pass; "": none
  LimitsConfig limits = {};                    // of its clients' connections and packets
  uint32_t maglev_table_size = 4093;           // prime
  std::vector<RealServerConfig> real_servers;  // the fallback server last, if there is one
  HealthConfig health = {};
  OnDown on_down = OnDown::reassign;
  uint32_t slow_start = 0;  // seconds over which a server that comes back gets its weight

  bool operator==(const ServiceConfig&) const = default;
};

inline constexpr uint8_t kMaxDscp = 63;         // RFC 2474 3
inline constexpr uint8_t kMaxVlanPriority = 7;  // IEEE 802.1Q 6.9.3

/// Where the service's packets go to: a group's members, or what its key says.
std::span<const ServiceKey> listeners_of(const ServiceConfig& service);
/// How many numbers it takes of those that are handed out to services.
size_t indexes_of(const ServiceConfig& service);
/// Which of these the real servers are checked at; none if there is nothing to check.
const ServiceKey* checked_listener(const ServiceConfig& service);

struct EalConfig {
  std::string lcores = "0";  // EAL's --lcores syntax
  std::vector<std::string> args;
  bool operator==(const EalConfig&) const = default;
};

/// The largest VLAN identifier; 4095 is reserved (IEEE 802.1Q §9.6).
inline constexpr uint16_t kMaxVlan = 4094;

/// How a port's gateways, and so what lies behind them, are watched.
struct UplinkConfig {
  CheckTimings timings;
  std::vector<IpAddress>
      echo;  // pinged by way of the gateway of its family; at most one of each; none: ARP only
  bool operator==(const UplinkConfig&) const = default;
};

/// Are the flows of a port's receive queues spread over all workers in software? automatic: if it has fewer
/// queues than there are workers.
enum class SpreadPolicy : uint8_t { automatic, on, off };
std::string to_string(SpreadPolicy policy);  ///< "auto", "on", "off"

struct PortConfig {
  std::string name;
  std::string device;  // PCI address or vdev name
  std::vector<InterfaceAddress> addresses;
  std::vector<IpAddress> gateways;  // at most one of each family
  UplinkConfig uplink;              // how they are watched
  uint16_t vlan = 0;  // IEEE 802.1Q identifier; 0: untagged. Ports may share a device, each with its own
  std::optional<uint16_t> mtu;   // longest IP packet; none: the device's own
  std::string kernel_interface;  // TAP that gives the kernel what is for `addresses`; "": none
  uint16_t rx_queues = 0;        // 0: as many as there are workers, at most what the device has
  SpreadPolicy spread = SpreadPolicy::automatic;
  bool rebalance = false;  // flows of a saturated worker are given to one that is idle
  bool operator==(const PortConfig&) const = default;
};

/// Idle time in seconds after which a connection in that state is forgotten.
struct TimeoutConfig {
  uint32_t tcp_syn = 60;
  uint32_t tcp_established = 900;
  uint32_t tcp_fin = 120;
  uint32_t tcp_close = 10;
  uint32_t udp = 300;
  bool operator==(const TimeoutConfig&) const = default;
};

inline constexpr uint64_t kLeastConnections = 1024;  // slots of a table
inline constexpr uint64_t kUsualWideConnections =
    65536;  // of the wide one, if nobody seems to need it: 2 MiB

struct ConnectionsConfig {
  uint64_t capacity = 1048576;            // slots wanted at least
  std::optional<uint64_t> capacity_ipv6;  // of the table for IPv6 and for services of several ports; none: as
                                          // many if there are such, else few
  uint64_t limit_cells = kUsualLimitCells;  // of clients that limits are kept for
  TimeoutConfig timeouts;
  bool operator==(const ConnectionsConfig&) const = default;
};

/// Does a VIP answer pings?
enum class EchoPolicy : uint8_t {
  yes,
  no,
  while_up
};  // while_up: while one of its services has a real server
std::string to_string(EchoPolicy policy);

/// What becomes of a packet to a VIP that no service has.
enum class UnmatchedPolicy : uint8_t { drop, reject };  // reject: TCP RST, or ICMP port unreachable
std::string to_string(UnmatchedPolicy policy);

/// What is set for a VIP as a whole. It takes effect while a service has the VIP.
struct VipConfig {
  IpAddress address;
  EchoPolicy echo = EchoPolicy::yes;
  UnmatchedPolicy unmatched = UnmatchedPolicy::drop;
  std::string depends_on_uplink = {};  // name of a port: withdrawn while its uplink is down; "": never
  std::string filter = {};             // that clients have to pass, whatever they send; "": none
  IcmpConfig icmp = {};
  bool operator==(const VipConfig&) const = default;
};

std::string to_string(IdlePolicy policy);

struct WorkersConfig {
  IdlePolicy idle = IdlePolicy::poll;
  bool operator==(const WorkersConfig&) const = default;
};

/// The watch over who else claims a VIP.
struct VipWatchConfig {
  std::chrono::milliseconds interval{10000};  // from one probe of a VIP to the next; 0: listens only
  std::chrono::milliseconds clear{90000};     // a conflict is over once nothing was heard of it for so long
  bool operator==(const VipWatchConfig&) const = default;
};

struct Config {
  EalConfig eal;
  WorkersConfig workers;
  std::vector<PortConfig> ports;
  std::optional<uint32_t> buffer_count;  // packet buffers per port
  ConnectionsConfig connections;
  std::string control_socket = "/run/turnout/control.sock";
  bool autosave = false;                       // what is changed over the socket is saved to the file
  std::string http_listen = "127.0.0.1:9877";  // "" turns it off
  VipWatchConfig vip_watch;
  std::vector<FilterConfig> filters;
  std::vector<VipConfig> vips;         // those that differ from the defaults
  std::vector<IpAddress> maintenance;  // real servers that get no new connections in any service
  std::vector<ServiceConfig> services;

  bool in_maintenance(const IpAddress& server) const;
  const ServiceConfig* find(const ServiceKey& key) const;
  ServiceConfig* find(const ServiceKey& key);
};

/// The port whose subnet holds `address` (index into config.ports); none if it is off every subnet.
std::optional<size_t> port_of(const Config& config, const IpAddress& address);

}  // namespace turnout
