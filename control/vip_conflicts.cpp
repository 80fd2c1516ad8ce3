#include "control/vip_conflicts.h"

#include <algorithm>

namespace turnout {
namespace {

using Time = VipConflict::Time;

constexpr Time kFullPause{100};  // no search for room is made more often

bool is_over(const VipConflict& conflict, bool probing, Time clear, Time now) {
  const auto quiet = [&](ClaimKind how) {
    return !conflict.was(how) || conflict.of(how).last + clear <= now;
  };
  if (!quiet(ClaimKind::asked) || !quiet(ClaimKind::announced)) return false;
  if (!probing || !conflict.was(ClaimKind::answered)) return quiet(ClaimKind::answered);
  return conflict.silent_probes >= VipConflicts::kSilentProbes && conflict.last + VipConflicts::kHush <= now;
}

/// How readily it gives way: the higher the sooner, 0 is not at all.
unsigned dispensable(const VipConflict& conflict, bool for_known, Time now) {
  if (conflict.cleared) return 3;
  if (conflict.last + VipConflicts::kQuiet <= now) return 2;
  return for_known && !conflict.owner ? 1 : 0;
}

}  // namespace

uint64_t VipConflict::count() const {
  uint64_t all = 0;
  for (const Heard& each : heard) all += each.count;
  return all;
}

std::optional<VipConflicts::Noted> VipConflicts::note(size_t port, const AddressClaim& claim, bool is_vip,
                                                      const std::optional<MacOwner>& owner, Time now) {
  const MacAddress mac = claim.mac.value_or(claim.sender);
  const Key key{claim.ip, mac.to_number()};
  auto place = conflicts_.find(key);
  if (place == conflicts_.end()) {
    if (conflicts_.size() >= kMost && !make_room(owner.has_value(), now)) {
      ++without_room_;
      return std::nullopt;
    }
    place = conflicts_.try_emplace(key).first;
    place->second.ip = claim.ip;
    place->second.mac = mac;
  }
  VipConflict& conflict = place->second;
  if (conflict.cleared) {
    conflict.cleared.reset();
    conflict.heard = {};
  }
  conflict.is_vip = is_vip;
  const bool is_named_now = owner && !conflict.owner;
  if (owner) conflict.owner = owner;
  conflict.port = port;
  conflict.last = now;
  conflict.silent_probes = 0;
  VipConflict::Heard& heard = conflict.heard[static_cast<size_t>(claim.how)];
  heard.last = now;
  return Noted{conflict, ++heard.count == 1, is_named_now};
}

bool VipConflicts::make_room(bool for_known, Time now) {
  if (!for_known && now < full_until_) return false;
  auto victim = conflicts_.end();
  unsigned most = 0;
  for (auto place = conflicts_.begin(); place != conflicts_.end(); ++place) {
    const unsigned rank = dispensable(place->second, for_known, now);
    if (rank < most || rank == 0) continue;
    if (rank == most && place->second.last >= victim->second.last) continue;
    most = rank;
    victim = place;
  }
  if (victim == conflicts_.end()) {
    full_until_ = now + kFullPause;
    return false;
  }
  conflicts_.erase(victim);
  return true;
}

std::vector<VipConflict> VipConflicts::end_what_is_over(bool probing, Time clear, Time now) {
  std::vector<VipConflict> ended;
  for (auto& [key, conflict] : conflicts_) {
    if (conflict.cleared || !is_over(conflict, probing, clear, now)) continue;
    conflict.cleared = now;
    ended.push_back(conflict);
  }
  std::erase_if(conflicts_, [now](const auto& item) {
    return item.second.cleared && *item.second.cleared + kRemembered <= now;
  });
  return ended;
}

bool VipConflicts::is_answered_by_another(const IpAddress& ip) const {
  for (auto place = conflicts_.lower_bound({ip, 0}); place != conflicts_.end() && place->first.first == ip;
       ++place) {
    if (place->second.lasts() && place->second.was(ClaimKind::answered)) return true;
  }
  return false;
}

}  // namespace turnout
