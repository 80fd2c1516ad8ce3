// How many connections each client has open: a count-min sketch (Cormode and Muthukrishnan 2005) for all
// services together, shared by all workers.
//
// A client has one cell in each of four rows, and shares them with others. What it has is the least of the
// four: never less than its own connections, and more only if it has to share every one of them. Of N
// connections that are counted, in rows of w cells, a client with c of its own meets a limit of L too soon
// with a probability of at most (N / (w (L - c)))^4; with k clients that are at their limits alone, (k /
// w)^4.
//
// Connections come and go by whoever enters their entry, changes its state or frees it. Where one of them was
// missed, control finds that out (control/limit_keeper).
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>

#include "dataplane/per_server.h"

namespace turnout {

class ClientCounts {
 public:
  static constexpr unsigned kRows = 4;

  /// So many cells in a row at least, rounded up to a power of two. Memory is used as far as it is touched.
  explicit ClientCounts(uint64_t width)
      : width_(std::bit_ceil(width < 2 ? uint64_t{2} : width)),
        shift_(64 - static_cast<unsigned>(std::countr_zero(width_))),
        cells_(static_cast<std::atomic<int32_t>*>(map_memory(bytes()))) {}
  ~ClientCounts() { unmap_memory(cells_, bytes()); }
  ClientCounts(const ClientCounts&) = delete;
  ClientCounts& operator=(const ClientCounts&) = delete;

  uint64_t width() const { return width_; }

  // ---- any worker and control, at any time ----

  void add(uint64_t hash, int32_t change) {
    for (unsigned row = 0; row < kRows; ++row)
      cells_[cell_of(row, hash)].fetch_add(change, std::memory_order_relaxed);
  }
  /// At least as many as the client has; below 0 for a moment, if it was not counted when they began.
  int32_t read(uint64_t hash) const {
    int32_t least = INT32_MAX;
    for (unsigned row = 0; row < kRows; ++row)
      least = std::min(least, cells_[cell_of(row, hash)].load(std::memory_order_relaxed));
    return least;
  }

  // ---- control ----

  uint64_t cells() const { return width_ * kRows; }
  uint64_t cell_of(unsigned row, uint64_t hash) const {  ///< below cells()
    uint64_t mixed = hash + row * 0x9E3779B97F4A7C15u;   // splitmix64: each row spreads clients anew
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return row * width_ + (mixed >> shift_);
  }
  int32_t in_cell(uint64_t cell) const { return cells_[cell].load(std::memory_order_relaxed); }
  void add_to_cell(uint64_t cell, int32_t change) {
    cells_[cell].fetch_add(change, std::memory_order_relaxed);
  }
  /// As `other`, which is as large, has them for one client.
  void copy(const ClientCounts& other, uint64_t hash) {
    for (unsigned row = 0; row < kRows; ++row)
      cells_[cell_of(row, hash)].store(other.in_cell(cell_of(row, hash)), std::memory_order_relaxed);
  }

 private:
  size_t bytes() const { return width_ * kRows * sizeof(std::atomic<int32_t>); }

  uint64_t width_;
  unsigned shift_;
  std::atomic<int32_t>* cells_;
};

}  // namespace turnout
