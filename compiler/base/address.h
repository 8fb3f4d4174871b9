// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is an address, what is a size, and which arithmetic between them means something?
//
// Address and Size are distinct types, as in the language: address - address = size,
// address + size = address, and nothing else. Both hold 0 .. 2^64 *inclusive*: 2^64 is never a
// byte's address, but it is the end of a half-open range that reaches the top of memory, so it
// must be a value. Arithmetic is checked: the `checked_` forms answer nullopt when the result
// leaves 0 .. 2^64, the operators abort, for places where an earlier check has made that impossible.
//
//   Address{0x1000} + Size{0x10} == Address{0x1010};  checked_add(Address::limit(), Size{1}) == nullopt
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace baton {

/// Wide enough for 2^64 and for the sums and products of two 64-bit numbers.
using Wide = unsigned __int128;
inline constexpr Wide kTwoTo64 = static_cast<Wide>(1) << 64;

[[noreturn]] void abort_with(const char* what, const char* file, int line);

/// Ends the program with the place and exit code 70: for what only a mistake of ours can break, never for input.
#define BATON_CHECK(condition, what)                                  \
  do {                                                                \
    if (!(condition)) ::baton::abort_with(what, __FILE__, __LINE__); \
  } while (false)

class Size {
 public:
  constexpr Size() = default;
  constexpr explicit Size(Wide bytes) : bytes_(bytes) {}

  /// 0 .. 2^64.
  constexpr Wide wide() const { return bytes_; }
  /// As 64 bits; aborts for 2^64, the size of all of memory.
  uint64_t bytes() const {
    BATON_CHECK(bytes_ < kTwoTo64, "a size of 2^64 has no 64-bit form");
    return static_cast<uint64_t>(bytes_);
  }
  constexpr auto operator<=>(const Size&) const = default;

 private:
  Wide bytes_ = 0;
};

class Address {
 public:
  constexpr Address() = default;
  constexpr explicit Address(Wide value) : value_(value) {}

  /// One past the last byte of a 64-bit address space.
  static constexpr Address limit() { return Address{kTwoTo64}; }
  constexpr Wide wide() const { return value_; }
  /// As 64 bits; aborts for the limit, which is no byte's address.
  uint64_t value() const {
    BATON_CHECK(value_ < kTwoTo64, "2^64 is no byte's address");
    return static_cast<uint64_t>(value_);
  }
  constexpr auto operator<=>(const Address&) const = default;

 private:
  Wide value_ = 0;
};

inline std::optional<Address> checked_add(Address a, Size s) {
  Wide sum = a.wide() + s.wide();
  if (sum > kTwoTo64) return std::nullopt;
  return Address{sum};
}
inline std::optional<Address> checked_subtract(Address a, Size s) {
  if (s.wide() > a.wide()) return std::nullopt;
  return Address{a.wide() - s.wide()};
}
inline std::optional<Size> checked_distance(Address from, Address to) {
  if (from > to) return std::nullopt;
  return Size{to.wide() - from.wide()};
}
inline std::optional<Size> checked_add(Size a, Size b) {
  Wide sum = a.wide() + b.wide();
  if (sum > kTwoTo64) return std::nullopt;
  return Size{sum};
}

inline Address operator+(Address a, Size s) {
  auto sum = checked_add(a, s);
  BATON_CHECK(sum, "address overflow");
  return *sum;
}
inline Address operator-(Address a, Size s) {
  auto difference = checked_subtract(a, s);
  BATON_CHECK(difference, "address underflow");
  return *difference;
}
/// to - from; aborts when `from` lies above `to`.
inline Size operator-(Address to, Address from) {
  auto distance = checked_distance(from, to);
  BATON_CHECK(distance, "negative distance");
  return *distance;
}
inline Size operator+(Size a, Size b) {
  auto sum = checked_add(a, b);
  BATON_CHECK(sum, "size overflow");
  return *sum;
}

/// Alignments are powers of two, at least 1.
inline constexpr bool is_power_of_two(Wide n) { return n != 0 && (n & (n - 1)) == 0; }
/// The next multiple of `alignment` at or above; nullopt past 2^64.
std::optional<Address> align_up(Address a, Size alignment);
Address align_down(Address a, Size alignment);
std::optional<Size> align_up(Size s, Size alignment);

/// "0x4000000": lower-case, no leading zeros; the form in every output.
std::string hex(Wide value);
inline std::string hex(Address a) { return hex(a.wide()); }
inline std::string hex(Size s) { return hex(s.wide()); }
/// "64KiB", "12.5MiB" or "100 bytes": for people, exact or with one decimal.
std::string human(Size s);

}  // namespace baton
