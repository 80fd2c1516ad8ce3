// What the log of events keeps, and how clients are told.
#include "control/event_log.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "control/event_polls.h"

namespace turnout::event_log_test {
namespace {

using namespace std::chrono_literals;

EventLog::Time at(int64_t milliseconds) {
  return EventLog::Time(std::chrono::milliseconds(milliseconds));
}

void say(EventKind kind, const std::string& text = "it happened") {
  record({kind, Severity::info, text});
}

std::vector<uint64_t> numbers(const EventLog::Page& page) {
  std::vector<uint64_t> all;
  for (const EventLog::Entry* entry : page.entries) all.push_back(entry->sequence);
  return all;
}

using Numbers = std::vector<uint64_t>;

TEST(EventLog, NumbersAndDatesWhatIsReported) {
  EventLog log([time = int64_t{1'795'312'800'123}]() mutable { return at(time++); });
  report({EventKind::link_up, Severity::info, "port 'lan': link up", {{"port", "lan"}}});
  const EventLog::Page page = log.after(0, 10);
  ASSERT_EQ(page.entries.size(), 1u);
  const EventLog::Entry& entry = *page.entries[0];
  EXPECT_EQ(entry.sequence, 1u);
  EXPECT_EQ(to_text(log.started()), "2026-11-22T02:00:00.123Z");
  EXPECT_EQ(to_text(entry.time), "2026-11-22T02:00:00.124Z");
  EXPECT_EQ(entry.event.fields["port"], "lan");
}

TEST(EventLog, WithoutOneAnEventIsNowhere) {
  say(EventKind::link_up);
  EventLog log;
  EXPECT_EQ(log.last(), 0u);
}

TEST(EventLog, GivesThoseAfterANumberUpToTheLimit) {
  EventLog log;
  for (int i = 0; i < 5; ++i) say(EventKind::link_up);
  EventLog::Page page = log.after(1, 2);
  EXPECT_EQ(numbers(page), (Numbers{2, 3}));
  EXPECT_EQ(page.next, 3u);
  page = log.after(5, 2);
  EXPECT_TRUE(page.entries.empty());
  EXPECT_EQ(page.next, 5u);
}

TEST(EventLog, LooksThroughOtherKindsOnlyOnce) {
  EventLog log;
  say(EventKind::link_up);
  say(EventKind::server_down);
  say(EventKind::link_up);
  EventKinds downs;
  downs.set(static_cast<size_t>(EventKind::server_down));
  const EventLog::Page page = log.after(0, 10, downs);
  EXPECT_EQ(numbers(page), Numbers{2});
  EXPECT_EQ(page.next, 3u);
  EXPECT_EQ(page.missed, 0u);
}

TEST(EventLog, WhatRepeatsItselfPushesOutItsLikeAlone) {
  EventLog log;
  say(EventKind::server_down);
  for (size_t i = 0; i < EventLog::kMostOfAKind + 10; ++i) say(EventKind::vip_conflict_begun);
  const EventLog::Page page = log.after(0, 2);
  EXPECT_EQ(numbers(page), (Numbers{1, 12}));
  EXPECT_EQ(page.missed, 10u) << "2 to 11";
}

TEST(EventLog, KeepsNoMoreThanItHasRoomFor) {
  EventLog log;
  for (size_t i = 0; i < 2 * EventLog::kMostOfAKind; ++i) {
    for (const EventKind kind : {EventKind::link_up, EventKind::link_down, EventKind::server_up,
                                 EventKind::server_down, EventKind::neighbor_found})
      say(kind);
  }
  const EventLog::Page page = log.after(0, SIZE_MAX);
  EXPECT_EQ(page.entries.size(), EventLog::kMost);
  EXPECT_EQ(page.entries.front()->sequence, log.last() - EventLog::kMost + 1);
  EXPECT_EQ(page.missed, log.last() - EventLog::kMost);
}

TEST(EventLog, CutsLongTextsBetweenCharacters) {
  EventLog log;
  std::string text(kTextBytes - 1, 'x');
  say(EventKind::link_up, text + "x");
  say(EventKind::link_up, text + "é and more");
  const EventLog::Page page = log.after(0, 2);
  EXPECT_EQ(page.entries[0]->event.text, text + "x");
  EXPECT_EQ(page.entries[1]->event.text, text + "…");
}

TEST(EventLog, EachKindIsKnownByItsName) {
  for (size_t i = 0; i < static_cast<size_t>(EventKind::count); ++i) {
    const auto kind = static_cast<EventKind>(i);
    EXPECT_EQ(parse_event_kind(to_string(kind)), kind);
  }
  EXPECT_EQ(to_string(EventKind::daemon_started), "daemon_started");
  EXPECT_EQ(to_string(EventKind::link_down), "link_down");
  EXPECT_FALSE(parse_event_kind("server_sleeps"));
}

/// Clients of events.list, each with its answers.
class EventPollsTest : public testing::Test {
 protected:
  void ask(const Json& params) {
    polls_->list(Json::parse(params.dump()), [this](Json result) { answers_.push_back(std::move(result)); });
  }
  void run() {
    io_.restart();
    io_.poll();
  }
  Numbers told(size_t answer) const {
    Numbers all;
    for (const Json& event : answers_.at(answer)["events"]) all.push_back(event["sequence"]);
    return all;
  }
  std::string pointer_of_refusal(const Json& params) {
    try {
      ask(params);
    } catch (const RpcError& error) {
      EXPECT_EQ(error.code, RpcCode::invalid_params);
      return error.data["pointer"];
    }
    return "none";
  }

  boost::asio::io_context io_;
  EventLog log_{[] { return at(1000); }};
  std::shared_ptr<EventPolls> polls_ = EventPolls::make(log_, io_);
  std::vector<Json> answers_;
};

TEST_F(EventPollsTest, AnswersAtOnceWithWhatThereIs) {
  record({EventKind::server_down, Severity::warning, "it is down", {{"server", "192.0.2.11"}}});
  ask({{"wait", 60}});
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0], Json::parse(R"({"events": [{"sequence": 1, "time": "1970-01-01T00:00:01.000Z",
      "kind": "server_down", "severity": "warning", "text": "it is down", "server": "192.0.2.11"}],
      "next": 1, "missed": 0, "last": 1, "started": "1970-01-01T00:00:01.000Z"})"));
}

TEST_F(EventPollsTest, WithoutWaitNothingIsAnAnswerToo) {
  ask(Json::object());
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0]["events"], Json::array());
  EXPECT_EQ(answers_[0]["next"], 0);
}

TEST_F(EventPollsTest, WaitsForTheNextEvents) {
  say(EventKind::link_up);
  ask({{"since", 1}, {"wait", 60}});
  run();
  EXPECT_TRUE(answers_.empty());
  say(EventKind::link_down);
  say(EventKind::link_up);
  EXPECT_TRUE(answers_.empty()) << "not within what reports";
  run();
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(told(0), (Numbers{2, 3})) << "those of one go together";
  EXPECT_EQ(polls_->waiting(), 0u);
}

TEST_F(EventPollsTest, WaitsOnForTheKindsThatAreWanted) {
  ask({{"kinds", {"server_down"}}, {"wait", 60}});
  say(EventKind::link_down);
  run();
  EXPECT_TRUE(answers_.empty());
  say(EventKind::server_down);
  run();
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(told(0), Numbers{2});
}

TEST_F(EventPollsTest, WhenTheTimeIsOverThereIsAnAnswerWithoutEvents) {
  say(EventKind::link_up);
  ask({{"since", 1}, {"wait", 0.01}});
  EXPECT_EQ(polls_->waiting(), 1u);
  io_.run_for(5s);
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(told(0), Numbers{});
  EXPECT_EQ(answers_[0]["next"], 1);
  EXPECT_EQ(polls_->waiting(), 0u);
}

TEST_F(EventPollsTest, ANumberOfAnEarlierDaemonGetsAllThereIs) {
  say(EventKind::daemon_started);
  ask({{"since", 900}, {"wait", 60}});
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(told(0), Numbers{1});
}

TEST_F(EventPollsTest, OneTooManyEndsTheWaitOfTheFirst) {
  for (size_t i = 0; i < EventPolls::kMost; ++i) ask({{"wait", 60}});
  EXPECT_TRUE(answers_.empty());
  ask({{"wait", 60}});
  EXPECT_EQ(answers_.size(), 1u);
  EXPECT_EQ(polls_->waiting(), EventPolls::kMost);
}

TEST_F(EventPollsTest, WhoAsksAgainInHisAnswerWaitsAgain) {
  int times = 0;
  const std::function<void(Json)> again = [&](const Json& result) {
    ++times;
    polls_->list({{"since", result["next"]}, {"wait", 60}}, again);
  };
  again({{"next", 0u}});
  say(EventKind::link_up);
  run();
  EXPECT_EQ(times, 2);
  EXPECT_EQ(polls_->waiting(), 1u);
}

TEST_F(EventPollsTest, RefusesWhatIsNoParameter) {
  EXPECT_EQ(pointer_of_refusal({{"since", -1}}), "/since");
  EXPECT_EQ(pointer_of_refusal({{"limit", EventLog::kMost + 1}}), "/limit");
  EXPECT_EQ(pointer_of_refusal({{"wait", 61}}), "/wait");
  EXPECT_EQ(pointer_of_refusal({{"wait", "long"}}), "/wait");
  EXPECT_EQ(pointer_of_refusal({{"kinds", {"server_down", "server_sleeps"}}}), "/kinds/1");
  EXPECT_EQ(pointer_of_refusal({{"kind", "server_down"}}), "/kind");
}

}  // namespace
}  // namespace turnout::event_log_test
