#include "control/doctor_tables.h"

#include <optional>

#include "control/doctor_words.h"
#include "dataplane/fragment_table.h"

namespace turnout {
namespace {

constexpr double kNearlyFull = 0.8;  // of the slots; beyond 0.95 new flows find none
constexpr double kHalfFull = 0.5;    // from here on, a table that fills up soon is worth a word
constexpr double kSoon = 60;         // seconds
constexpr double kFragmentsFull = 0.8;

struct TableView {
  std::string name;     // "IPv4"
  std::string setting;  // "connections.capacity"
  const TableLoad& before;
  const TableLoad& after;
  const LoadWindow& window;

  uint64_t evicted() const { return growth(before.evicted, after.evicted); }
  uint64_t stateless() const { return growth(before.stateless, after.stateless); }
  double fill() const {
    return after.slots == 0 ? 0 : static_cast<double>(after.entries) / static_cast<double>(after.slots);
  }
  double per_second() const {  // entries more
    const double seconds = window.seconds();
    return seconds < 1 ? 0 : static_cast<double>(growth(before.entries, after.entries)) / seconds;
  }
  /// Seconds until it is full at the present pace; none if it doesn't fill up soon.
  std::optional<double> full_in() const {
    const double pace = per_second();
    if (pace <= 0) return std::nullopt;
    const double left = static_cast<double>(growth(after.entries, after.slots)) / pace;
    return left < kSoon ? std::optional(left) : std::nullopt;
  }
};

std::string evidence_of(const TableView& table) {
  std::string text = std::to_string(table.after.entries) + " of " + std::to_string(table.after.slots) +
                     " slots used (" + as_share(table.after.entries, table.after.slots) + "); " +
                     table.window.span() + ": " + counted(table.stateless(), "packet") +
                     " forwarded without an entry, " + std::to_string(table.evicted()) +
                     " half-open or closed connections given up";
  if (const auto left = table.full_in())
    text += "; filling by " + with_one_decimal(table.per_second()) + " a second, full in about " +
            with_one_decimal(*left) + " s";
  return text;
}

std::string remedy_of(const TableView& table) {
  return "raise " + table.setting + " in the configuration (takes a restart), or shorten " +
         "connections.timeouts; `turnoutctl connections` shows who has them";
}

Finding finding_on(const TableView& table, Severity severity, const char* code, const char* meaning) {
  return {severity, code, table.name + " connection table", meaning, evidence_of(table), remedy_of(table)};
}

void examine(const TableView& table, Findings& findings) {
  if (table.stateless() > 0) {
    findings.push_back(finding_on(table, Severity::critical, "connection_table_full",
                                  "new connections find no room and are forwarded without being remembered: "
                                  "they break when a real server comes or goes"));
  } else if (table.evicted() > 0) {
    findings.push_back(finding_on(table, Severity::warning, "connection_table_evicting",
                                  "new connections find no room but that of half-open or closed ones, which "
                                  "give way before their time: as in a SYN flood"));
  } else if (table.fill() > kNearlyFull || (table.fill() > kHalfFull && table.full_in())) {
    findings.push_back(finding_on(table, Severity::warning, "connection_table_nearly_full",
                                  "soon new connections will find no room to be remembered"));
  }
}

void examine_fragments(const LoadWindow& window, Findings& findings) {
  const uint64_t held = window.after.held_fragments;
  const uint64_t room = window.after.workers.size() * FragmentTable::kHeld;
  if (static_cast<double>(held) <= kFragmentsFull * static_cast<double>(room)) return;
  findings.push_back(
      {Severity::warning, "fragments_nearly_full", "fragments",
       "so many fragments wait for the first one of their datagram that others will be dropped",
       std::to_string(held) + " of " + std::to_string(room) + " places taken; " +
           counted(window.dropped(DropReason::fragment), "packet") + " dropped as fragment " + window.span(),
       "find who sends fragments whose first never comes: `tcpdump -ni IFACE 'ip[6:2] & 0x1fff != 0'` on a "
       "router before the director"});
}

}  // namespace

Findings examine_tables(const LoadWindow& window) {
  Findings findings;
  const LoadSample &before = window.before, &after = window.after;
  examine({"IPv4", "connections.capacity", before.ipv4_table, after.ipv4_table, window}, findings);
  examine({"IPv6", "connections.capacity_ipv6", before.ipv6_table, after.ipv6_table, window}, findings);
  examine_fragments(window, findings);
  return findings;
}

}  // namespace turnout
