// The latest events, each with its number and its time: as many as there is room for. Control thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "control/event.h"

namespace turnout {

class EventLog {
 public:
  using Time = std::chrono::system_clock::time_point;
  using Clock = std::function<Time()>;

  static constexpr size_t kMost = 4096;
  /// Of one kind, so that what repeats itself all the time, be it an attacker's doing, pushes out only its
  /// like.
  static constexpr size_t kMostOfAKind = kMost / 4;

  /// What is reported comes here as long as it lives. There is one at a time.
  explicit EventLog(Clock clock = std::chrono::system_clock::now);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  struct Entry {
    uint64_t sequence;  // from 1, without gaps
    Time time;
    Event event;
  };

  void add(Event event);

  struct Page {
    std::vector<const Entry*> entries;  // oldest first; valid until the next add()
    uint64_t next = 0;                  // what to give as `since` for those that follow
    uint64_t missed = 0;                // up to `next`, so many of any kind are no longer kept
  };
  Page after(uint64_t since, size_t limit, const EventKinds& kinds = all_event_kinds()) const;

  uint64_t last() const { return last_; }  ///< the newest event's number, 0 if there was none
  Time started() const { return started_; }

  /// Called after each add(), and must not report anything itself.
  void set_listener(std::function<void()> added) { added_ = std::move(added); }

 private:
  void forget(uint64_t sequence);

  Clock clock_;
  const Time started_;
  uint64_t last_ = 0;
  std::map<uint64_t, Entry> entries_;
  std::array<std::deque<uint64_t>, static_cast<size_t>(EventKind::count)> by_kind_;  // their numbers
  std::function<void()> added_;
};

/// ISO 8601 in UTC, to the millisecond: "2026-11-22T02:04:53.120Z".
std::string to_text(EventLog::Time time);

}  // namespace turnout
