#include "control/options.h"

#include <gtest/gtest.h>

namespace turnout::options_test {
namespace {

Options parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "turnoutd");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

std::string refusal(const std::vector<const char*>& arguments) {
  try {
    parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Options, ReadsAll) {
  const Options options = parse({"--config", "a.json", "--check", "--log-level", "debug"});
  EXPECT_EQ(options.config, "a.json");
  EXPECT_TRUE(options.check);
  EXPECT_EQ(options.log_level, LogLevel::debug);
  EXPECT_FALSE(options.help);
  EXPECT_FALSE(options.version);
  EXPECT_TRUE(options.eal_args.empty());
}

TEST(Options, HasDefaults) {
  const Options options = parse({"-c", "a.json"});
  EXPECT_FALSE(options.check);
  EXPECT_EQ(options.log_level, LogLevel::info);
}

TEST(Options, LeavesEverythingAfterTwoDashesToEal) {
  const Options options = parse({"--config=a.json", "--", "--no-huge", "-m", "512", "--", "--check"});
  EXPECT_EQ(options.eal_args, (std::vector<std::string>{"--no-huge", "-m", "512", "--", "--check"}));
  EXPECT_FALSE(options.check);
}

TEST(Options, NeedsNoConfigurationForHelpAndVersion) {
  EXPECT_TRUE(parse({"--help"}).help);
  EXPECT_TRUE(parse({"-h"}).help);
  EXPECT_TRUE(parse({"--version"}).version);
  EXPECT_EQ(refusal({}), "--config FILE is missing");
  EXPECT_EQ(refusal({"--check"}), "--config FILE is missing");
}

TEST(Options, RefusesWhatItDoesNotKnow) {
  EXPECT_NE(refusal({"--confg", "a.json"}).find("--confg"), std::string::npos);
  EXPECT_EQ(refusal({"-c", "a.json", "--log-level", "loud"}),
            "--log-level 'loud': use error, warning, info or debug");
  EXPECT_NE(refusal({"-c", "a.json", "another.json"}), "accepted");
  EXPECT_NE(refusal({"-c"}), "accepted");
  EXPECT_NE(refusal({"-c", "a.json", "-c", "b.json"}), "accepted");
}

TEST(Options, UsageNamesEveryOption) {
  for (const char* option : {"--config", "--check", "--log-level", "--version", "--help", "EAL ARGS"}) {
    EXPECT_NE(usage().find(option), std::string::npos) << option;
  }
}

}  // namespace
}  // namespace turnout::options_test
