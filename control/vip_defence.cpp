#include "control/vip_defence.h"

namespace turnout {
namespace {

constexpr VipDefence::Time kUnused{10'000};  // then its bucket is full again, and it can be forgotten

}  // namespace

void VipDefence::claimed(size_t port, const IpAddress& ip, Time now) {
  const Key key{port, ip};
  State& state = state_of(key, now);
  defend(key, state, now);
  once_more(key, state, false, now);
}

void VipDefence::asked_for(size_t port, const IpAddress& ip, Time now) {
  const Key key{port, ip};
  State& state = state_of(key, now);
  once_more(key, state, true, now);
  once_more(key, state, false, now);
}

VipDefence::State& VipDefence::state_of(const Key& key, Time now) {
  State& state = states_.try_emplace(key).first->second;
  state.used = now;
  return state;
}

void VipDefence::defend(const Key& key, State& state, Time now) {
  if (state.bucket.take(now) && all_.take(now)) announce_(key.first, key.second);
}

void VipDefence::once_more(const Key& key, State& state, bool is_soon, Time now) {
  bool& waits = is_soon ? state.soon : state.later;
  if (waits) return;
  waits = true;
  due_.push({now + (is_soon ? kAfterQuestion : kAgain), key, is_soon});
}

void VipDefence::tick(Time now) {
  while (!due_.empty() && due_.top().at <= now) {
    const Due due = due_.top();
    due_.pop();
    const auto place = states_.find(due.key);
    if (place == states_.end()) continue;
    (due.is_soon ? place->second.soon : place->second.later) = false;
    defend(due.key, place->second, now);
  }
  forget_unused(now);
}

void VipDefence::forget_unused(Time now) {
  if (now < next_cleaning_) return;
  next_cleaning_ = now + kUnused;
  std::erase_if(states_, [now](const auto& item) {
    const State& state = item.second;
    return !state.soon && !state.later && state.used + kUnused <= now;
  });
}

}  // namespace turnout
