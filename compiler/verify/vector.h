// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What do the vector instructions do to the values of vector registers?
//
// Functions of registers alone; memory, MSR and CR are in semantics.cpp. Elements are numbered as in the books:
// element 0 is the most significant, in either byte order (Power ISA 3.0B, Book I 6).
//
//   sha_sigmas({x, y}, true, 0b0100): large sigma 0 of words 0, 2 and 3, large sigma 1 of word 1
#pragma once

#include <array>

#include "verify/value.h"

namespace baton::verify {

/// Doublewords 0 and 1, which are words 0, 1 and words 2, 3.
using Vector = std::array<Value, 2>;

/// Word `n`, 0..3, as the low 32 bits.
Value word_of(const Vector& v, unsigned n);
Vector of_words(const std::array<Value, 4>& words);

Vector add_words(const Vector& a, const Vector& b);
/// a0 b0 a1 b1.
Vector merge_first_words(const Vector& a, const Vector& b);
Vector splat_word(int64_t number);
/// Bits of `b` where `mask` has ones, of `a` elsewhere.
Vector select(const Vector& a, const Vector& b, const Vector& mask);
/// Each byte is the one of a:b that the low five bits of its byte in `which` name.
Vector permute(const Vector& a, const Vector& b, const Vector& which);
/// 16 bytes of a:b from byte `from` on.
Vector shift_bytes(const Vector& a, const Vector& b, unsigned from);

struct WordEquality {
  Vector mask;    // ones where words are equal
  Bit all, none;  // of the four are equal
};
WordEquality equal_words(const Vector& a, const Vector& b);

/// Word by word, a function of FIPS 180-4, 4.1.2: of the small or the large ones the second where the word's bit
/// of `which` (0b1000 for word 0) is set.
Vector sha_sigmas(const Vector& a, bool large, unsigned which);

}  // namespace baton::verify
