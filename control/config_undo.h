// The way back from one configuration to the one before it: only what differs, so that a long history of a
// large configuration stays small.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "control/config.h"

namespace turnout {

class ConfigUndo {
 public:
  ConfigUndo() = default;  ///< undoes nothing
  /// Of a change from `before` to `after`.
  ConfigUndo(Config before, const Config& after);
  /// Of a change of this one service, which both configurations have.
  explicit ConfigUndo(ServiceConfig before);

  /// Makes of the configuration after the change the one before it, to the order of its services.
  void apply(Config& config) const;

  /// From now on undoes `later` first, a change that neither added nor removed a service, and then this one.
  void follow(ConfigUndo later);

  size_t bytes() const;  ///< of memory, about

 private:
  std::optional<Config> rest_;                    // all but the services; none: it is as it was
  std::optional<std::vector<ServiceKey>> order_;  // of the services; none: as it was
  std::map<ServiceKey, ServiceConfig> services_;  // those that were different, or are gone
};

}  // namespace turnout
