// Reads the filters' files again: at SIGHUP, and when an operator asks. With a hundred thousand prefixes that
// takes some tenths of a second, in a thread of its own, so that neither an answer nor, on a lone lcore, a
// packet waits for it. All else is the control thread's.
#pragma once

#include <sched.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "control/director.h"

namespace turnout {

class FilterReloader {
 public:
  /// Without errors: the filters are in force.
  using Done = std::function<void(const ConfigErrors& errors)>;

  /// `cpus`: where the thread may run; the control thread's own are one lcore's.
  FilterReloader(boost::asio::io_context& io, Director& director, const cpu_set_t& cpus)
      : io_(io), director_(director), cpus_(cpus) {}
  ~FilterReloader();  // waits for the thread; who asked is not told any more
  FilterReloader(const FilterReloader&) = delete;
  FilterReloader& operator=(const FilterReloader&) = delete;

  /// If one is under way, another follows it: the files may have changed since they were read.
  void reload(const Origin& by, Done done);

 private:
  struct Job {
    Origin by;
    std::vector<Done> asked;
  };
  void start(Job job);
  void end();

  boost::asio::io_context& io_;
  Director& director_;
  const cpu_set_t cpus_;
  std::thread thread_;
  std::optional<Job> current_;
  std::optional<Job> next_;
  Parsed<FilterPlan> planned_;  // written by the thread, read when it has been joined
};

}  // namespace turnout
