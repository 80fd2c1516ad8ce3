#include "control/config_saver.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "control/log.h"

namespace turnout {

ConfigSaver::ConfigSaver(boost::asio::io_context& io, std::filesystem::path file, const cpu_set_t& cpus,
                         Running loaded)
    : io_(io),
      file_(std::move(file)),
      cpus_(cpus),
      known_(std::make_shared<const Config>(loaded.config)),
      saved_generation_(loaded.generation) {}

ConfigSaver::~ConfigSaver() {
  if (thread_.joinable()) thread_.join();
}

ConfigSaver::Job ConfigSaver::job_of(const Running& running, bool over_edits) const {
  return {
      running.generation, {file_, std::make_shared<const Config>(running.config), nullptr, over_edits}, {}};
}

void ConfigSaver::save(const Running& running, Done done) {
  Job job = job_of(running, true);
  if (next_) job.asked = std::move(next_->asked);  // what runs now is what they will find in the file, too
  job.asked.push_back(std::move(done));
  next_ = std::move(job);
  if (!current_) start(*std::exchange(next_, std::nullopt));
}

void ConfigSaver::tick(Time now, const Running& running) {
  now_ = now;
  if (!running.config.autosave || running.generation == saved_generation_) return;
  if (current_ || now < next_autosave_) return;
  next_autosave_ = now + kLeastInterval;
  start(job_of(running, false));
}

void ConfigSaver::start(Job job) {
  job.order.known = known_;
  current_ = std::move(job);
  thread_ = std::thread([this, order = current_->order, number = ++jobs_] {
    ::pthread_setaffinity_np(::pthread_self(), sizeof cpus_, &cpus_);
    outcome_ = save_config(order);
    boost::asio::post(io_, [this, number] {
      if (current_ && number == jobs_) end();  // else finish() has waited for it
    });
  });
}

void ConfigSaver::end() {
  thread_.join();
  const Job job = *std::exchange(current_, std::nullopt);
  const SaveOutcome outcome = std::exchange(outcome_, {});
  if (outcome.failure.empty()) {
    known_ = job.order.running;
    saved_generation_ = job.generation;
  }
  report(job, outcome);
  for (const Done& done : job.asked) done(outcome);
  if (next_) start(*std::exchange(next_, std::nullopt));
}

void ConfigSaver::report(const Job& job, const SaveOutcome& outcome) {
  const std::string file = file_.string();
  for (const std::string& remark : outcome.remarks) log_warning(file + ": " + remark);
  if (outcome.changed) log_info(file + " saved: generation " + std::to_string(job.generation));
  if (outcome.failure.empty()) {
    fault_.clear();
  } else if (job.asked.empty()) {
    next_autosave_ = now_ + kRetryInterval;
    edited_ = outcome.edited;
    if (fault_ == outcome.failure) return;  // said already
    fault_ = outcome.failure;
    const Finding finding = findings({job.generation, *job.order.running}).front();
    log_error(file + ": " + finding.meaning + ": " + fault_ + ". " + finding.remedy);
  }
}

void ConfigSaver::finish(const Running& running) {
  while (current_) end();
  if (!running.config.autosave || running.generation == saved_generation_) return;
  start(job_of(running, false));
  end();
}

void ConfigSaver::file_applied(const Running& running) {
  known_ = std::make_shared<const Config>(running.config);
  saved_generation_ = running.generation;
  fault_.clear();
  next_autosave_ = {};
}

Findings ConfigSaver::findings(const Running& running) const {
  if (!running.config.autosave || fault_.empty()) return {};
  const std::string file = file_.string();
  if (edited_) {
    return {
        {Severity::warning, "autosave_paused", file,
         "changes over the socket are not saved to the file, which somebody has edited: a restart loses them",
         fault_,
         "`systemctl reload turnoutd` applies the file in place of what runs, `turnoutctl save` writes what "
         "runs over what was edited; `turnoutctl apply --dry-run FILE` says how they differ"}};
  }
  return {{Severity::warning, "autosave_failed", file,
           "changes over the socket are not saved to the file: a restart loses them", fault_,
           "mend what the reason names; it is tried again every " +
               std::to_string(std::chrono::duration_cast<std::chrono::seconds>(kRetryInterval).count()) +
               " seconds, and at once by `turnoutctl save`"}};
}

}  // namespace turnout
