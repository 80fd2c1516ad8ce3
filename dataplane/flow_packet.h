// A packet of a burst on its way through the forwarder's stages, and lists of such.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>

#include "dataplane/bounds.h"
#include "dataplane/connection.h"
#include "dataplane/connection_key.h"
#include "dataplane/packet_fields.h"

namespace turnout {

/// What the stages find out about a packet, each for those behind it. It stands side by side: a loop over the
/// burst works out one address for each packet, and not one for each thing that it asks.
struct alignas(128) FlowPacket {
  static constexpr uint32_t kNoServer = UINT32_MAX;  // kNobody

  PacketFields fields;
  uint64_t hash = 0;         // of the key
  WideKey wide_key;          // of a flow in the wide table; of another, `rest` is its key
  uint8_t* frame = nullptr;  // as it came: its first octet
  void* home = this;         // the line where the flow is looked for first; before any, what can be fetched
  ConnectionValue value;     // if servers are many: what was seen of the entry
  uint32_t server = kNoServer;  // slot, kNoServer until found
  bool known = false;           // without a server: there is an entry, to be given another
  bool stranger = false;        // of no service: until it has left the list

  template <typename Key>
  const Key& key() const {
    if constexpr (std::is_same_v<Key, ConnectionKey>)
      return wide_key.rest;
    else
      return wide_key;
  }
  void set_key(ConnectionKey key) { wide_key.rest = key; }
  void set_key(const WideKey& key) { wide_key = key; }
};
static_assert(sizeof(FlowPacket) == 128, "two cache lines");

/// Packets of one burst.
class FlowList {
 public:
  FlowList() = default;
  /// One of which begin() may be asked what is ahead, whatever there is.
  explicit FlowList(FlowPacket& at_first) { flows_.fill(&at_first); }

  bool empty() const { return count_ == 0; }
  uint32_t size() const { return count_; }
  void clear() { count_ = 0; }
  void add(FlowPacket& flow) { flows_[count_++] = &flow; }
  /// In order; asks each once.
  template <typename Function>
  void drop_if(Function&& leaves) {
    const auto end = std::remove_if(flows_.begin(), flows_.begin() + count_,
                                    [&](FlowPacket* flow) { return leaves(*flow); });
    count_ = static_cast<uint32_t>(end - flows_.begin());
  }

  class Iterator {
   public:
    explicit Iterator(FlowPacket* const* at) : at_(at) {}
    FlowPacket& operator*() const { return **at_; }
    /// The packet so many places behind, to have something of it fetched. Behind the last there are some of
    /// earlier bursts.
    const FlowPacket& ahead() const { return *at_[kAhead]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    friend bool operator==(Iterator, Iterator) = default;

   private:
    FlowPacket* const* at_;
  };
  Iterator begin() const { return Iterator(flows_.data()); }
  Iterator end() const { return Iterator(flows_.data() + count_); }

 private:
  friend class FlowFilling;
  static constexpr size_t kAhead = 12;  // packets, measured: docs/performance.md

  std::array<FlowPacket*, kBurst + kAhead> flows_;
  uint32_t count_ = 0;
};

/// Adds to a list, with its number in a register until all is done.
class FlowFilling {
 public:
  explicit FlowFilling(FlowList& list) : list_(list), next_(list.flows_.data() + list.count_) {}
  ~FlowFilling() { list_.count_ = static_cast<uint32_t>(next_ - list_.flows_.data()); }
  FlowFilling(const FlowFilling&) = delete;
  FlowFilling& operator=(const FlowFilling&) = delete;
  void add(FlowPacket& flow) { *next_++ = &flow; }

 private:
  FlowList& list_;
  FlowPacket** next_;
};

}  // namespace turnout
