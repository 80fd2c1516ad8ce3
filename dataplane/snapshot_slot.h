// The one pointer by which control hands workers their configuration, and the proof that an old one may be
// freed.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>

#include <rte_rcu_qsbr.h>

#include "dataplane/snapshot.h"

namespace turnout {

class SnapshotSlot {
 public:
  /// `readers`: number of workers. Their ids are 0 … readers-1.
  explicit SnapshotSlot(unsigned readers);

  // ---- worker `reader` ----

  void enter(unsigned reader);  ///< before its first read()
  void leave(unsigned reader);  ///< after its last
  /// Valid until this reader's next quiescent(). Something must have been published.
  const Snapshot& read() const { return *current_.load(std::memory_order_acquire); }
  void quiescent(unsigned reader) { rte_rcu_qsbr_quiescent(qsbr_.get(), reader); }  ///< holds no snapshot now

  // ---- control ----

  /// Workers take it up with their next burst. Never waits for them.
  void publish(std::unique_ptr<const Snapshot> snapshot);
  /// Frees the snapshots that no worker can still hold; doesn't wait. Returns the generation of the oldest
  /// that remains.
  uint64_t reclaim();
  const Snapshot* current() const { return latest_.get(); }

 private:
  struct Free {
    void operator()(rte_rcu_qsbr* qsbr) const;
  };
  struct Retired {
    uint64_t token;
    std::unique_ptr<const Snapshot> snapshot;
  };

  std::unique_ptr<rte_rcu_qsbr, Free> qsbr_;       // each reader writes its own line, control reads
  std::atomic<const Snapshot*> current_{nullptr};  // control writes, workers read
  std::unique_ptr<const Snapshot> latest_;         // control only, as is the rest
  std::deque<Retired> retired_;
};

}  // namespace turnout
