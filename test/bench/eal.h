// EAL for a benchmark: the tables lie in hugepages as the daemon's do, so that what a TLB miss costs is in
// the figures.
#pragma once

#include <cstddef>
#include <memory>

namespace turnout::bench {

/// Starts EAL on the last CPU this process may use, or on the last `cpus` of them, one lcore each. Takes
/// hugepages as they are needed and gives them back; if fewer than `megabytes` are free, says so and does
/// without any. Exits with a message if EAL does not start.
void start_eal(size_t megabytes, unsigned cpus = 1);

/// Ran start_eal() into its fallback? Figures of big tables are lower then.
bool has_hugepages();

using Memory = std::unique_ptr<void, void (*)(void*)>;

/// Zeroed memory of DPDK's heap, aligned as two cache lines; ordinary memory in a program without EAL. Throws
/// std::bad_alloc.
Memory allocate(size_t bytes);

/// Bytes of DPDK's heap that are in use.
size_t allocated_bytes();

}  // namespace turnout::bench
