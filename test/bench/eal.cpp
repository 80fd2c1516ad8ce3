#include "test/bench/eal.h"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <string>
#include <vector>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

namespace turnout::bench {

namespace {

constexpr size_t kAlignment = 128;

bool started = false;
bool hugepages = false;

size_t free_hugepage_megabytes() {
  std::ifstream pages("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
  size_t count = 0;
  pages >> count;
  return count * 2;
}

std::vector<unsigned> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<unsigned> cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

/// "0@2,1@3": lcores from 0 on, on the last CPUs. With fewer CPUs than lcores, they share.
std::string lcores_on_last(unsigned count) {
  const std::vector<unsigned> cpus = allowed_cpus();
  const size_t first = cpus.size() - std::min<size_t>(cpus.size(), count);
  std::string list;
  for (unsigned lcore = 0; lcore < count; ++lcore) {
    const unsigned cpu = cpus[std::min(first + lcore, cpus.size() - 1)];
    list += (lcore ? "," : "") + std::to_string(lcore) + "@" + std::to_string(cpu);
  }
  return list;
}

}  // namespace

void start_eal(size_t megabytes, unsigned cpus) {
  hugepages = free_hugepage_megabytes() >= megabytes;
  static std::vector<std::string> arguments{"bench",          "--lcores=" + lcores_on_last(cpus),
                                            "--no-pci",       "--no-telemetry",
                                            "--iova-mode=va", "--log-level=error"};
  if (hugepages) {
    arguments.push_back("--in-memory");
  } else {
    std::fprintf(
        stderr,
        "warning: fewer than %zu MiB of hugepages are free, so the tables lie in ordinary pages and are "
        "slower: sysctl vm.nr_hugepages=%zu\n",
        megabytes, megabytes / 2);
    arguments.insert(arguments.end(), {"--no-huge", "-m", std::to_string(megabytes)});
  }
  static std::vector<char*> argv;  // EAL keeps pointers into it
  for (std::string& argument : arguments) argv.push_back(argument.data());
  started = rte_eal_init(static_cast<int>(argv.size()), argv.data()) >= 0;
  if (started) return;
  std::fprintf(stderr, "DPDK did not start: %s; hugepages need root\n", rte_strerror(rte_errno));
  std::exit(1);
}

bool has_hugepages() {
  return hugepages;
}

Memory allocate(size_t bytes) {
  if (started) {
    Memory memory(rte_zmalloc_socket("bench", bytes, kAlignment, static_cast<int>(rte_socket_id())),
                  rte_free);
    return memory ? std::move(memory) : throw std::bad_alloc();
  }
  const size_t whole = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  Memory memory(std::aligned_alloc(kAlignment, whole), std::free);
  if (!memory) throw std::bad_alloc();
  std::memset(memory.get(), 0, whole);
  return memory;
}

size_t allocated_bytes() {
  rte_malloc_socket_stats stats;
  return rte_malloc_get_socket_stats(static_cast<int>(rte_socket_id()), &stats) == 0
             ? stats.heap_allocsz_bytes
             : 0;
}

}  // namespace turnout::bench
