#include "control/metrics_families.h"

namespace turnout {

namespace {

struct ListRow {
  Labels labels;
  FilterBook::ListCount count;
};

std::vector<ListRow> list_rows(const FilterBook& book) {
  std::vector<ListRow> rows;
  for (size_t i = 0; i < book.configs().size(); ++i) {
    const FilterConfig& filter = book.configs()[i];
    for (size_t j = 0; j < filter.lists.size(); ++j) {
      const FilterListConfig& list = filter.lists[j];
      rows.push_back({{{"filter", filter.name}, {"list", list.name}, {"action", to_string(list.action)}},
                      book.count(i, j)});
    }
  }
  return rows;
}

}  // namespace

void add_filters(Families& families, const Director& director) {
  const FilterBook& book = director.filters();
  const std::vector<ListRow> rows = list_rows(book);
  MetricFamily& packets =
      families.add("turnout_filter_packets_total",
                   "Packets that the list decided on; those of clients in no list have the list \"\".",
                   MetricType::Counter);
  for (const ListRow& row : rows) add_sample(packets, row.labels, number(row.count.packets));
  for (size_t i = 0; i < book.configs().size(); ++i) {
    const FilterConfig& filter = book.configs()[i];
    add_sample(packets, {{"filter", filter.name}, {"list", ""}, {"action", to_string(filter.otherwise)}},
               number(book.packets(book.filters()[i].otherwise)));
  }
  const auto gauge = [&](const char* name, const char* help, uint64_t FilterBook::ListCount::*value) {
    MetricFamily& family = families.add(name, help, MetricType::Gauge);
    for (const ListRow& row : rows) add_sample(family, row.labels, number(row.count.*value));
  };
  gauge("turnout_filter_rules", "Prefixes in the list.", &FilterBook::ListCount::rules);
  gauge("turnout_filter_unmatched_rules", "Of these, the ones that no packet has had yet.",
        &FilterBook::ListCount::unmatched);
}

}  // namespace turnout
