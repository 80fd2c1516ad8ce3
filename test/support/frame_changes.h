// What becomes of frames in tests: turned round, in pieces, with other octets, redirected.
#pragma once

#include <cstdio>
#include <initializer_list>
#include <utility>

#include "test/support/frames.h"

namespace turnout {

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
