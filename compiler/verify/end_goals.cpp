// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function for each kind of goal. See end_goals.h.
#include "verify/end_goals.h"

#include <algorithm>

#include "base/address.h"
#include "ppc64/registers.h"

namespace baton::verify {
namespace {

// Bytes that are not as they must be, of which the solver is asked together.
constexpr size_t kMostClaimed = 4096;

class EndJudge {
 public:
  EndJudge(const RunAtEnd& end, std::vector<Obligation>& obligations, std::map<size_t, Claim>& claims)
      : end_(end), m_(end.machine), goals_(end.goals), obligations_(obligations), claims_(claims) {}

  void judge() {
    judge_registers();
    judge_msr();
    judge_interrupts();
    judge_words();
    judge_bytes();
    judge_copies();
    judge_flags();
    judge_frame();
  }

 private:
  void say(std::string clause, Outcome outcome, std::string detail) {
    obligations_.push_back(Obligation{std::move(clause), outcome, std::move(detail)});
  }
  /// What is not proved here, and that it would be if this held.
  void say(std::string clause, Outcome outcome, std::string detail, Claim claim) {
    claims_[obligations_.size()] = std::move(claim);
    say(std::move(clause), outcome, std::move(detail));
  }

  void judge_registers() {
    for (const RegisterGoal& goal : goals_.registers) {
      const Value* seen = m_.find(goal.name);
      BATON_CHECK(seen != nullptr, "a goal names a register that does not exist");
      judge(goal.clause, goal.name, *seen, goal.one_of);
    }
  }
  /// `name` must be one of the terms.
  void judge(const std::string& clause, const std::string& name, const Value& seen, const std::vector<Term>& one_of) {
    unsigned open = 0, may_differ = 0;  // of the terms that are not certainly different
    std::string wanted;
    Equality equality{seen, {}};
    for (const Term& term : one_of) {
      Value value = m_.resolve(end_.value_of(term));
      equality.one_of.push_back(value);
      if (seen.same_as(value)) return say(clause, Outcome::kProved, name + " = " + seen.to_text(end_.names));
      if (!seen.differs_from(value)) {
        ++open;
        may_differ += can_differ(seen, value) ? 1 : 0;
      }
      wanted += (wanted.empty() ? "" : " or ") + value.to_text(end_.names);
    }
    // One run must differ from all of them; with two open terms, different runs may be needed.
    bool refuted = open == 0 || (open == 1 && may_differ == 1);
    say(clause, refuted ? Outcome::kRefuted : Outcome::kUnknown,
        name + " = " + seen.to_text(end_.names) + ", not certainly " + wanted, {equality});
  }
  /// True when some run has the two differ: a bit that is 0 in one and 1 in the other, or two bits of
  /// which one at least is free to be chosen (symbols are any value that their bits allow).
  static bool can_differ(const Value& a, const Value& b) {
    for (unsigned n = 0; n < 64; ++n) {
      Bit x = a.bit(n), y = b.bit(n);
      if (!x.is_unknown() && !y.is_unknown() && !x.same_as(y)) return true;
    }
    return false;
  }

  void judge_msr() {
    for (const ppc64::MsrField& field : ppc64::kMsrFields) {
      if (field.book3e || (goals_.msr_fixed & field.mask) == 0) continue;
      bool one = (goals_.msr_value & field.mask) != 0;
      judge_msr_bits("msr " + std::string(field.name) + " = " + (one ? "1" : "0"), field.mask, Value(goals_.msr_value));
    }
    uint64_t unnamed = goals_.msr_fixed;
    for (const ppc64::MsrField& field : ppc64::kMsrFields)
      if (!field.book3e) unnamed &= ~field.mask;
    if (unnamed != 0) judge_msr_bits("msr " + hex(Wide{unnamed}), unnamed, Value(goals_.msr_value));
    judge_msr_bits("every other msr field is left as it was", ~(goals_.msr_fixed | goals_.msr_any), end_.entry_msr);
  }
  void judge_msr_bits(const std::string& clause, uint64_t mask, const Value& wanted) {
    Value seen = m_.msr.masked(mask), want = m_.resolve(wanted.masked(mask));
    if (seen.same_as(want)) return say(clause, Outcome::kProved, "msr = " + m_.msr.to_text(end_.names));
    uint64_t wrong = 0;
    for (unsigned n = 0; n < 64; ++n)
      if (!seen.bit(n).same_as(want.bit(n))) wrong |= uint64_t{1} << n;
    std::string fields = ppc64::msr_fields_to_text(wrong);
    say(clause, can_differ(seen, want) ? Outcome::kRefuted : Outcome::kUnknown,
        "msr bits " + hex(Wide{wrong}) + (fields.empty() ? "" : " (" + fields + ")") + " are not as they must be", {{seen, {want}}});
  }

  void judge_interrupts() {
    if (goals_.interrupts.empty()) return;
    const InterruptOrders& seen = m_.interrupts;
    bool good = std::includes(goals_.interrupts.begin(), goals_.interrupts.end(), seen.begin(), seen.end());
    if (seen.empty()) return say(goals_.interrupts_clause, Outcome::kUnknown, "nothing is known of the order of interrupts");
    say(goals_.interrupts_clause, good ? Outcome::kProved : Outcome::kRefuted,
        std::string("interrupts are ") + (seen.size() > 1 ? "of either byte order" : *seen.begin() == 0 ? "big-endian" : "little-endian"));
  }

  void judge_words() {
    for (const WordGoal& goal : goals_.words) {
      const uint64_t all = low_bytes(goal.width);
      Value seen = m_.resolve(m_.memory.load(goal.at.value(), goal.width, Endian::kBig));
      Value want = m_.resolve(end_.value_of(goal.value));
      std::string name = std::to_string(goal.width) + " bytes at " + hex(goal.at);
      if (!want.masked(~all).same_as(Value())) want = want.masked(all);  // the low part of a longer symbol
      if (seen.same_as(want)) {
        say(goal.clause, Outcome::kProved, name + " = " + seen.to_text(end_.names));
      } else {
        say(goal.clause, can_differ(seen, want) ? Outcome::kRefuted : Outcome::kUnknown,
            name + " = " + seen.to_text(end_.names) + ", not certainly " + want.to_text(end_.names), {{seen, {want}}});
      }
    }
  }

  void judge_bytes() {
    for (const BytesGoal& goal : goals_.bytes) {
      Outcome outcome = Outcome::kProved;
      std::string detail = std::to_string(goal.bytes.size()) + " bytes at " + hex(goal.at);
      Claim claim;
      for (size_t i = 0; i < goal.bytes.size() && claim.size() < kMostClaimed; ++i) {
        Value seen = m_.resolve(m_.memory.byte(goal.at.value() + i)), want(goal.bytes[i]);
        if (seen.same_as(want)) continue;
        claim.push_back({seen, {want}});
        if (outcome != Outcome::kProved) continue;  // the first is told
        outcome = can_differ(seen, want) ? Outcome::kRefuted : Outcome::kUnknown;
        detail = "the byte at " + hex(Wide{goal.at.value() + i}) + " is " + seen.to_text(end_.names) + ", not certainly " +
                 want.to_text(end_.names);
      }
      if (claim.empty() || claim.size() == kMostClaimed)
        say(goal.clause, outcome, detail);
      else
        say(goal.clause, outcome, detail, std::move(claim));
    }
  }

  struct Origin {
    uint64_t address;  // at entry
    size_t through;    // so many copies
    uint64_t size;     // and the bytes behind it in the same way, so many with it
  };
  static Range target_of(const CopyGoal& copy) { return Range::at(copy.to, copy.from.size()); }

  /// Where a byte that the first `copies` copies left at an address came from.
  Origin origin(uint64_t address, size_t copies) const {
    Origin from{address, 0, ~uint64_t{0}};
    for (size_t k = copies; k-- > 0;) {
      const CopyGoal& copy = goals_.copies[k];
      const Range target = target_of(copy);
      if (target.end <= Address{from.address}) continue;
      const bool is_copied = target.contains(Address{from.address});
      from.size = std::min(from.size, (is_copied ? target.end : target.begin).value() - from.address);
      if (!is_copied) continue;
      from.address = from.address - copy.to.value() + copy.from.begin.value();
      ++from.through;
    }
    return from;
  }

  /// To where, from this address on, a later copy than this one stores; nothing where none does.
  std::optional<uint64_t> overwritten_up_to(uint64_t address, size_t k) const {
    for (size_t later = k + 1; later < goals_.copies.size(); ++later)
      if (const Range target = target_of(goals_.copies[later]); target.contains(Address{address})) return target.end.value();
    return std::nullopt;
  }

  /// No other copy stores where this one reads or stores.
  bool is_apart(size_t k) const {
    const CopyGoal& own = goals_.copies[k];
    for (size_t other = 0; other < goals_.copies.size(); ++other)
      if (const Range target = target_of(goals_.copies[other]); other != k && (target.overlaps(target_of(own)) || target.overlaps(own.from))) return false;
    return true;
  }

  /// Bytes in a row that are alike in how they came there.
  struct Row {
    enum class Is { kRight, kLost, kToBeSeen } is;
    uint64_t size;
  };

  /// Of the bytes at `to`, which are to be those that stood at `from` at entry.
  Row row(uint64_t to, const Origin& from) const {
    const Memory& memory = m_.memory;
    if (const auto* piece = memory.copied().at(to)) {
      const uint64_t end = std::min(piece->at.end.value(), memory.stored().next(to).value_or(~uint64_t{0})), size = std::min(end - to, from.size);
      if (size != 0 && piece->by == to - from.address) return {Row::Is::kRight, size};
      if (size != 0 && !piece->is_known()) return {Row::Is::kLost, size};
    }
    if (to % 8 == 0 && from.size >= 8 && memory.number(to, 8).same_as(memory.number_at_entry(from.address, 8))) return {Row::Is::kRight, 8};
    return {Row::Is::kToBeSeen, 1};
  }

  void judge_copies() {
    const auto& pieces = m_.memory.copied().pieces();
    const bool any_lost = std::any_of(pieces.begin(), pieces.end(), [](const auto& piece) { return !piece.is_known(); });
    for (size_t k = 0; k < goals_.copies.size(); ++k) {
      const CopyGoal& goal = goals_.copies[k];
      const uint64_t size = goal.from.size().bytes(), begin = goal.to.value();
      uint64_t not_followed = 0;
      std::optional<std::pair<uint64_t, uint64_t>> wrong;
      Claim claim;
      for (uint64_t i = 0, next = 0; i < size && claim.size() < kMostClaimed; i = next) {
        const uint64_t to = begin + i;
        if (const auto end = overwritten_up_to(to, k)) {
          next = std::min(*end - begin, size);  // looked at there
          continue;
        }
        Origin from = origin(to, k + 1);
        from.size = std::min(from.size, size - i);
        const Row row = this->row(to, from);
        next = i + row.size;
        if (row.is == Row::Is::kRight) continue;
        // What turns stored that were not run is not there, nor could a later copy read it.
        if (row.is == Row::Is::kLost || (any_lost && from.through > 1)) {
          not_followed += row.size;
        } else if (const Value is = m_.memory.byte(to), was = m_.memory.at_entry(from.address); !is.same_as(was)) {
          claim.push_back({is, {was}});
          if (!wrong) wrong = {to, from.address};
        }
      }
      if (not_followed != 0 || claim.size() == kMostClaimed) claim.clear();  // it says not all of it
      if (wrong) {
        bool refuted = can_differ(m_.memory.byte(wrong->first), m_.memory.at_entry(wrong->second));
        say(goal.clause, refuted ? Outcome::kRefuted : Outcome::kUnknown,
            "the byte at " + hex(Wide{wrong->first}) + " is not certainly what " + hex(Wide{wrong->second}) + " held at entry",
            std::move(claim));
      } else if (not_followed != 0) {
        // What another copy left where this one reads is nothing that other turns of its loop show.
        const std::string bytes = std::to_string(not_followed) + " of " + std::to_string(size) + " bytes were not followed";
        if (is_apart(k)) say(goal.clause, Outcome::kAssumed, bytes + ": the loop is taken to copy them as it does the others");
        else say(goal.clause, Outcome::kUnknown, bytes + ", and other copies store where it reads or stores");
      } else {
        say(goal.clause, Outcome::kProved, std::to_string(size) + " bytes at " + hex(goal.to) + " are what " +
                                               to_text(goal.from) + " held then, whatever that was");
      }
    }
  }

  void judge_flags() {
    for (const FlagGoal& goal : goals_.flags) {
      if (!m_.memory.was_stored(goal.at.value(), 4)) continue;
      Value seen = m_.resolve(m_.memory.load(goal.at.value(), 4, goal.order));
      std::string values;
      bool allowed = stands_as_at_entry(m_, goal.at.value(), 4);
      for (uint64_t value : goal.one_of) {
        values += (values.empty() ? "" : ", ") + hex(Wide{value});
        allowed = allowed || seen.same_as(Value(value));
      }
      if (allowed)
        say(goal.clause, Outcome::kProved, seen.to_text(end_.names) + " is written there");
      else
        say(goal.clause, seen.is_constant() ? Outcome::kRefuted : Outcome::kUnknown,
            seen.to_text(end_.names) + " is written there, which is " + (seen.is_constant() ? "" : "not certainly ") +
                (goal.one_of.size() == 1 ? "not " : seen.is_constant() ? "none of " : "one of ") + values);
    }
  }

  void judge_frame() {
    if (auto elsewhere = written_elsewhere(m_, goals_)) return say(kFrameClause, Outcome::kRefuted, *elsewhere);
    if (!m_.other_sprs_written.empty())
      return say(kFrameClause, Outcome::kRefuted,
                 "special register " + m_.other_sprs_written.front() + " is written");
    say(kFrameClause, Outcome::kProved,
        std::to_string(m_.memory.bytes_written()) + " bytes are written, all of them where they may be");
  }

  const RunAtEnd& end_;
  Machine& m_;
  const Goals& goals_;
  std::vector<Obligation>& obligations_;
  std::map<size_t, Claim>& claims_;
};

}  // namespace

void judge_end_state(const RunAtEnd& end, std::vector<Obligation>& obligations, std::map<size_t, Claim>& claims) {
  EndJudge(end, obligations, claims).judge();
}

bool stands_as_at_entry(const Machine& machine, uint64_t address, unsigned width) {
  for (uint64_t at = address; at < address + width; ++at)
    if (machine.memory.name_at(at).empty() || !machine.memory.byte(at).same_as(machine.memory.at_entry(at))) return false;
  return true;
}

std::optional<uint64_t> first_changed_outside(const Machine& machine, const RangeSet& allowed) {
  // What is there in the end as it was in the beginning shows to nobody.
  return machine.memory.first_written_outside(allowed, [&](uint64_t at) { return !stands_as_at_entry(machine, at, 1); });
}

std::optional<std::string> written_elsewhere(const Machine& machine, const Goals& goals) {
  RangeSet allowed = goals.may_write;
  for (const FlagGoal& goal : goals.flags) allowed.add(Range::at(goal.at, Size{4}));
  for (const WordGoal& goal : goals.words) allowed.add(Range::at(goal.at, Size{goal.width}));
  for (const CopyGoal& goal : goals.copies) allowed.add(Range::at(goal.to, goal.from.size()));
  auto address = first_changed_outside(machine, allowed);
  if (!address) return std::nullopt;
  const std::string place = in_region(machine, *address);
  return "the byte at " + hex(Wide{*address}) + (place.empty() ? " in no segment" : place) + " is written";
}

std::string in_region(const Machine& machine, uint64_t address) {
  const std::string name = machine.memory.name_at(address);
  return name.empty() ? "" : " in `" + name + "`";
}

}  // namespace baton::verify
