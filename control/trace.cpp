#include "control/trace.h"

#include <cstring>

#include <rte_tcp.h>
#include <rte_udp.h>

#include "control/ip_frame.h"
#include "control/trace_scratch.h"
#include "dataplane/packet.h"
#include "dataplane/quic_lookup.h"

namespace turnout {

using Json = nlohmann::json;

namespace {

/// The chunk that says of an association what the flags say of a connection.
uint8_t sctp_chunk_of(uint8_t tcp_flags) {
  using namespace packet_detail::sctp_chunk;
  switch (event_of_tcp_flags(tcp_flags)) {
    case PacketEvent::syn:
      return kInit;
    case PacketEvent::fin:
      return kShutdown;
    case PacketEvent::rst:
      return kAbort;
    default:
      return 0;  // DATA
  }
}

}  // namespace

std::vector<uint8_t> frame_of(const TracedPacket& packet, const Snapshot& snapshot, size_t port) {
  std::vector<uint8_t> content;
  const rte_be16_t from = rte_cpu_to_be_16(packet.source_port);
  const rte_be16_t to = rte_cpu_to_be_16(packet.destination_port);
  if (packet.protocol == Protocol::tcp) {
    rte_tcp_hdr tcp{};
    tcp.src_port = from;
    tcp.dst_port = to;
    tcp.data_off = sizeof tcp / 4 << 4;
    tcp.tcp_flags = packet.tcp_flags;
    append(content, tcp);
  } else if (packet.protocol == Protocol::sctp) {
    append(content, from);
    append(content, to);
    content.resize(packet_detail::kSctpHeader);
    content.insert(content.end(), {sctp_chunk_of(packet.tcp_flags), 0, 0, packet_detail::kSctpChunk});
  } else {
    rte_udp_hdr udp{};
    udp.src_port = from;
    udp.dst_port = to;
    udp.dgram_len = rte_cpu_to_be_16(sizeof udp);
    append(content, udp);
  }
  IpRoute route;
  std::memcpy(route.to_mac.octets.addr_bytes, &snapshot.ports[port].mac, RTE_ETHER_ADDR_LEN);
  route.from_mac.octets.addr_bytes[0] = 2;  // a locally administered address, nobody's
  route.source = packet.source;
  route.destination = packet.destination;
  return make_ip_frame(route, static_cast<uint8_t>(packet.protocol), content);
}

TracedFlow look_up(const Director& director, size_t port, std::span<const uint8_t> frame) {
  TracedFlow flow;
  const Snapshot& snapshot = director.snapshot();
  const auto length = static_cast<uint32_t>(frame.size());
  flow.kind = parse_packet({frame.data(), length, length}, snapshot.ports[port], flow.fields);
  if (!flow.is_flow()) return flow;
  const PacketFields& fields = flow.fields;
  const bool is_v4 = fields.version == 4;
  uint32_t index = is_v4 ? find_exact_service4(snapshot, fields) : find_exact_service6(snapshot, fields);
  flow.is_exact = index != 0;
  if (!flow.is_exact) index = find_range_service(snapshot, fields);
  flow.service = static_cast<uint16_t>(index);
  if (index == 0) return flow;
  const auto find = [](const auto& table, const auto& key) {
    return table.look_up(key, table.hash(key)).value;
  };
  const ConnectionTables& tables = director.tables();
  if (!flow.is_exact) {
    flow.entry = find(tables.ipv6, flow_key_in_range(fields, flow.service));
  } else if (is_v4) {
    flow.entry = find(tables.ipv4, flow_key<ConnectionKey>(fields, flow.service));
  } else {
    flow.entry = find(tables.ipv6, flow_key<WideKey>(fields, flow.service));
  }
  const Service& service = snapshot.services[flow.service];
  if (service.quic)
    flow.named = quic_server_named(snapshot, {frame.data(), length, length}, fields, flow.service);
  if (service.persistence == 0) return flow;
  flow.client = is_v4 ? find(tables.ipv4, template_key(service, fields.client))
                      : find(tables.ipv6, template_key(service, fields.client6));
  return flow;
}

TraceScratch::TraceScratch(const Director& director, const TracedFlow& flow)
    : snapshot_(director.snapshot()),
      flow_(flow),
      now_(director.now()),
      limits_(std::make_shared<Limits>(director.statistics().limit_state().copy_setup())),
      counters_(std::make_unique<WorkerCounters>(loads_, limits_)) {
  const ConnectionTables tables{*ipv4_, *ipv6_};
  forwarder_ = std::make_unique<Forwarder>(tables, *counters_, 0, 1);
  if (flow.service == 0) return;
  const PacketFields& fields = flow.fields;
  const Service& service = snapshot_.services[flow.service];
  const Timeouts& timeouts = snapshot_.timeouts;
  if (!flow.is_exact) {
    ipv6_.enter(flow_key_in_range(fields, flow.service), flow.entry, now_, timeouts);
  } else if (fields.version == 4) {
    ipv4_.enter(flow_key<ConnectionKey>(fields, flow.service), flow.entry, now_, timeouts);
  } else {
    ipv6_.enter(flow_key<WideKey>(fields, flow.service), flow.entry, now_, timeouts);
  }
  if (fields.version == 4) {
    ipv4_.enter(template_key(service, fields.client), flow.client, now_, timeouts);
  } else {
    ipv6_.enter(template_key(service, fields.client6), flow.client, now_, timeouts);
  }
  copy_loads(director, service);
  copy_limits(director, service);
}

void TraceScratch::copy_loads(const Director& director, const Service& service) {
  for (uint32_t i = 0; i < service.sequence_size; ++i)
    loads_->copy(director.statistics().loads(), service.sequence[i]);
  for (uint32_t i = 0; i < service.maglev_size; ++i)
    loads_->copy(director.statistics().loads(), service.maglev[i]);
}

LimitPlaces::LimitPlaces(const Limits& limits, const ServiceLimits& of, uint16_t own,
                         const PacketFields& fields) {
  const bool is_v4 = fields.version == 4;
  client = limits.hash(is_v4 ? limited_client(fields.client) : fields.client6, own, LimitScope::client);
  prefix = limits.hash(is_v4 ? limited_client(mask_client(fields.client, of.prefix4))
                             : mask_client(fields.client6, of.prefix6),
                       own, LimitScope::prefix);
}

void TraceScratch::copy_limits(const Director& director, const Service& service) {
  if (!service.limits_connections && !service.limits_packets) return;
  const Limits& from = director.statistics().limit_state();
  const LimitPlaces places(from, snapshot_.limits[service.own], service.own, flow_.fields);
  limits_->connections_of(service.own).copy(from.connections_of(service.own));
  limits_->packets_of(service.own).copy(from.packets_of(service.own));
  limits_->rates.copy(from.rates, places.client);
  limits_->rates.copy(from.rates, places.prefix);
  limits_->counts.copy(from.counts, places.client);
}

const Outcome& TraceScratch::process(std::vector<uint8_t>& frame, size_t port) {
  constexpr size_t kHeadroom = 64;  // for a tag
  std::vector<uint8_t> buffer(kHeadroom + frame.size());
  std::memcpy(buffer.data() + kHeadroom, frame.data(), frame.size());
  rte_mbuf mbuf{};
  mbuf.buf_addr = buffer.data();
  mbuf.buf_len = static_cast<uint16_t>(buffer.size());
  mbuf.data_off = kHeadroom;
  mbuf.data_len = static_cast<uint16_t>(frame.size());
  mbuf.pkt_len = mbuf.data_len;
  mbuf.nb_segs = 1;
  Burst burst;
  burst.packets[0] = &mbuf;
  burst.count = 1;
  burst.port = static_cast<uint16_t>(port);
  forwarder_->process(burst, snapshot_, now_, *outcome_);
  const auto* left = rte_pktmbuf_mtod(&mbuf, const uint8_t*);
  frame.assign(left, left + mbuf.data_len);
  return *outcome_;
}

ConnectionValue TraceScratch::entry_after() const {
  if (flow_.service == 0) return {};
  if (!flow_.is_exact) return ipv6_.find(flow_key_in_range(flow_.fields, flow_.service));
  return flow_.fields.version == 4 ? ipv4_.find(flow_key<ConnectionKey>(flow_.fields, flow_.service))
                                   : ipv6_.find(flow_key<WideKey>(flow_.fields, flow_.service));
}

namespace {

struct Fate {
  std::string outcome = "held";
  Json reason;                   // to be dropped, or the kind of a punt
  std::optional<size_t> egress;  // port
};

Fate fate_of(const Outcome& outcome) {
  for (size_t port = 0; port < kMaxPorts; ++port) {
    if (outcome.transmit[port].count > 0) return {"transmitted", nullptr, port};
  }
  if (outcome.punt.count > 0) return {"punted", name_of(outcome.punt.notes[0].kind), {}};
  if (outcome.drop.count > 0) return {"dropped", name_of(outcome.drop.reasons[0]), {}};
  return {};
}

/// The slot of the server that the packet was counted for.
std::optional<uint32_t> server_of(const Snapshot& snapshot, const WorkerCounters& counters) {
  for (uint32_t slot = 0; slot < snapshot.servers.size(); ++slot) {
    if (counters.traffic(slot).packets.read() != 0) return slot;
  }
  return std::nullopt;
}

Json counters_of(const Director& director, const TracedFlow& flow, const TraceScratch& scratch,
                 const Fate& fate, std::optional<uint32_t> slot) {
  Json counted = Json::object();
  const WorkerCounters& counters = scratch.counters();
  const auto note = [&counted](const std::string& name, const Counter& counter) {
    const auto change = static_cast<int64_t>(counter.read());
    if (change != 0) counted[name] = change;
  };
  if (fate.outcome == "dropped") counted["drops." + fate.reason.get<std::string>()] = 1;
  if (fate.outcome == "punted") counted["punts." + fate.reason.get<std::string>()] = 1;
  const auto note_server = [&](uint32_t of) {
    const std::string name = "server " + server_name(director, of) + ": ";
    note(name + "packets", counters.traffic(of).packets);
    note(name + "bytes", counters.traffic(of).bytes);
    note(name + "connections", counters.server(of).connections);
    note(name + "active", counters.server(of).active);
    note(name + "inactive", counters.server(of).inactive);
    note(name + "persistent", counters.server(of).templates);
  };
  if (slot) note_server(*slot);
  if (flow.entry.live() && slot != flow.entry.server() &&
      flow.entry.server() < director.snapshot().servers.size())
    note_server(flow.entry.server());
  note("table: stateless", counters.ipv4_table.stateless);
  note("table_ipv6: stateless", counters.ipv6_table.stateless);
  return counted;
}

}  // namespace

Json trace_frame(const Director& director, size_t port, std::span<const uint8_t> frame) {
  const Snapshot& snapshot = director.snapshot();
  const TracedFlow flow = look_up(director, port, frame);
  TraceScratch scratch(director, flow);
  std::vector<uint8_t> copy(frame.begin(), frame.end());
  const Outcome& outcome = scratch.process(copy, port);
  const Fate fate = fate_of(outcome);
  const Service service = flow.service == 0 ? Service() : snapshot.services[flow.service];
  const auto slot = server_of(snapshot, scratch.counters());
  const ServiceConfig* const config = service_of_index(director, service.own);
  Json answer = {{"outcome", fate.outcome},
                 {"service", config ? to_json(config->key) : Json(nullptr)},
                 {"server", slot ? Json(server_name(director, *slot)) : Json(nullptr)},
                 {"decisions", describe_decisions(director, flow, outcome)},
                 {"entry", entry_to_json(director, flow.entry)},
                 {"entry_after", entry_to_json(director, scratch.entry_after())},
                 {"counters", counters_of(director, flow, scratch, fate, slot)},
                 {"certain", true}};
  if (fate.outcome == "dropped") answer["reason"] = fate.reason;
  if (fate.outcome == "punted") answer["kind"] = fate.reason;
  if (fate.egress) {
    answer["port"] = director.config().ports[*fate.egress].name;
    MacAddress to;
    std::memcpy(to.octets.addr_bytes, copy.data(), RTE_ETHER_ADDR_LEN);
    answer["mac"] = to.to_string();
  }
  const bool by_turn = service.scheduler == SchedulerKind::rr || service.scheduler == SchedulerKind::wrr;
  const bool is_bound = flow.entry.live() || flow.client.live();
  answer["certain"] = !(slot && by_turn && !is_bound);
  return answer;
}

}  // namespace turnout
