// Aligned columns of text.
#pragma once

#include <string>
#include <vector>

namespace turnout::cli {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns);

  void add_row(std::vector<std::string> cells);  ///< one cell per column
  bool empty() const { return rows_.empty(); }
  size_t width() const;  ///< of the longest line, in characters

  /// Title line and rows, two spaces between columns, none at the end of a line. Titles that are all empty
  /// are left out.
  std::string to_string() const;

  /// For a table too long to be kept: the rows so far, which are forgotten, after the title line if they are
  /// the first. Columns only get wider.
  std::string take_rows();

 private:
  using Cells = std::vector<std::string>;

  std::string format_line(const Cells& cells) const;
  std::string format_rows() const;
  std::string format_titles() const;

  std::vector<Column> columns_;
  std::vector<size_t> widths_;  // of the widest cell so far in each column
  std::vector<Cells> rows_;
  bool has_begun_ = false;  // the title line was taken
};

}  // namespace turnout::cli
