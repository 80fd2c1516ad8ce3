#include "control/event_log.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

namespace turnout {
EventLog::EventLog(Clock clock) : clock_(std::move(clock)), started_(clock_()) {
  set_event_log(this);
}

EventLog::~EventLog() {
  set_event_log(nullptr);
}

void EventLog::add(Event event) {
  event.text = shortened(std::move(event.text));
  std::deque<uint64_t>& like = by_kind_[static_cast<size_t>(event.kind)];
  if (like.size() == kMostOfAKind) forget(like.front());
  if (entries_.size() == kMost) forget(entries_.begin()->first);
  const uint64_t sequence = ++last_;
  like.push_back(sequence);
  entries_.emplace_hint(entries_.end(), sequence, Entry{sequence, clock_(), std::move(event)});
  if (added_) added_();
}

/// The oldest of its kind.
void EventLog::forget(uint64_t sequence) {
  const auto place = entries_.find(sequence);
  by_kind_[static_cast<size_t>(place->second.event.kind)].pop_front();
  entries_.erase(place);
}

EventLog::Page EventLog::after(uint64_t since, size_t limit, const EventKinds& kinds) const {
  Page page;
  page.next = since;
  uint64_t kept = 0;
  for (auto place = entries_.upper_bound(since); place != entries_.end() && page.entries.size() < limit;
       ++place) {
    const Entry& entry = place->second;
    ++kept;
    page.next = entry.sequence;
    if (kinds.test(static_cast<size_t>(entry.event.kind))) page.entries.push_back(&entry);
  }
  page.missed = page.next - since - kept;
  return page;
}

std::string to_text(EventLog::Time time) {
  using namespace std::chrono;
  const auto whole = floor<seconds>(time);
  const std::time_t since_epoch = system_clock::to_time_t(whole);
  std::tm utc{};
  gmtime_r(&since_epoch, &utc);
  std::array<char, 32> day{}, all{};
  std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(all.data(), all.size(), "%.19s.%03dZ", day.data(),
                static_cast<int>(duration_cast<milliseconds>(time - whole).count()));
  return all.data();
}

}  // namespace turnout
