// The forwarder's stage for services of QUIC: where a packet's connection ID names a real server, that is
// where it goes, whatever flow it seems to be of. All others go by their flow.
#include "dataplane/forwarder.h"
#include "dataplane/quic_lookup.h"

namespace turnout {

/// To be called when the flows with an entry have a server, and the others are to be placed.
void Forwarder::steer_quic(const Burst& packets, const Snapshot& snapshot) {
  steer_quic(ipv4_, packets, snapshot);
  steer_quic(ipv6_, packets, snapshot);
}

template <typename Key>
void Forwarder::steer_quic(Track<Key>& track, const Burst& packets, const Snapshot& snapshot) {
  for (FlowPacket& flow : track.matched) {
    const uint16_t index = service_of(flow.key<Key>());
    if (snapshot.quic[index].id_length == 0) continue;
    const uint32_t named = quic_server(packets, snapshot, index, flow);
    named_[position_of(flow)] = named;
    (named == kNoServer ? counters_.quic.by_flow : counters_.quic.by_id).add(1);
    if (named == kNoServer || flow.server == kNoServer || flow.server == named) continue;
    counters_.quic.moved.add(1);  // its entry is of another connection, or of its beginning: place it anew
    flow.server = kNoServer;
    flow.known = true;
    track.missed.add(flow);
  }
}

/// The slot of the real server that the packet's connection ID names; kNoServer if it names none that can be
/// had.
uint32_t Forwarder::quic_server(const Burst& packets, const Snapshot& snapshot, uint16_t index,
                                const FlowPacket& flow) const {
  const auto named = quic_server_named(snapshot, frame_of(packet_of(packets, flow)), flow.fields, index);
  return named && snapshot.servers[*named].usable() ? *named : kNoServer;
}

}  // namespace turnout
