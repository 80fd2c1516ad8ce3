// A capture's packets as a pcapng file (draft-ietf-opsawg-pcapng), by DPDK's pcapng library. Control thread
// only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/device.h"
#include "dataplane/capture_tap.h"

struct rte_pcapng;

namespace turnout {

/// The library writes to a file in memory, which whoever reads the capture empties again and again.
///
/// What the library of DPDK 22.11 can't do is done to its blocks before they are written: it writes no
/// comments with packets, takes the length of what it is given for that of the frame, and turns time stamps
/// into nanoseconds by a static of its own that goes forward only, while several workers' packets come out of
/// order. For that last reason workers don't call it either.
class CaptureStream {
 public:
  /// `devices`: DPDK's port id of each port. `name`: of its buffers, nobody else's. `comment`: of the file.
  /// Throws std::runtime_error with the reason.
  CaptureStream(std::vector<uint16_t> devices, const std::string& name, uint16_t snaplen, uint64_t most_bytes,
                const std::string& comment);
  ~CaptureStream();
  CaptureStream(const CaptureStream&) = delete;
  CaptureStream& operator=(const CaptureStream&) = delete;

  /// A packet that a CaptureTap copied; the copy stays the caller's. False if the file would become too long
  /// by it: then nothing was written.
  bool add(const rte_mbuf& copy, std::string_view comment);
  /// The end of the file: for each port's device what it had. Both by port.
  struct Counts {
    std::array<uint64_t, kMaxPorts> captured{};
    std::array<uint64_t, kMaxPorts> missed{};
  };
  void finish(const Counts& counts, const std::string& comment);

  /// What was written since it was last asked.
  std::string take();
  uint64_t bytes() const { return bytes_; }  ///< so long the file is by now

  static constexpr size_t kMostComment = 512;  // octets; what is longer is cut

 private:
  struct Close {
    void operator()(rte_pcapng* file) const;  // the file in memory, too
  };
  rte_mbuf* block_of(const rte_mbuf& copy, std::string_view comment);
  void write_pending();
  uint64_t room_for_end() const;

  std::vector<uint16_t> devices_;
  const uint64_t most_bytes_;
  Mempool blocks_;
  int fd_;
  std::unique_ptr<rte_pcapng, Close> file_;
  uint64_t bytes_ = 0;
  uint64_t pending_bytes_ = 0;
  std::vector<rte_mbuf*> pending_;
};

}  // namespace turnout
