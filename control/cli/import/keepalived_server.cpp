#include "control/cli/import/keepalived_server.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "control/cli/import/keepalived_checks.h"
#include "control/cli/import/keepalived_without.h"

namespace turnout::cli {
namespace {

constexpr uint64_t kKeepalivedPersistence = 360;  // seconds

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// DR, NAT, TUN; "" unless the statement is one that sets it.
std::string method_of(const KeepalivedStatement& statement) {
  return statement.keyword() == "lb_kind" || statement.keyword() == "lvs_method" ? statement.argument() : "";
}

class VirtualServer {
 public:
  VirtualServer(const KeepalivedStatement& server, const KeepalivedTarget& target, Leftovers& leftovers)
      : server_(server), leftovers_(leftovers) {
    draft_.line = server.line;
    draft_.name = server.text();
    draft_.mark = target.mark;
    draft_.is_ipv6 = target.is_ipv6;
    draft_.vip = target.vip;
    draft_.port = target.port;
  }

  std::optional<Draft> read() {
    for (const KeepalivedStatement& each : server_.block) read_setting(each);
    draft_.protocol = protocol_;
    rename_flags();
    for (const KeepalivedStatement& each : server_.block) {
      if (each.keyword() == "real_server") read_real_server(each);
    }
    if (draft_.servers.empty() && has_servers_) {
      leave(server_, "none of its real servers can be taken over", "see the lines about them");
      return std::nullopt;
    }
    if (sorry_ != nullptr) read_sorry_server();
    choose_health();
    draft_.keeps_on_down = inhibited_ > 0 && inhibited_ == draft_.servers.size();
    return std::move(draft_);
  }

 private:
  struct Health {
    size_t line;
    Address server;
    Json json;
  };

  void leave(const KeepalivedStatement& at, const std::string& reason, const std::string& remedy) {
    leftovers_.add(at.line, at.text(), reason, remedy);
  }

  void leave_unknown(const KeepalivedStatement& at, const std::string& of) {
    if (at.keyword().starts_with('@')) {
      leave(at, "whether it holds is decided by keepalived's --config-id",
            "keep the lines of this director and remove the @ from them");
    } else if (at.keyword().starts_with("include")) {
      leave(at, "included files are not followed", "put the file's text in here");
    } else {
      leave(at, "not known as a setting of " + of, "compare with docs/operator-guide.md");
    }
  }

  uint64_t number(const KeepalivedStatement& at, uint64_t otherwise) {
    const auto value = read_whole_number(at.argument());
    if (!value) leave(at, "a whole number is needed", "it has " + std::to_string(otherwise) + " instead");
    return value.value_or(otherwise);
  }

  void read_setting(const KeepalivedStatement& each) {
    const std::string& keyword = each.keyword();
    if (keyword == "real_server") {
      has_servers_ = true;
    } else if (keyword == "sorry_server") {
      sorry_ = &each;
    } else if (const std::string method = method_of(each); !method.empty()) {
      method_ = method;
    } else if (keyword == "sorry_server_lvs_method") {
      sorry_method_ = each.argument();
    } else if (keyword == "inhibit_on_failure") {
      inhibits_ = read_switch(each.argument()).value_or(true);
    } else if (keyword == "weight") {
      weight_ = number(each, 1);
    } else if (!read_service_setting(each) && !read_check_setting(each, checks_, leftovers_) &&
               !leave_without(each, leftovers_)) {
      leave_unknown(each, "a virtual_server");
    }
  }

  bool read_service_setting(const KeepalivedStatement& each) {
    constexpr std::array<std::string_view, 6> kFlags{"sh-port",     "sh-fallback", "mh-port",
                                                     "mh-fallback", "flag-1",      "flag-2"};
    const std::string& keyword = each.keyword();
    if (keyword == "lb_algo" || keyword == "lvs_sched") {
      draft_.scheduler = each.argument();
    } else if (std::ranges::find(kFlags, keyword) != kFlags.end()) {
      draft_.flags.push_back(keyword);
    } else if (keyword == "ops") {
      draft_.one_packet = true;
    } else if (keyword == "protocol") {
      read_protocol(each);
    } else if (keyword == "persistence_timeout") {
      draft_.persistence =
          each.words.size() == 1 ? kKeepalivedPersistence : number(each, kKeepalivedPersistence);
    } else if (keyword == "persistence_granularity") {
      read_granularity(each);
    } else if (keyword == "ip_family" && draft_.mark) {
      draft_.is_ipv6 = each.argument() == "inet6";
    } else {
      return false;
    }
    return true;
  }

  void read_protocol(const KeepalivedStatement& each) {
    const std::string protocol = lower_case(each.argument());
    if (protocol == "tcp" || protocol == "udp" || protocol == "sctp") {
      protocol_ = protocol;
    } else {
      leave(each, "it is no protocol: the service has TCP", "write TCP, UDP or SCTP");
    }
  }

  void read_granularity(const KeepalivedStatement& each) {
    draft_.persistence_prefix = read_mask(each.argument(), draft_.is_ipv6);
    if (!draft_.persistence_prefix)
      leave(each, "it is no mask that a prefix length stands for: each client counts by itself",
            "set persistence_prefix");
  }

  /// flag-1 is fallback and flag-2 port, of whatever scheduler the service has.
  void rename_flags() {
    for (std::string& flag : draft_.flags) {
      if (flag.starts_with("flag-")) flag = draft_.scheduler + (flag == "flag-1" ? "-fallback" : "-port");
    }
  }

  bool refuse_method(const std::string& method, const KeepalivedStatement& at) {
    if (method == "DR") return false;
    const std::string how = method.empty() ? "NAT, keepalived's default" : method;
    leave(at, "it is reached by " + how + ": Turnout forwards by Direct Routing only",
          "give the real server the VIP with scripts/real-server, set lvs_method DR and import again");
    return true;
  }

  void read_real_server(const KeepalivedStatement& real) {
    const auto address = read_address(real.argument());
    if (!address) {
      leave(real, "it has no address in numbers", "write the real server's IP address");
      return;
    }
    std::string method = method_;
    for (const KeepalivedStatement& each : real.block) {
      if (const std::string own = method_of(each); !own.empty()) method = own;
    }
    if (refuse_method(method, real)) return;
    note_port(real);
    DraftServer server{real.line, *address, weight_};
    CheckSettings checks = checks_;
    bool inhibits = inhibits_;
    for (const KeepalivedStatement& each : real.block) read_server_setting(each, server, checks, inhibits);
    if (inhibits) ++inhibited_;
    read_health(real, server, checks);
    draft_.servers.push_back(server);
  }

  void note_port(const KeepalivedStatement& real) {
    const auto port = read_port(real.argument(1));
    if (draft_.mark || !port || *port == 0 || *port == draft_.port) return;
    leave(real,
          "Direct Routing never changes the port: the server gets packets for port " +
              std::to_string(draft_.port),
          "have it listen there");
  }

  void read_server_setting(const KeepalivedStatement& each, DraftServer& server, CheckSettings& checks,
                           bool& inhibits) {
    const std::string& keyword = each.keyword();
    if (keyword == "weight") {
      server.weight = number(each, 1);
    } else if (keyword == "uthreshold") {
      server.upper_threshold = number(each, 0);
    } else if (keyword == "lthreshold") {
      server.lower_threshold = number(each, 0);
    } else if (keyword == "inhibit_on_failure") {
      inhibits = read_switch(each.argument()).value_or(true);
    } else if (!is_checker(each) && method_of(each).empty() &&
               !read_check_setting(each, checks, leftovers_) && !leave_without(each, leftovers_)) {
      leave_unknown(each, "a real_server");
    }
  }

  void read_health(const KeepalivedStatement& real, const DraftServer& server, const CheckSettings& checks) {
    const KeepalivedStatement* first = nullptr;
    for (const KeepalivedStatement& each : real.block) {
      if (!is_checker(each)) continue;
      if (first != nullptr) {
        leave(each, "Turnout checks each server in one way: by the " + first->keyword() + " before it",
              "choose the one that says most");
      } else {
        first = &each;
        healths_.push_back({each.line, server.address, read_checker(each, checks, draft_.port, leftovers_)});
      }
    }
    if (first == nullptr) healths_.push_back({real.line, server.address, Json{{"type", "none"}}});
  }

  /// All servers of a service are checked alike.
  void choose_health() {
    if (healths_.empty()) return;
    const Json& first = healths_.front().json;
    draft_.health = first;
    const auto runs_program = [](const Json& health) { return text(health, "type") == "exec"; };
    for (const Health& each : healths_) {
      if (each.json == first) continue;
      const bool is_program = runs_program(each.json) || runs_program(first);
      leftovers_.add(
          each.line, "check of real server " + each.server.to_string(),
          "it differs from that of " + healths_.front().server.to_string() +
              ": Turnout checks all servers of a service alike",
          is_program
              ? "set health by hand; a program gets the server's address as TURNOUT_SERVER in its environment"
              : "the service has that of the first; set health if that is not right");
      if (is_program) draft_.health = nullptr;  // it may be made for one server alone
    }
  }

  void read_sorry_server() {
    const auto address = read_address(sorry_->argument());
    if (!address) {
      leave(*sorry_, "it has no address in numbers", "write the server's IP address");
    } else if (!refuse_method(sorry_method_.empty() ? method_ : sorry_method_, *sorry_)) {
      note_port(*sorry_);
      draft_.fallback = DraftServer{sorry_->line, *address};
    }
  }

  const KeepalivedStatement& server_;
  Leftovers& leftovers_;
  Draft draft_;
  std::string protocol_ = "tcp";
  std::string method_, sorry_method_;
  const KeepalivedStatement* sorry_ = nullptr;
  CheckSettings checks_;
  std::vector<Health> healths_;  // of each real server
  uint64_t weight_ = 1;
  bool inhibits_ = false;
  size_t inhibited_ = 0;  // real servers
  bool has_servers_ = false;
};

}  // namespace

std::optional<Draft> read_virtual_server(const KeepalivedStatement& server, const KeepalivedTarget& target,
                                         Leftovers& leftovers) {
  return VirtualServer(server, target, leftovers).read();
}

}  // namespace turnout::cli
