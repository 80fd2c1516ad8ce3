// Whom a packet of a service of QUIC names. Shared by workers and by who explains what they do.
#pragma once

#include <optional>

#include "dataplane/quic.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// The slot of the real server that the packet's connection ID names, usable or not. `service`: its index.
inline std::optional<uint32_t> quic_server_named(const Snapshot& snapshot, Frame frame,
                                                 const PacketFields& fields, uint16_t service) {
  uint32_t length = 0;
  const uint8_t* datagram = udp_payload(frame, fields, length);
  if (datagram == nullptr) return std::nullopt;
  const QuicTerms terms = snapshot.quic[service];
  const uint8_t* id = quic_server_id(terms, datagram, length);
  if (id == nullptr) return std::nullopt;
  const ServiceKey6 key = quic_server_key(snapshot.services[service].own, id, terms.id_length);
  const uint32_t found = snapshot.quic_servers.find(key);
  return found == 0 ? std::nullopt : std::optional(found - 1);
}

}  // namespace turnout
