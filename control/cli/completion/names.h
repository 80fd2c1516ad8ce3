// Names of what the running daemon has, for completion.
#pragma once

#include <string>
#include <vector>

#include "control/cli/commands.h"
#include "control/cli/completion/candidates.h"

namespace turnout::cli {

/// Asks the daemon when a name is first needed. Silent if that fails: there are no names then.
class DaemonNames {
 public:
  explicit DaemonNames(const Call& call) : call_(call) {}

  std::vector<Candidate> kinds() const;                            ///< of services: tcp, udp, group
  std::vector<Candidate> services(const std::string& kind) const;  ///< "192.0.2.100:80"; of "group": its name
  std::vector<Candidate> service_paths() const;                    ///< "tcp/192.0.2.100:80"
  std::vector<Candidate> servers(const std::string& kind, const std::string& service)
      const;  ///< of one service, or of all if it is not there
  std::vector<Candidate> vips() const;
  std::vector<Candidate> ports() const;
  std::vector<Candidate> generations() const;
  std::vector<Candidate> filters() const;

 private:
  Json ask(const char* method) const;
  const Json& all_services() const;

  const Call& call_;
  mutable Json services_;  // null: not asked for yet
};

}  // namespace turnout::cli
