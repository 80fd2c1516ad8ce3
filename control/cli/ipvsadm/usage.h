// What -h and -v print.
#pragma once

#include <string>

namespace turnout::cli::ipvsadm {

/// `program` as the reader called it.
std::string usage_text(const std::string& program, const std::string& version);
std::string version_text(const std::string& version);

}  // namespace turnout::cli::ipvsadm
