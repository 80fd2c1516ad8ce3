#include "control/icmp_types.h"

#include <algorithm>
#include <array>
#include <span>

namespace turnout {

namespace {

struct Named {
  uint8_t type;
  std::string_view name;
};

constexpr auto kIcmp = std::to_array<Named>({{0, "echo-reply"},
                                             {3, "destination-unreachable"},
                                             {4, "source-quench"},
                                             {5, "redirect"},
                                             {8, "echo-request"},
                                             {9, "router-advertisement"},
                                             {10, "router-solicitation"},
                                             {11, "time-exceeded"},
                                             {12, "parameter-problem"},
                                             {13, "timestamp-request"},
                                             {14, "timestamp-reply"},
                                             {15, "info-request"},
                                             {16, "info-reply"},
                                             {17, "address-mask-request"},
                                             {18, "address-mask-reply"}});
constexpr auto kIcmp6 = std::to_array<Named>({{1, "destination-unreachable"},
                                              {2, "packet-too-big"},
                                              {3, "time-exceeded"},
                                              {4, "parameter-problem"},
                                              {128, "echo-request"},
                                              {129, "echo-reply"}});

std::span<const Named> names_of(bool ipv6) {
  if (ipv6) return kIcmp6;
  return kIcmp;
}

}  // namespace

std::optional<uint8_t> icmp_type_of(std::string_view name, bool ipv6) {
  const auto names = names_of(ipv6);
  const auto found = std::ranges::find(names, name, &Named::name);
  return found == names.end() ? std::nullopt : std::optional(found->type);
}

std::string icmp_type_name(uint8_t type, bool ipv6) {
  const auto names = names_of(ipv6);
  const auto found = std::ranges::find(names, type, &Named::type);
  return found == names.end() ? std::to_string(type) : std::string(found->name);
}

std::string icmp_type_names(bool ipv6) {
  std::string list;
  for (const Named& named : names_of(ipv6)) list += (list.empty() ? "" : ", ") + std::string(named.name);
  return list;
}

bool is_icmp_error_type(uint8_t type, bool ipv6) {
  constexpr uint8_t kLastUsed6 = 4;  // RFC 4443 2.1
  return ipv6 ? type >= 1 && type <= kLastUsed6 : type == 3 || type == 11 || type == 12;
}

bool is_link_type(uint8_t type, bool ipv6) {
  constexpr uint8_t kMldQuery = 130, kRedirect = 137, kMld2Report = 143;  // RFC 4861, RFC 3810
  return ipv6 && ((type >= kMldQuery && type <= kRedirect) || type == kMld2Report);
}

}  // namespace turnout
