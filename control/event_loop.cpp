#include "control/event_loop.h"

#include <systemd/sd-daemon.h>

#include <csignal>
#include <cstdio>

#include <rte_cycles.h>

#include "control/config_json.h"
#include "control/doctor.h"
#include "control/event.h"

namespace turnout {

using namespace std::chrono_literals;

namespace {

constexpr auto kUpkeepInterval = 1ms;  // an ARP request waits no longer for its answer
constexpr auto kLinkInterval = 500ms;
constexpr auto kLoadInterval = 1s;
constexpr auto kSharedInterval = 50us;  // between looks at timers and sockets on an lcore that also forwards
constexpr int kHandlersAtOnce = 4;      // a busy client must not keep that lcore from its queues

void report_refused(const std::string& file, const ConfigErrors& errors) {
  Json list = Json::array();
  for (const ConfigError& error : errors) {
    if (list.size() < kMostListed) list.push_back({{"pointer", error.pointer}, {"reason", error.reason}});
  }
  report({EventKind::config_refused,
          Severity::critical,
          file + " not applied: nothing changed",
          {{"file", file}, {"errors", std::move(list)}}});
}

}  // namespace

std::chrono::milliseconds steady_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

EventLoop::EventLoop(boost::asio::io_context& io, DaemonView& daemon, TickClock clock)
    : io_(io),
      daemon_(daemon),
      clock_(clock),
      upkeep_timer_(io),
      link_timer_(io),
      load_timer_(io),
      signals_(io, SIGTERM, SIGINT, SIGHUP),
      link_up_(daemon.devices.size(), false) {
  await_signal();
  upkeep();
  watch_links();
  watch_load();
}

void EventLoop::run(Worker* shared) {
  if (!shared) {
    io_.run();
    return;
  }
  const uint64_t interval = rte_get_tsc_hz() * static_cast<uint64_t>(kSharedInterval.count()) / 1'000'000;
  uint64_t next = 0;
  int handled = 0;  // as many as were allowed: more of them wait
  while (!io_.stopped()) {
    if (!shared->poll() && handled < kHandlersAtOnce) shared->rest();
    const uint64_t tsc = rte_rdtsc();
    if (tsc < next) continue;
    next = tsc + interval;
    for (handled = 0; handled < kHandlersAtOnce && io_.poll_one() > 0;) ++handled;
  }
}

ConfigSaver::Running EventLoop::running() const {
  return {daemon_.director.generation(), daemon_.director.config()};
}

void EventLoop::say_ready() {
  ready_ = true;
  std::puts("ready");
  std::fflush(stdout);
  sd_notify(0, "READY=1");
  record({EventKind::daemon_ready, Severity::info, "ready: packets are forwarded"});
}

void EventLoop::upkeep() {
  const auto now = steady_milliseconds();
  daemon_.director.tick(now, clock_.at(rte_rdtsc()));
  daemon_.saver->tick(now, running());
  if (!ready_ && !daemon_.director.starting()) say_ready();
  upkeep_timer_.expires_after(kUpkeepInterval);
  upkeep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) upkeep();
  });
}

void EventLoop::watch_links() {
  for (size_t port = 0; port < daemon_.devices.size(); ++port) {
    const LinkStatus link = daemon_.devices[port]->link();
    if (link.up == link_up_[port]) continue;
    link_up_[port] = link.up;
    const std::string& name = daemon_.director.config().ports[port].name;
    if (link.up) {
      const std::string speed = link.megabits > 0 ? ", " + std::to_string(link.megabits) + " Mbit/s" : "";
      report({EventKind::link_up,
              Severity::info,
              "port '" + name + "': link up" + speed,
              {{"port", name}, {"speed", link.megabits}}});
      daemon_.director.port_came_up(port, steady_milliseconds());
    } else {
      report({EventKind::link_down, Severity::warning, "port '" + name + "': link down", {{"port", name}}});
      daemon_.director.port_went_down(port, steady_milliseconds());
    }
  }
  link_timer_.expires_after(kLinkInterval);
  link_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) watch_links();
  });
}

void EventLoop::watch_load() {
  LoadSample sample = sample_load(daemon_);
  daemon_.rebalancer->tick(sample.workers);
  daemon_.trends.add(std::move(sample));
  load_timer_.expires_after(kLoadInterval);
  load_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) watch_load();
  });
}

void EventLoop::await_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal != SIGHUP) {
      log_info(std::string("stopping on ") + (signal == SIGTERM ? "SIGTERM" : "SIGINT"));
      sd_notify(0, "STOPPING=1");
      io_.stop();
      return;
    }
    reload();
    await_signal();
  });
}

/// What the configuration says of filters may be the same, and their files may not.
void EventLoop::reread_filters() {
  if (daemon_.director.config().filters.empty()) return;
  daemon_.filters->reload({"SIGHUP", {}}, [this](const ConfigErrors& errors) {
    for (const ConfigError& error : errors)
      log_error(daemon_.config_file.string() + ": " + error.to_string());
    if (!errors.empty()) report_refused(daemon_.config_file.string(), errors);
  });
}

void EventLoop::reload() {
  const std::string file = daemon_.config_file.string();
  sd_notify(0, "RELOADING=1");
  daemon_.saver->finish(running());
  Parsed<Config> parsed = load_config(daemon_.config_file);
  ConfigErrors errors = std::move(parsed.errors);
  if (parsed.value) {
    const bool has_new_filters = parsed.value->filters != daemon_.director.config().filters;
    try {
      const Director::Applied applied =
          daemon_.director.apply(std::move(*parsed.value), false, steady_milliseconds(), {"SIGHUP", {}});
      daemon_.saver->file_applied(running());
      if (!has_new_filters) reread_filters();  // else they were read just now
      log_info(file + " applied: " + std::to_string(applied.changes.size()) + " changes, generation " +
               std::to_string(applied.generation));
    } catch (const ConfigRefused& refused) {
      errors = refused.errors;
    }
  }
  for (const ConfigError& error : errors) log_error(file + ": " + error.to_string());
  if (!errors.empty()) report_refused(file, errors);
  sd_notify(0, "READY=1");
}

}  // namespace turnout
