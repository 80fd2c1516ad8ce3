#include "control/cli/top/view.h"

#include <algorithm>

#include "control/cli/format.h"
#include "control/cli/top/rows.h"

namespace turnout::cli::top {
namespace {

constexpr size_t kGap = 2;           // between cells of one line
constexpr size_t kLeastSection = 3;  // lines: a space, a title and a row
constexpr size_t kLeastList = 2;     // a title and a row
constexpr size_t kHeader = 5;

void add(std::vector<Line>& lines, std::vector<Line> more) {
  lines.insert(lines.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string busy_text(const std::optional<double>& busy) {
  if (!busy) return "-";
  constexpr uint64_t kThousand = 1000;
  return format_share(static_cast<uint64_t>(*busy * kThousand + 0.5), kThousand);
}

/// At most so many characters, where "…" is one.
std::string cut(const std::string& text, size_t columns) {
  size_t end = 0;
  for (size_t characters = 0; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (begins && characters++ == columns) break;
  }
  return text.substr(0, end);
}

/// At both ends of the line; the right one is left out where there is no room.
std::string both_ends(const std::string& start, const std::string& end, size_t columns) {
  if (start.size() + kGap + end.size() > columns) return start;
  return start + std::string(columns - start.size() - end.size(), ' ') + end;
}

std::string how_shown(const Wishes& wishes) {
  const std::string order =
      std::string("by ") + name_of(wishes.sort_by) + (wishes.reverse ? ", reverse" : "");
  return order + ", " + (wishes.paused ? "paused" : "every " + std::to_string(wishes.interval) + " s");
}

std::vector<Line> header(const Model& model, const Wishes& wishes, size_t columns) {
  const std::string daemon =
      "turnoutd up " + format_duration(model.uptime) + ", generation " + std::to_string(model.generation);
  std::string tables = "table     ";
  for (const TableRow& table : model.tables) {
    tables += (&table == &model.tables.front() ? " " : ", ") + table.family + ' ' +
              std::to_string(table.entries) + " of " + std::to_string(table.capacity) + " (" +
              format_share(table.entries, table.capacity) + ')';
  }
  return {{both_ends(daemon, how_shown(wishes), columns), Style::bold},
          {"packets/s  received " + format_rate(model.received) + ", transmitted " +
           format_rate(model.transmitted) + ", punted " + format_rate(model.punted) + ", dropped " +
           format_rate(model.dropped)},
          {tables},
          {"entries/s  new " + format_rate(model.inserted) + ", expired " + format_rate(model.expired) +
           ", evicted " + format_rate(model.evicted) + ", stateless " + format_rate(model.stateless)},
          {""}};
}

/// Cells of one width side by side, with the title above each column.
std::vector<Line> section(const std::string& title, const std::vector<std::string>& cells, size_t columns) {
  if (cells.empty()) return {};
  const size_t fitting = std::max<size_t>(1, (columns + kGap) / (title.size() + kGap));
  const size_t across = std::min(fitting, cells.size());
  const std::string gap(kGap, ' ');
  std::string titles = title;
  for (size_t i = 1; i < across; ++i) titles += gap + title;
  std::vector<Line> lines{{""}, {titles, Style::title}};
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i % across == 0) lines.push_back({cells[i]});
    if (i % across != 0) lines.back().text += gap + cells[i];
  }
  return lines;
}

std::vector<Line> workers(const Model& model, size_t columns) {
  std::vector<std::string> cells;
  for (const WorkerRow& worker : model.workers)
    cells.push_back(right(worker.lcore, 12) + right(busy_text(worker.busy), 9) +
                    right(format_rate(worker.packets), 7));
  return section(left("WORKER LCORE", 12) + right("BUSY", 9) + right("PKT/S", 7), cells, columns);
}

std::vector<Line> drops(const Model& model, size_t columns) {
  std::vector<std::string> cells;
  for (const DropRow& drop : model.drops)
    cells.push_back(left(drop.reason, 24) + right(format_rate(drop.packets), 7) +
                    right(std::to_string(drop.total), 13));
  return section(left("DROPPED, REASON", 24) + right("PKT/S", 7) + right("TOTAL", 13), cells, columns);
}

/// As much of `lines` as there is room for; nothing if that is too little to say something.
std::vector<Line> at_most(std::vector<Line> lines, size_t room) {
  if (lines.size() <= room) return lines;
  if (room < kLeastSection) return {};
  const size_t hidden = lines.size() - room + 1;
  lines.resize(room - 1);
  lines.push_back({"… " + std::to_string(hidden) + " more lines"});
  return lines;
}

/// The part of the list from row `first` on; `first` is corrected.
std::vector<Line> list(const Model& model, const Wishes& wishes, size_t columns, size_t room, size_t& first) {
  if (!wishes.services && !wishes.servers) return {};
  const std::vector<Line> rows = list_rows(model, wishes, columns);
  const size_t shown = std::min(rows.size(), room - 1);
  first = std::min(first, rows.size() - shown);
  std::vector<Line> lines{list_title(wishes, columns)};
  for (size_t i = first; i < first + shown; ++i) lines.push_back(rows[i]);
  const size_t below = rows.size() - first - shown;
  if (below > 0) lines.back() = {"… " + std::to_string(below + 1) + " more rows below"};
  if (rows.empty()) lines.push_back({wishes.filter.empty() ? "No services." : "Nothing matches the filter."});
  return lines;
}

std::vector<Line> help() {
  return {{"q         quit"},
          {"space     pause, and go on"},
          {"h ?       this page; any key leaves it"},
          {"/         filter: only services and real servers with this in their names; Esc clears it"},
          {""},
          {"Sort by", Style::bold},
          {"c p b     connections, packets, bytes a second"},
          {"a i       active, inactive connections"},
          {"n         name"},
          {"r         the other way round"},
          {""},
          {"Show or hide", Style::bold},
          {"s e       services, real servers"},
          {"w d       workers, drops"},
          {""},
          {"arrows, Page Up, Page Down, Home: move through the list"},
          {"STATE of a service: real servers up; drain: weight 0, no new connections"}};
}

Line last_line(const Wishes& wishes) {
  if (wishes.is_filter_typed) return {"/" + wishes.filter + "_", Style::bold};
  if (!wishes.notice.empty()) return {wishes.notice, Style::bold};
  if (!wishes.filter.empty()) return {"filter: " + wishes.filter + "  (Esc clears it)", Style::bold};
  return {"q quit  h help  / filter  space pause  sort c p b a i n  r reverse  s e w d show"};
}

/// Of a screen that is too low for all, the list has at least half.
std::vector<Line> body(const Model& model, const Wishes& wishes, const Size& size, size_t& first) {
  std::vector<Line> of_workers, of_drops;
  if (wishes.workers) of_workers = workers(model, size.columns);
  if (wishes.drops) of_drops = drops(model, size.columns);
  size_t room = SIZE_MAX;
  if (size.lines > 0) {
    room = std::max(kLeastList, size.lines - std::min(size.lines, kHeader + 1));
    const size_t rows = list_rows(model, wishes, size.columns).size() + 1;
    const size_t spare = std::max(room / 2, room - std::min(room, rows));
    of_drops = at_most(std::move(of_drops), std::max(spare / 2, spare - std::min(spare, of_workers.size())));
    of_workers = at_most(std::move(of_workers), spare - std::min(spare, of_drops.size()));
    room = std::max(kLeastList, room - of_workers.size() - of_drops.size());
  }
  std::vector<Line> lines = list(model, wishes, size.columns, room, first);
  add(lines, std::move(of_workers));
  add(lines, std::move(of_drops));
  return lines;
}

}  // namespace

View draw(const Model& model, const Wishes& wishes, const Size& size) {
  View view{header(model, wishes, size.columns), wishes.first};
  add(view.lines, wishes.help ? help() : body(model, wishes, size, view.first));
  if (size.lines > 0) {
    view.lines.resize(size.lines - 1);
    view.lines.push_back(last_line(wishes));
  }
  for (Line& line : view.lines) line.text = cut(line.text, size.columns);
  return view;
}

}  // namespace turnout::cli::top
