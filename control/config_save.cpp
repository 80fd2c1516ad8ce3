#include "control/config_save.h"

#include <exception>

#include "control/config_merge.h"
#include "control/file_writer.h"

namespace turnout {
namespace {

SaveOutcome refused(const std::string& why) {
  SaveOutcome outcome;
  outcome.failure = why;
  outcome.edited = true;
  return outcome;
}

SaveOutcome write(const SaveOrder& order, const std::string& text, std::vector<std::string> remarks) {
  SaveOutcome outcome;
  try {
    replace_file(order.file, text);
    outcome.changed = true;
    outcome.remarks = std::move(remarks);
  } catch (const std::exception& error) {
    outcome.failure = error.what();
  }
  return outcome;
}

SaveOutcome write_whole(const SaveOrder& order, const std::string& why) {
  return write(order, whole_text(*order.running), {"the file was written whole, without comments: " + why});
}

/// The file is no configuration, and so nothing that was read before.
SaveOutcome save_over_broken(const SaveOrder& order, const ConfigErrors& errors) {
  const std::string why = errors.front().to_string();
  if (!order.over_edits) return refused("somebody has changed the file, and it is not valid: " + why);
  return write_whole(order, "what was there is not valid (" + why + "); it stays as FILE.bak");
}

SaveOutcome save_into(const SaveOrder& order, const std::string& text, const Config& file) {
  if (mean_the_same(file, *order.running)) return {};
  std::vector<std::string> remarks;
  if (!mean_the_same(file, *order.known)) {
    if (!order.over_edits) return refused("somebody has changed the file since it was last read");
    remarks.emplace_back(
        "somebody had changed the file since it was last read: what differed from the running configuration "
        "is now in FILE.bak only");
  }
  const auto merged = merge_into_text(text, file, *order.running);
  if (!merged) return write_whole(order, "the changes could not be made in its text; that stays as FILE.bak");
  return write(order, *merged, std::move(remarks));
}

}  // namespace

SaveOutcome save_config(const SaveOrder& order) try {
  const Parsed<std::string> text = read_text_file(order.file);
  if (!text.value) return write_whole(order, text.errors.front().reason);
  const Parsed<Json> document = parse_json_text(*text.value);
  if (!document.value) return save_over_broken(order, document.errors);
  const Parsed<Config> file = parse_config(*document.value);
  if (!file.value) return save_over_broken(order, file.errors);
  return save_into(order, *text.value, *file.value);
} catch (const std::exception& error) {  // of a thread, where nobody would catch it
  SaveOutcome outcome;
  outcome.failure = error.what();
  return outcome;
}

}  // namespace turnout
