#include "control/rpc_session.h"

#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <utility>

namespace turnout {
namespace {

namespace asio = boost::asio;

constexpr size_t kKeptBytes = 1u << 20;  // of an input buffer that a large request grew
constexpr size_t kLineEndBytes = 2;      // "\r\n"

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// Who connected; a client that hands its end on to another process is answerable for what that one sends.
Caller caller_of(asio::local::stream_protocol::socket& socket, const std::shared_ptr<const void>& session) {
  ucred peer{};
  socklen_t size = sizeof peer;
  Caller caller{.session = session};
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return caller;
  caller.uid = peer.uid;
  caller.pid = peer.pid;
  return caller;
}

}  // namespace

RpcServer::Session::Session(Socket socket, const RpcDispatcher& dispatcher, const RpcLimits& limits,
                            Closed closed)
    : socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      dispatcher_(dispatcher),
      limits_(limits),
      on_closed_(std::move(closed)),
      caller_(caller_of(socket_, alive_)) {}

void RpcServer::Session::close() {
  if (closed_) return;
  closed_ = true;
  alive_.reset();
  deadline_.cancel();
  ErrorCode ignored;
  socket_.close(ignored);
  on_closed_(shared_from_this());
}

void RpcServer::Session::await_request() {
  if (closed_) return;
  if (last_) return close();
  if (!input_.empty()) return read_line();
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](ErrorCode error) {
    if (self->closed_) return;
    if (error) return self->close();
    self->read_line();
  });
}

void RpcServer::Session::read_line() {
  set_deadline(limits_.half_request_seconds, &Session::stop_waiting);
  asio::async_read_until(
      socket_, asio::dynamic_buffer(input_, limits_.line_bytes + kLineEndBytes), '\n',
      [self = shared_from_this()](ErrorCode error, size_t bytes) { self->on_line(error, bytes); });
}

void RpcServer::Session::stop_waiting() {
  ErrorCode ignored;
  socket_.cancel(ignored);
}

void RpcServer::Session::on_line(ErrorCode error, size_t bytes) {
  if (closed_) return;
  clear_deadline();
  if (error == asio::error::operation_aborted) {
    return refuse("request not finished within " + std::to_string(limits_.half_request_seconds) +
                  " s: end it with a newline");
  }
  if (error == asio::error::eof) {  // it may still read; what it sent without a newline is its last request
    last_ = true;
    bytes = input_.size();
  } else if (error && error != asio::error::not_found) {
    return close();
  }
  const std::string_view line = without_line_end(std::string_view(input_).substr(0, bytes));
  if (error == asio::error::not_found || line.size() > limits_.line_bytes) {
    return refuse("request longer than " + std::to_string(limits_.line_bytes) + " bytes");
  }
  const bool blank = is_blank(line);
  if (!blank) handle(line);
  consume(bytes);
  if (blank) await_request();
}

void RpcServer::Session::handle(std::string_view line) {
  asked_ = true;
  // An answer may come long after the client has gone; then there is no session to lock.
  dispatcher_.dispatch(
      line,
      [weak = weak_from_this()](std::string response) {
        if (const auto self = weak.lock()) self->respond(std::move(response));
      },
      caller_);
  if (asked_) watch_for_end();
}

/// A client that only sends no more (shutdown) still reads: that is no end.
void RpcServer::Session::watch_for_end() {
  socket_.async_wait(Socket::wait_error, [self = shared_from_this()](ErrorCode error) {
    if (!error && self->asked_) self->close();
  });
}

void RpcServer::Session::consume(size_t bytes) {
  input_.erase(0, bytes);
  if (input_.capacity() > kKeptBytes) input_.shrink_to_fit();
}

void RpcServer::Session::respond(std::string line) {
  if (closed_) return;
  if (std::exchange(asked_, false)) stop_waiting();
  if (line.empty()) {  // a notification; later, because its line is still in the buffer
    return asio::post(socket_.get_executor(), [self = shared_from_this()] { self->await_request(); });
  }
  output_ = std::move(line);
  output_ += '\n';
  written_ = 0;
  write_rest();
}

void RpcServer::Session::refuse(const std::string& reason) {
  last_ = true;
  input_ = {};
  respond(rpc_error_line(RpcCode::invalid_request, reason));
}

void RpcServer::Session::write_rest() {
  set_deadline(limits_.write_seconds, &Session::close);  // anew whenever the client has read something
  socket_.async_write_some(
      asio::buffer(output_.data() + written_, output_.size() - written_),
      [self = shared_from_this()](ErrorCode error, size_t bytes) { self->on_written(error, bytes); });
}

void RpcServer::Session::on_written(ErrorCode error, size_t bytes) {
  if (closed_) return;
  clear_deadline();
  if (error) return close();
  written_ += bytes;
  if (written_ < output_.size()) return write_rest();
  output_ = {};
  await_request();
}

void RpcServer::Session::set_deadline(unsigned seconds, void (Session::*expired)()) {
  deadline_.expires_after(std::chrono::seconds(seconds));
  deadline_.async_wait([self = shared_from_this(), expired](ErrorCode error) {
    // Its expiry may have been queued before the deadline was cleared or set anew.
    const bool outdated = self->deadline_.expiry() > std::chrono::steady_clock::now();
    if (!error && !outdated && !self->closed_) ((*self).*expired)();
  });
}

void RpcServer::Session::clear_deadline() {
  deadline_.expires_at(std::chrono::steady_clock::time_point::max());
}

}  // namespace turnout
