// How often something may happen.
#pragma once

#include <chrono>
#include <cstdint>

namespace turnout {

/// Lets `rate` events a second pass on average, and `burst` at once after a pause.
class TokenBucket {
 public:
  using Time = std::chrono::milliseconds;

  TokenBucket(uint32_t rate, uint32_t burst) : rate_(rate), burst_(burst), tokens_(burst) {}
  bool take(Time now);

 private:
  double rate_;
  double burst_;
  double tokens_;
  Time last_{};
};

}  // namespace turnout
