// Memory of a connection table: zeroed, from DPDK's heap, so that it lies in hugepages where there are any.
#pragma once

#include <cstdint>

#include "dataplane/connection_table.h"

namespace turnout {

class TableMemory {
 public:
  /// Throws StartError naming `setting`, which `capacity` comes from, if memory is short.
  template <typename Table>
  static TableMemory of(uint64_t capacity, const char* setting) {
    return TableMemory(Table::bytes_for(capacity), alignof(typename Table::Bucket), capacity, setting);
  }
  ~TableMemory();
  TableMemory(const TableMemory&) = delete;
  TableMemory& operator=(const TableMemory&) = delete;

  void* get() const { return memory_; }

 private:
  TableMemory(size_t bytes, size_t alignment, uint64_t capacity, const char* setting);

  void* memory_;
};

}  // namespace turnout
