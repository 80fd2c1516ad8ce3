#include "control/table_memory.h"

#include <string>

#include <rte_lcore.h>
#include <rte_malloc.h>

#include "control/eal.h"
#include "dataplane/connection_table.h"

namespace turnout {

TableMemory::TableMemory(uint64_t capacity)
    : memory_(rte_zmalloc_socket("connection-table", ConnectionTable::bytes_for(capacity),
                                 alignof(ConnectionBucket), static_cast<int>(rte_socket_id()))) {
  if (memory_) return;
  throw StartError(
      "no memory for a connection table of " + std::to_string(capacity) + " slots (" +
      std::to_string(ConnectionTable::bytes_for(capacity) >> 20) +
      " MiB): set connections.capacity lower, or give more memory (`sysctl vm.nr_hugepages=…`, -m in "
      "eal.args)");
}

TableMemory::~TableMemory() {
  rte_free(memory_);
}

}  // namespace turnout
