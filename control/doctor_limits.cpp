#include "control/doctor_limits.h"

#include <algorithm>

#include "control/doctor_words.h"

namespace turnout {
namespace {

constexpr double kCrowded = 0.75;         // of the cells
constexpr double kMostRefusals = 0.0001;  // of clients that keep their limit

bool is_of_service(Limit limit) {
  return limit == Limit::service_connection_rate || limit == Limit::service_packet_rate;
}

/// As it was when the window began; with nothing counted, if it was not there yet.
LimitLoad same_before(const LoadWindow& window, const LimitLoad& after) {
  const auto found = std::ranges::find_if(window.before.limits, [&](const LimitLoad& before) {
    return before.service == after.service && before.limit == after.limit;
  });
  return found == window.before.limits.end() ? LimitLoad() : *found;
}

std::string evidence_of(const LimitLoad& load, uint64_t packets, const LoadWindow& window) {
  std::string text = counted(packets, "packet") + " " + window.span() + ", limit " +
                     std::string(name_of(load.limit)) + " of " + std::to_string(load.value);
  if (!load.offender.empty())
    text += "; of those that were looked at " + as_share(load.offences, load.looked_at) + " were of " +
            load.offender;
  return text;
}

std::string edit(const LimitLoad& load, const std::string& options) {
  return "`turnoutctl service edit " + load.service + " " + options + "`";
}

void examine(const LimitLoad& load, const LoadWindow& window, Findings& findings) {
  const LimitLoad before = same_before(window, load);
  const std::string whom = is_of_service(load.limit) ? "clients of it" : "a client";
  const std::string raise = edit(load, option_of(load.limit) + " N");
  if (const uint64_t dropped = growth(before.dropped, load.dropped); dropped > 0) {
    findings.push_back({is_of_service(load.limit) ? Severity::warning : Severity::info, "limit_dropping",
                        load.service,
                        std::string(is_of_service(load.limit)
                                        ? "clients get no answer, whoever they are: all together exceed "
                                        : "it refuses clients that exceed ") +
                            describe(load.limit),
                        evidence_of(load, dropped, window),
                        "`turnoutctl limits` shows who; if they mean well, raise it: " + raise});
  }
  if (const uint64_t observed = growth(before.observed, load.observed); observed > 0) {
    findings.push_back(
        {Severity::info, "limit_observed", load.service,
         whom + std::string(" would be refused, if the limit were enforced: ") + describe(load.limit),
         evidence_of(load, observed, window),
         "if that is who is to be refused, " + edit(load, "--limits enforce") + "; else raise it: " + raise});
  }
}

void examine_rates(const LoadWindow& window, Findings& findings) {
  const LimitTableLoad &before = window.before.limit_table, &after = window.after.limit_table;
  const uint64_t lost = growth(before.lost, after.lost);
  if (lost == 0 && static_cast<double>(after.taken) <= kCrowded * static_cast<double>(after.cells)) return;
  findings.push_back(
      {Severity::warning, "limit_table_crowded", "limits",
       "so many clients begin connections that limits forget some of them too soon: these may begin more "
       "than they are allowed to",
       std::to_string(after.taken) + " of " + std::to_string(after.cells) + " cells taken, " +
           std::to_string(lost) + " given to others too soon " + window.span(),
       "raise connections.limit_cells in the configuration (takes a restart)"});
}

void examine_counts(const LoadWindow& window, Findings& findings) {
  const LimitTableLoad& table = window.after.limit_table;
  const LimitLoad* least = nullptr;
  for (const LimitLoad& load : window.after.limits) {
    if (load.limit == Limit::client_connections && (least == nullptr || load.value < least->value))
      least = &load;
  }
  if (least == nullptr) return;
  if (false_refusals(table.connections, table.cells, least->value) <= kMostRefusals) return;
  findings.push_back(
      {Severity::warning, "limit_counts_crowded", least->service,
       "so many connections are counted that clients may be taken for others and refused too soon",
       counted(table.connections, "connection") + " counted in rows of " + std::to_string(table.cells) +
           " cells, and the least limit is " + std::to_string(least->value) + " for a client",
       "raise connections.limit_cells in the configuration (takes a restart), or raise the limit: " +
           edit(*least, "--client-connections N")});
}

}  // namespace

Findings examine_limits(const LoadWindow& window) {
  Findings findings;
  for (const LimitLoad& load : window.after.limits) examine(load, window, findings);
  examine_rates(window, findings);
  examine_counts(window, findings);
  return findings;
}

}  // namespace turnout
