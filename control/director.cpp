#include "control/director.h"

#include <algorithm>
#include <random>
#include <utility>

#include "control/config_events.h"

namespace turnout {

namespace {

// Finding out whose servers were resolved takes longer the more services there are. Then it is done less
// often, for more of them at once.
constexpr size_t kServicesAMillisecond = 500;

std::string join(const ConfigErrors& errors) {
  std::string text;
  for (const ConfigError& error : errors) text += (text.empty() ? "" : "; ") + error.to_string();
  return text;
}

std::vector<MacAddress> macs_of(const std::vector<Station>& stations) {
  std::vector<MacAddress> macs;
  for (const Station& station : stations) macs.push_back(station.mac);
  return macs;
}

LoadedFilters loaded_or_refuse(const std::vector<FilterConfig>& filters) {
  Parsed<LoadedFilters> loaded = load_filters(filters);
  if (!loaded.value) throw ConfigRefused(ConfigRefused::Reason::invalid, std::move(loaded.errors));
  return std::move(*loaded.value);
}

}  // namespace

ConfigRefused::ConfigRefused(Reason why, ConfigErrors all)
    : std::runtime_error(join(all)), reason(why), errors(std::move(all)) {}

Director::Director(Config config, const Parts& parts, Time now)
    : parts_(parts),
      config_(std::move(config)),
      generation_(1),
      started_(now),
      time_(now),
      shown_(parts.statistics, registry_),
      rates_(parts.statistics, registry_, now),
      filters_(parts.statistics),
      builder_(
          parts.stations, [this](uint32_t slot) { return health_.standing(slot); }, &filters_),
      link_(
          parts.wire, macs_of(parts.stations),
          [this](const NeighborKey& neighbor) { moved_.insert(neighbor); }, parts.to_kernel,
          [this](size_t port, std::span<const uint8_t> frame) {
            return health_.on_frame(port, frame, time_) || uplinks_.on_frame(port, frame);
          }),
      health_(macs_of(parts.stations), health_links(), std::random_device()()),
      uplinks_(
          config_, macs_of(parts.stations),
          {[this](const NeighborKey& gateway, bool for_all) { link_.probe(gateway, for_all); },
           [this](const NeighborKey& gateway) { return link_.neighbors().find(gateway.port, gateway.ip); },
           [this](size_t port, std::span<const uint8_t> frame) { parts_.wire.send(port, frame); }},
          now),
      sweeper_(parts.tables, parts.statistics),
      cleaner_(parts.tables, parts.statistics),
      load_keeper_(parts.statistics),
      limit_keeper_(parts.tables, parts.statistics),
      offenders_(parts.statistics) {
  if (!config_.filters.empty())
    filters_.put_in_force(plan_or_refuse(config_.filters, loaded_or_refuse(config_.filters)));
  registry_.update(config_, snapshot_generation_ + 1);
  link_.apply(config_, now);
  health_.apply(config_, registry_, true, now);
  publish();
  history_.add({generation_, ConfigHistory::Clock::now(), {"start", std::nullopt}, {}}, {});
}

HealthMonitor::Links Director::health_links() {
  return {.send = [this](size_t port, std::span<const uint8_t> frame) { parts_.wire.send(port, frame); },
          .resolve = [this](size_t port, const IpAddress& address) { return link_.resolve(port, address); },
          .answers_arp =
              [this](size_t port, const IpAddress& address) {
                link_.doubt(port, address, time_);
                return !link_.neighbors().is_silent(port, address);
              },
          .changed = [this](const ServiceKey& service) { judged_.insert(service); },
          .serves =
              [this](const Registry::Server& number) {
                const std::vector<RealServer>& servers = snapshot().servers;
                return number.slot < servers.size() && servers[number.slot].tag == number.generation;
              },
          .owner = [this](const MacAddress& mac, const IpAddress& family_of) -> std::optional<IpAddress> {
            const auto owner = link_.owner_of(mac, family_of);
            return owner && !owner->is_gateway ? std::optional(owner->address) : std::nullopt;
          },
          .web = parts_.web,
          .program = parts_.program};
}

Director::Applied Director::apply(Config next, bool dry_run, Time now, const Origin& by) {
  using Reason = ConfigRefused::Reason;
  if (ConfigErrors errors = check_config(next); !errors.empty())
    throw ConfigRefused(Reason::invalid, std::move(errors));
  if (ConfigErrors errors = check_unchangeable(config_, next); !errors.empty()) {
    throw ConfigRefused(Reason::needs_restart, std::move(errors));
  }
  if (!registry_.fits(next)) {
    throw ConfigRefused(
        Reason::no_room,
        {{"/services", "real servers that were removed are still being let go: try again in a second"}});
  }
  std::vector<std::string> changes = describe_changes(config_, next);
  std::optional<LoadedFilters> loaded;
  if (next.filters != config_.filters) loaded = loaded_or_refuse(next.filters);
  if (dry_run) return {generation_, std::move(changes)};
  if (loaded) filters_.put_in_force(plan_or_refuse(next.filters, std::move(*loaded)));
  std::vector<Event> events = config_events(config_, next);
  Config before = std::exchange(config_, std::move(next));
  ConfigUndo undo(std::move(before), config_);
  registry_.update(config_, snapshot_generation_ + 1);
  link_.apply(config_, now, uplinks_.withdrawn());
  health_.apply(config_, registry_, false, now);
  publish();
  record(std::move(undo), changes, std::move(events), by);
  return {generation_, std::move(changes)};
}

FilterPlan Director::plan_or_refuse(const std::vector<FilterConfig>& filters, LoadedFilters loaded) {
  Parsed<FilterPlan> plan = plan_or_say_why(filters, std::move(loaded));
  if (!plan.value) throw ConfigRefused(ConfigRefused::Reason::no_room, std::move(plan.errors));
  return std::move(*plan.value);
}

bool Director::take_filters(FilterPlan plan, const Origin& by) {
  if (plan.filters != config_.filters) return false;
  size_t prefixes = 0;
  for (const auto& lists : plan.loaded) {
    for (const LoadedList& list : lists) prefixes += list.size();
  }
  filters_.put_in_force(std::move(plan));
  publish();
  report({EventKind::filters_reloaded,
          Severity::info,
          "the filters' files were read again, by " + by.how + ": " + std::to_string(prefixes) +
              " prefixes in all lists",
          {{"prefixes", prefixes}, {"how", by.how}}});
  return true;
}

/// To be called when the change is in force. Without `changes` it was of an order at most, which makes no
/// generation.
void Director::record(ConfigUndo undo, const std::vector<std::string>& changes, std::vector<Event> events,
                      const Origin& by) {
  if (changes.empty()) return history_.amend(std::move(undo));
  ++generation_;
  history_.add({generation_, ConfigHistory::Clock::now(), by, changes}, std::move(undo));
  report_change(generation_, changes, std::move(events), by);
}

Director::Applied Director::apply_with(const ServiceConfig& next, Time now, const Origin& by) {
  Config whole = config_;
  *whole.find(next.key) = next;
  return apply(std::move(whole), false, now, by);
}

Director::Applied Director::replace(const ServiceConfig& next, Time now, const Origin& by) {
  ServiceConfig& service = *config_.find(next.key);
  if (!want_same_neighbors(service, next) || !stays_valid(config_, next) || !registry_.fits(next))
    return apply_with(next, now, by);
  std::vector<std::string> changes = describe_changes(service, next);
  std::vector<Event> events = config_events(service, next);
  ConfigUndo undo(std::exchange(service, next));
  registry_.update(service, snapshot_generation_ + 1);
  health_.apply(config_, service, registry_.service(service.key), false, now);
  publish({&service});
  record(std::move(undo), changes, std::move(events), by);
  return {generation_, std::move(changes)};
}

void Director::publish() {
  const auto resolve = [this](size_t port, const IpAddress& address) { return link_.resolve(port, address); };
  hand_out(builder_.build(config_, registry_, resolve, ++snapshot_generation_, starting_));
  outdated_ = false;
  moved_.clear();
  judged_.clear();
}

void Director::publish(const Services& changed) {
  const auto resolve = [this](size_t port, const IpAddress& address) { return link_.resolve(port, address); };
  auto next =
      builder_.rebuild(snapshot(), changed, config_, registry_, resolve, snapshot_generation_ + 1, starting_);
  if (!next) return publish();
  ++snapshot_generation_;
  hand_out(std::move(next));
}

void Director::set_capture(CaptureOrders orders) {
  capture_ = std::move(orders);
  auto next = std::make_unique<Snapshot>(snapshot());
  next->generation = ++snapshot_generation_;
  hand_out(std::move(next));
}

void Director::hand_out(std::unique_ptr<Snapshot> next) {
  next->capture = capture_ ? capture_(registry_) : nullptr;
  load_keeper_.begin(parts_.snapshots.current(), *next);
  parts_.snapshots.publish(std::move(next));
}

/// What workers are to know of the neighbours that were found, or found elsewhere, and of servers that went
/// up or down.
void Director::publish_moved() {
  Services changed;
  for (const ServiceConfig& service : config_.services) {
    const auto moved = [this](const RealServerConfig& server) {
      return !server.mac && moved_.contains({port_of(config_, server.address).value(), server.address});
    };
    if (judged_.contains(service.key) || std::ranges::any_of(service.real_servers, moved))
      changed.push_back(&service);
  }
  moved_.clear();
  judged_.clear();
  next_moved_ = time_ + Time(config_.services.size() / kServicesAMillisecond);
  if (!changed.empty()) publish(changed);
}

void Director::port_came_up(size_t port, Time now) {
  link_.port_came_up(port, now);
  uplinks_.set_link(port, true, now);
}

void Director::end_start(Time now) {
  if (!link_.all_resolved() && now - started_ < kStartTime) return;
  starting_ = false;
  outdated_ = true;
}

void Director::tick(Time now, Tick tick) {
  time_ = now;
  tick_ = tick;
  urge_if_packets_wait(now);
  link_.tick(now);
  health_.tick(now);
  if (uplinks_.tick(now)) link_.apply(config_, now, uplinks_.withdrawn());
  if (starting_) end_start(now);
  if (outdated_) publish();
  if ((!moved_.empty() || !judged_.empty()) && now >= next_moved_) publish_moved();
  reclaim_numbers();
  sweeper_.tick(now, tick, snapshot());
  load_keeper_.tick(now, snapshot());
  denials_.collect(parts_.statistics, {filters_, config_, registry_});
  limit_keeper_.tick(now, snapshot());
  offenders_.tick(now, snapshot());
  rates_.tick(now);
}

void Director::reclaim_numbers() {
  for (const Registry::Released& released : registry_.reclaim(parts_.snapshots.reclaim())) {
    shown_.forget(released);
    rates_.forget(released);
    parts_.statistics.settle(released);
    if (released.slot == Registry::kNoSlot) offenders_.forget(released.service);
    if (released.slot == Registry::kIndexOnly) cleaner_.add(released.service);
  }
  for (const uint16_t index : cleaner_.tick(snapshot())) registry_.give_back(index);
}

void Director::zero_statistics(const Registry::Service& service) {
  shown_.zero(service);
  rates_.zero(service);
}

void Director::zero_statistics() {
  for (const auto& [key, service] : registry_.services()) zero_statistics(service);
  rates_.zero_total();
}

bool Director::is_up(uint32_t slot) const {
  return snapshot().servers[slot].usable() && health_.standing(slot).up;
}

void Director::urge_if_packets_wait(Time now) {
  const uint64_t drops = parts_.statistics.drops(DropReason::no_server_resolved);
  if (drops != waiting_drops_) link_.urge(now);
  waiting_drops_ = drops;
}

}  // namespace turnout
