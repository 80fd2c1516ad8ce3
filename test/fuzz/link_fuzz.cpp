// What control makes of the frames that are handed up to it: ARP, neighbour discovery, MLD, pings, packets to
// refuse and packets that are too long. An answer goes back to whom the frame came from, from our address,
// and is no longer than a link takes.
//
// Input: one byte that says what kind of frame it is, then the frame.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "control/mld.h"
#include "control/neighbor_table.h"
#include "control/punt_responder.h"

namespace turnout {
namespace {

using namespace std::chrono_literals;

constexpr size_t kLongestAnswer = 16384;

void require(bool truth, const char* what) {
  if (truth) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

MacAddress our_mac() {
  return *parse_mac("02:00:00:00:01:00");
}

PuntResponder make_responder() {
  PuntResponder responder;
  responder.set_port_mac(0, our_mac());
  std::vector<LocalAddress> held;
  for (const char* address :
       {"192.0.2.2", "192.0.2.100", "2001:db8::2", "2001:db8::100", "fe80::ff:fe00:100"})
    held.push_back({*parse_address(address), 1});
  responder.set_addresses(held);
  return responder;
}

void check(const std::optional<PuntResponder::Answer>& answer, std::span<const uint8_t> question) {
  if (!answer) return;
  const std::vector<uint8_t>& frame = answer->frame;
  require(frame.size() >= 60 && frame.size() <= kLongestAnswer, "the answer's length");
  require(std::memcmp(frame.data() + 6, our_mac().octets.addr_bytes, 6) == 0, "the answer comes from us");
  require(question.size() >= 14, "an answer to no frame");
}

void run_kind(unsigned kind, std::span<const uint8_t> frame) {
  PuntResponder responder = make_responder();
  switch (kind % 6) {
    case 0:
      return check(responder.on_arp(0, frame, 1s).answer, frame);
    case 1: {
      const PuntResponder::NeighborVerdict verdict = responder.on_ndp(0, frame, 1s);
      require(!verdict.answer || !verdict.is_answer, "an advertisement is not answered");
      return check(verdict.answer, frame);
    }
    case 2:
      return check(responder.on_icmp(0, frame, 1s), frame);
    case 3:
      return check(responder.on_unmatched(0, frame, 1s), frame);
    case 4:
      check(responder.on_too_big(0, frame, *parse_address("192.0.2.2"), 1400, 1s), frame);
      return check(responder.on_too_big(0, frame, *parse_address("2001:db8::2"), 1400, 1s), frame);
    default:
      is_mld_query(frame);
  }
}

}  // namespace
}  // namespace turnout

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto exact = std::make_unique<uint8_t[]>(size - 1);  // so that the sanitizer sees every octet past it
  std::memcpy(exact.get(), data + 1, size - 1);
  turnout::run_kind(data[0], {exact.get(), size - 1});
  return 0;
}
