#include "control/maintenance.h"

#include <gtest/gtest.h>

#include "control/json_rpc.h"
#include "test/support/test_config.h"

namespace turnout::maintenance_test {
namespace {

Json params(const std::string& server, const Json& on) {
  return {{"server", server}, {"on", on}};
}

RpcCode refusal(const Json& asked) {
  try {
    edit_maintenance(config_with({service(web(), {11, 12})}), asked);
  } catch (const RpcError& error) {
    return error.code;
  }
  return RpcCode::internal_error;
}

TEST(Maintenance, BeginsAndEndsForOneServer) {
  const Config config = config_with({service(web(), {11, 12}), service(web(443), {11})});
  const auto begun = edit_maintenance(config, params("192.0.2.11", true));
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->maintenance, std::vector<IpAddress>{ip("192.0.2.11")});
  EXPECT_EQ(begun->services, config.services) << "weights stay as they are";
  EXPECT_FALSE(edit_maintenance(*begun, params("192.0.2.11", true))) << "so already";
  const auto both = edit_maintenance(*begun, params("192.0.2.12", true));
  EXPECT_EQ(both->maintenance.size(), 2u);
  EXPECT_EQ(edit_maintenance(*both, params("192.0.2.11", false))->maintenance,
            std::vector<IpAddress>{ip("192.0.2.12")});
  EXPECT_FALSE(edit_maintenance(config, params("192.0.2.11", false)));
}

TEST(Maintenance, EndsForAServerThatWasTakenAwayMeanwhile) {
  Config config = config_with({service(web(), {11})});
  config.maintenance = {ip("192.0.2.99")};
  EXPECT_TRUE(edit_maintenance(config, params("192.0.2.99", false))->maintenance.empty());
}

TEST(Maintenance, RefusesWhatItCantMean) {
  EXPECT_EQ(refusal(params("192.0.2.99", true)), RpcCode::no_such);
  EXPECT_EQ(refusal(params("real1", true)), RpcCode::invalid_params);
  EXPECT_EQ(refusal(params("192.0.2.11", "yes")), RpcCode::invalid_params);
  EXPECT_EQ(refusal({{"on", true}}), RpcCode::invalid_params);
  EXPECT_EQ(refusal({{"server", "192.0.2.11"}, {"on", true}, {"off", false}}), RpcCode::invalid_params);
}

}  // namespace
}  // namespace turnout::maintenance_test
