// A fixed number of packets through RSS in software, for valgrind: what a packet costs that its poller keeps,
// one that it hands over, and one that another worker takes. Without EAL. See scripts/bench --instructions.
//
//   spread_once kept|handed|taken FLOWS PACKETS
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "test/support/frames.h"
#include "test/support/test_lane.h"

using namespace turnout;

namespace {

constexpr unsigned kPoller = 0, kOther = 1;
enum class What { kept, handed, taken };

}  // namespace

/// All that valgrind is to count happens in here.
extern "C" [[gnu::noinline]] void turnout_counted_part(What what, Spreader& spreader, SpreadLane& lane,
                                                       Burst& burst) {
  if (what == What::taken) {
    lane.take(burst);
    lane.done(burst.count);
  } else {
    if (spreader.ready()) spreader.spread(burst);
  }
}

namespace {

std::vector<TestPacket> make_packets(uint64_t flows) {
  std::vector<TestPacket> packets;
  for (uint64_t flow = 0; flow < flows; ++flow) {
    FrameFields fields;
    fields.source = "10.1." + std::to_string(flow >> 8 & 255) + "." + std::to_string(flow & 255);
    fields.source_port = static_cast<uint16_t>(1024 + flow % 60000);
    packets.emplace_back(tcp_frame(fields, kAck));
  }
  return packets;
}

void run(What what, uint64_t flows, uint64_t count) {
  std::vector<TestLane> lanes(2);
  Spreader spreader(kPoller, lanes_to(lanes, kPoller), 42);
  for (size_t bucket = 0; bucket < SpreadTable::kBuckets; ++bucket)
    spreader.table().move(bucket, what == What::kept ? kPoller : kOther);
  const std::vector<TestPacket> packets = make_packets(flows);
  for (uint64_t done = 0; done < count; done += kBurst) {
    Burst burst;
    while (burst.count < kBurst) {
      burst.packets[burst.count] = packets[(done + burst.count) % flows].mbuf.get();
      ++burst.count;
    }
    if (what == What::taken) spreader.spread(burst);
    turnout_counted_part(what, spreader, *lanes[kOther], burst);
    if (what != What::handed) continue;
    lanes[kOther]->take(burst);
    lanes[kOther]->done(burst.count);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 4 ? argv[1] : "";
  if (what != "kept" && what != "handed" && what != "taken") {
    std::fprintf(stderr, "usage: spread_once kept|handed|taken FLOWS PACKETS\n");
    return 2;
  }
  run(what == "kept"     ? What::kept
      : what == "handed" ? What::handed
                         : What::taken,
      std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
}
