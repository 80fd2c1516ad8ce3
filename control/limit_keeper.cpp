#include "control/limit_keeper.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "dataplane/accounting.h"

namespace turnout {

void LimitKeeper::tick(Time now, const Snapshot& snapshot) {
  if (snapshot.limits.empty()) {
    cells_taken_ = 0;
  } else {
    sweep_rates(now);
  }
  tick_counts(now, snapshot);
}

void LimitKeeper::sweep_rates(Time now) {
  Limits& limits = statistics_.limit_state();
  const uint64_t cells = limits.rates.cells();
  const auto passed = static_cast<uint64_t>(std::min(now - last_sweep_, kSweep).count());
  const uint64_t count = cells * passed / static_cast<uint64_t>(kSweep.count());
  if (count == 0) return;
  last_sweep_ = now;
  taken_so_far_ += limits.rates.sweep(next_rate_, count, limits.clock.now());
  next_rate_ += count;
  if (next_rate_ < cells) return;
  next_rate_ = 0;
  cells_taken_ = std::exchange(taken_so_far_, 0);
}

/// A service that did not count before: what stands in the tables is all new.
bool LimitKeeper::has_begun_to_count(const Snapshot& snapshot) {
  std::vector<bool> counting(snapshot.services.size());
  bool has_begun = false;
  for (size_t i = 0; i < counting.size(); ++i) {
    counting[i] = snapshot.services[i].counts_clients;
    has_begun |= counting[i] && (i >= counting_.size() || !counting_[i]);
  }
  counting_ = std::move(counting);
  return has_begun;
}

void LimitKeeper::forget() {
  counting_.clear();
  before_ = found_ = error_ = {};
  step_ = Step::wait;
  connections_ = 0;
}

void LimitKeeper::tick_counts(Time now, const Snapshot& snapshot) {
  if (snapshot.generation != generation_) {
    generation_ = snapshot.generation;
    if (!snapshot.has_client_counts) return forget();
    if (has_begun_to_count(snapshot)) {
      is_first_ = true;
      step_ = Step::wait;
      next_look_ = now + kGrace;
    }
  }
  if (!snapshot.has_client_counts) return;
  switch (step_) {
    case Step::wait:
      if (now >= next_look_) begin();
      return;
    case Step::remember:
      return advance(remember(), Step::walk);
    case Step::walk:
      return advance(walk(snapshot), Step::compare);
    case Step::compare:
      if (!compare()) return;
      next_look_ = now + (is_first_ ? Time(0) : kPause);
      is_first_ = false;
      connections_ = walked_;
      step_ = Step::wait;
  }
}

void LimitKeeper::advance(bool done, Step next) {
  if (!done) return;
  place_ = 0;
  step_ = next;
}

void LimitKeeper::begin() {
  const uint64_t cells = statistics_.limit_state().counts.cells();
  before_.resize(cells);
  error_.resize(cells);
  found_.assign(cells, 0);
  if (is_first_) error_.assign(cells, 0);
  walked_ = 0;
  advance(true, Step::remember);
}

/// True when all is done; this and the next two do a part of it.
bool LimitKeeper::remember() {
  const ClientCounts& counts = statistics_.limit_state().counts;
  const uint64_t end = std::min(place_ + kCellsAtOnce, counts.cells());
  for (; place_ < end; ++place_) before_[place_] = counts.in_cell(place_);
  return place_ == counts.cells();
}

bool LimitKeeper::walk(const Snapshot& snapshot) {
  const Limits& limits = statistics_.limit_state();
  const auto visit = [&](const auto& key, ConnectionValue value) {
    const uint16_t index = service_of(key);
    if (!is_held_open(value.state()) || index >= snapshot.services.size()) return;
    const Service& service = snapshot.services[index];
    if (!service.counts_clients) return;
    ++walked_;
    const uint64_t hash =
        limits.hash(accounting_detail::client_of_entry(key), service.own, LimitScope::client);
    for (unsigned row = 0; row < ClientCounts::kRows; ++row) ++found_[limits.counts.cell_of(row, hash)];
  };
  const uint64_t buckets4 = tables_.ipv4.buckets(), buckets6 = tables_.ipv6.buckets();
  if (place_ < buckets4) {
    const uint64_t count = std::min(kBucketsAtOnce, buckets4 - place_);
    tables_.ipv4.visit(place_, count, visit);
    place_ += count;
    return false;
  }
  const uint64_t count = std::min(kBucketsAtOnce, buckets4 + buckets6 - place_);
  tables_.ipv6.visit(place_ - buckets4, count, visit);
  place_ += count;
  return place_ == buckets4 + buckets6;
}

bool LimitKeeper::compare() {
  const uint64_t cells = statistics_.limit_state().counts.cells();
  const uint64_t end = std::min(place_ + kCellsAtOnce, cells);
  for (; place_ < end; ++place_) look_at(place_);
  return place_ == cells;
}

/// Connections come and go while the tables are walked: what was found is right if it lies between the counts
/// before and after. What is not is put right at the second look that finds so, and no more than both agree
/// on.
void LimitKeeper::look_at(uint64_t cell) {
  ClientCounts& counts = statistics_.limit_state().counts;
  const int32_t before = before_[cell], after = counts.in_cell(cell);
  const int32_t least = std::min(before, after), most = std::max(before, after);
  const int32_t found = found_[cell];
  const int32_t error = found < least ? found - least : found > most ? found - most : 0;
  int32_t mend = error;
  if (!is_first_) {
    const bool agree = (error < 0) == (error_[cell] < 0);
    mend = !agree ? 0 : std::abs(error) < std::abs(error_[cell]) ? error : error_[cell];
  }
  error_[cell] = error - mend;
  if (mend != 0) counts.add_to_cell(cell, mend);
}

}  // namespace turnout
