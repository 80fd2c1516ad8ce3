// capture.start, capture.read, capture.stop and capture.list. One capture runs at a time, and belongs to the
// client that started it: it ends with the client's connection. Control thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "control/capture.h"
#include "control/finding.h"
#include "control/json_rpc.h"

namespace turnout {

class Captures : public std::enable_shared_from_this<Captures> {
 public:
  Captures(DaemonView& daemon, boost::asio::io_context& io) : daemon_(daemon), timer_(io) {}

  /// All throw the RpcError for what can't be done.
  Json start(const Json& params, const Caller& caller);
  void read(const Json& params, RpcDispatcher::Result done);  ///< answers when there is something to read
  Json stop(const Json& params);
  Json list() const;

  bool is_active() const { return capture_ && !capture_->ended(); }
  uint64_t captured() const { return captured_before_ + (capture_ ? capture_->captured() : 0); }  ///< of all
  uint64_t missed() const { return missed_before_ + (capture_ ? capture_->missed() : 0); }  ///< likewise
  Findings findings() const;

 private:
  struct Reader {
    RpcDispatcher::Result done;
    std::chrono::steady_clock::time_point deadline;
  };
  Capture& capture_of(const Json& params) const;
  void refuse_second() const;
  void watch();
  void look();
  void answer();
  void forget();

  DaemonView& daemon_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<Capture> capture_;
  std::string by_;
  std::weak_ptr<const void> session_;
  std::optional<Reader> reader_;
  uint64_t last_number_ = 0;
  uint64_t captured_before_ = 0, missed_before_ = 0;  // by captures that are over
};

}  // namespace turnout
