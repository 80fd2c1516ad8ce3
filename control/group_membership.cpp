#include "control/group_membership.h"

#include <algorithm>
#include <iterator>

#include "control/mld.h"
#include "control/ndp.h"

namespace turnout {

using namespace std::chrono_literals;

namespace {

constexpr unsigned kReports = 2;                                // [Robustness Variable], RFC 3810 9.1
constexpr std::chrono::milliseconds kReportInterval = 1s;       // [Unsolicited Report Interval], 9.11
constexpr std::chrono::milliseconds kShortestAnswerPause = 1s;  // whatever queries come

std::set<IpAddress> groups_of(const std::vector<IpAddress>& addresses) {
  std::set<IpAddress> groups;
  for (const IpAddress& address : addresses) {
    if (address.is_v6()) groups.insert(solicited_node(address));
  }
  return groups;
}

template <typename SetOperation>
std::set<IpAddress> combine(SetOperation&& operation, const std::set<IpAddress>& a,
                            const std::set<IpAddress>& b) {
  std::set<IpAddress> result;
  operation(a.begin(), a.end(), b.begin(), b.end(), std::inserter(result, result.end()));
  return result;
}
constexpr auto kDifference = [](auto... arguments) { std::set_difference(arguments...); };
constexpr auto kIntersection = [](auto... arguments) { std::set_intersection(arguments...); };

}  // namespace

GroupMembership::GroupMembership(const std::vector<MacAddress>& port_macs, Send send)
    : send_(std::move(send)) {
  for (const MacAddress& mac : port_macs) ports_.push_back({mac, {}, {}, false, {}});
}

void GroupMembership::hold(size_t port, const std::vector<IpAddress>& addresses, Time now) {
  Groups groups = groups_of(addresses);
  Groups added = combine(kDifference, groups, ports_[port].groups);
  ports_[port].groups = std::move(groups);
  if (!added.empty()) ports_[port].joining.push_back({now, std::move(added), kReports});
}

void GroupMembership::port_came_up(size_t port, Time now) {
  ports_[port].joining = {{now, ports_[port].groups, kReports}};
}

void GroupMembership::on_query(size_t port) {
  ports_[port].asked = true;
}

void GroupMembership::advance(Time now) {
  for (size_t port = 0; port < ports_.size(); ++port) advance(port, ports_[port], now);
}

void GroupMembership::advance(size_t number, Port& port, Time now) {
  for (Joining& joining : port.joining) {
    if (joining.due > now) continue;
    // Without those that were left again meanwhile.
    report(number, port, combine(kIntersection, joining.groups, port.groups), true);
    joining.due = now + kReportInterval;
    --joining.left;
  }
  std::erase_if(port.joining, [](const Joining& joining) { return joining.left == 0; });
  if (port.asked && (!port.answered || *port.answered + kShortestAnswerPause <= now)) {
    port.asked = false;
    port.answered = now;
    report(number, port, port.groups, false);
  }
}

void GroupMembership::report(size_t number, const Port& port, const Groups& groups, bool joining) {
  for (const std::vector<uint8_t>& frame :
       make_mld_reports(port.mac, {groups.begin(), groups.end()}, joining)) {
    send_(number, frame);
  }
}

}  // namespace turnout
