// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Words and bytes are taken out of doublewords and put back; nothing is decided by what is not known.
#include "verify/vector.h"

namespace baton::verify {
namespace {

constexpr uint64_t kWord = 0xffffffff;

/// Byte `n` of a:b.
Value byte_of(const Vector& a, const Vector& b, unsigned n) {
  const Vector& from = n < 16 ? a : b;
  return from[n % 16 / 8].rotate_left(8 * (n % 8 + 1)).masked(0xff);
}
Vector of_bytes(const std::array<Value, 16>& bytes) {
  Vector v;
  for (unsigned n = 0; n < 16; ++n) v[n / 8] = v[n / 8] | bytes[n].rotate_left(8 * (7 - n % 8));
  return v;
}

template <typename F>
Vector each_word(F of) {
  std::array<Value, 4> words;
  for (unsigned n = 0; n < 4; ++n) words[n] = of(n).masked(kWord);
  return of_words(words);
}

Value sigma(const Value& x, bool large, bool second) {
  static constexpr unsigned kRight[4][3] = {{7, 18, 3}, {17, 19, 10}, {2, 13, 22}, {6, 11, 25}};
  const auto& by = kRight[(large ? 2 : 0) + (second ? 1 : 0)];
  Value twice = x | x.rotate_left(32);
  auto rotated = [&](unsigned n) { return twice.rotate_left(64 - n).masked(kWord); };
  // The last of a small one is a shift.
  Value last = large ? rotated(by[2]) : x.rotate_left(64 - by[2]).masked(kWord >> by[2]);
  return rotated(by[0]) ^ rotated(by[1]) ^ last;
}

}  // namespace

Value word_of(const Vector& v, unsigned n) { return v[n / 2].rotate_left(n % 2 == 0 ? 32 : 0).masked(kWord); }

Vector of_words(const std::array<Value, 4>& words) {
  return {words[0].rotate_left(32) | words[1], words[2].rotate_left(32) | words[3]};
}

Vector add_words(const Vector& a, const Vector& b) {
  return each_word([&](unsigned n) { return add(word_of(a, n), word_of(b, n)); });
}

Vector merge_first_words(const Vector& a, const Vector& b) {
  return each_word([&](unsigned n) { return word_of(n % 2 == 0 ? a : b, n / 2); });
}

Vector splat_word(int64_t number) {
  return each_word([&](unsigned) { return Value(static_cast<uint64_t>(number)); });
}

Vector select(const Vector& a, const Vector& b, const Vector& mask) {
  return {(a[0] & ~mask[0]) | (b[0] & mask[0]), (a[1] & ~mask[1]) | (b[1] & mask[1])};
}

Vector permute(const Vector& a, const Vector& b, const Vector& which) {
  std::array<Value, 16> bytes;
  for (unsigned n = 0; n < 16; ++n) {
    auto index = byte_of(which, which, n).masked(31).constant();
    bytes[n] = index ? byte_of(a, b, static_cast<unsigned>(*index)) : Value::unknown().masked(0xff);
  }
  return of_bytes(bytes);
}

Vector shift_bytes(const Vector& a, const Vector& b, unsigned from) {
  std::array<Value, 16> bytes;
  for (unsigned n = 0; n < 16; ++n) bytes[n] = byte_of(a, b, n + from);
  return of_bytes(bytes);
}

WordEquality equal_words(const Vector& a, const Vector& b) {
  WordEquality result{{}, Bit::constant(true), Bit::constant(true)};
  result.mask = each_word([&](unsigned n) {
    Bit equal = compare(word_of(a, n), word_of(b, n), false).equal;
    result.all = result.all & equal;
    result.none = result.none & ~equal;
    Value word;
    for (unsigned bit = 0; bit < 32; ++bit) word.set_bit(bit, equal);
    return word;
  });
  return result;
}

Vector sha_sigmas(const Vector& a, bool large, unsigned which) {
  return each_word([&](unsigned n) { return sigma(word_of(a, n), large, (which >> (3 - n) & 1) != 0); });
}

}  // namespace baton::verify
