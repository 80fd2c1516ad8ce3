#include "control/cli/table.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <string_view>
#include <utility>

namespace turnout::cli {
namespace {

constexpr std::string_view kGap = "  ";

/// Characters, not bytes: UTF-8 continuation bytes take no room of their own.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (const Column& column : columns_) widths_.push_back(width_of(column.title));
}

void Table::add_row(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  for (size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], width_of(cells[i]));
  rows_.push_back(std::move(cells));
}

size_t Table::width() const {
  return std::accumulate(widths_.begin(), widths_.end(), kGap.size() * (widths_.size() - 1));
}

std::string Table::to_string() const {
  return format_titles() + format_rows();
}

std::string Table::take_rows() {
  std::string lines;
  if (!rows_.empty() && !std::exchange(has_begun_, true)) lines = format_titles();
  lines += format_rows();
  rows_.clear();
  return lines;
}

std::string Table::format_titles() const {
  Cells titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  const bool has_titles =
      std::any_of(titles.begin(), titles.end(), [](const auto& title) { return !title.empty(); });
  return has_titles ? format_line(titles) : "";
}

std::string Table::format_rows() const {
  std::string lines;
  for (const Cells& row : rows_) lines += format_line(row);
  return lines;
}

std::string Table::format_line(const Cells& cells) const {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += kGap;
    const std::string padding(widths_[i] - width_of(cells[i]), ' ');
    line += columns_[i].align == Align::right ? padding + cells[i] : cells[i] + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

}  // namespace turnout::cli
