// What `capture` is asked for, as the parameters of capture.start.
#pragma once

#include <cstdint>
#include <string>

#include "control/cli/commands.h"

namespace turnout::cli {

/// All of --filter, --service, --server, --client, --drop-reason, --fate and of the bounds. Throws
/// UsageError.
Json capture_params(const Request& request);

/// "service=tcp/192.0.2.100:80 drop=no_service" → {"service": [{…}], "drop_reason": ["no_service"]}, added to
/// `filter`. Throws UsageError.
void add_filter_words(const std::string& words, Json& filter);

/// "500000", "500k", "100M", "2G": decimal units. `what` names it in the error. Throws UsageError.
uint64_t parse_size(const std::string& what, const std::string& text);

}  // namespace turnout::cli
