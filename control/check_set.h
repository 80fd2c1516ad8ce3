// The checks that a prober has begun, and those that wait until they may. Control thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <set>

namespace turnout {

/// `Check` has begin(), which must not call back into the set, and abandon(), after which it calls nobody.
template <typename Check>
class CheckSet {
 public:
  /// `most` have begun at once.
  explicit CheckSet(size_t most) : most_(most) {}
  ~CheckSet() {
    for (const auto& check : begun_) check->abandon();
    for (const auto& check : waiting_) check->abandon();
  }
  CheckSet(const CheckSet&) = delete;
  CheckSet& operator=(const CheckSet&) = delete;

  /// Begins it, or lets it wait until others are removed.
  void add(std::shared_ptr<Check> check) {
    waiting_.push_back(std::move(check));
    begin_next();
  }

  void remove(const std::shared_ptr<Check>& check) {
    if (begun_.erase(check) == 0) std::erase(waiting_, check);
    begin_next();
  }

 private:
  void begin_next() {
    while (begun_.size() < most_ && !waiting_.empty()) {
      const std::shared_ptr<Check> next = std::move(waiting_.front());
      waiting_.pop_front();
      begun_.insert(next);
      next->begin();
    }
  }

  size_t most_;
  std::set<std::shared_ptr<Check>> begun_;
  std::deque<std::shared_ptr<Check>> waiting_;  // in the order they came
};

}  // namespace turnout
