// The doctor's look at the machine: its ports, its CPUs, its memory.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control/config.h"
#include "control/daemon_view.h"
#include "control/finding.h"

namespace turnout {

struct PortFacts {
  std::string name;
  std::string device;
  bool is_nic = false;           // no virtual device
  std::string kernel_interface;  // that it stands on; "" if the kernel has none
  bool link_up = true;           // as its driver has it
  bool carrier = true;           // as the kernel has it, of kernel_interface
  unsigned receive_queues = 1;
  bool spreads = true;               // packets of different flows come to different queues
  bool spreads_in_software = false;  // and from there to all workers
  int numa_node = -1;                // -1: unknown
};

struct LcoreFacts {
  unsigned lcore = 0;
  std::vector<unsigned> cpus;  // that it may run on
  int numa_node = -1;          // -1: unknown
};

struct CpuFacts {
  bool isolated = false;           // the kernel schedules nothing else there of its own accord
  std::string governor;            // "" if the kernel has none
  std::vector<unsigned> siblings;  // hyperthreads of the same core, itself among them
};

/// An address of the kernel's, on an interface that is not one of turnoutd's own.
struct KernelAddress {
  std::string interface;
  IpAddress address;
};

struct HostFacts {
  bool hugepages = true;
  std::vector<PortFacts> ports;
  LcoreFacts control;
  std::vector<LcoreFacts> workers;    // those that work; control alone, if it does both
  unsigned unused_lcores = 0;         // given to workers that have no queue
  std::map<unsigned, CpuFacts> cpus;  // of all lcores
  std::vector<KernelAddress> kernel_addresses;

  /// On a machine that forwards for real, as opposed to a lab of virtual devices.
  bool has_nic() const;
};

/// Links, queues, and who else answers for the addresses. Pure.
Findings examine_ports(const HostFacts& host, const Config& config);

/// Hugepages, and what keeps lcores from having a CPU to themselves. Pure.
Findings examine_cpus(const HostFacts& host);

/// Asks DPDK, the kernel and /sys. Control thread only.
HostFacts host_facts(const DaemonView& daemon);

/// As the kernel writes lists of CPUs: "0-2,5" → 0, 1, 2, 5. What is no number is left out.
std::vector<unsigned> parse_cpu_list(std::string_view text);

/// `root`: /sys/devices/system/cpu. What can't be read is left at its default.
CpuFacts read_cpu(const std::filesystem::path& root, unsigned cpu);

}  // namespace turnout
