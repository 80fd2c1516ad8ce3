#include "control/doctor_load.h"

#include "control/doctor_words.h"

namespace turnout {
namespace {

constexpr double kLosesMany = 0.01;    // of what is received
constexpr double kSaturated = 0.9;     // of the time
constexpr double kMostlyFull = 0.5;    // of the bursts
constexpr double kLeastToJudgeBy = 1;  // seconds

double share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// `lost` were not received, so they come on top of those that were.
std::string loss(uint64_t lost, const char* counter, uint64_t received, const LoadWindow& window) {
  return counted(lost, "packet") + " " + window.span() + " (" + counter + " of `turnoutctl stats`), " +
         as_share(lost, lost + received) + " of what came";
}

Severity severity_of(uint64_t lost, uint64_t received) {
  return share(lost, lost + received) > kLosesMany ? Severity::critical : Severity::warning;
}

void examine_port(const PortLoad& before, const PortLoad& after, const LoadWindow& window,
                  Findings& findings) {
  const uint64_t received = growth(before.received, after.received);
  const std::string subject = on_port(after.name);
  if (const uint64_t missed = growth(before.missed, after.missed); missed > 0) {
    findings.push_back({severity_of(missed, received), "receive_missed", subject,
                        "the NIC throws packets away because no worker takes them in time",
                        loss(missed, "RX MISSED", received, window),
                        "more worker lcores (eal.lcores), each with a CPU of its own, and as many rx_queues; "
                        "`turnoutctl workers` shows who is busy"});
  }
  if (const uint64_t none = growth(before.no_buffer, after.no_buffer); none > 0) {
    findings.push_back({severity_of(none, received), "receive_no_buffer", subject,
                        "packets are thrown away because there is no buffer to receive them into",
                        loss(none, "RX NO BUFFER", received, window),
                        "raise buffers.count in the configuration, or leave it out: the default is what the "
                        "queues need"});
  }
  if (const uint64_t errors = growth(before.errors, after.errors); errors > 0) {
    findings.push_back({Severity::warning, "receive_errors", subject,
                        "frames arrive damaged: a cable, an optic, or a duplex or MTU that differs",
                        loss(errors, "RX ERRORS", received, window),
                        "change cable and optic, and compare with the error counters of the switch's port"});
  }
}

void examine_worker(const WorkerLoad& before, const WorkerLoad& after, const LoadWindow& window,
                    Findings& findings) {
  if (window.seconds() < kLeastToJudgeBy) return;
  const uint64_t busy = growth(before.busy_cycles, after.busy_cycles);
  const uint64_t cycles = busy + growth(before.idle_cycles, after.idle_cycles);
  const uint64_t bursts = growth(before.bursts, after.bursts);
  const uint64_t full = growth(before.full_bursts, after.full_bursts);
  if (share(busy, cycles) <= kSaturated || share(full, bursts) <= kMostlyFull) return;
  findings.push_back({Severity::warning, "worker_saturated", "worker lcore " + std::to_string(after.lcore),
                      "it hardly finds its queues empty: with a little more traffic it will lose packets",
                      "busy " + as_share(busy, cycles) + " of the time " + window.span() + ", " +
                          as_share(full, bursts) + " of its bursts full (`turnoutctl workers`)",
                      "more worker lcores (eal.lcores) and rx_queues; a CPU that is isolated; a faster one"});
}

}  // namespace

Findings examine_load(const LoadWindow& window) {
  Findings findings;
  const LoadSample &before = window.before, &after = window.after;
  for (size_t i = 0; i < after.ports.size(); ++i)
    examine_port(before.ports[i], after.ports[i], window, findings);
  for (size_t i = 0; i < after.workers.size(); ++i)
    examine_worker(before.workers[i], after.workers[i], window, findings);
  if (const uint64_t lost = growth(before.originated_lost, after.originated_lost); lost > 0) {
    findings.push_back(
        {Severity::warning, "originated_lost", "turnoutd",
         "frames of the director's own (ARP, health checks, answers to pings) are lost before "
         "they leave: neighbours and servers may seem gone that are not",
         counted(lost, "frame") + " " + window.span() + " (originated_lost of stats.get)",
         "see which port can't send: `turnoutctl ports`, and RX and TX of `turnoutctl stats`"});
  }
  return findings;
}

}  // namespace turnout
