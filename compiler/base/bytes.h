// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bytes and byte order: how a number is read from and written to untrusted or target memory.
//
// Reads are bounds-checked against a span and answer nullopt past its end; offsets are 64-bit, so
// offset + width cannot wrap unseen.
//
//   load<uint32_t>(bytes, 28, Endian::kBig)  -> boot_cpuid_phys of a device tree blob
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace baton {

using ByteView = std::span<const uint8_t>;
using ByteBuffer = std::vector<uint8_t>;

enum class Endian { kBig, kLittle };

inline Endian other(Endian e) { return e == Endian::kBig ? Endian::kLittle : Endian::kBig; }
inline const char* to_text(Endian e) { return e == Endian::kBig ? "big" : "little"; }

/// The number at `offset`, or nullopt when it does not lie wholly inside.
template <typename T>
std::optional<T> load(ByteView bytes, uint64_t offset, Endian endian) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    size_t at = endian == Endian::kBig ? i : sizeof(T) - 1 - i;
    value = static_cast<T>((static_cast<uint64_t>(value) << 8) | bytes[offset + at]);
  }
  return value;
}

/// Writes at `offset`; false, and nothing written, when it does not fit.
template <typename T>
bool store(std::span<uint8_t> bytes, uint64_t offset, T value, Endian endian) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
  for (size_t i = 0; i < sizeof(T); ++i) {
    size_t at = endian == Endian::kBig ? sizeof(T) - 1 - i : i;
    bytes[offset + at] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i));
  }
  return true;
}

template <typename T>
void append(ByteBuffer& bytes, T value, Endian endian) {
  bytes.resize(bytes.size() + sizeof(T));
  store<T>(bytes, bytes.size() - sizeof(T), value, endian);
}

inline ByteView view_of(const std::string& text) {
  return ByteView(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

}  // namespace baton
