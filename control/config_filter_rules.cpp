// The rules of filters, and of who names one.
#include <algorithm>
#include <map>
#include <set>

#include "control/config_rules.h"
#include "dataplane/client_filter.h"

namespace turnout {
namespace {

class FilterCheck {
 public:
  FilterCheck(const Config& config, ConfigErrors& errors) : config_(config), errors_(errors) {}

  void run() {
    if (config_.filters.size() > kMaxFilters) {
      refuse("/filters", std::to_string(config_.filters.size()) + " filters: at most " +
                             std::to_string(kMaxFilters) + " are possible, let services share some");
    }
    std::map<std::string, std::string> seen;
    for (size_t i = 0; i < config_.filters.size(); ++i) {
      const std::string at = item("/filters", i);
      refuse_again(seen, config_.filters[i].name, at + "/name");
      check_lists(config_.filters[i], at);
    }
    for (size_t i = 0; i < config_.vips.size(); ++i)
      check_name(config_.vips[i].filter, item("/vips", i) + "/filter");
    for (size_t i = 0; i < config_.services.size(); ++i)
      check_name(config_.services[i].filter, item("/services", i) + "/filter");
  }

 private:
  void refuse(std::string pointer, std::string reason) {
    errors_.push_back({std::move(pointer), std::move(reason)});
  }

  void refuse_again(std::map<std::string, std::string>& seen, const std::string& name,
                    const std::string& at) {
    if (name.empty()) return;  // could not be read
    const auto [first, is_new] = seen.try_emplace(name, at);
    if (!is_new)
      refuse(at, "\"" + name + "\" is given already at " + first->second + ": rename one of the two");
  }

  void check_lists(const FilterConfig& filter, const std::string& at) {
    std::map<std::string, std::string> seen;
    for (size_t i = 0; i < filter.lists.size(); ++i) {
      const FilterListConfig& list = filter.lists[i];
      const std::string list_at = item(at + "/lists", i);
      refuse_again(seen, list.name, list_at + "/name");
      std::set<std::pair<IpAddress, uint8_t>> prefixes;
      for (const InterfaceAddress& prefix : list.prefixes) {
        if (prefixes.emplace(prefix.address, prefix.prefix_length).second) continue;
        refuse(list_at + "/prefixes", prefix.to_string() + " is given twice: remove one of the two");
      }
    }
  }

  void check_name(const std::string& name, const std::string& at) {
    if (name.empty() || has_filter(config_, name)) return;
    std::string names;
    for (const FilterConfig& filter : config_.filters) names += (names.empty() ? "" : ", ") + filter.name;
    refuse(at, "there is no filter \"" + name + "\": " +
                   (names.empty() ? "define it in \"filters\""
                                  : "use one of " + names +
                                        ", define it in "
                                        "\"filters\"") +
                   ", or remove it");
  }

  const Config& config_;
  ConfigErrors& errors_;
};

}  // namespace

bool has_filter(const Config& config, const std::string& name) {
  return std::ranges::find(config.filters, name, &FilterConfig::name) != config.filters.end();
}

void check_filters(const Config& config, ConfigErrors& errors) {
  FilterCheck(config, errors).run();
}

}  // namespace turnout
