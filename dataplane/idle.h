// What a worker does while its queues are empty: how soon it looks again, and what it leaves to others until
// then.
#pragma once

#include <algorithm>
#include <cstdint>

namespace turnout {

/// poll: looks again at once. pause: waits in the CPU for a few microseconds, which leaves the core to its
/// other hyperthread and saves power. sleep: pauses first, then leaves the CPU to the kernel.
enum class IdlePolicy : uint8_t { poll, pause, sleep };

struct IdleWait {
  enum class Kind : uint8_t { none, pause, sleep };
  Kind kind = Kind::none;
  uint32_t microseconds = 0;
  bool operator==(const IdleWait&) const = default;
};

/// One worker's. next() only decides, carry_out() acts.
class Idle {
 public:
  // In microseconds since the last packet:
  static constexpr uint32_t kPollUntil = 10;    // where one packet was, the next is near
  static constexpr uint32_t kPauseUntil = 100;  // policy sleep only
  // Waits begin short and double, so that a gap is prolonged by its own length at most:
  static constexpr uint32_t kShortestPause = 1, kLongestPause = 4;
  static constexpr uint32_t kShortestSleep = 10, kLongestSleep = 100;

  /// `hz`: of the time-stamp counter.
  Idle(IdlePolicy policy, uint64_t hz)
      : policy_(policy), cycles_per_microsecond_(std::max<uint64_t>(1, hz / 1'000'000)) {}

  bool sleeps() const { return policy_ == IdlePolicy::sleep; }

  /// A pass over the queues found packets.
  void interrupt() { waiting_ = false; }

  /// A pass found none and ended at `tsc`: what to do before the next.
  IdleWait next(uint64_t tsc) {
    if (policy_ == IdlePolicy::poll) return {};
    if (!waiting_) begin(tsc);
    const uint64_t idle = tsc - since_;
    if (idle < kPollUntil * cycles_per_microsecond_) return {};
    if (!sleeps() || idle < kPauseUntil * cycles_per_microsecond_)
      return {IdleWait::Kind::pause, grow(pause_, kLongestPause)};
    return {IdleWait::Kind::sleep, grow(sleep_, kLongestSleep)};
  }

  /// Waits so long, or a little less. The kernel may take longer to wake a sleeper.
  void carry_out(IdleWait wait) const;

  /// The calling thread's sleeps end when they are to: by default the kernel adds up to 50 µs to each, to
  /// wake several threads at once.
  static void sleep_exactly();

 private:
  void begin(uint64_t tsc) {
    waiting_ = true;
    since_ = tsc;
    pause_ = kShortestPause;
    sleep_ = kShortestSleep;
  }
  static uint32_t grow(uint32_t& wait, uint32_t longest) {
    const uint32_t now = wait;
    wait = std::min(wait * 2, longest);
    return now;
  }

  IdlePolicy policy_;
  bool waiting_ = false;
  uint32_t pause_ = kShortestPause;  // microseconds, of the next one
  uint32_t sleep_ = kShortestSleep;
  uint64_t since_ = 0;  // time-stamp counter after the first pass that found nothing
  uint64_t cycles_per_microsecond_;
};

}  // namespace turnout
