#include "test/bench/runner.h"

#include <charconv>
#include <string_view>

#include "test/bench/eal.h"

namespace turnout::bench {

namespace {

int take_rounds(int& argc, char** argv) {
  constexpr std::string_view kOption = "--rounds=";
  int rounds = 3;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with(kOption)) {
      std::from_chars(argument.data() + kOption.size(), argument.data() + argument.size(), rounds);
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  return rounds;
}

}  // namespace

std::string name_in_round(const std::string& name, int round) {
  return name + "/round:" + std::to_string(round);
}

int run_benchmarks(int argc, char** argv, size_t megabytes, void (*add)(int rounds)) {
  const int rounds = take_rounds(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  start_eal(megabytes);
  benchmark::AddCustomContext("hugepages", has_hugepages() ? "yes" : "no");
  add(rounds);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace turnout::bench
