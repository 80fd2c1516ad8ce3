// Which worker a traced packet would come to.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

#include "control/daemon_view.h"

namespace turnout {

struct TracedWorker {
  std::optional<unsigned> lcore;  // none: the NIC decides, by its own hash
  std::string why;                // a sentence
};

/// `port`: index into Config::ports. Of a port with several queues only the NIC knows, unless they are one
/// worker's.
TracedWorker trace_worker(const DaemonView& daemon, size_t port, std::span<const uint8_t> frame);

/// To the answer of `trace`: the member "worker", and a decision if there are several workers.
void add_worker(nlohmann::json& answer, const TracedWorker& worker, size_t workers);

}  // namespace turnout
