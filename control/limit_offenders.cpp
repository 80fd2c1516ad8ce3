#include "control/limit_offenders.h"

#include <algorithm>
#include <bit>

namespace turnout {
namespace {

IpAddress address_of(const Address6& client) {
  const boost::asio::ip::address_v6 address(std::bit_cast<boost::asio::ip::address_v6::bytes_type>(client));
  return address.is_v4_mapped() ? IpAddress(make_address_v4(boost::asio::ip::v4_mapped, address))
                                : IpAddress(address);
}

}  // namespace

void LimitOffenders::tick(Time now, const Snapshot& snapshot) {
  if (snapshot.limits.empty() && offenders_.empty()) return;
  next_.resize(statistics_.workers());
  for (unsigned i = 0; i < statistics_.workers(); ++i)
    statistics_.worker(i).offenders.read(next_[i], [&](const Offence& offence) { note(offence, now); });
  if (now < next_age_) return;
  next_age_ = now + kHalfLife;
  age();
}

/// Who comes up is counted; a new one takes the place of who came up least, and its count (Metwally et al.,
/// "Efficient Computation of Frequent and Top-k Elements in Data Streams", ICDT 2005): who comes up often
/// stays.
void LimitOffenders::note(const Offence& offence, Time now) {
  std::vector<Offender>& clients = offenders_[{offence.own, offence.limit}];
  const IpAddress client = address_of(offence.client);
  auto place = std::ranges::find(clients, client, &Offender::client);
  if (place == clients.end() && clients.size() < kClients) {
    clients.push_back({client, 0, now});
    place = clients.end() - 1;
  } else if (place == clients.end()) {
    place = std::ranges::min_element(clients, {}, &Offender::seen);
    place->client = client;
  }
  ++place->seen;
  place->last = now;
}

void LimitOffenders::age() {
  for (auto& [place, clients] : offenders_) {
    for (Offender& client : clients) client.seen /= 2;
    std::erase_if(clients, [](const Offender& client) { return client.seen == 0; });
  }
  std::erase_if(offenders_, [](const auto& each) { return each.second.empty(); });
}

void LimitOffenders::forget(uint16_t own) {
  std::erase_if(offenders_, [own](const auto& each) { return each.first.first == own; });
}

std::vector<LimitOffenders::Offender> LimitOffenders::worst(uint16_t own, Limit limit) const {
  const auto found = offenders_.find({own, limit});
  if (found == offenders_.end()) return {};
  std::vector<Offender> sorted = found->second;
  std::ranges::sort(sorted, std::greater<>(), &Offender::seen);
  return sorted;
}

}  // namespace turnout
