// Resolves the MAC addresses of real servers and gateways: a state machine that sends nothing itself and
// reads no clock.
//
//   incomplete → reachable → stale (asked again while the last known MAC stays in use) → reachable …
//
// Nothing is believed that only was said. A neighbour that is not known yet is asked for at once when it is
// heard of, and is where its answer comes from. One that is said to be elsewhere is verified: the old MAC and
// the new one are asked, each alone. While the old one answers, the neighbour stays, and the other is a
// rival; it moves when the new one alone answers; it stays if neither does, and while so much comes that an
// answer may have been lost. Whoever claims addresses from random MACs costs one verification at a time and
// neighbour, and moves none. In IPv6 as in IPv4.
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

/// How a neighbour's MAC was heard of.
enum class Evidence : uint8_t {
  claim,   // gratuitous ARP, a question of its own, an unsolicited advertisement: anybody can send it at any
           // time
  answer,  // sent to the director alone, as what answers its questions is
};

/// Another machine that has a neighbour's address, too.
struct Rival {
  MacAddress mac;
  std::chrono::milliseconds since{};  // when it was found out
  std::chrono::milliseconds last{};   // when it last claimed the address, or answered for it
  uint64_t claims = 0;
  bool answers = false;  // it has answered when asked alone: no mere forgery of one packet
  bool others = false;   // and more MACs than this one
};

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
  unsigned unanswered = 0;     // since the last answer
  std::optional<Rival> rival;  // until nothing was heard of it for NeighborTimings::rival_quiet
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
  std::chrono::milliseconds refresh{20000};        // ask again this long after it proved itself
  std::chrono::milliseconds stale{30000};          // reachable no longer
  std::chrono::milliseconds urge_interval{1000};   // urge() asks only those not asked for this long
  std::chrono::milliseconds verify_interval{150};  // between the questions of a verification
  std::chrono::milliseconds verify_rest{1000};     // from one that the old MAC answered to the next
  std::chrono::milliseconds rival_check{10000};    // a rival is asked so often whether it is still there
  std::chrono::milliseconds rival_quiet{60000};
  unsigned asked_at_once = UINT32_MAX;  // by a call of advance(); the rest a millisecond later
  unsigned urged_at_once = UINT32_MAX;  // by a call of urge(); the rest at kUrgeRest
};

class NeighborTable {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back

  /// So many requests go to the last known MAC alone before the next ones are for all to hear.
  static constexpr unsigned kUnicastTries = 3;

  /// So often a verification asks; verify_interval after the last time it comes to its end.
  static constexpr unsigned kVerifyTries = 3;

  /// With more unicast frames during it than this, a verification decides nothing and begins again. A tenth
  /// of what one worker hands up in that time (PuntLimiter).
  static constexpr uint64_t kCrowd = 700;

  /// After this, those that urge() left out are seen to.
  static constexpr Time kUrgeRest{100};

  /// The first two must be given. They may call anything of this table but want().
  struct Callbacks {
    /// Send a request: to this MAC alone; if there is none, by broadcast (IPv4) or to the solicited-node
    /// group (IPv6).
    std::function<void(const Neighbor& neighbor, const std::optional<MacAddress>& to)> ask;
    /// The MAC became known (nothing before), or another.
    std::function<void(const Neighbor& neighbor, std::optional<MacAddress> before)> changed;
    /// It has a rival now, which it had not before.
    std::function<void(const Neighbor& neighbor)> contested{};
    /// Nothing was heard of its rival for a while; neighbor.rival is still there.
    std::function<void(const Neighbor& neighbor)> settled{};
    /// It left all questions unanswered until it was stale …
    std::function<void(const Neighbor& neighbor)> lost{};
    /// … and proved to be there again, where it was.
    std::function<void(const Neighbor& neighbor)> returned{};
  };

  explicit NeighborTable(Callbacks callbacks, NeighborTimings timings = {});

  /// Exactly these (port, address) pairs are wanted from now on. New ones are asked for at the next
  /// advance(), those no longer wanted are forgotten, the rest stay as they are.
  void want(const std::vector<NeighborKey>& wanted, Time now);

  /// It was said on this port that `ip` is at `mac`. Heeded for wanted neighbours only, so nobody can fill
  /// the table. The caller leaves out probes, which claim nothing yet, and what the director itself sent, as
  /// PuntResponder does. An answer that comes before any other is believed, as the question was for all to
  /// hear; if a second one comes, that is verified.
  void learn(size_t port, const IpAddress& ip, const MacAddress& mac, Evidence evidence, Time now);

  /// `sender` answered for `ip` without saying that it is there, as an advertisement may whose solicitation
  /// was unicast (RFC 4861 4.4). It counts if that is where the neighbour is, or is being looked for.
  void confirm(size_t port, const IpAddress& ip, const MacAddress& sender, Time now);

  /// A frame of ARP or Neighbor Discovery came that was sent to the director alone. Workers hand up so many
  /// of them a second, then lose some: what the old MAC answered may be among those.
  void count_unicast() { ++unicast_; }

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
  /// Is the neighbour still where it was, or at the rival's MAC?
  struct Verification {
    MacAddress rival;
    bool by_answer = false;  // it was no mere claim that brought this one up
    bool rival_answered = false;
    unsigned tries = 0;
    Time next{};                // question, or the end
    uint64_t unicast_before{};  // of unicast_, when it began
  };
  struct Entry {
    Neighbor neighbor;
    std::optional<Verification> verification;
    Time may_verify{};  // not before
    Time next_rival_check{};
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
  /// Returns how many questions it asked.
  unsigned run(const NeighborKey& key, Entry& entry, Time now);
  void ask(const NeighborKey& key, Entry& entry, Time now);
  void question(Entry& entry, const std::optional<MacAddress>& to);
  void become_known(const NeighborKey& key, Entry& entry, const MacAddress& mac, Time now);
  void hear_of_unknown(const NeighborKey& key, Entry& entry, Time now);
  void challenge(const NeighborKey& key, Entry& entry, const MacAddress& rival, Evidence evidence, Time now);
  unsigned verify(const NeighborKey& key, Entry& entry, Time now);
  void end_verification(const NeighborKey& key, Entry& entry, Time now);
  void stay(const NeighborKey& key, Entry& entry, Time now);
  static void note_rival(Neighbor& neighbor, const MacAddress& mac, bool answered, Time now);
  unsigned look_after_rival(const NeighborKey& key, Entry& entry, Time now);
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
  uint64_t unicast_ = 0;
};

}  // namespace turnout
