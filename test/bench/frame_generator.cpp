// Plays the frames of a capture out of a device, over and over:
//   frame_generator DEVICE CAPTURE SECONDS [RATE]
// Prints how many were sent, and the seconds that took.
//
// The kernel runs an XDP program on frames of its own (BPF_F_TEST_XDP_LIVE_FRAMES) and sends them, 64 at a
// time, without a system call or a socket buffer for each: a core does several million a second. They reach
// the other side as those of a NIC's driver do, as bare pages, so whoever receives pays for what a receiver
// makes of them.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "frame_generator.h"

namespace {

constexpr std::uint32_t kCaptureMagic = 0xa1b2c3d4;           // classic pcap of this machine's byte order
constexpr std::size_t kCaptureHeader = 24;                    // octets
constexpr std::size_t kRecordHeader = 16;                     // octets; the third word is the captured length
constexpr int kWithoutEnd = std::numeric_limits<int>::max();  // runs of the program
constexpr std::uint32_t kBatch = 64;                          // frames that the kernel sends together

std::uint32_t word_at(const std::string& bytes, std::size_t offset) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data() + offset, sizeof word);
  return word;
}

std::vector<frame> read_capture(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() < kCaptureHeader || word_at(bytes, 0) != kCaptureMagic) {
    throw std::runtime_error(path + " is no capture; flows.py writes one");
  }
  std::vector<frame> frames;
  for (std::size_t at = kCaptureHeader; at + kRecordHeader + FRAME_LENGTH <= bytes.size();) {
    if (word_at(bytes, at + 8) != FRAME_LENGTH)
      throw std::runtime_error(path + ": a frame is not of 60 octets");
    std::memcpy(frames.emplace_back().bytes, bytes.data() + at + kRecordHeader, FRAME_LENGTH);
    at += kRecordHeader + FRAME_LENGTH;
  }
  if (frames.empty()) throw std::runtime_error(path + " holds no frame");
  return frames;
}

// Throws what the kernel said; `status` is as libbpf's calls return it.
void check(int status, const std::string& what) {
  if (status < 0)
    throw std::runtime_error(what + ": " + std::strerror(-status) + "; it takes root and Linux 5.18");
}

class Program {
 public:
  Program(const std::string& path, const std::vector<frame>& frames)
      : object_(bpf_object__open(path.c_str())) {
    if (!object_) throw std::runtime_error(path + " can't be read; build frame_generator again");
    bpf_map* map = bpf_object__find_map_by_name(object_.get(), "frames");
    check(bpf_map__set_max_entries(map, static_cast<std::uint32_t>(frames.size())), "a map for the frames");
    check(bpf_object__load(object_.get()), "loading the XDP program");
    descriptor_ = bpf_program__fd(bpf_object__find_program_by_name(object_.get(), "send_next"));
    fill(bpf_map__fd(map), frames);
    play_ = static_cast<volatile play*>(
        share(bpf_map__fd(bpf_object__find_map_by_name(object_.get(), ".bss")), sizeof(play)));
    play_->frames = static_cast<std::uint32_t>(frames.size());
  }

  void play_from(unsigned device, double seconds, std::uint64_t rate) {
    play_->length = static_cast<std::uint64_t>(seconds * 1e9);
    play_->rate = rate;
    interrupt_after(seconds + 0.2);
    xdp_md context{};
    context.data_end = FRAME_LENGTH;
    context.ingress_ifindex = device;
    std::array<char, FRAME_LENGTH> blank{};
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = blank.data();
    options.data_size_in = FRAME_LENGTH;
    options.ctx_in = &context;
    options.ctx_size_in = sizeof context;
    options.repeat = kWithoutEnd;
    options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    options.batch_size = kBatch;
    if (const int status = bpf_prog_test_run_opts(descriptor_, &options); status != -EINTR)
      check(status, "sending");
  }

  std::uint64_t sent() const { return play_->sent; }
  double seconds() const {
    return static_cast<double>(std::min<std::uint64_t>(play_->now - play_->began, play_->length)) / 1e9;
  }

 private:
  struct Close {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };

  static void* share(int descriptor, std::size_t size) {
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) check(-errno, "mapping the program's memory");
    return memory;
  }

  static void fill(int descriptor, const std::vector<frame>& frames) {
    const std::size_t size = frames.size() * sizeof(frame);
    void* memory = share(descriptor, size);
    std::memcpy(memory, frames.data(), size);
    munmap(memory, size);
  }

  // The program stops sending by itself; a signal ends the kernel's runs of it. It comes again, should it
  // have come before they began.
  static void interrupt_after(double seconds) {
    std::signal(SIGALRM, [](int) {});
    const auto whole = static_cast<time_t>(seconds);
    itimerval timer{};
    timer.it_value.tv_sec = whole;
    timer.it_value.tv_usec = static_cast<suseconds_t>((seconds - static_cast<double>(whole)) * 1e6);
    timer.it_interval.tv_usec = 100'000;
    setitimer(ITIMER_REAL, &timer, nullptr);
  }

  std::unique_ptr<bpf_object, Close> object_;
  volatile play* play_ = nullptr;  // shared with the kernel as long as this process lives
  int descriptor_ = -1;
};

void generate(const std::string& device, const std::string& capture, double seconds, std::uint64_t rate) {
  const unsigned index = if_nametoindex(device.c_str());
  if (index == 0) throw std::runtime_error("there is no device " + device + " in this network namespace");
  Program program(std::filesystem::read_symlink("/proc/self/exe").replace_extension(".bpf.o"),
                  read_capture(capture));
  program.play_from(index, seconds, rate);
  std::printf("%llu %.6f\n", static_cast<unsigned long long>(program.sent()), program.seconds());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4 && count != 5) {
    std::fprintf(stderr, "usage: frame_generator DEVICE CAPTURE SECONDS [RATE]\n");
    return 2;
  }
  try {
    generate(arguments[1], arguments[2], std::atof(arguments[3]),
             count == 5 ? std::strtoull(arguments[4], nullptr, 10) : 0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "frame_generator: %s\n", error.what());
    return 1;
  }
}
