#include <gtest/gtest.h>

#include <algorithm>

#include "control/eal.h"
#include "test/support/test_config.h"

namespace turnout::eal_arguments_test {
namespace {

using Arguments = std::vector<std::string>;

Config config_of(const std::string& lcores, const Arguments& arguments,
                 const std::string& device = "net_ring0") {
  Config config = config_with({});
  config.eal = {lcores, arguments};
  config.ports[0].device = device;
  return config;
}

bool has(const Arguments& arguments, const std::string& wanted) {
  return std::find(arguments.begin(), arguments.end(), wanted) != arguments.end();
}

TEST(EalArguments, AreThoseOfTheConfigurationThenThoseOfTheCommandLine) {
  EXPECT_EQ(Eal::arguments(config_of("0-1", {"--no-pci", "-m", "64"}), {"--no-huge"}),
            (Arguments{"--lcores=0-1", "--main-lcore=0", "--file-prefix=turnout", "--no-pci", "-m", "64",
                       "--no-huge"}));
}

TEST(EalArguments, TheFirstLcoreOfTheListIsControls) {
  EXPECT_TRUE(has(Eal::arguments(config_of("3,1,5-7", {}), {}), "--main-lcore=3"));
  EXPECT_TRUE(has(Eal::arguments(config_of("12@4,2", {}), {}), "--main-lcore=12"));
  EXPECT_TRUE(has(Eal::arguments(config_of("(0-1)@2", {}), {}), "--main-lcore=0"));
  const Arguments own = Eal::arguments(config_of("0-3", {}), {"--main-lcore=2"});
  EXPECT_FALSE(has(own, "--main-lcore=0"));
  EXPECT_TRUE(has(own, "--main-lcore=2"));
}

TEST(EalArguments, AFilePrefixIsAddedUnlessTheOperatorSaysHowFilesAreKept) {
  EXPECT_TRUE(has(Eal::arguments(config_of("0", {}), {}), "--file-prefix=turnout"));
  for (const char* argument : {"--in-memory", "--no-shconf", "--file-prefix=b"}) {
    EXPECT_FALSE(has(Eal::arguments(config_of("0", {argument}), {}), "--file-prefix=turnout")) << argument;
  }
  EXPECT_FALSE(has(Eal::arguments(config_of("0", {"--file-prefix", "b"}), {}), "--file-prefix=turnout"));
}

TEST(EalArguments, OnlyThePciDevicesOfThePortsAreTaken) {
  const Arguments arguments = Eal::arguments(config_of("0", {}, "0000:3b:00.1"), {});
  const auto allow = std::find(arguments.begin(), arguments.end(), "-a");
  ASSERT_NE(allow, arguments.end());
  EXPECT_EQ(*(allow + 1), "0000:3b:00.1");
  EXPECT_TRUE(has(Eal::arguments(config_of("0", {}, "3b:00.1"), {}), "3b:00.1"));
  EXPECT_FALSE(has(Eal::arguments(config_of("0", {}, "net_af_packet0"), {}), "-a"))
      << "a vdev is named by --vdev";
}

TEST(EalArguments, LeaveTheChoiceOfDevicesToAnOperatorWhoMadeOne) {
  for (const Arguments& own : {Arguments{"-a", "0000:01:00.0"}, Arguments{"--allow=0000:01:00.0"},
                               Arguments{"--no-pci"}, Arguments{"-b", "0000:02:00.0"}}) {
    EXPECT_FALSE(has(Eal::arguments(config_of("0", own, "0000:3b:00.1"), {}), "0000:3b:00.1")) << own[0];
    EXPECT_FALSE(has(Eal::arguments(config_of("0", {}, "0000:3b:00.1"), own), "0000:3b:00.1")) << own[0];
  }
}

}  // namespace
}  // namespace turnout::eal_arguments_test
