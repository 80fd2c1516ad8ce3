// The connection table's memory: from DPDK's heap, so in hugepages where there are any.
#pragma once

#include <cstddef>
#include <cstdint>

namespace turnout {

class TableMemory {
 public:
  /// Zeroed, for a table of `capacity` slots. Throws StartError if there is not as much.
  explicit TableMemory(uint64_t capacity);
  ~TableMemory();
  TableMemory(const TableMemory&) = delete;
  TableMemory& operator=(const TableMemory&) = delete;

  void* get() const { return memory_; }

 private:
  void* memory_;
};

}  // namespace turnout
