// `turnoutctl top`: the lines of its screen.
#include <gtest/gtest.h>

#include <algorithm>

#include "control/cli/top/rows.h"
#include "control/cli/top/view.h"
#include "test/support/top_example.h"

namespace turnout::cli::top::cli_top_view_test {
namespace {

using Lines = std::vector<std::string>;

Lines texts(const View& view) {
  Lines all;
  for (const Line& line : view.lines) all.push_back(line.text);
  return all;
}
Lines screen(const Wishes& wishes, const Size& size) {
  return texts(draw(compare(stats_before(), stats_after()), wishes, size));
}
/// Without the header and the line of keys.
Lines list(const Wishes& wishes, const Size& size = {80, 0}) {
  Lines all = screen(wishes, size);
  all.erase(all.begin(), all.begin() + 6);
  return all;
}
Wishes list_alone() {
  Wishes wishes;
  wishes.workers = wishes.drops = false;
  return wishes;
}
/// The first word of each row.
std::vector<std::string> order(SortBy column, bool reverse = false) {
  Wishes wishes = list_alone();
  wishes.services = false;
  wishes.sort_by = column;
  wishes.reverse = reverse;
  Lines names;
  for (const std::string& row : list(wishes)) names.push_back(row.substr(0, row.find(' ')));
  return names;
}

TEST(TopView, FillsEightyColumns) {
  EXPECT_EQ(screen({}, {80, 24}),
            (Lines{
                "turnoutd up 2h 03m, generation 7                         by packets/s, every 2 s",
                "packets/s  received 1.00k, transmitted 990, punted 5.0, dropped 5.0",
                "table      ipv4 150 of 1048576 (0.0 %), ipv6 9 of 1024 (0.9 %)",
                "entries/s  new 50.0, expired 25.0, evicted 0, stateless 0.5",
                "",
                "SERVICE, REAL SERVER      WEIGHT STATE  CONN/S   PKT/S  BYTE/S   ACTIVE INACTIVE",
                "tcp 192.0.2.100:80               2/3      50.0     985    123k       30       12",
                "  192.0.2.12                   2 up       30.0     635   83.5k       20        6",
                "  192.0.2.11                   1 up       20.0     350   40.0k       10        6",
                "  192.0.2.13                   0 down        0       0       0        0        0",
                "udp [2001:db8::100]:53           1/1         0     5.0    50.0        0        9",
                "  2001:db8::11                 1 up          0     5.0    50.0        0        9",
                "",
                "WORKER LCORE     BUSY  PKT/S  WORKER LCORE     BUSY  PKT/S",
                "           1   25.0 %    900             2    0.0 %    100",
                "",
                "DROPPED, REASON           PKT/S        TOTAL",
                "no_service                  4.5          109",
                "bad_ip_header               0.5            1",
                "not_ip                        0           40",
                "",
                "",
                "",
                "q quit  h help  / filter  space pause  sort c p b a i n  r reverse  s e w d show",
            }));
}

TEST(TopView, AWideScreenHasRoomForNamesAndCells) {
  const Lines lines = screen({}, {120, 24});
  EXPECT_EQ(lines[0], "turnoutd up 2h 03m, generation 7" + std::string(65, ' ') + "by packets/s, every 2 s");
  EXPECT_EQ(lines[6], "tcp 192.0.2.100:80" + std::string(40, ' ') +
                          "               2/3      50.0     985    123k       30       12");
  EXPECT_EQ(lines[16],
            "DROPPED, REASON           PKT/S        TOTAL  DROPPED, REASON           PKT/S        TOTAL");
  EXPECT_EQ(lines[17],
            "no_service                  4.5          109  bad_ip_header               0.5            1");
  EXPECT_EQ(lines[18], "not_ip                        0           40");
}

TEST(TopView, WithoutAScreenItIsAsLongAsItTakes) {
  const Lines lines = screen({}, {80, 0});
  EXPECT_EQ(lines.size(), 20u);
  EXPECT_EQ(lines.back(), "not_ip                        0           40");
}

TEST(TopView, BeforeThereAreRatesItSaysSo) {
  const View view = draw(compare(Json(), stats_after()), list_alone(), {80, 0});
  EXPECT_EQ(view.lines[1].text, "packets/s  received -, transmitted -, punted -, dropped -");
  EXPECT_EQ(view.lines[6].text,
            "tcp 192.0.2.100:80               2/3         -       -       -       30       12");
}

TEST(TopView, WhatIsDownStandsOut) {
  const View view = draw(compare(stats_before(), stats_after()), list_alone(), {80, 0});
  EXPECT_EQ(view.lines[5].style, Style::title);
  EXPECT_EQ(view.lines[6].style, Style::plain);
  EXPECT_EQ(view.lines[9].style, Style::bold) << view.lines[9].text;
}

TEST(TopView, AServerOfWeightZeroDrains) {
  Json after = stats_after();
  after["services"][0]["servers"][2]["up"] = true;
  const View view = draw(compare(stats_before(), after), list_alone(), {80, 0});
  EXPECT_EQ(view.lines[9].text,
            "  192.0.2.13                   0 drain       0       0       0        0        0");
}

TEST(TopView, AServerUnderMaintenanceIsNotJustUp) {
  Json after = stats_after();
  after["services"][0]["servers"][0]["maintenance"] = true;
  const View view = draw(compare(stats_before(), after), list_alone(), {80, 0});
  const auto says_maint = [](const Line& line) { return line.text.find(" maint ") != std::string::npos; };
  EXPECT_EQ(std::ranges::count_if(view.lines, says_maint), 1);
}

TEST(TopView, SortsByEachColumn) {
  const Lines by_packets{"192.0.2.12", "192.0.2.11", "2001:db8::11", "192.0.2.13"};
  EXPECT_EQ(order(SortBy::packets), by_packets);
  EXPECT_EQ(order(SortBy::packets, true), Lines(by_packets.rbegin(), by_packets.rend()));
  EXPECT_EQ(order(SortBy::bytes), by_packets);
  EXPECT_EQ(order(SortBy::connections), (Lines{"192.0.2.12", "192.0.2.11", "192.0.2.13", "2001:db8::11"}));
  EXPECT_EQ(order(SortBy::active), (Lines{"192.0.2.12", "192.0.2.11", "192.0.2.13", "2001:db8::11"}));
  EXPECT_EQ(order(SortBy::inactive), (Lines{"2001:db8::11", "192.0.2.11", "192.0.2.12", "192.0.2.13"}));
  EXPECT_EQ(order(SortBy::name), (Lines{"192.0.2.11", "192.0.2.12", "192.0.2.13", "2001:db8::11"}));
}

TEST(TopView, ServicesAreSortedAsTheirServersAre) {
  Wishes wishes = list_alone();
  wishes.servers = false;
  wishes.sort_by = SortBy::inactive;
  wishes.reverse = true;
  EXPECT_EQ(list(wishes),
            (Lines{"udp [2001:db8::100]:53           1/1         0     5.0    50.0        0        9",
                   "tcp 192.0.2.100:80               2/3      50.0     985    123k       30       12"}));
}

TEST(TopView, ServersAloneNameTheirService) {
  Wishes wishes = list_alone();
  wishes.services = false;
  const Lines lines = screen(wishes, {120, 0});
  EXPECT_EQ(lines[5].substr(0, 12), "REAL SERVER ");
  EXPECT_EQ(lines[6].substr(0, 33), "192.0.2.12  tcp 192.0.2.100:80   ");
  EXPECT_EQ(list(wishes)[2].substr(0, 27), "2001:db8::11  udp […0]:53") << "the address is whole";
}

TEST(TopView, AFilterChoosesServicesWithAllTheirServersOrServersWithTheirService) {
  Wishes wishes = list_alone();
  const auto names = [&](const std::string& filter) {
    wishes.filter = filter;
    Lines all;
    for (const std::string& row : list(wishes)) all.push_back(row.substr(0, row.find("  ", 2)));
    return all;
  };
  EXPECT_EQ(names("udp"), (Lines{"udp [2001:db8::100]:53", "  2001:db8::11"}));
  EXPECT_EQ(names(".12"), (Lines{"tcp 192.0.2.100:80", "  192.0.2.12"}));
  EXPECT_EQ(names("nothing"), (Lines{"Nothing matches the filter."}));
  EXPECT_EQ(names("db8::100").size(), 2u);
}

TEST(TopView, TheLastLineSaysWhatGoesOn) {
  Wishes wishes;
  wishes.filter = "tcp";
  EXPECT_EQ(screen(wishes, {80, 24}).back(), "filter: tcp  (Esc clears it)");
  wishes.is_filter_typed = true;
  EXPECT_EQ(screen(wishes, {80, 24}).back(), "/tcp_");
  wishes = {};
  wishes.notice = "turnoutd is gone: waiting for it";
  EXPECT_EQ(screen(wishes, {80, 24}).back(), "turnoutd is gone: waiting for it");
  wishes.paused = true;
  EXPECT_EQ(screen(wishes, {80, 24})[0],
            "turnoutd up 2h 03m, generation 7                            by packets/s, paused");
}

TEST(TopView, AnyScreenIsFilledAndNoMore) {
  for (const bool help : {false, true}) {
    for (size_t lines = 1; lines < 40; ++lines) {
      for (const size_t columns : {1u, 20u, 40u, 79u, 80u, 200u}) {
        Wishes wishes;
        wishes.help = help;
        wishes.first = lines;
        const View view = draw(compare(stats_before(), stats_after()), wishes, {columns, lines});
        ASSERT_EQ(view.lines.size(), lines);
        for (const Line& line : view.lines) {
          const auto width = std::ranges::count_if(line.text, [](char c) { return (c & 0xC0) != 0x80; });
          EXPECT_LE(static_cast<size_t>(width), columns) << line.text;
        }
      }
    }
  }
}

TEST(TopView, ALowScreenKeepsTheListAndSaysWhatIsBelow) {
  const Lines lines = screen({}, {80, 12});
  EXPECT_EQ(lines[5].substr(0, 7), "SERVICE");
  EXPECT_EQ(lines[6].substr(0, 18), "tcp 192.0.2.100:80");
  EXPECT_EQ(lines[7], "… 5 more rows below");
  EXPECT_EQ(lines[9].substr(0, 12), "WORKER LCORE");
}

TEST(TopView, TheListMovesNoFurtherThanItGoes) {
  Wishes wishes = list_alone();
  wishes.first = 2;
  View view = draw(compare(stats_before(), stats_after()), wishes, {80, 11});
  EXPECT_EQ(view.first, 2u);
  EXPECT_EQ(view.lines[6].text.substr(0, 12), "  192.0.2.11");
  wishes.first = 100;
  view = draw(compare(stats_before(), stats_after()), wishes, {80, 11});
  EXPECT_EQ(view.first, 2u);
  EXPECT_EQ(view.lines[9].text.substr(0, 14), "  2001:db8::11");
}

TEST(TopView, HelpTakesThePlaceOfTheList) {
  Wishes wishes;
  wishes.help = true;
  const Lines lines = screen(wishes, {80, 24});
  EXPECT_EQ(lines[5], "q         quit");
  EXPECT_EQ(lines[21], "STATE of a service: real servers up; drain: weight 0, no new connections");
}

TEST(TopView, NamesAreCutInTheMiddle) {
  EXPECT_EQ(fit("tcp [2001:db8:1234:5678:1234:5678:1234:5678]:8080", 25), "tcp [2001:db…4:5678]:8080");
  EXPECT_EQ(fit("short", 5), "short");
  EXPECT_EQ(fit("short", 1), "…");
  EXPECT_EQ(fit("short", 0), "");
}

TEST(TopView, RatesHaveFiveCharactersAtMost) {
  EXPECT_EQ(format_rate(std::nullopt), "-");
  EXPECT_EQ(format_rate(0.0), "0");
  EXPECT_EQ(format_rate(0.04), "<0.1");
  EXPECT_EQ(format_rate(0.25), "0.2");
  EXPECT_EQ(format_rate(9.99), "10.0");
  EXPECT_EQ(format_rate(99.94), "99.9");
  EXPECT_EQ(format_rate(99.96), "100");
  EXPECT_EQ(format_rate(999.4), "999");
  EXPECT_EQ(format_rate(999.6), "1.00k");
  EXPECT_EQ(format_rate(9'994.0), "9.99k");
  EXPECT_EQ(format_rate(9'996.0), "10.0k");
  EXPECT_EQ(format_rate(123'456.0), "123k");
  EXPECT_EQ(format_rate(999'600.0), "1.00M");
  EXPECT_EQ(format_rate(1.25e10), "12.5G");
  EXPECT_EQ(format_rate(5e21), "5000000P") << "further there are no units";
}

}  // namespace
}  // namespace turnout::cli::top::cli_top_view_test
