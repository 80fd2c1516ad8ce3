// turnoutd: the director.
#include <csignal>
#include <cstdio>
#include <exception>

#include "control/config_json.h"
#include "control/daemon.h"
#include "control/filter_plan.h"
#include "control/log.h"
#include "control/options.h"

namespace {

constexpr int kOk = 0, kCanNotStart = 1, kBadUsage = 2;

int run(const turnout::Options& options) {
  turnout::Parsed<turnout::Config> parsed = turnout::load_config(options.config);
  if (parsed.value) parsed.errors = turnout::load_filters(parsed.value->filters).errors;
  for (const turnout::ConfigError& error : parsed.errors) {
    turnout::log_error(options.config.string() + ": " + error.to_string());
  }
  if (!parsed.errors.empty()) return kBadUsage;
  if (options.check) {
    std::printf("%s: valid, %zu services\n", options.config.c_str(), parsed.value->services.size());
    return kOk;
  }
  turnout::run_daemon(options, std::move(*parsed.value));
  return kOk;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader of stdout or stderr that went away must not stop the director
  try {
    const turnout::Options options = turnout::parse_options(argc, argv);
    turnout::set_log_level(options.log_level);
    if (options.help) return std::fputs(turnout::usage().c_str(), stdout) < 0 ? kCanNotStart : kOk;
    if (options.version) return std::puts("turnoutd " TURNOUT_VERSION) < 0 ? kCanNotStart : kOk;
    return run(options);
  } catch (const turnout::UsageError& error) {
    std::fprintf(stderr, "turnoutd: %s\n\n%s", error.what(), turnout::usage().c_str());
    return kBadUsage;
  } catch (const std::exception& error) {
    turnout::log_error(error.what());
    return kCanNotStart;
  }
}
