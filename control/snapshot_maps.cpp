#include "control/snapshot_maps.h"

#include <algorithm>

#include "control/ndp.h"
#include "control/snapshot_builder.h"
#include "control/snapshot_filters.h"

namespace turnout {

namespace {

constexpr uint16_t kLastPort = UINT16_MAX;

Address6 to_address6(const IpAddress& address) {
  return load_address6(address.to_v6().to_bytes().data());
}

/// What each address is to the director. Both families have one map each.
class AddressBook {
 public:
  explicit AddressBook(size_t expected) : ipv4_(expected), ipv6_(expected) {}

  void add(const IpAddress& address, uint32_t role) {
    if (address.is_v4()) {
      if (ipv4_.find(to_be32(address)) == 0) ipv4_.insert(to_be32(address), role);
    } else if (ipv6_.find(to_address6(address)) == 0) {
      ipv6_.insert(to_address6(address), role);
    }
  }
  void write(Snapshot& snapshot) && {
    ipv4_.spread();
    ipv6_.spread();
    snapshot.address_map = std::move(ipv4_);
    snapshot.address_map6 = std::move(ipv6_);
  }

 private:
  ExactMap<uint64_t> ipv4_;
  ExactMap<Address6> ipv6_;
};

bool has_ipv6(const PortConfig& port) {
  return std::ranges::any_of(port.addresses, [](const auto& own) { return own.address.is_v6(); });
}

}  // namespace

void add_addresses(const Config& config, const std::vector<Station>& stations, const VipFacts& facts,
                   Snapshot& snapshot) {
  size_t expected = config.ports.size();
  for (const ServiceConfig& service : config.services) expected += listeners_of(service).size();
  for (const PortConfig& port : config.ports) expected += port.addresses.size();
  AddressBook book(expected);
  constexpr uint32_t kOwn = AddressRole::kOwn | AddressRole::kEcho;
  for (size_t port = 0; port < config.ports.size(); ++port) {
    for (const InterfaceAddress& own : config.ports[port].addresses) book.add(own.address, kOwn);
    if (has_ipv6(config.ports[port])) book.add(link_local_of(stations[port].mac), kOwn);
  }
  std::map<IpAddress, const VipConfig*> settings;
  for (const VipConfig& vip : config.vips) settings.emplace(vip.address, &vip);
  std::set<IpAddress> seen;
  for (const ServiceConfig& service : config.services) {
    for (const ServiceKey& listener : listeners_of(service)) {
      if (!seen.insert(listener.vip).second) continue;
      const auto found = settings.find(listener.vip);
      const VipConfig vip = found == settings.end() ? VipConfig{listener.vip} : *found->second;
      uint32_t role = AddressRole::kVip;
      if (vip.unmatched == UnmatchedPolicy::reject) role |= AddressRole::kReject;
      const bool echo = vip.echo == EchoPolicy::yes ||
                        (vip.echo == EchoPolicy::while_up && facts.up.contains(listener.vip));
      if (echo) role |= AddressRole::kEcho;
      if (facts.filters != nullptr && vip != VipConfig{listener.vip}) {
        const uint16_t index = facts.registry.service(service.key).index_of(listener);
        role |= add_policy(vip, index, *facts.filters, snapshot) << AddressRole::kPolicyShift;
      }
      book.add(listener.vip, role);
    }
  }
  std::move(book).write(snapshot);
}

ListenerMaps::ListenerMaps(const Config& config) {
  size_t count = 0;
  for (const ServiceConfig& service : config.services) count += listeners_of(service).size();
  ipv4_ = ServiceMap<uint64_t>(count);
  ipv6_ = ServiceMap<ServiceKey6>(count);
}

void ListenerMaps::add(const ServiceKey& key, uint16_t index) {
  const uint16_t port_be = rte_cpu_to_be_16(key.port);
  const auto protocol = static_cast<uint8_t>(key.protocol);
  if (!key.is_one_port()) {
    ranges_[{key.vip, key.protocol}].push_back({key.port, key.port == 0 ? kLastPort : key.last_port, index});
  } else if (key.vip.is_v4()) {
    ipv4_.insert(service_map_key(to_be32(key.vip), port_be, protocol), index);
  } else {
    ipv6_.insert(service_map_key(to_address6(key.vip), port_be, protocol), index);
  }
}

void ListenerMaps::write(Snapshot& snapshot) && {
  ipv4_.spread();
  ipv6_.spread();
  snapshot.service_map = std::move(ipv4_);
  snapshot.service_map6 = std::move(ipv6_);
  ExactMap<ServiceKey6> map(ranges_.size());
  for (auto& [key, ranges] : ranges_) {
    std::ranges::sort(ranges, {}, [](const PortRange& range) { return range.last - range.first; });
    snapshot.ranges.push_back(std::move(ranges));
    const auto& [vip, protocol] = key;
    const Address6 address = vip.is_v4() ? mapped_address6(to_be32(vip)) : to_address6(vip);
    map.insert(service_map_key(address, 0, static_cast<uint8_t>(protocol)),
               static_cast<uint32_t>(snapshot.ranges.size()));
  }
  map.spread();
  snapshot.range_map = std::move(map);
}

}  // namespace turnout
