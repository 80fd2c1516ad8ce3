#include "control/trace_worker.h"

#include <set>

namespace turnout {

TracedWorker trace_worker(const DaemonView& daemon, size_t port, std::span<const uint8_t> frame) {
  const uint16_t device = daemon.devices[port]->id();
  std::set<unsigned> pollers;
  for (unsigned worker = 0; worker < daemon.plan.workers.size(); ++worker) {
    for (const WorkerQueues::Receive& receive : daemon.plan.workers[worker].receive) {
      if (receive.device == device && !receive.lane) pollers.insert(worker);
    }
  }
  if (pollers.size() != 1)
    return {{}, "which worker gets it is the device's choice, which has several receive queues"};
  const unsigned poller = *pollers.begin();
  const std::string polled = std::to_string(daemon.worker_lcores[poller]);
  for (const Spreading::Queue& queue : daemon.spreading->queues()) {
    if (queue.device != device) continue;
    const auto length = static_cast<uint32_t>(frame.size());
    const unsigned lcore = daemon.worker_lcores[queue.spreader->worker_for({frame.data(), length, length})];
    return {lcore, "worker lcore " + std::to_string(lcore) + " gets it, by RSS in software of worker lcore " +
                       polled + ", which polls the port"};
  }
  return {daemon.worker_lcores[poller], "worker lcore " + polled + " gets it, which polls the port"};
}

void add_worker(nlohmann::json& answer, const TracedWorker& worker, size_t workers) {
  answer["worker"] = worker.lcore ? nlohmann::json(*worker.lcore) : nlohmann::json(nullptr);
  if (workers < 2) return;
  nlohmann::json& decisions = answer["decisions"];
  decisions.insert(decisions.begin(), worker.why);
}

}  // namespace turnout
