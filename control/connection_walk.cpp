#include "control/connection_walk.h"

#include <bit>

namespace turnout {

WalkedFlow flow_of(ConnectionKey key) {
  return {from_be32(client_of(key)), rte_be_to_cpu_16(client_port_of(key)), service_of(key), 0};
}

/// An IPv4 client of a service with several ports is a mapped address.
WalkedFlow flow_of(const WideKey& key) {
  const auto octets = std::bit_cast<boost::asio::ip::address_v6::bytes_type>(client_of(key));
  const boost::asio::ip::address_v6 client(octets);
  const IpAddress shown =
      client.is_v4_mapped() ? IpAddress(make_address_v4(boost::asio::ip::v4_mapped, client)) : client;
  return {shown, rte_be_to_cpu_16(client_port_of(key)), service_of(key),
          rte_be_to_cpu_16(destination_port_of(key))};
}

}  // namespace turnout
