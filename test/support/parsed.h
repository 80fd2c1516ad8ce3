// The parser as its tests use it: a frame in, a word out.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "dataplane/packet.h"
#include "test/support/frame_changes.h"
#include "test/support/frames.h"

namespace turnout {

inline constexpr Port kPort{0x000100000002, kMacMask};  // 02:00:00:00:01:00, the destination of FrameFields
inline constexpr Port kAnyUnicast{0, kMacGroupBit};

struct Parsed {
  PacketClass kind;
  PacketFields fields;
};

/// Parses a copy that ends where the frame ends, so that the address sanitizer sees every octet read past it.
inline Parsed parse(const Bytes& frame, const Port& port = kPort) {
  const auto exact = std::make_unique<uint8_t[]>(frame.size());
  std::copy(frame.begin(), frame.end(), exact.get());
  const auto length = static_cast<uint32_t>(frame.size());
  Parsed parsed;
  parsed.kind = parse_packet({exact.get(), length, length}, port, parsed.fields);
  return parsed;
}

/// What two ways to read one frame must agree on.
inline void expect_same_fields(const PacketFields& one, const PacketFields& other, const Bytes& frame) {
  ASSERT_EQ(one.version, other.version) << hex(frame);
  if (one.version == 4) {
    EXPECT_EQ(one.client, other.client) << hex(frame);
    EXPECT_EQ(one.destination, other.destination) << hex(frame);
    EXPECT_EQ(one.client_word(), other.client_word()) << hex(frame);
    EXPECT_EQ(one.service_word(), other.service_word()) << hex(frame);
  }
  EXPECT_EQ(one.client6, other.client6) << hex(frame);
  EXPECT_EQ(one.destination6, other.destination6) << hex(frame);
  EXPECT_EQ(one.client_port, other.client_port) << hex(frame);
  EXPECT_EQ(one.destination_port, other.destination_port) << hex(frame);
  EXPECT_EQ(one.protocol, other.protocol) << hex(frame);
  EXPECT_EQ(one.ip_bytes, other.ip_bytes) << hex(frame);
  EXPECT_EQ(one.event, other.event) << hex(frame);
  EXPECT_EQ(one.ip_at, other.ip_at) << hex(frame);
}

/// "flow", "arp", … or why it is dropped.
inline std::string verdict(const Bytes& frame, const Port& port = kPort) {
  const Parsed parsed = parse(frame, port);
  switch (parsed.kind) {
    case PacketClass::flow:
      return "flow";
    case PacketClass::flow6:
      return "flow6";
    case PacketClass::first_fragment:
      return "first_fragment";
    case PacketClass::later_fragment:
      return "later_fragment";
    case PacketClass::ndp:
      return "ndp";
    case PacketClass::icmp_echo:
      return "icmp_echo";
    case PacketClass::icmp_other:
      return "icmp_other";
    case PacketClass::ip_other:
      return "ip_other";
    case PacketClass::arp:
      return "arp";
    case PacketClass::dropped:
      break;
  }
  return std::string(name_of(parsed.fields.drop));
}

/// `whole` is `kind`; cut off anywhere it is truncated, as IP says that there is more.
inline void expect_cut_is_truncated(const Bytes& whole, const std::string& kind, const Port& port = kPort) {
  ASSERT_EQ(verdict(whole, port), kind) << hex(whole);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(verdict(cut_to(whole, size), port), "truncated")
        << kind << " cut to " << size << " of " << whole.size();
  }
}

/// What must hold of every frame there is.
inline void expect_in_bounds(const Bytes& frame, const Port& port = kPort) {
  const Parsed parsed = parse(frame, port);
  if (parsed.kind == PacketClass::dropped) {
    ASSERT_LT(static_cast<size_t>(parsed.fields.drop), kDropReasons);
    return;
  }
  ASSERT_GE(frame.size(), 14u);
  if (parsed.kind == PacketClass::arp) return;
  ASSERT_LE(parsed.fields.ip_bytes + size_t{parsed.fields.ip_at}, frame.size()) << hex(frame);
  ASSERT_GE(parsed.fields.ip_bytes, parsed.fields.version == 4 ? 20 : 40) << hex(frame);
}

}  // namespace turnout
