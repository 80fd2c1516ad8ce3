#include "control/cli/import/keepalived_checks.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "control/cli/import/keepalived_without.h"
#include "control/cli/import/keepalived_words.h"
#include "control/cli/import/values.h"

namespace turnout::cli {
namespace {

constexpr double kShortest = 0.05, kLongest = 3600;  // seconds
constexpr uint64_t kMostInARow = 100;

struct Kind {
  std::string_view keyword;
  const char* type;  // of turnout.json; null: Turnout has none
};
constexpr std::array<Kind, 10> kKinds{{{"TCP_CHECK", "tcp"},
                                       {"HTTP_GET", "http"},
                                       {"SSL_GET", "https"},
                                       {"PING_CHECK", "icmp"},
                                       {"UDP_CHECK", "udp"},
                                       {"MISC_CHECK", "exec"},
                                       {"SMTP_CHECK", "tcp"},
                                       {"DNS_CHECK", nullptr},
                                       {"BFD_CHECK", nullptr},
                                       {"FILE_CHECK", nullptr}}};

const Kind* find_kind(const std::string& keyword) {
  const auto* found = std::ranges::find(kKinds, keyword, &Kind::keyword);
  return found == kKinds.end() ? nullptr : found;
}

class Checker {
 public:
  Checker(const KeepalivedStatement& checker, CheckSettings settings, uint16_t port, Leftovers& leftovers)
      : checker_(checker), settings_(std::move(settings)), port_(port), leftovers_(leftovers) {}

  Json read(const Kind& kind) {
    type_ = kind.type;
    health_["type"] = type_;
    if (kind.keyword == "SMTP_CHECK") {
      leave(checker_, "Turnout does not speak SMTP: it only opens the connection",
            "see docs/health.md: a program of yours can do more (exec)");
    }
    if (is_web()) status_ = "200-299";  // keepalived's default; Turnout's goes up to 399
    for (const KeepalivedStatement& each : checker_.block) read_statement(each);
    if (is_web()) finish_web();
    if (type_ == "exec" && !health_.contains("command")) {
      leave(checker_, "it names no program", "give misc_path");
      return nullptr;
    }
    add_timings();
    return health_;
  }

 private:
  bool is_web() const { return type_ == "http" || type_ == "https"; }

  void leave(const KeepalivedStatement& at, const std::string& reason, const std::string& remedy) {
    leftovers_.add(at.line, at.text(), reason, remedy);
  }

  void read_statement(const KeepalivedStatement& each) {
    if (read_check_setting(each, settings_, leftovers_) || read_target(each)) return;
    if (leave_without(each, leftovers_)) return;
    leave(each, "not known as a setting of " + checker_.keyword(), "compare with docs/health.md");
  }

  /// What is asked, by kind.
  bool read_target(const KeepalivedStatement& each) {
    const std::string& keyword = each.keyword();
    if (keyword == "connect_port" && type_ != "icmp" && type_ != "exec") return read_check_port(each);
    if (keyword == "url" && is_web()) return read_url(each);
    if (keyword == "nb_get_retry" && is_web()) return read_retries(each);
    if (keyword == "enable_sni" && type_ == "https") return true;  // Turnout always sends it
    if (keyword == "misc_path" && type_ == "exec") return read_command(each);
    if (keyword == "misc_timeout" && type_ == "exec") {
      settings_.connect_timeout = read_seconds(each.argument());
      return settings_.connect_timeout.has_value();
    }
    if (type_ == "udp" && (keyword == "payload" || keyword == "require_reply")) return read_octets(each);
    return false;
  }

  bool read_retries(const KeepalivedStatement& each) {
    settings_.retry = read_whole_number(each.argument());
    return settings_.retry.has_value();
  }

  bool read_check_port(const KeepalivedStatement& each) {
    const auto port = read_port(each.argument());
    if (port && *port != 0 && *port != port_) health_["port"] = *port;
    return port.has_value();
  }

  bool read_command(const KeepalivedStatement& each) {
    Json command = Json::array();
    for (size_t i = 0; i + 1 < each.words.size(); ++i) {
      for (const KeepalivedWord& word : split_keepalived_line(each.argument(i))) command.push_back(word.text);
    }
    const bool is_absolute = !command.empty() && command[0].get<std::string>().starts_with('/');
    const bool has_empty = std::ranges::any_of(command, [](const Json& word) { return word == ""; });
    if (is_absolute && !has_empty) {
      health_["command"] = command;
    } else {
      leave(each, "health.command needs a program's absolute path and no empty argument",
            "write it by hand, as docs/health.md says");
    }
    return true;
  }

  bool read_octets(const KeepalivedStatement& each) {
    constexpr size_t kMostDigits = 2800;
    std::string hex;
    for (size_t i = 0; i + 1 < each.words.size(); ++i) {
      const std::string part = each.argument(i);
      hex += (part.size() % 2 == 0 ? "" : "0") + part;  // a digit alone is an octet
    }
    const bool is_hex = hex.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    const bool is_reply = each.keyword() == "require_reply";
    if (hex.empty() && is_reply) {
      leave(each, "without a text that it has to hold, Turnout does not insist on an answer",
            "set health.expect");
    } else if (!is_hex || hex.empty() || hex.size() > kMostDigits) {
      leave(each, "Turnout takes whole octets in hexadecimal, up to 1400",
            "set health.send_hex or health.expect_hex");
    } else {
      health_[is_reply ? "expect_hex" : "send_hex"] = hex;
    }
    return true;
  }

  bool read_url(const KeepalivedStatement& url) {
    if (has_url_) {
      leave(url, "Turnout asks for one page", "choose the one that says most");
      return true;
    }
    has_url_ = true;
    for (const KeepalivedStatement& each : url.block) {
      if (each.keyword() == "path") {
        read_path(each);
      } else if (each.keyword() == "status_code") {
        read_status(each);
      } else {
        read_statement(each);
      }
    }
    return true;
  }

  void read_path(const KeepalivedStatement& each) {
    const std::string path = each.argument();
    if (path.starts_with('/') && path.find(' ') == std::string::npos) {
      health_["path"] = path;
    } else {
      leave(each, "it is no path of a URL", "set health.path");
    }
  }

  void read_status(const KeepalivedStatement& each) {
    const std::string text = each.argument();
    const size_t dash = text.find('-');
    const auto least = read_whole_number(text.substr(0, dash));
    const auto most = dash == std::string::npos ? least : read_whole_number(text.substr(dash + 1));
    constexpr uint64_t kLeast = 100, kMost = 599;
    if (!least || !most || *least < kLeast || *most > kMost || *least > *most) {
      leave(each, "it is no range of HTTP's status codes", "set health.status");
      return;
    }
    status_ = std::to_string(*least) + "-" + std::to_string(*most);
    if (each.words.size() > 2)
      leave(each, "Turnout takes one range of status codes: it has " + status_, "set health.status");
  }

  void finish_web() {
    if (!settings_.virtual_host.empty()) health_["host"] = settings_.virtual_host;
    health_["status"] = status_;
  }

  void add_timings() {
    const auto add_seconds = [this](const char* key, const std::optional<double>& seconds) {
      if (!seconds) return;
      if (*seconds < kShortest || *seconds > kLongest) {
        leave(checker_, std::string(key) + " is to be from 0.05 to 3600 seconds", "it has Turnout's default");
      } else if (*seconds == static_cast<double>(static_cast<int64_t>(*seconds))) {
        health_[key] = static_cast<int64_t>(*seconds);
      } else {
        health_[key] = *seconds;
      }
    };
    add_seconds("interval", settings_.delay_loop);
    add_seconds("timeout", settings_.connect_timeout);
    if (settings_.retry) health_["fall"] = std::min(*settings_.retry, kMostInARow - 1) + 1;
  }

  const KeepalivedStatement& checker_;
  CheckSettings settings_;
  uint16_t port_;
  Leftovers& leftovers_;
  std::string type_;
  Json health_ = Json::object();
  std::string status_;
  bool has_url_ = false;
};

}  // namespace

bool read_check_setting(const KeepalivedStatement& statement, CheckSettings& settings, Leftovers& leftovers) {
  const std::string& keyword = statement.keyword();
  const std::string value = statement.argument();
  bool is_read = true;
  if (keyword == "delay_loop") {
    is_read = (settings.delay_loop = read_seconds(value)).has_value();
  } else if (keyword == "connect_timeout") {
    is_read = (settings.connect_timeout = read_seconds(value)).has_value();
  } else if (keyword == "retry") {
    is_read = (settings.retry = read_whole_number(value)).has_value();
  } else if (keyword == "virtualhost") {
    is_read = !value.empty() && value.find_first_of(" /") == std::string::npos;
    if (is_read) settings.virtual_host = value;
  } else {
    return false;
  }
  if (!is_read) leftovers.add(statement.line, statement.text(), "the value can't be read", "set it by hand");
  return true;
}

bool is_checker(const KeepalivedStatement& statement) {
  return find_kind(statement.keyword()) != nullptr;
}

Json read_checker(const KeepalivedStatement& checker, CheckSettings settings, uint16_t port,
                  Leftovers& leftovers) {
  const Kind* const kind = find_kind(checker.keyword());
  if (kind->type != nullptr) return Checker(checker, std::move(settings), port, leftovers).read(*kind);
  leftovers.add(checker.line, checker.text(),
                "Turnout has no such check: the service has Turnout's own default",
                "see docs/health.md: a program of yours can check anything (exec)");
  return nullptr;
}

}  // namespace turnout::cli
