// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The counting argument. See bound.h. "At hand" is every value that a register can hold without an instruction that
// is not yet counted: what the giver promises, and what the goals themselves ask for. That the latter are there only
// from some moment on is left out of account, but for the store of the id, which comes before its register is
// overwritten: leaving it out makes the bound lower, never wrong.
#include "trampoline/bound.h"

#include <algorithm>

#include "ppc64/constant_search.h"

namespace baton::trampoline {

using ppc64::Gpr;
using ppc64::KnownRegister;

namespace {

using Values = std::vector<uint64_t>;
using Search = ppc64::ConstantSearch<16>;

bool contains(const Values& values, uint64_t value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}
void once(Values& values, uint64_t value) {
  if (!contains(values, value)) values.push_back(value);
}

bool fits_simm16(uint64_t value) { return value + 0x8000 < 0x10000; }

/// What the register that is written may hold before: an insertion keeps part of it.
using Before = Values;

/// The steps from `at_hand` to `value`, 3 for three and more. With `via`: by two steps, the first of which makes such a
/// value from what is there `early`.
unsigned steps_to(uint64_t value, const Values& at_hand, const Before& before,
                  std::optional<Search::Via> via = std::nullopt, const Values& early = {}) {
  if (!via && contains(at_hand, value)) return 1;  // a copy
  unsigned least = 3;
  for (size_t i = 0; i <= at_hand.size(); ++i) {
    if (i < at_hand.size() && !contains(before, at_hand[i])) continue;
    std::vector<ppc64::ConstantInput> inputs;
    for (size_t k = 0; k < at_hand.size(); ++k)
      inputs.push_back({at_hand[k], true, k == i, via && !contains(early, at_hand[k])});
    least = std::min(least, Search(std::move(inputs), true).at_most_two(value, via).value_or(3));
  }
  return least;
}

Values without(const Values& values, uint64_t value) {
  Values rest;
  for (uint64_t v : values)
    if (v != value) rest.push_back(v);
  return rest;
}

class Counting {
 public:
  Counting(const MasterGoals& goals, uint64_t start, uint64_t offset) : goals_(goals), start_(start + offset) {}

  size_t run() {
    for (const KnownRegister& k : goals_.known) once(known_, k.value);
    at_hand_ = known_;
    for (const RegisterGoal& goal : goals_.registers) {
      if (holds_already(goal)) continue;
      ++count_;
      for (const Source& source : goal.allowed)
        if (const auto* value = std::get_if<uint64_t>(&source)) once(at_hand_, *value);
    }
    jump();
    size_t base = goals_.id_store ? store() : 0, constant = 0;
    if (goals_.id_store) ++count_;
    bool apart = false;
    for (const RegisterGoal& goal : goals_.registers)
      if (!holds_already(goal)) constant = std::max(constant, aside_for(goal.allowed, held_by(goal.gpr), base, &apart));
    if (made_entry_) constant = std::max(constant, aside_for({Source{goals_.target}}, known_, base, &apart));
    return count_ + std::max({base, constant, size_t{apart ? 2u : 0u}});
  }

 private:
  bool holds_already(const RegisterGoal& goal) const {
    return std::any_of(goal.allowed.begin(), goal.allowed.end(), [&](const Source& source) {
      if (const auto* gpr = std::get_if<Gpr>(&source)) return *gpr == goal.gpr;
      return std::any_of(goals_.known.begin(), goals_.known.end(), [&](const KnownRegister& k) {
        return k.gpr == goal.gpr && k.value == std::get<uint64_t>(source);
      });
    });
  }

  Before held_by(Gpr gpr) const {
    for (const KnownRegister& k : goals_.known)
      if (k.gpr == gpr) return {k.value};
    return {};
  }

  void jump() {
    auto in_reach = [&](uint64_t here) {
      auto distance = static_cast<int64_t>(goals_.target - here);
      return distance >= -(int64_t{1} << 25) && distance < (int64_t{1} << 25);
    };
    bool switches = std::any_of(goals_.msr.begin(), goals_.msr.end(), [](const MsrGoal& g) {
      return (g.mask & ppc64::msr::kLe) != 0;
    });
    constexpr uint64_t kLongest = 0x400;  // bytes of a body, and more
    if (goals_.msr.empty() && (in_reach(start_) || in_reach(start_ + kLongest))) {
      count_ += 1;
      return;
    }
    if (!goals_.msr.empty() && !switches) {
      count_ += 4;  // mfmsr, the change, mtmsrd, b: body.h has another way
      return;
    }
    // mtctr, bctr; or mtsrr0, mfmsr, the change, mtsrr1, rfid.
    count_ += goals_.msr.empty() ? 2 : 5;
    if (contains(at_hand_, goals_.target)) return;
    ++count_;
    made_entry_ = true;
    at_hand_.push_back(goals_.target);
  }

  /// Instructions that only the address of the store needs.
  size_t store() {
    const IdStore& store = *goals_.id_store;
    bool little = goals_.giver == Endian::kLittle;
    uint64_t address = store.address + (little && store.fits_byte ? 3 : 0);
    // As long as the id is in its register, that does not hold what it is to hold afterwards.
    Values& before = before_ = known_;
    for (const RegisterGoal& goal : goals_.registers)
      if (goal.gpr != *goals_.id_register && !holds_already(goal))
        for (const Source& source : goal.allowed)
          if (const auto* value = std::get_if<uint64_t>(&source)) once(before, *value);
    if (made_entry_) once(before, goals_.target);
    if (!little || store.fits_byte) {
      window_ = address;
      return std::any_of(before.begin(), before.end(), [&](uint64_t v) { return fits_simm16(address - v); }) ? 0 : 1;
    }
    auto sum_of_two = [&](const Values& values) {
      return contains(values, address) || std::any_of(values.begin(), values.end(), [&](uint64_t v) {
               return contains(values, address - v);
             });
    };
    if (sum_of_two(before)) return 0;
    if (sum_of_two(at_hand_)) return 1;  // the id goes elsewhere, its register is set, and is the base
    Values parts{address};
    for (uint64_t v : before) once(parts, address - v);
    if (address % 2 == 0) parts.push_back(address / 2), parts.push_back(address / 2 + (uint64_t{1} << 63));
    return std::any_of(parts.begin(), parts.end(), [&](uint64_t v) { return steps_to(v, before, known_) == 1; }) ? 1 : 2;
  }

  /// Instructions that only the making of this value needs. Sets `apart` where one is needed that cannot at the same
  /// time be the base of the store.
  size_t aside_for(const std::vector<Source>& allowed, const Before& held, size_t base, bool* apart) const {
    size_t least = 2;
    bool may_share = false;
    for (const Source& source : allowed) {
      const auto* value = std::get_if<uint64_t>(&source);
      if (!value) return 0;
      Values rest = contains(known_, *value) ? at_hand_ : without(at_hand_, *value);
      least = std::min<size_t>(least, steps_to(*value, rest, held) - 1);
      if (least == 1 && base == 1) may_share |= !window_ || by_a_base(*value, rest, held);
    }
    if (least == 1 && base == 1 && !may_share) *apart = true;
    return least;
  }

  /// Whether two instructions make the value, the first of which makes a base of the store: those lie in 64 KiB, which
  /// are taken as blocks of powers of two.
  bool by_a_base(uint64_t value, const Values& rest, const Before& held) const {
    constexpr uint64_t kReach = 0x10000;
    uint64_t lowest = *window_ - 0x7fff;
    for (uint64_t done = 0; done < kReach;) {
      unsigned free = 0;
      while (done + (uint64_t{2} << free) <= kReach && ((lowest + done) >> free & 1) == 0) ++free;
      if (steps_to(value, rest, held, Search::Via{lowest + done, free}, before_) <= 2) return true;
      done += uint64_t{1} << free;
    }
    return false;
  }

  const MasterGoals& goals_;
  uint64_t start_;
  size_t count_ = 0;
  Values known_, at_hand_, before_;  // before_: as long as the id is in its register
  bool made_entry_ = false;          // an instruction is counted that makes the entry's address
  std::optional<uint64_t> window_;   // of the D-form store
};

}  // namespace

size_t least_set_up(const MasterGoals& goals, uint64_t start, uint64_t offset) {
  return Counting(goals, start, offset).run();
}

size_t least_mark(const MasterGoals& goals) {
  if (!goals.mark_store) return 0;
  const auto& places = goals.mark_store->places;
  auto holds = [&](uint64_t mask, uint64_t value) {
    return std::any_of(goals.known.begin(), goals.known.end(), [&](const KnownRegister& k) { return (k.value & mask) == value; });
  };
  size_t least = holds(0xff, goals.mark_store->value) ? 1 : 2;  // the store, and what it stores
  if (places.size() < 2) return least;
  // The address is a multiple of the id, and a base. One instruction multiplies (or shifts) the whole id; the store
  // adds a displacement, or what a register holds.
  auto ids = static_cast<int64_t>(places[1].id) - static_cast<int64_t>(places[0].id);
  BATON_CHECK(ids > 0, "places of a mark are in rising order of ids");
  auto step = static_cast<int64_t>(places[1].address - places[0].address) / ids;
  uint64_t base = places[0].address - static_cast<uint64_t>(step) * places[0].id;
  if (step != 1) ++least;
  return least + (fits_simm16(base) || holds(~uint64_t{0}, base) ? 0 : 1);
}

}  // namespace baton::trampoline
