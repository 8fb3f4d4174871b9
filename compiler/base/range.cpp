// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The set algebra behind range.h. Every operation is a sweep over two sorted lists.
#include "base/range.h"

#include <algorithm>

namespace baton {

std::optional<Range> Range::checked(Address begin, Size size) {
  auto end = checked_add(begin, size);
  if (!end) return std::nullopt;
  return Range{begin, *end};
}

Range Range::intersect(const Range& other) const {
  Address low = std::max(begin, other.begin);
  Address high = std::min(end, other.end);
  return low < high ? Range{low, high} : Range{low, low};
}

std::string to_text(const Range& range) { return hex(range.begin) + " ..< " + hex(range.end); }

RangeSet::RangeSet(std::initializer_list<Range> ranges) : RangeSet(std::vector<Range>(ranges)) {}

RangeSet::RangeSet(std::vector<Range> ranges) {
  for (const Range& range : ranges) BATON_CHECK(range.begin <= range.end, "a range runs backwards");
  auto by_begin = [](const Range& a, const Range& b) { return a.begin < b.begin; };
  // Lists from a device tree arrive sorted: do not pay for sorting them again.
  if (!std::is_sorted(ranges.begin(), ranges.end(), by_begin))
    std::sort(ranges.begin(), ranges.end(), by_begin);
  for (const Range& range : ranges) {
    if (range.empty()) continue;
    if (!ranges_.empty() && range.begin <= ranges_.back().end)
      ranges_.back().end = std::max(ranges_.back().end, range.end);
    else
      ranges_.push_back(range);
  }
}

void RangeSet::add(const Range& range) {
  if (range.empty()) return;
  // The first member that touches or follows `range`, then all it swallows.
  auto first = std::lower_bound(ranges_.begin(), ranges_.end(), range.begin,
                                [](const Range& r, Address a) { return r.end < a; });
  auto last = first;
  Range merged = range;
  while (last != ranges_.end() && last->begin <= merged.end) {
    merged.begin = std::min(merged.begin, last->begin);
    merged.end = std::max(merged.end, last->end);
    ++last;
  }
  first = ranges_.erase(first, last);
  ranges_.insert(first, merged);
}

void RangeSet::subtract(const Range& range) {
  if (!overlaps(range)) return;
  *this = except(RangeSet{range});
}

RangeSet RangeSet::unite(const RangeSet& other) const {
  std::vector<Range> all;
  all.reserve(ranges_.size() + other.ranges_.size());
  std::merge(ranges_.begin(), ranges_.end(), other.ranges_.begin(), other.ranges_.end(),
             std::back_inserter(all),
             [](const Range& a, const Range& b) { return a.begin < b.begin; });
  return RangeSet(std::move(all));
}

RangeSet RangeSet::intersect(const RangeSet& other) const {
  RangeSet result;
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    Range common = a->intersect(*b);
    if (!common.empty()) result.ranges_.push_back(common);
    if (a->end < b->end)
      ++a;
    else
      ++b;
  }
  return result;
}

RangeSet RangeSet::except(const RangeSet& other) const {
  RangeSet result;
  auto hole = other.ranges_.begin();
  for (Range rest : ranges_) {
    while (hole != other.ranges_.end() && hole->end <= rest.begin) ++hole;
    for (auto h = hole; h != other.ranges_.end() && h->begin < rest.end; ++h) {
      if (rest.begin < h->begin) result.ranges_.push_back(Range{rest.begin, h->begin});
      rest.begin = std::min(std::max(rest.begin, h->end), rest.end);
    }
    if (!rest.empty()) result.ranges_.push_back(rest);
  }
  return result;
}

std::vector<Range>::const_iterator RangeSet::first_after(Address address) const {
  return std::upper_bound(ranges_.begin(), ranges_.end(), address, [](Address a, const Range& r) { return a < r.end; });
}

std::vector<Range> RangeSet::within(const Range& range) const {
  std::vector<Range> parts;
  if (range.empty()) return parts;
  for (auto it = first_after(range.begin); it != ranges_.end() && it->overlaps(range); ++it)
    parts.push_back(it->intersect(range));
  return parts;
}

std::optional<Range> RangeSet::first_overlap(const Range& range) const {
  if (range.empty()) return std::nullopt;
  auto it = first_after(range.begin);
  if (it == ranges_.end() || !it->overlaps(range)) return std::nullopt;
  return *it;
}

bool RangeSet::contains(const Range& range) const {
  if (range.empty()) return true;
  auto member = first_overlap(range);
  return member && member->contains(range);
}

bool RangeSet::contains(const RangeSet& other) const {
  return std::all_of(other.begin(), other.end(), [&](const Range& r) { return contains(r); });
}

bool RangeSet::overlaps(const Range& range) const { return first_overlap(range).has_value(); }

bool RangeSet::overlaps(const RangeSet& other) const { return !intersect(other).empty(); }

Size RangeSet::total_size() const {
  Size total;
  for (const Range& range : ranges_) total = total + range.size();
  return total;
}

std::string to_text(const RangeSet& set) {
  if (set.empty()) return "nothing";
  std::string text;
  for (const Range& range : set) text += (text.empty() ? "" : ", ") + to_text(range);
  return text;
}

}  // namespace baton
