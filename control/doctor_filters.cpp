#include "control/doctor_filters.h"

#include <algorithm>

#include "control/doctor_words.h"
#include "control/icmp_types.h"
#include "control/prefix_file.h"

namespace turnout {

namespace {

bool is_used(const Config& config, const std::string& filter) {
  return std::ranges::find(config.vips, filter, &VipConfig::filter) != config.vips.end() ||
         std::ranges::find(config.services, filter, &ServiceConfig::filter) != config.services.end();
}

struct Decided {
  uint64_t allowed = 0;
  uint64_t denied = 0;
};

Decided decided_by(const FilterBook& book, size_t filter) {
  Decided decided;
  const FilterConfig& config = book.configs()[filter];
  const auto add = [&](FilterAction action, uint64_t packets) {
    (action == FilterAction::allow ? decided.allowed : decided.denied) += packets;
  };
  add(config.otherwise, book.packets(book.filters()[filter].otherwise));
  for (size_t i = 0; i < config.lists.size(); ++i) add(config.lists[i].action, book.count(filter, i).packets);
  return decided;
}

void examine_file(const FilterBook& book, size_t filter, size_t list, Findings& findings) {
  const FilterListConfig& config = book.configs()[filter].lists[list];
  if (config.file.empty()) return;
  const auto changed = changed_at(config.file);
  const std::string subject = "filter " + book.configs()[filter].name + ", list " + config.name;
  if (!changed) {
    findings.push_back({Severity::warning, "filter_file_missing", subject,
                        "the list is as it was read, but the next start or reload will be refused",
                        config.file + " can't be looked at",
                        "restore the file, or name another one in `file`"});
  } else if (changed != book.loaded()[filter][list].file_changed) {
    findings.push_back({Severity::info, "filter_file_changed", subject,
                        "the list in force is not what its file says",
                        config.file + " was changed since it was read", "`turnoutctl filters reload`"});
  }
}

void examine_filter(const Director& director, size_t filter, Findings& findings) {
  const FilterBook& book = director.filters();
  const FilterConfig& config = book.configs()[filter];
  if (!is_used(director.config(), config.name)) {
    findings.push_back({Severity::info, "filter_unused", "filter " + config.name,
                        "it filters nothing: no VIP and no service names it", "`filters` has it",
                        "`turnoutctl service edit SERVICE --filter " + config.name +
                            "`, `turnoutctl vip VIP --filter " + config.name + "`, or remove it"});
  }
  const Decided decided = decided_by(book, filter);
  if (decided.allowed == 0 && decided.denied > 0) {
    findings.push_back({Severity::warning, "filter_denies_all", "filter " + config.name,
                        "it has not let a single packet through",
                        counted(decided.denied, "packet") + " denied, none allowed",
                        "`turnoutctl filters denied` says who was kept out, and by which prefix"});
  }
  for (size_t i = 0; i < config.lists.size(); ++i) examine_file(book, filter, i, findings);
}

/// Who drops these has connections that hang once they send more than a link takes.
bool carries_path_mtu(uint8_t type, bool ipv6) {
  const std::string name = icmp_type_name(type, ipv6);
  return name == (ipv6 ? "packet-too-big" : "destination-unreachable");
}

void examine_icmp(const VipConfig& vip, Findings& findings) {
  const bool ipv6 = vip.address.is_v6();
  for (const uint8_t type : vip.icmp.drop) {
    if (!carries_path_mtu(type, ipv6)) continue;
    const std::string name = icmp_type_name(type, ipv6);
    findings.push_back(
        {Severity::warning, "path_mtu_hidden", vip.address.to_string(),
         "real servers don't hear how long a packet may be on the way to a client: large replies "
         "get lost where a link takes less (RFC 1191, RFC 8201)",
         name + " is in `icmp.drop` of the VIP", "take " + name + " out of it"});
  }
}

}  // namespace

Findings examine_filters(const Director& director) {
  Findings findings;
  for (size_t i = 0; i < director.filters().configs().size(); ++i) examine_filter(director, i, findings);
  for (const VipConfig& vip : director.config().vips) examine_icmp(vip, findings);
  return findings;
}

}  // namespace turnout
