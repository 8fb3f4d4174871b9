// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes are numbers in the end, and which numbers?
//
// What a run stored, without what is only known by name: for those who look at memory after it. Kept as runs of bytes that
// follow each other, since code of others may store a whole image: a byte takes little more than itself.
//
//   StoredNumbers s; s.append(0x100, 1); s.append(0x101, 2); s.at(0x101) == 2; s.runs().size() == 1
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/range.h"

namespace baton::verify {

class StoredNumbers {
 public:
  /// Behind all that is there.
  void append(uint64_t address, uint8_t byte);
  std::optional<uint8_t> at(uint64_t address) const;
  /// Those of the bytes from `start` on that are there; the others are left as they are.
  void write(uint64_t start, std::span<uint8_t> into) const;
  bool contains(uint64_t address) const { return at(address).has_value(); }
  /// Without what is not there, or is another number there.
  void keep_common(const StoredNumbers& other);
  void remove(const Range& range);
  /// By the address of the first byte of each; between two of them something is missing.
  const std::map<uint64_t, ByteBuffer>& runs() const { return runs_; }

 private:
  template <typename Stays>
  void keep(Stays stays);

  std::map<uint64_t, ByteBuffer> runs_;
};

}  // namespace baton::verify
