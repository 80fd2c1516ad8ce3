// The page that `doctor` prints.
#pragma once

#include <string>

#include "control/cli/errors.h"
#include "control/cli/json.h"

namespace turnout::cli {

/// `result`: of the method doctor.
std::string doctor_page(const Json& result, size_t columns);

/// By the gravest finding. What an older turnoutctl doesn't know counts as critical.
ExitCode doctor_exit_code(const Json& result);

}  // namespace turnout::cli
