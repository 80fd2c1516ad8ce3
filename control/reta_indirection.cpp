#include "control/reta_indirection.h"

#include <algorithm>

#include <rte_errno.h>
#include <rte_ethdev.h>

namespace turnout {

namespace {

constexpr size_t kGroup = RTE_ETH_RETA_GROUP_SIZE;  // entries that one mask is for
using Groups = std::vector<rte_eth_rss_reta_entry64>;

Groups groups_for(size_t entries) {
  return Groups((entries + kGroup - 1) / kGroup);
}

void set_masked(Groups& groups, size_t entry, uint16_t queue) {
  rte_eth_rss_reta_entry64& group = groups[entry / kGroup];
  group.mask |= uint64_t{1} << entry % kGroup;
  group.reta[entry % kGroup] = queue;
}

}  // namespace

RetaIndirection::Made RetaIndirection::make(uint16_t device, std::vector<unsigned> workers) {
  if (workers.size() < 2) return {nullptr, "it has one receive queue"};
  rte_eth_dev_info info{};
  if (rte_eth_dev_info_get(device, &info) != 0 || info.reta_size == 0)
    return {nullptr, "its device has no redirection table"};
  std::unique_ptr<RetaIndirection> table(new RetaIndirection(device, info.reta_size, std::move(workers)));
  std::vector<uint16_t> queues;
  if (const int error = table->read(queues); error != 0)
    return {nullptr, std::string("its device's redirection table can't be read: ") + rte_strerror(-error)};
  return {std::move(table), ""};
}

int RetaIndirection::read(std::vector<uint16_t>& queues) const {
  Groups groups = groups_for(size_);
  for (size_t entry = 0; entry < size_; ++entry) set_masked(groups, entry, 0);
  const int error = rte_eth_dev_rss_reta_query(device_, groups.data(), size_);
  if (error != 0) return error;
  for (size_t entry = 0; entry < size_; ++entry)
    queues.push_back(groups[entry / kGroup].reta[entry % kGroup]);
  return 0;
}

std::vector<unsigned> RetaIndirection::query() const {
  std::vector<uint16_t> queues;
  if (read(queues) != 0) return {};
  std::vector<unsigned> workers;
  for (const uint16_t queue : queues)
    workers.push_back(workers_[std::min<size_t>(queue, workers_.size() - 1)]);
  return workers;
}

bool RetaIndirection::reaches(unsigned worker) const {
  return std::ranges::count(workers_, worker) > 0;
}

/// A worker may have several queues: they get the entries in turn.
bool RetaIndirection::move(std::span<const size_t> entries, unsigned worker) {
  std::vector<uint16_t> queues;
  for (size_t queue = 0; queue < workers_.size(); ++queue) {
    if (workers_[queue] == worker) queues.push_back(static_cast<uint16_t>(queue));
  }
  if (queues.empty()) return false;
  Groups groups = groups_for(size_);
  for (size_t i = 0; i < entries.size(); ++i) set_masked(groups, entries[i], queues[i % queues.size()]);
  return rte_eth_dev_rss_reta_update(device_, groups.data(), size_) == 0;
}

}  // namespace turnout
