// What Tab offers after a command of ipvsadm's grammar, and what that command takes: neither may be the
// larger.
#include "control/cli/ipvsadm/legality.h"

#include <gtest/gtest.h>

#include "control/cli/ipvsadm/parser.h"

namespace turnout::cli::ipvsadm_legality_test {
namespace {

using namespace ipvsadm;

Kinds one(size_t kind) {
  return Kinds().set(kind);
}

/// Is it said that this kind has no place here? That another one is missing is no matter.
bool is_out_of_place(Action action, const Kinds& given, const char* word) {
  try {
    check_legality(action, given);
  } catch (const GrammarError& error) {
    return std::string(error.what()).find(word) != std::string::npos;
  }
  return false;
}

class IpvsadmLegality : public testing::TestWithParam<Action> {
 protected:
  /// What a command can't be without.
  static Kinds needed(Action action) {
    Kinds given;
    for (size_t i = 0; i < kKinds; ++i) {
      const std::string missing = std::string("'") + name_of(static_cast<Kind>(i)) + "' option for";
      if (is_out_of_place(action, given, missing.c_str())) given.set(i);
    }
    return given;
  }
};

TEST_P(IpvsadmLegality, WhatIsStillAllowedIsTaken) {
  const Kinds given = needed(GetParam());
  EXPECT_NO_THROW(check_legality(GetParam(), given));
  const Kinds more = still_allowed(GetParam(), given);
  EXPECT_TRUE((more & given).none()) << "what is there isn't offered again";
  EXPECT_EQ(still_allowed(GetParam(), {}) & given, given) << "what is needed is offered";
  for (size_t i = 0; i < kKinds; ++i)
    EXPECT_EQ(is_out_of_place(GetParam(), given | one(i), "Illegal"), !more[i] && !given[i])
        << name_of(static_cast<Kind>(i));
}

INSTANTIATE_TEST_SUITE_P(Commands, IpvsadmLegality,
                         testing::Values(Action::add_service, Action::edit_service, Action::delete_service,
                                         Action::clear, Action::list, Action::add_server, Action::edit_server,
                                         Action::delete_server, Action::restore, Action::save, Action::zero));

TEST(IpvsadmLegality, OfWhatExcludesEachOtherOneIsOffered) {
  const auto has = [](const Kinds& kinds, Kind kind) { return kinds[static_cast<size_t>(kind)]; };
  EXPECT_TRUE(has(still_allowed(Action::list, {}), Kind::timeout));
  const Kinds more = still_allowed(Action::list, one(static_cast<size_t>(Kind::connection)));
  EXPECT_FALSE(has(more, Kind::timeout));
  EXPECT_FALSE(has(more, Kind::service));
  EXPECT_TRUE(has(more, Kind::numeric));
}

TEST(IpvsadmLegality, EveryCommandIsKnownByItsOption) {
  size_t commands = 0;
  for (const Option& option : all_options()) {
    if (!action_of(option)) continue;
    ++commands;
    EXPECT_EQ(option.kind, Kind::none) << option.name;
  }
  EXPECT_EQ(commands, 17u) << "sixteen, of which -L is -l as well";
}

}  // namespace
}  // namespace turnout::cli::ipvsadm_legality_test
