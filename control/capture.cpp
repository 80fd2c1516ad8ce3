#include "control/capture.h"

#include <array>

#include <rte_errno.h>

#include "control/capture_words.h"
#include "control/eal.h"

namespace turnout {

namespace {

using namespace std::chrono_literals;

constexpr uint32_t kCopies = 4095;        // wait for the reader; 6 MB of usual frames
constexpr uint32_t kFewCopies = 1023;     // where memory is short
constexpr size_t kReadBytes = 32 * 1024;  // in one answer, and some more: 1 ms or two of control's time
constexpr auto kSettling = 1s;            // a worker that is stuck isn't waited for

std::vector<uint16_t> ids_of(const DaemonView& daemon) {
  std::vector<uint16_t> ids;
  for (const auto& device : daemon.devices) ids.push_back(device->id());
  return ids;
}

}  // namespace

/// A snapshot that says "copy" keeps them alive, as long as a worker may have it.
class CaptureBuffers {
 public:
  CaptureBuffers(const std::string& name, uint32_t copies, uint16_t snaplen)
      : pool_(make_packet_pool(name, copies, static_cast<uint16_t>(RTE_PKTMBUF_HEADROOM + snaplen))),
        ring_(rte_ring_create((name + "-ring").c_str(), copies + 1, static_cast<int>(rte_socket_id()),
                              RING_F_SC_DEQ)),
        tap(pool_.get(), ring_.get(), snaplen) {
    if (!ring_) throw StartError(std::string("no memory for a ring: ") + rte_strerror(rte_errno));
  }
  ~CaptureBuffers() {
    if (ring_) discard();
  }
  CaptureBuffers(const CaptureBuffers&) = delete;
  CaptureBuffers& operator=(const CaptureBuffers&) = delete;

  void discard() {
    std::array<rte_mbuf*, kBurst> copies;
    for (unsigned count; (count = tap.take(copies.data(), kBurst)) > 0;)
      rte_pktmbuf_free_bulk(copies.data(), count);
  }

 private:
  struct RingFree {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };
  Mempool pool_;
  std::unique_ptr<rte_ring, RingFree> ring_;

 public:
  CaptureTap tap;
};

namespace {

std::shared_ptr<CaptureBuffers> make_buffers(uint64_t number, uint16_t snaplen) {
  const std::string name = "capture-" + std::to_string(number);
  try {
    return std::make_shared<CaptureBuffers>(name, kCopies, snaplen);
  } catch (const StartError&) {
    return std::make_shared<CaptureBuffers>(name, kFewCopies, snaplen);
  }
}

}  // namespace

const char* name_of(Capture::End reason) {
  constexpr std::array kNames = {"time", "bytes", "packets", "stopped", "client_gone"};
  return kNames.at(static_cast<size_t>(reason));
}

const char* words_of(Capture::End reason) {
  constexpr std::array kWords = {"its time is up", "its file is as long as it may be",
                                 "it has as many packets as it may have", "it was told to",
                                 "its client is gone"};
  return kWords.at(static_cast<size_t>(reason));
}

Capture::Capture(DaemonView& daemon, CaptureRequest request, uint64_t number)
    : daemon_(daemon),
      request_(std::move(request)),
      number_(number),
      buffers_(make_buffers(number, request_.snaplen)),
      stream_(ids_of(daemon), "capture-blocks-" + std::to_string(number), request_.snaplen,
              request_.most_bytes, "captured by turnoutd: " + request_.to_string()) {
  daemon_.director.set_capture([this](const Registry& registry) {
    const std::shared_ptr<CaptureTap> tap(buffers_, &buffers_->tap);
    return std::make_shared<const CaptureOrder>(CaptureOrder{request_.filter_for(registry), tap});
  });
}

Capture::~Capture() {
  if (!ended_) daemon_.director.set_capture({});
}

void Capture::end(End reason) {
  if (ended_) return;
  ended_ = reason;
  ended_at_ = Clock::now();
  daemon_.director.set_capture({});
}

void Capture::tick() {
  if (!ended_ && Clock::now() - started_ >= request_.time) end(End::time);
}

/// Have all workers stopped copying?
bool Capture::has_settled() const {
  return buffers_.use_count() == 1 || Clock::now() - ended_at_ > kSettling;
}

bool Capture::has_news() const {
  if (!buffers_->tap.empty()) return true;
  return ended_ && has_settled();
}

std::string Capture::read() {
  drain();
  // In this order: who has settled puts no more into what is then empty.
  if (ended_ && has_settled() && buffers_->tap.empty()) finish();
  return stream_.take();
}

void Capture::drain() {
  std::array<rte_mbuf*, kBurst> copies;
  const uint64_t enough = stream_.bytes() + kReadBytes;
  while (stream_.bytes() < enough) {
    const unsigned count = buffers_->tap.take(copies.data(), kBurst);
    for (unsigned i = 0; i < count; ++i) {
      const CaptureNote& note = CaptureNote::of(*copies[i]);
      const bool is_full = ended_ == End::bytes || ended_ == End::packets;
      if (is_full) continue;
      if (!stream_.add(*copies[i], capture_comment(note, daemon_.director))) {
        end(End::bytes);
        continue;
      }
      ++counts_.captured.at(note.seen_at());
      if (++captured_ == request_.most_packets) end(End::packets);
    }
    rte_pktmbuf_free_bulk(copies.data(), count);
    if (count == 0) return;
  }
}

void Capture::finish() {
  for (size_t port = 0; port < kMaxPorts; ++port) counts_.missed.at(port) = buffers_->tap.missed(port);
  stream_.finish(counts_, std::string("ended: ") + words_of(*ended_) + "; " + std::to_string(matched()) +
                              " packets matched, " + std::to_string(captured_) + " captured, " +
                              std::to_string(missed()) + " missed");
  is_over_ = true;
}

uint64_t Capture::matched() const {
  return buffers_->tap.matched();
}

uint64_t Capture::missed() const {
  return buffers_->tap.missed();
}

std::chrono::milliseconds Capture::age() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>((ended_ ? ended_at_ : Clock::now()) -
                                                               started_);
}

Json Capture::counts() const {
  return {{"matched", matched()}, {"captured", captured_}, {"missed", missed()}, {"bytes", bytes()}};
}

}  // namespace turnout
