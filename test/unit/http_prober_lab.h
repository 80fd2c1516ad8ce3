// A server for checks of type http and https, and the way there: on the loopback, in the same thread.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/http_prober.h"
#include "test/support/test_config.h"

namespace turnout::http_prober_lab {

using Tcp = boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Tls = boost::asio::ssl::stream<Tcp::socket>;

/// Plain sockets to a server on the loopback, whatever the VIP.
class Loopback : public ProbeConnector {
 public:
  explicit Loopback(boost::asio::io_context& io) : io_(io) {}

  std::unique_ptr<ProbeConnection> open(const ProbeTarget&, uint16_t port, Unreachable tell) override {
    if (!refusal.empty()) throw ProbeFailure(refusal, "mend it");
    asked_port = port;
    unreachable = std::move(tell);
    Tcp::socket socket(io_, Tcp::v4());
    socket.non_blocking(true);
    ++opened;
    return std::make_unique<Connection>(*this, std::move(socket),
                                        Tcp::endpoint(boost::asio::ip::address_v4::loopback(), server_port));
  }
  size_t most() const override { return limit; }
  bool on_frame(size_t port, std::span<const uint8_t>) override { return port == 7; }

  uint16_t server_port = 0;
  size_t limit = 10;
  std::string refusal;
  uint16_t asked_port = 0;
  Unreachable unreachable;
  int opened = 0;
  int closed = 0;

 private:
  class Connection : public ProbeConnection {
   public:
    Connection(Loopback& owner, Tcp::socket opened, Tcp::endpoint remote)
        : ProbeConnection(std::move(opened), std::move(remote)), owner_(owner) {}
    void close() override {
      if (socket.is_open()) ++owner_.closed;
      ProbeConnection::close();
    }

   private:
    Loopback& owner_;
  };
  boost::asio::io_context& io_;
};

/// A self-signed certificate, made on the spot.
inline void put_certificate(boost::asio::ssl::context& context) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60 * 60 * 24 * 2);
  X509_gmtime_adj(X509_getm_notAfter(certificate), -60 * 60 * 24);  // and out of date
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  SSL_CTX_use_certificate(context.native_handle(), certificate);
  SSL_CTX_use_PrivateKey(context.native_handle(), key);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

/// Answers each connection with the same text as soon as it has a request, and closes it if told to.
class Server {
 public:
  explicit Server(boost::asio::io_context& io)
      : acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}),
        tls_(boost::asio::ssl::context::tls_server) {
    accept();
  }
  uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void speak_tls() {
    put_certificate(tls_);
    encrypts_ = true;
  }

  std::deque<std::string> answer;  // in parts, each sent once the one before has left
  bool closes = true;
  std::string request;
  std::string server_name;
  int connections = 0;

 private:
  struct Session {
    explicit Session(Tls opened) : stream(std::move(opened)) {}
    Tls stream;
    boost::asio::streambuf buffer;
    std::deque<std::string> rest;
  };
  using SessionPointer = std::shared_ptr<Session>;

  void accept() {
    acceptor_.async_accept([this](const ErrorCode& error, Tcp::socket socket) {
      if (error) return;
      ++connections;
      auto session = std::make_shared<Session>(Tls(std::move(socket), tls_));
      sessions_.push_back(session);
      if (encrypts_) {
        session->stream.async_handshake(Tls::server, [this, session](const ErrorCode& failed) {
          if (failed) return;
          const char* name = SSL_get_servername(session->stream.native_handle(), TLSEXT_NAMETYPE_host_name);
          server_name = name ? name : "";
          read(session);
        });
      } else {
        read(session);
      }
      accept();
    });
  }
  void read(const SessionPointer& session) {
    const auto then = [this, session](const ErrorCode& error, size_t) {
      if (error) return;
      request.assign(boost::asio::buffers_begin(session->buffer.data()),
                     boost::asio::buffers_end(session->buffer.data()));
      session->rest = answer;
      write(session);
    };
    if (encrypts_) {
      boost::asio::async_read_until(session->stream, session->buffer, "\r\n\r\n", then);
    } else {
      boost::asio::async_read_until(session->stream.next_layer(), session->buffer, "\r\n\r\n", then);
    }
  }
  void write(const SessionPointer& session) {
    if (session->rest.empty()) {
      if (closes) session->stream.next_layer().close();
      return;
    }
    const auto text = std::make_shared<std::string>(session->rest.front());
    session->rest.pop_front();
    const auto then = [this, session, text](const ErrorCode& error, size_t) {
      if (!error) write(session);
    };
    if (encrypts_) {
      boost::asio::async_write(session->stream, boost::asio::buffer(*text), then);
    } else {
      boost::asio::async_write(session->stream.next_layer(), boost::asio::buffer(*text), then);
    }
  }

  Tcp::acceptor acceptor_;
  boost::asio::ssl::context tls_;
  bool encrypts_ = false;
  std::vector<SessionPointer> sessions_;
};

/// What an HTTP server answers.
inline std::string page(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// A prober, and a server that it asks.
class HttpProberLab : public testing::Test {
 protected:
  HttpProberLab() {
    health_.type = HealthType::http;
    health_.timings.timeout = std::chrono::seconds(10);
    target_.service = web();
    target_.server = ip("192.0.2.11");
    loopback_.server_port = server_.port();
    server_.answer = {page("hello")};
    prober_.emplace(io_, loopback_);
  }

  void start() {
    prober_->start(target_, health_, [this](ProbeResult result) {
      ++told_;
      result_ = std::move(result);
    });
  }
  bool run_until(const std::function<bool()>& done) {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20); !done();) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(50));
    }
    return true;
  }
  ProbeResult check() {
    told_ = 0;
    start();
    EXPECT_EQ(told_, 0) << "not before start() has returned";
    EXPECT_TRUE(run_until([this] { return told_ > 0; }));
    EXPECT_EQ(loopback_.closed, loopback_.opened);
    io_.restart();
    io_.poll();
    EXPECT_EQ(told_, 1);
    return result_;
  }

  boost::asio::io_context io_;
  Server server_{io_};
  Loopback loopback_{io_};
  std::optional<HttpProber> prober_;
  ProbeTarget target_;
  HealthConfig health_;
  ProbeResult result_;
  int told_ = 0;
};

}  // namespace turnout::http_prober_lab
