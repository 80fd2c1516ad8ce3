// The packet tests' own main(): EAL without hugepages, devices or root, and the test ports, once for all
// tests.
#include <gtest/gtest.h>
#include <sched.h>

#include <cstdio>
#include <exception>

#include "control/eal.h"
#include "control/log.h"
#include "test/packet/test_ports.h"

namespace {

/// Of those that this process may use: EAL refuses others.
int first_cpu() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) return cpu;
  }
  return 0;
}

turnout::Config eal_config() {
  turnout::Config config;
  config.eal.lcores = "0@" + std::to_string(first_cpu());
  config.eal.args = {"--no-huge", "-m", "256", "--no-pci", "--no-telemetry", "--no-shconf"};
  return config;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  turnout::set_log_level(turnout::LogLevel::error);
  try {
    const turnout::Eal eal(eal_config(), {});
    const turnout::TestPorts ports;
    return RUN_ALL_TESTS();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
