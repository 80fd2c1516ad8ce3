#include "control/doctor_trends.h"

#include "control/doctor_words.h"

namespace turnout {

double LoadWindow::seconds() const {
  return std::chrono::duration<double>(after.time - before.time).count();
}

std::string LoadWindow::span() const {
  return "in the last " + with_one_decimal(seconds()) + " s";
}

uint64_t LoadWindow::dropped(DropReason reason) const {
  const auto index = static_cast<size_t>(reason);
  return growth(before.drops[index], after.drops[index]);
}

void Trends::add(LoadSample sample) {
  if (samples_.size() == kSamples) samples_.pop_front();
  samples_.push_back(std::move(sample));
}

LoadWindow Trends::until(LoadSample now) const {
  LoadSample before = samples_.empty() ? now : samples_.front();
  return {std::move(before), std::move(now)};
}

}  // namespace turnout
