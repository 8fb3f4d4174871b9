// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which is the next range of a set that is large enough?
//
// A tree of the largest sizes over the members of a set, built once: of a machine with a million stretches of memory the
// ones that are too small are passed over together. Its answer is about size alone; alignment is the asker's.
//
//   SizeIndex sizes(ram); sizes.next(0, Size{1 << 20}, Direction::kBottomUp) -> 7: ram.ranges()[7] has 1 MiB or more
#pragma once

#include <optional>
#include <vector>

#include "base/range.h"

namespace baton::placement {

enum class Direction { kBottomUp, kTopDown };
const char* to_text(Direction direction);  // "bottom_up", as the language writes it

class SizeIndex {
 public:
  explicit SizeIndex(const RangeSet& set);

  size_t count() const { return count_; }
  /// The first member of at least `size` bytes, from member `from` on: upwards, or downwards for kTopDown. nullopt: none.
  std::optional<size_t> next(size_t from, Size size, Direction direction) const;

 private:
  std::optional<size_t> up(size_t node, size_t begin, size_t end, size_t from, uint64_t size) const;
  std::optional<size_t> down(size_t node, size_t begin, size_t end, size_t from, uint64_t size) const;

  size_t count_;
  size_t leaves_;                  // a power of two
  std::vector<uint64_t> largest_;  // node 1 is the root, node n has 2n and 2n + 1; 2^64 bytes count as 2^64 - 1
};

}  // namespace baton::placement
