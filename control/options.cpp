#include "control/options.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <sstream>
#include <string_view>

namespace turnout {

namespace {

namespace po = boost::program_options;

po::options_description describe() {
  po::options_description options("Options");
  options.add_options()("config,c", po::value<std::string>()->value_name("FILE"),
                        "the configuration (JSON with comments)")(
      "check", "read and check the configuration, touch no device, exit 0 or 2")(
      "log-level", po::value<std::string>()->value_name("LEVEL")->default_value("info"),
      "error, warning, info or debug")("version", "print the version")("help,h", "print this");
  return options;
}

}  // namespace

std::string usage() {
  std::ostringstream out;
  out << "Usage: turnoutd --config FILE [--check] [--log-level LEVEL] [-- EAL ARGS…]\n\n"
         "Turnout's director: forwards what arrives for its virtual services to their real servers (Direct "
         "Routing).\n"
         "Runs in the foreground; prints `ready` once it forwards. SIGTERM and SIGINT stop it, SIGHUP reads "
         "FILE again.\n\n"
      << describe() << "\nExit: 0 stopped or checked, 1 could not start, 2 bad usage or configuration.\n"
      << "Example: turnoutd --config /etc/turnout/turnout.json --check\n";
  return out.str();
}

Options parse_options(int argc, const char* const* argv) {
  const char* const* end = argv + argc;
  const char* const* separator = std::find(argv, end, std::string_view("--"));
  Options options;
  if (separator != end) options.eal_args.assign(separator + 1, end);

  po::variables_map values;
  try {
    const auto before = static_cast<int>(separator - argv);
    const po::options_description known = describe();
    const po::positional_options_description none;
    po::store(po::command_line_parser(before, argv).options(known).positional(none).run(), values);
    po::notify(values);
  } catch (const po::error& error) {
    throw UsageError(error.what());
  }
  options.help = values.count("help") > 0;
  options.version = values.count("version") > 0;
  options.check = values.count("check") > 0;
  const std::string level = values["log-level"].as<std::string>();
  const std::optional<LogLevel> parsed = parse_log_level(level);
  if (!parsed) throw UsageError("--log-level '" + level + "': use error, warning, info or debug");
  options.log_level = *parsed;
  if (values.count("config") > 0) {
    options.config = values["config"].as<std::string>();
  } else if (!options.help && !options.version) {
    throw UsageError("--config FILE is missing");
  }
  return options;
}

}  // namespace turnout
