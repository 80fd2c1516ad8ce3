#include "control/http_check.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <limits>
#include <utility>

namespace turnout {
namespace {

namespace http = boost::beast::http;

constexpr int kHttp11 = 11;
constexpr uint32_t kHeaderBytes = 32 * 1024;
constexpr size_t kBufferBytes = 64 * 1024;  // a header and what came with it
constexpr size_t kPageBytes = 64 * 1024;    // so much of a page is looked at

http::request<http::empty_body> request_for(const ProbeTarget& target, const HealthConfig& health) {
  http::request<http::empty_body> request(http::verb::get, health.path, kHttp11);
  request.set(http::field::host, host_field(target.service, health));
  request.set(http::field::user_agent, "turnout/" TURNOUT_VERSION);
  request.set(http::field::accept, "*/*");
  request.set(http::field::connection, "close");
  return request;
}

}  // namespace

HttpCheck::HttpCheck(const Means& means, const ProbeTarget& target, const HealthConfig& health, Ended ended)
    : means_(means),
      target_(target),
      health_(health),
      ended_(std::move(ended)),
      timer_(means.io),
      request_(request_for(target, health)),
      buffer_(kBufferBytes) {}

template <typename Operation>
void HttpCheck::on_stream(Operation&& operation) {
  if (tls_) {
    operation(*tls_);
  } else {
    operation(connection_->socket);
  }
}

/// A handler that goes on with `next` if the check still does. It keeps the check, and so the stream.
template <typename Next>
auto HttpCheck::then(Next next) {
  return [self = shared_from_this(), next](const ErrorCode& error, auto&&...) {
    if (!self->finished_) (self.get()->*next)(error);
  };
}

void HttpCheck::start() {
  timer_.expires_after(health_.timings.timeout);
  timer_.async_wait([self = shared_from_this()](const ErrorCode& error) {
    if (!error && !self->finished_) self->on_timeout();
  });
}

void HttpCheck::begin() {
  if (finished_ || timer_.expiry() <= std::chrono::steady_clock::now()) return;  // it waited too long
  stage_ = HttpStage::connecting;
  try {
    const auto unreachable = [check = weak_from_this()](const ProbeResult& result) {
      const std::shared_ptr<HttpCheck> self = check.lock();
      if (self && self->stage_ == HttpStage::connecting) self->finish(result);
    };
    connection_ = means_.connector.open(target_, http_port(target_.service, health_), unreachable);
    connection_->socket.async_connect(connection_->to, then(&HttpCheck::on_connected));
  } catch (const ProbeFailure& failure) {
    finish({false, failure.what(), failure.hint});
  }
}

void HttpCheck::on_connected(const ErrorCode& error) {
  if (error) return fail(error);
  if (health_.type == HealthType::https) return encrypt();
  ask();
}

void HttpCheck::encrypt() {
  stage_ = HttpStage::encrypting;
  tls_.emplace(connection_->socket, means_.tls);
  if (std::string name = server_name(health_); !name.empty()) {
    // What SSL_set_tlsext_host_name() does; that is a macro with a cast of C's.
    SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  tls_->async_handshake(boost::asio::ssl::stream_base::client,
                        [self = shared_from_this()](const ErrorCode& error) {
                          if (self->finished_) return;
                          if (error) return self->fail(error);
                          self->ask();
                        });
}

void HttpCheck::ask() {
  stage_ = HttpStage::asking;
  on_stream([this](auto& stream) {
    http::async_write(stream, request_, [self = shared_from_this()](const ErrorCode& error, size_t) {
      if (self->finished_) return;
      if (error) return self->fail(error);
      self->read_header();
    });
  });
}

void HttpCheck::read_header() {
  parser_.emplace();
  parser_->header_limit(kHeaderBytes);
  parser_->body_limit(std::numeric_limits<uint64_t>::max());  // the rest of a long page is left unread
  on_stream([this](auto& stream) {
    http::async_read_header(stream, buffer_, *parser_, then(&HttpCheck::on_header));
  });
}

void HttpCheck::on_header(const ErrorCode& error) {
  if (error) return fail(error);
  const unsigned status = parser_->get().result_int();
  const bool is_interim = status / 100 == 1 && status != 101;  // 101: it would go on in another protocol
  if (is_interim) return read_header();                        // the answer comes after it (RFC 9110 15.2)
  ProbeResult result = judge_status();
  if (!result.passed || health_.expect.empty()) return finish(std::move(result));
  stage_ = HttpStage::reading;
  page_.resize(kPageBytes);
  read_page();
}

ProbeResult HttpCheck::judge_status() const {
  const auto& answer = parser_->get();
  const auto reason = answer.reason();
  return http_status(answer.result_int(), {reason.data(), reason.size()}, health_);
}

void HttpCheck::read_page() {
  if (parser_->is_done() || page_size_ == page_.size())
    return finish(http_lacks_text(page_size_, {}, health_));
  auto& room = parser_->get().body();
  room.data = page_.data() + page_size_;
  room.size = page_.size() - page_size_;
  on_stream(
      [this](auto& stream) { http::async_read_some(stream, buffer_, *parser_, then(&HttpCheck::on_page)); });
}

void HttpCheck::on_page(ErrorCode error) {
  if (error == http::error::need_buffer) error = {};  // the room is full
  const size_t before = page_size_;
  page_size_ = page_.size() - parser_->get().body().size;
  const size_t overlap = std::min(before, health_.expect.size());  // the text may have come in two parts
  const std::string_view read = std::string_view(page_).substr(0, page_size_);
  if (read.find(health_.expect, before - overlap) != read.npos) {
    return finish(judge_status());
  }
  if (error) return finish(http_lacks_text(page_size_, error, health_));
  read_page();
}

void HttpCheck::on_timeout() {
  const Loss loss = connection_ ? connection_->loss() : Loss::beyond;
  finish(http_silence(stage_, loss, target_, health_));
}

void HttpCheck::fail(const ErrorCode& error) {
  finish(http_fault(stage_, error, target_, health_));
}

void HttpCheck::finish(ProbeResult result) {
  if (finished_) return;
  if (connection_) result.from = connection_->answered_from();
  close();
  boost::asio::post(means_.io, [self = shared_from_this(), result = std::move(result)]() mutable {
    if (!self->abandoned_) self->ended_(self, std::move(result));
  });
}

void HttpCheck::abandon() {
  abandoned_ = true;
  close();
}

void HttpCheck::close() {
  finished_ = true;
  timer_.cancel();
  if (connection_) connection_->close();
}

}  // namespace turnout
