// The latest generations of the configuration: who made each, when and how, what it changed, and the whole of
// it, so that it can be put back. Control thread only; a restart begins anew.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "control/config_undo.h"
#include "control/origin.h"

namespace turnout {

struct HistoryLimits {
  size_t generations = 20;
  size_t text = size_t{1} << 18;   // bytes of the sentences about one generation; what is more is left out
  size_t bytes = size_t{1} << 28;  // about, of what leads back; the way to the oldest is given up first
};

class ConfigHistory {
 public:
  using Clock = std::chrono::system_clock;

  struct Entry {
    uint64_t generation;
    Clock::time_point time;
    Origin by;
    std::vector<std::string> changes;
  };

  explicit ConfigHistory(const HistoryLimits& limits = {}) : limits_(limits) {}

  /// A new generation. `undo`: the way back to the one before it.
  void add(Entry entry, ConfigUndo undo);
  /// A change that makes no new generation, such as of an order.
  void amend(ConfigUndo undo);

  /// The oldest first.
  const std::deque<Entry>& entries() const { return entries_; }
  const Entry* find(uint64_t generation) const;
  /// Can its configuration be put back?
  bool is_known(uint64_t generation) const;
  /// The configuration of a generation that is known. `running`: the one of the newest.
  Config config_of(uint64_t generation, Config running) const;

 private:
  void forget();

  HistoryLimits limits_;
  std::deque<Entry> entries_;
  std::deque<ConfigUndo> undos_;  // of the newest entries: each leads to the generation before it
};

}  // namespace turnout
