// The capture that runs: its order in the snapshots, its buffers, its file, and whoever reads it. Control
// thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "control/capture_request.h"
#include "control/capture_stream.h"
#include "control/daemon_view.h"

namespace turnout {

class CaptureBuffers;  // capture.cpp

class Capture {
 public:
  using Clock = std::chrono::steady_clock;

  /// Begins. Throws std::runtime_error with the reason if memory is short.
  Capture(DaemonView& daemon, CaptureRequest request, uint64_t number);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// Why it took no more packets. Workers stop copying; what they did before may still be read.
  enum class End { time, bytes, packets, stopped, client_gone };
  void end(End reason);
  void tick();  ///< ends it if its time is over

  /// Something to read, or the end is reached?
  bool has_news() const;
  /// The file's next part. After the last one is_over() is true.
  std::string read();
  bool is_over() const { return is_over_; }

  uint64_t number() const { return number_; }
  const CaptureRequest& request() const { return request_; }
  std::optional<End> ended() const { return ended_; }
  uint64_t matched() const;
  uint64_t captured() const { return captured_; }  ///< are in the file
  uint64_t missed() const;                         ///< had no room in the buffers
  uint64_t bytes() const { return stream_.bytes(); }
  std::chrono::milliseconds age() const;
  Json counts() const;

 private:
  void drain();
  bool has_settled() const;
  void finish();

  DaemonView& daemon_;
  const CaptureRequest request_;
  const uint64_t number_;
  const Clock::time_point started_ = Clock::now();
  std::shared_ptr<CaptureBuffers> buffers_;
  CaptureStream stream_;
  CaptureStream::Counts counts_;
  uint64_t captured_ = 0;
  std::optional<End> ended_;
  Clock::time_point ended_at_;
  bool is_over_ = false;
};

/// "time", "bytes", "packets", "stopped", "client_gone".
const char* name_of(Capture::End reason);
/// "its time is up".
const char* words_of(Capture::End reason);

}  // namespace turnout
