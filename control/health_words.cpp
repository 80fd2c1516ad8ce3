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
  const bool udp = check.flow.protocol == IPPROTO_UDP;
  return std::string("`ss -") + (udp ? "lun" : "ltn") +
         " sport = :" + std::to_string(check.rules->checked_port()) + "` on it";
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

ProbeResult failed(std::string reason, std::string hint) {
  return {false, std::move(reason), std::move(hint)};
}

HealthCause cause_of(IcmpMeaning meaning) {
  if (meaning == IcmpMeaning::no_service) return HealthCause::service_stopped;
  return meaning == IcmpMeaning::filtered ? HealthCause::wrong_answer : HealthCause::lacks_vip;
}

/// It is another server's answer.
ProbeResult words_for_another(const HealthCheck& check, const IpAddress& elsewhere, HealthCause& cause) {
  cause = HealthCause::lacks_vip;
  return failed("answered by " + elsewhere.to_string() + " in its place",
                "it lacks the VIP and sent the check on: " + to_apply(check) + ", and turn forwarding off");
}

ProbeResult words_for_reset(const HealthCheck& check, HealthCause& cause) {
  const std::string reason = "RST: nothing listens on the VIP";
  if (check.second_opinion == SecondOpinion::answers) {
    cause = HealthCause::listens_on_own;
    return failed(reason, "the service listens on " + own_answer(check) +
                              " only: have it listen on the VIP as well, or on all addresses");
  }
  cause = HealthCause::service_stopped;
  return failed(reason,
                "the service is not running, or listens elsewhere: look at " + look_at_listeners(check));
}

}  // namespace

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

ProbeResult words_for_unresolved(const HealthCheck& check, HealthCause& cause) {
  cause = HealthCause::unreachable;
  return failed(
      "MAC unresolved: no answer to " + asks_by(check),
      "it is off or unplugged, or has another address or VLAN: look at its console and its switch port");
}

ProbeResult words_for_silence(const HealthCheck& check, bool answers_arp, HealthCause& cause) {
  const std::string reason = "no answer to " + question(check);
  if (!answers_arp) {
    cause = HealthCause::unreachable;
    return failed(
        reason + ", and none to " + asks_by(check),
        "it is off or unplugged, or its MAC address is wrong: look at its console and its switch port");
  }
  switch (check.second_opinion) {
    case SecondOpinion::answers:
    case SecondOpinion::refuses:
      cause = HealthCause::lacks_vip;
      return failed(reason, own_answer(check) +
                                " does answer: it lacks the VIP, or a firewall drops what is for it; " +
                                to_apply(check));
    case SecondOpinion::silent:
      cause = HealthCause::silent;
      return failed(reason,
                    own_answer(check) +
                        " does not answer either: it hangs, or a firewall drops both; or it lacks the VIP: "
                        "look at `ip address show to " +
                        vip_of(check) + "` on it");
    case SecondOpinion::none:
      break;
  }
  cause = HealthCause::unknown;
  return failed(reason, "the usual cause: it lacks the VIP (look at `ip address show to " + vip_of(check) +
                            "` on it), or a firewall drops the check");
}

ProbeResult words_for_answer(const HealthCheck& check, const ProbeAnswer& answer,
                             const std::optional<IpAddress>& elsewhere, HealthCause& cause) {
  cause = HealthCause::unknown;
  if (answer.kind == ProbeAnswer::Kind::icmp_error) {
    cause = cause_of(meaning_of_icmp(answer.to.is_v6(), answer.icmp_type, answer.icmp_code));
    return words_for_icmp(answer, check.rules->listener.vip);
  }
  if (elsewhere) return words_for_another(check, *elsewhere, cause);
  if (answer.kind == ProbeAnswer::Kind::reset) return words_for_reset(check, cause);
  if (answer.kind != ProbeAnswer::Kind::datagram) return {.passed = true};
  const std::string_view payload(reinterpret_cast<const char*>(answer.payload.data()), answer.payload.size());
  if (payload.find(check.rules->health.expect) != std::string_view::npos) return {.passed = true};
  cause = HealthCause::wrong_answer;
  return failed("an answer of " + std::to_string(payload.size()) + " octets without what is expected",
                "the service runs, but not as `expect` has it: look at its log");
}

ProbeResult words_for_result(const HealthCheck& check, ProbeResult result, bool answers_arp,
                             const std::optional<IpAddress>& elsewhere, HealthCause& cause) {
  if (elsewhere) return words_for_another(check, *elsewhere, cause);
  if (result.shape == ProbeShape::silent) return words_for_silence(check, answers_arp, cause);
  if (result.shape == ProbeShape::refused) return words_for_reset(check, cause);
  cause = result.passed ? HealthCause::unknown : HealthCause::wrong_answer;
  return result;
}

}  // namespace turnout
