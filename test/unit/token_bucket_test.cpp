#include "control/token_bucket.h"

#include <gtest/gtest.h>

namespace turnout::token_bucket_test {
namespace {

using namespace std::chrono_literals;

TEST(TokenBucket, FillsToItsBurstAndNoFurther) {
  TokenBucket bucket(2, 3);
  const auto take_all = [&](TokenBucket::Time now) {
    int taken = 0;
    while (bucket.take(now)) ++taken;
    return taken;
  };
  EXPECT_EQ(take_all(10s), 3);
  EXPECT_EQ(take_all(10s + 499ms), 0);
  EXPECT_EQ(take_all(10s + 500ms), 1);
  EXPECT_EQ(take_all(24h), 3);
  EXPECT_EQ(take_all(1h), 0) << "time that goes back gives nothing";
}

}  // namespace
}  // namespace turnout::token_bucket_test
