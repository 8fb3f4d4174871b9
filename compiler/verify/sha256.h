// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does one block do to a state of SHA-256?
//
// The judge's own, so that what a stub computes is compared with something that was not written for it: the
// constants are computed from the primes they come from (FIPS 180-4, 4.2.2, 5.3.3), not copied.
//
//   Sha256State s = sha256_start(); sha256_block(s, padded_abc); s[0] == 0xba7816bf
#pragma once

#include <array>
#include <cstdint>

namespace baton::verify {

using Sha256State = std::array<uint32_t, 8>;

Sha256State sha256_start();
/// `bytes` are the 64 of one block.
void sha256_block(Sha256State& state, const uint8_t* bytes);

}  // namespace baton::verify
