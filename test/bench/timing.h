// How long a part of a benchmark took, for Google Benchmark's manual time.
#pragma once

#include <ctime>

namespace turnout::bench {

/// This thread's processor time in seconds: what the machine's other programs take of the core is not in it.
inline double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <typename Function>
double seconds_of(Function&& function) {
  const double begin = thread_seconds();
  function();
  return thread_seconds() - begin;
}

}  // namespace turnout::bench
