#include "control/config_history.h"

#include <algorithm>
#include <utility>

namespace turnout {

namespace {

void shorten(std::vector<std::string>& changes, size_t limit) {
  size_t kept = 0;
  for (size_t bytes = 0; kept < changes.size(); ++kept) {
    bytes += changes[kept].size();
    if (bytes > limit) break;
  }
  const size_t left_out = changes.size() - kept;
  if (left_out == 0) return;
  changes.resize(kept);
  changes.push_back("… and " + std::to_string(left_out) + " more, too many to be kept");
}

}  // namespace

void ConfigHistory::add(Entry entry, ConfigUndo undo) {
  shorten(entry.changes, limits_.text);
  if (!entries_.empty()) undos_.push_back(std::move(undo));
  entries_.push_back(std::move(entry));
  if (entries_.size() > limits_.generations) entries_.pop_front();
  forget();
}

void ConfigHistory::amend(ConfigUndo undo) {
  if (undos_.empty()) return;  // there is nothing to go back to
  undos_.back().follow(std::move(undo));
  forget();
}

/// What leads back beyond the oldest entry, or takes too much memory.
void ConfigHistory::forget() {
  while (undos_.size() >= entries_.size()) undos_.pop_front();
  size_t bytes = 0;
  size_t kept = 0;
  for (auto undo = undos_.rbegin(); undo != undos_.rend(); ++undo, ++kept) {
    bytes += undo->bytes();
    if (bytes > limits_.bytes) break;
  }
  undos_.erase(undos_.begin(), undos_.end() - static_cast<std::ptrdiff_t>(kept));
}

const ConfigHistory::Entry* ConfigHistory::find(uint64_t generation) const {
  const auto found = std::ranges::find(entries_, generation, &Entry::generation);
  return found == entries_.end() ? nullptr : &*found;
}

bool ConfigHistory::is_known(uint64_t generation) const {
  const Entry* const entry = find(generation);
  return entry && entries_.back().generation - generation <= undos_.size();
}

Config ConfigHistory::config_of(uint64_t generation, Config running) const {
  uint64_t steps = entries_.back().generation - generation;
  for (auto undo = undos_.rbegin(); steps > 0; ++undo, --steps) undo->apply(running);
  return running;
}

}  // namespace turnout
