// For a transmit queue that several workers share, because its device has fewer queues than there are
// workers. A burst is sent by one of them at a time.
#pragma once

#include <sched.h>

#include <atomic>

#include <rte_pause.h>

namespace turnout {

class TransmitLock {
 public:
  class Guard {
   public:
    explicit Guard(TransmitLock& lock) : lock_(lock) { lock_.acquire(); }
    ~Guard() { lock_.held_.clear(std::memory_order_release); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    TransmitLock& lock_;
  };

 private:
  /// The one that holds it may have been put off its CPU, for whoever waits here.
  static constexpr unsigned kLooks = 1024;

  void acquire() {
    for (unsigned looks = 0; held_.test_and_set(std::memory_order_acquire); ++looks) {
      if (looks % kLooks == kLooks - 1) {
        sched_yield();
      } else {
        rte_pause();
      }
    }
  }

  alignas(64) std::atomic_flag held_;
};

}  // namespace turnout
