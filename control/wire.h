// Control's way to the network: frames that workers punt come up one ring, what control sends goes down
// another. VLAN tags end here: control knows untagged frames only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <rte_ring.h>

#include "control/device.h"
#include "dataplane/verdict.h"

namespace turnout {

/// Control thread only, but for the rings' other ends, which are the workers'.
class Wire {
 public:
  /// So long is the longest frame that control is given or may send, without its tag.
  static constexpr size_t kLongestFrame = 16 * 1024;

  /// `vlans`: by port, 0 for none; a port that isn't listed has none. Throws StartError if memory is short.
  explicit Wire(std::vector<uint16_t> vlans = {});
  ~Wire() { discard(); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  rte_ring* to_control() const { return to_control_.get(); }
  rte_ring* from_control() const { return from_control_.get(); }

  /// Hands a frame to worker 0, to be sent on a port (index) with the port's VLAN tag. False if it could not:
  /// the frame is lost, and counted.
  bool send(size_t port, std::span<const uint8_t> frame);

  /// Takes up to `most` punted frames: take(note, ingress port's index, frame). Returns their number. A frame
  /// lies in one piece and has no VLAN tag, nor the priority tag that an untagged one may have (IEEE 802.1Q
  /// 6.9). Left out is what is longer than kLongestFrame.
  unsigned receive(unsigned most,
                   const std::function<void(PuntNote, size_t, std::span<const uint8_t>)>& take);

  uint64_t lost() const { return lost_; }

  /// Frees what waits in both rings. The workers must have stopped, the devices whose buffers these are must
  /// not be closed.
  void discard();

 private:
  struct RingFree {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };
  using Ring = std::unique_ptr<rte_ring, RingFree>;
  static Ring make_ring(const char* name, unsigned flags);

  rte_mbuf* packet_of(std::span<const uint8_t> frame) const;
  bool add_tag(size_t port, rte_mbuf*& packet) const;
  std::span<const uint8_t> frame_of(const rte_mbuf& packet);

  std::vector<uint16_t> vlans_;  // by port
  std::vector<uint8_t> whole_;   // a frame put together of several buffers
  Mempool pool_;
  Ring to_control_;
  Ring from_control_;
  uint64_t lost_ = 0;
};

}  // namespace turnout
