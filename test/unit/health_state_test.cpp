#include "control/health_state.h"

#include <gtest/gtest.h>

namespace turnout::health_state_test {
namespace {

using namespace std::chrono_literals;
using Phase = HealthState::Phase;

/// One server and its checks, a second apart.
struct ServerHealth : testing::Test {
  HealthConfig rules;
  HealthState presumed_up{true, 0ms};
  HealthState added{false, 0ms};
  std::chrono::milliseconds now{0};

  ServerHealth() {
    rules.timings.rise = 2;
    rules.timings.fall = 3;
    rules.damping = 10;
  }
  bool pass(HealthState& state) { return state.record({.passed = true}, rules, now += 1s); }
  bool fail(HealthState& state) {
    return state.record({.passed = false, .reason = "no answer to SYN"}, rules, now += 1s);
  }
  void fall(HealthState& state) {
    while (state.phase() != Phase::down) fail(state);
  }
};

TEST_F(ServerHealth, OneThatWasThereAtTheStartIsUpUntilItsChecksSayOtherwise) {
  EXPECT_TRUE(presumed_up.is_up());
  EXPECT_EQ(presumed_up.phase(), Phase::unknown);
  EXPECT_FALSE(fail(presumed_up));
  EXPECT_FALSE(fail(presumed_up));
  EXPECT_TRUE(presumed_up.is_up());
  EXPECT_TRUE(fail(presumed_up));
  EXPECT_FALSE(presumed_up.is_up());
}

TEST_F(ServerHealth, OneThatWasAddedLaterHasToPassACheckFirst) {
  EXPECT_FALSE(added.is_up());
  EXPECT_TRUE(pass(added));
  EXPECT_TRUE(added.is_up());
}

TEST_F(ServerHealth, OneThatWasAddedAndFailsIsDownAtOnce) {
  EXPECT_TRUE(fail(added));
  EXPECT_EQ(added.phase(), Phase::down);
  EXPECT_EQ(added.latest().reason, "no answer to SYN");
}

TEST_F(ServerHealth, ItTakesFallFailuresInARowToGoDown) {
  pass(added);
  fail(added);
  fail(added);
  EXPECT_FALSE(pass(added)) << "the row is broken";
  EXPECT_FALSE(fail(added));
  EXPECT_FALSE(fail(added));
  EXPECT_TRUE(fail(added));
  EXPECT_EQ(added.falls(), 1u);
  EXPECT_EQ(added.since(), now);
}

TEST_F(ServerHealth, ItTakesRisePassesInARowToComeBack) {
  fall(presumed_up);
  EXPECT_FALSE(pass(presumed_up));
  EXPECT_FALSE(fail(presumed_up));
  EXPECT_FALSE(pass(presumed_up));
  EXPECT_TRUE(pass(presumed_up));
  EXPECT_TRUE(presumed_up.is_up());
}

TEST_F(ServerHealth, OneThatFallsTooOftenHasToPassForLonger) {
  for (size_t falls = 1; falls <= HealthState::kFallsAtMost; ++falls) {
    fall(presumed_up);
    EXPECT_FALSE(presumed_up.is_damped());
    pass(presumed_up);
    EXPECT_TRUE(pass(presumed_up));
  }
  fall(presumed_up);
  EXPECT_TRUE(presumed_up.is_damped());
  for (int passes = 0; passes < 10; ++passes) EXPECT_FALSE(pass(presumed_up));
  EXPECT_TRUE(pass(presumed_up)) << "ten seconds after the first that passed";
  EXPECT_FALSE(presumed_up.is_damped());
}

TEST_F(ServerHealth, AFailureBeginsTheDampingAnew) {
  for (int falls = 0; falls < 4; ++falls) {
    fall(presumed_up);
    for (int passes = 0; passes < 2; ++passes) pass(presumed_up);
  }
  ASSERT_TRUE(presumed_up.is_damped());
  for (int passes = 0; passes < 6; ++passes) pass(presumed_up);
  fail(presumed_up);
  for (int passes = 0; passes < 10; ++passes) EXPECT_FALSE(pass(presumed_up));
  EXPECT_TRUE(pass(presumed_up));
}

TEST_F(ServerHealth, FallsLongAgoDampNothing) {
  for (int falls = 0; falls < 10; ++falls) {
    now += 20s;
    fall(presumed_up);
    EXPECT_FALSE(presumed_up.is_damped());
    pass(presumed_up);
    EXPECT_TRUE(pass(presumed_up));
  }
}

TEST_F(ServerHealth, NoDampingIfItIsOff) {
  rules.damping = 0;
  for (int falls = 0; falls < 10; ++falls) {
    fall(presumed_up);
    pass(presumed_up);
    EXPECT_TRUE(pass(presumed_up));
  }
}

}  // namespace
}  // namespace turnout::health_state_test
