#include "control/cli/top/model.h"

#include <algorithm>
#include <unordered_map>

#include "control/cli/format.h"
#include "control/cli/status.h"

namespace turnout::cli::top {
namespace {

double seconds_of(const Json& stats) {
  const Json& uptime = member(stats, "uptime");
  return uptime.is_number() ? uptime.get<double>() : 0;
}

/// How counters grew in the time between.
class Growth {
 public:
  /// `seconds`: 0 if there is nothing to compare with.
  explicit Growth(double seconds) : seconds_(seconds) {}

  /// A counter that is less than before was set to 0 between.
  static uint64_t grown(uint64_t before, uint64_t after) { return after < before ? after : after - before; }

  Rate rate(const Json& before, const Json& after, std::string_view key) const {
    if (seconds_ <= 0) return std::nullopt;
    return static_cast<double>(grown(number(before, key), number(after, key))) / seconds_;
  }

  Traffic traffic(const Json& before, const Json& after) const {
    return {rate(before, after, "connections"), rate(before, after, "packets"), rate(before, after, "bytes"),
            number(after, "active_connections"), number(after, "inactive_connections")};
  }

 private:
  double seconds_;
};

/// The rows of a list by what names them, so that thousands are found at once.
template <typename Name>
class Index {
 public:
  Index(const Json& rows, Name name) : name_(name) {
    for (const Json& row : rows) rows_.emplace(name_(row), &row);
  }
  const Json& like(const Json& row) const {
    static const Json kNone;
    const auto found = rows_.find(name_(row));
    return found == rows_.end() ? kNone : *found->second;
  }

 private:
  Name name_;
  std::unordered_map<std::string, const Json*> rows_;
};

std::string address_of(const Json& server) {
  return text(server, "address");
}
std::string lcore_of(const Json& worker) {
  return text(worker, "lcore");
}

std::vector<ServiceRow> services(const Json& before, const Json& after, const Growth& growth) {
  std::vector<ServiceRow> rows;
  const Index earlier(member(before, "services"), service_name);
  for (const Json& service : member(after, "services")) {
    const Json& old = earlier.like(service);
    ServiceRow row{service_name(service), growth.traffic(old, service), {}};
    const Index old_servers(member(old, "servers"), address_of);
    for (const Json& server : member(service, "servers")) {
      row.servers.push_back({address_of(server), number(server, "weight"), is_true(server, "up"),
                             is_true(server, "maintenance"),
                             growth.traffic(old_servers.like(server), server)});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<WorkerRow> workers(const Json& before, const Json& after, const Growth& growth) {
  std::vector<WorkerRow> rows;
  const Index earlier(member(before, "workers"), lcore_of);
  for (const Json& worker : member(after, "workers")) {
    const Json& old = earlier.like(worker);
    WorkerRow row{lcore_of(worker), std::nullopt, growth.rate(old, worker, "packets")};
    const uint64_t busy = Growth::grown(number(old, "busy_cycles"), number(worker, "busy_cycles"));
    const uint64_t idle = Growth::grown(number(old, "idle_cycles"), number(worker, "idle_cycles"));
    if (row.packets && busy + idle > 0)
      row.busy = static_cast<double>(busy) / static_cast<double>(busy + idle);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<DropRow> drops(const Json& before, const Json& after, const Growth& growth) {
  std::vector<DropRow> rows;
  const Json& reasons = member(after, "drops");
  for (const auto& [reason, count] : reasons.items()) {
    const uint64_t total = number(reasons, reason);
    if (total > 0)
      rows.push_back({printable(reason), growth.rate(member(before, "drops"), reasons, reason), total});
  }
  std::ranges::sort(rows, [](const DropRow& a, const DropRow& b) {
    if (a.packets != b.packets) return a.packets > b.packets;
    return a.total != b.total ? a.total > b.total : a.reason < b.reason;
  });
  return rows;
}

std::vector<TableRow> tables(const Json& after) {
  std::vector<TableRow> rows;
  for (const char* family : {"ipv4", "ipv6"}) {
    const Json& table = member(member(after, "connection_table"), family);
    rows.push_back({family, number(table, "entries"), number(table, "capacity")});
  }
  return rows;
}

}  // namespace

Model compare(const Json& before, const Json& after) {
  const bool same_daemon = before.is_object() && seconds_of(before) < seconds_of(after);
  const Growth growth(same_daemon ? seconds_of(after) - seconds_of(before) : 0);
  const auto rate = [&](const char* part, const char* key) {
    return growth.rate(member(before, part), member(after, part), key);
  };
  return {.uptime = number(after, "uptime"),
          .generation = number(after, "generation"),
          .received = rate("packets", "received"),
          .transmitted = rate("packets", "transmitted"),
          .punted = rate("packets", "punted"),
          .dropped = rate("packets", "dropped"),
          .inserted = rate("connection_table", "inserted"),
          .expired = rate("connection_table", "expired"),
          .evicted = rate("connection_table", "evicted"),
          .stateless = rate("connection_table", "stateless"),
          .tables = tables(after),
          .services = services(before, after, growth),
          .workers = workers(before, after, growth),
          .drops = drops(before, after, growth)};
}

}  // namespace turnout::cli::top
