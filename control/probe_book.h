// The checks that wait for an answer, by what an answer shows of them. Control thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <unordered_map>

#include "control/probe_packets.h"
#include "dataplane/verdict.h"

namespace turnout {

class ProbeBook {
 public:
  enum class About : uint8_t { vip, own_address };
  struct Entry {
    uint32_t slot = 0;  // of the real server
    About about = About::vip;
    uint32_t sequence = 0;  // TCP: of the SYN
  };

  explicit ProbeBook(uint64_t seed) : random_(seed), own_port_(kFirstPort), identifier_(random16()) {}

  /// Enters a question to `target` and gives it its own port, or for ICMP its number. None if as many wait as
  /// can be told apart.
  std::optional<ProbeFlow> enter(const IpAddress& target, uint8_t protocol, uint16_t target_port,
                                 Entry entry);
  void forget(const ProbeFlow& flow) { waiting_.erase(flow); }
  const Entry* find(const ProbeFlow& flow) const;
  uint32_t random32() { return static_cast<uint32_t>(random_()); }

  /// Own ports of TCP and UDP. Those above are for checks by the kernel's TCP.
  static constexpr uint16_t kFirstPort = kFirstHealthPort;
  static constexpr uint16_t kLastPort = 64999;

 private:
  uint16_t random16() { return static_cast<uint16_t>(random_()); }
  void advance(ProbeFlow& flow);

  std::mt19937_64 random_;
  uint16_t own_port_;    // the next one: each is used again as late as can be
  uint16_t identifier_;  // of all our pings
  uint16_t number_ = 0;  // of the next ping
  std::unordered_map<ProbeFlow, Entry, ProbeFlowHash> waiting_;
};

}  // namespace turnout
