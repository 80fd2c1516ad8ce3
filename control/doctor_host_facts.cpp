#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include <rte_bus.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "control/doctor_host.h"

namespace turnout {
namespace {

constexpr const char* kCpuRoot = "/sys/devices/system/cpu";

struct FreeIfaddrs {
  void operator()(ifaddrs* list) const { freeifaddrs(list); }
};
using Interfaces = std::unique_ptr<ifaddrs, FreeIfaddrs>;

Interfaces kernel_interfaces() {
  ifaddrs* list = nullptr;
  return Interfaces(getifaddrs(&list) == 0 ? list : nullptr);
}

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

bool is_virtual(const rte_eth_dev_info& info) {
  const rte_bus* bus = info.device ? rte_dev_bus(info.device) : nullptr;
  return bus == nullptr || std::strcmp(rte_bus_name(bus), "vdev") == 0;
}

/// Its interface is up and has a carrier; so is what the kernel doesn't know.
bool has_carrier(const ifaddrs* list, const std::string& interface) {
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (interface == each->ifa_name) return (each->ifa_flags & IFF_UP) && (each->ifa_flags & IFF_RUNNING);
  }
  return true;
}

PortFacts port_facts(const PortConfig& config, const Device& device, const Spreading* spreading,
                     const ifaddrs* interfaces) {
  PortFacts facts;
  facts.name = config.name;
  facts.device = config.device;
  facts.link_up = device.link().up;
  facts.receive_queues = device.receive_queues();
  facts.spreads = device.rss() || device.receive_queues() <= 1 || device.driver() == "net_af_packet";
  facts.spreads_in_software = spreading != nullptr && spreading->spreads(device.id());
  facts.numa_node = rte_eth_dev_socket_id(device.id());
  rte_eth_dev_info info{};
  if (rte_eth_dev_info_get(device.id(), &info) != 0) return facts;
  facts.is_nic = !is_virtual(info);
  std::array<char, IF_NAMESIZE> name{};
  if (info.if_index > 0 && if_indextoname(info.if_index, name.data()) != nullptr)
    facts.kernel_interface = name.data();
  facts.carrier = facts.kernel_interface.empty() || has_carrier(interfaces, facts.kernel_interface);
  return facts;
}

LcoreFacts lcore_facts(unsigned lcore) {
  LcoreFacts facts{lcore, {}, static_cast<int>(rte_lcore_to_socket_id(lcore))};
  const rte_cpuset_t cpus = rte_lcore_cpuset(lcore);
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &cpus)) facts.cpus.push_back(cpu);
  }
  return facts;
}

std::optional<IpAddress> address_of(const sockaddr* address) {
  if (address != nullptr && address->sa_family == AF_INET) {
    return from_be32(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr);
  }
  if (address != nullptr && address->sa_family == AF_INET6) {
    return from_octets16(
        std::span<const uint8_t, 16>(reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr.s6_addr));
  }
  return std::nullopt;
}

/// Those of kernel interfaces that turnoutd made are meant to be there.
std::vector<KernelAddress> foreign_addresses(const Config& config, const ifaddrs* list) {
  std::vector<KernelAddress> addresses;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    const auto address = address_of(each->ifa_addr);
    const auto is_ours = [&](const PortConfig& port) { return port.kernel_interface == each->ifa_name; };
    if (address && std::ranges::none_of(config.ports, is_ours))
      addresses.push_back({each->ifa_name, *address});
  }
  return addresses;
}

}  // namespace

std::vector<unsigned> parse_cpu_list(std::string_view text) {
  std::vector<unsigned> cpus;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    unsigned first = 0;
    auto [next, error] = std::from_chars(at, end, first);
    if (error != std::errc()) break;
    unsigned last = first;
    if (next < end && *next == '-') next = std::from_chars(next + 1, end, last).ptr;
    for (unsigned cpu = first; cpu <= last && cpu < CPU_SETSIZE; ++cpu) cpus.push_back(cpu);
    at = next + 1;
  }
  return cpus;
}

CpuFacts read_cpu(const std::filesystem::path& root, unsigned cpu) {
  const auto lists = [&](const char* file) {
    return std::ranges::count(parse_cpu_list(first_line(root / file)), cpu) > 0;
  };
  const std::filesystem::path own = root / ("cpu" + std::to_string(cpu));
  return {lists("isolated") || lists("nohz_full"), first_line(own / "cpufreq/scaling_governor"),
          parse_cpu_list(first_line(own / "topology/thread_siblings_list"))};
}

HostFacts host_facts(const DaemonView& daemon) {
  HostFacts facts;
  facts.hugepages = rte_eal_has_hugepages() != 0;
  const Interfaces interfaces = kernel_interfaces();
  const Config& config = daemon.director.config();
  for (size_t port = 0; port < daemon.devices.size(); ++port)
    facts.ports.push_back(
        port_facts(config.ports[port], *daemon.devices[port], daemon.spreading, interfaces.get()));
  facts.control = lcore_facts(daemon.control_lcore);
  for (const unsigned lcore : daemon.worker_lcores) facts.workers.push_back(lcore_facts(lcore));
  const unsigned given = std::max(1u, rte_lcore_count() - 1);
  facts.unused_lcores = given - static_cast<unsigned>(facts.workers.size());
  facts.kernel_addresses = foreign_addresses(config, interfaces.get());
  const auto add_cpus = [&](const LcoreFacts& lcore) {
    for (const unsigned cpu : lcore.cpus) facts.cpus.try_emplace(cpu, read_cpu(kCpuRoot, cpu));
  };
  add_cpus(facts.control);
  for (const LcoreFacts& worker : facts.workers) add_cpus(worker);
  return facts;
}

}  // namespace turnout
