#include "control/connection_filter.h"

#include <algorithm>
#include <array>

#include "control/methods.h"

namespace turnout {

namespace {

constexpr std::array kStateNames = {"SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE", "UDP", "NONE"};

[[noreturn]] void refuse_parameter(const char* name, const std::string& reason) {
  refuse(RpcCode::invalid_params, {{"/" + std::string(name), reason}});
}

/// The parameter as text; "" if it is something else.
std::string text_of(const Json& params, const char* name) {
  const Json& value = params.at(name);
  return value.is_string() ? value.get<std::string>() : "";
}

std::optional<IpAddress> read_server(const Json& params) {
  if (!params.contains("server")) return std::nullopt;
  if (const auto address = parse_address(text_of(params, "server"))) return address;
  refuse_parameter("server", "must be an IP address, as in \"192.0.2.11\" or \"2001:db8::11\"");
}

std::optional<InterfaceAddress> read_client(const Json& params) {
  if (!params.contains("client")) return std::nullopt;
  const std::string text = text_of(params, "client");
  if (const auto subnet = parse_interface_address(text)) return subnet;
  if (const auto address = parse_address(text))
    return InterfaceAddress{*address, static_cast<uint8_t>(address->is_v4() ? 32 : 128)};
  refuse_parameter("client",
                   "must be an IP address or a prefix, as in \"198.51.100.7\", \"198.51.100.0/24\" or "
                   "\"2001:db8::/32\"");
}

std::optional<std::string> read_state(const Json& params) {
  if (!params.contains("state")) return std::nullopt;
  std::string text = text_of(params, "state");
  if (std::ranges::find(kStateNames, text) != kStateNames.end()) return text;
  std::string names;
  for (const char* name : kStateNames) names += (names.empty() ? "" : ", ") + std::string(name);
  refuse_parameter("state", "must be one of " + names);
}

}  // namespace

const char* name_of(ConnectionState state) {
  switch (state) {
    case ConnectionState::syn_recv:
      return "SYN_RECV";
    case ConnectionState::established:
      return "ESTABLISHED";
    case ConnectionState::fin_wait:
      return "FIN_WAIT";
    case ConnectionState::close:
      return "CLOSE";
    case ConnectionState::udp:
      return "UDP";
    default:
      return "NONE";
  }
}

ConnectionFilter ConnectionFilter::read(const Json& params, const DaemonView& daemon) {
  ConnectionFilter filter;
  if (params.contains("service")) filter.service = numbers_of(daemon, params.at("service")).index;
  filter.server = read_server(params);
  filter.client = read_client(params);
  filter.state = read_state(params);
  return filter;
}

bool ConnectionFilter::wants(const IpAddress& from, ConnectionValue value,
                             const Registry::Holder& holder) const {
  return (!service || *service == holder.service) && (!server || *server == holder.server) &&
         (!state || *state == name_of(value.state())) && (!client || client->contains(from));
}

}  // namespace turnout
