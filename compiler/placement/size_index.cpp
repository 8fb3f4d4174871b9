// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A segment tree of maxima. See size_index.h.
#include "placement/size_index.h"

#include <algorithm>

namespace baton::placement {
namespace {

uint64_t saturated(Wide bytes) { return bytes >= kTwoTo64 ? ~uint64_t{0} : static_cast<uint64_t>(bytes); }

}  // namespace

const char* to_text(Direction direction) {
  return direction == Direction::kBottomUp ? "bottom_up" : "top_down";
}

SizeIndex::SizeIndex(const RangeSet& set) : count_(set.count()), leaves_(1) {
  while (leaves_ < count_) leaves_ *= 2;
  largest_.assign(2 * leaves_, 0);
  for (size_t i = 0; i < count_; ++i) largest_[leaves_ + i] = saturated(set.ranges()[i].size().wide());
  for (size_t node = leaves_; node-- > 1;) largest_[node] = std::max(largest_[2 * node], largest_[2 * node + 1]);
}

std::optional<size_t> SizeIndex::next(size_t from, Size size, Direction direction) const {
  if (from >= count_) return std::nullopt;
  uint64_t bytes = saturated(size.wide());
  return direction == Direction::kBottomUp ? up(1, 0, leaves_, from, bytes) : down(1, 0, leaves_, from, bytes);
}

// Both go into at most one node at each level that `from` cuts, and from there straight to the leaf.
std::optional<size_t> SizeIndex::up(size_t node, size_t begin, size_t end, size_t from, uint64_t size) const {
  if (end <= from || largest_[node] < size || begin >= count_) return std::nullopt;
  if (end - begin == 1) return begin;
  size_t middle = begin + (end - begin) / 2;
  if (auto found = up(2 * node, begin, middle, from, size)) return found;
  return up(2 * node + 1, middle, end, from, size);
}

std::optional<size_t> SizeIndex::down(size_t node, size_t begin, size_t end, size_t from, uint64_t size) const {
  if (begin > from || largest_[node] < size || begin >= count_) return std::nullopt;
  if (end - begin == 1) return begin;
  size_t middle = begin + (end - begin) / 2;
  if (auto found = down(2 * node + 1, middle, end, from, size)) return found;
  return down(2 * node, begin, middle, from, size);
}

}  // namespace baton::placement
