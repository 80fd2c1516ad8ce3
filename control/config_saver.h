// Saves the running configuration: when an operator asks, and by itself if `control.autosave` is on.
//
// What takes long (reading the file, comparing, syncing it to the disk) is done by a thread of its own, so
// that neither an answer nor, on a lone lcore, a packet waits for a disk. All else is the control thread's.
#pragma once

#include <sched.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "control/config_save.h"
#include "control/finding.h"

namespace turnout {

class ConfigSaver {
 public:
  using Time = std::chrono::milliseconds;
  using Done = std::function<void(const SaveOutcome&)>;
  struct Running {
    uint64_t generation;
    const Config& config;
  };

  static constexpr Time kLeastInterval{1000};    // from one autosave to the next
  static constexpr Time kRetryInterval{10'000};  // after one that failed

  /// `loaded`: what runs, and what `file` was read as. `cpus`: where the thread may run; the control thread's
  /// own are one lcore's. `io` must outlast it.
  ConfigSaver(boost::asio::io_context& io, std::filesystem::path file, const cpu_set_t& cpus, Running loaded);
  ~ConfigSaver();  // waits for the save under way; who asked for one is not told any more
  ConfigSaver(const ConfigSaver&) = delete;
  ConfigSaver& operator=(const ConfigSaver&) = delete;

  /// Calls `done` once the file says what runs now, or can't be made to.
  void save(const Running& running, Done done);
  /// To be called every few milliseconds.
  void tick(Time now, const Running& running);
  /// What autosave has not yet saved is saved when it returns: before the file is read again, and at the end.
  void finish(const Running& running);
  /// The file was read again, and is what runs.
  void file_applied(const Running& running);

  Findings findings(const Running& running) const;

 private:
  struct Job {
    uint64_t generation = 0;
    SaveOrder order;
    std::vector<Done> asked;  // by whom; nobody: autosave
  };

  Job job_of(const Running& running, bool over_edits) const;
  void start(Job job);
  void end();
  void report(const Job& job, const SaveOutcome& outcome);

  boost::asio::io_context& io_;
  const std::filesystem::path file_;
  const cpu_set_t cpus_;
  std::shared_ptr<const Config> known_;  // what the file meant when it was last read or written
  uint64_t saved_generation_;

  std::thread thread_;
  std::optional<Job> current_;  // what the thread does
  SaveOutcome outcome_;         // written by the thread, read when it has been joined
  uint64_t jobs_ = 0;
  std::optional<Job> next_;  // asked for meanwhile

  Time now_{};
  Time next_autosave_{};
  std::string fault_;  // of the latest autosave; "": none
  bool edited_ = false;
};

}  // namespace turnout
