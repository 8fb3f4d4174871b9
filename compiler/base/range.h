// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes of memory? Half-open ranges and sets of them; there is no inclusive form anywhere.
//
// A RangeSet is sorted, disjoint and merged by construction: two sets with the same bytes are the
// same value. It is the vocabulary of machine facts, of placement and of memory clauses.
//
//   RangeSet ram{Range::from_to(0x0, 0x1000)}; ram.subtract(Range::from_to(0x10, 0x20));
//   ram is now { 0x0 ..< 0x10, 0x20 ..< 0x1000 }
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"

namespace baton {

struct Range {
  Address begin;
  Address end;  // one past the last byte; begin <= end

  static Range from_to(Wide begin, Wide end) { return Range{Address{begin}, Address{end}}; }
  /// begin +: size; nullopt past 2^64.
  static std::optional<Range> checked(Address begin, Size size);
  static Range at(Address begin, Size size) { return Range{begin, begin + size}; }

  bool empty() const { return begin == end; }
  Size size() const { return end - begin; }
  bool contains(Address a) const { return begin <= a && a < end; }
  /// An empty range is contained in everything and overlaps nothing.
  bool contains(const Range& other) const {
    return other.empty() || (begin <= other.begin && other.end <= end);
  }
  bool overlaps(const Range& other) const {
    return !empty() && !other.empty() && begin < other.end && other.begin < end;
  }
  Range intersect(const Range& other) const;
  bool operator==(const Range&) const = default;
};

/// "0x1000 ..< 0x2000", as the language writes it.
std::string to_text(const Range& range);

class RangeSet {
 public:
  RangeSet() = default;
  RangeSet(std::initializer_list<Range> ranges);
  explicit RangeSet(std::vector<Range> ranges);

  bool empty() const { return ranges_.empty(); }
  size_t count() const { return ranges_.size(); }
  auto begin() const { return ranges_.begin(); }
  auto end() const { return ranges_.end(); }
  const std::vector<Range>& ranges() const { return ranges_; }
  const Range& front() const { return ranges_.front(); }
  const Range& back() const { return ranges_.back(); }

  void add(const Range& range);
  void subtract(const Range& range);
  RangeSet unite(const RangeSet& other) const;
  RangeSet intersect(const RangeSet& other) const;
  RangeSet except(const RangeSet& other) const;

  /// One member holds all of `range`: members are merged, so this is "every byte is here".
  bool contains(const Range& range) const;
  bool contains(const RangeSet& other) const;
  bool overlaps(const Range& range) const;
  bool overlaps(const RangeSet& other) const;
  /// What of `range` is here, ascending. Logarithmic, and linear in what it finds.
  std::vector<Range> within(const Range& range) const;
  /// The first member that shares a byte with `range`. Logarithmic.
  std::optional<Range> first_overlap(const Range& range) const;
  Size total_size() const;
  bool operator==(const RangeSet&) const = default;

 private:
  /// The first member that ends after `address`.
  std::vector<Range>::const_iterator first_after(Address address) const;

  std::vector<Range> ranges_;  // sorted by begin, non-empty, with a gap between neighbours
};

std::string to_text(const RangeSet& set);

}  // namespace baton
