#include "control/turns.h"

#include <numeric>
#include <queue>

namespace turnout {

std::vector<uint32_t> build_rr_turns(std::span<const ScheduledServer> servers) {
  std::vector<uint32_t> turns;
  turns.reserve(servers.size());
  for (const ScheduledServer& server : servers) turns.push_back(server.slot);
  return turns;
}

namespace {

/// A server's next turn is due at (2 × taken + 1) ÷ (2 × weight) of the round; the earliest is served first.
struct Pending {
  uint64_t due;  // 2 × taken + 1
  uint64_t weight;
  size_t order;
  uint32_t slot;

  bool operator<(const Pending& other) const {  // a priority queue serves the largest
    const uint64_t ours = due * other.weight, theirs = other.due * weight;
    return ours != theirs ? ours > theirs : order > other.order;
  }
};

}  // namespace

std::vector<uint32_t> build_wrr_turns(std::span<const ScheduledServer> servers) {
  uint64_t divisor = 0, total = 0;
  for (const ScheduledServer& server : servers) divisor = std::gcd(divisor, uint64_t{server.weight});
  std::priority_queue<Pending> pending;
  for (size_t i = 0; i < servers.size(); ++i) {
    const uint64_t weight = servers[i].weight / divisor;
    total += weight;
    pending.push({1, weight, i, servers[i].slot});
  }
  std::vector<uint32_t> turns;
  turns.reserve(total);
  while (turns.size() < total) {
    Pending next = pending.top();
    pending.pop();
    turns.push_back(next.slot);
    next.due += 2;
    pending.push(next);
  }
  return turns;
}

}  // namespace turnout
