#include "control/cli/service_options.h"

#include <algorithm>
#include <limits>

#include "control/cli/arguments.h"
#include "control/cli/errors.h"
#include "control/cli/format.h"
#include "control/cli/limit_options.h"

namespace turnout::cli {
namespace {

constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kLongestPrefix = 128;
constexpr uint64_t kMaxDscp = 63;
constexpr uint64_t kMaxPriority = 7;

/// "tcp 192.0.2.100:80", or with a slash in place of the space.
Json parse_member(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '/');
  const Json member = parse_service_path(text);
  if (member.contains("group"))
    throw UsageError("--member: a group is made of services such as 'tcp VIP:PORT'");
  return member;
}

bool parse_yes_or_no(const std::string& what, const std::string& text) {
  if (text != "yes" && text != "no")
    throw UsageError(what + ": " + in_quotes(text) + " is neither yes nor no");
  return text == "yes";
}

/// null: left alone.
Json parse_mark(const std::string& what, const std::string& text, uint64_t most) {
  return text == "none" ? Json(nullptr) : Json(parse_number(what, text, 0, most));
}

void read_quic_options(const Request& request, Json& service) {
  constexpr uint64_t kLongestId = 15, kLastConfiguration = 6;
  const auto length = request.option("quic");
  const auto configuration = request.option("quic-config");
  if (length == "none") {
    service["quic"] = nullptr;
  } else if (length) {
    service["quic"] = {{"server_id_length", parse_number("--quic", *length, 1, kLongestId)}};
    if (configuration)
      service["quic"]["config_id"] = parse_number("--quic-config", *configuration, 0, kLastConfiguration);
  } else if (configuration) {
    throw UsageError("--quic-config goes with --quic N");
  }
}

void append(Command& command, std::initializer_list<CommandOption> options) {
  command.options.insert(command.options.end(), options);
}

void add_service_options(Command& command) {
  using Kind = CommandOption::Kind;
  append(
      command,
      {{"persistence", Kind::value, "SECONDS", "a client keeps its server so long; 0: off"},
       {"persistence-prefix", Kind::value, "BITS", "of the client's address that count (default: all)"},
       {"flag", Kind::repeated, "NAME", "mh-port, mh-fallback, sh-port or sh-fallback; 'none': none of them"},
       {"one-packet", Kind::value, "yes|no", "UDP: each datagram is scheduled by itself"},
       {"dscp", Kind::value, "N|none", "written into each of its packets, 0 to 63"},
       {"vlan-priority", Kind::value, "N|none", "likewise, 0 to 7, where they leave with a VLAN tag"},
       {"quic", Kind::value, "N|none", "UDP: real servers have IDs of N octets in QUIC's connection IDs"},
       {"quic-config", Kind::value, "N", "their QUIC-LB configuration, 0 to 6 (default 0)"},
       {"filter", Kind::value, "FILTER|none", "that its clients have to pass"},
       {"member", Kind::repeated, "tcp/VIP:PORT", "of a group: all of its services, each by this option"}});
  add_limit_options(command);
}

void add_server_options(Command& command) {
  using Kind = CommandOption::Kind;
  append(command,
         {{"upper-threshold", Kind::value, "N", "full at so many connections; 0: never"},
          {"lower-threshold", Kind::value, "N", "open again below so many; 0: below 3/4 of the upper"},
          {"quic-id", Kind::value, "HEX", "its ID in QUIC's connection IDs, as 0a01; 'none': it has none"}});
}

}  // namespace

void read_scheduling_options(const Request& request, Json& service) {
  if (const auto seconds = request.option("persistence"))
    service["persistence"] = parse_number("--persistence", *seconds, 0, kMost);
  if (const auto bits = request.option("persistence-prefix"))
    service["persistence_prefix"] = parse_number("--persistence-prefix", *bits, 1, kLongestPrefix);
  if (const auto flags = request.options_named("flag"); !flags.empty())
    service["scheduler_flags"] = flags == std::vector<std::string>{"none"} ? Json::array() : Json(flags);
  if (const auto one_packet = request.option("one-packet"))
    service["one_packet"] = parse_yes_or_no("--one-packet", *one_packet);
  if (const auto dscp = request.option("dscp")) service["dscp"] = parse_mark("--dscp", *dscp, kMaxDscp);
  if (const auto priority = request.option("vlan-priority"))
    service["vlan_priority"] = parse_mark("--vlan-priority", *priority, kMaxPriority);
  read_quic_options(request, service);
  if (const auto filter = request.option("filter")) service["filter"] = *filter == "none" ? "" : *filter;
  read_limit_options(request, service);
  for (const std::string& member : request.options_named("member"))
    service["members"].push_back(parse_member(member));
}

void read_threshold_options(const Request& request, Json& server) {
  if (const auto id = request.option("quic-id")) server["quic_id"] = *id == "none" ? "" : *id;
  for (const char* which : {"upper", "lower"}) {
    const std::string option = std::string(which) + "-threshold";
    if (const auto connections = request.option(option))
      server[std::string(which) + "_threshold"] = parse_number("--" + option, *connections, 0, kMost);
  }
}

void add_lvs_options(CommandGroup& group) {
  for (Command& command : group.commands) {
    if (command.arguments.starts_with("tcp VIP:PORT")) ++command.most_arguments;
    if (command.name == "service add" || command.name == "service edit") add_service_options(command);
    if (command.name == "server add" || command.name == "server edit") add_server_options(command);
  }
}

}  // namespace turnout::cli
