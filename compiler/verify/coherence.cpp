// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ranges that move from stage to stage. See coherence.h.
#include "verify/coherence.h"

#include <algorithm>

namespace baton::verify {

void Coherence::watch(RangeSet code, RangeSet releases) {
  code_ = std::move(code);
  releases_ = std::move(releases);
}

// ---- pieces

/// The first piece at or after `at`, after one that holds bytes on both sides of it was cut in two.
Coherence::Pieces::iterator Coherence::split(uint64_t at) {
  auto next = pieces_.lower_bound(at);
  if (next == pieces_.begin()) return next;
  auto before = std::prev(next);
  if (before->second.last < at) return next;
  Piece tail = before->second;
  before->second.last = at - 1;
  return pieces_.emplace_hint(next, at, tail);
}

/// Each piece within the bounds; true when one was changed.
template <typename Change>
bool Coherence::change(uint64_t first, uint64_t last, Change change) {
  bool any = false;
  for (auto piece = split(first); piece != pieces_.end() && piece->first <= last;) {
    if (piece->second.last > last) split(last + 1);
    bool keep = true;
    any = change(piece->second, keep) || any;
    piece = keep ? std::next(piece) : pieces_.erase(piece);
  }
  return any;
}

void Coherence::mark(uint64_t first, uint64_t last, uint64_t by) {
  change(first, last, [](Piece&, bool& keep) { return !(keep = false); });
  Piece piece{last, by, Stage::kStored, false};
  // One instruction's stores that follow each other are one piece.
  auto next = pieces_.lower_bound(first);
  if (next != pieces_.begin())
    if (auto before = std::prev(next); before->second.last + 1 == first && before->second.same_as(piece)) {
      before->second.last = last;
      return;
    }
  pieces_.emplace_hint(next, first, piece);
}

void Coherence::write_back_from(uint64_t first, uint64_t last) {
  bool any = change(first, last, [](Piece& piece, bool&) {
    if (piece.stage != Stage::kStored) return false;
    piece.stage = Stage::kLeaving;
    return true;
  });
  if (any) for_sync_.emplace_back(first, last);
}

void Coherence::invalidate_from(uint64_t first, uint64_t last) {
  bool any = change(first, last, [](Piece& piece, bool&) {
    if (piece.stage != Stage::kWritten) return false;
    piece.stage = Stage::kDropping;
    return true;
  });
  if (!any) return;
  for_sync_.emplace_back(first, last);
  for_isync_.emplace_back(first, last);
}

// ---- instructions

void Coherence::note(Operation operation) {
  if (in_turn_) turns_.back().push_back(operation);
}

void Coherence::store(uint64_t address, unsigned size, unsigned changed, uint64_t by) {
  note({Operation::Kind::kStore, address, size, by});
  // Addresses go around at the end of what can be addressed.
  auto is_release = [&](unsigned n) { return (changed >> n & 1) != 0 && releases_.overlaps(Range::at(Address{address + n}, Size{1})); };
  for (unsigned n = 0; !releases_.empty() && !released_early_ && n < size; ++n)
    if (is_release(n)) released_early_ = missing(code_, Fetched::kElsewhere);
  for (unsigned from = 0; from < size; ++from) {
    if ((changed >> from & 1) == 0) continue;
    uint64_t first = address + from, last = first;
    while (from + 1 < size && (changed >> (from + 1) & 1) != 0 && last + 1 > first) ++from, ++last;
    mark(first, last, by);
  }
}

void Coherence::load(uint64_t address, uint64_t size) {
  if (awaited_.empty() || ~uint64_t{0} - address < size) return;
  if (awaited_.overlaps(Range::at(Address{address}, Size{size}))) waited_ = Waited::kLoaded;
}

void Coherence::branch_on_condition() {
  if (waited_ == Waited::kLoaded) waited_ = Waited::kBranched;
}

void Coherence::write_back(uint64_t address) {
  note({Operation::Kind::kWriteBack, address, 1});
  if (!pieces_.empty()) write_back_from(block_of(address), block_of(address) + (block_ - 1));
}

void Coherence::invalidate(uint64_t address) {
  note({Operation::Kind::kInvalidate, address, 1});
  if (!pieces_.empty()) invalidate_from(block_of(address), block_of(address) + (block_ - 1));
}

void Coherence::sync() {
  note({Operation::Kind::kSync});
  auto waiting = std::move(for_sync_);
  for_sync_.clear();
  for (auto [first, last] : waiting) {
    bool ready = change(first, last, [](Piece& piece, bool& keep) {
      if (piece.stage == Stage::kLeaving) piece.stage = Stage::kWritten;
      if (piece.stage != Stage::kDropping) return false;
      piece.stage = Stage::kReady;
      keep = !piece.here;
      return true;
    });
    if (ready) for_context_.emplace_back(first, last);
  }
}

void Coherence::drop_prefetched(std::vector<std::pair<uint64_t, uint64_t>>& where, Stage after) {
  auto waiting = std::move(where);
  where.clear();
  for (auto [first, last] : waiting)
    change(first, last, [&](Piece& piece, bool& keep) {
      if (piece.stage != after) return false;
      piece.here = true;
      keep = after != Stage::kReady;
      return true;
    });
}

void Coherence::isync() {
  note({Operation::Kind::kIsync});
  if (waited_ == Waited::kBranched) waited_ = Waited::kSynchronized;
  drop_prefetched(for_isync_, Stage::kDropping);
  drop_prefetched(for_context_, Stage::kReady);
}

void Coherence::synchronize_context() {
  note({Operation::Kind::kContext});
  if (waited_ == Waited::kBranched) waited_ = Waited::kSynchronized;
  drop_prefetched(for_context_, Stage::kReady);
}

// ---- what is missing

const char* Coherence::wanted(const Piece& piece, Fetched by) {
  switch (piece.stage) {
    case Stage::kStored: return "`dcbst` of its block is missing";
    case Stage::kLeaving: return "`sync` after `dcbst` of its block is missing";
    case Stage::kWritten: return "`icbi` of its block, after the `sync` that follows `dcbst`, is missing";
    case Stage::kDropping:
      if (by == Fetched::kElsewhere) return "`sync` after `icbi` of its block is missing";
      return piece.here ? nullptr : "`sync` and `isync` after `icbi` of its block are missing";
    case Stage::kReady:
      if (by == Fetched::kElsewhere) return nullptr;
      return "`isync`, or what else synchronizes the context, is missing after `icbi` of its block and `sync`";
  }
  return nullptr;
}

std::optional<std::string> Coherence::missing(const Range& code, Fetched by) const {
  if (code.empty() || pieces_.empty()) return std::nullopt;
  const uint64_t first = code.begin.value(), last = static_cast<uint64_t>(code.end.wide() - 1);
  // Mostly nothing near what is fetched was stored.
  if (pieces_.begin()->first > last || pieces_.rbegin()->second.last < first) return std::nullopt;
  auto piece = pieces_.upper_bound(first);
  if (piece != pieces_.begin() && std::prev(piece)->second.last >= first) --piece;
  for (; piece != pieces_.end() && piece->first <= last; ++piece)
    if (const char* what = wanted(piece->second, by))
      return "the instruction at " + hex(Wide{std::max(first, piece->first) & ~uint64_t{3}}) + " was stored by the one at " +
             hex(Wide{piece->second.by}) + ", and " + what;
  return std::nullopt;
}

std::optional<std::string> Coherence::missing(const RangeSet& code, Fetched by) const {
  for (const Range& range : code)
    if (auto found = missing(range, by)) return found;
  return std::nullopt;
}

std::optional<std::string> Coherence::missing_after_wait() const {
  switch (waited_) {
    case Waited::kNot: return "the word by which it is let go is not loaded";
    case Waited::kLoaded: return "no branch depends on the word by which it is let go";
    case Waited::kBranched:
      return "`isync`, or what else synchronizes the context, is missing after the branch that depends on the word by which it "
             "is let go: what was prefetched before may be executed";
    case Waited::kSynchronized: return std::nullopt;
  }
  return std::nullopt;
}

// ---- turns that are not run

void Coherence::begin_turn() {
  in_turn_ = true;
  turns_.emplace_back();
}

void Coherence::end_turns() {
  in_turn_ = false;
  turns_.clear();
}

/// Whether all of it is about one block, so that no turn meets what another one does.
bool Coherence::is_of_one_block(const std::vector<Operation>& turn) const {
  std::optional<uint64_t> block;
  for (const Operation& o : turn) {
    if (o.kind > Operation::Kind::kInvalidate) continue;
    if (!block) block = block_of(o.address);
    if (block_of(o.address) != *block || block_of(o.address + (o.size - 1)) != *block) return false;
  }
  return true;
}

bool Coherence::can_go_on(const std::vector<Operation>& before, const std::vector<Operation>& last, uint64_t turns) const {
  using Kind = Operation::Kind;
  if (before.size() != last.size()) return false;
  bool by_blocks = is_of_one_block(before) && is_of_one_block(last);
  for (size_t i = 0; i < last.size(); ++i) {
    const Operation &a = before[i], &b = last[i];
    if (a.kind != b.kind || a.size != b.size || a.by != b.by) return false;
    const uint64_t step = b.address - a.address, stride = step >> 63 != 0 ? 0 - step : step;
    const Wide reach = Wide{stride} * turns;
    const bool around = step >> 63 != 0 ? reach > b.address : Wide{b.address} + reach + b.size > kTwoTo64;
    const bool passes_over = stride > block_ && (b.kind == Kind::kWriteBack || b.kind == Kind::kInvalidate);
    if (around || passes_over) return false;
    by_blocks = by_blocks && stride % block_ == 0;
  }
  bool one_kind = std::all_of(last.begin(), last.end(), [&](const Operation& o) { return o.kind == last.front().kind; });
  return one_kind || by_blocks;
}

/// One operation of the last turn, in `turns` more.
void Coherence::repeat(const Operation& before, const Operation& last, uint64_t turns, RangeSet& stored) {
  using Kind = Operation::Kind;
  const uint64_t step = last.address - before.address;
  uint64_t first = last.address + step, end = last.address + step * turns;  // of the first of them and of the last
  if (step >> 63 != 0) std::swap(first, end);
  end += last.size - 1;
  switch (last.kind) {
    case Kind::kStore:
      stored.add(Range{Address{first}, Address{Wide{end} + 1}});
      return mark(first, end, last.by);
    case Kind::kWriteBack: return write_back_from(block_of(first), block_of(end) + (block_ - 1));
    case Kind::kInvalidate: return invalidate_from(block_of(first), block_of(end) + (block_ - 1));
    case Kind::kSync: return sync();
    case Kind::kIsync: return isync();
    case Kind::kContext: return synchronize_context();
  }
}

bool Coherence::meets_others(const RangeSet& loaded, const RangeSet& stored) const {
  return stored.overlaps(code_) || stored.overlaps(releases_) || stored.overlaps(awaited_) || loaded.overlaps(awaited_);
}

std::optional<RangeSet> Coherence::go_on(uint64_t turns, bool are_known) {
  BATON_CHECK(turns_.size() >= 2 && turns != 0, "turns go on like two that were seen");
  const std::vector<Operation> before = std::move(turns_[turns_.size() - 2]), last = std::move(turns_.back());
  end_turns();
  if (!can_go_on(before, last, turns)) return std::nullopt;
  RangeSet stored;
  for (size_t i = 0; i < last.size(); ++i) repeat(before[i], last[i], turns, stored);
  if (!are_known) not_followed_ = not_followed_.unite(stored);
  return stored;
}

}  // namespace baton::verify
