// What the benchmarks' main() is made of: EAL, and rounds in which whatever is to be compared runs side by
// side.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <string>

namespace turnout::bench {

/// "what/size/round:N": the figures of one round are near to each other in time, so their ratio means
/// something on a machine whose speed changes.
std::string name_in_round(const std::string& name, int round);

/// Takes --rounds=N (3) from the arguments, starts EAL, lets `add` register the benchmarks of so many rounds,
/// and runs those that Google Benchmark's options choose. What main() returns.
int run_benchmarks(int argc, char** argv, size_t megabytes, void (*add)(int rounds));

}  // namespace turnout::bench
