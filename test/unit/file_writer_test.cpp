#include "control/file_writer.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace turnout::file_writer_test {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct FileWriter : testing::Test {
  fs::path folder = make_folder();
  fs::path file = folder / "turnout.json";

  ~FileWriter() override {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  static fs::path make_folder() {
    std::string pattern = (fs::temp_directory_path() / "turnout-file-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
    return pattern;
  }
  size_t files() const { return static_cast<size_t>(std::distance(fs::directory_iterator(folder), {})); }
};

TEST_F(FileWriter, MakesAFileThatOnlyOwnerAndGroupMayRead) {
  replace_file(file, "{}\n");
  EXPECT_EQ(read(file), "{}\n");
  EXPECT_EQ(fs::status(file).permissions() & fs::perms::others_all, fs::perms::none);
  EXPECT_EQ(files(), 1u) << "nothing is left beside it";
}

TEST_F(FileWriter, KeepsWhatWasAndItsMode) {
  std::ofstream(file) << "old";
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  replace_file(file, "new");
  EXPECT_EQ(read(file), "new");
  EXPECT_EQ(read(fs::path(file.string() + ".bak")), "old");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  replace_file(file, "newer");
  EXPECT_EQ(read(fs::path(file.string() + ".bak")), "new");
  EXPECT_EQ(files(), 2u);
}

TEST_F(FileWriter, WritesLongAndEmptyTexts) {
  const std::string text(3'000'000, 'x');
  replace_file(file, text);
  EXPECT_EQ(read(file), text);
  replace_file(file, "");
  EXPECT_EQ(read(file), "");
}

TEST_F(FileWriter, ALinkGoesOnBeingOne) {
  const fs::path target = folder / "target.json";
  std::ofstream(target) << "old";
  fs::create_symlink(target, file);
  replace_file(file, "new");
  EXPECT_TRUE(fs::is_symlink(file));
  EXPECT_EQ(read(target), "new");
}

TEST_F(FileWriter, SaysWhatItCouldNotWriteAndWhy) {
  const fs::path nowhere = folder / "missing" / "turnout.json";
  try {
    replace_file(nowhere, "text");
    FAIL() << "written";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(nowhere.string()), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("No such file or directory"), std::string::npos) << error.what();
  }
}

TEST_F(FileWriter, LeavesTheOldFileUnharmedWhenItFails) {
  std::ofstream(file) << "old";
  fs::create_directory(file.string() + ".new");  // is in the way
  EXPECT_THROW(replace_file(file, "new"), std::runtime_error);
  EXPECT_EQ(read(file), "old");
}

}  // namespace
}  // namespace turnout::file_writer_test
