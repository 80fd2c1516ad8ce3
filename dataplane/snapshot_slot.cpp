#include "dataplane/snapshot_slot.h"

#include <cstdlib>
#include <new>
#include <stdexcept>

namespace turnout {

void SnapshotSlot::Free::operator()(rte_rcu_qsbr* qsbr) const {
  std::free(qsbr);
}

SnapshotSlot::SnapshotSlot(unsigned readers) {
  const size_t bytes = rte_rcu_qsbr_get_memsize(readers);
  qsbr_.reset(static_cast<rte_rcu_qsbr*>(std::aligned_alloc(RTE_CACHE_LINE_SIZE, bytes)));
  if (!qsbr_) throw std::bad_alloc();
  if (rte_rcu_qsbr_init(qsbr_.get(), readers) != 0)
    throw std::invalid_argument("a snapshot slot needs a reader");
}

void SnapshotSlot::enter(unsigned reader) {
  rte_rcu_qsbr_thread_register(qsbr_.get(), reader);
  rte_rcu_qsbr_thread_online(qsbr_.get(), reader);
}

void SnapshotSlot::leave(unsigned reader) {
  rte_rcu_qsbr_thread_offline(qsbr_.get(), reader);
  rte_rcu_qsbr_thread_unregister(qsbr_.get(), reader);
}

void SnapshotSlot::publish(std::unique_ptr<const Snapshot> snapshot) {
  current_.store(snapshot.get(), std::memory_order_release);
  if (latest_) retired_.push_back({rte_rcu_qsbr_start(qsbr_.get()), std::move(latest_)});
  latest_ = std::move(snapshot);
}

uint64_t SnapshotSlot::reclaim() {
  while (!retired_.empty() && rte_rcu_qsbr_check(qsbr_.get(), retired_.front().token, false) == 1) {
    retired_.pop_front();
  }
  if (!retired_.empty()) return retired_.front().snapshot->generation;
  return latest_ ? latest_->generation : 0;
}

}  // namespace turnout
