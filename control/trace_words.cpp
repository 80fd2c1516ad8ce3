// The decisions on a traced packet, in words.
#include <algorithm>

#include "control/connection_filter.h"
#include "control/trace_scratch.h"
#include "dataplane/scheduler.h"

namespace turnout {

std::string server_name(const Director& director, uint32_t slot) {
  for (const auto& [key, numbers] : director.registry().services()) {
    for (const auto& [address, number] : numbers.servers) {
      if (number.slot == slot) return address.to_string();
    }
  }
  return "";
}

const ServiceConfig* service_of_index(const Director& director, uint16_t index) {
  for (const auto& [key, numbers] : director.registry().services()) {
    if (numbers.index == index) return director.config().find(key);
  }
  return nullptr;
}

nlohmann::json entry_to_json(const Director& director, ConnectionValue value) {
  const Timeouts& timeouts = director.snapshot().timeouts;
  if (!value.live() || value.expired(director.now(), timeouts)) return nullptr;
  const uint32_t idle = age_of(value.seen(), director.now());
  return {{"state", name_of(value.state())},
          {"server", server_name(director, value.server())},
          {"idle", idle},
          {"expires", timeouts.of(value.state()) - std::min(idle, timeouts.of(value.state()))}};
}

namespace {

constexpr uint32_t kMostCompared = 16;  // servers that are written out

class Decisions {
 public:
  Decisions(const Director& director, const TracedFlow& flow)
      : director_(director), snapshot_(director.snapshot()), flow_(flow), now_(director.now()) {}

  std::vector<std::string> describe(const Outcome& outcome) {
    say_what_it_is();
    if (flow_.is_flow()) say_service();
    const bool passes = say_filters();
    if (passes && flow_.service != 0) say_packet_limit();
    if (passes && flow_.service != 0 && !say_quic()) say_connection();
    say_outcome(outcome);
    return std::move(lines_);
  }

 private:
  void say(std::string line) { lines_.push_back(std::move(line)); }
  std::string name(uint32_t slot) const { return server_name(director_, slot); }
  const Service& service() const { return snapshot_.services[flow_.service]; }

  void say_what_it_is() {
    switch (flow_.kind) {
      case PacketClass::flow:
      case PacketClass::flow6:
        return say(std::string(flow_.fields.event == PacketEvent::icmp_error ? "an ICMP error about " : "") +
                   protocol_with_article() + " packet over IPv" + std::to_string(flow_.fields.version) +
                   event_text());
      case PacketClass::first_fragment:
        return say("the first fragment of a datagram: it has the ports, the others will follow it");
      case PacketClass::later_fragment:
        return say("a later fragment: it goes where the first of its datagram went, and waits for that");
      case PacketClass::arp:
        return say("ARP");
      case PacketClass::ndp:
        return say("neighbour discovery");
      case PacketClass::icmp_echo:
        return say("an echo request");
      case PacketClass::icmp_other:
        return say("ICMP that is no echo request");
      case PacketClass::ip_other:
        return say("neither TCP, UDP, SCTP nor ICMP");
      case PacketClass::dropped:
        return say("headers that can't be used");
    }
  }

  bool is_sctp() const { return flow_.fields.protocol == static_cast<uint8_t>(Protocol::sctp); }

  std::string protocol_with_article() const {
    if (is_sctp()) return "an SCTP";
    return flow_.fields.protocol == static_cast<uint8_t>(Protocol::tcp) ? "a TCP" : "a UDP";
  }

  std::string event_text() const {
    if (is_sctp()) return sctp_event_text();
    switch (flow_.fields.event) {
      case PacketEvent::syn:
        return " that begins a connection (SYN)";
      case PacketEvent::ack:
        return " in mid-connection (ACK)";
      case PacketEvent::fin:
        return " that ends a connection (FIN)";
      case PacketEvent::rst:
        return " that breaks a connection off (RST)";
      default:
        return "";
    }
  }

  std::string sctp_event_text() const {
    switch (flow_.fields.event) {
      case PacketEvent::syn:
        return " that begins an association (INIT)";
      case PacketEvent::fin:
        return " that ends an association (SHUTDOWN)";
      case PacketEvent::rst:
        return " that breaks an association off (ABORT)";
      default:
        return " in an association (no INIT, SHUTDOWN or ABORT)";
    }
  }

  void say_service() {
    if (flow_.service == 0) return say("no virtual service has its destination");
    const ServiceConfig* config = service_of_index(director_, service().own);
    const std::string why = flow_.is_exact ? "" : ", by a range or as it has all ports";
    say("virtual service " + (config ? config->key.to_string() : "?") + why);
  }

  /// True if the connection ID decides.
  bool say_quic() {
    if (!service().quic) return false;
    if (!flow_.named) {
      say("QUIC: its connection ID names no real server: it goes by its flow");
    } else if (!snapshot_.servers[*flow_.named].usable()) {
      say("QUIC: its connection ID names " + name(*flow_.named) +
          ", which can't be had: it goes by its flow");
    } else {
      say("QUIC: its connection ID names real server " + name(*flow_.named));
      return true;
    }
    return false;
  }

  /// True if the packet passes them.
  bool say_filters() {
    if (!snapshot_.filters) return true;
    const ServiceFilters filters = filters_of_flow();
    for (const uint8_t filter : {filters.vip, filters.own}) {
      if (filter != 0 && !say_filter(filter)) return false;
    }
    return true;
  }

  ServiceFilters filters_of_flow() const {
    if (flow_.service != 0) return snapshot_.service_filters[flow_.service];
    const uint32_t role = flow_.fields.version == 4 ? snapshot_.address_map.find(flow_.fields.destination)
                                                    : snapshot_.address_map6.find(flow_.fields.destination6);
    const uint32_t policy = role >> AddressRole::kPolicyShift;
    return {policy == 0 ? uint8_t{0} : snapshot_.vip_policies[policy].filter, 0};
  }

  bool say_filter(uint8_t number) {
    const FilterVerdict verdict = verdict_on_client(*snapshot_.filters, number, flow_.fields);
    const auto owner = director_.filters().owner_of(verdict.rule());
    const FilterConfig& filter = director_.filters().configs()[number - 1];
    const std::string rule = owner && owner->list
                                 ? owner->prefix + " of its list " + filter.lists[*owner->list].name
                                 : "its default";
    say("filter " + filter.name + ": the client is " + (verdict.denies() ? "denied" : "allowed") + " by " +
        rule);
    return !verdict.denies();
  }

  void say_connection() {
    const ConnectionValue entry = flow_.entry;
    if (!entry.live()) {
      say("the connection table has no entry for it");
    } else if (entry.expired(now_, snapshot_.timeouts)) {
      say(std::string("its entry (") + name_of(entry.state()) + ", " + name(entry.server()) +
          ") is past its time");
    } else if (!snapshot_.keeps(entry)) {
      say(std::string("its entry (") + name_of(entry.state()) +
          ") names a server that was removed, is down or is not resolved: it gets another one");
    } else if (starts_anew(entry.state(), flow_.fields.event)) {
      say(std::string("its entry (") + name_of(entry.state()) +
          ") is of a connection that is over: this is a new one");
    } else {
      return say(std::string("its entry: ") + name_of(entry.state()) + ", real server " +
                 name(entry.server()) + ", idle " + std::to_string(age_of(entry.seen(), now_)) + " s");
    }
    if (service().maglev_size == 0) return say("no real server may be given a connection");
    if (flow_.fields.event == PacketEvent::icmp_error) return say_maglev("an error opens no connection: ");
    if (service().limits_connections) say_limits();
    if (service().persistence == 0 || !say_client()) say_scheduler();
  }

  const ServiceLimits& limits() const { return snapshot_.limits[service().own]; }

  /// "limit client_rate: 3 of 10 tokens left".
  void say_tokens(Limit limit, const RateLimit& rate, uint64_t tokens) {
    if (rate)
      say_limit(limit, std::to_string(tokens) + " of " + std::to_string(rate.burst()) + " tokens left",
                tokens > 0);
  }
  void say_limit(Limit limit, const std::string& state, bool is_within) {
    const std::string over = limits().observe ? ": it is over, which is only counted" : ": it is over";
    say("limit " + std::string(name_of(limit)) + ": " + state + (is_within ? "" : over));
  }

  void say_packet_limit() {
    if (!service().limits_packets) return;
    const Limits& state = director_.statistics().limit_state();
    const RateLimit& rate = limits().packets;
    say_tokens(Limit::service_packet_rate, rate,
               state.packets_of(service().own).tokens(rate, state.clock.now()));
  }

  void say_limits() {
    const PacketEvent event = flow_.fields.event;
    if (event != PacketEvent::syn && event != PacketEvent::datagram) return;
    const ConnectionValue entry = flow_.entry;
    const bool is_new =
        !entry.live() || entry.expired(now_, snapshot_.timeouts) || starts_anew(entry.state(), event);
    if (!is_new) return;
    const Limits& state = director_.statistics().limit_state();
    const LimitPlaces places(state, limits(), service().own, flow_.fields);
    const LimitTime now = state.clock.now();
    if (const uint32_t most = limits().client_connections; most != 0) {
      const int32_t open = std::max(state.counts.read(places.client), 0);
      say_limit(
          Limit::client_connections,
          "the client has " + std::to_string(open) + " of " + std::to_string(most) + " connections open",
          static_cast<uint32_t>(open) < most);
    }
    const auto in_table = [&](const RateLimit& rate, uint64_t place) {
      return rate ? rate.tokens(state.rates.ahead(place, now)) : 0;
    };
    say_tokens(Limit::client_rate, limits().client, in_table(limits().client, places.client));
    say_tokens(Limit::client_prefix_rate, limits().prefix, in_table(limits().prefix, places.prefix));
    if (const RateLimit& rate = limits().connections)
      say_tokens(Limit::service_connection_rate, rate, state.connections_of(service().own).tokens(rate, now));
  }

  /// True if the client has a server.
  bool say_client() {
    const ConnectionValue bound = flow_.client;
    const std::string who =
        "persistence (" + std::to_string(service().prefix) + " bits of the client's address): ";
    if (!bound.live() || bound.expired(now_, snapshot_.timeouts)) {
      say(who + "the client has no server yet");
      return false;
    }
    if (!snapshot_.keeps(bound) || snapshot_.terms[bound.server()].weight == 0) {
      say(who + "the client's server " + name(bound.server()) + " takes no new connections");
      return false;
    }
    say(who + "the client's server is " + name(bound.server()) + " for " +
        std::to_string(-distance_of(bound.seen(), now_)) + " s more");
    return true;
  }

  void say_scheduler() {
    const PacketEvent event = flow_.fields.event;
    const bool begins = event == PacketEvent::syn || event == PacketEvent::datagram;
    if (!begins) return say_maglev("it is in the middle of a connection that nobody knows: ");
    const std::string kind = to_string(service().scheduler);
    switch (service().scheduler) {
      case SchedulerKind::mh:
        return say_maglev("");
      case SchedulerKind::rr:
      case SchedulerKind::wrr:
        return say(kind + ": each worker takes turns of its own, " + std::to_string(service().sequence_size) +
                   " in a round: whose it is can't be told from outside; one of them is shown");
      case SchedulerKind::sh:
        return say_bucket(
            "sh: by the client's address" + std::string(service().table_by_port ? " and port" : ""),
            source_bucket(service(), flow_.fields));
      case SchedulerKind::dh:
        return say_bucket("dh: by the VIP", destination_bucket(flow_.fields));
      default:
        return say_ranks();
    }
  }

  void say_maglev(const std::string& why) {
    const uint32_t place = maglev_place(service(), maglev_flow_of(service(), flow_.fields));
    say(why + "mh: by the client's " + (service().by_port ? "address and port" : "address") + ", place " +
        std::to_string(place) + " of " + std::to_string(service().maglev_size) + " in the Maglev table is " +
        name(service().maglev[place]) + closed_text(service().maglev[place]));
  }

  void say_bucket(const std::string& how, uint32_t bucket) {
    const uint32_t slot = service().sequence[bucket];
    say(how + ", bucket " + std::to_string(bucket) + " of " + std::to_string(service().sequence_size) +
        " is " + name(slot) + closed_text(slot));
  }

  std::string closed_text(uint32_t slot) const {
    const ServerTerms& terms = snapshot_.terms[slot];
    if (!service().has_closed && terms.weight != 0) return "";
    if (terms.weight == 0)
      return service().fallback ? ", which takes none: the next one" : ", which takes none";
    const int64_t total = director_.statistics().loads().read(slot).total();
    return terms.full_at == 0
               ? ""
               : ", with " + std::to_string(total) + " of " + std::to_string(terms.full_at) + " connections";
  }

  void say_ranks() {
    std::string line = to_string(service().scheduler) + ": ";
    const uint32_t count = std::min(service().sequence_size, kMostCompared);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t slot = service().sequence[i];
      const ServerLoad load = director_.statistics().loads().read(slot);
      line += (i == 0 ? "" : "; ") + name(slot) + " weight " + std::to_string(snapshot_.terms[slot].weight) +
              ", " + std::to_string(load.active) + " active, " + std::to_string(load.inactive) + " inactive";
    }
    if (count < service().sequence_size)
      line += "; and " + std::to_string(service().sequence_size - count) + " more";
    say(line);
  }

  void say_marks(const PortConfig& port) {
    const ServiceConfig* config = service_of_index(director_, service().own);
    if (config == nullptr) return;
    if (config->dscp) say("its DSCP becomes " + std::to_string(*config->dscp));
    if (config->vlan_priority && port.vlan != 0)
      say("the priority of its VLAN tag becomes " + std::to_string(*config->vlan_priority));
  }

  void say_outcome(const Outcome& outcome) {
    for (size_t port = 0; port < kMaxPorts; ++port) {
      if (outcome.transmit[port].count == 0) continue;
      say_marks(director_.config().ports[port]);
      return say("transmitted by port " + director_.config().ports[port].name);
    }
    if (outcome.punt.count > 0)
      return say("given to the control thread as " + std::string(name_of(outcome.punt.notes[0].kind)));
    if (outcome.drop.count > 0) return say("dropped: " + std::string(name_of(outcome.drop.reasons[0])));
    say("held until the first fragment comes");
  }

  const Director& director_;
  const Snapshot& snapshot_;
  const TracedFlow& flow_;
  Tick now_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> describe_decisions(const Director& director, const TracedFlow& flow,
                                            const Outcome& outcome) {
  return Decisions(director, flow).describe(outcome);
}

}  // namespace turnout
