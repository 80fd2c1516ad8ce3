// A flood of SYNs from everywhere, a million a second: who is connected stays so, and who connects now can.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <ctime>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "dataplane/forwarder.h"
#include "test/support/forwarder_rig.h"
#include "test/support/frames6.h"

namespace turnout::syn_flood_test {
namespace {

// Ten million take half a minute, with a dataplane that is optimized.
#if defined(TURNOUT_OPTIMIZED) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr bool kSlow = false;
#else
constexpr bool kSlow = true;
#endif

struct Scale {
  uint64_t slots;
  uint32_t established;
  uint32_t flood;        // SYNs
  uint32_t new_clients;  // that connect during it
  uint32_t round_trip;   // SYNs between a client's packets: 50 ms of the flood
  uint32_t per_second;   // SYNs
  bool ipv6;
};

/// One frame that is sent again and again with another client in it: nothing else of a million SYNs is looked
/// at.
class FloodRig {
 public:
  FloodRig(const Scale& scale, bool in_turn)
      : scale_(scale),
        table(scale.ipv6 ? 8 : scale.slots),
        wide_table(scale.ipv6 ? scale.slots : 8),
        forwarder({*table, *wide_table}, counters, 0, kRigSeed),
        frame_(scale.ipv6 ? tcp6_frame({}, kSyn) : tcp_frame({}, kSyn)) {
    SnapshotRecipe recipe;
    if (in_turn) recipe.turns = {0, 1, 2};
    recipe.maglev.clear();
    for (uint32_t i = 0; i < 251; ++i) recipe.maglev.push_back(i * 7 % 3);
    snapshot = recipe.make();
    for (size_t i = 0; i < kBurst; ++i) {
      buffers_[i].resize(128 + frame_.size());
      std::copy(frame_.begin(), frame_.end(), buffers_[i].begin() + 128);
      mbufs_[i].buf_addr = buffers_[i].data();
      mbufs_[i].buf_len = static_cast<uint16_t>(buffers_[i].size());
      mbufs_[i].data_off = 128;
      mbufs_[i].data_len = static_cast<uint16_t>(frame_.size());
      mbufs_[i].pkt_len = mbufs_[i].data_len;
      mbufs_[i].nb_segs = 1;
      burst_.packets[i] = &mbufs_[i];
    }
  }

  /// A packet of this client at the end of the burst; the burst goes off when it is full.
  void add(uint64_t client, uint16_t port, uint8_t flags) {
    uint8_t* const frame = buffers_[burst_.count].data() + 128;
    std::copy(frame_.begin(), frame_.begin() + 12, frame);  // it was forwarded
    if (scale_.ipv6) {
      std::memcpy(frame + kIpAt + 12, &client, 8);  // of the source's 16 octets the middle ones
    } else {
      const auto address = static_cast<uint32_t>(client);
      std::memcpy(frame + kIpAt + 12, &address, 4);
    }
    const size_t transport = scale_.ipv6 ? kTransport6At : kTransportAt;
    std::memcpy(frame + transport, &port, 2);
    frame[transport + 13] = flags;
    ++burst_.count;
    if (burst_.count == kBurst) flush();
  }
  void flush() {
    forwarder.process(burst_, snapshot, now, outcome_);
    forwarded_ += outcome_.transmit[0].count;
    burst_.count = 0;
  }
  /// The server that a single packet goes to; UINT32_MAX if none.
  uint32_t send(uint64_t client, uint16_t port, uint8_t flags) {
    if (burst_.count > 0) flush();
    const size_t at = 128;
    add(client, port, flags);
    flush();
    return outcome_.transmit[0].count == 1 ? buffers_[0][at + 5] : UINT32_MAX;
  }
  const TableCounters& table_counters() const {
    return scale_.ipv6 ? counters.ipv6_table : counters.ipv4_table;
  }
  uint64_t live() const { return scale_.ipv6 ? wide_table.live() : table.live(); }
  void sweep() {
    const auto expire = [&](const auto&, ConnectionValue value) {
      (scale_.ipv6 ? counters.ipv6_table : counters.ipv4_table).expired.add(1);
      note_closed(counters, snapshot, value);
    };
    if (scale_.ipv6)
      wide_table->sweep(0, wide_table->buckets(), now, snapshot.timeouts, expire);
    else
      table->sweep(0, table->buckets(), now, snapshot.timeouts, expire);
  }

 private:
  Scale scale_;

 public:
  TestTable table;
  WideTestTable wide_table;
  WorkerCounters counters;
  Snapshot snapshot;
  Tick now = 1000;
  Forwarder forwarder;

 private:
  Bytes frame_;
  std::array<Bytes, kBurst> buffers_;
  std::array<rte_mbuf, kBurst> mbufs_{};
  Burst burst_;
  Outcome outcome_;
  uint64_t forwarded_ = 0;
};

/// Clients that mean it: of a range of their own, that the flood never names.
uint64_t real_client(uint32_t number) {
  const uint8_t octets[8] = {10,
                             static_cast<uint8_t>(number >> 16),
                             static_cast<uint8_t>(number >> 8),
                             static_cast<uint8_t>(number),
                             0,
                             0,
                             0,
                             1};
  uint64_t client;
  std::memcpy(&client, octets, sizeof client);
  return client;
}
uint16_t real_port(uint32_t number) {
  return rte_cpu_to_be_16(static_cast<uint16_t>(20000 + number % 10007));
}

struct NewClient {
  uint32_t number, began, step, server;
};

class SynFlood : public testing::Test {
 protected:
  void run(const std::string& name, const Scale& scale, bool in_turn) {
    scale_ = scale;
    rig_ = std::make_unique<FloodRig>(scale, in_turn);
    servers_.resize(scale.established);
    for (uint32_t i = 0; i < scale.established; ++i) {
      servers_[i] = rig_->send(real_client(i), real_port(i), kSyn);
      ASSERT_LT(servers_[i], 3u);
      ASSERT_EQ(rig_->send(real_client(i), real_port(i), kAck), servers_[i]);
    }
    const std::clock_t start = std::clock();  // of this process alone: others may share its CPU
    flood();
    const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    for (uint32_t i = 0; i < scale.established; ++i) check_established(i);
    EXPECT_EQ(moved_, 0u) << "established connections";
    EXPECT_EQ(new_moved_, 0u) << "new clients' handshakes";
    EXPECT_EQ(new_done_, scale.new_clients);
    check_counters(name, took);
    rig_->now += 61;  // the flood is over, and forgotten
    rig_->sweep();
    EXPECT_EQ(rig_->live(), uint64_t{scale.established} + scale.new_clients);
    check_sum();
  }

 private:
  void flood() {
    std::mt19937_64 random(1);
    uint32_t sent = 0, established = 0, begun = 0;
    const uint32_t begin_every = scale_.flood / (scale_.new_clients + 1);
    const uint32_t data_every = scale_.flood / (10 * 1000);  // ten packets from some of the connected
    for (; sent < scale_.flood; ++sent) {
      const uint64_t word = random();
      // no client of ours: the first octet has its highest bit set, and is neither a group nor loopback
      rig_->add((word & ~uint64_t{0xFF}) | 0x80 | (word & 0x3F), static_cast<uint16_t>(word >> 48), kSyn);
      if (sent % scale_.per_second == scale_.per_second - 1) {
        ++rig_->now;
        if (sent / scale_.per_second % 4 == 3) rig_->sweep();
      }
      if (sent % data_every == 0) check_established(established = (established + 7919) % scale_.established);
      if (sent % begin_every == 0 && begun < scale_.new_clients) begin(begun++, sent);
      if (sent % 64 == 0) go_on(sent);
    }
    for (uint32_t after = 0; !connecting_.empty(); ++after) go_on(sent + after * 64);
  }
  void check_established(uint32_t i) {
    moved_ += rig_->send(real_client(i), real_port(i), kAck | kPsh) != servers_[i];
  }
  void begin(uint32_t number, uint32_t sent) {
    const uint32_t id = scale_.established + number;
    connecting_.push_back({id, sent, 0, rig_->send(real_client(id), real_port(id), kSyn)});
  }
  /// ACK, request and some more, a round trip after each other.
  void go_on(uint32_t sent) {
    for (NewClient& client : connecting_) {
      if (sent - client.began < (client.step + 1) * scale_.round_trip) continue;
      ++client.step;
      const uint8_t flags = client.step == 1 ? kAck : kAck | kPsh;
      new_moved_ += rig_->send(real_client(client.number), real_port(client.number), flags) != client.server;
    }
    new_done_ += static_cast<uint32_t>(
        std::erase_if(connecting_, [](const NewClient& client) { return client.step == 4; }));
  }
  void check_sum() {
    const TableCounters& counts = rig_->table_counters();
    EXPECT_EQ(counts.inserted.read() - counts.expired.read() - counts.evicted.read(), rig_->live());
    uint64_t active = 0, inactive = 0;
    for (uint32_t slot = 0; slot < 3; ++slot) {
      active += rig_->counters.server(slot).active.read();
      inactive += rig_->counters.server(slot).inactive.read();
    }
    EXPECT_EQ(active + inactive, rig_->live());
  }
  void check_counters(const std::string& name, double seconds) {
    check_sum();
    const TableCounters& counts = rig_->table_counters();
    EXPECT_GE(counts.inserted.read() + counts.stateless.read(),
              uint64_t{scale_.established} + scale_.flood - scale_.flood / 100 + scale_.new_clients)
        << "each SYN has an entry, or was forwarded without; few clients come twice";
    EXPECT_EQ(counts.stateless.read(), 0u) << "a SYN can always take the place of another";
    const auto print = [&](const char* what, uint64_t figure) {
      RecordProperty(std::string(what), std::to_string(figure));
      std::cout << " " << what << " " << figure;
    };
    std::cout << "  " << name << ":";
    print("syns", scale_.flood);
    print("inserted", counts.inserted.read());
    print("evicted", counts.evicted.read());
    print("expired", counts.expired.read());
    print("stateless", counts.stateless.read());
    print("live", rig_->live());
    print("slots", scale_.slots);
    print("established_moved", moved_);
    print("new_clients_moved", new_moved_);
    std::cout << ", " << scale_.flood / seconds / 1e6 << " million a second of CPU time\n";
  }

  Scale scale_{};
  std::unique_ptr<FloodRig> rig_;
  std::vector<uint32_t> servers_;
  std::vector<NewClient> connecting_;
  uint64_t moved_ = 0, new_moved_ = 0;
  uint32_t new_done_ = 0;
};

// An eighth of everything, the time as well, is the same flood.
constexpr Scale kEighth{1 << 17, 12'500, 1'000'000, 125, 6'250, 125'000, false};
constexpr Scale kLarge =
    kSlow ? kEighth : Scale{1 << 20, 100'000, 10'000'000, 1000, 50'000, 1'000'000, false};
constexpr Scale kWide{1 << 16, 6'250, 500'000, 100, 3'125, 62'500, true};

TEST_F(SynFlood, NoConnectionIsLostAndNewOnesCanBeMadeWithRoundRobin) {
  run("IPv4, rr", kLarge, true);
}
TEST_F(SynFlood, NoConnectionIsLostAndNewOnesCanBeMadeWithMaglev) {
  run("IPv4, mh", kLarge, false);
}
TEST_F(SynFlood, NoIpv6ConnectionIsLostAndNewOnesCanBeMadeWithRoundRobin) {
  run("IPv6, rr", kWide, true);
}
TEST_F(SynFlood, NoIpv6ConnectionIsLostAndNewOnesCanBeMadeWithMaglev) {
  run("IPv6, mh", kWide, false);
}

}  // namespace
}  // namespace turnout::syn_flood_test
