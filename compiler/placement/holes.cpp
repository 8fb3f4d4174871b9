// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search behind holes.h, in three steps. (1) All `avoid` ranges are sorted once and merged, each
// merged block remembering who owns its first and its last byte. (2) The members of the first `within` are walked from
// the chosen end, and the blocks cut the candidates out of each, with their two neighbours. (3) A candidate is clipped
// by the other `within` constraints, one after the other, and the first of them that leaves too little is the one that
// killed it. Addresses are 128 bits wide here: start 0 has nothing below it and end 2^64 nothing above, with no special
// case.
#include "placement/holes.h"

#include <algorithm>

namespace baton::placement {
namespace {

Wide round_up(Wide value, Wide step) { return (value + step - 1) & ~(step - 1); }
Wide round_down(Wide value, Wide step) { return value & ~(step - 1); }

/// Several `avoid` ranges that touch or overlap, as one.
struct Block {
  Range range;
  const Constraint* first = nullptr;  // owns the first byte
  const Constraint* last = nullptr;   // owns the last byte
};

std::vector<Block> merge_blocks(const std::vector<Constraint>& avoid) {
  std::vector<Block> all;
  for (const Constraint& constraint : avoid)
    for (const Range& range : constraint.ranges) all.push_back({range, &constraint, &constraint});
  // Stable: of two owners of the same byte the one named first in the request is reported.
  std::stable_sort(all.begin(), all.end(),
                   [](const Block& a, const Block& b) { return a.range.begin < b.range.begin; });
  std::vector<Block> merged;
  for (const Block& block : all) {
    if (merged.empty() || merged.back().range.end < block.range.begin) {
      merged.push_back(block);
    } else if (merged.back().range.end < block.range.end) {
      merged.back().range.end = block.range.end;
      merged.back().last = block.last;
    }
  }
  return merged;
}

/// A stretch of the first `within` that no `avoid` touches, or a whole member of it that is covered.
struct Candidate {
  Range hole;
  bool covered = false;
  std::string below, above;
};

std::string edge_text(const Constraint* base, const char* which) {
  static constexpr std::string_view kWithin = "within ";
  if (!base) return std::string("the ") + which + " of the address space";
  std::string text = base->text;
  if (text.compare(0, kWithin.size(), kWithin) == 0) text.erase(0, kWithin.size());
  return std::string("the ") + which + " of " + text;
}

/// What the blocks leave of one member, ascending.
std::vector<Candidate> cut_candidates(const Range& member, const Constraint* base, const std::vector<Block>& blocks) {
  std::vector<Candidate> candidates;
  Address cursor = member.begin;
  const Constraint* below = nullptr;  // null: the member begins there
  auto cut = [&](Address end, const Constraint* above) {
    if (cursor == end) return;
    candidates.push_back({Range{cursor, end}, false, below ? below->text : edge_text(base, "start"),
                          above ? above->text : edge_text(base, "end")});
  };
  auto block = std::upper_bound(blocks.begin(), blocks.end(), member.begin,
                                [](Address a, const Block& b) { return a < b.range.end; });
  for (; block != blocks.end() && block->range.begin < member.end; ++block) {
    if (block->range.contains(member)) {
      candidates.push_back({member, true, block->first->text, block->last->text});
    } else if (cursor < block->range.begin) {
      cut(block->range.begin, block->first);
    }
    cursor = std::min(block->range.end, member.end);
    below = block->last;
  }
  cut(member.end, nullptr);
  return candidates;
}

/// What an extent needs, as plain numbers.
struct Need {
  Wide extent;
  Wide step;
  Direction direction;

  explicit Need(const HoleRequest& request)
      : extent(request.extent_size().wide()),
        step(request.alignment_in_force().wide()),
        direction(request.direction) {}

  /// From the first aligned address to the end.
  Wide room(const Range& piece) const {
    Wide start = round_up(piece.begin.wide(), step);
    return start < piece.end.wide() ? piece.end.wide() - start : 0;
  }
  bool fits(const Range& piece) const { return room(piece) >= extent; }
  Address start_in(const Range& piece) const {
    if (direction == Direction::kBottomUp) return Address{round_up(piece.begin.wide(), step)};
    return Address{round_down(piece.end.wide() - extent, step)};
  }
};

Size largest_room(const std::vector<Range>& pieces, const Need& need) {
  Wide room = 0;
  for (const Range& piece : pieces) room = std::max(room, need.room(piece));
  return Size{room};
}

/// `within` constraint `index` killed the hole: by itself, or only with those between it and the first.
void blame(Rejection& rejection, const HoleRequest& request, size_t index, const Need& need) {
  const Constraint& killer = request.within[index];
  std::vector<Range> alone = killer.ranges.within(rejection.hole);
  rejection.cause = alone.empty() ? Cause::kOutside : Cause::kLimited;
  rejection.span = killer.span;
  if (largest_room(alone, need) > rejection.room)
    for (size_t i = 1; i < index; ++i) rejection.constraint += request.within[i].text + "` and `";
  rejection.constraint += killer.text;
}

/// Fills in why, or answers the piece that holds the extent.
std::optional<Range> try_candidate(const Candidate& candidate, const HoleRequest& request,
                                   const std::vector<RangeSet>& narrowed, const Need& need,
                                   Rejection& rejection) {
  rejection.hole = candidate.hole;
  rejection.below = candidate.below;
  rejection.above = candidate.above;
  rejection.missing = Size{need.extent};
  if (candidate.covered) {
    rejection.cause = Cause::kCovered;
    return std::nullopt;
  }
  rejection.room = Size{need.room(candidate.hole)};
  if (!need.fits(candidate.hole)) {
    if (candidate.hole.size().wide() >= need.extent) rejection.cause = Cause::kAlignment;
    rejection.missing = Size{need.extent - rejection.room.wide()};
    return std::nullopt;
  }
  std::optional<Range> chosen = candidate.hole;
  for (size_t i = 0; i < narrowed.size(); ++i) {
    std::vector<Range> pieces = narrowed[i].within(candidate.hole);
    if (need.direction == Direction::kTopDown) std::reverse(pieces.begin(), pieces.end());
    auto holds = std::find_if(pieces.begin(), pieces.end(),
                              [&](const Range& piece) { return need.fits(piece); });
    if (holds != pieces.end()) {
      chosen = *holds;
      continue;
    }
    rejection.room = largest_room(pieces, need);
    rejection.missing = Size{need.extent - rejection.room.wide()};
    blame(rejection, request, i + 1, need);
    return std::nullopt;
  }
  return chosen;
}

void check_request(const HoleRequest& request) {
  BATON_CHECK(is_power_of_two(request.granule.wide()), "a granule is a power of two");
  BATON_CHECK(is_power_of_two(request.align.wide()), "an alignment is a power of two");
}

}  // namespace

const char* to_text(Cause cause) {
  switch (cause) {
    case Cause::kTooSmall: return "too small";
    case Cause::kAlignment: return "too small once aligned";
    case Cause::kOutside: return "outside";
    case Cause::kLimited: return "limited";
    case Cause::kCovered: return "taken";
  }
  return "";
}

Size HoleRequest::alignment_in_force() const { return std::max(align, granule); }

Size HoleRequest::extent_size() const {
  Wide bytes = std::max(size.wide(), static_cast<Wide>(1));
  return Size{round_up(bytes, granule.wide())};
}

namespace {

/// The members of the first `within`, from the chosen end.
class Walk {
 public:
  Walk(const HoleRequest& request, const RangeSet& base, const Need& need, const RangeSet* narrowed)
      : request_(request), members_(base.ranges()), need_(need), narrowed_(narrowed) {
    BATON_CHECK(!request.sizes || request.sizes->count() == base.count(), "an index of other ranges");
    if (!members_.empty()) at_ = up() ? 0 : members_.size() - 1;
  }

  const Range* member() const { return at_ ? &members_[*at_] : nullptr; }

  void step() {
    if (up()) at_ = *at_ + 1 < members_.size() ? std::optional(*at_ + 1) : std::nullopt;
    else at_ = *at_ > 0 ? std::optional(*at_ - 1) : std::nullopt;
  }

  /// Stays, or goes on to the next member that is large enough and has a byte of what the other `within` leave; how many
  /// were passed over.
  size_t skip() {
    size_t passed = 0;
    while (at_) {
      std::optional<size_t> next = at_;
      if (request_.sizes) next = request_.sizes->next(*at_, Size{need_.extent}, request_.direction);
      if (next && narrowed_) next = in_reach(*next);
      passed += next ? distance(*next) : rest();
      if (next == at_) break;
      at_ = next;
    }
    return passed;
  }

 private:
  bool up() const { return request_.direction == Direction::kBottomUp; }
  size_t distance(size_t to) const { return up() ? to - *at_ : *at_ - to; }
  size_t rest() const { return up() ? members_.size() - *at_ : *at_ + 1; }

  /// The first member from `from` on that shares a byte with what the other `within` leave.
  std::optional<size_t> in_reach(size_t from) const {
    const auto& pieces = narrowed_->ranges();
    if (up()) {
      auto piece = std::upper_bound(pieces.begin(), pieces.end(), members_[from].begin,
                                    [](Address a, const Range& r) { return a < r.end; });
      if (piece == pieces.end()) return std::nullopt;
      if (piece->begin < members_[from].end) return from;
      auto member = std::upper_bound(members_.begin() + static_cast<ptrdiff_t>(from), members_.end(), piece->begin,
                                     [](Address a, const Range& r) { return a < r.end; });
      if (member == members_.end()) return std::nullopt;
      return static_cast<size_t>(member - members_.begin());
    }
    auto piece = std::lower_bound(pieces.begin(), pieces.end(), members_[from].end,
                                  [](const Range& r, Address a) { return r.begin < a; });
    if (piece == pieces.begin()) return std::nullopt;
    --piece;
    if (members_[from].begin < piece->end) return from;
    auto member = std::lower_bound(members_.begin(), members_.begin() + static_cast<ptrdiff_t>(from) + 1, piece->end,
                                   [](const Range& r, Address a) { return r.begin < a; });
    if (member == members_.begin()) return std::nullopt;
    return static_cast<size_t>(member - members_.begin()) - 1;
  }

  const HoleRequest& request_;
  const std::vector<Range>& members_;
  const Need& need_;
  const RangeSet* narrowed_;  // null: there is one `within`
  std::optional<size_t> at_;
};

}  // namespace

HoleSearch find_hole(const HoleRequest& request) {
  check_request(request);
  const Need need(request);
  const Constraint* base = request.within.empty() ? nullptr : &request.within.front();
  const RangeSet everything{Range{Address{}, Address::limit()}};
  const std::vector<Block> blocks = merge_blocks(request.avoid);

  // narrowed[i]: what the second to the (i+2)th `within` leave together.
  std::vector<RangeSet> narrowed;
  for (size_t i = 1; i < request.within.size(); ++i)
    narrowed.push_back(narrowed.empty() ? request.within[i].ranges
                                        : narrowed.back().intersect(request.within[i].ranges));

  HoleSearch search;
  Walk walk(request, base ? base->ranges : everything, need, narrowed.empty() ? nullptr : &narrowed.back());
  for (; walk.member(); walk.step()) {
    const bool counts_only = search.rejected.size() >= kMostRejections;
    if (counts_only) {
      search.more += walk.skip();
      if (!walk.member()) break;
    }
    auto candidates = cut_candidates(*walk.member(), base, blocks);
    if (request.direction == Direction::kTopDown) std::reverse(candidates.begin(), candidates.end());
    for (const Candidate& candidate : candidates) {
      Rejection rejection;
      if (auto piece = try_candidate(candidate, request, narrowed, need, rejection)) {
        search.start = need.start_in(*piece);
        search.extent = Range::at(*search.start, Size{need.extent});
        return search;
      }
      if (search.rejected.size() < kMostRejections) search.rejected.push_back(std::move(rejection));
    }
    if (counts_only) ++search.more;
  }
  return search;
}

FixedPlace check_fixed(Address at, const HoleRequest& request) {
  check_request(request);
  const Wide extent = request.extent_size().wide();
  const Wide end = std::min(at.wide() + extent, kTwoTo64);
  FixedPlace fixed;
  fixed.extent = Range::from_to(at.wide(), end);
  auto violate = [&](Violation::Kind kind, const Constraint* constraint, Range part, Wide bytes) {
    fixed.violations.push_back({kind, constraint ? constraint->text : std::string(),
                                constraint ? constraint->span : source::Span(), part, Size{bytes}});
  };
  const Wide step = request.alignment_in_force().wide();
  if (at.wide() % step != 0)
    violate(Violation::Kind::kMisaligned, nullptr, Range{at, at}, at.wide() % step);
  if (at.wide() + extent > kTwoTo64)
    violate(Violation::Kind::kPastAddressSpace, nullptr, fixed.extent, at.wide() + extent - kTwoTo64);
  for (const Constraint& within : request.within) {
    if (within.ranges.contains(fixed.extent)) continue;
    RangeSet outside = RangeSet{fixed.extent}.except(within.ranges);
    violate(Violation::Kind::kOutside, &within, outside.front(), outside.total_size().wide());
  }
  for (const Constraint& avoid : request.avoid) {
    RangeSet taken = RangeSet(avoid.ranges.within(fixed.extent));
    if (taken.empty()) continue;
    violate(Violation::Kind::kOverlap, &avoid, taken.front(), taken.total_size().wide());
  }
  return fixed;
}

std::string exact_text(Size size) {
  std::string text = human(size);
  if (text.find('.') == std::string::npos) return text;
  return hex(size) + " (" + text + ")";
}

std::string reason_of(const Rejection& rejection) {
  const std::string between = rejection.below == rejection.above
                                  ? rejection.below
                                  : rejection.below + " and " + rejection.above;
  switch (rejection.cause) {
    case Cause::kTooSmall:
      return "too small by " + exact_text(rejection.missing) + ", between " + between;
    case Cause::kAlignment:
      return "too small by " + exact_text(rejection.missing) + " once the start is aligned, between " +
             between;
    case Cause::kOutside:
      return "outside `" + rejection.constraint + "`";
    case Cause::kLimited:
      return "`" + rejection.constraint +
             (rejection.constraint.find("` and `") == std::string::npos ? "` leaves " : "` leave ") +
             (rejection.room == Size{} ? "no aligned byte" : exact_text(rejection.room)) + " of it, " +
             exact_text(rejection.missing) + " too little";
    case Cause::kCovered:
      return "taken by " + between;
  }
  return {};
}

std::string describe(const Rejection& rejection) {
  return to_text(rejection.hole) + " (" + human(rejection.hole.size()) + "): " + reason_of(rejection);
}

std::string describe(const Violation& violation) {
  const std::string part = to_text(violation.part) + " (" + human(violation.part.size()) + ")";
  const bool more = violation.bytes > violation.part.size();
  const std::string in_all = more ? ", " + exact_text(violation.bytes) + " in all" : "";
  switch (violation.kind) {
    case Violation::Kind::kMisaligned:
      return hex(violation.part.begin) + " is " + exact_text(violation.bytes) +
             " past the last aligned address";
    case Violation::Kind::kPastAddressSpace:
      return "it ends " + exact_text(violation.bytes) + " above the top of the address space";
    case Violation::Kind::kOutside:
      return part + " is outside `" + violation.constraint + "`" + in_all;
    case Violation::Kind::kOverlap:
      return part + " is taken by " + violation.constraint + in_all;
  }
  return {};
}

}  // namespace baton::placement
