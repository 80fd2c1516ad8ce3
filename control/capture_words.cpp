#include "control/capture_words.h"

#include <array>

namespace turnout {

namespace {

// In the order of DropReason and of PuntKind.
constexpr std::array<std::string_view, kDropReasons> kReasonWords = {
    "its Ethernet destination is neither the port's address nor a group that is listened to",
    "it is neither IPv4, IPv6 nor ARP",
    "it has a VLAN tag that no port is configured for, or none where one is",
    "it has more than one VLAN tag",
    "the frame ends before a header, or before the length that its IP header states",
    "its IP header can't be: version, header length or total length",
    "the NIC found the checksum of its IP header wrong",
    "it has more IPv6 extension headers than are looked through, or source routing",
    "a fragment of a datagram whose first one did not come, or had no real server",
    "no host may have its source address",
    "its TCP, UDP or SCTP header can't be",
    "it is for an address that is neither a VIP nor the director's own",
    "it is for the director itself, on a port without a kernel interface",
    "it is for a VIP, but neither TCP, UDP, SCTP nor ICMP",
    "ICMP that is neither an echo request nor an error",
    "an ICMP error about no packet of a virtual service",
    "an echo request to a VIP that is configured not to answer, or not now",
    "its client is denied by the filter of the VIP or of its service",
    "ICMP of a type that the VIP is configured to drop",
    "it is for a VIP, but no virtual service has that protocol and port",
    "its service has no real server with a weight above 0",
    "the MAC address of none of its service's real servers is known yet",
    "none of its service's real servers passes its health checks",
    "each real server that might take the connection is full",
    "it is longer than the MTU of the port that it would leave by, and may be fragmented",
    "its buffer has no room before the frame for a VLAN tag",
    "the transmit queue of the port that it would leave by was full",
    "more of its kind came than the control thread is given",
    "the control thread has more waiting than it can take",
    "the worker that it was to be handed over to has more waiting than it can take",
    "its client has as many connections open as one may",
    "its client begins more connections a second than one may",
    "the clients of its client's prefix begin more connections a second than they may",
    "the service's clients begin more connections a second than the service is given",
    "more packets came a second than the service is given"};
constexpr std::array<std::string_view, kPuntKinds> kKindWords = {
    "ARP for all to hear",
    "neighbour discovery, or an MLD query, to a group",
    "ARP or neighbour discovery for the port alone",
    "an echo request to an address that answers them",
    "it is for a VIP that rejects what no service has",
    "its client is denied by a filter that says so",
    "it is longer than the egress port's MTU and not to be fragmented: its sender is told",
    "for the director itself, and perhaps the answer to a health check",
    "for the director itself: the port's kernel interface gets it"};
static_assert(!kReasonWords.back().empty() && !kKindWords.back().empty(), "each has its words");

std::string on_port(const char* how, uint16_t port, const Director& director) {
  const std::vector<PortConfig>& ports = director.config().ports;
  return how + (port < ports.size() ? ports[port].name : std::to_string(port));
}

/// The service that it is for, or that its server is of.
std::string service_of(const CaptureNote& note, const Director& director) {
  const Registry& registry = director.registry();
  uint16_t index = note.service;
  if (index == 0 && note.server < registry.slots_used()) index = registry.holder(note.server).service;
  return index != 0 && index < registry.indexes_used() ? registry.key(index).to_string() : "";
}

std::string name_and_words(std::string_view name, std::string_view words) {
  return std::string(name) + ": " + std::string(words);
}

std::string fate_text(const CaptureNote& note, const Director& director) {
  switch (note.fate) {
    case CaptureFate::dropped: {
      const auto reason = static_cast<DropReason>(note.detail);
      return ": " + name_and_words(name_of(reason), words_of(reason));
    }
    case CaptureFate::punted: {
      const auto kind = static_cast<PuntKind>(note.detail);
      return ": " + name_and_words(name_of(kind), words_of(kind));
    }
    case CaptureFate::transmitted:
      if (note.server >= director.registry().slots_used()) return "";
      return ": to real server " + director.registry().holder(note.server).server.to_string();
    default:
      return ": a frame of the director's own, or of its kernel interface";
  }
}

}  // namespace

std::string_view words_of(DropReason reason) {
  return kReasonWords.at(static_cast<size_t>(reason));
}

std::string_view words_of(PuntKind kind) {
  return kKindWords.at(static_cast<size_t>(kind));
}

std::string capture_comment(const CaptureNote& note, const Director& director) {
  std::string text(name_of(note.fate));
  text += fate_text(note, director);
  const std::string service = service_of(note, director);
  if (!service.empty()) text += "; service " + service;
  if (note.fate != CaptureFate::originated) text += on_port("; came by port ", note.port, director);
  if (note.seen_at() == note.egress && note.fate != CaptureFate::dropped && note.fate != CaptureFate::punted)
    text += on_port("; left by port ", note.egress, director);
  return text;
}

}  // namespace turnout
