#include "control/cli/import/keepalived_targets.h"

namespace turnout::cli {
namespace {

constexpr size_t kMostOfRange = 4096;  // addresses; each becomes a service

}  // namespace

/// "192.0.2.100 80", "192.0.2.100-110 80", "fwmark 7 [inet6]"
bool KeepalivedGroups::read_target(const std::vector<std::string>& words,
                                   std::vector<KeepalivedTarget>& targets) const {
  if (words.size() >= 2 && words[0] == "fwmark") {
    const auto mark = read_whole_number(words[1]);
    if (mark) targets.push_back({mark, words.size() > 2 && words[2] == "inet6", {}, 0});
    return mark.has_value();
  }
  if (words.empty() || words.size() > 2) return false;
  const auto port = words.size() == 2 ? read_port(words[1]) : std::optional<uint16_t>(0);
  const auto addresses = read_address_range(words[0], kMostOfRange);
  if (!port || !addresses) return false;
  for (const Address& address : *addresses)
    targets.push_back({std::nullopt, address.is_v6(), address, *port});
  return true;
}

void KeepalivedGroups::add(const KeepalivedStatement& group) {
  Group& kept = groups_[group.argument()];
  kept.line = group.line;
  for (const KeepalivedStatement& each : group.block) {
    if (read_target(each.words, kept.targets)) continue;
    leftovers_.add(each.line, each.text(),
                   "it is neither an address or a range of up to " + std::to_string(kMostOfRange) +
                       " with a port, nor a firewall mark",
                   "add its services by hand");
  }
}

std::vector<KeepalivedTarget> KeepalivedGroups::targets_of(const KeepalivedStatement& server) {
  std::vector<KeepalivedTarget> targets;
  if (server.argument() == "group") {
    const auto group = groups_.find(server.argument(1));
    if (group == groups_.end()) {
      leftovers_.add(server.line, server.text(), "there is no virtual_server_group of that name in this file",
                     "import the file that has it together with this one");
      return {};
    }
    group->second.is_used = true;
    return group->second.targets;
  }
  const std::vector<std::string> words(server.words.begin() + 1, server.words.end());
  if (!read_target(words, targets) || targets.size() != 1) {
    leftovers_.add(server.line, server.text(),
                   "it names neither an address and a port, nor a firewall mark, nor a group",
                   "write the address and the port as numbers");
    return {};
  }
  return targets;
}

void KeepalivedGroups::report_unused() {
  for (const auto& [name, group] : groups_) {
    if (!group.is_used)
      leftovers_.add(group.line, "virtual_server_group " + name, "no virtual_server uses it",
                     "nothing is to be done");
  }
}

}  // namespace turnout::cli
