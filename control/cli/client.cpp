#include "control/cli/client.h"

#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "control/cli/errors.h"
#include "control/cli/format.h"

namespace turnout::cli {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
namespace errc = boost::system::errc;

constexpr size_t kLongestAnswer = size_t{256} << 20;  // bytes; 100,000 connections take about 20 MB

std::string remedy_for(const error_code& error) {
  if (error == errc::permission_denied)
    return "Run it as root, or as a member of the socket's group (ls -l shows which).";
  if (error == errc::no_buffer_space)
    return "Too many clients are waiting for it: try again.";  // its backlog is full
  return "Is turnoutd running? See: systemctl status turnoutd. If its socket is elsewhere: --socket PATH.";
}

std::string describe(const std::string& path, const error_code& error) {
  std::string reason = error.message();
  if (error == errc::connection_refused) reason += " (the file is there, but nobody listens on it)";
  if (error == asio::error::eof) reason = "it closed the connection without an answer";
  if (error == asio::error::not_found) reason = "it answered with more than 256 MiB";
  return "can't reach turnoutd on " + printable(path) + ": " + reason + ".\n" + remedy_for(error);
}

}  // namespace

RpcClient::RpcClient(std::string path, std::chrono::milliseconds timeout, int interrupt)
    : path_(std::move(path)), timeout_(timeout) {
  if (interrupt >= 0) interrupt_.assign(::dup(interrupt));
  connect();
}

void RpcClient::heed_interrupt() {
  if (!interrupt_.is_open()) return;
  interrupt_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code error) {
    if (error) return;
    interrupted_ = true;
    io_.stop();
  });
}

/// Runs one asynchronous step to its end, or throws when the time is over.
error_code RpcClient::finish(const std::function<void(Done)>& start) {
  error_code result;
  bool done = false;
  start([&](error_code error) {
    result = error;
    done = true;
    io_.stop();
  });
  heed_interrupt();
  io_.restart();
  io_.run_for(timeout_);
  error_code ignored;
  if (interrupt_.is_open()) interrupt_.cancel(ignored);
  if (done) return result;

  socket_.close();
  io_.restart();
  io_.run();  // lets the step end, with "aborted", while its variables still live
  if (interrupted_) throw Interrupted();
  const auto waited = std::chrono::duration_cast<std::chrono::seconds>(timeout_).count();
  throw NoDaemon("no answer on " + printable(path_) + " within " + std::to_string(waited) +
                 " s.\nIs turnoutd stuck? See: systemctl status turnoutd. A change that was asked for may "
                 "still happen.");
}

void RpcClient::connect() {
  try {
    const asio::local::stream_protocol::endpoint endpoint(path_);  // throws if the path is too long
    const error_code error = finish([&](Done done) { socket_.async_connect(endpoint, std::move(done)); });
    if (error) throw NoDaemon(describe(path_, error));
  } catch (const boost::system::system_error& failure) {
    throw NoDaemon(describe(path_, failure.code()));
  }
}

Json RpcClient::call(const std::string& method, const Json& params) {
  const int id = ++last_id_;
  const Json request = {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}};
  return result_of(exchange(request.dump() + '\n'), id);
}

std::string RpcClient::exchange(const std::string& line) {
  error_code error = finish([&](Done done) {
    asio::async_write(socket_, asio::buffer(line), [done](error_code e, size_t) { done(e); });
  });
  // A daemon with too many clients, or that finds the request too long, says so and closes: its answer can be
  // there.
  const bool may_have_answered = error == errc::broken_pipe || error == errc::connection_reset;
  if (error && !may_have_answered) throw NoDaemon(describe(path_, error));

  size_t length = 0;
  error = finish([&](Done done) {
    asio::async_read_until(socket_, asio::dynamic_buffer(received_, kLongestAnswer), '\n',
                           [done, &length](error_code e, size_t bytes) {
                             length = bytes;
                             done(e);
                           });
  });
  if (error) throw NoDaemon(describe(path_, error));
  std::string answer = received_.substr(0, length);
  received_.erase(0, length);
  return answer;
}

Json RpcClient::result_of(const std::string& line, int id) const {
  const Json answer = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  const Json& error = member(answer, "error");
  if (error.is_object()) throw Refused(error);
  if (!answer.is_object() || !answer.contains("result") || member(answer, "id") != Json(id)) {
    throw NoDaemon("what answers on " + printable(path_) +
                   " doesn't speak turnoutd's JSON-RPC.\nGive turnoutd's socket: --socket PATH.");
  }
  return answer["result"];
}

}  // namespace turnout::cli
