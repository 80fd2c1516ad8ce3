// From bytes to JSON: syntax, keys given twice, nesting, files.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "test/support/config_example.h"

using namespace turnout;

namespace config_text_test {
namespace {

TEST(ConfigText, NamesLineAndColumnOfASyntaxError) {
  const auto parsed = parse_json_text("{\n  \"a\": 1,\n  \"b\": ]\n}");
  ASSERT_EQ(parsed.errors.size(), 1u);
  EXPECT_EQ(parsed.errors[0].pointer, "");
  EXPECT_EQ(parsed.errors[0].reason.find("line 3, column 8: syntax error"), 0u) << parsed.errors[0].reason;
  EXPECT_NE(parsed.errors[0].reason.find("unexpected ']'"), std::string::npos) << parsed.errors[0].reason;
}

TEST(ConfigText, RefusesWhatIsNotOneDocument) {
  using std::string_literals::operator""s;
  for (const std::string& text :
       {""s, " "s, "// nothing"s, "{} {}"s, "{}x"s, "{}]"s, "/* open"s, "{\"a\":1,}"s, "\"\xff\""s, "\xff"s,
        "{}\0"s, "nan"s, "01"s, "1e999"s, "{'a': 1}"s}) {
    const auto parsed = parse_json_text(text);
    EXPECT_FALSE(parsed.value) << text;
    ASSERT_EQ(parsed.errors.size(), 1u) << text;
    EXPECT_NE(parsed.errors[0].reason.find("line 1, column "), std::string::npos) << parsed.errors[0].reason;
    EXPECT_NO_THROW(Json(parsed.errors[0].reason).dump()) << "the reason must be valid UTF-8";
  }
}

TEST(ConfigText, RefusesAKeyGivenTwiceInOneObject) {
  const auto parsed = parse_json_text(R"({"a": [0, {"x/y": 1, "b": {}, "x/y": 2}], "c": {"b": 1}, "a": 3})");
  EXPECT_FALSE(parsed.value);
  ASSERT_EQ(parsed.errors.size(), 2u) << all_of(parsed.errors);
  EXPECT_EQ(parsed.errors[0].pointer, "/a/1/x~1y");
  EXPECT_NE(parsed.errors[0].reason.find("given twice"), std::string::npos);
  EXPECT_EQ(parsed.errors[1].pointer, "/a");
}

TEST(ConfigText, BoundsNesting) {
  EXPECT_TRUE(parse_json_text(std::string(64, '[') + std::string(64, ']')).value);
  for (const char* open : {"[", "{\"a\":"}) {
    std::string text;
    for (int i = 0; i < 1'000'000; ++i) text += open;
    const auto parsed = parse_json_text(text);
    ASSERT_EQ(parsed.errors.size(), 1u);
    EXPECT_NE(parsed.errors[0].reason.find("more than 64 levels"), std::string::npos);
  }
}

TEST(ConfigText, ReadsEveryKindOfValue) {
  const std::string text = R"({"a": [1, -2, 0.5, "x", true, null, {}], "b": {"c": []}})";
  EXPECT_EQ(parse_json_text(text).value, Json::parse(text));
}

TEST(ConfigText, EveryPrefixOfTheExampleIsAnError) {
  for (size_t length = 0; length < kExample.size(); ++length) {
    const auto parsed = parse_json_text(std::string(kExample.substr(0, length)));
    EXPECT_FALSE(parsed.value) << length;
    EXPECT_EQ(parsed.errors.size(), 1u) << length;
  }
}

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() {
    std::string name = (std::filesystem::temp_directory_path() / "turnout-config-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~ConfigFile() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
};

TEST_F(ConfigFile, IsLoaded) {
  const auto file = directory_ / "turnout.json";
  std::ofstream(file) << kExample;
  EXPECT_TRUE(load_config(file).value);
  std::ofstream(file) << kExample << "}";
  EXPECT_EQ(load_config(file).errors.size(), 1u);
}

TEST_F(ConfigFile, ThatCannotBeReadSaysWhy) {
  const auto missing = load_config(directory_ / "none.json");
  EXPECT_NE(all_of(missing.errors).find("none.json: No such file or directory"), std::string::npos);
  const auto directory = load_config(directory_);
  EXPECT_NE(all_of(directory.errors).find("Is a directory"), std::string::npos) << all_of(directory.errors);
}

}  // namespace
}  // namespace config_text_test
