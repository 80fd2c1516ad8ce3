// The kernel's TCP on the path that clients' packets take: IP to the VIP, Ethernet to one real server.
//
// Health checks of type http and https need TCP in earnest, and the kernel's is the best there is. What it
// sends has to go to a VIP through a port that DPDK took from it, to the MAC address that this very check is
// about. So it is given a TUN with a pair of private addresses: ours, and one of "the peer". A check connects
// from ours to the peer; the tunnel puts the director's own address and the VIP in their place, Ethernet
// before them, and undoes it for what comes back. The source port says which check, and so which real server,
// a packet belongs to.
//
// Thus neither a VIP nor an address of the director's own is ever the kernel's: it answers no ARP for them,
// needs no route or rule for each real server, and a VIP that it has itself, as keepalived's, captures
// nothing. A packet filter of this host sees these packets on the TUN; one that drops them is told apart from
// a silent server by loss().
//
// Control thread only.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "control/probe_connection.h"
#include "control/probe_packets.h"
#include "control/tun_device.h"
#include "control/tunnel_packet.h"

namespace turnout {

class ProbeTunnel : public ProbeConnector {
 public:
  struct Port {
    MacAddress mac;
    uint16_t mtu = 0;  // longest IP packet
  };
  /// Sends an Ethernet frame on the port of that index. False if it could not.
  using Send = std::function<bool(size_t port, std::span<const uint8_t> frame)>;

  /// Ports of the kernel's TCP that checks come from: one is used again when all others were.
  static constexpr uint16_t kFirstPort = 65000;
  static constexpr size_t kPorts = 65536 - kFirstPort;

  /// `ports`: by index. Nothing is asked of the kernel until the first check, which makes the TUN: it takes
  /// /dev/net/tun and CAP_NET_ADMIN.
  ProbeTunnel(boost::asio::io_context& io, std::vector<Port> ports, Send send);
  ProbeTunnel(const ProbeTunnel&) = delete;
  ProbeTunnel& operator=(const ProbeTunnel&) = delete;

  /// Each connection must be closed before the tunnel ends. They end with RST, which leaves nothing behind in
  /// either kernel: a peer that is always the same would soon be all TIME_WAIT.
  std::unique_ptr<ProbeConnection> open(const ProbeTarget& target, uint16_t port,
                                        Unreachable unreachable) override;
  size_t most() const override { return kPorts; }
  bool on_frame(size_t port, std::span<const uint8_t> frame) override;

 private:
  class Connection;

  /// The check that has a port, or had it last: what the kernel sends when a socket is closed, and what it
  /// answers to late segments, still finds its way.
  struct Flow {
    ProbeTarget target;
    uint16_t remote_port = 0;     // 0: never used
    Unreachable unreachable;      // none: closed
    uint32_t first_sequence = 0;  // the SYN's
    unsigned sent = 0;            // packets, of either kind since it was opened
    unsigned received = 0;
    std::optional<MacAddress> answered_from = std::nullopt;
  };

  void make_tun();
  std::optional<uint16_t> bind(boost::asio::ip::tcp::socket& socket, bool is_v4);
  Flow* flow_of(uint16_t local_port);
  void close(uint16_t local_port);
  void on_packet(std::span<uint8_t> frame);
  bool on_icmp(std::span<const uint8_t> frame);

  boost::asio::io_context& io_;
  const std::vector<Port> ports_;
  const Send send_;
  std::deque<uint16_t> free_ports_;  // the one that has been free longest first
  std::array<Flow, kPorts> flows_;   // by port, from kFirstPort
  std::unique_ptr<TunDevice> tun_;
};

}  // namespace turnout
