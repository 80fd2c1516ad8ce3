#include "control/config_vip_json.h"

#include "control/config_filter_json.h"

namespace turnout {
namespace {

void read_echo(const ConfigReader& at, EchoPolicy& echo) {
  const auto name = at.text();
  if (!name) return;
  for (const auto policy : {EchoPolicy::yes, EchoPolicy::no, EchoPolicy::while_up}) {
    if (*name != to_string(policy)) continue;
    echo = policy;
    return;
  }
  at.refuse_value(R"(is no answer to pings: use "yes", "no" or "while_up")");
}

void read_unmatched(const ConfigReader& at, UnmatchedPolicy& unmatched) {
  const auto name = at.text();
  if (!name) return;
  for (const auto policy : {UnmatchedPolicy::drop, UnmatchedPolicy::reject}) {
    if (*name != to_string(policy)) continue;
    unmatched = policy;
    return;
  }
  at.refuse_value(R"(says nothing about packets that no service has: use "drop" or "reject")");
}

/// "" is none, so that one which was set can be taken back.
void read_uplink_name(const ConfigReader& at, std::string& name) {
  if (at.value() == "") {
    name.clear();
  } else {
    name = at.text().value_or("");
  }
}

}  // namespace

VipConfig read_vip(const ConfigReader& at) {
  VipConfig vip;
  if (!at.expect_object({"address", "echo", "unmatched", "depends_on_uplink", "filter", "icmp"})) return vip;
  if (const auto address = at.required_member("address", "the VIP whose settings these are")) {
    vip.address = address->host_address().value_or(IpAddress());
  }
  if (const auto echo = at.member("echo")) read_echo(*echo, vip.echo);
  if (const auto unmatched = at.member("unmatched")) read_unmatched(*unmatched, vip.unmatched);
  if (const auto uplink = at.member("depends_on_uplink")) read_uplink_name(*uplink, vip.depends_on_uplink);
  if (const auto filter = at.member("filter")) read_filter_name(*filter, vip.filter);
  if (const auto icmp = at.member("icmp")) vip.icmp = read_icmp(*icmp, vip.address.is_v6());
  return vip;
}

Parsed<VipConfig> parse_vip(const Json& value, const std::string& at) {
  return parse_part(value, at, read_vip);
}

Parsed<IpAddress> parse_host_address(const Json& value, const std::string& at) {
  return parse_part(value, at,
                    [](const ConfigReader& reader) { return reader.host_address().value_or(IpAddress()); });
}

}  // namespace turnout
