// Resolves the MAC addresses of real servers and gateways: a state machine that sends nothing itself and
// reads no clock.
//
//   incomplete → reachable → stale (asked again while the last known MAC stays in use) → reachable …
//
// Driven by the control thread alone: learn() with every ARP packet seen, advance() with the time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "control/address.h"
#include "control/arp.h"

namespace turnout {

enum class NeighborState : uint8_t { incomplete, reachable, stale };
const char* to_string(NeighborState state);

struct Neighbor {
  size_t port = 0;  // index into the configuration's ports
  rte_be32_t ip = 0;
  NeighborState state = NeighborState::incomplete;
  std::optional<MacAddress> mac;          // last known; kept while stale
  std::chrono::milliseconds confirmed{};  // when it last proved itself
  uint64_t requests_sent = 0;
  uint64_t mac_changes = 0;
  unsigned unanswered = 0;  // since the last answer
};

/// Times of the state machine. Waits are spread over the neighbours so that thousands don't ask at once: a
/// retry comes up to an eighth earlier than written here, a refresh up to a quarter of the way from `refresh`
/// to `stale` later. How much is fixed for each neighbour.
struct NeighborTimings {
  std::chrono::milliseconds first_retry{200};  // doubled up to last_retry
  std::chrono::milliseconds last_retry{5000};
  std::chrono::milliseconds refresh{20000};       // ask again this long after it proved itself
  std::chrono::milliseconds stale{30000};         // reachable no longer
  std::chrono::milliseconds urge_interval{1000};  // urge() asks only those not asked for this long
};

class NeighborTable {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back

  /// So many requests go to the last known MAC alone before the next ones are broadcast.
  static constexpr unsigned kUnicastTries = 3;

  /// Both must be given. They may call anything of this table but want().
  struct Callbacks {
    /// Send a request: unicast to neighbor.mac if it is known and `unanswered` (this one not yet counted) is
    /// below kUnicastTries, else broadcast.
    std::function<void(const Neighbor& neighbor)> ask;
    /// The MAC became known (nothing before), or another.
    std::function<void(const Neighbor& neighbor, std::optional<MacAddress> before)> changed;
  };

  explicit NeighborTable(Callbacks callbacks, NeighborTimings timings = {});

  /// Exactly these (port, address) pairs are wanted from now on. New ones are asked for at the next
  /// advance(), those no longer wanted are forgotten, the rest stay as they are.
  void want(const std::vector<std::pair<size_t, rte_be32_t>>& wanted, Time now);

  /// An ARP packet seen on a port. Sender addresses are learnt for wanted neighbours only (nobody can fill
  /// the table), from replies, requests and gratuitous ARP; RFC 5227 probes (sender 0.0.0.0) teach nothing.
  /// The caller leaves out what the director itself sent, as PuntResponder::on_arp does.
  void learn(size_t port, const ArpPacket& packet, Time now);

  /// Packets wait for a server that is not resolved: ask for every incomplete neighbour at once.
  void urge(Time now);

  /// Asks what is due. Returns when it wants to be called again; Time::max() if nothing is wanted.
  Time advance(Time now);

  bool all_resolved() const { return incomplete_.empty(); }
  const Neighbor* find(size_t port, rte_be32_t ip) const;
  std::vector<const Neighbor*> list() const;  ///< ordered by port, then address

 private:
  struct Entry {
    Neighbor neighbor;
    Time next_ask{};
    Time wait{};                   // the present back-off; 0 before the first request of a series
    std::optional<Time> last_ask;  // of any kind
    uint64_t serial = 0;           // of its one valid place in due_
  };
  struct Due {
    Time at;
    uint64_t key;
    uint64_t serial;
    bool operator<(const Due& other) const { return at > other.at; }  // the earliest on top
  };

  void forget_all_but(const std::unordered_set<uint64_t>& wanted);
  void run(uint64_t key, Entry& entry, Time now);
  void ask(uint64_t key, Entry& entry, Time now);
  void confirm(uint64_t key, Entry& entry, Time now);
  void schedule(uint64_t key, Entry& entry);
  bool is_valid(const Due& due) const;
  void drop_outdated();
  Time next_event(const Entry& entry) const;

  Callbacks callbacks_;
  NeighborTimings timings_;
  std::unordered_map<uint64_t, Entry> entries_;  // by port and address
  std::unordered_set<uint64_t> incomplete_;      // keys of entries_ in that state
  Time next_urge_{};                             // no incomplete entry may be urged before
  std::priority_queue<Due> due_;                 // one valid element for each entry, and outdated ones
  uint64_t last_serial_ = 0;
};

}  // namespace turnout
