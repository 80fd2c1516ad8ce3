// Who was kept out by a filter: the samples that workers take, for the operator's log and for who asks later.
// Control thread only.
#pragma once

#include <chrono>
#include <deque>
#include <string>

#include "control/filter_book.h"
#include "control/log.h"
#include "control/statistics.h"

namespace turnout {

class DenialLog {
 public:
  /// One packet, in words. Empty texts: not known any more.
  struct Entry {
    std::chrono::system_clock::time_point time;
    std::string filter;
    std::string list;    // "": the filter's default
    std::string prefix;  // likewise
    std::string protocol;
    std::string source;  // "198.51.100.7:51515"
    std::string destination;
    std::string event;  // "SYN", "ACK", …; "" if there is nothing to say
    std::string service;
    std::string port;
    std::string source_mac;
    uint32_t bytes = 0;  // of IP
    uint32_t nth = 0;    // of those that this worker denied in that second
    bool rejected = false;
  };

  /// What the texts are taken from.
  struct Names {
    const FilterBook& book;
    const Config& config;
    const Registry& registry;
  };

  static constexpr size_t kKept = 100;

  /// To be called every few milliseconds.
  void collect(Statistics& statistics, const Names& names);
  const std::deque<Entry>& entries() const { return entries_; }  ///< the oldest first

 private:
  void add(const Denial& denial, const Names& names);

  std::deque<Entry> entries_;
  LogLimiter limiter_{20, std::chrono::seconds(1)};
};

}  // namespace turnout
