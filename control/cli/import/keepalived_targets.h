// Who a virtual_server is for: an address and port, a firewall mark, or a group of these.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/cli/import/draft.h"
#include "control/cli/import/keepalived_text.h"

namespace turnout::cli {

struct KeepalivedTarget {
  std::optional<uint64_t> mark;
  bool is_ipv6 = false;
  Address vip;
  uint16_t port = 0;
};

class KeepalivedGroups {
 public:
  explicit KeepalivedGroups(Leftovers& leftovers) : leftovers_(leftovers) {}

  void add(const KeepalivedStatement& group);

  /// Of a virtual_server; none, with a leftover, if they can't be known.
  std::vector<KeepalivedTarget> targets_of(const KeepalivedStatement& server);

  /// Those that no virtual_server uses become leftovers.
  void report_unused();

 private:
  struct Group {
    size_t line;
    std::vector<KeepalivedTarget> targets;
    bool is_used = false;
  };

  bool read_target(const std::vector<std::string>& words, std::vector<KeepalivedTarget>& targets) const;

  Leftovers& leftovers_;
  std::map<std::string, Group> groups_;
};

}  // namespace turnout::cli
