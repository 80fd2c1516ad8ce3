#include "control/cli/import/keepalived_without.h"

#include <algorithm>
#include <array>
#include <string>

#include "control/cli/import/values.h"

namespace turnout::cli {
namespace {

struct Without {
  std::string_view keyword, reason, remedy;
};
constexpr std::array<Without, 35> kWithout{{
    {"quorum", "a service of Turnout's serves while one server is up", "see `fallback` for what serves then"},
    {"hysteresis", "Turnout has no quorum", "nothing is to be done"},
    {"quorum_up", "Turnout runs no program then", "watch with `turnoutctl watch-events`"},
    {"quorum_down", "Turnout runs no program then", "watch with `turnoutctl watch-events`"},
    {"notify_up", "Turnout runs no program then", "watch with `turnoutctl watch-events`"},
    {"notify_down", "Turnout runs no program then", "watch with `turnoutctl watch-events`"},
    {"smtp_alert", "Turnout sends no mail", "alert by its metrics: docs/operator-guide.md"},
    {"snmp_name", "Turnout has no SNMP", "see /metrics for the counters"},
    {"ha_suspend", "the checks go on without the VIP: Turnout has it by itself", "nothing is to be done"},
    {"omega", "Turnout runs no program when it ends", "nothing is to be done"},
    {"persistence_engine", "Turnout has no persistence engines",
     "its clients are told apart by address alone"},
    {"sorry_server_inhibit", "the fallback server is checked like the others", "nothing is to be done"},
    {"flag-3", "it has no meaning to any scheduler of Turnout's", "remove it"},
    {"delay_before_retry", "Turnout asks again after the same interval",
     "set health.interval as short as it should be"},
    {"warmup", "Turnout spreads its checks by health.jitter", "nothing is to be done"},
    {"alpha", "servers are presumed up when turnoutd starts; those added later are checked first",
     "nothing is to be done"},
    {"log_all_failures", "each change of a server's state is logged",
     "see `turnoutctl health` for the counters"},
    {"connect_ip", "Turnout asks for the VIP by way of the real server, as clients' packets go",
     "nothing is to be done"},
    {"bindto", "checks come from the director's address in the server's subnet",
     "let that one in on the server's firewall"},
    {"bind_if", "checks leave by the port whose subnet the server is in", "nothing is to be done"},
    {"bind_port", "checks come from ports 61000 to 65535", "let those in on the server's firewall"},
    {"fwmark", "checks do not go through the kernel's rules", "nothing is to be done"},
    {"digest", "Turnout has no digest of the page", "set health.expect to a text that it holds"},
    {"regex", "Turnout looks for a plain text", "set health.expect to a text that the page holds"},
    {"regex_no_match", "Turnout looks for a plain text that has to be there", "set health.expect"},
    {"regex_options", "Turnout looks for a plain text", "set health.expect"},
    {"regex_stack", "Turnout looks for a plain text", "nothing is to be done"},
    {"regex_min_offset", "Turnout looks at the first 64 KiB of the page", "nothing is to be done"},
    {"regex_max_offset", "Turnout looks at the first 64 KiB of the page", "nothing is to be done"},
    {"http_protocol", "Turnout asks by HTTP/1.1", "nothing is to be done"},
    {"fast_recovery", "a server is up after health.rise checks", "set health.rise"},
    {"helo_name", "Turnout only opens the connection",
     "see docs/health.md: a program of yours can do more (exec)"},
    {"misc_dynamic", "the program's exit code does not change the weight",
     "have it exit with 0 or another code"},
    {"user", "the program runs as turnoutd does", "have the program change its user"},
    {"tls_compliant", "Turnout speaks TLS as OpenSSL does", "nothing is to be done"},
}};

/// Set to what Turnout does anyway.
bool is_default(const KeepalivedStatement& statement) {
  const std::string& keyword = statement.keyword();
  const std::string value = statement.argument();
  return (keyword == "quorum" && value == "1") || (keyword == "hysteresis" && value == "0") ||
         (keyword == "alpha" && read_switch(value) == false);
}

}  // namespace

bool leave_without(const KeepalivedStatement& statement, Leftovers& leftovers) {
  const auto* found = std::ranges::find(kWithout, statement.keyword(), &Without::keyword);
  if (found == kWithout.end()) return false;
  if (is_default(statement)) return true;
  leftovers.add(statement.line, statement.text(), std::string(found->reason), std::string(found->remedy));
  return true;
}

}  // namespace turnout::cli
