#include "control/prefix_text.h"

#include "control/host_address.h"

namespace turnout {

namespace {

uint8_t whole_length(const IpAddress& address) {
  return address.is_v4() ? 32 : 128;
}

}  // namespace

PrefixText parse_prefix(std::string_view text) {
  if (const auto address = parse_address(text))
    return {InterfaceAddress{*address, whole_length(*address)}, {}};
  const auto prefix = parse_interface_address(text);
  if (!prefix)
    return {{}, "is no prefix of addresses: write it as in 198.51.100.0/24, 2001:db8::/32 or 198.51.100.7"};
  const std::string network = network_of(*prefix);
  if (network != prefix->to_string()) {
    return {{},
            "has bits beyond its length: write " + network + " for the network, or " +
                prefix->address.to_string() + " for that address alone"};
  }
  return {prefix, {}};
}

std::string prefix_text(const InterfaceAddress& prefix) {
  return prefix.prefix_length == whole_length(prefix.address) ? prefix.address.to_string()
                                                              : prefix.to_string();
}

}  // namespace turnout
