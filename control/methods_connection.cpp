// connection.list
#include <boost/asio/post.hpp>

#include "control/connection_filter.h"
#include "control/connection_row.h"
#include "control/methods.h"

namespace turnout {

namespace {

// Between other work: half a megabyte to look at, or some 0.3 ms of rows to make.
constexpr uint64_t kSliceBuckets = 8192;
constexpr size_t kSliceRows = 128;

constexpr size_t kDefaultLimit = 1000;
constexpr size_t kMaxLimit = 100'000;  // some 20 MB of text
// A page ends here even if nothing was found, so that whoever waits for it learns how far the walk has come.
constexpr uint64_t kPageBuckets = 1u << 20;

/// What was asked for.
struct Request {
  ConnectionFilter filter;
  size_t limit = kDefaultLimit;  // rows
  bool in_pages = false;         // with a cursor: the answer says where the next page begins
  uint64_t cursor = 0;
};

uint64_t read_number(const Json& params, const char* name, uint64_t least, uint64_t most,
                     const std::string& remark = "") {
  const Json& value = params.at(name);
  if (value.is_number_unsigned() && value.get<uint64_t>() >= least && value.get<uint64_t>() <= most)
    return value.get<uint64_t>();
  refuse(RpcCode::invalid_params,
         {{"/" + std::string(name),
           "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most) + remark}});
}

Request read_request(const Json& params, const DaemonView& daemon) {
  allow_only(params, {"service", "server", "client", "state", "limit", "cursor"});
  Request request{.filter = ConnectionFilter::read(params, daemon)};
  request.in_pages = params.contains("cursor");
  if (request.in_pages) {
    request.cursor = read_number(params, "cursor", 0, ConnectionWalk::end_of(daemon.director.tables()),
                                 ": 0 at first, then what `next` of the page before says");
  }
  if (params.contains("limit")) {
    constexpr uint64_t kBucket = ConnectionWalk::kBucketEntries;
    request.limit = request.in_pages
                        ? read_number(params, "limit", kBucket, kMaxLimit, ": a page is whole buckets of 4")
                        : read_number(params, "limit", 1, kMaxLimit);
  }
  return request;
}

/// One answer: a walk through the tables, a slice at a time. Keeps itself alive until it has answered.
class Listing : public std::enable_shared_from_this<Listing> {
 public:
  Listing(DaemonView& daemon, boost::asio::io_context& io, const Json& params, RpcDispatcher::Result done)
      : director_(daemon.director),
        io_(io),
        request_(read_request(params, daemon)),
        done_(std::move(done)),
        walk_(director_.tables(), request_.cursor) {}

  void run() {
    const uint64_t last = walk_.position() + kSliceBuckets;
    const size_t enough = rows_.size() + kSliceRows;
    while (!has_ended() && walk_.position() < last && rows_.size() < enough) {
      walk_.step([this](const WalkedFlow& flow, ConnectionValue value) {
        if (rows_.size() < request_.limit) add(flow, value);
      });
    }
    if (has_ended()) return answer();
    boost::asio::post(io_, [self = shared_from_this()] { self->run(); });
  }

 private:
  /// A page's next bucket must have room in it: what is left out of a bucket would never be shown.
  bool has_ended() const {
    if (walk_.at_end()) return true;
    if (!request_.in_pages) return rows_.size() >= request_.limit;
    return rows_.size() + ConnectionWalk::kBucketEntries > request_.limit ||
           walk_.position() >= request_.cursor + kPageBuckets;
  }

  void answer() {
    if (!request_.in_pages) return done_(std::move(rows_));
    const Json next = walk_.at_end() ? Json(nullptr) : Json(walk_.position());
    done_({{"connections", std::move(rows_)}, {"next", next}});
  }

  void add(const WalkedFlow& flow, ConnectionValue value) {
    const Snapshot& snapshot = director_.snapshot();
    if (!snapshot.owns(value)) return;  // its server is gone: not a connection any more
    const Registry::Holder& holder = director_.registry().holder(value.server());
    if (!request_.filter.wants(flow.client, value, holder)) return;
    if (expires_in(value, director_.now(), snapshot.timeouts) < 0) return;
    rows_.push_back(connection_row(flow, value, director_));
  }

  const Director& director_;
  boost::asio::io_context& io_;
  const Request request_;
  const RpcDispatcher::Result done_;
  ConnectionWalk walk_;
  Json rows_ = Json::array();
};

}  // namespace

void add_connection_methods(RpcDispatcher& dispatcher, DaemonView& daemon, boost::asio::io_context& io) {
  dispatcher.add_slow("connection.list", [&daemon, &io](const Json& params, RpcDispatcher::Result done) {
    std::make_shared<Listing>(daemon, io, params, std::move(done))->run();
  });
}

}  // namespace turnout
