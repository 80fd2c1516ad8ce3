// The shells' completion scripts, from the files of this folder.
#pragma once

namespace turnout::cli {

extern const char* const kBashCompletion;
extern const char* const kZshCompletion;

}  // namespace turnout::cli
