// Gives flows of a saturated worker to an idle one, by the redirection tables of NICs and of RSS in software.
// Off by default: ports[].rebalance. Control thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/device.h"
#include "control/doctor_trends.h"
#include "control/finding.h"
#include "control/indirection.h"
#include "control/queue_plan.h"
#include "control/rebalance_rules.h"
#include "control/spreading.h"

namespace turnout {

class Rebalancer {
 public:
  /// A table of a port's device; of the first of its ports, if it has several.
  struct Table {
    std::string port;
    uint16_t device = 0;  // DPDK's port id
    std::unique_ptr<Indirection> entries;
  };
  /// Why a port that is to be rebalanced can't be.
  struct Problem {
    std::string port;
    uint16_t device = 0;
    std::string why;
  };

  /// `lcores`: of the workers, by their number. What can't be is said once in the log.
  Rebalancer(std::vector<Table> tables, std::vector<Problem> problems, std::vector<unsigned> lcores);

  /// Once a second, with what the workers have counted so far. Moves once at most, and reports it.
  void tick(const std::vector<WorkerLoad>& workers);

  uint64_t moves(uint16_t device) const;          ///< so far
  const Problem* problem(uint16_t device) const;  ///< none if it can be rebalanced, or is not to be
  bool is_on(uint16_t device) const;              ///< it is to be rebalanced, be it possible or not
  Findings findings() const;

 private:
  bool try_move(const WorkerPair& pair);
  void give_up(size_t table);
  void report_move(const Table& table, const WorkerPair& pair, size_t moved, size_t of) const;

  std::vector<Table> tables_;
  std::vector<Problem> problems_;
  std::vector<unsigned> lcores_;
  RebalanceRules rules_;
  std::vector<WorkerLoad> before_;
  std::vector<uint64_t> moves_;  // by table
};

/// For the ports that want it. `devices`: by port, started.
std::unique_ptr<Rebalancer> make_rebalancer(const Config& config,
                                            const std::vector<std::shared_ptr<Device>>& devices,
                                            const QueuePlan& plan, const Spreading& spreading,
                                            std::vector<unsigned> lcores);

}  // namespace turnout
