// Takes an address back that another machine claimed: by gratuitous ARP or unsolicited neighbour
// advertisement. Reads no clock. Control thread only.
//
// Each claim is answered at once, and a second time kAgain later: a Linux host of before 4.12 heeds no other
// MAC within a second of the last (arp_locktime). RFC 5227 2.4 has hosts defend once in 10 s
// (DEFEND_INTERVAL), and give up against one that goes on: too slow against a real server that claims the VIP
// with each of its own requests, as clients would go to it in between. Its reason is two hosts that defend
// the same address in turn for ever; here the limits stop that: kPerSecond frames for an address on a port
// after kBurst at once, and kAllPerSecond for all of them, which at 64 octets is 0.5 Mbit/s.
//
// Who looks for an address that another machine answers for, has had that one's answer too, unseen by the
// director: the address is taken back kAfterQuestion later as well, when both have come.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <utility>
#include <vector>

#include "control/address.h"
#include "control/token_bucket.h"

namespace turnout {

class VipDefence {
 public:
  using Time = std::chrono::milliseconds;
  using Announce = std::function<void(size_t port, const IpAddress& ip)>;

  static constexpr uint32_t kPerSecond = 10, kBurst = 5;
  static constexpr uint32_t kAllPerSecond = 1000, kAllBurst = 100;
  static constexpr Time kAgain{1200};
  static constexpr Time kAfterQuestion{50};

  explicit VipDefence(Announce announce) : announce_(std::move(announce)) {}

  void claimed(size_t port, const IpAddress& ip, Time now);    ///< by another machine
  void asked_for(size_t port, const IpAddress& ip, Time now);  ///< while another machine answers
  void tick(Time now);

  /// Forgets addresses for which `is_held` is false.
  template <typename IsHeld>
  void keep_only(IsHeld is_held) {
    std::erase_if(states_, [&](const auto& item) { return !is_held(item.first.second); });
  }

 private:
  using Key = std::pair<size_t, IpAddress>;  // port, address
  struct State {
    TokenBucket bucket{kPerSecond, kBurst};
    bool soon = false;   // waits in due_
    bool later = false;  // likewise
    Time used{};
  };
  struct Due {
    Time at;
    Key key;
    bool is_soon;
    bool operator<(const Due& other) const { return at > other.at; }  // the earliest on top
  };

  State& state_of(const Key& key, Time now);
  void defend(const Key& key, State& state, Time now);
  void once_more(const Key& key, State& state, bool is_soon, Time now);
  void forget_unused(Time now);

  Announce announce_;
  TokenBucket all_{kAllPerSecond, kAllBurst};
  std::map<Key, State> states_;
  std::priority_queue<Due> due_;  // at most two of each address and port
  Time next_cleaning_{};
};

}  // namespace turnout
