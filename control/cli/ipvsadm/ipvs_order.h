// ipvsadm's order of things.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "control/cli/ipvsadm/command.h"

namespace turnout::cli::ipvsadm {

/// As ipvsadm compares: the sign of the difference as a signed number of 32 bits. It runs in a circle: a
/// number comes before one that is less than half of all ahead of it, so that 192.0.2.1 is before 10.0.0.1.
inline int circular_difference(uint32_t a, uint32_t b) {
  const auto difference = static_cast<int32_t>(a - b);
  return difference < 0 ? -1 : (difference > 0 ? 1 : 0);
}

int compare_addresses(const Address& a, const Address& b);
int compare_services(const ServiceId& a, const ServiceId& b);

/// Stable merge sort by `compare` (below 0, 0, above 0), which need not be transitive: an order in a circle
/// is not. What has each neighbour in order stays as it is, so that a list that ipvsadm saved comes out as it
/// was.
template <typename T, typename Compare>
void sort_as_ipvsadm(std::vector<T>& items, Compare compare) {
  if (items.size() < 2) return;
  const auto middle = items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2);
  std::vector<T> left(std::make_move_iterator(items.begin()), std::make_move_iterator(middle));
  std::vector<T> right(std::make_move_iterator(middle), std::make_move_iterator(items.end()));
  sort_as_ipvsadm(left, compare);
  sort_as_ipvsadm(right, compare);
  items.clear();
  auto from_left = left.begin(), from_right = right.begin();
  if (compare(left.back(), right.front()) > 0) {
    while (from_left != left.end() && from_right != right.end())
      items.push_back(std::move(compare(*from_left, *from_right) <= 0 ? *from_left++ : *from_right++));
  }
  items.insert(items.end(), std::make_move_iterator(from_left), std::make_move_iterator(left.end()));
  items.insert(items.end(), std::make_move_iterator(from_right), std::make_move_iterator(right.end()));
}

}  // namespace turnout::cli::ipvsadm
