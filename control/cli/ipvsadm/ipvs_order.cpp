#include "control/cli/ipvsadm/ipvs_order.h"

#include <netinet/in.h>
#include <array>
#include <charconv>

namespace turnout::cli::ipvsadm {
namespace {

/// An IPv4 address is one word, an IPv6 address four, most significant first.
std::array<uint32_t, 4> words_of(const Address& address) {
  if (address.is_v4()) return {address.to_v4().to_uint()};
  std::array<uint32_t, 4> words{};
  const auto bytes = address.to_v6().to_bytes();
  for (size_t i = 0; i < bytes.size(); ++i) words[i / 4] = words[i / 4] << 8 | bytes[i];
  return words;
}

/// 0 for what is no group and for one that has a name.
uint32_t mark_of(const ServiceId& service) {
  uint32_t mark = 0;
  const char* end = service.group.data() + service.group.size();
  const auto [stop, error] = std::from_chars(service.group.data(), end, mark);
  return error == std::errc() && stop == end ? mark : 0;
}

/// Groups that have a name, which ipvsadm doesn't know, are behind all others.
bool has_name(const ServiceId& service) {
  return service.is_group() && mark_of(service) == 0;
}

uint32_t number_of(const std::string& protocol) {
  if (protocol == "udp") return IPPROTO_UDP;
  return protocol == "sctp" ? IPPROTO_SCTP : IPPROTO_TCP;
}

}  // namespace

int compare_addresses(const Address& a, const Address& b) {
  const auto words = words_of(a), others = words_of(b);
  for (size_t i = 0; i < words.size(); ++i) {
    if (const int difference = circular_difference(words[i], others[i])) return difference;
  }
  return 0;
}

int compare_services(const ServiceId& a, const ServiceId& b) {
  if (has_name(a) != has_name(b)) return has_name(a) ? 1 : -1;
  if (has_name(a) && a.group != b.group) return a.group < b.group ? -1 : 1;
  if (const int difference = circular_difference(mark_of(a), mark_of(b))) return difference;
  if (a.is_ipv6() != b.is_ipv6()) return a.is_ipv6() ? 1 : -1;
  if (a.is_group()) return 0;
  if (const int difference = circular_difference(number_of(a.protocol), number_of(b.protocol)))
    return difference;
  if (const int difference = compare_addresses(a.address, b.address)) return difference;
  return circular_difference(a.port, b.port);
}

}  // namespace turnout::cli::ipvsadm
