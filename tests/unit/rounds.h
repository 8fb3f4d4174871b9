// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How often does a test repeat itself? As often as it says; with sanitizers, where each round takes five times as long, a
// fifth. Whether answers are right the other tree's whole number shows: sanitizers look for code that reads or computes
// what it must not, and a fifth of the rounds goes through the same code.
//
//   for (unsigned round = 0; round < rounds(150); ++round) ...
//   CHECK(made > rounds(90));
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BATON_TESTS_SANITIZED
#endif
#endif

inline constexpr unsigned rounds(unsigned whole) {
#ifdef BATON_TESTS_SANITIZED
  return (whole + 4) / 5;
#else
  return whole;
#endif
}
