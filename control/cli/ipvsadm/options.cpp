#include "control/cli/ipvsadm/options.h"

#include <array>

namespace turnout::cli::ipvsadm {
namespace {

constexpr std::array kKindNames = {"numeric",
                                   "connection",
                                   "service-address",
                                   "scheduler",
                                   "persistent",
                                   "netmask",
                                   "real-server",
                                   "forwarding-method",
                                   "weight",
                                   "u-threshold",
                                   "l-threshold",
                                   "mcast-interface",
                                   "timeout",
                                   "daemon",
                                   "stats",
                                   "rate",
                                   "thresholds",
                                   "persistent-conn",
                                   "nosort",
                                   "syncid",
                                   "exact",
                                   "ops",
                                   "pe",
                                   "sched-flags",
                                   "mcast-group",
                                   "mcast-port",
                                   "mcast-ttl",
                                   "sync-maxlen",
                                   "tun-info",
                                   "tun-type",
                                   "tun-port",
                                   "tun-nocsum",
                                   "tun-csum",
                                   "tun-remcsum",
                                   "member"};

static_assert(kKindNames.size() == kKinds);

constexpr std::array kOptions = {
    Option{"add-service", 'A', Value::none, Kind::none},
    Option{"edit-service", 'E', Value::none, Kind::none},
    Option{"delete-service", 'D', Value::none, Kind::none},
    Option{"clear", 'C', Value::none, Kind::none},
    Option{"list", 'L', Value::none, Kind::none},
    Option{"list", 'l', Value::none, Kind::none},
    Option{"zero", 'Z', Value::none, Kind::none},
    Option{"add-server", 'a', Value::none, Kind::none},
    Option{"edit-server", 'e', Value::none, Kind::none},
    Option{"delete-server", 'd', Value::none, Kind::none},
    Option{"set", '\0', Value::none, Kind::none},
    Option{"help", 'h', Value::none, Kind::none},
    Option{"version", 'v', Value::none, Kind::none},
    Option{"restore", 'R', Value::none, Kind::none},
    Option{"save", 'S', Value::none, Kind::none},
    Option{"start-daemon", '\0', Value::required, Kind::none},
    Option{"stop-daemon", '\0', Value::required, Kind::none},
    Option{"tcp-service", 't', Value::required, Kind::service},
    Option{"udp-service", 'u', Value::required, Kind::service},
    Option{"sctp-service", '\0', Value::required, Kind::service},
    Option{"fwmark-service", 'f', Value::required, Kind::service},
    Option{"scheduler", 's', Value::required, Kind::scheduler},
    Option{"persistent", 'p', Value::optional, Kind::persistent},
    Option{"netmask", 'M', Value::required, Kind::netmask},
    Option{"real-server", 'r', Value::required, Kind::server},
    Option{"masquerading", 'm', Value::none, Kind::forward},
    Option{"ipip", 'i', Value::none, Kind::forward},
    Option{"gatewaying", 'g', Value::none, Kind::forward},
    Option{"weight", 'w', Value::required, Kind::weight},
    Option{"u-threshold", 'x', Value::required, Kind::upper_threshold},
    Option{"l-threshold", 'y', Value::required, Kind::lower_threshold},
    Option{"numeric", 'n', Value::none, Kind::numeric},
    Option{"connection", 'c', Value::none, Kind::connection},
    Option{"mcast-interface", '\0', Value::required, Kind::mcast},
    Option{"syncid", '\0', Value::required, Kind::syncid},
    Option{"timeout", '\0', Value::none, Kind::timeout},
    Option{"daemon", '\0', Value::none, Kind::daemon},
    Option{"stats", '\0', Value::none, Kind::stats},
    Option{"rate", '\0', Value::none, Kind::rate},
    Option{"thresholds", '\0', Value::none, Kind::thresholds},
    Option{"persistent-conn", '\0', Value::none, Kind::persistent_conn},
    Option{"nosort", '\0', Value::none, Kind::nosort},
    Option{"sort", '\0', Value::none, Kind::none},
    Option{"exact", 'X', Value::none, Kind::exact},
    Option{"ipv6", '6', Value::none, Kind::none},
    Option{"ops", 'o', Value::none, Kind::one_packet},
    Option{"pe", '\0', Value::required, Kind::persistence_engine},
    Option{"sched-flags", 'b', Value::required, Kind::scheduler_flags},
    Option{"mcast-group", '\0', Value::required, Kind::mcast_group},
    Option{"mcast-port", '\0', Value::required, Kind::mcast_port},
    Option{"mcast-ttl", '\0', Value::required, Kind::mcast_ttl},
    Option{"sync-maxlen", '\0', Value::required, Kind::sync_maxlen},
    Option{"tun-info", '\0', Value::none, Kind::tunnel_info},
    Option{"tun-type", '\0', Value::required, Kind::tunnel_type},
    Option{"tun-port", '\0', Value::required, Kind::tunnel_port},
    Option{"tun-nocsum", '\0', Value::none, Kind::tunnel_nocsum},
    Option{"tun-csum", '\0', Value::none, Kind::tunnel_csum},
    Option{"tun-remcsum", '\0', Value::none, Kind::tunnel_remcsum},
    Option{"member", '\0', Value::required, Kind::members},
};

const Option* find_letter(char letter) {
  for (const Option& option : kOptions) {
    if (option.letter == letter) return &option;
  }
  return nullptr;
}

/// By its whole name, else by a beginning of it that no other option has, as getopt_long takes it.
const Option* find_name(std::string_view name) {
  const Option* found = nullptr;
  std::string several;
  for (const Option& option : kOptions) {
    const std::string_view candidate = option.name;
    if (candidate == name) return &option;
    if (!candidate.starts_with(name) || (found != nullptr && candidate == found->name)) continue;
    several.append(several.empty() ? "" : " ").append("--").append(candidate);
    found = &option;
  }
  if (several.find(' ') == std::string::npos) return found;
  throw GrammarError("--" + std::string(name) + ": could be any of " + several);
}

bool looks_like_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-';
}

}  // namespace

const char* name_of(Kind kind) {
  return kKindNames[static_cast<size_t>(kind)];
}

std::span<const Option> all_options() {
  return kOptions;
}

const Option* find_option(std::string_view word) {
  if (word.size() < 2 || word[0] != '-') return nullptr;
  if (word[1] != '-') return find_letter(word[1]);
  const std::string_view name = word.substr(2, word.find('=') == word.npos ? word.npos : word.find('=') - 2);
  return name.empty() ? nullptr : find_name(name);
}

std::optional<Given> OptionReader::next() {
  if (letter_ < cluster_.size()) return read_short();
  while (at_ < words_.size()) {
    const std::string& word = words_[at_++];
    if (word == "--") {
      arguments_.insert(arguments_.end(), words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
      at_ = words_.size();
    } else if (word.starts_with("--")) {
      return read_long(word);
    } else if (looks_like_option(word)) {
      cluster_ = word;
      letter_ = 1;
      return read_short();
    } else {
      arguments_.push_back(word);
    }
  }
  return std::nullopt;
}

Given OptionReader::read_long(const std::string& word) {
  const Option* option = find_option(word);
  if (option == nullptr) throw GrammarError(word + ": unknown option");
  Given given{option, word, std::nullopt};
  if (const size_t equals = word.find('='); equals != std::string::npos) {
    if (option->value == Value::none) throw GrammarError(word + ": option does not take an argument");
    given.value = word.substr(equals + 1);
  } else if (option->value == Value::required) {
    given.value = take_value(word);
  } else if (option->value == Value::optional && at_ < words_.size() && !words_[at_].starts_with('-')) {
    given.value = words_[at_++];
  }
  return given;
}

Given OptionReader::read_short() {
  const std::string word = cluster_;
  const Option* option = find_letter(word[letter_++]);
  if (option == nullptr) throw GrammarError(word + ": unknown option");
  Given given{option, word, std::nullopt};
  if (option->value == Value::none) return given;
  const bool has_more = letter_ < word.size();
  if (has_more) {  // -p300, -p=300
    given.value = word.substr(letter_ + (word[letter_] == '=' ? 1 : 0));
  } else if (option->value == Value::required) {
    given.value = take_value(word);
  } else if (at_ < words_.size() && !words_[at_].starts_with('-')) {
    given.value = words_[at_++];
  }
  cluster_.clear();
  letter_ = 0;
  return given;
}

std::string OptionReader::take_value(const std::string& word) {
  if (at_ == words_.size()) throw GrammarError(word + ": missing argument");
  return words_[at_++];
}

}  // namespace turnout::cli::ipvsadm
