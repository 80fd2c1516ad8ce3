#include "control/cli/top/rows.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

namespace turnout::cli::top {
namespace {

constexpr size_t kWeight = 6, kState = 5, kRate = 7, kCount = 8;
constexpr size_t kBesidesName = 1 + kWeight + 1 + kState + 3 * (1 + kRate) + 2 * (1 + kCount);
constexpr size_t kLeastName = 12;
constexpr uint64_t kLongestCount = 99'999'999;  // what fits into kCount

std::string count_text(uint64_t count) {
  return count <= kLongestCount ? std::to_string(count) : format_rate(static_cast<double>(count));
}

size_t name_width(size_t columns) {
  return std::max(kLeastName, columns - std::min(columns, kBesidesName));
}

std::string row_text(const std::string& name, const std::array<std::string, 7>& cells, size_t columns) {
  std::string text =
      left(name, name_width(columns)) + ' ' + right(cells[0], kWeight) + ' ' + left(cells[1], kState);
  for (size_t i = 2; i < cells.size(); ++i) text += ' ' + right(cells[i], i < 5 ? kRate : kCount);
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::string row_text(const std::string& name, const std::string& weight, const std::string& state,
                     const Traffic& traffic, size_t columns) {
  return row_text(name,
                  {weight, state, format_rate(traffic.connections), format_rate(traffic.packets),
                   format_rate(traffic.bytes), count_text(traffic.active), count_text(traffic.inactive)},
                  columns);
}

const char* state_of(const ServerRow& server) {
  if (!server.up) return "down";
  if (server.maintenance) return "maint";
  return server.weight == 0 ? "drain" : "up";
}

Line server_line(const std::string& name, const ServerRow& server, size_t columns) {
  return {row_text(name, std::to_string(server.weight), state_of(server), server.traffic, columns),
          server.up ? Style::plain : Style::bold};
}

Line service_line(const ServiceRow& service, size_t columns) {
  const auto up = std::ranges::count_if(service.servers, &ServerRow::up);
  return {row_text(service.name, "", std::to_string(up) + '/' + std::to_string(service.servers.size()),
                   service.traffic, columns),
          up == 0 ? Style::bold : Style::plain};
}

double value_of(const Traffic& traffic, SortBy column) {
  switch (column) {
    case SortBy::connections:
      return traffic.connections.value_or(0);
    case SortBy::packets:
      return traffic.packets.value_or(0);
    case SortBy::bytes:
      return traffic.bytes.value_or(0);
    case SortBy::active:
      return static_cast<double>(traffic.active);
    case SortBy::inactive:
      return static_cast<double>(traffic.inactive);
    case SortBy::name:
      break;
  }
  return 0;
}

/// Of pointers to rows. What is equal stays in the daemon's order.
template <typename Row>
void sort(std::vector<const Row*>& rows, const Wishes& wishes) {
  std::ranges::stable_sort(rows, [&](const Row* a, const Row* b) {
    if (wishes.sort_by == SortBy::name) return wishes.reverse ? b->name < a->name : a->name < b->name;
    const double of_a = value_of(a->traffic, wishes.sort_by), of_b = value_of(b->traffic, wishes.sort_by);
    return wishes.reverse ? of_a < of_b : of_a > of_b;
  });
}

bool matches(const std::string& name, const Wishes& wishes) {
  const auto equal = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  const std::string& filter = wishes.filter;
  return std::search(name.begin(), name.end(), filter.begin(), filter.end(), equal) != name.end() ||
         filter.empty();
}

/// All of a service that matches itself, else those that do.
std::vector<const ServerRow*> chosen_servers(const ServiceRow& service, const Wishes& wishes) {
  std::vector<const ServerRow*> chosen;
  const bool all = matches(service.name, wishes);
  for (const ServerRow& server : service.servers) {
    if (all || matches(server.name, wishes)) chosen.push_back(&server);
  }
  sort(chosen, wishes);
  return chosen;
}

std::vector<const ServiceRow*> chosen_services(const Model& model, const Wishes& wishes) {
  std::vector<const ServiceRow*> chosen;
  for (const ServiceRow& service : model.services) {
    if (matches(service.name, wishes) || !chosen_servers(service, wishes).empty()) chosen.push_back(&service);
  }
  sort(chosen, wishes);
  return chosen;
}

std::vector<Line> servers_alone(const Model& model, const Wishes& wishes, size_t columns) {
  std::vector<ServerRow> named;
  for (const ServiceRow& service : model.services) {
    for (const ServerRow* server : chosen_servers(service, wishes)) {
      named.push_back(*server);
      std::string& name = named.back().name;
      name += "  ";
      name += fit(service.name, name_width(columns) - std::min(name_width(columns), name.size()));
    }
  }
  std::vector<const ServerRow*> rows;
  for (const ServerRow& server : named) rows.push_back(&server);
  sort(rows, wishes);
  std::vector<Line> lines;
  for (const ServerRow* server : rows) lines.push_back(server_line(server->name, *server, columns));
  return lines;
}

}  // namespace

const char* name_of(SortBy column) {
  constexpr std::array<const char*, 6> kNames{"name",    "connections/s", "packets/s",
                                              "bytes/s", "active",        "inactive"};
  return kNames.at(static_cast<size_t>(column));
}

std::vector<Line> list_rows(const Model& model, const Wishes& wishes, size_t columns) {
  if (!wishes.services && !wishes.servers) return {};
  if (!wishes.services) return servers_alone(model, wishes, columns);
  std::vector<Line> lines;
  for (const ServiceRow* service : chosen_services(model, wishes)) {
    lines.push_back(service_line(*service, columns));
    if (!wishes.servers) continue;
    for (const ServerRow* server : chosen_servers(*service, wishes))
      lines.push_back(server_line("  " + server->name, *server, columns));
  }
  return lines;
}

Line list_title(const Wishes& wishes, size_t columns) {
  const char* name = !wishes.services ? "REAL SERVER" : wishes.servers ? "SERVICE, REAL SERVER" : "SERVICE";
  return {row_text(name, {"WEIGHT", "STATE", "CONN/S", "PKT/S", "BYTE/S", "ACTIVE", "INACTIVE"}, columns),
          Style::title};
}

size_t width_of(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string fit(const std::string& text, size_t width) {
  if (width_of(text) <= width) return text;
  if (width == 0) return "";
  const size_t tail = (width - 1) / 2;
  return text.substr(0, width - 1 - tail) + "…" + text.substr(text.size() - tail);
}

std::string left(const std::string& text, size_t width) {
  const size_t used = width_of(text);
  return used < width ? text + std::string(width - used, ' ') : fit(text, width);
}

std::string right(const std::string& text, size_t width) {
  const size_t used = width_of(text);
  return used < width ? std::string(width - used, ' ') + text : fit(text, width);
}

std::string format_rate(const Rate& rate) {
  if (!rate) return "-";
  constexpr std::array<const char*, 6> kUnits{"", "k", "M", "G", "T", "P"};
  double value = *rate;
  size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  if (value == 0) return "0";
  if (unit == 0 && value < 0.05) return "<0.1";
  const int digits = value >= 99.95 ? 0 : value >= 9.995 || unit == 0 ? 1 : 2;  // behind the point
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f%s", digits, value, kUnits[unit]);
  return buffer.data();
}

}  // namespace turnout::cli::top
