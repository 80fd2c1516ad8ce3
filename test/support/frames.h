// Ethernet frames for tests, octet by octet as the RFCs draw them: nothing here is shared with the code under
// test. IPv4 and ARP; frames6.h has IPv6, frame_changes.h what becomes of a frame.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
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

/// RFC 792, with a right checksum. Types: 0 echo reply, 3 unreachable, 8 echo request.
inline Bytes icmp_frame(const FrameFields& fields, uint8_t type, const Bytes& data = payload(32)) {
  using namespace frames_detail;
  Bytes icmp = {type, 0, 0, 0, 0x00, 0x2A, 0x00, 0x01};  // identifier 42, sequence number 1
  put(icmp, data);
  write16(icmp, 2, checksum(icmp, 0, icmp.size()));
  return ip_frame(fields, 1, icmp);
}

/// RFC 792: an error about the packet that `quoted` is the beginning of.
inline Bytes icmp_error(const FrameFields& fields, uint8_t type, const Bytes& quoted) {
  return icmp_frame(fields, type, quoted);
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

}  // namespace turnout
