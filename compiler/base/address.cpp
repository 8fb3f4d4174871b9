// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Alignment, and addresses and sizes as text. See address.h for what the types mean.
#include "base/address.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace baton {

namespace {
constexpr int kInternalError = 70;  // EX_SOFTWARE of sysexits.h
}

void abort_with(const char* what, const char* file, int line) {
  std::fprintf(stderr, "baton: internal error: %s (%s:%d)\nThis is a mistake in baton; please report it.\n", what,
               file, line);
  std::_Exit(kInternalError);
}

namespace {

Wide round_down(Wide value, Size alignment) {
  BATON_CHECK(is_power_of_two(alignment.wide()), "alignment is not a power of two");
  return value & ~(alignment.wide() - 1);
}

std::optional<Wide> round_up(Wide value, Size alignment) {
  // value <= 2^64 and alignment <= 2^64: the sum fits 128 bits.
  Wide up = round_down(value + alignment.wide() - 1, alignment);
  if (up > kTwoTo64) return std::nullopt;
  return up;
}

}  // namespace

std::optional<Address> align_up(Address a, Size alignment) {
  auto up = round_up(a.wide(), alignment);
  if (!up) return std::nullopt;
  return Address{*up};
}

Address align_down(Address a, Size alignment) { return Address{round_down(a.wide(), alignment)}; }

std::optional<Size> align_up(Size s, Size alignment) {
  auto up = round_up(s.wide(), alignment);
  if (!up) return std::nullopt;
  return Size{*up};
}

std::string hex(Wide value) {
  std::string digits;
  do {
    digits.push_back("0123456789abcdef"[static_cast<unsigned>(value & 15)]);
    value >>= 4;
  } while (value != 0);
  digits += "x0";
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string human(Size s) {
  static constexpr struct {
    int shift;
    const char* unit;
  } kUnits[] = {{40, "TiB"}, {30, "GiB"}, {20, "MiB"}, {10, "KiB"}};
  for (const auto& [shift, unit] : kUnits) {
    Wide whole = s.wide() >> shift;
    if (whole == 0) continue;
    Wide rest = s.wide() & ((static_cast<Wide>(1) << shift) - 1);
    std::string text = std::to_string(static_cast<uint64_t>(whole));
    if (rest != 0) text += "." + std::to_string(static_cast<uint64_t>((rest * 10) >> shift));
    return text + unit;
  }
  uint64_t bytes = static_cast<uint64_t>(s.wide());
  return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

}  // namespace baton
