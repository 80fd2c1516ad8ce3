#include "control/cli/import/assembly.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

namespace turnout::cli {
namespace {

constexpr size_t kMostServices = 32'000;
constexpr size_t kMostServers = 4092;  // of a service: fewer than its Maglev table has entries
constexpr uint64_t kMostWeight = 65'535;
constexpr uint64_t kMostTurns = 1'048'576;  // of wrr: the weights by their greatest common divisor, added up
constexpr uint64_t kMostSeconds = 1'000'000;
constexpr uint64_t kMostThreshold = 0xffff'ffff;
constexpr uint64_t kMostMark = 0xffff'ffff;

constexpr std::array<std::string_view, 11> kSchedulers{"rr", "wrr", "lc", "wlc", "sh", "dh",
                                                       "mh", "sed", "nq", "fo",  "ovf"};

class Assembly {
 public:
  explicit Assembly(Leftovers& leftovers) : leftovers_(leftovers) {}

  Imported assemble(const std::vector<Draft>& drafts) {
    for (const Draft& draft : drafts) {
      if (!draft.mark) vips_.insert(draft.vip);
    }
    for (const Draft& draft : drafts) add(draft);
    return std::move(imported_);
  }

 private:
  void leave(size_t line, const std::string& what, const std::string& reason, const std::string& remedy) {
    leftovers_.add(line, what, reason, remedy);
  }

  void add(const Draft& draft) {
    auto service = key_of(draft);
    if (!service) return leave_servers(draft);
    add_settings(draft, *service);
    imported_.services.push_back(std::move(*service));
  }

  /// What names it; nothing, with a leftover, if it can't be taken over.
  std::optional<Json> key_of(const Draft& draft) {
    if (imported_.services.size() == kMostServices) {
      leave(draft.line, draft.name, "Turnout has at most " + std::to_string(kMostServices) + " services",
            "spread them over several directors");
      return std::nullopt;
    }
    auto key = draft.mark ? group_json(draft) : service_json(draft);
    if (key && !is_new(draft, *key)) key.reset();
    return key;
  }

  void leave_servers(const Draft& draft) {
    const auto leave_it = [&](const DraftServer& server) {
      leave(server.line, "real server " + server.address.to_string(), "its service is not taken over",
            "see line " + std::to_string(draft.line));
    };
    std::ranges::for_each(draft.servers, leave_it);
    if (draft.fallback) leave_it(*draft.fallback);
  }

  bool is_new(const Draft& draft, const Json& key) {
    const auto [first, is_new] = keys_.try_emplace(dump(key), draft.line);
    if (!is_new) {
      leave(draft.line, draft.name,
            "the same service is given already in line " + std::to_string(first->second),
            "remove one of the two");
    }
    return is_new;
  }

  std::optional<Json> group_json(const Draft& draft) {
    if (*draft.mark == 0 || *draft.mark > kMostMark) {
      leave(draft.line, draft.name, "a firewall mark is from 1 to 4294967295", "give another one");
      return std::nullopt;
    }
    leave(draft.line, draft.name,
          "which packets carry the mark is set by rules of iptables or nftables, which are not in this file",
          "fill in the members of group " + std::to_string(*draft.mark));
    Json service = {{"group", *draft.mark}};
    if (draft.is_ipv6) service["family"] = "ipv6";
    service["members"] = Json::array();
    return service;
  }

  std::optional<Json> service_json(const Draft& draft) {
    if (const std::string why = why_no_host(draft.vip); !why.empty()) {
      leave(draft.line, draft.name, "the VIP " + draft.vip.to_string() + " " + why,
            "give the service an address of a host");
      return std::nullopt;
    }
    if (draft.port == 0 && draft.persistence == 0) {
      leave(draft.line, draft.name, "a service of all ports (0) needs persistence",
            "name a port, or set a persistence timeout");
      return std::nullopt;
    }
    imported_.vips.insert(draft.vip);
    return Json{{"vip", draft.vip.to_string()}, {"protocol", draft.protocol}, {"port", draft.port}};
  }

  void add_settings(const Draft& draft, Json& service) {
    add_scheduler(draft, service);
    add_persistence(draft, service);
    if (draft.one_packet) {
      if (draft.mark || draft.protocol == "udp") {
        service["one_packet"] = true;
      } else {
        leave(draft.line, draft.name, "one-packet scheduling is for UDP only", "nothing is to be done");
      }
    }
    add_health(draft, service);
    if (draft.keeps_on_down) service["on_down"] = "keep";
    add_servers(draft, service);
  }

  void add_health(const Draft& draft, Json& service) {
    if (draft.health.is_null()) return;
    const std::string type = text(draft.health, "type");
    const bool asks_a_port = type != "none" && type != "icmp" && type != "exec";
    if (!draft.mark && draft.port == 0 && asks_a_port && !draft.health.contains("port")) {
      leave(draft.line, draft.name,
            "which of all its ports a check by " + type + " asks is open: it is pinged instead",
            "set health with a port");
    } else {
      service["health"] = draft.health;
    }
  }

  void add_scheduler(const Draft& draft, Json& service) {
    std::string scheduler = draft.scheduler;
    if (std::ranges::find(kSchedulers, scheduler) == kSchedulers.end()) {
      leave(draft.line, draft.name, "Turnout has no scheduler " + scheduler + ": the service has wlc",
            "choose another one if wlc is not what you want");
      scheduler = "wlc";
    }
    service["scheduler"] = scheduler;
    Json flags = Json::array();
    for (const std::string& flag : draft.flags) {
      if (!flag.starts_with(scheduler + "-")) {
        leave(draft.line, draft.name, "the flag " + flag + " has no effect on the scheduler " + scheduler,
              "remove it");
      } else if (std::ranges::find(flags, Json(flag)) == flags.end()) {
        flags.push_back(flag);
      }
    }
    // Turnout's mh looks at the port unless it is told otherwise; LVS's does only if it is told to.
    if (scheduler == "mh" || !flags.empty()) service["scheduler_flags"] = flags;
  }

  void add_persistence(const Draft& draft, Json& service) {
    if (draft.persistence > kMostSeconds) {
      leave(draft.line, draft.name,
            std::to_string(draft.persistence) + " seconds of persistence are more than Turnout takes",
            "set fewer");
    } else if (draft.persistence > 0) {
      service["persistence"] = draft.persistence;
      const bool is_whole = draft.persistence_prefix == (draft.is_ipv6 ? 128u : 32u);
      if (draft.persistence_prefix && !is_whole) service["persistence_prefix"] = *draft.persistence_prefix;
    }
  }

  void add_servers(const Draft& draft, Json& service) {
    std::map<Address, size_t> seen;
    Json servers = Json::array();
    uint64_t divisor = 0, sum = 0;
    for (const DraftServer& server : draft.servers) {
      if (!is_possible(draft, server, seen) || servers.size() == kMostServers) continue;
      servers.push_back(server_json(server));
      divisor = std::gcd(divisor, servers.back()["weight"].get<uint64_t>());
      sum += servers.back()["weight"].get<uint64_t>();
    }
    if (draft.servers.size() > kMostServers)
      leave(draft.line, draft.name, "a service has at most " + std::to_string(kMostServers) + " real servers",
            "spread them over several services");
    if (draft.scheduler == "wrr" && divisor > 0 && sum / divisor > kMostTurns) {
      leave(draft.line, draft.name,
            "the weights come to more turns of wrr than Turnout takes: the service has wlc",
            "use smaller weights, or multiples of each other");
      service["scheduler"] = "wlc";
    }
    service["real_servers"] = servers;
    if (draft.fallback && is_possible(draft, *draft.fallback, seen))
      service["fallback"] = server_json(*draft.fallback);
  }

  /// Would the daemon take it, by its address?
  bool is_possible(const Draft& draft, const DraftServer& server, std::map<Address, size_t>& seen) {
    const std::string what = "real server " + server.address.to_string();
    const std::string why = why_no_host(server.address);
    if (server.address.is_loopback()) {
      leave(server.line, what, "the director itself can't be a real server",
            "run the service on a real server and give that one's address");
    } else if (!why.empty()) {
      leave(server.line, what, "the address " + why,
            "give the address that the real server has on the director's network");
    } else if (server.address.is_v6() != draft.is_ipv6) {
      leave(server.line, what, "it is not of the service's address family",
            "give its address of that family");
    } else if (vips_.contains(server.address)) {
      leave(server.line, what, "it is the address of a virtual service",
            "give the address that the real server has for itself");
    } else if (const auto [first, is_new] = seen.try_emplace(server.address, server.line); !is_new) {
      leave(server.line, what, "the service has it already, from line " + std::to_string(first->second),
            "remove one of the two");
    } else {
      imported_.servers.insert(server.address);
      return true;
    }
    return false;
  }

  Json server_json(const DraftServer& server) {
    const std::string what = "real server " + server.address.to_string();
    Json json = {{"address", server.address.to_string()}, {"weight", std::min(server.weight, kMostWeight)}};
    if (server.weight > kMostWeight)
      leave(server.line, what,
            "the weight " + std::to_string(server.weight) + " is above 65535, which it has instead",
            "divide the weights of all its servers");
    const bool has_upper = server.upper_threshold > 0;
    if (std::max(server.upper_threshold, server.lower_threshold) > kMostThreshold ||
        (has_upper && server.lower_threshold > server.upper_threshold)) {
      leave(server.line, what, "its thresholds don't fit: the lower has to be below the upper one",
            "give others");
      return json;
    }
    if (has_upper) json["upper_threshold"] = server.upper_threshold;
    if (server.lower_threshold > 0 && has_upper) json["lower_threshold"] = server.lower_threshold;
    if (server.lower_threshold > 0 && !has_upper)
      leave(server.line, what, "a lower threshold has no effect without an upper one", "remove it");
    return json;
  }

  Leftovers& leftovers_;
  Imported imported_;
  std::set<Address> vips_;              // of all drafts
  std::map<std::string, size_t> keys_;  // with their lines
};

}  // namespace

Imported assemble(const std::vector<Draft>& drafts, Leftovers& leftovers) {
  return Assembly(leftovers).assemble(drafts);
}

}  // namespace turnout::cli
