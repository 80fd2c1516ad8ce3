// A capture on the workbench: its copies as they come to control, and the file made of them.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "control/capture_stream.h"
#include "control/capture_words.h"
#include "test/packet/stories.h"

namespace turnout {

/// A packet that was captured.
struct Captured {
  CaptureNote note;
  Bytes frame;
  std::string comment;
};

class CaptureLab {
 public:
  static constexpr uint16_t kSnaplen = 1522;

  explicit CaptureLab(Rig& rig, uint32_t copies = 1023, uint16_t snaplen = kSnaplen)
      : rig_(rig),
        pool_(make_packet_pool("capture-lab", copies, static_cast<uint16_t>(RTE_PKTMBUF_HEADROOM + snaplen))),
        ring_(rte_ring_create("capture-lab", 1024, SOCKET_ID_ANY, RING_F_SC_DEQ)),
        tap(std::make_shared<CaptureTap>(pool_.get(), ring_.get(), snaplen)) {
    filter.fates.set();
    filter.reasons.set();
  }
  ~CaptureLab() {
    stop();
    take();
    EXPECT_EQ(tap.use_count(), 1) << "a snapshot that has it is still there";
    EXPECT_EQ(rte_mempool_in_use_count(pool_.get()), 0u) << "copies were lost without being freed";
  }
  CaptureLab(const CaptureLab&) = delete;
  CaptureLab& operator=(const CaptureLab&) = delete;

  void start() {
    rig_.director().set_capture([this](const Registry&) {
      return std::make_shared<const CaptureOrder>(CaptureOrder{filter, tap});
    });
  }
  void stop() {
    rig_.director().set_capture({});
    rig_.poll();
    rig_.tick();  // what no worker has any more is freed
  }
  std::vector<rte_mbuf*> take_copies() {
    std::vector<rte_mbuf*> copies(2048);
    size_t taken = 0;
    for (unsigned count; (count = tap->take(copies.data() + taken, kBurst)) > 0;) taken += count;
    copies.resize(taken);
    return copies;
  }
  std::vector<Captured> take() {
    std::vector<Captured> all;
    for (rte_mbuf* copy : take_copies()) {
      const auto* data = rte_pktmbuf_mtod(copy, const uint8_t*);
      const CaptureNote& note = CaptureNote::of(*copy);
      all.push_back({note, {data, data + copy->data_len}, capture_comment(note, rig_.director())});
      rte_pktmbuf_free(copy);
    }
    return all;
  }

 private:
  struct RingFree {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };
  Rig& rig_;
  Mempool pool_;
  std::unique_ptr<rte_ring, RingFree> ring_;

 public:
  CaptureFilter filter;
  std::shared_ptr<CaptureTap> tap;
};

/// The blocks of a pcapng file (draft-ietf-opsawg-pcapng 3.1): type and body, without the lengths around it.
/// Fails the test if one doesn't fit.
struct PcapngBlock {
  uint32_t type;
  Bytes body;
  uint32_t word(size_t at) const {
    uint32_t number;
    std::memcpy(&number, body.data() + at, sizeof number);
    return number;
  }
};
inline std::vector<PcapngBlock> blocks_of(const std::string& file) {
  const auto word = [&](size_t at) {
    uint32_t number = 0;
    if (at + sizeof number <= file.size()) std::memcpy(&number, file.data() + at, sizeof number);
    return number;
  };
  std::vector<PcapngBlock> blocks;
  for (size_t at = 0; at < file.size();) {
    const uint32_t size = word(at + 4);
    const bool fits = size >= 12 && size % 4 == 0 && at + size <= file.size() && word(at + size - 4) == size;
    EXPECT_TRUE(fits) << "block of " << size << " octets at " << at;
    if (!fits) return blocks;
    blocks.push_back({word(at),
                      {file.begin() + static_cast<std::ptrdiff_t>(at + 8),
                       file.begin() + static_cast<std::ptrdiff_t>(at + size - 4)}});
    at += size;
  }
  return blocks;
}

}  // namespace turnout
