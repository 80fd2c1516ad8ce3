// A worker's copies of the real servers, each taken when the first packet after a change of the configuration
// needs it: a new snapshot costs a worker no more than the servers that it sends packets to.
#pragma once

#include <cstdint>

#include "dataplane/next_hop.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// One per worker; not shared between threads.
class NextHops {
 public:
  /// `hops`: kMaxServers of them, zero at first, for as long as this lives.
  explicit NextHops(NextHop* hops) : hops_(hops) {}

  /// Before a burst. Copies of other snapshots are out of date then; snapshots are told apart by their
  /// generation.
  void follow(const Snapshot& snapshot) {
    if (snapshot.generation != generation_) [[unlikely]]
      begin(snapshot);
  }

  /// For a loop: what it writes can't change where they are, nor what is up to date.
  class View {
   public:
    explicit View(const NextHops& hops) : hops_(hops.hops_), epoch_(hops.epoch_ << kTagBits) {}
    NextHop& operator[](uint32_t slot) const { return hops_[slot]; }
    /// What a stamp has in common with all that are up to date, for SettledValues.
    uint32_t epoch() const { return epoch_; }
    bool is_current(const NextHop& hop) const { return (hop.stamp ^ epoch_) >> kTagBits == 0; }

    /// The copy at a slot that the snapshot has, brought up to date if it is not.
    NextHop& current(uint32_t slot, const Snapshot& snapshot) const {
      if (!is_current(hops_[slot])) [[unlikely]]
        renew(slot, snapshot);
      return hops_[slot];
    }
    void renew(uint32_t slot, const Snapshot& snapshot) const;

   private:
    NextHop* hops_;
    uint32_t epoch_;
  };
  View view() const { return View(*this); }

 private:
  // A stamp: generation:10 | unusable:1 | epoch:19
  static constexpr unsigned kUnusableBit = 10;
  static constexpr unsigned kTagBits = 11;
  static constexpr uint32_t kEpochs = 1u << 19;
  static constexpr uint32_t kForgotten = 8;  // copies a snapshot: all of them before an epoch comes again
  static_assert(ConnectionValue::kGenerationMask < 1u << kUnusableBit);
  static_assert(uint64_t{kForgotten} * (kEpochs - 1) >= kMaxServers);

  void begin(const Snapshot& snapshot);

  NextHop* hops_;
  uint64_t generation_ = UINT64_MAX;  // of the snapshot that is followed; at first of none
  uint32_t epoch_ = 0;  // counts snapshots; 0 is none's, and that of a copy that was never taken
  uint32_t most_ = 0;   // slots that any snapshot had
  uint32_t next_ = 0;   // slot whose copy is forgotten next
};

}  // namespace turnout
