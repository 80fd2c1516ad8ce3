// A fixed number of packets through the pipeline, for valgrind: how many instructions and cache misses a
// packet costs is the same each time, whatever else the machine does. Without EAL, as valgrind knows no
// hugepages. See scripts/bench
// --instructions.
//
//   pipeline_once established|ipv6|services|new|full FLOWS PACKETS
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "test/bench/pipeline_rig.h"

using namespace turnout;
using namespace turnout::bench;

/// All that valgrind is to count happens in here.
extern "C" [[gnu::noinline]] void turnout_counted_part(PipelineRig& rig) {
  rig.process_all();
}

namespace {

/// Each batch of packets is of random flows that are known, or of new ones.
void run(PipelineRig& rig, uint64_t packets, bool known, uint64_t next) {
  for (uint64_t done = 0; done < packets; done += HotPackets::kCount) {
    if (known) {
      rig.write_random_packets(kAck);
    } else {
      rig.write_packets(kSyn, [&] { return next++; });
    }
    turnout_counted_part(rig);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: pipeline_once established|ipv6|services|new|full FLOWS PACKETS\n");
    return 2;
  }
  const std::string_view what = argv[1];
  RigShape shape{.flows = std::strtoull(argv[2], nullptr, 10), .ipv6 = what == "ipv6"};
  if (what == "services") {
    shape.services = 10'000;
    shape.real_servers = 10;
  }
  PipelineRig rig(shape);
  const uint64_t packets = std::strtoull(argv[3], nullptr, 10);
  const bool known = what == "established" || what == "ipv6" || what == "services";
  if (known) rig.establish();
  run(rig, packets, known, what == "full" ? rig.fill_up(0, kSyn) : 0);
}
