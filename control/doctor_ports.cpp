#include <algorithm>
#include <set>

#include "control/doctor_host.h"
#include "control/doctor_words.h"

namespace turnout {
namespace {

void examine_link(const PortFacts& port, Findings& findings) {
  if (port.link_up && port.carrier) return;
  const std::string interface = port.kernel_interface;
  findings.push_back(
      {Severity::critical, "link_down", on_port(port.name),
       "nothing comes in or goes out by it: its link is down",
       port.carrier
           ? "the driver of " + port.device + " says so (`turnoutctl ports`)"
           : "the kernel's interface " + interface + " beneath " + port.device + " is down or has no carrier",
       interface.empty() ? "cable, optic, the switch's port"
                         : "`ip link set " + interface + " up`; then cable, optic, the switch's port"});
}

void examine_queues(const PortFacts& port, size_t workers, Findings& findings) {
  const auto tell = [&](const char* code, const char* meaning, const char* remedy) {
    findings.push_back({Severity::warning, code, on_port(port.name), meaning,
                        counted(port.receive_queues, "receive queue") + " for " + counted(workers, "worker") +
                            (port.spreads ? "" : ", without RSS") + " (`turnoutctl ports`)",
                        remedy});
  };
  if (port.spreads_in_software) return;
  if (workers > 1 && port.receive_queues < workers) {
    tell("spread_off",
         "some workers get no packets from it: it has fewer receive queues than there are workers, and its "
         "flows are not spread in software",
         "`rx_queues` of the port, as far as its device goes; else leave out its `spread`, or have fewer "
         "lcores for workers (eal.lcores)");
  } else if (port.receive_queues > 1 && !port.spreads) {
    tell("rss_missing",
         "all its packets may come to one worker: its device doesn't spread flows over the queues",
         "a device or driver with RSS; else `\"spread\": \"on\"` has the workers do it");
  }
}

void examine_numa(const PortFacts& port, const std::vector<LcoreFacts>& workers, Findings& findings) {
  std::vector<unsigned> far;
  for (const LcoreFacts& worker : workers) {
    if (worker.numa_node >= 0 && worker.numa_node != port.numa_node) far.push_back(worker.lcore);
  }
  if (port.numa_node < 0 || far.empty()) return;
  findings.push_back({Severity::warning, "numa_remote", on_port(port.name),
                      "each of its packets crosses from one CPU socket to another",
                      port.device + " is on NUMA node " + std::to_string(port.numa_node) + ", " +
                          listed("worker lcores", far) + " are not",
                      "`cat /sys/devices/system/node/node" + std::to_string(port.numa_node) +
                          "/cpulist` shows the CPUs that are; use them in eal.lcores"});
}

/// With a device that the kernel has as well, both receive each packet.
void examine_address(const KernelAddress& own, bool is_vip, Findings& findings) {
  const char* meaning =
      is_vip ? "the director's own kernel answers clients of this VIP, with a reset to those of TCP"
             : "the kernel of this machine answers for the director's own address as well";
  findings.push_back({is_vip ? Severity::critical : Severity::warning,
                      is_vip ? "vip_on_director" : "own_address_on_director", own.address.to_string(),
                      meaning, "interface " + own.interface + " of this machine has it",
                      "`ip address del " + own.address.to_string() + (own.address.is_v4() ? "/32" : "/128") +
                          " dev " + own.interface + "` (with the prefix length that `ip address` shows)"});
}

void examine_addresses(const HostFacts& host, const Config& config, Findings& findings) {
  const auto has_interface = [](const PortFacts& port) { return !port.kernel_interface.empty(); };
  if (std::ranges::none_of(host.ports, has_interface)) return;
  std::set<IpAddress> vips, own;
  for (const ServiceConfig& service : config.services) {
    for (const ServiceKey& listener : listeners_of(service)) vips.insert(listener.vip);
  }
  for (const PortConfig& port : config.ports) {
    for (const InterfaceAddress& each : port.addresses) own.insert(each.address);
  }
  for (const KernelAddress& each : host.kernel_addresses) {
    if (vips.contains(each.address) || own.contains(each.address))
      examine_address(each, vips.contains(each.address), findings);
  }
}

}  // namespace

Findings examine_ports(const HostFacts& host, const Config& config) {
  Findings findings;
  for (const PortFacts& port : host.ports) {
    examine_link(port, findings);
    examine_queues(port, host.workers.size(), findings);
    examine_numa(port, host.workers, findings);
  }
  examine_addresses(host, config, findings);
  return findings;
}

}  // namespace turnout
