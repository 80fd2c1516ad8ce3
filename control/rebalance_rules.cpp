#include "control/rebalance_rules.h"

#include <algorithm>

namespace turnout {

void RebalanceRules::sample(const std::vector<double>& busy) {
  ++second_;
  busy_ = busy;
  for (size_t worker = 0; worker < busy.size(); ++worker) {
    saturated_[worker] = busy[worker] > kSaturated ? saturated_[worker] + 1 : 0;
    idle_[worker] = busy[worker] < kIdle ? idle_[worker] + 1 : 0;
  }
  if (last_moved_ > 0 && second_ >= pause_until_) look_back();
  if (second_ + kPause >= pause_until_ + kRest) last_moved_ = 0;  // they have rested
  std::erase_if(moved_, [this](const Moved& moved) { return second_ >= moved.until; });
}

/// Did the load go where the latest move went?
void RebalanceRules::look_back() {
  if (saturated_[last_pair_.to] < kSteady || idle_[last_pair_.from] < kSteady) return;
  for (auto moved = moved_.end() - static_cast<std::ptrdiff_t>(last_moved_); moved != moved_.end(); ++moved)
    moved->until = second_ + kLongRest;
  last_moved_ = 0;
}

std::vector<WorkerPair> RebalanceRules::pairs() const {
  std::vector<WorkerPair> pairs;
  if (second_ < pause_until_) return pairs;
  for (unsigned from = 0; from < busy_.size(); ++from) {
    for (unsigned to = 0; to < busy_.size(); ++to) {
      if (saturated_[from] >= kSteady && idle_[to] >= kSteady)
        pairs.push_back({from, to, busy_[from], busy_[to]});
    }
  }
  std::ranges::stable_sort(pairs, [](const WorkerPair& a, const WorkerPair& b) {
    return a.from_busy != b.from_busy ? a.from_busy > b.from_busy : a.to_busy < b.to_busy;
  });
  return pairs;
}

bool RebalanceRules::rests(size_t table, size_t entry) const {
  return std::ranges::any_of(
      moved_, [&](const Moved& moved) { return moved.table == table && moved.entry == entry; });
}

/// As if all of a worker's entries were equally busy, to move so many that half of the difference is gone
/// would be right. They are not, so it is half of that.
std::vector<size_t> RebalanceRules::choose(const std::vector<unsigned>& workers, const WorkerPair& pair,
                                           size_t table) const {
  std::vector<size_t> movable;
  size_t own = 0;
  for (size_t entry = 0; entry < workers.size(); ++entry) {
    if (workers[entry] != pair.from) continue;
    ++own;
    if (!rests(table, entry)) movable.push_back(entry);
  }
  if (own < 2) return {};
  const double wanted = static_cast<double>(own) * (pair.from_busy - pair.to_busy) / pair.from_busy / 4;
  const size_t most = std::min(own - 1, movable.size());
  movable.resize(std::min(most, std::max<size_t>(1, static_cast<size_t>(wanted))));
  return movable;
}

void RebalanceRules::note(size_t table, const std::vector<size_t>& entries, const WorkerPair& pair) {
  for (const size_t entry : entries) moved_.push_back({table, entry, second_ + kRest});
  last_moved_ = entries.size();
  last_pair_ = pair;
  pause_until_ = second_ + kPause;
}

}  // namespace turnout
