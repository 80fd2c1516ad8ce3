// Metrics of services' limits.
#include "control/doctor.h"
#include "control/limit_report.h"
#include "control/metrics_families.h"

namespace turnout {

namespace {

struct Row {
  const ServiceConfig* service;
  LimitRow limit;
  LimitTotals totals;
};

std::vector<Row> rows_of(const Director& director) {
  std::vector<Row> rows;
  for (const ServiceConfig& service : director.config().services) {
    if (!service.limits.is_any()) continue;
    const LimitTotals totals = director.statistics().limits(director.registry().service(service.key).index);
    for (const LimitRow& limit : limits_of(service.limits)) rows.push_back({&service, limit, totals});
  }
  return rows;
}

Labels labels_of(const Row& row) {
  Labels labels = labels_of(row.service->key);
  labels.push_back({"limit", std::string(name_of(row.limit.limit))});
  return labels;
}

void add_rows(Families& families, const std::vector<Row>& rows) {
  MetricFamily& limited =
      families.add("turnout_service_limited_total",
                   "Packets over a limit of the virtual service: dropped (enforce), or let pass (observe).",
                   MetricType::Counter);
  for (const Row& row : rows) {
    const auto index = static_cast<size_t>(row.limit.limit);
    for (const auto& [mode, count] : {std::pair{"enforce", row.totals.dropped[index]},
                                      std::pair{"observe", row.totals.observed[index]}}) {
      Labels labels = labels_of(row);
      labels.push_back({"mode", mode});
      add_sample(limited, std::move(labels), number(count));
    }
  }
  MetricFamily& values = families.add("turnout_service_limit",
                                      "The limit: per second, or connections at once.", MetricType::Gauge);
  for (const Row& row : rows) add_sample(values, labels_of(row), number(row.limit.value));
}

}  // namespace

void add_limits(Families& families, const Director& director) {
  add_rows(families, rows_of(director));
  const LimitTableLoad table = limit_table_load(director);
  using enum MetricType;
  families.add_single("turnout_limit_cells", "Cells for clients of services with limits.", Gauge,
                      number(table.cells));
  families.add_single("turnout_limit_cells_taken", "Those of clients that began connections a moment ago.",
                      Gauge, number(table.taken));
  families.add_single("turnout_limit_cells_lost_total", "Those that were given to other clients too soon.",
                      Counter, number(table.lost));
  families.add_single("turnout_limit_counted_connections",
                      "Open connections of services that limit them for each client.", Gauge,
                      number(table.connections));
}

}  // namespace turnout
