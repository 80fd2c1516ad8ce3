#include "control/queue_plan.h"

#include <algorithm>
#include <stdexcept>

namespace turnout {

namespace {

uint16_t receive_queues(const PortQueues& port, unsigned workers) {
  if (port.wanted_receive > port.max_receive) {
    throw std::runtime_error("port '" + port.name + "': rx_queues is " + std::to_string(port.wanted_receive) +
                             ", but its device has " + std::to_string(port.max_receive) +
                             ": ask for no more, or give the device more queues");
  }
  if (port.all_receive) return port.max_receive;
  if (port.wanted_receive > 0) return port.wanted_receive;
  return static_cast<uint16_t>(std::min<unsigned>(port.max_receive, workers));
}

std::string count(unsigned number, const char* noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

/// The ports of a device, if this is the first of them; none for the others.
std::vector<uint16_t> ports_of_device(const std::vector<PortQueues>& ports, size_t first) {
  std::vector<uint16_t> same;
  for (size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].device != ports[first].device) continue;
    if (i < first) return {};
    same.push_back(static_cast<uint16_t>(i));
  }
  return same;
}

std::string remark_on(const PortQueues& port, unsigned queues, unsigned workers) {
  return "port '" + port.name + "' has " + count(queues, "receive queue") + " for " +
         count(workers, "worker") + ": " + count(queues, "worker") + " can receive from it";
}

}  // namespace

QueuePlan plan_queues(const std::vector<PortQueues>& ports, unsigned workers) {
  QueuePlan plan;
  unsigned used = workers;
  for (const PortQueues& port : ports) used = std::min<unsigned>(used, port.max_transmit);
  unsigned queues = 0;
  for (size_t index = 0; index < ports.size(); ++index) {
    plan.receive_queues.push_back(receive_queues(ports[index], used));
    if (!ports_of_device(ports, index).empty()) queues += plan.receive_queues.back();
  }
  used = std::min(used, queues);
  plan.transmit_queues = static_cast<uint16_t>(used);
  plan.workers.resize(used);

  unsigned next = 0;
  for (size_t index = 0; index < ports.size(); ++index) {
    const uint16_t device = ports[index].device;
    for (unsigned worker = 0; worker < used; ++worker) {
      plan.workers[worker].transmit[index] = {device, static_cast<uint16_t>(worker)};
    }
    const std::vector<uint16_t> sharing = ports_of_device(ports, index);
    if (sharing.empty()) continue;  // another port's queues bring its packets
    const auto trunk = sharing.size() > 1 ? sharing : std::vector<uint16_t>{};
    for (uint16_t queue = 0; queue < plan.receive_queues[index]; ++queue) {
      plan.workers[next++ % used].receive.push_back({static_cast<uint16_t>(index), device, queue, trunk});
    }
    if (plan.receive_queues[index] < workers)
      plan.remarks.push_back(remark_on(ports[index], plan.receive_queues[index], workers));
  }
  if (used < workers) {
    plan.remarks.push_back(count(workers - used, "worker lcore") +
                           " not used: the ports have no queues for more than " + std::to_string(used));
  }
  return plan;
}

}  // namespace turnout
