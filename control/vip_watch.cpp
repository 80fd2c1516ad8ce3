#include "control/vip_watch.h"

#include <algorithm>
#include <set>

#include "control/arp.h"
#include "control/event.h"
#include "control/ndp.h"
#include "control/vip_findings.h"

namespace turnout {
namespace {

using namespace std::chrono_literals;

constexpr VipWatch::Time kLookInterval = 100ms;  // at the conflicts
constexpr VipWatch::Time kLogInterval = 60s;     // of a conflict that goes on

}  // namespace

VipWatch::VipWatch(std::vector<MacAddress> port_macs, Callbacks callbacks)
    : port_macs_(std::move(port_macs)),
      callbacks_(std::move(callbacks)),
      defence_([this](size_t port, const IpAddress& ip) {
        callbacks_.send(port, make_announcement(port_macs_[port], ip));
      }) {}

void VipWatch::watch(const VipWatchConfig& config, std::vector<std::string> port_names,
                     const std::vector<LocalAddress>& addresses, Time now) {
  config_ = config;
  port_names_ = std::move(port_names);
  held_.clear();
  targets_.clear();
  for (const LocalAddress& address : addresses) {
    held_[address.ip] = address;
    for (size_t port = 0; address.is_vip && port < port_macs_.size(); ++port) {
      if (address.is_on(port)) targets_.push_back({port, address.ip});
    }
  }
  if (next_target_ >= targets_.size()) next_target_ = 0;
  next_probe_ = std::clamp<std::chrono::nanoseconds>(next_probe_, now, now + config_.interval);
  const auto is_held = [this](const IpAddress& ip) { return held_.contains(ip); };
  conflicts_.keep_only(is_held);
  defence_.keep_only(is_held);
}

void VipWatch::heard(size_t port, const AddressClaim& claim, const MacOwners& owners, Time now) {
  const auto held = held_.find(claim.ip);
  if (held == held_.end() || !held->second.is_on(port)) return;
  defence_.claimed(port, claim.ip, now);
  const MacAddress mac = claim.mac.value_or(claim.sender);
  const auto noted = conflicts_.note(port, claim, held->second.is_vip, owners.find(mac, claim.ip), now);
  if (!noted) return;
  VipConflict& conflict = noted->conflict;
  if (conflict.count() == 1 || noted->is_named_now) {
    begin(conflict, now);
  } else if (noted->is_new || now >= conflict.next_log) {
    tell(conflict, noted->is_new, now);
  }
}

void VipWatch::asked_for(size_t port, const IpAddress& ip, Time now) {
  if (conflicts_.is_answered_by_another(ip)) defence_.asked_for(port, ip, now);
}

void VipWatch::tick(Time now) {
  if (probing()) probe_in_turn(now);
  if (now >= next_look_) {
    next_look_ = now + kLookInterval;
    if (probing()) look_closely(now);
    end_conflicts(now);
  }
  defence_.tick(now);
}

/// Each target has its own moment in the interval. What a busy control thread was late for is made up for,
/// but never more than one interval of it.
void VipWatch::probe_in_turn(Time now) {
  if (targets_.empty()) return;
  const auto step = std::chrono::nanoseconds(config_.interval) / static_cast<int64_t>(targets_.size());
  next_probe_ = std::max<std::chrono::nanoseconds>(next_probe_, now - config_.interval);
  for (unsigned sent = 0; sent < kProbesAtOnce && next_probe_ <= now; ++sent) {
    const Target& target = targets_[next_target_];
    probe(target.port, target.vip);
    next_target_ = (next_target_ + 1) % targets_.size();
    next_probe_ += step;
  }
}

void VipWatch::look_closely(Time now) {
  std::set<std::pair<size_t, IpAddress>> probed;  // two machines may answer for one
  for (auto& [key, conflict] : conflicts_.all()) {
    if (!conflict.lasts() || !conflict.was(ClaimKind::answered) || now < conflict.next_probe) continue;
    conflict.next_probe = now + kCloseLook;
    ++conflict.silent_probes;
    if (probed.emplace(conflict.port, conflict.ip).second) probe(conflict.port, conflict.ip);
  }
}

void VipWatch::probe(size_t port, const IpAddress& ip) {
  const MacAddress& our_mac = port_macs_[port];
  if (ip.is_v4()) return callbacks_.send(port, make_arp_request(our_mac, 0, to_be32(ip)));
  const std::optional<IpAddress> own = callbacks_.source(port, ip);
  const IpAddress from = own && *own != ip ? *own : IpAddress(boost::asio::ip::address_v6::any());
  callbacks_.send(port, make_neighbor_solicitation(our_mac, from, ip));
}

void VipWatch::end_conflicts(Time now) {
  for (const VipConflict& ended : conflicts_.end_what_is_over(probing(), config_.clear, now)) {
    report({EventKind::vip_conflict_ended, Severity::info, describe_end(ended),
            conflict_fields(ended, name_of(ended.port))},
           log_);
  }
}

void VipWatch::begin(VipConflict& conflict, Time now) {
  conflict.next_probe = now + kCloseLook;
  conflict.next_log = now + kLogInterval;
  const std::string& port = name_of(conflict.port);
  report({EventKind::vip_conflict_begun, Severity::warning, describe(conflict, port, true),
          conflict_fields(conflict, port)},
         log_);
}

void VipWatch::tell(VipConflict& conflict, bool is_new, Time now) {
  conflict.next_log = now + kLogInterval;
  log_.log(LogLevel::warning, describe(conflict, name_of(conflict.port), is_new));
}

Findings VipWatch::findings(Time now) const {
  return find_vip_conflicts(conflicts_, port_names_, now);
}

}  // namespace turnout
