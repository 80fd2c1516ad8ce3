#include "control/load_keeper.h"

#include <algorithm>
#include <cstdlib>

namespace turnout {

namespace {

/// What two looks agree on: nothing if one found too much and the other too little.
int64_t agreed(int64_t before, int64_t now) {
  if ((before < 0) != (now < 0)) return 0;
  return std::abs(before) < std::abs(now) ? before : now;
}

}  // namespace

LoadKeeper::Error LoadKeeper::error_of(uint32_t slot) const {
  const ServerLoad load = statistics_.loads().read(slot);
  const ServerTotals counted = statistics_.server(slot);
  return {static_cast<int64_t>(counted.active) - load.active,
          static_cast<int64_t>(counted.inactive) - load.inactive};
}

void LoadKeeper::begin(const Snapshot* now, const Snapshot& next) {
  if (!next.has_live_loads) return;
  for (uint32_t slot = 0; slot < next.terms.size(); ++slot) {
    const bool was_live = now && slot < now->terms.size() && now->terms[slot].live;
    if (!next.terms[slot].live || was_live) continue;
    const Error error = error_of(slot);
    statistics_.loads().add(slot, error.active, error.inactive);
    seen_.erase(slot);
  }
}

void LoadKeeper::look_at(uint32_t slot) {
  const Error error = error_of(slot);
  const auto before = seen_.find(slot);
  if (before == seen_.end()) {
    if (error.active != 0 || error.inactive != 0) seen_.emplace(slot, error);
    return;
  }
  const Error mend = {agreed(before->second.active, error.active),
                      agreed(before->second.inactive, error.inactive)};
  seen_.erase(before);
  if (mend.active != 0 || mend.inactive != 0) statistics_.loads().add(slot, mend.active, mend.inactive);
}

void LoadKeeper::tick(Time now, const Snapshot& snapshot) {
  if (!snapshot.has_live_loads || now < next_look_) return;
  const auto count = static_cast<uint32_t>(snapshot.terms.size());
  const uint32_t end = std::min(next_slot_ + kServersAtOnce, count);
  for (; next_slot_ < end; ++next_slot_) {
    if (snapshot.terms[next_slot_].live) look_at(next_slot_);
  }
  if (next_slot_ < count) return;
  next_slot_ = 0;
  next_look_ = now + kPause;
}

}  // namespace turnout
