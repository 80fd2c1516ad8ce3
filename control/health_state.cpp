#include "control/health_state.h"

namespace turnout {

const char* to_string(HealthState::Phase phase) {
  switch (phase) {
    case HealthState::Phase::up:
      return "up";
    case HealthState::Phase::down:
      return "down";
    case HealthState::Phase::unknown:
      break;
  }
  return "unknown";
}

bool HealthState::record(const ProbeResult& result, const HealthConfig& rules, Time now) {
  ++checks_;
  return result.passed ? pass(rules, now) : fail(result, rules, now);
}

bool HealthState::pass(const HealthConfig& rules, Time now) {
  if (passes_++ == 0) passing_since_ = now;
  fails_ = 0;
  if (phase_ == Phase::up) return false;
  if (phase_ == Phase::down && passes_ < rules.timings.rise) return false;
  if (is_damped() && now - passing_since_ < std::chrono::seconds(rules.damping)) return false;
  turn(Phase::up, now);
  return true;
}

bool HealthState::fail(const ProbeResult& result, const HealthConfig& rules, Time now) {
  ++failures_;
  passes_ = 0;
  latest_ = result;
  if (phase_ == Phase::down) {
    ++fails_;
    return false;
  }
  const bool may_recover = phase_ == Phase::up || presumed_up_;
  if (++fails_ < rules.timings.fall && may_recover) return false;
  turn(Phase::down, now);
  const Time first = fell_[falls_ % kFallsAtMost];
  fell_[falls_++ % kFallsAtMost] = now;
  // `first` is of the fall before those that may be: this one is one too many if that was not long ago.
  damped_ = rules.damping != 0 && falls_ > kFallsAtMost &&
            now - first < kWindows * std::chrono::seconds(rules.damping);
  return true;
}

void HealthState::turn(Phase phase, Time now) {
  phase_ = phase;
  since_ = now;
}

}  // namespace turnout
