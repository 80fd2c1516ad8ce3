// Where a change of the configuration came from, for the history and the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/json_rpc.h"

namespace turnout {

/// Who asked for a change, in names.
struct Author {
  uint32_t uid = Caller::kNobody;
  std::string user;     // "": none in /etc/passwd has the number
  int32_t pid = 0;      // 0: a process that is not seen from here
  std::string program;  // "": it ended before it was looked at

  bool operator==(const Author&) const = default;
  std::string to_string() const;  ///< "root with turnoutctl[1234]"
};

/// Looks into /etc/passwd alone: a directory service could keep the control thread waiting for seconds. Of
/// the program's name, which its user may choose, nothing is kept but printable ASCII.
Author author_of(const Caller& caller);

struct Origin {
  std::string how;                                  // the method's name, "SIGHUP" or "start"
  std::optional<Author> who;                        // none: no client of the control socket
  std::optional<uint64_t> restored = std::nullopt;  // the generation that a rollback went back to

  bool operator==(const Origin&) const = default;
  std::string to_string() const;  ///< "server.edit by root with turnoutctl[1234]"
};

}  // namespace turnout
