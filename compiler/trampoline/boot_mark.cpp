// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs of ids, and the instructions for them. See boot_mark.h.
#include "trampoline/boot_mark.h"

#include <algorithm>
#include <bit>

namespace baton::trampoline {

using ppc64::Gpr;
using ppc64::Instruction;
using ppc64::KnownRegister;
using ppc64::Mnemonic;
namespace ins = ppc64::ins;

namespace {

using Places = std::vector<MarkStore::Place>;

bool fits_16_signed(int64_t value) { return value >= -0x8000 && value < 0x8000; }

/// The run of [begin, end), if it is one: a step that `mulli` can multiply by.
std::optional<MarkRun> run_of(const Places& places, size_t begin, size_t end, unsigned shift) {
  MarkRun run{places[begin].id, places[end - 1].id, shift, 0, places[begin].address};
  if (end - begin == 1) return run;
  auto number = [&](size_t i) { return static_cast<int64_t>(places[i].id >> shift); };
  auto distance = [&](size_t i) { return static_cast<int64_t>(places[i].address - places[begin].address); };
  int64_t ids = number(begin + 1) - number(begin);
  if (distance(begin + 1) % ids != 0) return std::nullopt;
  run.step = distance(begin + 1) / ids;
  if (!fits_16_signed(run.step)) return std::nullopt;
  for (size_t i = begin; i < end; ++i)
    if (distance(i) != run.step * (number(i) - number(begin))) return std::nullopt;
  run.base -= static_cast<uint64_t>(run.step * number(begin));
  return run;
}

/// With a shift only where it takes one: ids may all be multiples of the threads of a core.
std::optional<MarkRun> run_of(const Places& places, size_t begin, size_t end) {
  if (auto run = run_of(places, begin, end, 0)) return run;
  uint32_t all = 0;
  for (size_t i = begin; i < end; ++i) all |= places[i].id;
  auto shift = static_cast<unsigned>(std::countr_zero(all));
  return all == 0 || shift == 0 ? std::nullopt : run_of(places, begin, end, shift);
}

class Marker {
 public:
  explicit Marker(const MasterGoals& goals) : goals_(goals), known_(goals.known) {
    std::vector<Gpr> taken{*goals.id_register};
    for (const RegisterGoal& goal : goals.kept) taken.push_back(goal.gpr);
    for (const RegisterGoal& goal : goals.registers)
      for (const Source& source : goal.allowed)
        if (const auto* gpr = std::get_if<Gpr>(&source)) taken.push_back(*gpr);
    // What somebody may count on goes last.
    for (bool of_known_value : {false, true})
      for (unsigned number : {9, 10, 11, 12, 6, 7, 8})
        if (Gpr gpr{number}; std::find(taken.begin(), taken.end(), gpr) == taken.end() && is_known(gpr) == of_known_value)
          free_.push_back(gpr);
  }

  Result<Part> run() {
    if (free_.size() < 3) return Failure{Failure::Kind::kUnsuitable, "the master's registers leave none to find its cpu node with"};
    const MarkStore& mark = *goals_.mark_store;
    auto holds_value = [&](const KnownRegister& k) { return (k.value & 0xff) == mark.value; };
    auto holder = std::find_if(known_.begin(), known_.end(), holds_value);
    Gpr value = holder == known_.end() ? free_[2] : holder->gpr;
    if (holder == known_.end()) {
      forget(value);
      add(part_.steps, ins::li(value, mark.value));
      known_.push_back({value, mark.value});
    }
    place_ = free_[0] == value ? free_[2] : free_[0];
    other_ = free_[1] == value ? free_[2] : free_[1];
    forget(place_);
    auto runs = mark_runs(mark.places);
    // From the last on, so that each knows how far it is to the end.
    std::vector<Step> rest;
    size_t longest = 0;
    for (size_t i = runs.size(); i-- > 0;) {
      std::vector<Step> code = store(runs[i], value);
      size_t executed = code.size();
      if (i + 1 < runs.size()) {
        add(code, ins::b(4 * static_cast<int64_t>(rest.size() + 1)));
        std::vector<Step> whole = compare(runs[i].last);
        size_t to_compare = whole.size() + 1;
        add(whole, ins::bc(12, 1, 4 * static_cast<int64_t>(code.size() + 1)));  // greater
        whole.insert(whole.end(), code.begin(), code.end());
        whole.insert(whole.end(), rest.begin(), rest.end());
        code = std::move(whole);
        longest = to_compare + std::max(executed + 1, longest);
      } else {
        longest = executed;
      }
      rest = std::move(code);
    }
    part_.executed = part_.steps.size() + longest;
    part_.steps.insert(part_.steps.end(), rest.begin(), rest.end());
    part_.after = goals_;
    part_.after.known = known_;
    part_.after.mark_store.reset();
    return std::move(part_);
  }

 private:
  bool is_known(Gpr gpr) const {
    return std::any_of(known_.begin(), known_.end(), [&](const KnownRegister& k) { return k.gpr == gpr; });
  }
  void forget(Gpr gpr) {
    std::erase_if(known_, [&](const KnownRegister& k) { return k.gpr == gpr; });
  }
  void add(std::vector<Step>& steps, Instruction i) const { steps.push_back({std::move(i), goals_.mark_store->clause}); }

  /// Above the last id of a run?
  std::vector<Step> compare(uint32_t last) {
    std::vector<Step> steps;
    Gpr id = *goals_.id_register;
    if (last < 0x10000) {
      add(steps, ins::raw(Mnemonic::kCmpldi, {0, static_cast<int64_t>(id.number()), static_cast<int64_t>(last)}));
      return steps;
    }
    forget(other_);
    for (const Instruction& i : ppc64::materialize(other_, last, known_)) add(steps, i);
    add(steps, ins::cmpld(0, id, other_));
    return steps;
  }

  std::vector<Step> store(const MarkRun& run, Gpr value) {
    std::vector<Step> steps;
    Gpr id = *goals_.id_register;
    if (run.shift != 0) add(steps, ins::srdi(place_, id, run.shift));
    if (run.step != 0) {
      Gpr number = run.shift != 0 ? place_ : id;
      add(steps, ins::raw(Mnemonic::kMulli,
                          {static_cast<int64_t>(place_.number()), static_cast<int64_t>(number.number()), run.step}));
    }
    auto base = static_cast<int64_t>(run.base);
    int64_t high = (base + 0x8000) >> 16, low = base - high * 0x10000;
    if (fits_16_signed(high)) {
      add(steps, run.step != 0 ? ins::addis(place_, place_, high) : ins::lis(place_, high));
      add(steps, ins::stb(value, low, place_));
    } else {  // past what one `addis` makes
      forget(other_);
      for (const Instruction& i : ppc64::materialize(other_, run.base, known_)) add(steps, i);
      add(steps, run.step != 0 ? ins::stbx(value, place_, other_) : ins::stb(value, int64_t{0}, other_));
    }
    return steps;
  }

  const MasterGoals& goals_;
  std::vector<KnownRegister> known_;
  std::vector<Gpr> free_;
  Gpr place_ = ppc64::reg::r9, other_ = ppc64::reg::r10;
  Part part_;
};

}  // namespace

std::vector<MarkRun> mark_runs(const Places& places) {
  std::vector<MarkRun> runs;
  for (size_t begin = 0, end = 0; begin < places.size(); begin = end) {
    MarkRun run = *run_of(places, begin, begin + 1);
    // Longer by one at a time: the places of the run before it are all on one line already.
    for (end = begin + 1; end < places.size(); ++end) {
      auto longer = run_of(places, begin, end + 1);
      if (!longer) break;
      run = *longer;
    }
    runs.push_back(run);
  }
  return runs;
}

Result<Part> mark_boot_cpu(const MasterGoals& goals) { return Marker(goals).run(); }

}  // namespace baton::trampoline
