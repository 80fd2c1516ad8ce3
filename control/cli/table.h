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

  /// Title line and rows, two spaces between columns, none at the end of a line. Titles that are all empty
  /// are left out.
  std::string to_string() const;

 private:
  std::string format_line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace turnout::cli
