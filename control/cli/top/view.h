// The screen of `top` as lines of text. Knows of no terminal: the same model, wishes and size give the same
// lines.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "control/cli/top/model.h"

namespace turnout::cli::top {

enum class SortBy { name, connections, packets, bytes, active, inactive };

/// What the user wants to see.
struct Wishes {
  uint64_t interval = 2;  // seconds between looks
  SortBy sort_by = SortBy::packets;
  bool reverse = false;  // names go up and numbers down; reverse: the other way
  bool services = true, servers = true, workers = true, drops = true;
  std::string filter;  // part of a name, in small letters; "": all
  bool is_filter_typed = false;
  bool paused = false;
  bool help = false;
  size_t first = 0;    // row of the list, of those that could be shown
  std::string notice;  // in place of the keys
};

struct Size {
  size_t columns = 80;
  size_t lines = 0;  // 0: as many as it takes, and no line of keys at the end
};

enum class Style { plain, bold, title };
struct Line {
  std::string text;  // at most as wide as the screen; ASCII but for "…"
  Style style = Style::plain;
};

struct View {
  std::vector<Line> lines;
  size_t first = 0;  // of Wishes, no further than the list goes
};
View draw(const Model& model, const Wishes& wishes, const Size& size);

/// "12.3", "1.23k", "45.6M": at most five characters; "-" for none.
std::string format_rate(const Rate& rate);

}  // namespace turnout::cli::top
