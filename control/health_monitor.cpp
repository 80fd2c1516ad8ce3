#include "control/health_monitor.h"

#include <algorithm>

#include <netinet/in.h>

#include "control/link_layer.h"

namespace turnout {

using namespace std::chrono_literals;

namespace {

constexpr auto kResolveRetry = 50ms;   // between looks for a MAC address that is not known yet
constexpr auto kProberGrace = 1000ms;  // by which a prober that has its own clock may be late

uint8_t protocol_of(const HealthRules& rules) {
  switch (rules.health.type) {
    case HealthType::tcp:
      return IPPROTO_TCP;
    case HealthType::udp:
      return IPPROTO_UDP;
    default:
      return icmp_of(rules.listener.vip);
  }
}

bool is_web(HealthType type) {
  return type == HealthType::http || type == HealthType::https;
}

/// A group may have no member with a port that such a check could ask.
HealthConfig health_at(const ServiceKey& listener, HealthConfig health) {
  const bool asks_a_port = health.type != HealthType::icmp && health.type != HealthType::exec;
  if (asks_a_port && health.port == 0 && !listener.is_one_port()) health.type = HealthType::icmp;
  return health;
}

}  // namespace

HealthMonitor::HealthMonitor(std::vector<MacAddress> port_macs, Links links, uint64_t seed)
    : port_macs_(std::move(port_macs)), links_(std::move(links)), book_(seed) {}

void HealthMonitor::apply(const Config& config, const Registry& registry, bool presume_up, Time now) {
  std::set<ServiceKey> present;
  vips_.clear();
  for (const ServiceConfig& service : config.services) {
    present.insert(service.key);
    apply(config, service, registry.service(service.key), presume_up, now);
  }
  for (auto place = services_.begin(); place != services_.end();) {
    if (present.contains(place->first)) {
      ++place;
      continue;
    }
    for (const uint32_t slot : place->second) forget(slot);
    place = services_.erase(place);
  }
}

void HealthMonitor::apply(const Config& config, const ServiceConfig& service,
                          const Registry::Service& numbers, bool presume_up, Time now) {
  std::vector<uint32_t>& slots = services_[service.key];
  const std::vector<uint32_t> before = std::exchange(slots, {});
  if (const ServiceKey* const listener = checked_listener(service)) {
    vips_.insert(listener->vip);
    const auto rules = std::make_shared<const HealthRules>(
        HealthRules{service.key, *listener, health_at(*listener, service.health),
                    std::chrono::seconds(service.slow_start)});
    for (const RealServerConfig& server : service.real_servers) {
      const Registry::Server& number = numbers.servers.at(server.address);
      enter(config, server, number, rules, presume_up, now);
      slots.push_back(number.slot);
    }
  }
  const std::set<uint32_t> present(slots.begin(), slots.end());
  for (const uint32_t slot : before) {
    if (!present.contains(slot)) forget(slot);
  }
}

void HealthMonitor::enter(const Config& config, const RealServerConfig& server,
                          const Registry::Server& number, const std::shared_ptr<const HealthRules>& rules,
                          bool presume_up, Time now) {
  auto place = checks_.find(number.slot);
  if (place != checks_.end() && place->second.generation != number.generation) {
    forget(number.slot);
    place = checks_.end();
  }
  const bool is_new = place == checks_.end();
  if (is_new) place = checks_.try_emplace(number.slot, presume_up || links_.serves(number), now).first;
  HealthCheck& check = place->second;
  const bool other_rules =
      !is_new && (check.rules->health != rules->health || check.rules->listener != rules->listener);
  const bool other_way = !is_new && check.fixed_mac != server.mac;
  check.rules = rules;
  check.server = server.address;
  check.fixed_mac = server.mac;
  check.generation = number.generation;
  check.port = port_of(config, server.address).value();
  check.source = source_address(config.ports[check.port], port_macs_[check.port], server.address).value();
  if (other_rules) check.state.forget_counts();
  if (!is_new && !other_rules && !other_way) return;
  forget_flows(check);
  check.is_asked = false;
  check.begun = now;
  schedule(number.slot, check, now);
}

void HealthMonitor::forget(uint32_t slot) {
  const auto place = checks_.find(slot);
  if (place == checks_.end()) return;
  forget_flows(place->second);
  rising_.erase(slot);
  checks_.erase(place);
}

void HealthMonitor::forget_flows(HealthCheck& check) {
  book_.forget(std::exchange(check.flow, {}));  // none has no protocol, and is in no book
  if (std::exchange(check.second_waits, false)) book_.forget(check.second);
}

void HealthMonitor::schedule(uint32_t slot, HealthCheck& check, Time at) {
  check.serial = ++last_serial_;  // outdates its earlier event
  events_.push({at, slot, check.serial});
}

void HealthMonitor::tick(Time now) {
  now_ = now;
  unsigned begun = 0, events = 0;
  while (!events_.empty() && events_.top().at <= now && begun < kBegunAtOnce && events < kEventsAtOnce) {
    const Event event = events_.top();
    events_.pop();
    const auto place = checks_.find(event.slot);
    if (place == checks_.end() || place->second.serial != event.serial) continue;
    ++events;
    if (!run(event.slot, place->second, now)) continue;
    ++begun;
    lateness_ = now - event.at;
  }
  raise_shares();
}

/// True if a check began.
bool HealthMonitor::run(uint32_t slot, HealthCheck& check, Time now) {
  if (!check.is_asked) return begin(slot, check, now);
  give_up(slot, check, now);
  return false;
}

std::optional<MacAddress> HealthMonitor::mac_of(const HealthCheck& check) const {
  return check.fixed_mac ? check.fixed_mac : links_.resolve(check.port, check.server);
}

ProbeEnds HealthMonitor::ends_of(const HealthCheck& check) const {
  return {port_macs_[check.port], check.mac, check.source};
}

/// A server whose MAC address is being asked for has as long as an answer has.
bool HealthMonitor::begin(uint32_t slot, HealthCheck& check, Time now) {
  const std::optional<MacAddress> mac = mac_of(check);
  if (mac) {
    check.mac = *mac;
    check.begun = now;
    ask(slot, check, now);
  } else if (now - check.begun < check.rules->health.timings.timeout) {
    schedule(slot, check, now + kResolveRetry);
  } else {
    finish(slot, check, words_for_unresolved(check), now);
  }
  return mac.has_value();
}

void HealthMonitor::ask(uint32_t slot, HealthCheck& check, Time now) {
  const HealthRules& rules = *check.rules;
  check.is_asked = true;
  if (check.state.failing() > 0) ask_own_address(slot, check);  // first: its answer explains the other
  if (is_web(rules.health.type) && links_.web) return start(*links_.web, slot, check, now);
  if (rules.health.type == HealthType::exec && links_.program)
    return start(*links_.program, slot, check, now);
  const uint32_t sequence = book_.random32();
  const auto flow = book_.enter(rules.listener.vip, protocol_of(rules), rules.checked_port(),
                                {slot, ProbeBook::About::vip, sequence});
  schedule(slot, check, now + rules.health.timings.timeout);
  check.flow = flow.value_or(ProbeFlow());
  if (!flow) return;  // all ports wait for answers: none comes to this one
  if (flow->protocol == IPPROTO_TCP) {
    links_.send(check.port, make_syn(ends_of(check), *flow, sequence));
  } else if (flow->protocol == IPPROTO_UDP) {
    const auto* octets = reinterpret_cast<const uint8_t*>(rules.health.send.data());
    links_.send(check.port, make_datagram(ends_of(check), *flow, {octets, rules.health.send.size()}));
  } else {
    links_.send(check.port, make_echo(ends_of(check), *flow));
  }
}

/// A SYN where the service has a TCP port, a ping elsewhere.
void HealthMonitor::ask_own_address(uint32_t slot, HealthCheck& check) {
  if (check.second_waits) book_.forget(check.second);  // of the check before
  const HealthRules& rules = *check.rules;
  const bool by_tcp = rules.health.type == HealthType::tcp || is_web(rules.health.type);
  const uint32_t sequence = book_.random32();
  const auto flow = book_.enter(check.server, by_tcp ? uint8_t{IPPROTO_TCP} : icmp_of(check.server),
                                rules.checked_port(), {slot, ProbeBook::About::own_address, sequence});
  check.second_waits = flow.has_value();
  if (!flow) return;
  check.second = *flow;
  links_.send(check.port,
              by_tcp ? make_syn(ends_of(check), *flow, sequence) : make_echo(ends_of(check), *flow));
}

void HealthMonitor::start(Prober& prober, uint32_t slot, HealthCheck& check, Time now) {
  const HealthRules& rules = *check.rules;
  schedule(slot, check, now + rules.health.timings.timeout + kProberGrace);
  const uint64_t serial = check.serial;
  prober.start({rules.listener, check.server, check.port, check.source, check.mac}, rules.health,
               [this, slot, serial](const ProbeResult& result) {
                 const auto place = checks_.find(slot);
                 if (place == checks_.end() || place->second.serial != serial) return;
                 found(slot, place->second, result);
               });
}

void HealthMonitor::found(uint32_t slot, HealthCheck& check, const ProbeResult& result) {
  if (result.shape == ProbeShape::not_begun) {
    check.is_asked = false;
    check.begun = next_time(check, now_);
    return schedule(slot, check, check.begun);
  }
  if (!result.passed && check.second_waits) check.second_opinion = SecondOpinion::silent;
  const auto elsewhere = result.from ? other_server(check, *result.from) : std::nullopt;
  const bool reachable = result.passed || answers_arp(check);
  finish(slot, check, words_for_result(check, result, reachable, elsewhere), now_);
}

bool HealthMonitor::answers_arp(const HealthCheck& check) const {
  return check.fixed_mac || links_.answers_arp(check.port, check.server);
}

void HealthMonitor::give_up(uint32_t slot, HealthCheck& check, Time now) {
  if (check.second_waits) check.second_opinion = SecondOpinion::silent;
  const HealthConfig& health = check.rules->health;
  if (health.type == HealthType::udp && health.expect.empty())
    return finish(slot, check, {.passed = true}, now);
  finish(slot, check, words_for_silence(check, answers_arp(check)), now);
}

HealthMonitor::Time HealthMonitor::next_time(const HealthCheck& check, Time now) {
  const HealthConfig& health = check.rules->health;
  const Time interval = health.timings.interval;
  if (check.state.checks() <= 1 && !check.state.failing())  // from now on each at its own time
    return now + interval * (book_.random32() % 1024) / 1024;
  const auto spread = static_cast<int64_t>(interval.count() * health.jitter / 100);
  const int64_t shift = spread == 0 ? 0 : static_cast<int64_t>(book_.random32()) % (2 * spread + 1) - spread;
  return std::max(now, check.begun + interval + Time(shift));
}

void HealthMonitor::finish(uint32_t slot, HealthCheck& check, const ProbeResult& result, Time now) {
  book_.forget(std::exchange(check.flow, {}));
  check.is_asked = false;
  if (result.passed) {
    forget_flows(check);
    check.answered_after = now - check.begun;
    check.second_opinion = SecondOpinion::none;
  }
  check.cause = cause_of(result, check.second_opinion);
  const bool was_up = check.state.is_up();
  const bool has_turned = check.state.record(result, check.rules->health, now);
  const Time next = next_time(check, now);
  check.begun = next;
  schedule(slot, check, next);
  if (has_turned) turned(slot, check, was_up, now);
}

void HealthMonitor::turned(uint32_t slot, HealthCheck& check, bool was_up, Time now) {
  rising_.erase(slot);
  if (!check.state.is_up()) {
    report_down(check);
  } else {
    report_up(check);
    if (!was_up && check.rules->slow_start > Time::zero()) {
      rising_[slot] = {.since = now};
    }
  }
  if (was_up != check.state.is_up()) links_.changed(check.rules->service);
}

Standing HealthMonitor::standing(uint32_t slot) const {
  const HealthCheck* check = find(slot);
  if (!check) return {};
  Standing standing{check->state.is_up()};
  const auto rise = rising_.find(slot);
  if (rise == rising_.end()) return standing;
  const Time whole = check->rules->slow_start;
  const Time passed = now_ - rise->second.since;
  if (passed >= whole) return standing;  // also if there is no slow start any more
  standing.share = static_cast<uint32_t>(std::max<int64_t>(passed * Standing::kWhole / whole, 1));
  return standing;
}

void HealthMonitor::raise_shares() {
  for (auto place = rising_.begin(); place != rising_.end();) {
    auto& [slot, rise] = *place;
    const uint32_t share = standing(slot).share;
    if (share != std::exchange(rise.told, share)) links_.changed(checks_.at(slot).rules->service);
    place = share == Standing::kWhole ? rising_.erase(place) : std::next(place);
  }
}

const HealthCheck* HealthMonitor::find(uint32_t slot) const {
  const auto place = checks_.find(slot);
  return place == checks_.end() ? nullptr : &place->second;
}

}  // namespace turnout
