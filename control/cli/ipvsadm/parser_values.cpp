#include "control/cli/ipvsadm/parser_values.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "control/cli/ipvsadm/numbers.h"
#include "control/cli/ipvsadm/options.h"

namespace turnout::cli::ipvsadm {
namespace {

constexpr uint32_t kLongestTimeout = 31 * 86'400;
constexpr uint32_t kPersistence = 360;

const char* const kIllegalMask = "illegal virtual server persistent mask specified";

unsigned ipv4_prefix_of(const std::string& mask, const Names& names) {
  const auto address = names.address_of(mask);
  if (!address) throw GrammarError(kIllegalMask);
  const uint32_t bits = address->to_v4().to_uint();
  const int ones = std::countl_one(bits);
  if (std::popcount(bits) == ones) return static_cast<unsigned>(ones);
  throw GrammarError(std::string(kIllegalMask) + ": " + address->to_string() +
                     " has bits behind a gap; give a netmask such as 255.255.255.0");
}

/// ipvsadm's flag-1 and flag-2 are other names of what the scheduler calls its flags.
std::string own_name(const std::string& scheduler, const std::string& flag) {
  if (flag != "flag-1" && flag != "flag-2" && flag != "flag-3") return flag;
  const bool has_flags = scheduler == "sh" || scheduler == "mh";
  if (has_flags && flag == "flag-1") return scheduler + "-fallback";
  if (has_flags && flag == "flag-2") return scheduler + "-port";
  throw GrammarError("scheduler flag `" + flag + "' means nothing to the scheduler " + scheduler +
                     "; leave it out");
}

std::string checked_flag(const std::string& scheduler, const std::string& given) {
  const std::string flag = own_name(scheduler, given);
  if (flag != "sh-fallback" && flag != "sh-port" && flag != "mh-fallback" && flag != "mh-port")
    throw GrammarError("invalid scheduler flag `" + given + "'");
  if (!flag.starts_with(scheduler + '-')) throw GrammarError("incompatible scheduler flag `" + given + "'");
  return flag;
}

}  // namespace

ServiceId group_of_mark(const std::string& mark) {
  const auto number = to_number(mark, 1, std::numeric_limits<uint32_t>::max());
  if (!number) throw GrammarError("invalid fwmark value `" + mark + "' specified");
  ServiceId id;
  id.group = std::to_string(*number);
  return id;
}

ServiceId service_at(const std::string& endpoint, const std::string& protocol, const Names& names) {
  const auto parsed = parse_endpoint(endpoint, protocol, names);
  if (!parsed) throw GrammarError("illegal virtual server address[:port] specified");
  return {.protocol = protocol,
          .address = parsed->address,
          .port = parsed->port,
          .last_port = parsed->last_port,
          .group = {}};
}

ServiceId member_of(const std::string& path, const Names& names) {
  const size_t slash = path.find('/');
  const std::string protocol = path.substr(0, slash);
  if (slash == std::string::npos || (protocol != "tcp" && protocol != "udp" && protocol != "sctp"))
    throw GrammarError("illegal member `" + path +
                       "' specified: give tcp/VIP:PORT, udp/VIP:PORT or sctp/VIP:PORT");
  return service_at(path.substr(slash + 1), protocol, names);
}

uint32_t timeout_of(const std::string& text, uint32_t least) {
  if (const auto seconds = to_number(text, least, kLongestTimeout)) return *seconds;
  throw GrammarError("invalid timeout value `" + text + "' specified");
}

uint32_t persistence_of(const std::optional<std::string>& text) {
  return text ? timeout_of(*text, 1) : kPersistence;
}

unsigned prefix_of(const std::string& mask, bool is_ipv6, const Names& names) {
  if (!is_ipv6) return ipv4_prefix_of(mask, names);
  if (const auto bits = to_number(mask, 1, 128)) return *bits;
  throw GrammarError("illegal ipv6 netmask specified");
}

std::vector<std::string> flags_of(const std::string& scheduler, const std::string& flags) {
  std::vector<std::string> result;
  for (size_t at = 0; at < flags.size();) {
    const size_t comma = std::min(flags.find(',', at), flags.size());
    if (comma > at) {
      const std::string flag = checked_flag(scheduler, flags.substr(at, comma - at));
      if (std::find(result.begin(), result.end(), flag) == result.end()) result.push_back(flag);
    }
    at = comma + 1;
  }
  if (result.empty()) throw GrammarError("invalid scheduler flag `" + flags + "'");
  return result;
}

void refuse_forwarding(const std::string& method, const ServiceId& service) {
  const std::string vip = service.is_group() ? "the VIP" : "the VIP " + service.address.to_string();
  throw GrammarError(
      "Turnout forwards by Direct Routing only, not by " + method +
      ": give -g, or no forwarding method. The real server must be on a segment of the director's, with " +
      vip +
      " on its loopback (scripts/real-server sets that up); it answers clients itself, from the service's "
      "port");
}

void refuse_sync_daemon(const std::string& option, const std::string& state) {
  if (option != "daemon" && state != "master" && state != "backup")
    throw GrammarError(option == "start-daemon" ? "illegal start-daemon parameter specified"
                                                : "illegal start_daemon specified");
  throw GrammarError(
      "Illegal '" + option +
      "' option: Turnout has no connection sync daemon. Use the scheduler mh on both directors: "
      "each maps a connection to the same real server, so that it outlives a takeover");
}

}  // namespace turnout::cli::ipvsadm
