// turnoutd's command line.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "control/log.h"

namespace turnout {

struct Options {
  std::filesystem::path config;
  bool check = false;
  bool help = false;
  bool version = false;
  LogLevel log_level = LogLevel::info;
  std::vector<std::string> eal_args;  // after "--"
};

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws UsageError.
Options parse_options(int argc, const char* const* argv);
std::string usage();

}  // namespace turnout
