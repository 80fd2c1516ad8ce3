// Keeps ServerLoads true. Workers keep a server's load only while its service asks for that; who begins to
// ask finds connections that were opened before, and workers that hear of it one after another. What each
// worker has counted by itself is never wrong: by that the loads begin, and are put right. Control thread
// only.
#pragma once

#include <chrono>
#include <cstdint>
#include <unordered_map>

#include "control/statistics.h"
#include "dataplane/snapshot.h"

namespace turnout {

class LoadKeeper {
 public:
  using Time = std::chrono::milliseconds;

  explicit LoadKeeper(Statistics& statistics) : statistics_(statistics) {}

  /// `next` is about to follow `now` (none: it is the first). Loads that are kept from then on begin with the
  /// connections that there are.
  void begin(const Snapshot* now, const Snapshot& next);

  /// To be called every few milliseconds. `snapshot`: that all workers have.
  void tick(Time now, const Snapshot& snapshot);

  static constexpr Time kPause{20};  // from one look at a server to the next, if there are few
  static constexpr uint32_t kServersAtOnce = 256;

 private:
  /// By which a load is wrong. While connections come and go, a look may be off by a few.
  struct Error {
    int64_t active = 0;
    int64_t inactive = 0;
  };
  Error error_of(uint32_t slot) const;
  void look_at(uint32_t slot);

  Statistics& statistics_;
  Time next_look_{};
  uint32_t next_slot_ = 0;
  std::unordered_map<uint32_t, Error> seen_;  // at the last look, by slot; those that were wrong
};

}  // namespace turnout
