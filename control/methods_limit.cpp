// limit.list
#include "control/doctor.h"
#include "control/limit_report.h"
#include "control/methods.h"

namespace turnout {

namespace {

Json offenders_of(const Director& director, uint16_t own, Limit limit) {
  Json rows = Json::array();
  for (const LimitOffenders::Offender& each : director.offenders().worst(own, limit)) {
    const auto ago = std::chrono::duration<double>(director.time() - each.last);
    rows.push_back({{"client", each.client.to_string()}, {"seen", each.seen}, {"ago", ago.count()}});
  }
  return rows;
}

Json service_row(const Director& director, const ServiceConfig& service) {
  const uint16_t own = director.registry().service(service.key).index;
  const LimitTotals totals = director.statistics().limits(own);
  Json row = to_json(service.key);
  row["observe"] = service.limits.observe;
  row["passed"] = totals.passed;
  row["limits"] = Json::array();
  for (const LimitRow& each : limits_of(service.limits)) {
    const auto index = static_cast<size_t>(each.limit);
    Json limit = {{"limit", name_of(each.limit)},
                  {"value", each.value},
                  {"dropped", totals.dropped[index]},
                  {"observed", totals.observed[index]},
                  {"offenders", offenders_of(director, own, each.limit)}};
    if (each.burst != 0) limit["burst"] = each.burst;
    row["limits"].push_back(std::move(limit));
  }
  return row;
}

Json limits(const DaemonView& daemon, const Json& params) {
  allow_only(params, {"service"});
  const Director& director = daemon.director;
  Json services = Json::array();
  if (params.contains("service")) {
    const ServiceKey key = value_or_refuse(parse_service_key(params.at("service"), "/service"));
    numbers_of(daemon, params.at("service"));  // or there is none
    services.push_back(service_row(director, *director.config().find(key)));
  } else {
    for (const ServiceConfig& service : director.config().services) {
      if (service.limits.is_any()) services.push_back(service_row(director, service));
    }
  }
  const LimitTableLoad table = limit_table_load(director);
  return {{"services", std::move(services)},
          {"table",
           {{"cells", table.cells},
            {"taken", table.taken},
            {"lost", table.lost},
            {"connections", table.connections}}}};
}

}  // namespace

void add_limit_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("limit.list", [&daemon](const Json& params) { return limits(daemon, params); });
}

}  // namespace turnout
