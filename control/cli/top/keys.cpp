#include "control/cli/top/keys.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace turnout::cli::top {
namespace {

constexpr char kEscape = '\x1b';
constexpr size_t kPage = 10;  // rows
constexpr size_t kLongestFilter = 60;

struct SortKey {
  char key;
  SortBy column;
};
constexpr std::array<SortKey, 6> kSortKeys{{{'c', SortBy::connections},
                                            {'p', SortBy::packets},
                                            {'b', SortBy::bytes},
                                            {'a', SortBy::active},
                                            {'i', SortBy::inactive},
                                            {'n', SortBy::name}}};

struct Switch {
  char key;
  bool Wishes::*of;
};
constexpr std::array<Switch, 6> kSwitches{{{'s', &Wishes::services},
                                           {'e', &Wishes::servers},
                                           {'w', &Wishes::workers},
                                           {'d', &Wishes::drops},
                                           {'r', &Wishes::reverse},
                                           {' ', &Wishes::paused}}};

bool is(std::string_view key, char character) {
  return key.size() == 1 && key[0] == character;
}

void type_filter(std::string_view key, Wishes& wishes) {
  constexpr char kBackspace = '\x08', kDelete = '\x7f', kClearLine = '\x15';
  wishes.first = 0;
  if (is(key, '\r') || is(key, '\n')) {
    wishes.is_filter_typed = false;
  } else if (is(key, kEscape)) {
    wishes.is_filter_typed = false;
    wishes.filter.clear();
  } else if (is(key, kClearLine)) {
    wishes.filter.clear();
  } else if (is(key, kBackspace) || is(key, kDelete)) {
    if (!wishes.filter.empty()) wishes.filter.pop_back();
  } else if (key.size() == 1 && key[0] >= ' ' && key[0] <= '~' && wishes.filter.size() < kLongestFilter) {
    wishes.filter += static_cast<char>(std::tolower(static_cast<unsigned char>(key[0])));
  }
}

bool sort_by(std::string_view key, Wishes& wishes) {
  const auto found =
      std::ranges::find_if(kSortKeys, [key](const SortKey& each) { return is(key, each.key); });
  if (found == kSortKeys.end()) return false;
  wishes.sort_by = found->column;
  wishes.reverse = false;
  wishes.first = 0;
  return true;
}

bool turn_switch(std::string_view key, Wishes& wishes) {
  const auto found = std::ranges::find_if(kSwitches, [key](const Switch& each) { return is(key, each.key); });
  if (found == kSwitches.end()) return false;
  wishes.*(found->of) = !(wishes.*(found->of));
  return true;
}

void move(std::string_view key, Wishes& wishes) {
  const auto up = [&](size_t rows) { wishes.first -= std::min(wishes.first, rows); };
  if (key == "\x1b[A") up(1);
  if (key == "\x1b[B") wishes.first += 1;
  if (key == "\x1b[5~") up(kPage);
  if (key == "\x1b[6~") wishes.first += kPage;
  if (key == "\x1b[H" || key == "\x1b[1~") wishes.first = 0;
}

}  // namespace

std::vector<std::string> split_keys(std::string_view bytes) {
  std::vector<std::string> keys;
  while (!bytes.empty()) {
    size_t length = 1;
    if (bytes.size() > 2 && bytes[0] == kEscape && (bytes[1] == '[' || bytes[1] == 'O')) {
      length = 3;
      while (length < bytes.size() && (bytes[length - 1] < '@' || bytes[length - 1] > '~')) ++length;
    }
    keys.emplace_back(bytes.substr(0, length));
    if (keys.back().starts_with("\x1bO")) keys.back()[1] = '[';  // what arrows send in "application mode"
    bytes.remove_prefix(length);
  }
  return keys;
}

bool press(std::string_view key, Wishes& wishes) {
  if (wishes.is_filter_typed) {
    type_filter(key, wishes);
  } else if (is(key, 'q')) {
    return false;
  } else if (wishes.help) {
    wishes.help = false;
  } else if (is(key, 'h') || is(key, '?')) {
    wishes.help = true;
  } else if (is(key, '/')) {
    wishes.is_filter_typed = true;
  } else if (is(key, kEscape)) {
    wishes.filter.clear();
  } else if (!sort_by(key, wishes) && !turn_switch(key, wishes)) {
    move(key, wishes);
  }
  return true;
}

}  // namespace turnout::cli::top
