#include "control/probe_tunnel.h"

#include <netinet/in.h>

#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <random>

#include <rte_ether.h>

#include "control/ip_frame.h"
#include "control/probe_icmp.h"

namespace turnout {
namespace {

using boost::asio::ip::tcp;

constexpr uint16_t kLongestPacket = 1500;

// RFC 3927 2.1 keeps 169.254.0/24 from hosts that choose an address of their own; the IPv6 prefix is a local
// one (RFC 4193). Nobody sees them but this host's kernel.
const IpAddress kOwn4 = parse_address("169.254.0.122").value();
const IpAddress kPeer4 = parse_address("169.254.0.123").value();
const IpAddress kOwn6 = parse_address("fd74:7572:6e6f:7574::2").value();
const IpAddress kPeer6 = parse_address("fd74:7572:6e6f:7574::3").value();
constexpr uint8_t kPair4 = 31;  // length of a prefix of two addresses
constexpr uint8_t kPair6 = 127;

const IpAddress& own(bool is_v4) {
  return is_v4 ? kOwn4 : kOwn6;
}
const IpAddress& peer(bool is_v4) {
  return is_v4 ? kPeer4 : kPeer6;
}

[[noreturn]] void fail(const std::string& name, const boost::system::error_code& error, bool is_v4) {
  throw ProbeFailure("the interface '" + name + "' can't be used: " + error.message(),
                     is_v4 ? "restart turnoutd to have a new one (`ip address show dev " + name + "`)"
                           : "turn on the kernel's IPv6 (`sysctl net.ipv6.conf.all.disable_ipv6=0`)");
}

tcp::socket socket_on(boost::asio::io_context& io, const std::string& interface, bool is_v4) {
  boost::system::error_code error;
  tcp::socket socket(io);
  socket.open(is_v4 ? tcp::v4() : tcp::v6(), error);
  if (error) fail(interface, error, is_v4);
  socket.non_blocking(true, error);
  socket.set_option(tcp::socket::reuse_address(true), error);
  socket.set_option(tcp::socket::linger(true, 0), error);  // RST at the end
  if (::setsockopt(socket.native_handle(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                   static_cast<socklen_t>(interface.size())) != 0) {
    fail(interface, {errno, boost::system::system_category()}, is_v4);
  }
  return socket;
}

}  // namespace

class ProbeTunnel::Connection : public ProbeConnection {
 public:
  Connection(ProbeTunnel& tunnel, uint16_t local_port, tcp::socket opened, tcp::endpoint remote)
      : ProbeConnection(std::move(opened), std::move(remote)), tunnel_(tunnel), local_port_(local_port) {}

  void close() override {
    if (!socket.is_open()) return;
    ProbeConnection::close();
    tunnel_.close(local_port_);
  }

  Loss loss() const override {
    const Flow& flow = tunnel_.flows_[local_port_ - kFirstPort];
    if (flow.sent == 0) return Loss::here;
    return flow.received == 0 ? Loss::beyond : Loss::on_return;
  }

  std::optional<MacAddress> answered_from() const override {
    return tunnel_.flows_[local_port_ - kFirstPort].answered_from;
  }

 private:
  ProbeTunnel& tunnel_;
  const uint16_t local_port_;
};

ProbeTunnel::ProbeTunnel(boost::asio::io_context& io, std::vector<Port> ports, Send send)
    : io_(io), ports_(std::move(ports)), send_(std::move(send)), free_ports_(kPorts) {
  std::iota(free_ports_.begin(), free_ports_.end(), kFirstPort);
  // Somewhere: real servers may remember the ports of a turnoutd that ran before.
  std::random_device random;
  std::rotate(free_ports_.begin(), free_ports_.begin() + static_cast<std::ptrdiff_t>(random() % kPorts),
              free_ports_.end());
}

void ProbeTunnel::make_tun() {
  TunDevice::Setup setup;
  setup.names = {"turnout-health", "turnout-hc%d"};  // the second if another turnoutd has the first
  setup.addresses = {{kOwn4, kPair4}, {kOwn6, kPair6}};
  setup.mtu = kLongestPacket;
  for (const Port& port : ports_) setup.mtu = std::min(setup.mtu, port.mtu);
  tun_.reset();
  tun_ = std::make_unique<TunDevice>(io_, setup, [this](std::span<uint8_t> frame) { on_packet(frame); });
}

std::unique_ptr<ProbeConnection> ProbeTunnel::open(const ProbeTarget& target, uint16_t port,
                                                   Unreachable unreachable) {
  if (!tun_ || !tun_->is_open()) make_tun();
  const bool is_v4 = target.service.vip.is_v4();
  tcp::socket socket = socket_on(io_, tun_->name(), is_v4);
  const std::optional<uint16_t> local_port = bind(socket, is_v4);
  if (!local_port) {
    throw ProbeFailure("all ports that health checks come from are in use",
                       "look who has them (`ss -tan sport ge :" + std::to_string(kFirstPort) + "`)");
  }
  Flow& flow = flows_[*local_port - kFirstPort];
  flow = {};
  flow.target = target;
  flow.remote_port = port;
  flow.unreachable = std::move(unreachable);
  return std::make_unique<Connection>(*this, *local_port, std::move(socket),
                                      tcp::endpoint(peer(is_v4), port));
}

/// To a port that is free here and that no other program has: it is taken from the free ones.
std::optional<uint16_t> ProbeTunnel::bind(tcp::socket& socket, bool is_v4) {
  for (size_t tries = free_ports_.size(); tries > 0; --tries) {
    const uint16_t port = free_ports_.front();
    free_ports_.pop_front();
    boost::system::error_code error;
    socket.bind(tcp::endpoint(own(is_v4), port), error);
    if (!error) return port;
    free_ports_.push_back(port);
    if (error != boost::asio::error::address_in_use) fail(tun_->name(), error, is_v4);
  }
  return std::nullopt;
}

ProbeTunnel::Flow* ProbeTunnel::flow_of(uint16_t local_port) {
  if (local_port < kFirstPort) return nullptr;
  Flow& flow = flows_[local_port - kFirstPort];
  return flow.remote_port == 0 ? nullptr : &flow;
}

void ProbeTunnel::close(uint16_t local_port) {
  flows_[local_port - kFirstPort].unreachable = nullptr;
  free_ports_.push_back(local_port);
}

/// From the kernel, to a real server. Whatever else the kernel sends on its interfaces is passed over.
void ProbeTunnel::on_packet(std::span<uint8_t> frame) {
  const std::optional<TcpPacket> packet = parse_tcp(frame);
  if (!packet) return;
  const bool is_v4 = packet->ip.source.is_v4();
  Flow* flow = flow_of(packet->ports.source);
  if (!flow || packet->ip.source != own(is_v4) || packet->ip.destination != peer(is_v4)) return;
  if (flow->remote_port != packet->ports.destination || flow->target.service.vip.is_v4() != is_v4) return;

  if (flow->sent++ == 0) flow->first_sequence = packet->sequence;
  readdress(frame, *packet, {flow->target.source, flow->target.service.vip, kProbeTimeToLive});
  rte_ether_hdr ethernet;
  std::memcpy(&ethernet, frame.data(), sizeof ethernet);
  ethernet.dst_addr = flow->target.mac.octets;
  ethernet.src_addr = ports_[flow->target.port].mac.octets;
  std::memcpy(frame.data(), &ethernet, sizeof ethernet);
  std::vector<uint8_t> padded(frame.begin(), frame.end());
  padded.resize(std::max(padded.size(), kShortestOnWire));
  send_(flow->target.port, padded);
}

/// It may come in by any port: that is the real server's choice of route, and TCP's to judge.
bool ProbeTunnel::on_frame(size_t, std::span<const uint8_t> frame) {
  const std::optional<TcpPacket> packet = parse_tcp(frame);
  if (!packet) return on_icmp(frame);
  Flow* flow = flow_of(packet->ports.destination);
  if (!flow || !tun_ || packet->ports.source != flow->remote_port) return false;
  if (packet->ip.source != flow->target.service.vip || packet->ip.destination != flow->target.source)
    return false;

  ++flow->received;
  flow->answered_from = packet->ip.source_mac;
  const bool is_v4 = packet->ip.source.is_v4();
  std::vector<uint8_t> copy(frame.begin(), frame.end());
  readdress(copy, *packet, {peer(is_v4), own(is_v4), std::nullopt});
  tun_->write(std::span(copy).subspan(sizeof(rte_ether_hdr), packet->ip.packet.size()));
  return true;
}

/// Only about the SYN: a connection that there is gets over it (RFC 5461 4.1), and its sequence number can't
/// be guessed from afar (RFC 5927 4.1).
bool ProbeTunnel::on_icmp(std::span<const uint8_t> frame) {
  const std::optional<ProbeAnswer> error = parse_probe_answer(frame);
  if (!error || error->kind != ProbeAnswer::Kind::icmp_error || error->flow.protocol != IPPROTO_TCP)
    return false;
  const Flow* flow = flow_of(error->flow.own_port);
  if (!flow || error->flow.target_port != flow->remote_port) return false;
  if (error->to != flow->target.source || error->flow.target != flow->target.service.vip) return false;
  if (flow->unreachable && flow->sent > 0 && error->acknowledgement == flow->first_sequence) {
    const Unreachable tell = flow->unreachable;  // it may close the flow
    tell(words_for_icmp(*error, flow->target.service.vip));
  }
  return true;
}

}  // namespace turnout
