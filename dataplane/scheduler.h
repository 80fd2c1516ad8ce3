// Choosing a real server for a new connection: an index into what control compiled, or a look at each server.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "dataplane/service_lookup.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// splitmix64's finalizer (Steele, Lea, Flood 2014). Not keyed on purpose: every director of a fleet maps a
/// flow alike.
constexpr uint64_t maglev_hash(uint64_t flow) {
  flow = (flow ^ flow >> 30) * 0xBF58476D1CE4E5B9u;
  flow = (flow ^ flow >> 27) * 0x94D049BB133111EBu;
  return flow ^ flow >> 31;
}

/// What Maglev knows a flow by: client address and port, as they stand in the packet.
constexpr uint64_t maglev_flow(uint32_t client_be, uint16_t client_port_be) {
  return uint64_t{client_be} << 16 | client_port_be;
}
constexpr uint64_t maglev_flow(const Address6& client, uint16_t client_port_be) {
  return maglev_hash(maglev_hash(client.first) ^ client.last) + client_port_be;
}

/// The same of a packet, in the table of `Key`, whose service has no persistence.
template <typename Key>
inline uint64_t plain_maglev_flow(const Service& service, const PacketFields& fields) {
  const rte_be16_t port = service.by_port ? fields.client_port : rte_be16_t{0};
  const bool is_ipv4 = std::is_same_v<Key, ConnectionKey> || fields.version == 4;
  return is_ipv4 ? maglev_flow(fields.client, port) : maglev_flow(fields.client6, port);
}

/// And of any packet. With persistence, all flows of a client are one.
inline uint64_t maglev_flow_of(const Service& service, const PacketFields& fields) {
  if (service.persistence == 0) return plain_maglev_flow<WideKey>(service, fields);
  const rte_be16_t port = service.by_port ? fields.client_port : rte_be16_t{0};
  return fields.version == 4 ? maglev_flow(mask_client(fields.client, service.prefix), port)
                             : maglev_flow(mask_client(fields.client6, service.prefix), port);
}

/// The server slot that a flow has in the Maglev table (Eisenbud et al., NSDI 2016). The service must have
/// servers.
inline uint32_t maglev_place(const Service& service, uint64_t flow) {
  const uint64_t hash = maglev_hash(flow) >> 32;
  return static_cast<uint32_t>(hash * service.maglev_size >> 32);  // scaled instead of divided
}
inline uint32_t schedule_by_maglev(const Service& service, uint64_t flow) {
  return service.maglev[maglev_place(service, flow)];
}

/// The next server in the order of `rr` or `wrr`. `cursor` is the worker's own for this service: each
/// worker's connections are in exact proportion, and so is their sum.
inline uint32_t schedule_in_turn(const Service& service, uint32_t& cursor) {
  if (cursor >= service.sequence_size) cursor = 0;
  return service.sequence[cursor++];
}

inline constexpr uint32_t kNobody = UINT32_MAX;  // instead of a server's slot

/// May the server be given a connection now?
inline bool is_open(uint32_t slot, const Snapshot& snapshot, ServerLoads& loads) {
  const ServerTerms& terms = snapshot.terms[slot];
  return terms.weight != 0 && !loads.is_full(slot, terms);
}

/// The same turns, past servers that are full. kNobody if all are.
inline uint32_t schedule_in_open_turn(const Service& service, uint32_t& cursor, const Snapshot& snapshot,
                                      ServerLoads& loads) {
  for (uint32_t tries = 0; tries < service.sequence_size; ++tries) {
    const uint32_t slot = schedule_in_turn(service, cursor);
    if (is_open(slot, snapshot, loads)) return slot;
  }
  return kNobody;
}

/// sh and dh: Knuth's multiplicative hash of an address (TAOCP 6.4), as LVS takes it, into 2^8 buckets.
inline constexpr uint32_t kHashBuckets = 256;
constexpr uint32_t hash_bucket(uint32_t address, uint16_t port) {  // host byte order
  return (address + port) * 0x61C88647u >> 24;
}
constexpr uint32_t fold_address(const Address6& address) {  // its four words, XORed; then host byte order
  const uint64_t half = address.first ^ address.last;
  return __builtin_bswap32(static_cast<uint32_t>(half) ^ static_cast<uint32_t>(half >> 32));
}

/// The bucket of sh, by the client, or of dh, by the VIP.
inline uint32_t source_bucket(const Service& service, const PacketFields& fields) {
  const uint32_t address =
      fields.version == 4 ? __builtin_bswap32(fields.client) : fold_address(fields.client6);
  return hash_bucket(address,
                     service.table_by_port ? packet_detail::from_be16(fields.client_port) : uint16_t{0});
}
inline uint32_t destination_bucket(const PacketFields& fields) {
  return hash_bucket(
      fields.version == 4 ? __builtin_bswap32(fields.destination) : fold_address(fields.destination6), 0);
}

/// The server at a place of a table; if it can't be had, the next one after it that can, for a service with
/// fallback. kNobody if there is none.
inline uint32_t schedule_open_from(const uint32_t* table, uint32_t size, uint32_t place, bool fallback,
                                   const Snapshot& snapshot, ServerLoads& loads) {
  const uint32_t last = fallback ? size : 1;
  for (uint32_t tries = 0; tries < last; ++tries) {
    const uint32_t slot = table[place];
    if (is_open(slot, snapshot, loads)) return slot;
    if (++place == size) place = 0;
  }
  return kNobody;
}

/// How little a server has to do: of two, the one with less load for its weight goes first.
struct ServerRank {
  uint64_t load = 0;
  uint64_t weight = 1;
  bool goes_before(const ServerRank& other) const { return load * other.weight < other.load * weight; }
};

/// By LVS's definitions. False if the server may not take a connection at all.
inline bool rank_server(SchedulerKind scheduler, const ServerLoad& load, uint64_t weight, ServerRank& rank) {
  constexpr int64_t kActiveOverInactive = 256;
  const auto at_least_none = [](int64_t count) { return static_cast<uint64_t>(count < 0 ? 0 : count); };
  const uint64_t overhead = at_least_none(load.active * kActiveOverInactive + load.inactive);
  const uint64_t active = at_least_none(load.active);
  switch (scheduler) {
    case SchedulerKind::lc:
      rank = {overhead, 1};
      return true;
    case SchedulerKind::wlc:
      rank = {overhead, weight};
      return true;
    case SchedulerKind::sed:  // the delay that the connection would meet there
      rank = {active + 1, weight};
      return true;
    case SchedulerKind::nq:  // the same, but whoever is idle goes first
      rank = {active == 0 ? 0 : active + 1, weight};
      return true;
    case SchedulerKind::ovf:  // the highest weight that active connections don't exceed
      rank = {1, weight};
      return active <= weight;
    default:  // fo: the highest weight
      rank = {1, weight};
      return true;
  }
}

/// lc, wlc, sed, nq, fo, ovf: the first of those that go before all others. kNobody if none may.
inline uint32_t schedule_by_rank(const Service& service, const Snapshot& snapshot, ServerLoads& loads) {
  uint32_t best = kNobody;
  ServerRank best_rank;
  for (uint32_t i = 0; i < service.sequence_size; ++i) {
    const uint32_t slot = service.sequence[i];
    ServerRank rank;
    if (!is_open(slot, snapshot, loads)) continue;
    if (!rank_server(service.scheduler, loads.read(slot), snapshot.terms[slot].weight, rank)) continue;
    if (best != kNobody && !rank.goes_before(best_rank)) continue;
    best = slot;
    best_rank = rank;
  }
  return best;
}

}  // namespace turnout
