// Completion and the registry of commands: neither may know less than the other.
#include <gtest/gtest.h>

#include <sstream>

#include "control/cli/commands.h"
#include "control/cli/completion/placeholders.h"

namespace turnout::cli::cli_completion_test {
namespace {

TEST(CliCompletion, KnowsWhatStandsForEveryPlaceholder) {
  for (const CommandGroup& group : command_groups()) {
    for (const Command& command : group.commands) {
      std::istringstream arguments(command.arguments);
      for (std::string word; arguments >> word;)
        EXPECT_TRUE(is_known_placeholder(word)) << command.name << ": add " << word << " to placeholders.cpp";
      for (const CommandOption& option : command.options) {
        const std::string word = option.value_name;
        EXPECT_TRUE(word.empty() || is_known_placeholder(word))
            << command.name << " --" << option.name << ": add " << word << " to placeholders.cpp";
      }
    }
  }
}

TEST(CliCompletion, KnowsAPlaceholderByItsStem) {
  EXPECT_TRUE(is_known_placeholder("ADDR[,weight=N][,mac=MAC]"));
  EXPECT_TRUE(is_known_placeholder("[SERVER]"));
  EXPECT_TRUE(is_known_placeholder("start|end|list"));
  EXPECT_FALSE(is_known_placeholder("GADGET"));
}

TEST(CliCompletion, OffersNothingWhenNoNameCanBeHad) {
  const Call refuses = [](const std::string&, const Json&) -> Json { throw NoDaemon("no daemon"); };
  EXPECT_TRUE(candidates_for("turnoutctl", {"server", "delete", "tcp", ""}, refuses).list.empty());
  EXPECT_TRUE(candidates_for("turnoutctl", {}, refuses).list.empty());
}

TEST(CliCompletion, TakesOddAnswersForNone) {
  for (const char* answer : {"null", "7", "{}", "[7, null, {\"real_servers\": 7}]"}) {
    const Call odd = [&](const std::string&, const Json&) { return Json::parse(answer); };
    EXPECT_NO_THROW(candidates_for("turnoutctl", {"server", "delete", "tcp", "192.0.2.100:80", ""}, odd))
        << answer;
  }
}

}  // namespace
}  // namespace turnout::cli::cli_completion_test
