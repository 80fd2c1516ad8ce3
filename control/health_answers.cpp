// What comes back of the checks: which one is it the answer to, and what does it say?
#include <algorithm>

#include <netinet/in.h>

#include "control/health_monitor.h"

namespace turnout {

bool HealthMonitor::on_frame(size_t port, std::span<const uint8_t> frame, Time now) {
  now_ = now;
  if (links_.web && links_.web->on_frame(port, frame)) return true;
  const std::optional<ProbeAnswer> answer = parse_probe_answer(frame);
  if (!answer) return false;
  const ProbeBook::Entry* const found = book_.find(answer->flow);
  if (!found) return refuse_stray(port, *answer);
  const ProbeBook::Entry entry = *found;  // the book forgets it
  HealthCheck& check = checks_.at(entry.slot);
  if (!is_expected(check, entry, *answer)) return true;  // forged, or of an earlier check
  if (answer->kind == ProbeAnswer::Kind::syn_ack) end_handshake(port, check, *answer);
  this->answer(entry.slot, check, entry.about, *answer, now);
  return true;
}

/// RFC 9293 3.10.7.3: an answer acknowledges the SYN. An ICMP error quotes it.
bool HealthMonitor::is_expected(const HealthCheck& check, const ProbeBook::Entry& entry,
                                const ProbeAnswer& answer) const {
  if (answer.to != check.source) return false;
  if (answer.flow.protocol != IPPROTO_TCP) return true;
  const bool quotes = answer.kind == ProbeAnswer::Kind::icmp_error;
  return answer.acknowledgement == entry.sequence + (quotes ? 0 : 1);
}

/// Half open is enough to know; the server need not wait for more.
void HealthMonitor::end_handshake(size_t port, const HealthCheck& check, const ProbeAnswer& answer) {
  links_.send(port, make_reset(ends_of(check), answer.flow, answer.acknowledgement));
}

/// A SYN-ACK that came too late.
bool HealthMonitor::refuse_stray(size_t port, const ProbeAnswer& answer) {
  if (answer.kind != ProbeAnswer::Kind::syn_ack || !vips_.contains(answer.from)) return false;
  if (answer.flow.own_port > ProbeBook::kLastPort) return false;
  links_.send(port,
              make_reset({port_macs_[port], answer.mac, answer.to}, answer.flow, answer.acknowledgement));
  return true;
}

/// A server that lacks the VIP and forwards sends the check to whoever has the VIP: the director, which sends
/// it on to a server that is well, whose answer says nothing about the first.
std::optional<IpAddress> HealthMonitor::other_server(const HealthCheck& check, const MacAddress& mac) const {
  if (mac == check.mac) return std::nullopt;
  const std::optional<IpAddress> owner = links_.owner(mac, check.server);
  return owner == check.server ? std::nullopt : owner;
}

void HealthMonitor::answer(uint32_t slot, HealthCheck& check, ProbeBook::About about,
                           const ProbeAnswer& answer, Time now) {
  if (about == ProbeBook::About::vip) {
    const ProbeResult result = words_for_answer(check, answer, other_server(check, answer.mac));
    return finish(slot, check, result, now);
  }
  book_.forget(check.second);
  check.second_waits = false;
  const bool serves = answer.kind == ProbeAnswer::Kind::syn_ack || answer.kind == ProbeAnswer::Kind::echo;
  check.second_opinion = serves ? SecondOpinion::answers : SecondOpinion::refuses;
}

}  // namespace turnout
