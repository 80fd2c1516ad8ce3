// Resolves the MAC addresses of real servers and gateways: a state machine that sends nothing itself and
// reads no clock.
//
//   incomplete → reachable → stale (asked again while the last known MAC stays in use) → reachable …
//
// Driven by the control thread alone: learn() with all that ARP and Neighbor Discovery tell, advance() with
// the time.
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

namespace turnout {

enum class NeighborState : uint8_t { incomplete, reachable, stale };
const char* to_string(NeighborState state);

struct Neighbor {
  size_t port = 0;  // index into the configuration's ports
  IpAddress ip;
  NeighborState state = NeighborState::incomplete;
  std::optional<MacAddress> mac;          // last known; kept while stale
  std::chrono::milliseconds confirmed{};  // when it last proved itself
  uint64_t requests_sent = 0;
  uint64_t mac_changes = 0;
  unsigned unanswered = 0;  // since the last answer
};

/// What names a neighbour.
struct NeighborKey {
  size_t port = 0;
  IpAddress ip;

  friend bool operator==(const NeighborKey&, const NeighborKey&) = default;
  friend bool operator<(const NeighborKey& a, const NeighborKey& b) {
    return a.port != b.port ? a.port < b.port : a.ip < b.ip;
  }
};
/// Spread over all 64 bits, the same at each start.
struct NeighborHash {
  size_t operator()(const NeighborKey& key) const;
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
  unsigned asked_at_once = UINT32_MAX;            // by a call of advance(); the rest a millisecond later
  unsigned urged_at_once = UINT32_MAX;            // by a call of urge(); the rest at kUrgeRest
};

class NeighborTable {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back

  /// So many requests go to the last known MAC alone before the next ones are for all to hear.
  static constexpr unsigned kUnicastTries = 3;

  /// After this, those that urge() left out are seen to.
  static constexpr Time kUrgeRest{100};

  /// Both must be given. They may call anything of this table but want().
  struct Callbacks {
    /// Send a request: unicast to neighbor.mac if it is known and `unanswered` (this one not yet counted) is
    /// below kUnicastTries, else broadcast (IPv4) or to the solicited-node group (IPv6).
    std::function<void(const Neighbor& neighbor)> ask;
    /// The MAC became known (nothing before), or another.
    std::function<void(const Neighbor& neighbor, std::optional<MacAddress> before)> changed;
  };

  explicit NeighborTable(Callbacks callbacks, NeighborTimings timings = {});

  /// Exactly these (port, address) pairs are wanted from now on. New ones are asked for at the next
  /// advance(), those no longer wanted are forgotten, the rest stay as they are.
  void want(const std::vector<NeighborKey>& wanted, Time now);

  /// `ip` said on this port that it is at `mac`: by ARP reply, request or gratuitous ARP, by neighbour
  /// advertisement or solicitation. Learnt for wanted neighbours only, so nobody can fill the table. The
  /// caller leaves out probes, which claim nothing yet, and what the director itself sent, as PuntResponder
  /// does.
  void learn(size_t port, const IpAddress& ip, const MacAddress& mac, Time now);

  /// `ip` answered without saying where it is, as an advertisement may whose solicitation was unicast (RFC
  /// 4861 4.4): it is where it was. Tells nothing of a neighbour whose MAC isn't known.
  void confirm(size_t port, const IpAddress& ip, Time now);

  /// Packets wait for a server that is not resolved: ask for every incomplete neighbour at once.
  void urge(Time now);

  /// Something else says that the neighbour may be gone: it is asked now, if it was not lately. What
  /// advance() returned is outdated.
  void doubt(size_t port, const IpAddress& ip, Time now);

  /// Asks what is due. Returns when it wants to be called again; Time::max() if nothing is wanted.
  Time advance(Time now);

  /// Did it leave the latest questions unanswered, or never answer any?
  bool is_silent(size_t port, const IpAddress& ip) const;

  bool all_resolved() const { return incomplete_.empty(); }
  const Neighbor* find(size_t port, const IpAddress& ip) const;
  std::vector<const Neighbor*> list() const;  ///< ordered by port, then address, IPv4 first

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
    NeighborKey key;
    uint64_t serial;
    /// The earliest on top; of those due at once, what was wanted first: a service's servers are resolved
    /// together, and its tables built once.
    bool operator<(const Due& other) const { return at != other.at ? at > other.at : serial > other.serial; }
  };

  using Keys = std::unordered_set<NeighborKey, NeighborHash>;

  void forget_all_but(const Keys& wanted);
  void run(const NeighborKey& key, Entry& entry, Time now);
  void ask(const NeighborKey& key, Entry& entry, Time now);
  void confirm(const NeighborKey& key, Entry& entry, Time now);
  void schedule(const NeighborKey& key, Entry& entry);
  bool is_valid(const Due& due) const;
  void drop_outdated();
  Time next_event(const Entry& entry) const;

  Callbacks callbacks_;
  NeighborTimings timings_;
  std::unordered_map<NeighborKey, Entry, NeighborHash> entries_;
  Keys incomplete_;               // keys of entries_ in that state
  Time next_urge_{};              // no incomplete entry may be urged before
  std::priority_queue<Due> due_;  // one valid element for each entry, and outdated ones
  uint64_t last_serial_ = 0;
};

}  // namespace turnout
