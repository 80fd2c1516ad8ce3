#include "control/token_bucket.h"

#include <algorithm>

namespace turnout {

bool TokenBucket::take(Time now) {
  const Time elapsed = std::max(now - last_, Time::zero());
  last_ = std::max(now, last_);
  tokens_ = std::min(burst_, tokens_ + rate_ * static_cast<double>(elapsed.count()) / 1000.0);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace turnout
