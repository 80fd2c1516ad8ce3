// keepalived.conf as statements: words, quotes, comments, blocks, parameters and lines.
#include <gtest/gtest.h>

#include "control/cli/errors.h"
#include "control/cli/import/keepalived_text.h"
#include "control/cli/import/keepalived_words.h"
#include "control/cli/import/values.h"

namespace turnout::cli::keepalived_text_test {
namespace {

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (const KeepalivedWord& word : split_keepalived_line(line)) words.push_back(word.text);
  return words;
}

using Words = std::vector<std::string>;

TEST(KeepalivedText, SplitsALineIntoWords) {
  EXPECT_EQ(words_of("  real_server\t192.0.2.11 80 {"), (Words{"real_server", "192.0.2.11", "80", "{"}));
  EXPECT_EQ(words_of("url{ path /a }"), (Words{"url", "{", "path", "/a", "}"}));
  EXPECT_EQ(words_of("weight 1 # one ! two"), (Words{"weight", "1"}));
  EXPECT_EQ(words_of("! nothing"), Words{});
}

TEST(KeepalivedText, TakesQuotesAndEscapesAway) {
  EXPECT_EQ(words_of(R"(abcd" efg h jkl "mnop)"), Words{"abcd efg h jkl mnop"});
  EXPECT_EQ(words_of(R"(a "b # c" '{' "")"), (Words{"a", "b # c", "{", ""}));
  EXPECT_FALSE(split_keepalived_line("'{'")[0].is_brace);
  EXPECT_EQ(words_of(R"(a\ b \" \\ "\"")"), (Words{"a b", "\"", "\\", "\""}));
  EXPECT_EQ(words_of("end\\"), Words{"end\\"});
}

TEST(KeepalivedText, KeepsTheLineOfEveryStatement) {
  Leftovers leftovers;
  const auto all = parse_keepalived("# 1\na 1\n{\nb {\n  c 5 \\\n  6\n} d\n}\n", "f", leftovers);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].text(), "a 1");
  EXPECT_EQ(all[0].line, 2u);
  ASSERT_EQ(all[0].block.size(), 2u);
  EXPECT_EQ(all[0].block[0].block[0].text(), "c 5 6");
  EXPECT_EQ(all[0].block[0].block[0].line, 5u);
  EXPECT_EQ(all[0].block[1].text(), "d");
  EXPECT_EQ(all[0].block[1].line, 7u);
}

TEST(KeepalivedText, PutsParametersIn) {
  Leftovers leftovers;
  const auto all = parse_keepalived("$A=1.${B}\n$B=2\na ${A}.3 $A $C ${C}\n$B=9\nb $A\n", "f", leftovers);
  EXPECT_EQ(all[0].text(), "a 1.2.3 1.2 $C ${C}");
  EXPECT_EQ(all[1].text(), "b 1.9");
  EXPECT_TRUE(leftovers.all().empty());
}

TEST(KeepalivedText, EndsWithAParameterThatHoldsItself) {
  Leftovers leftovers;
  EXPECT_EQ(parse_keepalived("$A=x$A\na $A\n", "f", leftovers).size(), 1u);
}

TEST(KeepalivedText, RefusesBlocksThatDoNotMatchOrNestTooDeep) {
  Leftovers leftovers;
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "a {\n";
  for (const std::string& text : {std::string("a {\n"), std::string("}\n"), std::string("{\n}\n"), deep})
    EXPECT_THROW(parse_keepalived(text, "f", leftovers), InputError) << text;
}

TEST(ImportValues, ReadsRangesOfAddresses) {
  const auto count = [](const char* text) {
    const auto addresses = read_address_range(text, 64);
    return addresses ? addresses->size() : 0;
  };
  EXPECT_EQ(count("192.0.2.1"), 1u);
  EXPECT_EQ(count("192.0.2.1-10"), 10u);
  EXPECT_EQ(count("192.0.2.250-192.0.3.5"), 12u);
  EXPECT_EQ(count("192.0.2.8/29"), 8u);
  EXPECT_EQ(count("2001:db8::8-b"), 4u);
  for (const char* text : {"192.0.2.9-1", "192.0.2.1-300", "192.0.2.0/24", "192.0.2.1/33",
                           "192.0.2.1-2001:db8::1", "-5", "192.0.2.1-", "x"})
    EXPECT_EQ(count(text), 0u) << text;
}

TEST(ImportValues, ReadsMasksAsPrefixLengths) {
  EXPECT_EQ(read_mask("255.255.255.0", false), 24u);
  EXPECT_EQ(read_mask("255.255.255.255", false), 32u);
  EXPECT_EQ(read_mask("24", false), 24u);
  EXPECT_EQ(read_mask("64", true), 64u);
  for (const char* text : {"255.0.255.0", "33", "", "x"}) EXPECT_FALSE(read_mask(text, false)) << text;
  EXPECT_FALSE(read_mask("255.255.255.0", true));
}

TEST(ImportValues, ReadsSecondsToTheMillisecond) {
  EXPECT_EQ(read_seconds("3"), 3.0);
  EXPECT_EQ(read_seconds("2.71828"), 2.718);
  for (const char* text : {"", "-", "1s", "nan", "inf", "1e3x"}) EXPECT_FALSE(read_seconds(text)) << text;
}

}  // namespace
}  // namespace turnout::cli::keepalived_text_test
