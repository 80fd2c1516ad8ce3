// A service with limits and two workers that forward for it, in either family.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "dataplane/scheduler.h"
#include "test/support/service_rig.h"

namespace turnout::limits_lab {

/// An address family, and who asks and is asked in it.
struct Family {
  const char* name;
  const char* vip;
  std::string client;     // what a client's number is put behind
  std::string elsewhere;  // of another prefix
};

inline std::string numbered(const std::string& front, int number) {
  return front + std::to_string(number);
}

/// A service with limits, of which the parameter says the family.
class LimitsLab : public testing::TestWithParam<Family> {
 protected:
  bool is_v6() const { return std::string(GetParam().vip).find(':') != std::string::npos; }

  ServiceConfig limited(const LimitsConfig& limits, Protocol protocol = Protocol::tcp) const {
    ServiceConfig config = service({ip(GetParam().vip), protocol, 80}, {});
    for (const char* last : {"11", "12", "13"})
      config.real_servers.push_back({ip((is_v6() ? "2001:db8::" : "192.0.2.") + std::string(last)), 1, {}});
    config.limits = limits;
    return config;
  }
  Flow from(int client, uint16_t port) const {
    return {.client = numbered(GetParam().client, client), .client_port = port, .vip = GetParam().vip};
  }
  Flow udp_from(int client, uint16_t port) const {
    Flow flow = from(client, port);
    flow.udp = true;
    return flow;
  }
  static Limits& state(ServiceRig& rig) { return rig.statistics.limit_state(); }
  static void wait(ServiceRig& rig, LimitTime time) { state(rig).clock.advance(time); }
  static uint16_t own(ServiceRig& rig) { return rig.registry.service(rig.service().key).index; }
  static LimitTotals counted(ServiceRig& rig) { return rig.statistics.limits(own(rig)); }
  static uint64_t dropped(ServiceRig& rig, Limit limit) {
    return counted(rig).dropped[static_cast<size_t>(limit)];
  }
  static uint64_t observed(ServiceRig& rig, Limit limit) {
    return counted(rig).observed[static_cast<size_t>(limit)];
  }
  /// What its client has open, by the director's count.
  static int32_t open_of(ServiceRig& rig, const Flow& flow) {
    const IpAddress client = ip(flow.client);
    const Address6 address =
        client.is_v4() ? limited_client(to_be32(client)) : load_address6(client.to_v6().to_bytes().data());
    return state(rig).counts.read(state(rig).hash(address, own(rig), LimitScope::client));
  }
  /// So many connections that begin, of which so many do.
  int begin(ServiceRig& rig, int client, uint16_t first_port, int count) {
    int begun = 0;
    for (int i = 0; i < count; ++i)
      begun += rig.send(from(client, static_cast<uint16_t>(first_port + i)), kSyn,
                        static_cast<unsigned>(i % 2)) != ServiceRig::kNobody;
    return begun;
  }
};

inline const auto kFamilies =
    testing::Values(Family{"IPv4", "192.0.2.100", "203.0.113.", "198.51.100."},
                    Family{"IPv6", "2001:db8::100", "2001:db8:c::", "2001:db8:d::"});
inline std::string family_name(const testing::TestParamInfo<Family>& family) {
  return family.param.name;
}

}  // namespace turnout::limits_lab
