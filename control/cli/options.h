// The options that come with every command, taken out of the command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace turnout::cli {

inline constexpr const char* kDefaultSocket = "/run/turnout/control.sock";

struct GlobalOptions {
  std::string socket;
  bool json = false;
  bool help = false;
  bool version = false;
  std::vector<std::string> words;  // the rest, in order: the command, its arguments and options
};

/// `environment_socket` is TURNOUT_SOCKET. Throws UsageError.
GlobalOptions parse_global_options(const std::vector<std::string>& arguments,
                                   const std::optional<std::string>& environment_socket);

struct GlobalOption {
  std::string name;        // without its dashes
  std::string value_name;  // "" if it takes no value
  std::string help;
};
std::vector<GlobalOption> list_global_options();

std::string describe_global_options();

}  // namespace turnout::cli
