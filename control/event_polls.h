// events.list: answers at once if there is something to tell, else holds the answer back until there is.
// Control thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <map>
#include <memory>

#include "control/event_log.h"
#include "control/json_rpc.h"

namespace turnout {

class EventPolls : public std::enable_shared_from_this<EventPolls> {
 public:
  /// As many as may be clients of the control socket (RpcLimits). One more is let wait, and the one that has
  /// waited longest is answered without an event: clients that are still there ask again.
  static constexpr size_t kMost = 256;

  static std::shared_ptr<EventPolls> make(EventLog& log, boost::asio::io_context& io);
  ~EventPolls();

  /// Throws the RpcError for parameters that are none.
  void list(const Json& params, RpcDispatcher::Result done);

  size_t waiting() const { return polls_.size(); }

 private:
  struct Wanted {
    uint64_t since;
    size_t limit;
    EventKinds kinds;
    uint64_t missed = 0;  // before `since`
  };
  struct Poll {
    Wanted wanted;
    RpcDispatcher::Result done;
    boost::asio::steady_timer deadline;
  };
  using Polls = std::map<uint64_t, Poll>;  // by number: the one that has waited longest first

  EventPolls(EventLog& log, boost::asio::io_context& io) : log_(log), io_(io) {}
  void wait(const Wanted& wanted, std::chrono::milliseconds time, RpcDispatcher::Result done);
  void answer(uint64_t number);
  EventLog::Page look(Wanted& wanted) const;
  void on_added();
  void answer_those_told();
  Json to_json(const EventLog::Page& page) const;

  EventLog& log_;
  boost::asio::io_context& io_;
  Polls polls_;
  uint64_t last_number_ = 0;
  bool is_waking_ = false;  // what was added is about to be told
};

}  // namespace turnout
