// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands where, of memory that was copied without being looked at?
//
// Pieces of memory whose bytes are those that stood elsewhere at entry, or all the same, or what nobody knows: what turns of loops
// left there that were not run one by one. Copies of these pieces are shared until one of them is changed.
//
//   CopiedBytes c; c.put({Range::from_to(0x2000, 0x3000), 0x1000, {}}); c.at(0x2010)->by
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/range.h"

namespace baton::verify {

class CopiedBytes {
 public:
  struct Piece {
    Range at;
    std::optional<uint64_t> by;   // its bytes are those that stood so far below at entry, in two's complement
    std::optional<uint8_t> byte;  // or all this one; and without either not known
    bool is_known() const { return by || byte; }
  };

  bool empty() const { return !pieces_; }
  /// The piece that has this address, or the first behind it; null where there is none.
  const Piece* next(uint64_t address) const;
  /// The one that has it, or null.
  const Piece* at(uint64_t address) const;
  /// In order of addresses, apart.
  const std::vector<Piece>& pieces() const;
  /// In place of what was there.
  void put(const Piece& piece);
  /// The same ones: nothing was put since.
  bool is(const CopiedBytes& other) const { return pieces_ == other.pieces_; }

 private:
  std::shared_ptr<const std::vector<Piece>> pieces_;  // null for none
};

}  // namespace baton::verify
