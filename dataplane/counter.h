// A count that one thread keeps and others read.
#pragma once

#include <atomic>
#include <cstdint>

namespace turnout {

/// Written by one thread, read by any. No locked instruction: the writer is alone.
class Counter {
 public:
  void add(uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void subtract(uint64_t amount) { add(uint64_t{0} - amount); }
  uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

}  // namespace turnout
