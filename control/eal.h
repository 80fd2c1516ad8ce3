// DPDK's Environment Abstraction Layer, from start to clean-up.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "control/config.h"

namespace turnout {

/// What keeps the daemon from starting: the message names the thing, the reason and the remedy.
struct StartError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Eal {
 public:
  /// `extra`: EAL arguments from the command line, after those of the configuration. Throws StartError. EAL's
  /// own messages go through log(): its errors as errors, the rest as debug.
  Eal(const Config& config, const std::vector<std::string>& extra);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  unsigned control_lcore() const;
  /// Without one of its own for workers, the control lcore works too.
  const std::vector<unsigned>& worker_lcores() const { return worker_lcores_; }

  /// The arguments EAL is given, without the program's name.
  static std::vector<std::string> arguments(const Config& config, const std::vector<std::string>& extra);

 private:
  std::vector<std::string> storage_;  // EAL keeps pointers into its argv
  std::vector<unsigned> worker_lcores_;
};

}  // namespace turnout
