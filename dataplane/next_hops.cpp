#include "dataplane/next_hops.h"

#include <algorithm>

namespace turnout {

/// Epochs come again after half a million snapshots. Until then, copies of so long ago have been forgotten.
void NextHops::begin(const Snapshot& snapshot) {
  generation_ = snapshot.generation;
  if (++epoch_ == kEpochs) epoch_ = 1;
  most_ = std::max(most_, static_cast<uint32_t>(snapshot.servers.size()));
  for (uint32_t i = 0; i < std::min(kForgotten, most_); ++i) {
    hops_[next_].stamp = 0;
    if (++next_ >= most_) next_ = 0;
  }
}

void NextHops::View::renew(uint32_t slot, const Snapshot& snapshot) const {
  if (slot >= snapshot.servers.size()) return;  // that of a connection whose server is gone
  const RealServer& server = snapshot.servers[slot];
  NextHop& hop = hops_[slot];
  hop.macs = server.macs;
  hop.stamp = epoch_ | static_cast<uint32_t>(!server.usable()) << kUnusableBit | server.generation();
}

}  // namespace turnout
