// Filters and ICMP types as the configuration has them: read, written, compared, and edited.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "control/filter_edit.h"
#include "control/filter_plan.h"
#include "control/icmp_types.h"
#include "control/json_rpc.h"
#include "control/prefix_file.h"
#include "control/prefix_text.h"
#include "test/support/config_example.h"

namespace turnout::filter_config_test {
namespace {

const char* const kEdge = R"({"name": "edge", "default": "deny", "denied": "reject", "log": false, "lists": [
  {"name": "office", "action": "allow", "prefixes": ["198.51.100.0/24", "2001:db8::/32", "203.0.113.9"]},
  {"name": "feed", "action": "deny", "prefixes": [], "file": "/etc/turnout/feed"}]})";

Json with_edge() {
  Json document = example();
  document["filters"] = Json::array({Json::parse(kEdge)});
  document["services"][0]["filter"] = "edge";
  document["vips"] = Json::array({Json::parse(R"({"address": "192.0.2.100", "filter": "edge",
    "icmp": {"forward": ["echo-request", 42], "drop": ["time-exceeded"]}})")});
  return document;
}

TEST(FilterConfig, IsReadAndWrittenAgain) {
  const auto parsed = parse_config(with_edge());
  ASSERT_TRUE(parsed.value) << all_of(parsed.errors);
  const Config& config = *parsed.value;
  ASSERT_EQ(config.filters.size(), 1u);
  EXPECT_EQ(config.filters[0].otherwise, FilterAction::deny);
  EXPECT_EQ(config.filters[0].denied, DeniedPolicy::reject);
  EXPECT_FALSE(config.filters[0].log);
  EXPECT_EQ(config.filters[0].lists[0].prefixes.size(), 3u);
  EXPECT_EQ(config.services[0].filter, "edge");
  EXPECT_EQ(config.vips[0].icmp.forward, (std::vector<uint8_t>{8, 42}));
  const Json written = to_json(config);
  EXPECT_EQ(written["filters"][0], Json::parse(kEdge));
  EXPECT_EQ(written["vips"][0]["icmp"],
            Json::parse(R"({"forward": ["echo-request", 42], "drop": ["time-exceeded"]})"));
  const Config again = *parse_config(written).value;
  EXPECT_EQ(again.filters, config.filters);
  EXPECT_EQ(again.vips, config.vips);
  EXPECT_EQ(again.services, config.services);
}

TEST(FilterConfig, OfAServiceCanBeTakenBack) {
  for (const Json& none : {Json(""), Json(nullptr)}) {
    Json document = with_edge();
    document["services"][0]["filter"] = none;
    EXPECT_EQ(parse_config(document).value->services[0].filter, "");
  }
}

struct Wrong {
  const char* path;
  const char* value;
  const char* pointer;
  const char* words;
};

TEST(FilterConfig, WhatIsWrongIsNamedWithItsRemedy) {
  for (const auto& [path, value, pointer, words] : std::initializer_list<Wrong>{
           {"/filters/0/lists/0/prefixes/0", R"("198.51.100.7/24")", "/filters/0/lists/0/prefixes/0",
            "write 198.51.100.0/24 for the network, or 198.51.100.7"},
           {"/filters/0/lists/0/prefixes/0", R"("here")", "/filters/0/lists/0/prefixes/0", "198.51.100.0/24"},
           {"/filters/0/lists/0/prefixes/0", R"("198.51.100.0/33")", "/filters/0/lists/0/prefixes/0",
            "no prefix"},
           {"/filters/0/lists/0/prefixes/0", R"("203.0.113.9")", "/filters/0/lists/0/prefixes",
            "given twice"},
           {"/filters/0/lists/0/action", R"("block")", "/filters/0/lists/0/action", R"("deny" or "allow")"},
           {"/filters/0/lists/1/file", R"("feed")", "/filters/0/lists/1/file", "absolute path"},
           {"/filters/0/lists/1/name", R"("office")", "/filters/0/lists/1/name", "given already"},
           {"/filters/0/denied", R"("tarpit")", "/filters/0/denied", R"("drop" or "reject")"},
           {"/filters/0/log", R"("yes")", "/filters/0/log", "true or false"},
           {"/services/0/filter", R"("egde")", "/services/0/filter", "use one of edge"},
           {"/vips/0/filter", R"("egde")", "/vips/0/filter", "no filter \"egde\""},
           {"/vips/0/icmp/forward/0", R"("ping")", "/vips/0/icmp/forward/0", "echo-request"},
           {"/vips/0/icmp/forward/0", R"("time-exceeded")", "/vips/0/icmp/forward/0", "forwarded anyway"},
           {"/vips/0/icmp/drop/0", R"("echo-request")", "/vips/0/icmp/drop/0", R"("echo": "no")"},
           {"/vips/0/icmp/drop/0", "13", "/vips/0/icmp/drop/0", "dropped anyway"},
           {"/vips/0/icmp/drop/0", "256", "/vips/0/icmp/drop/0", "255"}}) {
    Json document = with_edge();
    document[Json::json_pointer(path)] = Json::parse(value);
    const auto parsed = parse_config(document);
    ASSERT_EQ(parsed.errors.size(), 1u) << path << " " << value << ": " << all_of(parsed.errors);
    EXPECT_EQ(parsed.errors[0].pointer, pointer);
    EXPECT_NE(parsed.errors[0].reason.find(words), std::string::npos) << parsed.errors[0].reason;
  }
}

TEST(FilterConfig, NeighborDiscoveryIsNeverForwarded) {
  Json document = example();
  document["vips"] =
      Json::array({Json::parse(R"({"address": "2001:db8::100", "icmp": {"forward": [135]}})")});
  EXPECT_NE(all_of(parse_config(document).errors).find("between neighbours"), std::string::npos);
}

TEST(FilterConfig, ChangesAreToldInSentences) {
  const Config before = *parse_config(with_edge()).value;
  Json document = with_edge();
  document["filters"][0]["default"] = "allow";
  document["filters"][0]["lists"][0]["prefixes"] = {"198.51.100.0/24", "192.0.2.128/25"};
  document["filters"][0]["lists"][1]["file"] = "/etc/turnout/other";
  document["filters"].push_back({{"name", "inner"}});
  document["services"][0]["filter"] = "inner";
  const Config after = *parse_config(document).value;
  EXPECT_EQ(
      describe_changes(before, after),
      (std::vector<std::string>{
          "filter edge: change default from deny to allow", "filter edge, list office: add 192.0.2.128/25",
          "filter edge, list office: remove 2001:db8::/32, 203.0.113.9",
          "filter edge, list feed: change file from /etc/turnout/feed to /etc/turnout/other",
          "filter inner: add filter, default allow, 0 lists",
          "tcp 192.0.2.100:80: change filter from \"edge\" to \"inner\""}));
  EXPECT_TRUE(describe_changes(after, after).empty());
}

class PrefixFile : public testing::Test {
 protected:
  ~PrefixFile() override { std::filesystem::remove(file_); }
  auto read(const std::string& text) {
    std::ofstream(file_) << text;
    return read_prefix_file(file_, "/at");
  }
  std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("turnout-prefix-file-" + std::to_string(getpid()));
};

TEST_F(PrefixFile, HasOneALineAndComments) {
  const auto parsed = read("# list\n\n 198.51.100.0/24 \r\n2001:db8::/32;feed\n203.0.113.1");
  ASSERT_TRUE(parsed.value);
  ASSERT_EQ(parsed.value->size(), 3u);
  EXPECT_EQ(prefix_text(parsed.value->at(2)), "203.0.113.1");
  EXPECT_TRUE(read("").value->empty());
}

TEST_F(PrefixFile, NamesTheLinesThatAreWrong) {
  const auto parsed = read("198.51.100.0/24\nhost.example\n198.51.100.1/24\nx\ny\nz\n");
  ASSERT_FALSE(parsed.value);
  ASSERT_EQ(parsed.errors.size(), 4u) << all_of(parsed.errors);
  EXPECT_NE(parsed.errors[0].reason.find("line 2: \"host.example\""), std::string::npos)
      << parsed.errors[0].reason;
  EXPECT_NE(parsed.errors[1].reason.find("line 3"), std::string::npos);
  EXPECT_NE(parsed.errors[3].reason.find("2 more"), std::string::npos);
}

TEST_F(PrefixFile, ThatIsNotThereIsAnErrorWithThePointerToItsName) {
  FilterConfig filter{.name = "edge", .lists = {}};
  filter.lists.push_back(
      {.name = "feed", .action = FilterAction::deny, .prefixes = {}, .file = "/nowhere/feed"});
  const auto loaded = load_filters({{.name = "other", .lists = {}}, filter});
  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_EQ(loaded.errors[0].pointer, "/filters/1/lists/0/file");
  EXPECT_NE(loaded.errors[0].reason.find("/nowhere/feed"), std::string::npos);
}

TEST(FilterEdit, AddsToTheListOfItsActionAndMakesItIfNeedBe) {
  const Config before = *parse_config(with_edge()).value;
  const Config denied = edit_filter(before, {{"filter", "edge"}, {"add", {"10.0.0.0/8", "10.0.0.0/8"}}});
  ASSERT_EQ(denied.filters[0].lists.size(), 3u);
  EXPECT_EQ(denied.filters[0].lists[2].name, "deny");
  EXPECT_EQ(denied.filters[0].lists[2].prefixes.size(), 1u);
  const Config allowed = edit_filter(
      before, {{"filter", "edge"}, {"list", "office"}, {"action", "allow"}, {"add", {"10.0.0.0/8"}}});
  EXPECT_EQ(allowed.filters[0].lists[0].prefixes.size(), 4u);
  const Config removed = edit_filter(denied, {{"filter", "edge"}, {"remove", {"10.0.0.0/8"}}});
  EXPECT_TRUE(removed.filters[0].lists[2].prefixes.empty());
}

TEST(FilterEdit, RefusesWhatItCantDo) {
  const Config config = *parse_config(with_edge()).value;
  const auto refused_at = [&](const Json& params) -> std::string {
    try {
      edit_filter(config, params);
    } catch (const RpcError& error) {
      return error.data.contains("pointer") ? error.data["pointer"].get<std::string>()
                                            : error.data["errors"][0]["pointer"].get<std::string>();
    }
    return "not refused";
  };
  EXPECT_EQ(refused_at({{"add", {"10.0.0.0/8"}}}), "/filter");
  EXPECT_EQ(refused_at({{"filter", "nobody"}, {"add", {"10.0.0.0/8"}}}), "/filter");
  EXPECT_EQ(refused_at({{"filter", "edge"}, {"add", {"10.0.0.0/8", "10.0.0.1/8"}}}), "/add/1");
  EXPECT_EQ(refused_at({{"filter", "edge"}, {"remove", {"10.0.0.0/8"}}}), "/remove/0");
  EXPECT_EQ(refused_at({{"filter", "edge"}}), "");
  EXPECT_EQ(refused_at({{"filter", "edge"}, {"list", "office"}, {"action", "deny"}, {"add", {"10.0.0.0/8"}}}),
            "/list");
  EXPECT_EQ(refused_at({{"filter", "edge"}, {"action", "block"}, {"add", {"10.0.0.0/8"}}}), "/action");
}

TEST(IcmpTypes, HaveNftsNames) {
  EXPECT_EQ(icmp_type_of("echo-request", false), 8);
  EXPECT_EQ(icmp_type_of("echo-request", true), 128);
  EXPECT_EQ(icmp_type_of("packet-too-big", false), std::nullopt);
  EXPECT_EQ(icmp_type_name(200, true), "200");
}

}  // namespace
}  // namespace turnout::filter_config_test
