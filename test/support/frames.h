// Ethernet frames for tests, octet by octet as the RFCs draw them: nothing here is shared with the code under
// test.
#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace turnout {

using Bytes = std::vector<uint8_t>;

inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10;  // RFC 9293 3.1
inline constexpr size_t kIpAt = 14;                 // in an untagged frame
inline constexpr size_t kTransportAt = kIpAt + 20;  // without IP options
inline constexpr size_t kShortestFrame = 60;        // without FCS
inline constexpr const char* kBroadcastMac = "ff:ff:ff:ff:ff:ff";
inline constexpr const char* kNoMac = "00:00:00:00:00:00";

/// Who a frame is from and to, and what of its IP header tests vary.
struct FrameFields {
  std::string to_mac = "02:00:00:00:01:00";
  std::string from_mac = "02:00:00:00:00:c1";
  std::string source = "203.0.113.7";
  std::string destination = "192.0.2.100";
  uint16_t source_port = 40000;
  uint16_t destination_port = 80;
  uint8_t type_of_service = 0;
  uint8_t time_to_live = 57;
  uint16_t id = 0x1234;
  uint16_t fragment = 0x4000;  // flags and offset: Don't Fragment
  Bytes ip_options = {};       // a multiple of four octets
};

namespace frames_detail {

inline void put16(Bytes& to, uint32_t number) {
  to.push_back(static_cast<uint8_t>(number >> 8));
  to.push_back(static_cast<uint8_t>(number));
}
inline void put(Bytes& to, const Bytes& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// RFC 1071, over an even number of octets or with a zero added.
inline uint16_t checksum(const Bytes& data, size_t from, size_t until) {
  uint32_t sum = 0;
  for (size_t i = from; i < until; ++i) sum += uint32_t{data[i]} << (i % 2 == from % 2 ? 8 : 0);
  while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}
inline void write16(Bytes& data, size_t at, uint16_t number) {
  data.at(at) = static_cast<uint8_t>(number >> 8);
  data.at(at + 1) = static_cast<uint8_t>(number);
}
/// Of `content`, which has a zero there, behind the pseudo-header (RFC 9293 3.1, RFC 8200 8.1). The lengths
/// and the protocol have the same sum in both families.
inline void write_transport_checksum(Bytes& content, size_t at, const Bytes& source, const Bytes& destination,
                                     uint8_t protocol) {
  Bytes covered = source;
  put(covered, destination);
  put(covered, {0, protocol});
  put16(covered, static_cast<uint32_t>(content.size()));
  put(covered, content);
  write16(content, at, checksum(covered, 0, covered.size()));
}

}  // namespace frames_detail

inline Bytes mac_bytes(const std::string& text) {  // "02:00:00:00:00:01"
  Bytes octets;
  for (size_t at = 0; at < text.size(); at += 3) {
    octets.push_back(static_cast<uint8_t>(std::strtoul(text.substr(at, 2).c_str(), nullptr, 16)));
  }
  return octets;
}

inline Bytes ip_bytes(const std::string& text) {  // "192.0.2.1"
  Bytes octets;
  const char* at = text.c_str();
  for (char* end = nullptr; octets.size() < 4; at = end + 1) {
    octets.push_back(static_cast<uint8_t>(std::strtoul(at, &end, 10)));
  }
  return octets;
}

/// `size` octets that differ from each other, so that one that moved is seen.
inline Bytes payload(size_t size) {
  Bytes octets;
  octets.reserve(size);
  for (size_t i = 0; i < size; ++i) octets.push_back(static_cast<uint8_t>(i * 7 + (i >> 8) + 1));
  return octets;
}

inline Bytes ethernet_frame(const std::string& to_mac, const std::string& from_mac, uint16_t ether_type,
                            const Bytes& content) {
  Bytes frame = mac_bytes(to_mac);
  frames_detail::put(frame, mac_bytes(from_mac));
  frames_detail::put16(frame, ether_type);
  frames_detail::put(frame, content);
  return frame;
}

/// IPv4 (RFC 791) with a right checksum.
inline Bytes ip_frame(const FrameFields& fields, uint8_t protocol, const Bytes& content) {
  using namespace frames_detail;
  const size_t header = 20 + fields.ip_options.size();
  Bytes ip = {static_cast<uint8_t>(0x40 | header / 4), fields.type_of_service};
  put16(ip, static_cast<uint32_t>(header + content.size()));
  put16(ip, fields.id);
  put16(ip, fields.fragment);
  put(ip, {fields.time_to_live, protocol, 0, 0});
  put(ip, ip_bytes(fields.source));
  put(ip, ip_bytes(fields.destination));
  put(ip, fields.ip_options);
  write16(ip, 10, checksum(ip, 0, header));
  put(ip, content);
  return ethernet_frame(fields.to_mac, fields.from_mac, 0x0800, ip);
}

namespace frames_detail {

inline Bytes tcp_segment(uint16_t source_port, uint16_t destination_port, uint8_t flags, const Bytes& data,
                         const Bytes& options) {
  Bytes tcp;
  put16(tcp, source_port);
  put16(tcp, destination_port);
  put(tcp, {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88});  // sequence and acknowledgement number
  put(tcp, {static_cast<uint8_t>((20 + options.size()) / 4 << 4), flags, 0xFA, 0xF0, 0, 0, 0, 0});
  put(tcp, options);
  put(tcp, data);
  return tcp;
}

inline Bytes udp_datagram(uint16_t source_port, uint16_t destination_port, const Bytes& data) {
  Bytes udp;
  put16(udp, source_port);
  put16(udp, destination_port);
  put16(udp, static_cast<uint32_t>(8 + data.size()));
  put16(udp, 0);
  put(udp, data);
  return udp;
}

}  // namespace frames_detail

/// With a right checksum.
inline Bytes tcp_frame(const FrameFields& fields, uint8_t flags, const Bytes& data = {},
                       const Bytes& options = {}) {
  using namespace frames_detail;
  Bytes tcp = tcp_segment(fields.source_port, fields.destination_port, flags, data, options);
  write_transport_checksum(tcp, 16, ip_bytes(fields.source), ip_bytes(fields.destination), 6);
  return ip_frame(fields, 6, tcp);
}

/// With a right checksum.
inline Bytes udp_frame(const FrameFields& fields, const Bytes& data = {}) {
  using namespace frames_detail;
  Bytes udp = udp_datagram(fields.source_port, fields.destination_port, data);
  write_transport_checksum(udp, 6, ip_bytes(fields.source), ip_bytes(fields.destination), 17);
  return ip_frame(fields, 17, udp);
}

/// RFC 792, with a right checksum. Types: 0 echo reply, 3 unreachable, 8 echo request.
/// A chunk of SCTP, padded to four octets (RFC 9260 3.2).
inline Bytes sctp_chunk(uint8_t type, const Bytes& value = {}) {
  Bytes chunk{type, 0};
  frames_detail::put16(chunk, static_cast<uint32_t>(4 + value.size()));
  frames_detail::put(chunk, value);
  chunk.resize((chunk.size() + 3) / 4 * 4);
  return chunk;
}
inline Bytes sctp_packet(uint16_t source_port, uint16_t destination_port, const std::vector<Bytes>& chunks) {
  Bytes packet;
  frames_detail::put16(packet, source_port);
  frames_detail::put16(packet, destination_port);
  frames_detail::put(packet,
                     {1, 2, 3, 4, 0, 0, 0, 0});  // verification tag; the director looks at no checksum
  for (const Bytes& chunk : chunks) frames_detail::put(packet, chunk);
  return packet;
}
inline Bytes sctp_frame(const FrameFields& fields, const std::vector<Bytes>& chunks) {
  return ip_frame(fields, 132, sctp_packet(fields.source_port, fields.destination_port, chunks));
}

inline Bytes icmp_frame(const FrameFields& fields, uint8_t type, const Bytes& data = payload(32)) {
  using namespace frames_detail;
  Bytes icmp = {type, 0, 0, 0, 0x00, 0x2A, 0x00, 0x01};  // identifier 42, sequence number 1
  put(icmp, data);
  write16(icmp, 2, checksum(icmp, 0, icmp.size()));
  return ip_frame(fields, 1, icmp);
}

struct ExtensionHeader6 {
  uint8_t type;  // 0 hop-by-hop, 43 routing, 44 fragment, 60 destination options
  Bytes rest;    // without the octet that names the next header; 8n - 1 octets
};

/// The same for IPv6.
struct FrameFields6 {
  std::string to_mac = "02:00:00:00:01:00";
  std::string from_mac = "02:00:00:00:00:c1";
  std::string source = "2001:db8:c::7";
  std::string destination = "2001:db8::100";
  uint16_t source_port = 40000;
  uint16_t destination_port = 80;
  uint8_t traffic_class = 0;
  uint32_t flow_label = 0x12345;
  uint8_t hop_limit = 57;
  std::vector<ExtensionHeader6> extension_headers = {};
};

inline constexpr size_t kTransport6At = kIpAt + 40;  // without extension headers

inline Bytes ip6_bytes(const std::string& text) {  // "2001:db8::1"
  Bytes octets(16);
  if (inet_pton(AF_INET6, text.c_str(), octets.data()) != 1) std::abort();
  return octets;
}

/// IPv6 (RFC 8200). `next_header` is that of the content, behind the extension headers.
inline Bytes ip6_frame(const FrameFields6& fields, uint8_t next_header, const Bytes& content) {
  using namespace frames_detail;
  uint8_t first = next_header;
  Bytes rest = content;
  for (auto header = fields.extension_headers.rbegin(); header != fields.extension_headers.rend(); ++header) {
    rest.insert(rest.begin(), header->rest.begin(), header->rest.end());
    rest.insert(rest.begin(), first);
    first = header->type;
  }
  Bytes ip;
  put16(ip, 0x6000U | uint32_t{fields.traffic_class} << 4 | fields.flow_label >> 16);
  put16(ip, fields.flow_label & 0xFFFF);
  put16(ip, static_cast<uint32_t>(rest.size()));
  put(ip, {first, fields.hop_limit});
  put(ip, ip6_bytes(fields.source));
  put(ip, ip6_bytes(fields.destination));
  put(ip, rest);
  return ethernet_frame(fields.to_mac, fields.from_mac, 0x86DD, ip);
}

inline Bytes tcp6_frame(const FrameFields6& fields, uint8_t flags, const Bytes& data = {},
                        const Bytes& options = {}) {
  using namespace frames_detail;
  Bytes tcp = tcp_segment(fields.source_port, fields.destination_port, flags, data, options);
  write_transport_checksum(tcp, 16, ip6_bytes(fields.source), ip6_bytes(fields.destination), 6);
  return ip6_frame(fields, 6, tcp);
}

inline Bytes udp6_frame(const FrameFields6& fields, const Bytes& data = {}) {
  using namespace frames_detail;
  Bytes udp = udp_datagram(fields.source_port, fields.destination_port, data);
  write_transport_checksum(udp, 6, ip6_bytes(fields.source), ip6_bytes(fields.destination), 17);
  return ip6_frame(fields, 17, udp);
}

/// RFC 4443. `body` is what follows the checksum. Types: 1 unreachable, 2 too big, 128 echo request, 129
/// reply, 130 listener query, 135 neighbor solicitation, 136 advertisement, 143 listener report.
inline Bytes sctp6_frame(const FrameFields6& fields, const std::vector<Bytes>& chunks) {
  return ip6_frame(fields, 132, sctp_packet(fields.source_port, fields.destination_port, chunks));
}

inline Bytes icmp6_frame(const FrameFields6& fields, uint8_t type, uint8_t code, const Bytes& body) {
  using namespace frames_detail;
  Bytes icmp = {type, code, 0, 0};
  put(icmp, body);
  write_transport_checksum(icmp, 2, ip6_bytes(fields.source), ip6_bytes(fields.destination), 58);
  return ip6_frame(fields, 58, icmp);
}

inline Bytes padded(Bytes frame, size_t size = kShortestFrame) {
  frame.resize(std::max(frame.size(), size));
  return frame;
}

struct ArpFields {
  uint16_t operation = 1;  // RFC 826: 1 asks, 2 answers
  std::string sender_mac;
  std::string sender_ip;
  std::string target_mac = kNoMac;
  std::string target_ip;
};

inline Bytes arp_frame(const std::string& to_mac, const ArpFields& fields) {
  using namespace frames_detail;
  Bytes arp = {0, 1, 8, 0, 6, 4};  // IPv4 over Ethernet
  put16(arp, fields.operation);
  put(arp, mac_bytes(fields.sender_mac));
  put(arp, ip_bytes(fields.sender_ip));
  put(arp, mac_bytes(fields.target_mac));
  put(arp, ip_bytes(fields.target_ip));
  return padded(ethernet_frame(to_mac, fields.sender_mac, 0x0806, arp));
}

// Packets about packets, and packets in pieces.

/// From whom it was to, and to whom it was from: the answer's addresses and ports.
template <typename Fields>
Fields turned_round(Fields fields) {
  std::swap(fields.source, fields.destination);
  std::swap(fields.source_port, fields.destination_port);
  return fields;
}
/// What is behind the Ethernet header, or the first `size` octets of it.
inline Bytes ip_packet_of(const Bytes& frame, size_t size = SIZE_MAX) {
  return {frame.begin() + kIpAt,
          frame.begin() + static_cast<std::ptrdiff_t>(kIpAt + std::min(size, frame.size() - kIpAt))};
}
/// RFC 792: an error about the packet that `quoted` is the beginning of.
inline Bytes icmp_error(const FrameFields& fields, uint8_t type, const Bytes& quoted) {
  return icmp_frame(fields, type, quoted);
}
/// RFC 4443.
inline Bytes icmp6_error(const FrameFields6& fields, uint8_t type, const Bytes& quoted) {
  Bytes body = {0, 0, 0, 0};
  frames_detail::put(body, quoted);
  return icmp6_frame(fields, type, 0, body);
}

/// RFC 791 3.2: the fragments of an IPv4 frame without IP options, `piece` octets (8n) of its content in
/// each.
inline std::vector<Bytes> fragmented(const Bytes& frame, uint16_t id, size_t piece) {
  using namespace frames_detail;
  std::vector<Bytes> all;
  const size_t content = frame.size() - kTransportAt;
  for (size_t from = 0; from < content; from += piece) {
    const size_t until = std::min(content, from + piece);
    Bytes fragment(frame.begin(), frame.begin() + kTransportAt);
    write16(fragment, kIpAt + 2, static_cast<uint16_t>(20 + until - from));
    write16(fragment, kIpAt + 4, id);
    write16(fragment, kIpAt + 6, static_cast<uint16_t>((until < content ? 0x2000 : 0) | from / 8));
    write16(fragment, kIpAt + 10, 0);
    write16(fragment, kIpAt + 10, checksum(fragment, kIpAt, kTransportAt));
    fragment.insert(fragment.end(), frame.begin() + static_cast<std::ptrdiff_t>(kTransportAt + from),
                    frame.begin() + static_cast<std::ptrdiff_t>(kTransportAt + until));
    all.push_back(std::move(fragment));
  }
  return all;
}
/// RFC 8200 4.5: a fragment header without the octet that names the next header.
inline ExtensionHeader6 fragment_header6(uint32_t id, size_t offset, bool more) {
  Bytes rest = {0};
  frames_detail::put16(rest, static_cast<uint32_t>(offset / 8 << 3 | (more ? 1 : 0)));
  frames_detail::put16(rest, id >> 16);
  frames_detail::put16(rest, id & 0xFFFF);
  return {44, rest};
}
/// RFC 8200 4.5: the fragments of an IPv6 frame without extension headers.
inline std::vector<Bytes> fragmented6(const Bytes& frame, uint32_t id, size_t piece) {
  using namespace frames_detail;
  std::vector<Bytes> all;
  const size_t content = frame.size() - kTransport6At;
  for (size_t from = 0; from < content; from += piece) {
    const size_t until = std::min(content, from + piece);
    Bytes fragment(frame.begin(), frame.begin() + kTransport6At);
    write16(fragment, kIpAt + 4, static_cast<uint16_t>(8 + until - from));
    fragment.at(kIpAt + 6) = 44;
    fragment.push_back(frame.at(kIpAt + 6));
    put(fragment, fragment_header6(id, from, until < content).rest);
    fragment.insert(fragment.end(), frame.begin() + static_cast<std::ptrdiff_t>(kTransport6At + from),
                    frame.begin() + static_cast<std::ptrdiff_t>(kTransport6At + until));
    all.push_back(std::move(fragment));
  }
  return all;
}

// Changes to a frame.

inline Bytes with_octets(Bytes frame, size_t at, std::initializer_list<uint8_t> octets) {
  std::copy(octets.begin(), octets.end(), frame.begin() + static_cast<std::ptrdiff_t>(at));
  return frame;
}
/// Octets of several parts, one after the other.
inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) frames_detail::put(all, part);
  return all;
}
inline Bytes cut_to(Bytes frame, size_t size) {
  frame.resize(std::min(frame.size(), size));
  return frame;
}
/// IEEE 802.1Q.
inline Bytes tagged(Bytes frame, uint16_t vlan) {
  const Bytes tag = {0x81, 0x00, static_cast<uint8_t>(vlan >> 8), static_cast<uint8_t>(vlan)};
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  return frame;
}
/// What Direct Routing makes of a frame: the MAC addresses are others, and nothing else.
inline Bytes redirected(Bytes frame, const std::string& to_mac, const std::string& from_mac) {
  const Bytes to = mac_bytes(to_mac), from = mac_bytes(from_mac);
  std::copy(to.begin(), to.end(), frame.begin());
  std::copy(from.begin(), from.end(), frame.begin() + 6);
  return frame;
}

/// In hexadecimal, 16 octets to a line, for messages.
inline std::string hex(const Bytes& frame) {
  std::string text;
  for (size_t i = 0; i < frame.size(); ++i) {
    char octet[4];
    std::snprintf(octet, sizeof octet, "%02x", frame[i]);
    text += (i % 16 == 0 ? "\n    " : " ") + std::string(octet);
  }
  return text;
}

}  // namespace turnout
