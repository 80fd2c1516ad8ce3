// A JSON text that is changed keeps what the change doesn't touch.
#include "control/json_text.h"

#include <gtest/gtest.h>

#include <random>

namespace turnout::json_text_test {
namespace {

std::string identity(const OrderedJson& element) {
  return element.is_object() && element.contains("id") ? element["id"].dump() : element.dump();
}

/// `text` made to say `wanted`.
std::string changed_to(const std::string& text, const std::string& wanted) {
  std::optional<JsonText> tree = JsonText::parse(text);
  if (!tree) return "no JSON text";
  tree->assign(OrderedJson::parse(wanted), identity);
  return tree->to_string();
}

TEST(JsonText, IsWrittenAsItWasRead) {
  for (const std::string text :
       {"{}", " [ ] ", "// only\n1", "{\"a\":1}\n", "{ /* a */ }", "[ // open\n 1, // one\n\n 2 // two\n ]",
        "\xEF\xBB\xBF{ \"a\" : [ true , null ] }", "{\r\n  \"a\": \"x\\\"y // no comment\" // one\r\n}\r\n",
        "[1 /* a */, /* b */ 2 // c\n , 3]", "{ \"a\": // why\n 1e5 }"}) {
    const auto tree = JsonText::parse(text);
    ASSERT_TRUE(tree) << text;
    EXPECT_EQ(tree->to_string(), text);
    EXPECT_EQ(tree->root().value(), OrderedJson::parse(text, nullptr, true, true)) << text;
  }
}

TEST(JsonText, IsNotMadeOfWhatIsNoJson) {
  for (const char* text : {"", "{", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a: 1}", "/* open", "[1] x",
                           "tru", "\"x", "[1}", "{\"a\": 1,}", "{\"a\\", "-"}) {
    EXPECT_FALSE(JsonText::parse(text)) << text;
  }
}

TEST(JsonText, StaysAsItIsIfItSaysSoAlready) {
  const std::string text = "{ \"b\": 2.0, // two\n  \"a\": [ 1e0 ] }";
  EXPECT_EQ(changed_to(text, R"({"a": [1], "b": 2})"), text);
}

TEST(JsonText, KeepsEverythingButTheValueThatChanges) {
  EXPECT_EQ(changed_to("{ \"a\" :  1 , // one\n  \"b\": 2 /* two */ }", R"({"a": 7, "b": 2})"),
            "{ \"a\" :  7 , // one\n  \"b\": 2 /* two */ }");
}

TEST(JsonText, RemovesAMemberWithItsComments) {
  const std::string text = "{\n  \"a\": 1,\n  // about b\n  \"b\": 2, // b itself\n  \"c\": 3 // c\n}\n";
  EXPECT_EQ(changed_to(text, R"({"a": 1, "c": 3})"), "{\n  \"a\": 1,\n  \"c\": 3 // c\n}\n");
  EXPECT_EQ(changed_to(text, R"({"a": 1, "b": 2})"),
            "{\n  \"a\": 1,\n  // about b\n  \"b\": 2 // b itself\n}\n");
  EXPECT_EQ(changed_to(text, R"({"b": 2, "c": 3})"),
            "{\n  // about b\n  \"b\": 2, // b itself\n  \"c\": 3 // c\n}\n");
  EXPECT_EQ(changed_to(text, "{}"), "{}\n");
}

TEST(JsonText, ACommentAboveAnEmptyLineBelongsToNobody) {
  const std::string text = "[\n  // the web\n\n  // first\n  1,\n\n  // the mail\n\n  2,\n  3\n]";
  EXPECT_EQ(changed_to(text, "[2, 3]"), "[\n  // the web\n\n  // the mail\n\n  2,\n  3\n]");
  EXPECT_EQ(changed_to(text, "[1, 3]"), "[\n  // the web\n\n  // first\n  1,\n\n  // the mail\n\n  3\n]");
  EXPECT_EQ(changed_to(text, "[1]"), "[\n  // the web\n\n  // first\n  1\n\n  // the mail\n\n]");
  EXPECT_EQ(changed_to(text, "[]"), "[\n  // the web\n\n  // the mail\n\n]");
}

TEST(JsonText, TheNextMovesUpToThePlaceOfWhatIsRemoved) {
  EXPECT_EQ(changed_to("[ 1,\n  2,\n  3 ]", "[2, 3]"), "[ 2,\n  3 ]");
  EXPECT_EQ(changed_to("[ 1, // one\n  2, 3 ]", "[1, 3]"), "[ 1, // one\n  3 ]");
  EXPECT_EQ(changed_to("[ 1, // one\n  2 ]", "[1]"), "[ 1 // one\n ]");
}

TEST(JsonText, AddsBehindTheLastInTheSameIndentation) {
  EXPECT_EQ(changed_to("[\n    {\"id\": 1} // one\n    // spare\n]", R"([{"id": 1}, {"id": 2}])"),
            "[\n    {\"id\": 1}, // one\n    {\"id\": 2}\n    // spare\n]");
  EXPECT_EQ(changed_to("{\"a\":[1,2]}", R"({"a": [1, 2, 3], "b": {"c": 4}})"),
            "{\"a\":[1,2,3],\"b\":{\"c\":4}}");
  EXPECT_EQ(changed_to("{\n\t\"a\": []\n}", R"({"a": [{"b": {"c": 1}}]})"),
            "{\n\t\"a\": [\n\t\t{\n\t\t\t\"b\": { \"c\": 1 }\n\t\t}\n\t]\n}");
  EXPECT_EQ(changed_to("{\r\n  \"a\": 1\r\n}", R"({"a": 1, "b": 2})"), "{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}");
}

TEST(JsonText, AddsLinesWhereAllIsOnLines) {
  EXPECT_EQ(changed_to("{\n  \"a\": {\n    \"b\": 1\n  }\n}", R"({"a": {"b": 1}, "c": {"d": 2}})"),
            "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"c\": {\n    \"d\": 2\n  }\n}");
}

TEST(JsonText, AddsAMemberBehindTheOneThatItFollows) {
  EXPECT_EQ(changed_to("{\n  \"a\": 1,\n  \"z\": []\n}", R"({"a": 1, "b": 2, "z": []})"),
            "{\n  \"a\": 1,\n  \"b\": 2,\n  \"z\": []\n}");
}

TEST(JsonText, AddsToTheFront) {
  EXPECT_EQ(changed_to("[ 2, 3 ]", "[1, 2, 3]"), "[ 1, 2, 3 ]");
  EXPECT_EQ(changed_to("[\n  2 // two\n]", "[1, 2]"), "[\n  1,\n  2 // two\n]");
}

TEST(JsonText, ElementsTakeTheirCommentsToTheirNewPlace) {
  EXPECT_EQ(changed_to("[\n  1, // one\n  // two\n  2,\n  3\n]", "[3, 2, 1]"),
            "[\n  3,\n  // two\n  2,\n  1 // one\n]");
  EXPECT_EQ(changed_to("[ 1,\n  2 ]", "[2, 1]"), "[ 2,\n  1 ]");
}

TEST(JsonText, FindsAnElementByItsIdentity) {
  EXPECT_EQ(changed_to("[\n  { \"id\": 1, \"x\": 1 }, // one\n  { \"id\": 2, \"x\": 1 } // two\n]",
                       R"([{"id": 2, "x": 5}, {"id": 3, "x": 1}])"),
            "[\n  { \"id\": 2, \"x\": 5 }, // two\n  { \"id\": 3, \"x\": 1 }\n]");
}

TEST(JsonText, WhatIsThereTwiceIsCountedTwice) {
  EXPECT_EQ(changed_to("[1, 1, 2]", "[1, 2]"), "[1, 2]");
  EXPECT_EQ(changed_to("[1, 2]", "[1, 2, 1]"), "[1, 2, 1]");
}

/// Random documents, with blanks and comments wherever they may stand.
class Random {
 public:
  explicit Random(unsigned seed) : random_(seed) {}

  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }

  OrderedJson value(int depth) {
    if (depth == 0 || below(3) == 0) return scalar();
    OrderedJson made = below(2) == 0 ? OrderedJson::object() : OrderedJson::array();
    for (size_t i = below(5); i > 0; --i) {
      if (made.is_array()) {
        made.push_back(value(depth - 1));
      } else {
        made["m" + std::to_string(below(9))] = value(depth - 1);
      }
    }
    return made;
  }

  /// With a change here and there.
  OrderedJson changed(const OrderedJson& from, int depth) {
    if (below(8) == 0) return value(depth);
    if (!from.is_structured()) return from;
    OrderedJson made = from.is_object() ? OrderedJson::object() : OrderedJson::array();
    for (const auto& [name, each] : from.items()) {
      if (below(6) == 0) continue;
      if (from.is_object()) {
        made[name] = changed(each, depth - 1);
      } else {
        made.push_back(changed(each, depth - 1));
      }
    }
    if (made.is_array() && made.size() > 1 && below(4) == 0) std::swap(made.front(), made.back());
    if (made.is_array() && depth > 0 && below(4) == 0) made.push_back(value(depth - 1));
    return made;
  }

  std::string written(const OrderedJson& json) {
    if (!json.is_structured()) return trivia() + json.dump() + trivia();
    std::string text = trivia() + (json.is_object() ? "{" : "[");
    const char* separator = "";
    for (const auto& [name, each] : json.items()) {
      text += separator;
      if (json.is_object()) text += trivia() + OrderedJson(name).dump() + trivia() + ":";
      text += written(each);
      separator = ",";
    }
    return text + trivia() + (json.is_object() ? "}" : "]") + trivia();
  }

 private:
  OrderedJson scalar() {
    const std::vector<OrderedJson> some{1, 2, 3.5, "x", "// no comment", "\"", true, nullptr};
    return some[below(some.size())];
  }
  std::string trivia() {
    const std::vector<std::string> some{"",     "",     " ",         "\n",      "\n  ",
                                        "\n\n", "\r\n", "/* a\n */", " // b\n", "\n  // c\n  "};
    return some[below(some.size())];
  }
  std::mt19937 random_;
};

TEST(JsonText, SaysWhatItIsMadeToSayWhateverItWas) {
  constexpr unsigned kDocuments = 1000;
  constexpr int kDepth = 4;
  for (unsigned seed = 0; seed < kDocuments; ++seed) {
    Random random(seed);
    const OrderedJson first = random.value(kDepth), then = random.changed(first, kDepth);
    const std::string text = random.written(first);
    std::optional<JsonText> tree = JsonText::parse(text);
    ASSERT_TRUE(tree) << text;
    ASSERT_EQ(tree->to_string(), text);
    tree->assign(then, identity);
    const std::string made = tree->to_string();
    const auto read = nlohmann::json::parse(made, nullptr, false, true);
    ASSERT_EQ(read, nlohmann::json(then)) << "seed " << seed << "\n"
                                          << text << "\n--- made to say " << then << "\n"
                                          << made;
    ASSERT_EQ(JsonText::parse(made)->to_string(), made);
  }
}

}  // namespace
}  // namespace turnout::json_text_test
