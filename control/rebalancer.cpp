#include "control/rebalancer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "control/doctor_words.h"
#include "control/event.h"
#include "control/reta_indirection.h"
#include "control/spread_indirection.h"

namespace turnout {

namespace {

std::string percent(double share) {
  return std::to_string(static_cast<int>(share * 100 + 0.5)) + " %";
}

double busy_share(const WorkerLoad& before, const WorkerLoad& after) {
  const uint64_t busy = growth(before.busy_cycles, after.busy_cycles);
  const uint64_t cycles = busy + growth(before.idle_cycles, after.idle_cycles);
  return cycles == 0 ? 0 : static_cast<double>(busy) / static_cast<double>(cycles);
}

/// Who polls the device's queues, by queue.
std::vector<unsigned> pollers_of(const QueuePlan& plan, uint16_t device) {
  std::vector<unsigned> pollers;
  for (unsigned worker = 0; worker < plan.workers.size(); ++worker) {
    for (const WorkerQueues::Receive& receive : plan.workers[worker].receive) {
      if (receive.device != device || receive.lane) continue;
      if (pollers.size() <= receive.queue) pollers.resize(receive.queue + size_t{1});
      pollers[receive.queue] = worker;
    }
  }
  return pollers;
}

void say_why_not(const Rebalancer::Problem& problem) {
  log_warning("port '" + problem.port + "': its flows can't be rebalanced: " + problem.why);
}

}  // namespace

Rebalancer::Rebalancer(std::vector<Table> tables, std::vector<Problem> problems, std::vector<unsigned> lcores)
    : tables_(std::move(tables)),
      problems_(std::move(problems)),
      lcores_(std::move(lcores)),
      rules_(lcores_.size()),
      moves_(tables_.size(), 0) {
  for (const Problem& problem : problems_) say_why_not(problem);
}

void Rebalancer::tick(const std::vector<WorkerLoad>& workers) {
  if (tables_.empty()) return;
  if (before_.size() == workers.size()) {
    std::vector<double> busy;
    for (size_t i = 0; i < workers.size(); ++i) busy.push_back(busy_share(before_[i], workers[i]));
    rules_.sample(busy);
    for (const WorkerPair& pair : rules_.pairs()) {
      if (try_move(pair)) break;
    }
  }
  before_ = workers;
}

bool Rebalancer::try_move(const WorkerPair& pair) {
  for (size_t table = 0; table < tables_.size(); ++table) {
    Indirection* const entries = tables_[table].entries.get();
    if (!entries || !entries->reaches(pair.to)) continue;
    const std::vector<unsigned> workers = entries->query();
    const std::vector<size_t> chosen = rules_.choose(workers, pair, table);
    if (chosen.empty()) continue;
    if (!entries->move(chosen, pair.to)) {
      give_up(table);
      continue;
    }
    rules_.note(table, chosen, pair);
    ++moves_[table];
    report_move(tables_[table], pair, chosen.size(),
                static_cast<size_t>(std::ranges::count(workers, pair.from)));
    return true;
  }
  return false;
}

void Rebalancer::give_up(size_t table) {
  tables_[table].entries.reset();
  problems_.push_back(
      {tables_[table].port, tables_[table].device, "its device refuses changes of its redirection table"});
  say_why_not(problems_.back());
}

void Rebalancer::report_move(const Table& table, const WorkerPair& pair, size_t moved, size_t of) const {
  const unsigned from = lcores_[pair.from], to = lcores_[pair.to];
  report({EventKind::flows_moved,
          Severity::info,
          "port '" + table.port + "': worker lcore " + std::to_string(from) + " is " +
              percent(pair.from_busy) + " busy, worker lcore " + std::to_string(to) + " " +
              percent(pair.to_busy) + ": " + std::to_string(moved) + " of " + std::to_string(of) +
              " shares of the flows moved there",
          {{"port", table.port}, {"from", from}, {"to", to}, {"moved", moved}, {"of", of}}});
}

uint64_t Rebalancer::moves(uint16_t device) const {
  uint64_t sum = 0;
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (tables_[i].device == device) sum += moves_[i];
  }
  return sum;
}

const Rebalancer::Problem* Rebalancer::problem(uint16_t device) const {
  const auto found =
      std::ranges::find_if(problems_, [device](const Problem& problem) { return problem.device == device; });
  return found == problems_.end() ? nullptr : &*found;
}

bool Rebalancer::is_on(uint16_t device) const {
  return problem(device) ||
         std::ranges::any_of(tables_, [device](const Table& table) { return table.device == device; });
}

Findings Rebalancer::findings() const {
  Findings findings;
  for (const Problem& problem : problems_) {
    findings.push_back(
        {Severity::warning, "rebalance_unsupported", on_port(problem.port),
         "`rebalance` does nothing for it: a saturated worker keeps its flows", problem.why,
         "leave out `rebalance`; or `\"spread\": \"on\"` of the port, with several workers: RSS in "
         "software can be rebalanced"});
  }
  return findings;
}

std::unique_ptr<Rebalancer> make_rebalancer(const Config& config,
                                            const std::vector<std::shared_ptr<Device>>& devices,
                                            const QueuePlan& plan, const Spreading& spreading,
                                            std::vector<unsigned> lcores) {
  std::vector<Rebalancer::Table> tables;
  std::vector<Rebalancer::Problem> problems;
  std::set<uint16_t> seen;
  for (size_t port = 0; port < devices.size(); ++port) {
    const uint16_t device = devices[port]->id();
    const std::string& name = config.ports[port].name;
    if (!config.ports[port].rebalance || !seen.insert(device).second) continue;
    if (plan.workers.size() < 2) {
      problems.push_back({name, device, "there is one worker"});
      continue;
    }
    auto [reta, why_not] = RetaIndirection::make(device, pollers_of(plan, device));
    if (reta) tables.push_back({name, device, std::move(reta)});
    for (const Spreading::Queue& queue : spreading.queues()) {
      if (queue.device == device)
        tables.push_back({name, device, std::make_unique<SpreadIndirection>(queue.spreader->table())});
    }
    const bool has_table = !tables.empty() && tables.back().device == device;
    if (!has_table) problems.push_back({name, device, why_not});
  }
  return std::make_unique<Rebalancer>(std::move(tables), std::move(problems), std::move(lcores));
}

}  // namespace turnout
