// Whether a real server is up, from the results of its checks: a state machine that reads no clock.
//
//   unknown → up ⇄ down
//
// Control thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "control/config.h"
#include "control/prober.h"

namespace turnout {

class HealthState {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back

  enum class Phase : uint8_t { unknown, up, down };

  /// A server that was there when the director started is presumed to be up until its checks say otherwise:
  /// a restart must not move a connection. One that was added later has to pass a check first.
  HealthState(bool presumed_up, Time now) : presumed_up_(presumed_up), since_(now) {}

  /// Counts a check. True if the server went up or down by it. While nothing is known one check that passes
  /// is enough; one that fails is if the server was presumed to be down.
  bool record(const ProbeResult& result, const HealthConfig& rules, Time now);

  /// The rules changed: what was counted under the old ones counts no longer.
  void forget_counts() { passes_ = fails_ = 0; }

  bool is_up() const { return phase_ == Phase::up || (phase_ == Phase::unknown && presumed_up_); }
  Phase phase() const { return phase_; }
  Time since() const { return since_; }                  ///< of the present phase
  const ProbeResult& latest() const { return latest_; }  ///< why it is down, or was last failing; "": never
  uint64_t checks() const { return checks_; }
  uint64_t failures() const { return failures_; }
  uint32_t failing() const { return fails_; }  ///< in a row
  uint32_t passing() const { return passes_; }
  uint64_t falls() const { return falls_; }  ///< how often it went down
  /// It went down so often of late that it has to pass for HealthConfig::damping seconds to be up again.
  bool is_damped() const { return phase_ == Phase::down && damped_; }

  /// So many falls, the first of them no longer ago than this many times the damping, are too many.
  static constexpr size_t kFallsAtMost = 3;
  static constexpr int kWindows = 5;

 private:
  bool pass(const HealthConfig& rules, Time now);
  bool fail(const ProbeResult& result, const HealthConfig& rules, Time now);
  void turn(Phase phase, Time now);

  Phase phase_ = Phase::unknown;
  bool presumed_up_;
  bool damped_ = false;
  uint32_t passes_ = 0, fails_ = 0;  // in a row
  uint64_t checks_ = 0, failures_ = 0, falls_ = 0;
  Time since_;
  Time passing_since_{};
  std::array<Time, kFallsAtMost> fell_{};  // the latest falls, by falls_ modulo their number
  ProbeResult latest_;
};

const char* to_string(HealthState::Phase phase);

}  // namespace turnout
