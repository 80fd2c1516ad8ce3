// A NIC's redirection table (RETA), which names a receive queue for each value of its RSS hash's lowest bits.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "control/indirection.h"

namespace turnout {

/// NICs give no guarantee: when an entry moves, packets that the former worker has not handled yet may be
/// overtaken by those that come after.
class RetaIndirection : public Indirection {
 public:
  struct Made {
    std::unique_ptr<RetaIndirection> table;  // null if the device can't
    std::string why_not;                     // then: what it lacks
  };
  /// `device`: DPDK's port id, started. `workers`: who polls its queues, by queue.
  static Made make(uint16_t device, std::vector<unsigned> workers);

  std::vector<unsigned> query() const override;
  bool reaches(unsigned worker) const override;
  bool move(std::span<const size_t> entries, unsigned worker) override;

 private:
  RetaIndirection(uint16_t device, uint16_t size, std::vector<unsigned> workers)
      : device_(device), size_(size), workers_(std::move(workers)) {}
  /// 0, or DPDK's error.
  int read(std::vector<uint16_t>& queues) const;

  const uint16_t device_;
  const uint16_t size_;  // entries
  const std::vector<unsigned> workers_;
};

}  // namespace turnout
