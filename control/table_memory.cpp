#include "control/table_memory.h"

#include <string>

#include <rte_lcore.h>
#include <rte_malloc.h>

#include "control/eal.h"

namespace turnout {

TableMemory::TableMemory(size_t bytes, size_t alignment, uint64_t capacity, const char* setting)
    : memory_(rte_zmalloc_socket("connection-table", bytes, static_cast<unsigned>(alignment),
                                 static_cast<int>(rte_socket_id()))) {
  if (memory_) return;
  throw StartError("no memory for a connection table of " + std::to_string(capacity) + " slots (" +
                   std::to_string(bytes >> 20) + " MiB): set " + setting +
                   " lower, or give more memory (`sysctl vm.nr_hugepages=…`, -m in eal.args)");
}

TableMemory::~TableMemory() {
  rte_free(memory_);
}

}  // namespace turnout
