// Threads that start together and are waited for.
#pragma once

#include <barrier>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace turnout {

/// Runs body(0) … body(count - 1) at once, each on a thread of its own, and waits for all.
inline void run_threads(unsigned count, const std::function<void(unsigned)>& body) {
  std::barrier start(count);
  std::vector<std::thread> threads;
  for (unsigned id = 0; id < count; ++id) {
    threads.emplace_back([&, id] {
      start.arrive_and_wait();
      body(id);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

/// Quick enough not to keep the threads from each other's way. Xorshift (Marsaglia 2003).
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u | 1) {}
  uint64_t below(uint64_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return (state_ >> 11) % limit;
  }

 private:
  uint64_t state_;
};

}  // namespace turnout
