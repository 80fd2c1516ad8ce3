// Prime numbers, for the sizes of Maglev tables.
#pragma once

#include <cstdint>

namespace turnout {

bool is_prime(uint32_t number);

/// The smallest prime above `number`, which must be below the largest prime of 32 bits.
uint32_t next_prime(uint32_t number);

}  // namespace turnout
