// The table of RSS in software, to the rebalancer.
#pragma once

#include "control/indirection.h"
#include "dataplane/spreader.h"

namespace turnout {

/// Packets of a flow keep their order while its entry moves (Spreader).
class SpreadIndirection : public Indirection {
 public:
  explicit SpreadIndirection(SpreadTable& table) : table_(table) {}

  std::vector<unsigned> query() const override {
    std::vector<unsigned> workers;
    for (size_t bucket = 0; bucket < SpreadTable::kBuckets; ++bucket)
      workers.push_back(table_.worker_of(bucket));
    return workers;
  }
  bool reaches(unsigned) const override { return true; }
  bool move(std::span<const size_t> entries, unsigned worker) override {
    for (const size_t entry : entries) table_.move(entry, worker);
    return true;
  }

 private:
  SpreadTable& table_;
};

}  // namespace turnout
