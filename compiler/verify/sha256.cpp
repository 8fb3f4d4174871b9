// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The standard's own formulas, in its order. See sha256.h.
#include "verify/sha256.h"

#include <cstddef>

#include "base/address.h"

namespace baton::verify {
namespace {

constexpr std::array<unsigned, 64> first_primes() {
  std::array<unsigned, 64> primes{};
  size_t count = 0;
  for (unsigned n = 2; count < primes.size(); ++n) {
    bool prime = true;
    for (size_t i = 0; i < count; ++i) prime = prime && n % primes[i] != 0;
    if (prime) primes[count++] = n;
  }
  return primes;
}

/// The first 32 bits of the fraction of the square (power 2) or cube root of n: floor(root * 2^32), cut.
constexpr uint32_t root_fraction(unsigned n, unsigned power) {
  Wide scaled = Wide{n} << 32 * power;
  uint64_t root = 0;  // below 2^37: the largest number is 311, so that a cube is below 2^111
  for (uint64_t bit = uint64_t{1} << 36; bit != 0; bit >>= 1) {
    Wide tried = root | bit, product = tried * tried;
    if (power == 3) product *= tried;
    if (product <= scaled) root |= bit;
  }
  return static_cast<uint32_t>(root);
}

constexpr std::array<uint32_t, 64> round_constants() {
  std::array<uint32_t, 64> constants{};
  auto primes = first_primes();
  for (size_t i = 0; i < constants.size(); ++i) constants[i] = root_fraction(primes[i], 3);
  return constants;
}

constexpr std::array<uint32_t, 64> kRounds = round_constants();

uint32_t right(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }

}  // namespace

Sha256State sha256_start() {
  Sha256State state{};
  auto primes = first_primes();
  for (size_t i = 0; i < state.size(); ++i) state[i] = root_fraction(primes[i], 2);
  return state;
}

void sha256_block(Sha256State& state, const uint8_t* bytes) {
  std::array<uint32_t, 64> w{};
  for (size_t t = 0; t < 16; ++t)
    for (size_t i = 0; i < 4; ++i) w[t] = w[t] << 8 | bytes[4 * t + i];
  for (size_t t = 16; t < 64; ++t) {
    uint32_t small0 = right(w[t - 15], 7) ^ right(w[t - 15], 18) ^ w[t - 15] >> 3;
    uint32_t small1 = right(w[t - 2], 17) ^ right(w[t - 2], 19) ^ w[t - 2] >> 10;
    w[t] = small1 + w[t - 7] + small0 + w[t - 16];
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (size_t t = 0; t < 64; ++t) {
    uint32_t first = h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + kRounds[t] + w[t];
    uint32_t second = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + second;
  }
  const Sha256State after{a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < state.size(); ++i) state[i] += after[i];
}

}  // namespace baton::verify
