#include "control/capture_stream.h"

#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <set>
#include <stdexcept>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_pcapng.h>

// DPDK 22.11 calls its pcapng library experimental, and every use of it deprecated.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace turnout {

namespace {

// draft-ietf-opsawg-pcapng 3.1 and 4.3: an enhanced packet block, its fields in the byte order of the
// machine.
constexpr size_t kBlockLengthAt = 4, kTimeHighAt = 12, kTimeLowAt = 16, kOriginalLengthAt = 24;
constexpr size_t kOptionHeader = 4, kBlockTrailer = 4;
constexpr uint16_t kOptionEnd = 0, kOptionComment = 1;
constexpr size_t kLibraryOptions = 2 * (kOptionHeader + 4);  // flags and queue

constexpr uint32_t kBlocks = 511;        // as few as a pool with a cache may have
constexpr size_t kMostPending = kBurst;  // blocks written at once
constexpr size_t kStatistics = 64;       // octets of an interface statistics block, without its comment

constexpr size_t padded(size_t size) {
  return (size + 3) & ~size_t{3};
}

uint16_t room_for(uint16_t snaplen) {
  const size_t around =
      kLibraryOptions + 2 * kOptionHeader + padded(CaptureStream::kMostComment) + kBlockTrailer;
  return static_cast<uint16_t>(RTE_PKTMBUF_HEADROOM + padded(snaplen) + around);
}

/// Never in the middle of a character (UTF-8).
std::string_view shortened(std::string_view text) {
  if (text.size() <= CaptureStream::kMostComment) return text;
  size_t size = CaptureStream::kMostComment;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

/// Nanoseconds since 1970 when the time-stamp counter was `tsc`. Reckoned from now: the counter's frequency
/// is known too roughly for longer.
uint64_t time_of(uint64_t tsc) {
  constexpr uint64_t kSecond = 1'000'000'000;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const auto age = static_cast<int64_t>(rte_rdtsc() - tsc);
  const double nanoseconds = static_cast<double>(age) * 1e9 / static_cast<double>(rte_get_tsc_hz());
  return static_cast<uint64_t>(now.tv_sec) * kSecond + static_cast<uint64_t>(now.tv_nsec) -
         static_cast<uint64_t>(static_cast<int64_t>(nanoseconds));
}

void put32(rte_mbuf* block, size_t at, uint32_t number) {
  std::memcpy(rte_pktmbuf_mtod_offset(block, uint8_t*, at), &number, sizeof number);
}

rte_pcapng_direction direction_of(const CaptureNote& note) {
  return note.fate == CaptureFate::transmitted || note.fate == CaptureFate::originated
             ? RTE_PCAPNG_DIRECTION_OUT
             : RTE_PCAPNG_DIRECTION_IN;
}

/// In place of the block's last word: the comment, the end of options, and the new length.
bool add_comment(rte_mbuf* block, std::string_view comment) {
  const size_t option = kOptionHeader + padded(comment.size());
  rte_pktmbuf_trim(block, kBlockTrailer);
  auto* at = reinterpret_cast<uint8_t*>(
      rte_pktmbuf_append(block, static_cast<uint16_t>(option + kOptionHeader + kBlockTrailer)));
  if (!at) return false;
  const uint16_t header[2] = {kOptionComment, static_cast<uint16_t>(comment.size())},
                 end[2] = {kOptionEnd, 0};
  std::memset(at, 0, option);
  std::memcpy(at, header, sizeof header);
  std::memcpy(at + kOptionHeader, comment.data(), comment.size());
  std::memcpy(at + option, end, sizeof end);
  const uint32_t length = block->data_len;
  std::memcpy(at + option + kOptionHeader, &length, sizeof length);
  put32(block, kBlockLengthAt, length);
  return true;
}

std::string system_name() {
  utsname about{};
  if (uname(&about) != 0) return "";
  return std::string(about.sysname) + ' ' + about.release;
}

int memory_file() {
  const int fd = memfd_create("turnout-capture", MFD_CLOEXEC);
  if (fd < 0) throw std::runtime_error(std::string("no file in memory: ") + std::strerror(errno));
  return fd;
}

}  // namespace

void CaptureStream::Close::operator()(rte_pcapng* file) const {
  rte_pcapng_close(file);
}

CaptureStream::CaptureStream(std::vector<uint16_t> devices, const std::string& name, uint16_t snaplen,
                             uint64_t most_bytes, const std::string& comment)
    : devices_(std::move(devices)),
      most_bytes_(most_bytes),
      blocks_(make_packet_pool(name, kBlocks, room_for(snaplen))),
      fd_(memory_file()) {
  file_.reset(rte_pcapng_fdopen(fd_, system_name().c_str(), nullptr, "turnoutd " TURNOUT_VERSION,
                                std::string(shortened(comment)).c_str()));
  if (!file_) {
    const std::string reason = rte_strerror(rte_errno);
    close(fd_);
    throw std::runtime_error("no pcapng file: " + reason);
  }
  bytes_ = static_cast<uint64_t>(lseek(fd_, 0, SEEK_CUR));
}

CaptureStream::~CaptureStream() {
  for (rte_mbuf* block : pending_) rte_pktmbuf_free(block);
}

rte_mbuf* CaptureStream::block_of(const rte_mbuf& copy, std::string_view comment) {
  const CaptureNote& note = CaptureNote::of(copy);
  rte_mbuf* block = rte_pcapng_copy(devices_.at(note.seen_at()), note.worker, &copy, blocks_.get(),
                                    UINT32_MAX, rte_rdtsc(), direction_of(note));
  if (!block) throw std::runtime_error("no buffer for a packet of a capture");
  if (!add_comment(block, shortened(comment))) {
    rte_pktmbuf_free(block);
    throw std::runtime_error("no room for the comment of a packet of a capture");
  }
  const uint64_t time = time_of(note.tsc);
  put32(block, kTimeHighAt, static_cast<uint32_t>(time >> 32));
  put32(block, kTimeLowAt, static_cast<uint32_t>(time));
  put32(block, kOriginalLengthAt, note.length);
  return block;
}

uint64_t CaptureStream::room_for_end() const {
  return devices_.size() * kStatistics + kOptionHeader + padded(kMostComment);
}

bool CaptureStream::add(const rte_mbuf& copy, std::string_view comment) {
  rte_mbuf* block = block_of(copy, comment);
  if (bytes_ + pending_bytes_ + block->data_len + room_for_end() > most_bytes_) {
    rte_pktmbuf_free(block);
    return false;
  }
  pending_bytes_ += block->data_len;
  pending_.push_back(block);
  if (pending_.size() == kMostPending) write_pending();
  return true;
}

void CaptureStream::write_pending() {
  if (pending_.empty()) return;
  const ssize_t written =
      rte_pcapng_write_packets(file_.get(), pending_.data(), static_cast<uint16_t>(pending_.size()));
  // The library's description says that it frees them. It doesn't.
  rte_pktmbuf_free_bulk(pending_.data(), static_cast<unsigned>(pending_.size()));
  pending_.clear();
  pending_bytes_ = 0;
  if (written < 0) throw std::runtime_error(std::string("can't write to memory: ") + std::strerror(errno));
  bytes_ += static_cast<uint64_t>(written);
}

/// Ports that share a device are one interface of the file.
void CaptureStream::finish(const Counts& counts, const std::string& comment) {
  write_pending();
  std::set<uint16_t> told;
  for (const uint16_t device : devices_) {
    if (!told.insert(device).second) continue;
    uint64_t seen = 0, missed = 0;
    for (size_t port = 0; port < devices_.size(); ++port) {
      if (devices_[port] != device) continue;
      seen += counts.captured.at(port) + counts.missed.at(port);
      missed += counts.missed.at(port);
    }
    const std::string text(told.size() == 1 ? shortened(comment) : "");
    const ssize_t written = rte_pcapng_write_stats(file_.get(), device, text.empty() ? nullptr : text.c_str(),
                                                   0, 0, seen, missed);
    if (written > 0) bytes_ += static_cast<uint64_t>(written);
  }
}

std::string CaptureStream::take() {
  write_pending();
  const off_t size = lseek(fd_, 0, SEEK_CUR);
  std::string data(static_cast<size_t>(std::max<off_t>(size, 0)), '\0');
  for (size_t at = 0; at < data.size();) {
    const ssize_t count = pread(fd_, data.data() + at, data.size() - at, static_cast<off_t>(at));
    if (count <= 0) throw std::runtime_error(std::string("can't read from memory: ") + std::strerror(errno));
    at += static_cast<size_t>(count);
  }
  if (ftruncate(fd_, 0) != 0 || lseek(fd_, 0, SEEK_SET) != 0)
    throw std::runtime_error(std::string("can't empty a file in memory: ") + std::strerror(errno));
  return data;
}

}  // namespace turnout

#pragma GCC diagnostic pop
