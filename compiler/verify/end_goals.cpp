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

  /// Where a byte that the copies left at an address was at entry, and through how many of them it came.
  std::pair<uint64_t, size_t> origin(uint64_t address, size_t copies) const {
    size_t through = 0;
    for (size_t k = copies; k-- > 0;) {
      const CopyGoal& copy = goals_.copies[k];
      if (!Range::at(copy.to, copy.from.size()).contains(Range::at(Address{address}, Size{1}))) continue;
      address = address - copy.to.value() + copy.from.begin.value();
      ++through;
    }
    return {address, through};
  }

  /// No other copy stores where this one reads or stores.
  bool is_apart(size_t k) const {
    const Range own = Range::at(goals_.copies[k].to, goals_.copies[k].from.size());
    for (size_t other = 0; other < goals_.copies.size(); ++other) {
      const Range target = Range::at(goals_.copies[other].to, goals_.copies[other].from.size());
      if (other != k && (target.overlaps(own) || target.overlaps(goals_.copies[k].from))) return false;
    }
    return true;
  }

  /// To where, from this place in the copy's target on, bytes are there as it makes them, by turns that were left out.
  std::optional<uint64_t> left_out_from(const CopyGoal& goal, uint64_t to) const {
    for (const MovedBytes& moved : m_.left_out) {
      if (!moved.to.contains(Address{to}) || moved.by() != goal.to.value() - goal.from.begin.value()) continue;
      const uint64_t end = std::min(moved.to.end.value(), Range::at(goal.to, goal.from.size()).end.value());
      return std::min(end, m_.memory.stored().next(to).value_or(end));
    }
    return std::nullopt;
  }

  void judge_copies() {
    // Of what one loop left out some may have been written since, by later copies.
    auto left_out = [&](uint64_t missed, uint64_t overwritten) {
      return std::any_of(end_.bytes_left_out.begin(), end_.bytes_left_out.end(),
                         [&](uint64_t bytes) { return missed <= bytes && bytes <= missed + overwritten; });
    };
    const bool any_left_out = std::any_of(end_.bytes_left_out.begin(), end_.bytes_left_out.end(), [](uint64_t bytes) { return bytes != 0; });
    for (size_t k = 0; k < goals_.copies.size(); ++k) {
      const CopyGoal& goal = goals_.copies[k];
      const uint64_t size = goal.from.size().bytes();
      uint64_t missed = 0, chained = 0, later = 0;
      std::optional<std::pair<uint64_t, uint64_t>> wrong;
      Claim claim;
      const bool is_apart = this->is_apart(k), apart = !any_left_out && is_apart;
      for (uint64_t i = 0; i < size && claim.size() < kMostClaimed; ++i) {
        uint64_t to = goal.to.value() + i;
        // Mostly eight bytes are as they must be at once.
        if (apart && to % 8 == 0 && size - i >= 8 && m_.memory.number(to, 8).same_as(m_.memory.number_at_entry(goal.from.begin.value() + i, 8))) {
          i += 7;
          continue;
        }
        if (auto end = is_apart ? left_out_from(goal, to) : std::nullopt; end && *end > to) {
          i += *end - to - 1;
          continue;
        }
        bool overwritten = std::any_of(goals_.copies.begin() + static_cast<std::ptrdiff_t>(k) + 1, goals_.copies.end(), [&](const CopyGoal& other) {
          return Range::at(other.to, other.from.size()).contains(Range::at(Address{to}, Size{1}));
        });
        if (overwritten) {
          ++later;  // looked at there
          continue;
        }
        auto [from, through] = origin(to, k + 1);
        // In turns that were not run nothing was stored, nor could a later copy read it.
        if (any_left_out && !m_.memory.stored().contains(to)) ++missed;
        else if (any_left_out && through > 1) ++chained;
        else if (!m_.memory.byte(to).same_as(m_.memory.at_entry(from))) {
          claim.push_back({m_.memory.byte(to), {m_.memory.at_entry(from)}});
          if (!wrong) wrong = {to, from};
        }
      }
      if (missed + chained != 0 || claim.size() == kMostClaimed) claim.clear();  // it says not all of it
      if (wrong) {
        bool refuted = can_differ(m_.memory.byte(wrong->first), m_.memory.at_entry(wrong->second));
        say(goal.clause, refuted ? Outcome::kRefuted : Outcome::kUnknown,
            "the byte at " + hex(Wide{wrong->first}) + " is not certainly what " + hex(Wide{wrong->second}) + " held at entry",
            std::move(claim));
      } else if (missed != 0 && !left_out(missed, later)) {
        say(goal.clause, Outcome::kRefuted, std::to_string(missed) + " bytes are not written");
      } else if (missed + chained != 0) {
        say(goal.clause, Outcome::kAssumed,
            std::to_string(missed + chained) + " of " + std::to_string(size) +
                " bytes were not followed: the loop is taken to copy them as it does the others");
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
        std::to_string(m_.memory.stored().size()) + " bytes are written, all of them where they may be");
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

std::optional<std::string> written_elsewhere(const Machine& machine, const Goals& goals) {
  RangeSet allowed = goals.may_write;
  for (const FlagGoal& goal : goals.flags) allowed.add(Range::at(goal.at, Size{4}));
  for (const WordGoal& goal : goals.words) allowed.add(Range::at(goal.at, Size{goal.width}));
  for (const CopyGoal& goal : goals.copies) allowed.add(Range::at(goal.to, goal.from.size()));
  // What is there in the end as it was in the beginning shows to nobody.
  auto address = machine.memory.stored().first_outside(allowed, [&](uint64_t a) { return !stands_as_at_entry(machine, a, 1); });
  if (!address) return std::nullopt;
  const std::string place = in_region(machine, *address);
  return "the byte at " + hex(Wide{*address}) + (place.empty() ? " in no segment" : place) + " is written";
}

std::string in_region(const Machine& machine, uint64_t address) {
  const std::string name = machine.memory.name_at(address);
  return name.empty() ? "" : " in `" + name + "`";
}

}  // namespace baton::verify
