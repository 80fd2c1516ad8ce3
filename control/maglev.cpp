#include "control/maglev.h"

#include <algorithm>

namespace turnout {

namespace {

constexpr uint32_t kEmpty = UINT32_MAX;

/// FNV-1a over the address, with a finalizer so that neighbouring addresses differ in all bits. Part of what
/// directors of a fleet have to agree on: changing it moves every flow.
uint64_t hash_address(const IpAddress& address, uint64_t salt) {
  uint64_t hash = 0xCBF29CE484222325u ^ salt;
  const auto mix = [&hash](uint8_t byte) { hash = (hash ^ byte) * 0x100000001B3u; };
  if (address.is_v4()) {
    for (const uint8_t byte : address.to_v4().to_bytes()) mix(byte);
  } else {
    for (const uint8_t byte : address.to_v6().to_bytes()) mix(byte);
  }
  hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCDu;
  hash = (hash ^ hash >> 33) * 0xC4CEB9FE1A85EC53u;
  return hash ^ hash >> 33;
}

/// A server's way through the table: every entry once, in an order of its own.
struct Permutation {
  uint32_t slot;
  uint32_t weight;
  uint64_t credit = 0;  // turns it has saved up, in units of the largest weight
  uint64_t position;
  uint64_t skip;

  Permutation(const ScheduledServer& server, uint32_t size)
      : slot(server.slot),
        weight(server.weight),
        position(hash_address(server.address, 0) % size),
        skip(hash_address(server.address, 0x9E3779B97F4A7C15u) % (size - 1) + 1) {}

  uint64_t next(uint32_t size) {
    const uint64_t here = position;
    position += skip;
    if (position >= size) position -= size;
    return here;
  }
};

}  // namespace

std::vector<uint32_t> build_maglev(std::span<const ScheduledServer> servers, uint32_t size) {
  if (servers.empty()) return {};
  std::vector<ScheduledServer> ordered(servers.begin(), servers.end());
  std::sort(ordered.begin(), ordered.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  std::vector<Permutation> permutations;
  permutations.reserve(ordered.size());
  uint64_t largest = 0;
  for (const ScheduledServer& server : ordered) {
    permutations.emplace_back(server, size);
    largest = std::max<uint64_t>(largest, server.weight);
  }

  std::vector<uint32_t> table(size, kEmpty);
  uint32_t filled = 0;
  while (true) {
    for (Permutation& server : permutations) {
      server.credit += server.weight;
      if (server.credit < largest) continue;
      server.credit -= largest;
      uint64_t entry = server.next(size);
      while (table[entry] != kEmpty) entry = server.next(size);
      table[entry] = server.slot;
      if (++filled == size) return table;
    }
  }
}

}  // namespace turnout
