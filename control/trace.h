// What would become of a packet: the forwarder itself decides on it, over copies of what it would find, and
// nothing that runs is touched. Control thread only.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/director.h"

namespace turnout {

/// A packet that need never have been. Ports in host byte order.
struct TracedPacket {
  Protocol protocol = Protocol::tcp;
  IpAddress source;
  uint16_t source_port = 0;
  IpAddress destination;
  uint16_t destination_port = 0;
  uint8_t tcp_flags = 0x02;  // RFC 9293 3.1: SYN
};

/// The packet in a frame for the port (index into Config::ports).
std::vector<uint8_t> frame_of(const TracedPacket& packet, const Snapshot& snapshot, size_t port);

/// The answer of the method `trace`: outcome, service, server, the decisions in their order, the entry before
/// and after, and what the packet would count.
nlohmann::json trace_frame(const Director& director, size_t port, std::span<const uint8_t> frame);

}  // namespace turnout
