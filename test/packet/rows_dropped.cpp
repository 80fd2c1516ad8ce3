// Packets that nobody is sent, and the reason that each is counted under.
#include <rte_mbuf.h>

#include "test/packet/rows.h"
#include "test/support/frame_changes.h"

namespace turnout {

namespace {

using enum DropReason;

Bytes syn() {
  return tcp_frame({}, kSyn, payload(10));
}
Bytes datagram() {
  return udp_frame({.destination_port = 53}, payload(10));
}
Bytes from(const std::string& source) {
  return tcp_frame({.source = source}, kSyn);
}

void add_not_ours(std::vector<Row>& rows) {
  rows.push_back(dropped_at("to another station", kFront, tcp_frame({.to_mac = "02:00:00:00:09:99"}, kSyn),
                            not_our_mac));
  rows.push_back(
      dropped_at("to the other port's station", kFront, tcp_frame({.to_mac = kBackMac}, kSyn), not_our_mac));
  rows.push_back(dropped_at("to a station that differs in the last octet", kFront,
                            tcp_frame({.to_mac = "02:00:00:00:01:02"}, kSyn), not_our_mac));
  rows.push_back(
      dropped_at("IP in a broadcast frame", kFront, tcp_frame({.to_mac = kBroadcastMac}, kSyn), not_our_mac));
  rows.push_back(dropped_at("IP to a group", kFront,
                            tcp_frame({.to_mac = "01:00:5e:00:00:01", .destination = "224.0.0.1"}, kSyn),
                            not_our_mac));
  rows.push_back(dropped_at("a group address in a frame for us", kFront,
                            tcp_frame({.destination = "224.0.0.1"}, kSyn), not_our_address));
  rows.push_back(dropped_at("the subnet's broadcast address", kFront,
                            tcp_frame({.destination = "192.0.2.255"}, kSyn), not_our_address));
  rows.push_back(dropped_at("a real server's own address", kFront,
                            tcp_frame({.destination = "198.51.100.11"}, kSyn), not_our_address));
  rows.push_back(dropped_at("an address that is nobody's", kFront, udp_frame({.destination = "192.0.2.99"}),
                            not_our_address));
  rows.push_back(dropped_at("another protocol to an address that is nobody's", kFront,
                            ip_frame({.destination = "192.0.2.99"}, 47, payload(20)), not_our_address));
}

void add_other_types(std::vector<Row>& rows) {
  rows.push_back(dropped_at("a VLAN that no port has", kFront, tagged(syn(), 100), unknown_vlan));
  rows.push_back(dropped_at("two tags", kFront, tagged(tagged(syn(), 100), 0), stacked_vlan));
  rows.push_back(
      dropped_at("a provider's tag", kFront, with_octets(tagged(syn(), 0), 12, {0x88, 0xA8}), stacked_vlan));
  rows.push_back(dropped_at("802.3 with a length", kFront,
                            ethernet_frame(kFrontMac, kClientMac, 46, payload(46)), unknown_ethertype));
  const Bytes spanning_tree = ethernet_frame("01:80:c2:00:00:00", kClientMac, 38, payload(46));
  rows.push_back(dropped_at("a switch's spanning tree", kFront, spanning_tree, not_our_mac));
}

void add_unserved(std::vector<Row>& rows) {
  rows.push_back(
      dropped_at("no service at that port", kFront, tcp_frame({.destination_port = 81}, kSyn), no_service));
  rows.push_back(dropped_at("no service with that protocol", kFront, udp_frame({}), no_service));
  rows.push_back(dropped_at("ports the wrong way round", kFront,
                            tcp_frame({.source_port = 80, .destination_port = 40000}, kSyn | kAck),
                            no_service));
  rows.push_back(dropped_at("GRE to a VIP", kFront, ip_frame({}, 47, payload(20)), unsupported_protocol));
  rows.push_back(dropped_at("DCCP to a VIP", kFront, ip_frame({}, 33, payload(20)), unsupported_protocol));
  rows.push_back(
      dropped_at("a protocol without any content", kFront, ip_frame({}, 59, {}), unsupported_protocol));
  for (const char* own : {"192.0.2.2", "198.51.100.2"}) {
    const std::string to = std::string(" to the director's own address ") + own;
    rows.push_back(
        dropped_at("TCP" + to, kFront, tcp_frame({.destination = own}, kSyn), own_address_unserved));
    rows.push_back(dropped_at("UDP" + to, kFront, udp_frame({.destination = own}), own_address_unserved));
    rows.push_back(dropped_at("GRE" + to, kFront, ip_frame({.destination = own}, 47, payload(20)),
                              own_address_unserved));
  }
  const auto to_port = [](uint16_t port) {
    return tcp_frame({.destination = kServerlessVip, .destination_port = port}, kSyn);
  };
  rows.push_back(dropped_at("a service whose servers are draining", kFront, to_port(80), no_server));
  rows.push_back(dropped_at("a service without servers", kFront, to_port(81), no_server));
  rows.push_back(
      dropped_at("a service whose servers are not resolved", kFront, to_port(82), no_server_resolved));
}

void add_cut(std::vector<Row>& rows) {
  for (const size_t size : {size_t{1}, size_t{5}, size_t{6}, size_t{13}}) {
    rows.push_back(dropped_at(std::to_string(size) + " octets of an Ethernet header", kFront,
                              cut_to(syn(), size), truncated));
  }
  for (const size_t size : {kIpAt, kIpAt + 1, kIpAt + 19}) {
    rows.push_back(dropped_at(std::to_string(size - kIpAt) + " octets of an IP header", kFront,
                              cut_to(syn(), size), truncated));
  }
  rows.push_back(dropped_at("nothing behind the IP header", kFront, cut_to(syn(), kTransportAt), truncated));
  rows.push_back(dropped_at("half a TCP header", kFront, cut_to(syn(), kTransportAt + 10), truncated));
  rows.push_back(dropped_at("the last octet of the data is missing", kFront, cut_to(syn(), syn().size() - 1),
                            truncated));
  rows.push_back(dropped_at("IP options that are cut off", kFront,
                            cut_to(tcp_frame({.ip_options = Bytes(40, 1)}, kSyn), kIpAt + 24), truncated));
  rows.push_back(dropped_at("a total length beyond the frame", kFront,
                            with_octets(syn(), kIpAt + 2, {0xFF, 0xFF}), truncated));
  for (const size_t split : {size_t{10}, kIpAt + 8, kTransportAt + 8}) {
    rows.push_back(dropped_at("two buffers, the first with " + std::to_string(split) + " octets", kFront,
                              syn(), truncated, {.split_at = split}));
  }
}

void add_bad_ip(std::vector<Row>& rows) {
  rows.push_back(
      dropped_at("an IP header length of 4 words", kFront, with_octets(syn(), kIpAt, {0x44}), bad_ip_header));
  rows.push_back(
      dropped_at("an IP header length of 0", kFront, with_octets(syn(), kIpAt, {0x40}), bad_ip_header));
  rows.push_back(
      dropped_at("IP version 6 under IPv4's type", kFront, with_octets(syn(), kIpAt, {0x65}), bad_ip_header));
  rows.push_back(dropped_at("IP version 0", kFront, with_octets(syn(), kIpAt, {0x05}), bad_ip_header));
  rows.push_back(
      dropped_at("a total length of 0", kFront, with_octets(syn(), kIpAt + 2, {0, 0}), bad_ip_header));
  rows.push_back(
      dropped_at("a total length of 19", kFront, with_octets(syn(), kIpAt + 2, {0, 19}), bad_ip_header));
  rows.push_back(dropped_at("a header longer than the packet", kFront, with_octets(syn(), kIpAt, {0x4F}),
                            bad_ip_header));
  const Arrival bad{.offload_flags = RTE_MBUF_F_RX_IP_CKSUM_BAD};
  rows.push_back(dropped_at("an IP checksum that the NIC found wrong", kFront, syn(), bad_checksum, bad));
  rows.push_back(dropped_at("a ping whose IP checksum the NIC found wrong", kFront, icmp_frame({}, 8),
                            bad_checksum, bad));
}

void add_martians(std::vector<Row>& rows) {
  for (const char* source :
       {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"}) {
    rows.push_back(dropped_at(std::string("from ") + source, kFront, from(source), martian_source));
  }
  rows.push_back(
      dropped_at("a ping from a group", kFront, icmp_frame({.source = "224.0.0.5"}, 8), martian_source));
}

void add_bad_transport(std::vector<Row>& rows) {
  rows.push_back(dropped_at("a TCP data offset of 4 words", kFront,
                            with_octets(syn(), kTransportAt + 12, {0x40}), bad_transport_header));
  rows.push_back(dropped_at("a TCP data offset of 0", kFront, with_octets(syn(), kTransportAt + 12, {0}),
                            bad_transport_header));
  rows.push_back(dropped_at("a TCP data offset beyond the packet", kFront,
                            with_octets(syn(), kTransportAt + 12, {0xF0}), bad_transport_header));
  rows.push_back(dropped_at("an IP packet of 19 octets of TCP", kFront, padded(ip_frame({}, 6, payload(19))),
                            bad_transport_header));
  rows.push_back(
      dropped_at("an IP packet without its TCP", kFront, padded(ip_frame({}, 6, {})), bad_transport_header));
  rows.push_back(dropped_at("a UDP length of 7", kFront, with_octets(datagram(), kTransportAt + 4, {0, 7}),
                            bad_transport_header));
  rows.push_back(dropped_at("a UDP length of 0", kFront, with_octets(datagram(), kTransportAt + 4, {0, 0}),
                            bad_transport_header));
  rows.push_back(dropped_at("a UDP length beyond the packet", kFront,
                            with_octets(datagram(), kTransportAt + 4, {0, 19}), bad_transport_header));
  rows.push_back(dropped_at("an IP packet of 7 octets of UDP", kFront, padded(ip_frame({}, 17, payload(7))),
                            bad_transport_header));
  rows.push_back(dropped_at("an IP packet of 7 octets of ICMP", kFront, padded(ip_frame({}, 1, payload(7))),
                            bad_transport_header));
}

}  // namespace

std::vector<Row> sound_but_unserved_rows() {
  std::vector<Row> rows;
  add_not_ours(rows);
  add_other_types(rows);
  add_unserved(rows);
  return rows;
}

std::vector<Row> unsound_rows() {
  std::vector<Row> rows;
  add_cut(rows);
  add_bad_ip(rows);
  add_martians(rows);
  add_bad_transport(rows);
  return rows;
}

}  // namespace turnout
