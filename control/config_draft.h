// A copy of a configuration that operations change one after another, before the whole of it is checked and
// put in force at once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/methods.h"
#include "control/service_edits.h"

namespace turnout {

class ConfigDraft {
 public:
  explicit ConfigDraft(Config config);

  /// Can `method` be an operation on a draft: does it change one thing of a configuration?
  static bool knows(const std::string& method);

  /// Throws RpcError with pointers into `params`; the draft is of no more use then. `at`: where the caller
  /// has these parameters, for places().
  void carry_out(const std::string& method, const Json& params, const std::string& at);

  const Config& config() const { return config_; }
  /// Where the configuration's check would point, and where what it points to came from. Costs time, so it is
  /// for refusals.
  PointerPrefixes places() const;

 private:
  ServiceConfig& find(const ServiceKey& key);
  void add_service(const Json& params, const std::string& at);
  void delete_service(const Json& params);
  void clear_services();
  void edit_timeouts(const Json& params);
  void remember(const ServiceKey& key, const ServicePlaces& places, const std::string& at);

  Config config_;
  std::map<ServiceKey, size_t> indexes_;  // of the services
  std::map<ServiceKey, ServicePlaces> places_;
};

}  // namespace turnout
