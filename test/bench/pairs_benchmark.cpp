// Two kinds of traffic in turns, each with a forwarder and a table of its own: how the rate of one stands to
// the other's. A turn is about a millisecond, so that both have the same of what the machine's other users
// leave; and the ratio that counts is the median of the turns' own. In figures that were measured one after
// the other, minutes apart, the machine is most of the difference.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "test/bench/pipeline_benchmarks.h"
#include "test/bench/pipeline_rig.h"
#include "test/bench/runner.h"
#include "test/bench/timing.h"

namespace turnout::bench {

namespace {

// Batches of a turn, of HotPackets::kCount packets each. The first are not timed: the other side has left its
// own in the caches.
constexpr int kLead = 2;
constexpr int kBatches = 8;

/// What a forwarder gets.
class Side {
 public:
  explicit Side(const RigShape& shape) : rig_(shape) {}
  virtual ~Side() = default;
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  /// A turn: packets a second.
  double turn() {
    for (int i = 0; i < kLead; ++i) batch();
    double seconds = 0;
    for (int i = 0; i < kBatches; ++i) seconds += batch();
    return kBatches * double{HotPackets::kCount} / seconds;
  }
  /// What went otherwise than it should, or null.
  virtual const char* complaint() const = 0;

 protected:
  virtual void write_packets() = 0;
  PipelineRig& rig() { return rig_; }
  const PipelineRig& rig() const { return rig_; }

 private:
  double batch() {
    write_packets();
    return seconds_of([&] { rig_.process_all(); });
  }
  PipelineRig rig_;
};

/// Random packets of flows that the table knows.
class Established : public Side {
 public:
  explicit Established(const RigShape& shape) : Side(shape) {
    rig().establish();
    known_ = rig().counts().inserted.read();
  }
  const char* complaint() const override {
    return rig().counts().inserted.read() == known_ ? nullptr : "a flow was not in the table";
  }

 protected:
  void write_packets() override { rig().write_random_packets(kAck); }

 private:
  uint64_t known_;
};

/// SYNs of flows that nobody has seen, over and over from an empty table to one with as many as it is for.
class WithRoom : public Side {
 public:
  explicit WithRoom(const RigShape& shape) : Side(shape) {}
  const char* complaint() const override {
    return rig().counts().inserted.read() == next_ ? nullptr : "not every packet opened a connection";
  }

 protected:
  void write_packets() override {
    if (next_ % rig().shape().flows == 0) rig().clear_table();
    rig().write_packets(kSyn, [&] { return next_++; });
  }

 private:
  uint64_t next_ = 0;
};

/// The same in a table that is full of connections in the state that `kFlags` leave them in.
template <uint8_t kFlags>
class WithoutRoom : public Side {
 public:
  explicit WithoutRoom(const RigShape& shape) : Side(shape), next_(rig().fill_up(0, kFlags)), first_(next_) {
    before_ = others();
  }
  const char* complaint() const override {
    return (others() - before_) * 100 >= (next_ - first_) * 95 ? nullptr : "too many connections found room";
  }

 protected:
  void write_packets() override {
    rig().write_packets(kSyn, [&] { return next_++; });
  }

 private:
  /// Connections that took another's place, or that have no entry.
  uint64_t others() const {
    return (rig().counts().*(kFlags == kSyn ? &TableCounters::evicted : &TableCounters::stateless)).read();
  }

  uint64_t next_, first_, before_;
};

double median(std::vector<double> of) {
  std::nth_element(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2), of.end());
  return of[of.size() / 2];
}

/// One iteration is a turn of each.
template <typename Ours, typename Reference>
void compare(benchmark::State& state, RigShape shape, RigShape reference_shape) {
  drop_established_rig();
  Ours ours(shape);
  Reference reference(reference_shape);
  std::vector<double> rates, reference_rates, ratios;
  for (auto _ : state) {
    rates.push_back(ours.turn());
    reference_rates.push_back(reference.turn());
    ratios.push_back(rates.back() / reference_rates.back());
  }
  for (const Side* side : {static_cast<Side*>(&ours), static_cast<Side*>(&reference)}) {
    if (side->complaint()) state.SkipWithError(side->complaint());
  }
  state.counters["rate"] = median(rates);
  state.counters["reference"] = median(reference_rates);
  state.counters["ratio"] = median(ratios);
}

template <typename Ours>
void add_pair(const char* name, int round, const RigShape& shape, const RigShape& reference,
              int turns = 200) {
  benchmark::RegisterBenchmark(name_in_round(name, round).c_str(), compare<Ours, Established>, shape,
                               reference)
      ->Iterations(turns);
}

}  // namespace

void add_pairs(int round) {
  constexpr RigShape kFew{.flows = 1 << 16}, kMany{.flows = 1 << 20}, kMost{.flows = 10'000'000};
  constexpr RigShape kFew6{.flows = 1 << 16, .ipv6 = true}, kMany6{.flows = 1 << 20, .ipv6 = true};
  constexpr RigShape kService{.flows = 1 << 20, .real_servers = 10};
  constexpr RigShape kServices{.flows = 1 << 20, .services = 10'000, .real_servers = 10};
  constexpr int kShort =
      20;  // few packets beside the slots, so that those that give way are those that were there
  add_pair<Established>("pair/most_flows", round, kMost, kFew);
  add_pair<WithRoom>("pair/new", round, kMany, kMany);
  add_pair<WithoutRoom<kSyn>>("pair/full_of_syns", round, kMany, kMany, kShort);
  add_pair<WithoutRoom<kAck>>("pair/full_of_established", round, kMany, kMany, kShort);
  add_pair<Established>("pair/services", round, kServices, kService);
  add_pair<Established>("pair/ipv6/65536", round, kFew6, kFew);
  add_pair<Established>("pair/ipv6/1048576", round, kMany6, kMany);
}

}  // namespace turnout::bench
