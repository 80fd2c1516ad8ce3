// How a JSON text is laid out, learnt from what is there, so that what is added looks like the rest.
#pragma once

#include <string>

#include "control/json_text.h"

namespace turnout {

struct JsonLayout {
  std::string line_break = "\n";
  std::string indent = "  ";  // of one level
  std::string colon = ": ";
  std::string blank = " ";           // behind a comma
  bool one_line = false;             // all of the text is one line
  bool short_objects = true;         // { "a": 1 } on one line …
  bool short_arrays = true;          // [1, 2] likewise
  std::string object_padding = " ";  // inside their brackets
  std::string array_padding;

  static JsonLayout of(const JsonTextNode& root);

  /// A value as text that begins on a line with this indentation.
  std::string format(const OrderedJson& value, const std::string& indentation) const;
  std::string format_key(const std::string& name) const;  ///< with its colon
};

}  // namespace turnout
