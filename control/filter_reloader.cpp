#include "control/filter_reloader.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <utility>

namespace turnout {

FilterReloader::~FilterReloader() {
  if (thread_.joinable()) thread_.join();
}

void FilterReloader::reload(const Origin& by, Done done) {
  Job job{by, {}};
  if (next_) job.asked = std::move(next_->asked);
  job.asked.push_back(std::move(done));
  if (current_) {
    next_ = std::move(job);
  } else {
    start(std::move(job));
  }
}

void FilterReloader::start(Job job) {
  current_ = std::move(job);
  thread_ = std::thread([this, filters = director_.config().filters] {
    ::pthread_setaffinity_np(::pthread_self(), sizeof cpus_, &cpus_);
    planned_ = load_and_plan(filters);
    boost::asio::post(io_, [this] { end(); });
  });
}

void FilterReloader::end() {
  thread_.join();
  Job job = *std::exchange(current_, std::nullopt);
  Parsed<FilterPlan> planned = std::exchange(planned_, {});
  const bool overtaken = planned.value && !director_.take_filters(std::move(*planned.value), job.by);
  if (overtaken) return start(std::move(job));  // the configuration has other filters by now
  for (const Done& done : job.asked) done(planned.errors);
  if (next_) start(*std::exchange(next_, std::nullopt));
}

}  // namespace turnout
