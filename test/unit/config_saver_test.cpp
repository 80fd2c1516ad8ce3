// Saving: into which file, when, and what is said about it.
#include "control/config_saver.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>

#include "control/child_process.h"
#include "control/config_merge.h"
#include "test/support/config_example.h"
#include "test/support/test_config.h"

namespace turnout::config_saver_test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct ConfigSaving : testing::Test {
  boost::asio::io_context io{1};
  fs::path folder = make_folder();
  fs::path file = folder / "turnout.json";
  Config config = write(std::string(kExample));
  uint64_t generation = 1;
  ConfigSaver saver{io, file, own_cpus(), running()};

  ~ConfigSaving() override {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  static fs::path make_folder() {
    std::string pattern = (fs::temp_directory_path() / "turnout-save-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
    return pattern;
  }
  Config write(const std::string& text) const {
    std::ofstream(file) << text;
    return *parse_config(*parse_json_text(text).value).value;
  }
  std::string text() const {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Config meaning() const { return load_config(file).value.value_or(Config()); }
  ConfigSaver::Running running() const { return {generation, config}; }

  void change(uint32_t weight, bool autosave = true) {
    config.autosave = autosave;
    config.services[0].real_servers[0].weight = weight;
    ++generation;
  }
  SaveOutcome save() {
    SaveOutcome outcome;
    bool done = false;
    saver.save(running(), [&](const SaveOutcome& result) {
      outcome = result;
      done = true;
    });
    wait_for([&] { return done; });
    return outcome;
  }
  /// Lets the loop run until it is so.
  template <typename Condition>
  void wait_for(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_for(5ms);
    }
    ASSERT_TRUE(condition());
  }
  void autosave(ConfigSaver::Time now) {
    saver.tick(now, running());
    saver.finish(running());
  }
};

TEST_F(ConfigSaving, SavesWhatRunsAndKeepsComments) {
  change(5, false);
  const SaveOutcome outcome = save();
  EXPECT_TRUE(outcome.changed && outcome.failure.empty() && outcome.remarks.empty()) << outcome.failure;
  EXPECT_TRUE(mean_the_same(meaning(), config));
  EXPECT_NE(text().find("// seconds; 0: off"), std::string::npos);
}

TEST_F(ConfigSaving, DoesNotTouchAFileThatSaysSoAlready) {
  const auto before = fs::last_write_time(file);
  EXPECT_FALSE(save().changed);
  EXPECT_EQ(fs::last_write_time(file), before);
  EXPECT_FALSE(fs::exists(file.string() + ".bak"));
}

TEST_F(ConfigSaving, WritesAFileThatIsGoneWhole) {
  fs::remove(file);
  const SaveOutcome outcome = save();
  EXPECT_TRUE(outcome.changed);
  ASSERT_EQ(outcome.remarks.size(), 1u);
  EXPECT_NE(outcome.remarks[0].find("written whole"), std::string::npos) << outcome.remarks[0];
  EXPECT_TRUE(mean_the_same(meaning(), config));
}

TEST_F(ConfigSaving, WritesOverABrokenFileOnlyWhenAsked) {
  std::ofstream(file) << "{ \"ports\": ";
  change(5);
  autosave(1ms);
  EXPECT_EQ(text(), "{ \"ports\": ");
  ASSERT_EQ(saver.findings(running()).size(), 1u);
  EXPECT_EQ(saver.findings(running())[0].code, "autosave_paused");
  const SaveOutcome outcome = save();
  ASSERT_EQ(outcome.remarks.size(), 1u);
  EXPECT_NE(outcome.remarks[0].find("not valid"), std::string::npos) << outcome.remarks[0];
  EXPECT_TRUE(mean_the_same(meaning(), config));
  EXPECT_TRUE(saver.findings(running()).empty());
}

TEST_F(ConfigSaving, SaysWhyItCouldNot) {
  fs::remove_all(folder);
  change(5, false);
  EXPECT_NE(save().failure.find(file.string()), std::string::npos);
}

TEST_F(ConfigSaving, ThoseWhoAskWhileItSavesAreAllAnswered) {
  int answered = 0;
  for (uint32_t weight = 2; weight < 6; ++weight) {
    change(weight, false);
    saver.save(running(), [&](const SaveOutcome& outcome) { answered += outcome.failure.empty() ? 1 : 0; });
  }
  wait_for([&] { return answered == 4; });
  EXPECT_TRUE(mean_the_same(meaning(), config));
}

TEST_F(ConfigSaving, SavesByItselfIfItIsTold) {
  change(5, false);
  autosave(1ms);
  EXPECT_FALSE(mean_the_same(meaning(), config)) << "autosave is off";
  change(6, true);
  saver.tick(2ms, running());
  wait_for([&] { return mean_the_same(meaning(), config); });
}

TEST_F(ConfigSaving, SavesByItselfAtMostOnceASecond) {
  change(5);
  saver.tick(1000ms, running());
  wait_for([&] { return mean_the_same(meaning(), config); });
  saver.finish(running());  // the thread may still have to end
  const std::string first = text();
  change(6);
  saver.tick(1999ms, running());
  io.restart();
  io.run_for(20ms);
  EXPECT_EQ(text(), first);
  saver.tick(2000ms, running());
  wait_for([&] { return mean_the_same(meaning(), config); });
}

TEST_F(ConfigSaving, WhatIsNotYetSavedIsSavedBeforeTheEnd) {
  change(5);
  saver.finish(running());
  EXPECT_TRUE(mean_the_same(meaning(), config));
}

TEST_F(ConfigSaving, LeavesAFileAloneThatSomebodyHasEdited) {
  std::string edited(kExample);
  edited.replace(edited.find("\"weight\": 2"), 11, "\"weight\": 9");
  write(edited);
  change(5);
  autosave(1ms);
  EXPECT_EQ(text(), edited);
  EXPECT_EQ(saver.findings(running()).at(0).code, "autosave_paused");

  const SaveOutcome outcome = save();
  ASSERT_EQ(outcome.remarks.size(), 1u) << "who asks is told what is lost";
  EXPECT_NE(outcome.remarks[0].find("FILE.bak"), std::string::npos);
  EXPECT_TRUE(mean_the_same(meaning(), config));
}

TEST_F(ConfigSaving, AnEditedFileThatWasAppliedIsTheNewGround) {
  std::string edited(kExample);
  edited.replace(edited.find("\"weight\": 2"), 11, "\"weight\": 9");
  config = write(edited);
  ++generation;
  saver.file_applied(running());
  change(5);
  autosave(1ms);
  EXPECT_TRUE(saver.findings(running()).empty());
  EXPECT_TRUE(mean_the_same(meaning(), config));
}

TEST_F(ConfigSaving, CommentsThatSomebodyAddsAreNoEdit) {
  write("// new\n" + std::string(kExample));
  change(5);
  autosave(1ms);
  EXPECT_TRUE(text().starts_with("// new\n"));
  EXPECT_TRUE(mean_the_same(meaning(), config));
}

TEST_F(ConfigSaving, TriesAgainAfterAFailure) {
  const fs::path hidden = folder.string() + "-away";
  fs::rename(folder, hidden);
  change(5);
  autosave(1000ms);
  ASSERT_EQ(saver.findings(running()).size(), 1u);
  EXPECT_EQ(saver.findings(running())[0].code, "autosave_failed");
  fs::rename(hidden, folder);
  saver.tick(10'999ms, running());
  io.restart();
  io.run_for(20ms);
  EXPECT_FALSE(mean_the_same(meaning(), config));
  saver.tick(11'000ms, running());
  wait_for([&] { return mean_the_same(meaning(), config); });
  wait_for([&] { return saver.findings(running()).empty(); });
}

}  // namespace
}  // namespace turnout::config_saver_test
