// Which clients may reach a VIP or a service: prefixes of addresses, of which the longest that holds the
// client counts. One look-up serves all filters: it tells the client's class, the longest of all prefixes,
// and each filter has a verdict ready for each class.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct rte_fib;
struct rte_fib6;

namespace turnout {

struct PacketFields;

inline constexpr size_t kMaxFilterRules = 1u << 20;  // rules that are counted; a verdict has 20 bits for them
inline constexpr size_t kMaxFilters = 255;           // as many verdicts has each class

/// What a filter does with clients of a class, and the rule that says so.
class FilterVerdict {
 public:
  constexpr FilterVerdict() = default;
  /// `rule`: its counter, below kMaxFilterRules. `rejects`: who is denied is told.
  static constexpr FilterVerdict allow(uint32_t rule) { return FilterVerdict(rule); }
  static constexpr FilterVerdict deny(uint32_t rule, bool rejects) {
    return FilterVerdict(rule | kDenies | (rejects ? kRejects : 0));
  }
  constexpr uint32_t rule() const { return bits_ & (kMaxFilterRules - 1); }
  constexpr bool denies() const { return (bits_ & kDenies) != 0; }
  constexpr bool rejects() const { return (bits_ & kRejects) != 0; }
  friend constexpr bool operator==(FilterVerdict, FilterVerdict) = default;

 private:
  static constexpr uint32_t kDenies = 1u << 31, kRejects = 1u << 30;
  explicit constexpr FilterVerdict(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};

/// Leading bits of an address. The others are 0.
struct Prefix4 {
  uint32_t address = 0;  // host byte order
  uint8_t length = 0;    // bits, 0 to 32
  friend constexpr auto operator<=>(const Prefix4&, const Prefix4&) = default;
};
struct Prefix6 {
  std::array<uint8_t, 16> address{};  // network byte order
  uint8_t length = 0;                 // bits, 0 to 128
  friend constexpr auto operator<=>(const Prefix6&, const Prefix6&) = default;
};

/// Address → class, by DPDK's FIB: DIR-24-8 for IPv4, a trie of bytes for IPv6, whose first step takes 32 to
/// 64 MiB of EAL's memory; and a tree of the prefixes alone while they are few. Class 0: no prefix holds the
/// address; class n: the n-th prefix is the longest that does.
///
/// Immutable once made; any thread may look up. EAL must run. Throws NoMemory.
class ClientClasses {
 public:
  /// What is wrong, for the operator.
  struct NoMemory {
    std::string what;
  };

  /// The prefixes of each must differ from one another.
  ClientClasses(std::span<const Prefix4> ipv4, std::span<const Prefix6> ipv6);
  ~ClientClasses();
  ClientClasses(const ClientClasses&) = delete;
  ClientClasses& operator=(const ClientClasses&) = delete;

  /// `clients`: IPv4 addresses in host byte order. At most kBurst.
  void find4(uint32_t* clients, uint64_t* classes, unsigned count) const;
  /// `clients`: IPv6 addresses as they stand in packets. At most kBurst.
  void find6(uint8_t (*clients)[16], uint64_t* classes, unsigned count) const;

 private:
  rte_fib* ipv4_ = nullptr;  // null: no prefix
  rte_fib6* ipv6_ = nullptr;
};

/// All filters of a configuration. A filter is known by its number, 1 to kMaxFilters; 0 is none.
struct ClientFilters {
  using Column = std::vector<FilterVerdict>;  // by class
  std::shared_ptr<const ClientClasses> classes;
  std::vector<Column> ipv4;  // by the filter's number
  std::vector<Column> ipv6;  // likewise
};

/// What a filter says of one client. For who explains; workers look many up at once.
FilterVerdict verdict_on_client(const ClientFilters& filters, uint8_t filter, const PacketFields& packet);

/// Which filters a service's packets have to pass: that of the VIP, and its own.
struct ServiceFilters {
  uint8_t vip = 0;  // number, 0: none
  uint8_t own = 0;
  constexpr bool any() const { return (vip | own) != 0; }
};

}  // namespace turnout
