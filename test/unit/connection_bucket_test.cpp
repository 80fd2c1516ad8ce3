// What a bucket, and a flow's two, say all at once is what their slots say one by one.
#include "dataplane/connection_bucket.h"

#include <gtest/gtest.h>

#include <random>
#include <type_traits>
#include <vector>

namespace turnout::connection_bucket_test {
namespace {

/// Few words, so that slots and keys often have one in common, and not always the whole key.
template <typename Key>
Key random_key(std::mt19937_64& random) {
  const auto word = [&] { return random() % 3 == 0 ? ~uint64_t{0} << 32 : random() % 3; };
  if constexpr (std::is_same_v<Key, ConnectionKey>)
    return word();
  else
    return {{word(), word()}, word()};
}

template <typename Key>
void fill(ConnectionBucket<Key>& bucket, std::mt19937_64& random) {
  for (auto& slot : bucket.slots) {
    const auto state = static_cast<ConnectionState>(random() % kConnectionStates);
    slot.key.store(random_key<Key>(random), std::memory_order_relaxed);
    slot.value.store(ConnectionValue(random()).with_state(state).bits());
  }
}

/// Does the slot show the key, as far as a look at all tells?
bool shows(ConnectionKey stored, ConnectionKey key) {
  return stored == key;
}
bool shows(const WideKey& stored, const WideKey& key) {
  return stored.client.last == key.client.last && stored.rest == key.rest;
}

template <typename Predicate>
std::vector<unsigned> slots_that(unsigned count, Predicate&& is_so) {
  std::vector<unsigned> result;
  for (unsigned i = 0; i < count; ++i) {
    if (is_so(i)) result.push_back(i);
  }
  return result;
}
std::vector<unsigned> listed(SlotSet slots) {
  std::vector<unsigned> result;
  for (const unsigned slot : slots) result.push_back(slot);
  return result;
}

template <typename Key>
class ConnectionBucketTest : public testing::Test {};
using Keys = testing::Types<ConnectionKey, WideKey>;
TYPED_TEST_SUITE(ConnectionBucketTest, Keys);

TYPED_TEST(ConnectionBucketTest, SaysOfAllWhatItsSlotsSay) {
  std::mt19937_64 random(1);
  ConnectionBucket<TypeParam> first{}, second{};
  const BucketPair<TypeParam> pair(first, second);
  const auto state_of = [&](unsigned slot) { return ConnectionValue(pair[slot].value.load()).state(); };
  for (unsigned i = 0; i < 20'000; ++i) {
    fill(first, random);
    fill(second, random);
    const auto key = random_key<TypeParam>(random);
    const auto is_shown = [&](unsigned slot) {
      return shows(pair[slot].key.load(std::memory_order_relaxed), key);
    };
    ASSERT_EQ(listed(first.showing(key).slots()), slots_that(4, is_shown));
    ASSERT_EQ(listed(pair.showing(key)), slots_that(8, is_shown));
    const auto state = static_cast<ConnectionState>(random() % kConnectionStates);
    const auto is_in_state = [&](unsigned slot) { return state_of(slot) == state; };
    ASSERT_EQ(listed(first.in_state(state).slots()), slots_that(4, is_in_state));
    ASSERT_EQ(listed(pair.in_state(state)), slots_that(8, is_in_state));
    const auto is_taken = [&](unsigned slot) {
      return is_shown(slot) || state_of(slot) == ConnectionState::claimed;
    };
    ASSERT_EQ(listed(pair.claimed_or_showing(key)), slots_that(8, is_taken));
    const auto values = pair.values();
    for (unsigned slot = 0; slot < 8; ++slot) ASSERT_EQ(values[slot], pair[slot].value.load());
  }
}

TYPED_TEST(ConnectionBucketTest, NumbersTheSlotsOfAPair) {
  ConnectionBucket<TypeParam> first{}, second{};
  const BucketPair<TypeParam> pair(first, second);
  for (unsigned slot = 0; slot < 4; ++slot) {
    EXPECT_EQ(&pair[slot], &first.slots[slot]);
    EXPECT_EQ(&pair[slot + 4], &second.slots[slot]);
  }
}

TYPED_TEST(ConnectionBucketTest, FindsInALineTheSlotThatShowsAKeyOrItsLast) {
  using Bucket = ConnectionBucket<TypeParam>;
  static_assert(Bucket::kLineSlots * sizeof(typename Bucket::Slot) == 64);
  std::mt19937_64 random(1);
  Bucket bucket{};
  unsigned shown = 0;
  for (unsigned i = 0; i < 20'000; ++i) {
    fill(bucket, random);
    const auto key = random_key<TypeParam>(random);
    for (size_t line = 0; line < bucket.slots.size(); line += Bucket::kLineSlots) {
      size_t wanted = line;
      const size_t last = line + Bucket::kLineSlots - 1;
      while (wanted < last && !shows(bucket.slots[wanted].key.load(std::memory_order_relaxed), key)) ++wanted;
      ASSERT_EQ(&Bucket::likeliest(&bucket.slots[line], key), &bucket.slots[wanted]);
      shown += wanted < last;
    }
  }
  EXPECT_GT(shown, 1000u);
}

TEST(SlotSet, HasWhatTwoHaveInCommon) {
  EXPECT_EQ(listed(SlotSet(0b1010'0110) & SlotSet(0b0000'1100)), (std::vector<unsigned>{2}));
  EXPECT_TRUE((SlotSet(0b1100) & SlotSet(0b0011)).empty());
}

TEST(SlotSet, TellsWhetherItHasMoreThanOne) {
  EXPECT_FALSE(SlotSet(0).is_more_than_one());
  for (unsigned slot = 0; slot < 8; ++slot) EXPECT_FALSE(SlotSet(1u << slot).is_more_than_one());
  EXPECT_TRUE(SlotSet(0b1000'0001).is_more_than_one());
  EXPECT_EQ(listed(SlotSet(0b1010'0100)), (std::vector<unsigned>{2, 5, 7}));
}

}  // namespace
}  // namespace turnout::connection_bucket_test
