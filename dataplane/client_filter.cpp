#include "dataplane/client_filter.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_memory.h>  // SOCKET_ID_ANY

#include "dataplane/packet_fields.h"

namespace turnout {

namespace {

// Up to so many prefixes, to walk down a tree of them costs about what a miss in a large table does.
constexpr size_t kFewPrefixes = 64;
constexpr size_t kShortClasses = 1u << 15;  // a FIB keeps one bit of two bytes for itself
constexpr unsigned kFirstStep = 24;         // bits that both tables look at first …
constexpr unsigned kLaterStep = 8;          // … and those of each later step
constexpr uint32_t kLeastGroups = 16;

/// Tables have names, which must differ.
std::string next_name() {
  static std::atomic<uint32_t> made{0};
  return "filter" + std::to_string(made.fetch_add(1));
}

/// Groups of 256 addresses that the table of IPv4 takes: one for each beginning of longer prefixes.
uint32_t groups_of(std::span<const Prefix4> prefixes) {
  std::vector<uint32_t> beginnings;
  for (const Prefix4& prefix : prefixes) {
    if (prefix.length > kFirstStep) beginnings.push_back(prefix.address >> kLaterStep);
  }
  std::ranges::sort(beginnings);
  const auto others = std::unique(beginnings.begin(), beginnings.end()) - beginnings.begin();
  return static_cast<uint32_t>(others) + kLeastGroups;
}

/// That of IPv6 sets one aside for each further step of each prefix, whether others share it or not.
uint32_t groups_of(std::span<const Prefix6> prefixes) {
  uint32_t groups = kLeastGroups;
  for (const Prefix6& prefix : prefixes) {
    if (prefix.length > kFirstStep) groups += (prefix.length - kFirstStep + kLaterStep - 1) / kLaterStep;
  }
  return groups;
}

[[noreturn]] void refuse(const char* family, size_t prefixes) {
  throw ClientClasses::NoMemory{"the table of " + std::to_string(prefixes) + " " + family +
                                " prefixes can't be made: " + rte_strerror(rte_errno)};
}

rte_fib* make_fib4(std::span<const Prefix4> prefixes) {
  rte_fib_conf conf{};
  const bool few = prefixes.size() <= kFewPrefixes;
  conf.type = few ? RTE_FIB_DUMMY : RTE_FIB_DIR24_8;
  conf.max_routes = static_cast<int>(prefixes.size());
  if (!few) {
    conf.dir24_8.nh_sz = prefixes.size() < kShortClasses ? RTE_FIB_DIR24_8_2B : RTE_FIB_DIR24_8_4B;
    conf.dir24_8.num_tbl8 = groups_of(prefixes);
  }
  rte_fib* fib = rte_fib_create(next_name().c_str(), SOCKET_ID_ANY, &conf);
  if (fib == nullptr) refuse("IPv4", prefixes.size());
  for (size_t i = 0; i < prefixes.size(); ++i) {
    if (rte_fib_add(fib, prefixes[i].address, prefixes[i].length, i + 1) == 0) continue;
    rte_errno = ENOSPC;
    rte_fib_free(fib);
    refuse("IPv4", prefixes.size());
  }
  return fib;
}

rte_fib6* make_fib6(std::span<const Prefix6> prefixes) {
  rte_fib6_conf conf{};
  const bool few = prefixes.size() <= kFewPrefixes;
  conf.type = few ? RTE_FIB6_DUMMY : RTE_FIB6_TRIE;
  conf.max_routes = static_cast<int>(prefixes.size());
  if (!few) {
    conf.trie.nh_sz = prefixes.size() < kShortClasses ? RTE_FIB6_TRIE_2B : RTE_FIB6_TRIE_4B;
    conf.trie.num_tbl8 = groups_of(prefixes);
  }
  rte_fib6* fib = rte_fib6_create(next_name().c_str(), SOCKET_ID_ANY, &conf);
  if (fib == nullptr) refuse("IPv6", prefixes.size());
  for (size_t i = 0; i < prefixes.size(); ++i) {
    if (rte_fib6_add(fib, prefixes[i].address.data(), prefixes[i].length, i + 1) == 0) continue;
    rte_errno = ENOSPC;
    rte_fib6_free(fib);
    refuse("IPv6", prefixes.size());
  }
  return fib;
}

}  // namespace

ClientClasses::ClientClasses(std::span<const Prefix4> ipv4, std::span<const Prefix6> ipv6) {
  if (!ipv4.empty()) ipv4_ = make_fib4(ipv4);
  try {
    if (!ipv6.empty()) ipv6_ = make_fib6(ipv6);
  } catch (...) {
    rte_fib_free(ipv4_);
    throw;
  }
}

ClientClasses::~ClientClasses() {
  rte_fib_free(ipv4_);
  rte_fib6_free(ipv6_);
}

void ClientClasses::find4(uint32_t* clients, uint64_t* classes, unsigned count) const {
  if (ipv4_ == nullptr) {
    std::fill_n(classes, count, 0);
  } else {
    rte_fib_lookup_bulk(ipv4_, clients, classes, static_cast<int>(count));
  }
}

void ClientClasses::find6(uint8_t (*clients)[16], uint64_t* classes, unsigned count) const {
  if (ipv6_ == nullptr) {
    std::fill_n(classes, count, 0);
  } else {
    rte_fib6_lookup_bulk(ipv6_, clients, classes, static_cast<int>(count));
  }
}

FilterVerdict verdict_on_client(const ClientFilters& filters, uint8_t filter, const PacketFields& packet) {
  uint64_t found = 0;
  if (packet.version == 4) {
    uint32_t client = rte_be_to_cpu_32(packet.client);
    filters.classes->find4(&client, &found, 1);
    return filters.ipv4[filter][found];
  }
  uint8_t client[1][16];
  std::memcpy(client[0], &packet.client6, sizeof client[0]);
  filters.classes->find6(client, &found, 1);
  return filters.ipv6[filter][found];
}

}  // namespace turnout
