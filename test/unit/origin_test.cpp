// Who made a change, in names.
#include "control/origin.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>

namespace turnout::origin_test {
namespace {

TEST(Origin, NamesUserAndProgram) {
  EXPECT_EQ(author_of({.uid = 0, .pid = 0}), (Author{0, "root", 0, ""}));
  const Author self = author_of({.uid = ::getuid(), .pid = ::getpid()});
  EXPECT_EQ(self.pid, ::getpid());
  EXPECT_FALSE(self.program.empty());
}

TEST(Origin, AProgramsNameCantSteerATerminalOrForgeALine) {
  std::array<char, 16> before;
  ASSERT_EQ(::prctl(PR_GET_NAME, before.data()), 0);
  ASSERT_EQ(::prctl(PR_SET_NAME, "a\x1b[31m\xc3\xa9 b\x7f"), 0);
  const Author self = author_of({.uid = 0, .pid = ::getpid()});
  ::prctl(PR_SET_NAME, before.data());
  EXPECT_EQ(self.program, "a?[31m?? b?");
}

TEST(Origin, OfWhatIsNotKnownSaysLess) {
  constexpr uint32_t kNoOne = 4'000'000'000;
  constexpr int32_t kNoProcess = 0x7fffffff;
  EXPECT_EQ(author_of({.uid = kNoOne, .pid = kNoProcess}), (Author{kNoOne, "", kNoProcess, ""}));
  EXPECT_EQ((Author{kNoOne, "", 0, ""}).to_string(), "user 4000000000");
  EXPECT_EQ((Author{0, "root", 77, ""}).to_string(), "root with process 77");
}

TEST(Origin, IsOneLine) {
  EXPECT_EQ((Origin{"SIGHUP", {}}).to_string(), "SIGHUP");
  EXPECT_EQ((Origin{"server.edit", Author{0, "root", 77, "turnoutctl"}}).to_string(),
            "server.edit by root with turnoutctl[77]");
  EXPECT_EQ((Origin{"config.rollback", Author{0, "root", 0, ""}, 7}).to_string(),
            "config.rollback to generation 7 by root");
}

}  // namespace
}  // namespace turnout::origin_test
