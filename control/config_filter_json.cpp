#include "control/config_filter_json.h"

#include <algorithm>

#include "control/icmp_types.h"
#include "control/prefix_text.h"

namespace turnout {

std::string to_string(FilterAction action) {
  return action == FilterAction::allow ? "allow" : "deny";
}

std::string to_string(DeniedPolicy policy) {
  return policy == DeniedPolicy::reject ? "reject" : "drop";
}

namespace {

void read_action(const ConfigReader& at, FilterAction& action) {
  const auto name = at.text();
  if (!name) return;
  for (const auto each : {FilterAction::deny, FilterAction::allow}) {
    if (*name != to_string(each)) continue;
    action = each;
    return;
  }
  at.refuse_value(R"(is nothing that a filter does with clients: use "deny" or "allow")");
}

void read_denied(const ConfigReader& at, DeniedPolicy& denied) {
  const auto name = at.text();
  if (!name) return;
  for (const auto each : {DeniedPolicy::drop, DeniedPolicy::reject}) {
    if (*name != to_string(each)) continue;
    denied = each;
    return;
  }
  at.refuse_value(R"(is nothing that is done to packets of denied clients: use "drop" or "reject")");
}

void read_prefix(const ConfigReader& at, std::vector<InterfaceAddress>& prefixes) {
  const auto text = at.text();
  if (!text) return;
  const PrefixText parsed = parse_prefix(*text);
  if (parsed.prefix) {
    prefixes.push_back(*parsed.prefix);
  } else {
    at.refuse_value(parsed.fault);
  }
}

void read_file(const ConfigReader& at, std::string& file) {
  const auto text = at.text();
  if (!text) return;
  if (text->front() == '/') {
    file = *text;
  } else {
    at.refuse_value("is no absolute path: a daemon may run in any directory, begin it with /");
  }
}

FilterListConfig read_list(const ConfigReader& at) {
  FilterListConfig list;
  if (!at.expect_object({"name", "action", "prefixes", "file"})) return list;
  if (const auto name = at.required_member("name", "what the list is called"))
    list.name = name->text().value_or("");
  if (const auto action = at.required_member("action", R"("deny" or "allow")"))
    read_action(*action, list.action);
  if (const auto prefixes = at.member("prefixes")) {
    for (const ConfigReader& prefix : prefixes->elements()) read_prefix(prefix, list.prefixes);
  }
  if (const auto file = at.member("file")) read_file(*file, list.file);
  return list;
}

std::optional<uint8_t> read_icmp_type(const ConfigReader& at, bool ipv6) {
  constexpr uint64_t kLargest = 255;
  if (at.value().is_number()) {
    const auto number = at.integer(0, kLargest);
    return number ? std::optional(static_cast<uint8_t>(*number)) : std::nullopt;
  }
  const auto name = at.text();
  if (!name) return std::nullopt;
  const auto type = icmp_type_of(*name, ipv6);
  if (!type) {
    at.refuse_value(std::string("is no type of ") + (ipv6 ? "ICMPv6" : "ICMP") +
                    ": use a number, or one of " + icmp_type_names(ipv6));
  }
  return type;
}

void read_types(const ConfigReader& at, bool ipv6, std::vector<uint8_t>& types,
                void (*refuse_type)(const ConfigReader&, uint8_t, bool)) {
  for (const ConfigReader& each : at.elements()) {
    const auto type = read_icmp_type(each, ipv6);
    if (!type) continue;
    if (is_link_type(*type, ipv6)) {
      each.refuse_value("is between neighbours on a link and never forwarded: remove it");
    } else {
      refuse_type(each, *type, ipv6);
      types.push_back(*type);
    }
  }
  std::ranges::sort(types);
  types.erase(std::unique(types.begin(), types.end()), types.end());
}

void refuse_to_forward(const ConfigReader& at, uint8_t type, bool ipv6) {
  if (is_icmp_error_type(type, ipv6))
    at.refuse_value("is forwarded anyway, with the connection that it is about: remove it");
}

void refuse_to_drop(const ConfigReader& at, uint8_t type, bool ipv6) {
  if (icmp_type_name(type, ipv6) == "echo-request") {
    at.refuse_value(R"(is answered or not as "echo" says: remove it, and use "echo": "no")");
  } else if (!is_icmp_error_type(type, ipv6)) {
    at.refuse_value("is dropped anyway, unless it is in \"forward\": remove it");
  }
}

Json types_to_json(const std::vector<uint8_t>& types, bool ipv6) {
  Json list = Json::array();
  for (const uint8_t type : types) {
    const std::string name = icmp_type_name(type, ipv6);
    list.push_back(icmp_type_of(name, ipv6) ? Json(name) : Json(type));
  }
  return list;
}

Json list_to_json(const FilterListConfig& list) {
  Json json = {{"name", list.name}, {"action", to_string(list.action)}, {"prefixes", Json::array()}};
  for (const InterfaceAddress& prefix : list.prefixes) json["prefixes"].push_back(prefix_text(prefix));
  if (!list.file.empty()) json["file"] = list.file;
  return json;
}

}  // namespace

FilterConfig read_filter(const ConfigReader& at) {
  FilterConfig filter;
  if (!at.expect_object({"name", "lists", "default", "denied", "log"})) return filter;
  if (const auto name = at.required_member("name", "what VIPs and services call the filter"))
    filter.name = name->text().value_or("");
  if (const auto lists = at.member("lists")) {
    for (const ConfigReader& list : lists->elements()) filter.lists.push_back(read_list(list));
  }
  if (const auto otherwise = at.member("default")) read_action(*otherwise, filter.otherwise);
  if (const auto denied = at.member("denied")) read_denied(*denied, filter.denied);
  if (const auto log = at.member("log")) {
    if (log->value().is_boolean()) {
      filter.log = log->value().get<bool>();
    } else {
      log->refuse_value("is not true or false");
    }
  }
  return filter;
}

void read_filter_name(const ConfigReader& at, std::string& name) {
  if (at.value() == "" || at.value().is_null()) {
    name.clear();
  } else {
    name = at.text().value_or("");
  }
}

Parsed<FilterConfig> parse_filter(const Json& value, const std::string& at) {
  return parse_part(value, at, read_filter);
}

IcmpConfig read_icmp(const ConfigReader& at, bool ipv6) {
  IcmpConfig icmp;
  if (!at.expect_object({"forward", "drop"})) return icmp;
  if (const auto forward = at.member("forward")) read_types(*forward, ipv6, icmp.forward, refuse_to_forward);
  if (const auto drop = at.member("drop")) read_types(*drop, ipv6, icmp.drop, refuse_to_drop);
  return icmp;
}

Json to_json(const FilterConfig& filter) {
  Json lists = Json::array();
  for (const FilterListConfig& list : filter.lists) lists.push_back(list_to_json(list));
  return {{"name", filter.name},
          {"lists", std::move(lists)},
          {"default", to_string(filter.otherwise)},
          {"denied", to_string(filter.denied)},
          {"log", filter.log}};
}

Json to_json(const IcmpConfig& icmp, bool ipv6) {
  return {{"forward", types_to_json(icmp.forward, ipv6)}, {"drop", types_to_json(icmp.drop, ipv6)}};
}

}  // namespace turnout
