#include "control/event_polls.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cmath>
#include <utility>

#include "control/config_reader.h"
#include "control/methods.h"

namespace turnout {
namespace {

constexpr uint64_t kDefaultLimit = 1000;
constexpr double kLongestWait = 60;  // seconds

uint64_t read_number(const Json& params, const char* name, uint64_t absent, uint64_t most) {
  const auto found = params.find(name);
  if (found == params.end()) return absent;
  if (found->is_number_unsigned() && found->get<uint64_t>() <= most) return *found;
  const std::string upper = most == UINT64_MAX ? " up" : " to " + std::to_string(most);
  refuse(RpcCode::invalid_params, {{std::string("/") + name, "must be a whole number from 0" + upper}});
}

std::string all_names() {
  std::string names;
  for (size_t i = 0; i < static_cast<size_t>(EventKind::count); ++i)
    names.append(i == 0 ? "" : ", ").append(to_string(static_cast<EventKind>(i)));
  return names;
}

std::chrono::milliseconds read_wait(const Json& params) {
  const auto found = params.find("wait");
  if (found == params.end()) return std::chrono::milliseconds(0);
  const double seconds = found->is_number() ? found->get<double>() : -1;
  if (!(seconds >= 0 && seconds <= kLongestWait))
    refuse(RpcCode::invalid_params, {{"/wait", "must be a number of seconds from 0 to 60"}});
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

EventKinds read_kinds(const Json& params) {
  const auto found = params.find("kinds");
  if (found == params.end()) return all_event_kinds();
  if (!found->is_array()) refuse(RpcCode::invalid_params, {{"/kinds", "must be a list of kinds"}});
  EventKinds kinds;
  for (size_t i = 0; i < found->size(); ++i) {
    const Json& name = (*found)[i];
    const auto kind = name.is_string() ? parse_event_kind(name.get<std::string>()) : std::nullopt;
    if (!kind) {
      refuse(RpcCode::invalid_params, {{"/kinds/" + std::to_string(i),
                                        quote(name) + " is no kind of event; there are " + all_names()}});
    }
    kinds.set(static_cast<size_t>(*kind));
  }
  return kinds;
}

Json event_json(const EventLog::Entry& entry) {
  Json json = entry.event.fields;
  json["sequence"] = entry.sequence;
  json["time"] = to_text(entry.time);
  json["kind"] = to_string(entry.event.kind);
  json["severity"] = to_string(entry.event.severity);
  json["text"] = entry.event.text;
  return json;
}

}  // namespace

std::shared_ptr<EventPolls> EventPolls::make(EventLog& log, boost::asio::io_context& io) {
  const std::shared_ptr<EventPolls> polls(new EventPolls(log, io));
  log.set_listener([polls = polls.get()] { polls->on_added(); });
  return polls;
}

EventPolls::~EventPolls() {
  log_.set_listener(nullptr);
}

void EventPolls::list(const Json& params, RpcDispatcher::Result done) {
  allow_only(params, {"since", "limit", "kinds", "wait"});
  Wanted wanted{read_number(params, "since", 0, UINT64_MAX),
                static_cast<size_t>(read_number(params, "limit", kDefaultLimit, EventLog::kMost)),
                read_kinds(params), 0};
  const std::chrono::milliseconds time = read_wait(params);
  if (wanted.since > log_.last()) wanted.since = 0;  // of an earlier daemon: all of this one's are new
  const EventLog::Page page = look(wanted);
  if (!page.entries.empty() || wanted.limit == 0 || time == std::chrono::milliseconds::zero())
    return done(to_json(page));
  wait(wanted, time, std::move(done));
}

void EventPolls::wait(const Wanted& wanted, std::chrono::milliseconds time, RpcDispatcher::Result done) {
  if (polls_.size() == kMost) answer(polls_.begin()->first);
  const uint64_t number = ++last_number_;
  Poll& poll = polls_.emplace(number, Poll{wanted, std::move(done), boost::asio::steady_timer(io_, time)})
                   .first->second;
  poll.deadline.async_wait([weak = weak_from_this(), number](const boost::system::error_code& error) {
    const auto self = error ? nullptr : weak.lock();
    if (self) self->answer(number);
  });
}

void EventPolls::answer(uint64_t number) {
  auto poll = polls_.extract(number);  // first, as what is asked next may be put there
  if (poll.empty()) return;            // answered when its time had just run out
  poll.mapped().done(to_json(look(poll.mapped().wanted)));
}

/// What was looked through in vain needn't be again.
EventLog::Page EventPolls::look(Wanted& wanted) const {
  EventLog::Page page = log_.after(wanted.since, wanted.limit, wanted.kinds);
  page.missed += wanted.missed;
  if (page.entries.empty()) {
    wanted.since = page.next;
    wanted.missed = page.missed;
  }
  return page;
}

/// Later and once for all that is reported in one go: a change of the configuration may be many events, and
/// none of its steps is to be held up by clients.
void EventPolls::on_added() {
  if (polls_.empty() || std::exchange(is_waking_, true)) return;
  boost::asio::post(io_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->answer_those_told();
  });
}

void EventPolls::answer_those_told() {
  is_waking_ = false;
  std::vector<uint64_t> told;
  for (auto& [number, poll] : polls_) {
    if (!look(poll.wanted).entries.empty()) told.push_back(number);
  }
  for (const uint64_t number : told) answer(number);
}

Json EventPolls::to_json(const EventLog::Page& page) const {
  Json events = Json::array();
  for (const EventLog::Entry* entry : page.entries) events.push_back(event_json(*entry));
  return {{"events", std::move(events)},
          {"next", page.next},
          {"missed", page.missed},
          {"last", log_.last()},
          {"started", to_text(log_.started())}};
}

void add_event_methods(RpcDispatcher& dispatcher, EventLog& log, boost::asio::io_context& io) {
  dispatcher.add_slow("events.list",
                      [polls = EventPolls::make(log, io)](const Json& params, RpcDispatcher::Result done) {
                        polls->list(params, std::move(done));
                      });
}

}  // namespace turnout
