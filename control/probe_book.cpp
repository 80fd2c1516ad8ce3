#include "control/probe_book.h"

namespace turnout {

/// Ping: the identifier stands where ports have the own one, the number where they have the target's.
void ProbeBook::advance(ProbeFlow& flow) {
  if (flow.protocol == icmp_of(flow.target)) {
    flow.own_port = identifier_;
    flow.target_port = number_++;
    return;
  }
  flow.own_port = own_port_;
  own_port_ = own_port_ == kLastPort ? kFirstPort : static_cast<uint16_t>(own_port_ + 1);
}

std::optional<ProbeFlow> ProbeBook::enter(const IpAddress& target, uint8_t protocol, uint16_t target_port,
                                          Entry entry) {
  ProbeFlow flow{target, protocol, target_port, 0};
  for (unsigned tried = 0; tried <= kLastPort - kFirstPort; ++tried) {
    advance(flow);
    if (waiting_.try_emplace(flow, entry).second) return flow;
  }
  return std::nullopt;
}

const ProbeBook::Entry* ProbeBook::find(const ProbeFlow& flow) const {
  const auto place = waiting_.find(flow);
  return place == waiting_.end() ? nullptr : &place->second;
}

}  // namespace turnout
