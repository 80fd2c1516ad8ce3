#include "control/cli/completion/ipvsadm_line.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "control/cli/completion/placeholders.h"
#include "control/cli/ipvsadm/legality.h"
#include "control/cli/ipvsadm/options.h"
#include "control/cli/ipvsadm/parser.h"

namespace turnout::cli {
namespace {

using ipvsadm::Action;
using ipvsadm::Given;
using ipvsadm::Kind;
using ipvsadm::Kinds;
using ipvsadm::Option;
using ipvsadm::Value;

/// Of other ways to forward, of the daemon that keeps directors in step, and of persistence engines: all
/// refused.
bool is_refused(const Option& option) {
  constexpr auto kRefused = std::to_array<Kind>(
      {Kind::mcast, Kind::daemon, Kind::syncid, Kind::persistence_engine, Kind::mcast_group, Kind::mcast_port,
       Kind::mcast_ttl, Kind::sync_maxlen, Kind::tunnel_info, Kind::tunnel_type, Kind::tunnel_port,
       Kind::tunnel_nocsum, Kind::tunnel_csum, Kind::tunnel_remcsum});
  const std::string_view name = option.name;
  if (name == "start-daemon" || name == "stop-daemon") return true;
  if (option.kind == Kind::forward) return name != "gatewaying";
  return std::ranges::find(kRefused, option.kind) != kRefused.end();
}

/// "tcp", "udp", "sctp" or "group"
std::string kind_of_service(const Option& option) {
  const std::string_view name = option.name;
  return name == "fwmark-service" ? "group" : std::string(name.substr(0, name.find('-')));
}

/// What stands before the cursor.
class IpvsadmLine {
 public:
  explicit IpvsadmLine(std::vector<std::string> words) {
    words.emplace_back();  // at the cursor: the value of the last option, or of none
    try {
      ipvsadm::OptionReader reader(words);
      while (const auto given = reader.next()) note(*given);
    } catch (const ipvsadm::GrammarError&) {
      is_wrong_ = true;
    }
  }

  std::vector<Candidate> complete(const std::string& current, const DaemonNames& names) const {
    std::vector<Candidate> list;
    if (is_wrong_) return list;
    if (at_cursor_ != nullptr) list = values(*at_cursor_, names);
    if (at_cursor_ != nullptr && at_cursor_->value == Value::required) return list;
    const bool in_full = current.starts_with("--");
    for (const Option& option : ipvsadm::all_options()) {
      if (!fits(option)) continue;
      const std::string name = std::string("--") + option.name;
      if (in_full || option.letter == '\0') {
        list.push_back({name, ""});
      } else {
        list.push_back({std::string("-") + option.letter, option.name});
      }
    }
    return list;
  }

 private:
  void note(const Given& given) {
    const Option& option = *given.option;
    if (!action_) {
      action_ = ipvsadm::action_of(option);
      is_wrong_ = !action_;
    } else if (option.kind != Kind::none && option.kind != Kind::members) {
      given_.set(static_cast<size_t>(option.kind));
    }
    at_cursor_ = given.value == "" ? &option : nullptr;
    if (option.kind != Kind::service || at_cursor_ != nullptr) return;
    service_kind_ = kind_of_service(option);
    service_ = *given.value;
  }

  bool fits(const Option& option) const {
    if (is_refused(option) || option.letter == 'l') return false;  // -l is -L once more
    if (!action_) return ipvsadm::action_of(option).has_value();
    if (option.kind == Kind::members && service_kind_ != "group") return false;
    if (option.kind == Kind::none) return option.letter == '6' && service_kind_ == "group";
    return ipvsadm::still_allowed(*action_, given_)[static_cast<size_t>(option.kind)];
  }

  std::vector<Candidate> values(const Option& option, const DaemonNames& names) const {
    switch (option.kind) {
      case Kind::service:
        return names.services(kind_of_service(option));
      case Kind::server:
        return *action_ == Action::add_server ? names.servers("", "")
                                              : names.servers(service_kind_, service_);
      case Kind::scheduler:
        return candidates_at({"NAME", "scheduler", {}}, names).list;
      case Kind::scheduler_flags:
        return {{"sh-port", ""}, {"sh-fallback", ""}, {"mh-port", ""}, {"mh-fallback", ""}};
      default:
        return {};
    }
  }

  std::optional<Action> action_;
  Kinds given_;
  std::string service_kind_;
  std::string service_;
  const Option* at_cursor_ = nullptr;  // whose value comes next, or could
  bool is_wrong_ = false;              // not of the grammar: nothing fits
};

}  // namespace

std::vector<Candidate> ipvsadm_candidates(std::vector<std::string> before, const std::string& current,
                                          const DaemonNames& names) {
  return IpvsadmLine(std::move(before)).complete(current, names);
}

}  // namespace turnout::cli
