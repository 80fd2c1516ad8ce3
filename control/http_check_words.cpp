#include "control/http_check_words.h"

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/http/error.hpp>

#include "control/address.h"
#include "control/probe_text.h"

namespace turnout {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;
constexpr size_t kLongestWords = 100;  // of others' words in a reason

/// The host without a port; an IPv6 address without brackets.
std::string bare_host(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return parse_address(host) ? host : host.substr(0, host.find(':'));
}

bool says_a_port(const std::string& host) {
  if (host.starts_with('[')) return !host.ends_with(']');
  return !parse_address(host) && host.find(':') != host.npos;
}

std::string reset_hint(const HealthConfig& health) {
  return "the program that listens there broke it off: its own log says why, and whether " +
         to_string(health.type) + " is what it speaks";
}

std::string silent_server(const ProbeTarget& target) {
  const std::string vip = target.service.vip.to_string();
  return target.server.to_string() + " may lack the VIP (`ip address show to " + vip +
         "` there, or `scripts/real-server check " + vip +
         "`), or a packet filter of it drops what is for it";
}

ProbeResult no_syn_ack(Loss loss, const ProbeTarget& target) {
  const std::string filter =
      "a packet filter of the director's host drops packets on the interface turnout-health (`nft list "
      "ruleset`)";
  switch (loss) {
    case Loss::here:
      return {false, "no SYN was sent", filter};
    case Loss::on_return:
      return {false, "the SYN was answered, but the director's host did not take the answer",
              filter + ", or the checksum is unfinished, as between namespaces (`ethtool -K IFACE tx off`)"};
    default:
      return {false, "no answer to SYN", silent_server(target), ProbeShape::silent};
  }
}

bool is_tls(const boost::system::error_code& error) {
  return error.category() == boost::asio::error::get_ssl_category() ||
         error.category() == boost::asio::ssl::error::get_stream_category();
}

bool is_end(const boost::system::error_code& error) {
  return error == boost::asio::error::eof || error == boost::asio::ssl::error::stream_truncated ||
         error == boost::beast::http::error::end_of_stream ||
         error == boost::beast::http::error::partial_message;
}

std::string stage_words(HttpStage stage) {
  switch (stage) {
    case HttpStage::encrypting:
      return "the TLS handshake";
    case HttpStage::reading:
      return "the page";
    default:
      return "the request";
  }
}

ProbeResult not_connected(const boost::system::error_code& error, const ProbeTarget& target) {
  const std::string port = std::to_string(target.service.port);
  if (error == boost::asio::error::connection_refused) {
    return {false, "RST: nothing listens on the VIP",
            "start the service on " + target.server.to_string() +
                ", and let it listen on the VIP or on all "
                "addresses (`ss -tln` there)",
            ProbeShape::refused};
  }
  if (error == boost::asio::error::timed_out) return no_syn_ack(Loss::beyond, target);
  return {false, "not connected: " + error.message(),
          "the kernel of the director's host says so: look at its interface turnout-health (`ip address`)"};
}

}  // namespace

uint16_t http_port(const ServiceKey& service, const HealthConfig& health) {
  return health.port == 0 ? service.port : health.port;
}

std::string host_field(const ServiceKey& service, const HealthConfig& health) {
  std::string host = health.host.empty() ? service.vip.to_string() : health.host;
  if (const auto address = parse_address(host); address && address->is_v6()) host = "[" + host + "]";
  const uint16_t port = http_port(service, health);
  const bool is_usual = port == (health.type == HealthType::https ? kHttpsPort : kHttpPort);
  return is_usual || says_a_port(host) ? host : host + ":" + std::to_string(port);
}

std::string server_name(const HealthConfig& health) {
  const std::string host = bare_host(health.host);
  return parse_address(host) ? "" : host;
}

ProbeResult http_silence(HttpStage stage, Loss loss, const ProbeTarget& target, const HealthConfig& health) {
  const std::string time = in_words(health.timings.timeout);
  switch (stage) {
    case HttpStage::waiting:
      return {false, "not begun within " + time + ": as many checks as there can be are under way",
              "a longer interval or a shorter timeout of the http and https checks lets all have their turn",
              ProbeShape::not_begun};
    case HttpStage::connecting:
      return no_syn_ack(loss, target);
    case HttpStage::reading:
      return {false, "the page did not end within " + time + " and lacks the text that is expected",
              "the service is slow; is the director's timeout for it too short?"};
    default:
      return {false, "no answer to " + stage_words(stage) + " within " + time,
              "the service accepts connections and does not serve them in time: it is overloaded or stuck"};
  }
}

ProbeResult http_fault(HttpStage stage, const boost::system::error_code& error, const ProbeTarget& target,
                       const HealthConfig& health) {
  if (stage == HttpStage::connecting) return not_connected(error, target);
  if (error == boost::asio::error::connection_reset || error == boost::asio::error::broken_pipe) {
    return {false, "RST in answer to " + stage_words(stage), reset_hint(health)};
  }
  if (is_end(error)) return {false, "closed without an answer to " + stage_words(stage), reset_hint(health)};
  if (stage == HttpStage::encrypting || is_tls(error)) {
    return {false, "TLS: " + printable(error.message(), kLongestWords),
            "does the port speak TLS? `openssl s_client -connect " + target.server.to_string() + ":" +
                std::to_string(http_port(target.service, health)) + "`"};
  }
  return {false, "no HTTP answer: " + printable(error.message(), kLongestWords), reset_hint(health)};
}

ProbeResult http_status(unsigned status, std::string_view reason, const HealthConfig& health) {
  std::string words = "answered " + std::to_string(status);
  if (!reason.empty()) words += " " + printable(reason, kLongestWords);
  if (status >= health.least_status && status <= health.most_status) return {true, words, ""};
  return {false, words,
          "the service itself says so: its own log tells why; expected is " +
              std::to_string(health.least_status) + " to " + std::to_string(health.most_status)};
}

ProbeResult http_lacks_text(size_t size, const boost::system::error_code& error, const HealthConfig& health) {
  std::string reason = "the page does not hold \"" + printable(health.expect, kLongestWords) + "\"";
  if (error && !is_end(error)) reason += " and broke off: " + printable(error.message(), kLongestWords);
  return {false, reason,
          std::to_string(size) + " octets of " + printable(health.path, kLongestWords) +
              " were read: look whether it is the page that health.expect means"};
}

}  // namespace turnout
