#include "control/prime.h"

namespace turnout {

bool is_prime(uint32_t number) {
  if (number < 4) return number > 1;
  if (number % 2 == 0) return false;
  for (uint64_t divisor = 3; divisor * divisor <= number; divisor += 2) {
    if (number % divisor == 0) return false;
  }
  return true;
}

uint32_t next_prime(uint32_t number) {
  do {
    ++number;
  } while (!is_prime(number));
  return number;
}

}  // namespace turnout
