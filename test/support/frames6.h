// Frames of IPv6 for tests.
#pragma once

#include <arpa/inet.h>

#include "test/support/frames.h"

namespace turnout {

struct ExtensionHeader6 {
  uint8_t type;  // 0 hop-by-hop, 43 routing, 44 fragment, 60 destination options
  Bytes rest;    // without the octet that names the next header; 8n - 1 octets
};

/// As FrameFields.
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

inline Bytes sctp6_frame(const FrameFields6& fields, const std::vector<Bytes>& chunks) {
  return ip6_frame(fields, 132, sctp_packet(fields.source_port, fields.destination_port, chunks));
}

/// RFC 4443. `body` is what follows the checksum. Types: 1 unreachable, 2 too big, 128 echo request, 129
/// reply, 130 listener query, 135 neighbor solicitation, 136 advertisement, 143 listener report.
inline Bytes icmp6_frame(const FrameFields6& fields, uint8_t type, uint8_t code, const Bytes& body) {
  using namespace frames_detail;
  Bytes icmp = {type, code, 0, 0};
  put(icmp, body);
  write_transport_checksum(icmp, 2, ip6_bytes(fields.source), ip6_bytes(fields.destination), 58);
  return ip6_frame(fields, 58, icmp);
}

/// RFC 4443.
inline Bytes icmp6_error(const FrameFields6& fields, uint8_t type, const Bytes& quoted) {
  Bytes body = {0, 0, 0, 0};
  frames_detail::put(body, quoted);
  return icmp6_frame(fields, type, 0, body);
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

}  // namespace turnout
