// A change of the configuration as events.
#include "control/config_events.h"

#include <gtest/gtest.h>

#include "control/event_log.h"
#include "test/support/test_config.h"

namespace turnout::config_events_test {
namespace {

using Lines = std::vector<std::string>;

Lines lines(const std::vector<Event>& events) {
  Lines all;
  for (const Event& event : events) all.push_back(std::string(to_string(event.kind)) + ": " + event.text);
  return all;
}

TEST(ConfigEvents, NameWhatIsAddedAndRemoved) {
  const Config from = config_with({service(web(80), {11, 12}), service(web(81), {11})});
  const Config to = config_with({service(web(80), {12, 13}), service(web(82), {11, 12})});
  const std::vector<Event> events = config_events(from, to);
  EXPECT_EQ(lines(events), (Lines{"server_added: tcp 192.0.2.100:80: real server 192.0.2.13 added",
                                  "server_removed: tcp 192.0.2.100:80: real server 192.0.2.11 removed",
                                  "service_added: tcp 192.0.2.100:82: service added",
                                  "service_removed: tcp 192.0.2.100:81: service removed"}));
  EXPECT_EQ(events[0].fields,
            Json::parse(R"({"service": {"vip": "192.0.2.100", "protocol": "tcp", "port": 80},
                                              "server": "192.0.2.13", "weight": 1})"));
  EXPECT_EQ(events[2].fields,
            Json::parse(R"({"service": {"vip": "192.0.2.100", "protocol": "tcp", "port": 82},
                                              "servers": ["192.0.2.11", "192.0.2.12"], "server_count": 2})"));
}

TEST(ConfigEvents, TellWhenAServerIsDrainedAndWhenItIsBack) {
  const ServiceConfig from = service(web(), {11, 12});
  ServiceConfig drained = from;
  drained.real_servers[1].weight = 0;
  EXPECT_EQ(
      lines(config_events(from, drained)),
      Lines{"server_draining: tcp 192.0.2.100:80: real server 192.0.2.12 is drained: no new connections"});
  EXPECT_EQ(lines(config_events(drained, from)),
            Lines{"server_resumed: tcp 192.0.2.100:80: real server 192.0.2.12 gets new connections again"});
  ServiceConfig heavier = from;
  heavier.real_servers[1].weight = 5;
  EXPECT_EQ(lines(config_events(from, heavier)), Lines{}) << "config_applied says that";
}

TEST(ConfigEvents, TellWhatIsUnderMaintenance) {
  Config from = config_with({}), to = from;
  from.maintenance = {ip("192.0.2.11"), ip("192.0.2.12")};
  to.maintenance = {ip("192.0.2.12"), ip("192.0.2.13")};
  EXPECT_EQ(lines(config_events(from, to)),
            (Lines{"maintenance_started: real server 192.0.2.13 is under maintenance: no new connections in "
                   "any service",
                   "maintenance_ended: real server 192.0.2.11 is no longer under maintenance"}));
}

TEST(ConfigEvents, AChangeIsOneEventBeforeItsParts) {
  EventLog log;
  const ServiceConfig from = service(web(), {11});
  testing::internal::CaptureStderr();
  report_change(7, {"one: changed", "two: changed"}, config_events(from, service(web(), {11, 12})),
                {"server.add", {}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "turnoutd: info: one: changed (generation 7, server.add)\n"
            "turnoutd: info: two: changed (generation 7, server.add)\n");
  const EventLog::Page page = log.after(0, 10);
  ASSERT_EQ(page.entries.size(), 2u);
  const Event& whole = page.entries[0]->event;
  EXPECT_EQ(whole.kind, EventKind::config_applied);
  EXPECT_EQ(whole.text, "configuration 7 is in force: one: changed; and 1 more change");
  EXPECT_EQ(whole.fields, Json::parse(R"({"generation": 7, "changes": ["one: changed", "two: changed"],
                                          "change_count": 2, "by": "server.add"})"));
  EXPECT_EQ(page.entries[1]->event.kind, EventKind::server_added);
}

TEST(ConfigEvents, AChangeThatChangesNothingIsNone) {
  EventLog log;
  report_change(7, {}, {}, {"start", {}});
  EXPECT_EQ(log.last(), 0u);
}

TEST(ConfigEvents, AHugeChangeMakesNoHugeEvent) {
  EventLog log;
  report_change(7, Lines(1000, std::string(5000, 'x')), {}, {"start", {}});
  const Event& event = log.after(0, 1).entries.at(0)->event;
  EXPECT_EQ(event.fields["changes"].size(), kMostListed);
  EXPECT_EQ(event.fields["change_count"], 1000);
  EXPECT_LT(event.fields.dump().size(), 20'000u);
}

}  // namespace
}  // namespace turnout::config_events_test
