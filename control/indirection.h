// Which worker gets which part of a device's flows, entry by entry: a NIC's redirection table, or that of RSS
// in software. What the rebalancer moves.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace turnout {

/// Control thread only.
class Indirection {
 public:
  Indirection() = default;
  virtual ~Indirection() = default;
  Indirection(const Indirection&) = delete;
  Indirection& operator=(const Indirection&) = delete;

  /// By entry, the worker; empty if it can't be read.
  virtual std::vector<unsigned> query() const = 0;
  /// May entries be given to it?
  virtual bool reaches(unsigned worker) const = 0;
  /// Gives entries to a worker that it reaches. False if the device refuses: nothing changed.
  virtual bool move(std::span<const size_t> entries, unsigned worker) = 0;
};

}  // namespace turnout
