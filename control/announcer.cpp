#include "control/announcer.h"

#include "control/arp.h"
#include "control/ndp.h"

namespace turnout {

using namespace std::chrono_literals;

namespace {

// Of each address, so that some may be lost: RFC 5227 2.3 has two, RFC 4861 7.2.6 up to three, a second
// apart.
constexpr unsigned kAnnouncements = 3;
constexpr std::chrono::milliseconds kAnnounceInterval = 1s;
constexpr unsigned kAnnouncedAtOnce = 256;  // frames a call, so that ten thousand VIPs don't fill the ring

}  // namespace

std::vector<uint8_t> make_announcement(const MacAddress& our_mac, const IpAddress& address) {
  if (address.is_v6()) return make_unsolicited_advertisement(our_mac, address);
  const ArpFrame frame = make_gratuitous_arp(our_mac, to_be32(address));
  return {frame.begin(), frame.end()};
}

void Announcer::announce(size_t port, const IpAddress& address, Time now) {
  announcements_.push_front({now, port, address, kAnnouncements});
}

void Announcer::forget(size_t port) {
  std::erase_if(announcements_, [port](const Announcement& waiting) { return waiting.port == port; });
}

void Announcer::advance(Time now, const IsHeld& is_held) {
  for (unsigned sent = 0; sent < kAnnouncedAtOnce && !announcements_.empty(); ++sent) {
    Announcement next = announcements_.front();
    if (next.due > now) return;
    announcements_.pop_front();
    if (!is_held(next.address)) continue;
    send_(next.port, make_announcement(port_macs_[next.port], next.address));
    next.due = now + kAnnounceInterval;
    if (--next.left > 0) announcements_.push_back(next);
  }
}

}  // namespace turnout
