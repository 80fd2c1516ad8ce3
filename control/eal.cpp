#include "control/eal.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <stdexcept>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include "control/eal_log.h"

namespace turnout {

namespace {

bool has_argument(const std::vector<std::string>& arguments, std::initializer_list<std::string_view> names) {
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
      return argument == name || argument.starts_with(std::string(name) + "=");
    });
  });
}

/// The first lcore of a list in --lcores' syntax: "3,1" → 3, "(0-1)@2" → 0.
std::string first_lcore(const std::string& lcores) {
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const auto begin = std::find_if(lcores.begin(), lcores.end(), digit);
  return {begin, std::find_if_not(begin, lcores.end(), digit)};
}

bool is_pci_address(const std::string& device) {
  return std::count(device.begin(), device.end(), ':') >= 1 && device.find('.') != std::string::npos &&
         std::all_of(device.begin(), device.end(), [](char c) {
           return std::isxdigit(static_cast<unsigned char>(c)) || c == ':' || c == '.';
         });
}

std::string remedy(int error, bool huge) {
  if (error == EACCES || error == EPERM)
    return "run as root, or give the user access to the devices and hugepages";
  if (error == ENOMEM || error == ENOENT) {
    return huge ? "free hugepages are missing: `sysctl vm.nr_hugepages=1024` makes 2 GiB of them; "
                  "\"--in-memory\" in eal.args "
                  "does without a mounted hugetlbfs, \"--no-huge\" without hugepages, slower"
                : "ask for less memory with -m, or free some";
  }
  if (error == EALREADY) return "another program has initialised DPDK in this process";
  return "see eal.lcores and eal.args in the configuration, and --log-level debug for all that DPDK says";
}

/// EAL prints its usage on stdout when an argument is bad. Our stdout is for `ready`.
class StdoutToStderr {
 public:
  StdoutToStderr() : saved_(dup(STDOUT_FILENO)) { dup2(STDERR_FILENO, STDOUT_FILENO); }
  ~StdoutToStderr() {
    std::fflush(stdout);
    dup2(saved_, STDOUT_FILENO);
    close(saved_);
  }
  StdoutToStderr(const StdoutToStderr&) = delete;
  StdoutToStderr& operator=(const StdoutToStderr&) = delete;

 private:
  int saved_;
};

int start_eal(std::vector<char*>& argv) {
  const StdoutToStderr redirected;
  return rte_eal_init(static_cast<int>(argv.size()), argv.data());
}

}  // namespace

std::vector<std::string> Eal::arguments(const Config& config, const std::vector<std::string>& extra) {
  std::vector<std::string> all = config.eal.args;
  all.insert(all.end(), extra.begin(), extra.end());
  std::vector<std::string> arguments{"--lcores=" + config.eal.lcores};
  if (!has_argument(all, {"--main-lcore", "--master-lcore"})) {
    arguments.push_back("--main-lcore=" + first_lcore(config.eal.lcores));
  }
  if (!has_argument(all, {"--file-prefix", "--in-memory", "--no-shconf"})) {
    arguments.push_back("--file-prefix=turnout");
  }
  if (!has_argument(all, {"-a", "--allow", "-b", "--block", "--no-pci"})) {
    for (const PortConfig& port :
         config.ports) {  // EAL would otherwise take every device that is bound to it
      if (is_pci_address(port.device)) arguments.insert(arguments.end(), {"-a", port.device});
    }
  }
  arguments.insert(arguments.end(), all.begin(), all.end());
  return arguments;
}

Eal::Eal(const Config& config, const std::vector<std::string>& extra) {
  storage_ = {"turnoutd"};
  for (std::string& argument : arguments(config, extra)) storage_.push_back(std::move(argument));
  std::vector<char*> argv;
  for (std::string& argument : storage_) argv.push_back(argument.data());
  capture_dpdk_log();
  if (start_eal(argv) < 0) {
    const std::string said = recent_dpdk_errors();
    throw StartError("DPDK did not start: " + (said.empty() ? std::string(rte_strerror(rte_errno)) : said) +
                     ": " + remedy(rte_errno, !has_argument(storage_, {"--no-huge"})));
  }
  unsigned lcore;
  RTE_LCORE_FOREACH_WORKER(lcore) worker_lcores_.push_back(lcore);
}

Eal::~Eal() {
  rte_eal_cleanup();
}

unsigned Eal::control_lcore() const {
  return rte_get_main_lcore();
}

}  // namespace turnout
