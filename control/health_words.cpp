// What a check found, in words, and which of the usual causes it points to.
#include <algorithm>
#include <string>
#include <string_view>

#include <netinet/in.h>

#include "control/health_check.h"
#include "control/probe_icmp.h"

namespace turnout {
namespace {

std::string endpoint(const IpAddress& address, uint16_t port) {
  return (address.is_v6() ? "[" + address.to_string() + "]" : address.to_string()) + ":" +
         std::to_string(port);
}

std::string vip_of(const HealthCheck& check) {
  return check.rules->listener.vip.to_string();
}

/// What the second opinion was asked for: the same port for TCP, a ping for the others.
std::string own_answer(const HealthCheck& check) {
  return check.second.protocol == IPPROTO_TCP
             ? "its own address " + endpoint(check.server, check.second.target_port)
             : "its own address " + check.server.to_string();
}

std::string to_apply(const HealthCheck& check) {
  return "run `sudo scripts/real-server apply " + vip_of(check) + "` on it";
}

std::string look_at_listeners(const HealthCheck& check) {
  return "`ss -ltn sport = :" + std::to_string(check.rules->checked_port()) + "` on it";
}

std::string question(const HealthCheck& check) {
  switch (check.rules->health.type) {
    case HealthType::tcp:
    case HealthType::http:
    case HealthType::https:
      return "SYN";
    case HealthType::icmp:
      return "the ping of the VIP";
    case HealthType::udp:
      return "the datagram";
    case HealthType::exec:
    case HealthType::none:
      break;
  }
  return "the check";
}

std::string asks_by(const HealthCheck& check) {
  return check.server.is_v4() ? "ARP" : "neighbor discovery";
}

ProbeResult failed(ProbeShape shape, std::string reason, std::string hint) {
  return {false, std::move(reason), std::move(hint), shape};
}

/// It is another server's answer.
ProbeResult words_for_another(const HealthCheck& check, const IpAddress& elsewhere) {
  return failed(ProbeShape::passed_on, "answered by " + elsewhere.to_string() + " in its place",
                "it lacks the VIP and sent the check on: " + to_apply(check) + ", and turn forwarding off");
}

ProbeResult words_for_reset(const HealthCheck& check) {
  const std::string hint =
      check.second_opinion == SecondOpinion::answers
          ? "the service listens on " + own_answer(check) +
                " only: have it listen on the VIP as well, or on all addresses"
          : "the service is not running, or listens elsewhere: look at " + look_at_listeners(check);
  return failed(ProbeShape::refused, "RST: nothing listens on the VIP", hint);
}

HealthCause cause_of_silence(SecondOpinion second_opinion) {
  switch (second_opinion) {
    case SecondOpinion::answers:
    case SecondOpinion::refuses:
      return HealthCause::lacks_vip;
    case SecondOpinion::silent:
      return HealthCause::silent;
    case SecondOpinion::none:
      break;
  }
  return HealthCause::unknown;
}

}  // namespace

HealthCause cause_of(const ProbeResult& result, SecondOpinion second_opinion) {
  if (result.passed) return HealthCause::unknown;
  switch (result.shape) {
    case ProbeShape::unreachable:
      return HealthCause::unreachable;
    case ProbeShape::silent:
      return cause_of_silence(second_opinion);
    case ProbeShape::refused:
      return second_opinion == SecondOpinion::answers ? HealthCause::listens_on_own
                                                      : HealthCause::service_stopped;
    case ProbeShape::closed:
      return HealthCause::service_stopped;
    case ProbeShape::passed_on:
      return HealthCause::lacks_vip;
    case ProbeShape::other:
    case ProbeShape::not_begun:
      break;
  }
  return HealthCause::wrong_answer;
}

const char* to_string(HealthCause cause) {
  switch (cause) {
    case HealthCause::unreachable:
      return "unreachable";
    case HealthCause::lacks_vip:
      return "lacks_vip";
    case HealthCause::listens_on_own:
      return "listens_on_own_address";
    case HealthCause::service_stopped:
      return "service_stopped";
    case HealthCause::silent:
      return "silent";
    case HealthCause::wrong_answer:
      return "wrong_answer";
    case HealthCause::unknown:
      break;
  }
  return "unknown";
}

ProbeResult words_for_unresolved(const HealthCheck& check) {
  return failed(
      ProbeShape::unreachable, "MAC unresolved: no answer to " + asks_by(check),
      "it is off or unplugged, or has another address or VLAN: look at its console and its switch port");
}

ProbeResult words_for_silence(const HealthCheck& check, bool answers_arp) {
  const std::string reason = "no answer to " + question(check);
  if (!answers_arp) {
    return failed(
        ProbeShape::unreachable, reason + ", and none to " + asks_by(check),
        "it is off or unplugged, or its MAC address is wrong: look at its console and its switch port");
  }
  switch (check.second_opinion) {
    case SecondOpinion::answers:
    case SecondOpinion::refuses:
      return failed(ProbeShape::silent, reason,
                    own_answer(check) +
                        " does answer: it lacks the VIP, or a firewall drops what is for it; " +
                        to_apply(check));
    case SecondOpinion::silent:
      return failed(ProbeShape::silent, reason,
                    own_answer(check) +
                        " does not answer either: it hangs, or a firewall drops both; or it lacks the VIP: "
                        "look at `ip address show to " +
                        vip_of(check) + "` on it");
    case SecondOpinion::none:
      break;
  }
  return failed(ProbeShape::silent, reason,
                "the usual cause: it lacks the VIP (look at `ip address show to " + vip_of(check) +
                    "` on it), or a firewall drops the check");
}

ProbeResult words_for_answer(const HealthCheck& check, const ProbeAnswer& answer,
                             const std::optional<IpAddress>& elsewhere) {
  if (answer.kind == ProbeAnswer::Kind::icmp_error) return words_for_icmp(answer, check.rules->listener.vip);
  if (elsewhere) return words_for_another(check, *elsewhere);
  if (answer.kind == ProbeAnswer::Kind::reset) return words_for_reset(check);
  if (answer.kind != ProbeAnswer::Kind::datagram) return {.passed = true};
  const std::string_view payload(reinterpret_cast<const char*>(answer.payload.data()), answer.payload.size());
  if (payload.find(check.rules->health.expect) != std::string_view::npos) return {.passed = true};
  return failed(ProbeShape::other,
                "an answer of " + std::to_string(payload.size()) + " octets without what is expected",
                "the service runs, but not as `expect` has it: look at its log");
}

ProbeResult words_for_result(const HealthCheck& check, const ProbeResult& result, bool answers_arp,
                             const std::optional<IpAddress>& elsewhere) {
  if (elsewhere) return words_for_another(check, *elsewhere);
  if (result.shape == ProbeShape::silent) return words_for_silence(check, answers_arp);
  if (result.shape == ProbeShape::refused) return words_for_reset(check);
  return result;
}

}  // namespace turnout
