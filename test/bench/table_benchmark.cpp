// The IPv4 connection table alone, beside DPDK's rte_hash in lock-free mode: the same flows in the same
// order, both in hugepages, in turns in one process.
//
//   table_benchmark [--rounds=N] [Google Benchmark's options, as --benchmark_filter=hit/.*/65536]
//
// Names: what is done / whose table / entries / round. The figures of a round stand side by side in time:
// compare those. Keys are made between the timed parts, a batch at a time, and then read one after the other,
// as a burst's packets would be.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "test/bench/runner.h"
#include "test/bench/table_rivals.h"
#include "test/bench/timing.h"

namespace {

using namespace turnout;
using namespace turnout::bench;

constexpr size_t kBatch =
    32768;  // keys of one timed part: small beside the cache, long beside a clock's tick
constexpr size_t kMegabytes = 1536;
constexpr uint64_t kUnknown = uint64_t{1} << 40;  // flows from this number on are in no table

/// Room for `entries` at a load of 0.8 at the most, rounded up to a power of two as both tables do.
uint64_t capacity_for(uint64_t entries) {
  return entries + entries / 4;
}

/// The table of the benchmark that is running. Kept for the next if that one is about as many entries, as
/// filling ten million takes seconds.
template <typename Rival>
Rival& rival_for(uint64_t entries) {
  static std::unique_ptr<Rival> rival;
  static uint64_t held = 0;
  if (held != entries) {
    rival.reset();
    rival = std::make_unique<Rival>(capacity_for(entries));
    held = entries;
  }
  return *rival;
}

template <typename Rival, typename Number>
void make_keys(std::vector<typename Rival::Key>& keys, Number&& number) {
  for (auto& key : keys) key = Rival::key(number());
}

/// Fills the emptied table, and says how long that took; only the insertions count.
template <typename Rival>
double fill(Rival& rival, uint64_t entries, uint64_t& entered) {
  std::vector<typename Rival::Key> keys(kBatch);
  rival.clear();
  double seconds = 0;
  uint64_t next = 0;
  entered = 0;
  while (next < entries) {
    make_keys<Rival>(keys, [&] { return next++; });
    seconds += seconds_of([&] { entered += rival.insert(keys); });
  }
  return seconds;
}

uint64_t whole_batches(uint64_t entries) {
  return (entries + kBatch - 1) / kBatch * kBatch;
}

template <typename Rival>
void insert(benchmark::State& state, uint64_t entries) {
  Rival& rival = rival_for<Rival>(entries);
  uint64_t entered = 0;
  for (auto _ : state) state.SetIterationTime(fill(rival, entries, entered));
  if (entered != whole_batches(entries)) state.SkipWithError("not all flows found room");
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(whole_batches(entries)));
}

/// Looks up flows of random numbers from `first` on; `expected` of each batch are to be found.
template <typename Rival>
void look_up(benchmark::State& state, uint64_t entries, uint64_t first, uint64_t expected) {
  const Rival& rival = rival_for<Rival>(entries);
  std::vector<typename Rival::Key> keys(kBatch);
  std::mt19937_64 random(entries);
  for (auto _ : state) {
    make_keys<Rival>(keys, [&] { return first + random() % entries; });
    uint64_t found = 0;
    state.SetIterationTime(seconds_of([&] { found = rival.look_up(keys); }));
    if (found != expected) return state.SkipWithError("found more or fewer flows than there are");
  }
  state.SetItemsProcessed(state.iterations() * int64_t{kBatch});
}
template <typename Rival>
void hit(benchmark::State& state, uint64_t entries) {
  look_up<Rival>(state, entries, 0, kBatch);
}
template <typename Rival>
void miss(benchmark::State& state, uint64_t entries) {
  look_up<Rival>(state, entries, kUnknown, 0);
}

/// Every insertion finds a table without a free slot. Of half-open connections, one has to give way; of
/// established ones none does, and the flow is refused.
void insert_full(benchmark::State& state, uint64_t entries, ConnectionState state_of_all) {
  TurnoutRival& rival = rival_for<TurnoutRival>(entries);
  std::vector<ConnectionKey> keys(kBatch);
  uint64_t next = kUnknown;
  rival.clear();
  while (next < kUnknown + rival.slots() + rival.slots() / 8) {  // so many that no bucket has room
    make_keys<TurnoutRival>(keys, [&] { return next++; });
    rival.insert(keys, state_of_all);
  }
  uint64_t entered = 0;
  for (auto _ : state) {
    make_keys<TurnoutRival>(keys, [&] { return next++; });
    state.SetIterationTime(seconds_of([&] { entered += rival.insert(keys, state_of_all); }));
  }
  const auto tried = static_cast<double>(state.iterations() * int64_t{kBatch});
  state.SetItemsProcessed(static_cast<int64_t>(tried));
  state.counters["entered"] = static_cast<double>(entered) / tried;
}
void evict(benchmark::State& state, uint64_t entries) {
  insert_full(state, entries, ConnectionState::syn_recv);
}
void refuse(benchmark::State& state, uint64_t entries) {
  insert_full(state, entries, ConnectionState::established);
}

/// Ours at 85 % occupancy; rte_hash full to the number of entries it was made for.
void memory_of_turnout(benchmark::State& state, uint64_t entries) {
  const TurnoutRival& rival = rival_for<TurnoutRival>(entries);
  for (auto _ : state) state.SetIterationTime(1);
  state.counters["bytes_per_entry"] =
      static_cast<double>(rival.bytes()) / (static_cast<double>(rival.slots()) * 0.85);
}
void memory_of_rte_hash(benchmark::State& state, uint64_t entries) {
  const RteHashRival& rival = rival_for<RteHashRival>(entries);
  for (auto _ : state) state.SetIterationTime(1);
  state.counters["bytes_per_entry"] =
      static_cast<double>(rival.bytes()) / static_cast<double>(capacity_for(entries));
}

/// Share of the slots that are taken when the first insertion is refused.
void occupancy(benchmark::State& state, uint64_t slots, uint64_t seed) {
  TurnoutRival rival(slots, seed);
  uint64_t entered = 0;
  std::array<ConnectionKey, kBulk> keys;
  for (auto _ : state) {
    rival.clear();
    uint64_t next = seed << 32;
    uint64_t of_burst = kBulk;
    for (entered = 0; of_burst == kBulk; entered += of_burst) {
      for (ConnectionKey& key : keys) key = TurnoutRival::key(next++);
      of_burst = rival.insert(keys);
    }
    state.SetIterationTime(1);
  }
  state.counters["occupancy"] = static_cast<double>(entered) / static_cast<double>(rival.slots());
}

using Function = void (*)(benchmark::State&, uint64_t);
benchmark::internal::Benchmark* add(const std::string& name, Function function, uint64_t entries) {
  return benchmark::RegisterBenchmark(name.c_str(), function, entries)->UseManualTime();
}

void add_round(uint64_t entries, int round) {
  const auto name = [&](const char* what, const char* whose) {
    return std::string(what) + "/" + whose + "/" + std::to_string(entries) +
           "/round:" + std::to_string(round);
  };
  const auto fills = static_cast<int64_t>(1 + (uint64_t{1} << 21) / entries);
  add(name("insert", "turnout"), insert<TurnoutRival>, entries)->Iterations(fills);
  add(name("insert", "rte_hash"), insert<RteHashRival>, entries)->Iterations(fills);
  add(name("hit", "turnout"), hit<TurnoutRival>, entries);  // the tables are full from the insertions
  add(name("hit", "rte_hash"), hit<RteHashRival>, entries);
  add(name("miss", "turnout"), miss<TurnoutRival>, entries);
  add(name("miss", "rte_hash"), miss<RteHashRival>, entries);
}

void add_all(int rounds) {
  constexpr int64_t kFullBatches = 16;
  for (const uint64_t entries : {uint64_t{65536}, uint64_t{1} << 20, uint64_t{10'000'000}}) {
    for (int round = 1; round <= rounds; ++round) add_round(entries, round);
    const std::string size = "/" + std::to_string(entries);
    add("evict/turnout" + size, evict, entries)->Iterations(kFullBatches);
    add("refuse/turnout" + size, refuse, entries)->Iterations(kFullBatches);
    add("memory/turnout" + size, memory_of_turnout, entries)->Iterations(1);
    add("memory/rte_hash" + size, memory_of_rte_hash, entries)->Iterations(1);
  }
  constexpr uint64_t kSlots = 1 << 20;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    const std::string name = "occupancy/turnout/" + std::to_string(kSlots) + "/seed:" + std::to_string(seed);
    benchmark::RegisterBenchmark(name.c_str(), occupancy, kSlots, seed)->UseManualTime()->Iterations(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_benchmarks(argc, argv, kMegabytes, add_all);
}
