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

bool is_spread(const PortQueues& port, unsigned workers) {
  if (workers < 2 || port.spread == SpreadPolicy::off) return false;
  return port.spread == SpreadPolicy::on || receive_queues(port, workers) < workers;
}

std::string remark_on(const PortQueues& port, unsigned queues, unsigned workers) {
  return "port '" + port.name + "' has " + count(queues, "receive queue") + " for " +
         count(workers, "worker") + ": " + count(queues, "worker") + " can receive from it" +
         (port.spread == SpreadPolicy::off ? " (its \"spread\" is \"off\")" : "");
}

std::string note_on(const PortQueues& port, unsigned queues, unsigned workers) {
  return "port '" + port.name + "' has " + count(queues, "receive queue") + " for " +
         count(workers, "worker") + ": its flows are spread over the workers in software";
}

bool is_any_spread(const std::vector<PortQueues>& ports, unsigned workers) {
  return std::ranges::any_of(ports, [workers](const PortQueues& port) { return is_spread(port, workers); });
}

/// As many as can have one each on every port; all where packets are handed over: then they share queues.
unsigned workers_with_transmit_queues(const std::vector<PortQueues>& ports, unsigned workers) {
  if (is_any_spread(ports, workers)) return workers;
  for (const PortQueues& port : ports) workers = std::min<unsigned>(workers, port.max_transmit);
  return workers;
}

void add_lanes(QueuePlan& plan, unsigned poller, WorkerQueues::Receive queue) {
  queue.source = WorkerQueues::Receive::Source::lane;
  for (unsigned worker = 0; worker < plan.workers.size(); ++worker) {
    if (worker != poller) plan.workers[worker].receive.push_back(queue);
  }
}

/// Each device's queues, to the workers in turn.
void deal_out(const std::vector<PortQueues>& ports, unsigned workers, QueuePlan& plan) {
  const auto used = static_cast<unsigned>(plan.workers.size());
  unsigned next = 0;
  for (size_t index = 0; index < ports.size(); ++index) {
    const std::vector<uint16_t> sharing = ports_of_device(ports, index);
    if (sharing.empty()) continue;  // another port's queues bring its packets
    const auto trunk = sharing.size() > 1 ? sharing : std::vector<uint16_t>{};
    const bool spread = is_spread(ports[index], workers);
    const uint16_t queues = plan.receive_queues[index];
    for (uint16_t queue = 0; queue < queues; ++queue) {
      const unsigned poller = next++ % used;
      WorkerQueues::Receive receive{static_cast<uint16_t>(index), ports[index].device, queue, trunk};
      if (spread) {
        receive.source = WorkerQueues::Receive::Source::spread;
        add_lanes(plan, poller, receive);
      }
      plan.workers[poller].receive.push_back(std::move(receive));
    }
    if (spread) {
      plan.notes.push_back(note_on(ports[index], queues, workers));
    } else if (queues < workers) {
      plan.remarks.push_back(remark_on(ports[index], queues, workers));
    }
  }
}

void give_transmit_queues(const std::vector<PortQueues>& ports, QueuePlan& plan) {
  const size_t workers = plan.workers.size();
  for (size_t index = 0; index < ports.size(); ++index) {
    const size_t queues = std::min<size_t>(workers, ports[index].max_transmit);
    plan.transmit_queues.push_back(static_cast<uint16_t>(queues));
    for (size_t worker = 0; worker < workers; ++worker)
      plan.workers[worker].transmit[index] = {ports[index].device, static_cast<uint16_t>(worker % queues)};
  }
}

}  // namespace

QueuePlan plan_queues(const std::vector<PortQueues>& ports, unsigned workers) {
  QueuePlan plan;
  unsigned used = workers_with_transmit_queues(ports, workers);
  unsigned queues = 0;
  for (size_t index = 0; index < ports.size(); ++index) {
    plan.receive_queues.push_back(receive_queues(ports[index], used));
    if (!ports_of_device(ports, index).empty()) queues += plan.receive_queues.back();
  }
  if (!is_any_spread(ports, workers)) used = std::min(used, queues);
  plan.workers.resize(used);
  give_transmit_queues(ports, plan);
  deal_out(ports, workers, plan);
  if (used < workers) {
    plan.remarks.push_back(count(workers - used, "worker lcore") +
                           " not used: the ports have no queues for more than " + std::to_string(used));
  }
  return plan;
}

}  // namespace turnout
