#include "control/limit_report.h"

#include <algorithm>
#include <cmath>

namespace turnout {

std::vector<LimitRow> limits_of(const LimitsConfig& limits) {
  std::vector<LimitRow> rows;
  const auto add = [&rows](Limit limit, const RateConfig& rate) {
    if (rate) rows.push_back({limit, rate.per_second, rate.burst_or_usual()});
  };
  if (limits.client_connections != 0)
    rows.push_back({Limit::client_connections, limits.client_connections, 0});
  add(Limit::client_rate, limits.client);
  add(Limit::client_prefix_rate, limits.prefix);
  add(Limit::service_connection_rate, limits.connections);
  add(Limit::service_packet_rate, limits.packets);
  return rows;
}

std::string option_of(Limit limit) {
  constexpr std::array<std::string_view, kLimits> kOptions = {
      "--client-connections", "--client-rate", "--prefix-rate", "--connection-rate", "--packet-rate"};
  return std::string(kOptions[static_cast<size_t>(limit)]);
}

std::string describe(Limit limit) {
  constexpr std::array<std::string_view, kLimits> kWords = {
      "open connections of one client", "new connections a second of one client",
      "new connections a second of one prefix", "new connections a second of all clients",
      "packets a second of all clients"};
  return std::string(kWords[static_cast<size_t>(limit)]);
}

double false_refusals(uint64_t connections, uint64_t cells, uint64_t limit) {
  const double in_a_row =
      static_cast<double>(connections) / (static_cast<double>(cells) * static_cast<double>(limit));
  return std::pow(std::min(1.0, in_a_row), ClientCounts::kRows);
}

}  // namespace turnout
