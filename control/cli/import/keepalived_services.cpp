#include "control/cli/import/keepalived_services.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "control/cli/import/keepalived_server.h"
#include "control/cli/import/keepalived_targets.h"

namespace turnout::cli {
namespace {

/// Blocks that are about something else than virtual servers, by how their keyword begins.
struct Foreign {
  std::string_view prefix, reason, remedy;
};
constexpr const char* kVrrp = "Turnout has no VRRP of its own";
constexpr const char* kKeepVrrp = "keep keepalived for it, without its virtual servers";
constexpr std::array<Foreign, 13> kForeign{{
    {"include", "included files are not followed", "import that file as well, or put its text in here"},
    {"global_defs", "it is about keepalived itself", "nothing is to be done"},
    {"vrrp_", kVrrp, kKeepVrrp},
    {"static_", kVrrp, kKeepVrrp},
    {"virtual_ipaddress", kVrrp, kKeepVrrp},
    {"track_", kVrrp, kKeepVrrp},
    {"garp_group", kVrrp, kKeepVrrp},
    {"interface_up_down_delays", kVrrp, kKeepVrrp},
    {"linkbeat_", kVrrp, kKeepVrrp},
    {"bfd_instance", "Turnout has no BFD", "keep keepalived for it, or see `uplink` of a port"},
    {"SSL", "Turnout's checks have no certificates of their own", "nothing is to be done"},
    {"net_namespace", "it is about keepalived itself", "nothing is to be done"},
    {"@", "whether it holds is decided by keepalived's --config-id",
     "keep the lines of this director and remove the @ from them"},
}};

void leave_foreign(const KeepalivedStatement& statement, Leftovers& leftovers) {
  const auto* found = std::ranges::find_if(
      kForeign, [&](const Foreign& each) { return statement.keyword().starts_with(each.prefix); });
  if (found != kForeign.end()) {
    leftovers.add(statement.line, statement.text(), std::string(found->reason), std::string(found->remedy));
  } else {
    leftovers.add(statement.line, statement.text(), "not known here",
                  "check whether Turnout has something for it: docs/operator-guide.md");
  }
}

void add_services(const KeepalivedStatement& server, const std::vector<KeepalivedTarget>& targets,
                  Leftovers& leftovers, std::vector<Draft>& drafts) {
  if (targets.empty()) return;
  const auto first = read_virtual_server(server, targets.front(), leftovers);
  if (!first) return;
  for (const KeepalivedTarget& target : targets) {
    Draft draft = *first;
    draft.mark = target.mark;
    draft.vip = target.vip;
    draft.port = target.port;
    if (!target.mark) draft.is_ipv6 = target.is_ipv6;
    drafts.push_back(std::move(draft));
  }
}

}  // namespace

std::vector<Draft> read_keepalived(const std::string& text, const std::string& file, Leftovers& leftovers) {
  const std::vector<KeepalivedStatement> statements = parse_keepalived(text, file, leftovers);
  KeepalivedGroups groups(leftovers);
  for (const KeepalivedStatement& each : statements) {
    if (each.keyword() == "virtual_server_group") groups.add(each);
  }
  std::vector<Draft> drafts;
  for (const KeepalivedStatement& each : statements) {
    if (each.keyword() == "virtual_server") {
      add_services(each, groups.targets_of(each), leftovers, drafts);
    } else if (each.keyword() != "virtual_server_group") {
      leave_foreign(each, leftovers);
    }
  }
  groups.report_unused();
  return drafts;
}

}  // namespace turnout::cli
