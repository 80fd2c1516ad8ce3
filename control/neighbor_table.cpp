#include "control/neighbor_table.h"

#include <algorithm>
#include <cstring>

namespace turnout {
namespace {

using Time = NeighborTable::Time;

constexpr Time kShortestWait{1};       // so that no timing makes advance() ask for ever
constexpr size_t kOutdatedSlack = 64;  // small tables needn't tidy up their queue all the time

constexpr uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;  // 2^64 / φ

/// Fibonacci hashing: neighbouring numbers end up far apart.
constexpr uint64_t mix(uint64_t number) {
  number ^= number >> 32;  // a multiplication carries upwards only: high bits must reach low ones otherwise
  number *= kGoldenRatio;
  return number ^ number >> 32;
}

/// A part of `span` in 1/1024ths that is always the same for a neighbour and differs between neighbours.
Time share_of(Time span, const NeighborKey& key) {
  return span * static_cast<int64_t>(NeighborHash()(key) >> 54) / 1024;
}

}  // namespace

const char* to_string(NeighborState state) {
  switch (state) {
    case NeighborState::incomplete:
      return "incomplete";
    case NeighborState::reachable:
      return "reachable";
    case NeighborState::stale:
      return "stale";
  }
  return "unknown";
}

size_t NeighborHash::operator()(const NeighborKey& key) const {
  if (key.ip.is_v4()) return mix(mix(key.port) ^ key.ip.to_v4().to_uint());
  const auto octets = key.ip.to_v6().to_bytes();
  uint64_t subnet, host;
  std::memcpy(&subnet, octets.data(), sizeof subnet);
  std::memcpy(&host, octets.data() + sizeof subnet, sizeof host);
  return mix(mix(mix(key.port) ^ subnet) ^ host);
}

NeighborTable::NeighborTable(Callbacks callbacks, NeighborTimings timings)
    : callbacks_(std::move(callbacks)), timings_(timings) {}

void NeighborTable::want(const std::vector<NeighborKey>& wanted, Time now) {
  forget_all_but(Keys(wanted.begin(), wanted.end(), wanted.size()));
  for (const NeighborKey& key : wanted) {
    auto [place, is_new] = entries_.try_emplace(key);
    if (!is_new) continue;
    Entry& entry = place->second;
    entry.neighbor.port = key.port;
    entry.neighbor.ip = key.ip;
    entry.next_ask = now;
    incomplete_.insert(key);
    next_urge_ = now;
    schedule(key, entry);
  }
}

void NeighborTable::forget_all_but(const Keys& wanted) {
  std::erase_if(entries_, [&](const auto& item) { return !wanted.contains(item.first); });
  std::erase_if(incomplete_, [&](const NeighborKey& key) { return !wanted.contains(key); });
  drop_outdated();
}

void NeighborTable::learn(size_t port, const IpAddress& ip, const MacAddress& mac, Evidence evidence,
                          Time now) {
  const NeighborKey key{port, ip};
  const auto place = entries_.find(key);
  if (place == entries_.end()) return;

  Entry& entry = place->second;
  if (!entry.neighbor.mac) {
    if (evidence == Evidence::answer) return become_known(key, entry, mac, now);
    return hear_of_unknown(key, entry, now);
  }
  if (entry.neighbor.mac != mac) return challenge(key, entry, mac, evidence, now);
  const bool was_stale = entry.neighbor.state == NeighborState::stale;
  confirm(key, entry, now);
  if (was_stale && callbacks_.returned) callbacks_.returned(entry.neighbor);
  if (evidence == Evidence::answer && entry.verification) stay(key, entry, now);
}

void NeighborTable::become_known(const NeighborKey& key, Entry& entry, const MacAddress& mac, Time now) {
  const std::optional<MacAddress> before = entry.neighbor.mac;
  if (before) ++entry.neighbor.mac_changes;
  entry.neighbor.mac = mac;
  confirm(key, entry, now);
  callbacks_.changed(entry.neighbor, before);
}

/// It is there, so it is asked at once: it may just have started, and the back-off be long.
void NeighborTable::hear_of_unknown(const NeighborKey& key, Entry& entry, Time now) {
  if (entry.last_ask && now < *entry.last_ask + timings_.first_retry) return;
  if (entry.next_ask <= now) return;
  entry.next_ask = now;
  entry.wait = Time::zero();
  schedule(key, entry);
}

void NeighborTable::confirm(size_t port, const IpAddress& ip, const MacAddress& sender, Time now) {
  const NeighborKey key{port, ip};
  const auto place = entries_.find(key);
  if (place == entries_.end()) return;
  Entry& entry = place->second;
  const bool is_rival = (entry.verification && entry.verification->rival == sender) ||
                        (entry.neighbor.rival && entry.neighbor.rival->mac == sender);
  if (entry.neighbor.mac == sender || is_rival) learn(port, ip, sender, Evidence::answer, now);
}

void NeighborTable::confirm(const NeighborKey& key, Entry& entry, Time now) {
  if (entry.neighbor.state == NeighborState::incomplete) incomplete_.erase(key);
  entry.neighbor.state = NeighborState::reachable;
  entry.neighbor.confirmed = now;
  entry.neighbor.unanswered = 0;
  entry.wait = Time::zero();
  const Time grace = std::max(timings_.stale - timings_.refresh, Time::zero());
  entry.next_ask = now + timings_.refresh + share_of(grace / 4, key);
  schedule(key, entry);
}

void NeighborTable::urge(Time now) {
  if (now < next_urge_) return;
  next_urge_ = Time::max();
  std::vector<NeighborKey> chosen;  // asked afterwards: the callback may resolve others and so change the set
  for (const NeighborKey& key : incomplete_) {
    const std::optional<Time> last_ask = entries_.at(key).last_ask;
    const bool may_ask = !last_ask || *last_ask + timings_.urge_interval <= now;
    if (may_ask && chosen.size() == timings_.urged_at_once) {
      next_urge_ = now + kUrgeRest;
      break;
    }
    if (may_ask) chosen.push_back(key);
    next_urge_ = std::min(next_urge_, (may_ask ? now : *last_ask) + timings_.urge_interval);
  }
  for (const NeighborKey& key : chosen) {
    if (incomplete_.contains(key)) ask(key, entries_.at(key), now);
  }
}

void NeighborTable::doubt(size_t port, const IpAddress& ip, Time now) {
  const auto place = entries_.find({port, ip});
  if (place == entries_.end()) return;
  Entry& entry = place->second;
  if (entry.neighbor.unanswered > 0 || (entry.last_ask && *entry.last_ask + timings_.urge_interval > now))
    return;
  entry.next_ask = now;
  schedule(place->first, entry);
}

bool NeighborTable::is_silent(size_t port, const IpAddress& ip) const {
  const Neighbor* const neighbor = find(port, ip);
  return neighbor && (!neighbor->mac || neighbor->unanswered >= kUnicastTries);
}

NeighborTable::Time NeighborTable::advance(Time now) {
  unsigned events = 0;
  while (!due_.empty()) {
    const Due due = due_.top();
    const bool valid = is_valid(due);
    if (valid && due.at > now) return due.at;
    if (valid && events >= timings_.asked_at_once) return now + Time(1);
    due_.pop();
    if (valid) events += std::max(run(due.key, entries_.at(due.key), now), 1u);
  }
  return Time::max();
}

unsigned NeighborTable::run(const NeighborKey& key, Entry& entry, Time now) {
  Neighbor& neighbor = entry.neighbor;
  if (neighbor.state == NeighborState::reachable && neighbor.confirmed + timings_.stale <= now) {
    neighbor.state = NeighborState::stale;
    if (callbacks_.lost) callbacks_.lost(neighbor);
  }
  if (entry.verification && entry.verification->next <= now) return verify(key, entry, now);
  if (neighbor.rival && entry.next_rival_check <= now) return look_after_rival(key, entry, now);
  if (entry.next_ask > now) {
    schedule(key, entry);
    return 0;
  }
  ask(key, entry, now);
  return 1;
}

void NeighborTable::ask(const NeighborKey& key, Entry& entry, Time now) {
  const bool unicast = entry.neighbor.mac && entry.neighbor.unanswered < kUnicastTries;
  ++entry.neighbor.unanswered;
  entry.last_ask = now;
  entry.wait = entry.wait == Time::zero() ? timings_.first_retry : entry.wait * 2;
  entry.wait = std::clamp(entry.wait, kShortestWait, std::max(timings_.last_retry, kShortestWait));
  entry.next_ask = now + std::max(entry.wait - share_of(entry.wait / 8, key), kShortestWait);
  schedule(key, entry);
  question(entry, unicast ? entry.neighbor.mac : std::nullopt);
}

/// Last in what it is part of: an answer may come back before it returns.
void NeighborTable::question(Entry& entry, const std::optional<MacAddress>& to) {
  ++entry.neighbor.requests_sent;
  const Neighbor asked = entry.neighbor;
  callbacks_.ask(asked, to);
}

NeighborTable::Time NeighborTable::next_event(const Entry& entry) const {
  Time next = entry.next_ask;
  if (entry.neighbor.state == NeighborState::reachable) {
    next = std::min(next, entry.neighbor.confirmed + timings_.stale);
  }
  if (entry.verification) next = std::min(next, entry.verification->next);
  if (entry.neighbor.rival) next = std::min(next, entry.next_rival_check);
  return next;
}

void NeighborTable::schedule(const NeighborKey& key, Entry& entry) {
  entry.serial = ++last_serial_;  // outdates its earlier place in the queue
  due_.push({next_event(entry), key, entry.serial});
  drop_outdated();
}

bool NeighborTable::is_valid(const Due& due) const {
  const auto place = entries_.find(due.key);
  return place != entries_.end() && place->second.serial == due.serial;
}

/// Rebuilds the queue once more than half of it is outdated, so it costs each event O(1) on average and
/// someone who sends answers all the time can't make the queue grow.
void NeighborTable::drop_outdated() {
  if (due_.size() <= 2 * entries_.size() + kOutdatedSlack) return;
  std::vector<Due> valid;
  valid.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) valid.push_back({next_event(entry), key, entry.serial});
  due_ = std::priority_queue<Due>(std::less<Due>(), std::move(valid));
}

const Neighbor* NeighborTable::find(size_t port, const IpAddress& ip) const {
  const auto place = entries_.find({port, ip});
  return place == entries_.end() ? nullptr : &place->second.neighbor;
}

std::vector<const Neighbor*> NeighborTable::list() const {
  std::vector<const Neighbor*> result;
  result.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) result.push_back(&entry.neighbor);
  std::sort(result.begin(), result.end(), [](const Neighbor* a, const Neighbor* b) {
    return NeighborKey{a->port, a->ip} < NeighborKey{b->port, b->ip};
  });
  return result;
}

}  // namespace turnout
