// Writing the running configuration into its file.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "control/config_json.h"

namespace turnout {

struct SaveOrder {
  std::filesystem::path file;
  std::shared_ptr<const Config> running;
  std::shared_ptr<const Config> known;  // what the file meant when it was last read or written
  bool over_edits = true;               // also if somebody has changed what it means since
};

struct SaveOutcome {
  bool changed = false;              // was the file written? Not if it says what runs already
  std::vector<std::string> remarks;  // what the operator should know of how it was done
  std::string failure;               // why the file does not say what runs; "" if it does
  bool edited = false;               // the failure is that somebody has changed the file
};

/// Keeps of the file what did not change. One that is gone or can't be read as a configuration is written
/// whole. Reads, compares and syncs: may take long, and may be called from any thread.
SaveOutcome save_config(const SaveOrder& order);

}  // namespace turnout
