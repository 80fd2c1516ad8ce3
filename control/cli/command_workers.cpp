// `workers`.
#include <chrono>
#include <cmath>
#include <ostream>
#include <thread>

#include "control/cli/arguments.h"
#include "control/cli/format.h"
#include "control/cli/status.h"

namespace turnout::cli {
namespace {

constexpr uint64_t kLongestWatch = 3600;  // seconds

const Json& row_of_lcore(const Json& workers, uint64_t lcore) {
  static const Json kNone;
  for (const Json& worker : workers) {
    if (number(worker, "lcore") == lcore) return worker;
  }
  return kNone;
}

/// RSS in software: packets of this queue go to all workers, or come from the one that polls it.
std::string spread_words(const Json& queue) {
  if (is_true(queue, "spread")) return " (spread)";
  const Json& poller = member(queue, "handed_over_by");
  return poller.is_null() ? "" : " (by " + text(poller) + ')';
}

/// "lan:0, lan:2"; "lan+dmz:0" where two ports share the queue's device.
std::string queue_names(const Json& worker) {
  std::string result;
  for (const Json& queue : member(worker, "queues")) {
    std::string ports;
    for (const Json& port : member(queue, "ports")) ports += (ports.empty() ? "" : "+") + text(port);
    result += (result.empty() ? "" : ", ") + ports + ':' + text(queue, "queue") + spread_words(queue);
  }
  return result.empty() ? "-" : result;
}

std::string per_second(double count, double seconds) {
  return seconds > 0 ? std::to_string(std::llround(count / seconds)) : "-";
}

}  // namespace

Table workers_table(const Json& before, const Json& after) {
  Table table({{"LCORE", Align::right},
               {"PACKETS/S", Align::right},
               {"CYCLES/PACKET", Align::right},
               {"PACKETS/BURST", Align::right},
               {"FULL", Align::right},
               {"BUSY", Align::right},
               {"POLLS/S", Align::right},
               {"HANDED/S", Align::right},
               {"IDLE"},
               {"QUEUES"}});
  for (const Json& worker : after) {
    const Json& earlier = row_of_lcore(before, number(worker, "lcore"));
    const auto grown = [&](std::string_view key) { return number(worker, key) - number(earlier, key); };
    const uint64_t packets = grown("packets"), bursts = grown("bursts"), busy = grown("busy_cycles");
    const uint64_t cycles = busy + grown("idle_cycles");
    const auto hz = static_cast<double>(number(worker, "tsc_hz"));
    const double seconds = hz > 0 ? static_cast<double>(cycles) / hz : 0;
    table.add_row({text(worker, "lcore"), per_second(static_cast<double>(packets), seconds),
                   format_quotient(static_cast<double>(busy), static_cast<double>(packets)),
                   format_quotient(static_cast<double>(packets), static_cast<double>(bursts)),
                   format_share(grown("full_bursts"), bursts), format_share(busy, cycles),
                   per_second(static_cast<double>(grown("polls")), seconds),
                   per_second(static_cast<double>(grown("handed_over")), seconds), text(worker, "idle"),
                   queue_names(worker)});
  }
  return table;
}

void show_workers(const Request& request) {
  const auto given = request.option("interval");
  const uint64_t interval = given ? parse_number("--interval", *given, 0, kLongestWatch) : 1;
  const Json first = request.call("worker.list", Json::object());
  if (request.print_json(first)) return;
  if (interval == 0) {
    request.out << workers_table(Json(), first).to_string();
    return;
  }
  std::this_thread::sleep_for(std::chrono::seconds(interval));
  request.out << workers_table(first, request.call("worker.list", Json::object())).to_string();
}

}  // namespace turnout::cli
