#include "control/cli/import/placeholder.h"

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <map>
#include <optional>

namespace turnout::cli {
namespace {

namespace ip = boost::asio::ip;

constexpr size_t kMostSubnets = 32;  // of a family: a port has at most 64 addresses
constexpr uint16_t kLongestV4 = 24, kShortestV4 = 8;
constexpr uint16_t kLongestV6 = 64, kShortestV6 = 16;

struct Subnet {
  Address network, broadcast;  // of IPv6: the network's twice
};

Subnet subnet_of(const Address& address, uint16_t prefix) {
  if (address.is_v4()) {
    const auto network = ip::make_network_v4(address.to_v4(), prefix);
    return {network.network(), network.broadcast()};
  }
  const auto network = ip::make_network_v6(address.to_v6(), prefix).network();
  return {network, network};
}

/// From the subnet's end (IPv4) or start downwards or upwards: one that nobody has.
std::optional<Address> free_host(const Subnet& subnet, const std::set<Address>& taken) {
  constexpr uint32_t kTries = 200;
  for (uint32_t i = 1; i <= kTries; ++i) {
    Address candidate;
    if (subnet.network.is_v4()) {
      candidate = ip::address_v4(subnet.broadcast.to_v4().to_uint() - i);
    } else {
      auto bytes = subnet.network.to_v6().to_bytes();
      bytes.back() = static_cast<unsigned char>(i + 1);
      candidate = ip::address_v6(bytes);
    }
    if (!taken.contains(candidate)) return candidate;
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> with_prefix(const std::set<Address>& servers,
                                                    const std::set<Address>& all, uint16_t prefix) {
  std::map<Address, Subnet> subnets;
  for (const Address& server : servers) {
    const Subnet subnet = subnet_of(server, prefix);
    subnets.try_emplace(subnet.network, subnet);
  }
  if (subnets.size() > kMostSubnets) return std::nullopt;
  for (const Address& address : all) {
    const auto found = subnets.find(subnet_of(address, prefix).network);
    if (found != subnets.end() && (address == found->second.network || address == found->second.broadcast))
      return std::nullopt;
  }
  std::vector<std::string> own;
  for (const auto& [network, subnet] : subnets) {
    const auto host = free_host(subnet, all);
    if (!host) return std::nullopt;
    own.push_back(host->to_string() + "/" + std::to_string(prefix));
  }
  return own;
}

std::vector<std::string> of_family(const std::set<Address>& servers, const std::set<Address>& all,
                                   uint16_t longest, uint16_t shortest) {
  for (uint16_t prefix = longest; !servers.empty() && prefix >= shortest; --prefix) {
    if (const auto own = with_prefix(servers, all, prefix)) return *own;
  }
  return {};
}

std::set<Address> only(const std::set<Address>& addresses, bool is_v4) {
  std::set<Address> some;
  std::ranges::copy_if(addresses, std::inserter(some, some.end()),
                       [&](const Address& address) { return address.is_v4() == is_v4; });
  return some;
}

}  // namespace

std::vector<std::string> guess_director_addresses(const std::set<Address>& servers,
                                                  const std::set<Address>& vips) {
  std::set<Address> all = servers;
  all.insert(vips.begin(), vips.end());
  std::vector<std::string> own = of_family(only(servers, true), only(all, true), kLongestV4, kShortestV4);
  const auto ipv6 = of_family(only(servers, false), only(all, false), kLongestV6, kShortestV6);
  own.insert(own.end(), ipv6.begin(), ipv6.end());
  if (own.empty()) own.push_back("192.0.2.254/24");
  return own;
}

}  // namespace turnout::cli
