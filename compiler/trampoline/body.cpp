// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search for a body. For a newcomer, the machine first:
//
// The master arrives in real mode with its hardware id in one register (r3 from Linux) and the stub's own
// address in another (r4), so every address near the stub is one `addis` or `addi` away and no
// bcl/mflr is needed. Three things must happen in this order:
//
//   1. the id goes into the tree's header while its register still holds it. The header is big-endian: a
//      big-endian CPU stores the word; a little-endian one stores it byte-reversed (indexed form only: one
//      register more), or, when every id fits a byte and the rest of the word is zero, just its last byte;
//   2. the registers take the values the taker needs; each is made from whatever is known by then;
//   3. the jump. In branch reach (32 MiB) it is one `b`; else the address goes through CTR; and where an
//      MSR bit must change as well, the change and the jump are one rfid, because between them there is
//      no state the next instruction could be fetched in.
//
// The choices (which allowed value, through which base the store goes, how to jump) are few, so all are
// built and the shortest is kept.
#include "trampoline/body.h"

#include <algorithm>

#include "ppc64/moves.h"

namespace baton::trampoline {

using ppc64::Gpr;
using ppc64::Instruction;
using ppc64::KnownRegister;
namespace ins = ppc64::ins;

namespace {

/// Volatile registers first: r0 last, since addi and addis cannot use it as a base.
constexpr unsigned kScratchOrder[] = {9, 10, 11, 12, 6, 7, 8, 0};

bool fits_simm16(uint64_t value) {
  return static_cast<int64_t>(value) >= -0x8000 && static_cast<int64_t>(value) < 0x8000;
}

/// I-form branches reach 26 bits of signed displacement.
bool in_branch_reach(uint64_t from, uint64_t to) {
  auto distance = static_cast<int64_t>(to - from);
  return distance >= -(int64_t{1} << 25) && distance < (int64_t{1} << 25);
}

class Search {
 public:
  Search(const MasterGoals& goals, uint64_t start, uint64_t offset)
      : goals_(goals), start_(start), offset_(offset) {
    for (unsigned number : kScratchOrder) {
      Gpr gpr{number};
      bool taken = std::any_of(goals.registers.begin(), goals.registers.end(),
                               [&](const RegisterGoal& g) { return g.gpr == gpr; }) ||
                   std::any_of(goals.kept.begin(), goals.kept.end(),
                               [&](const RegisterGoal& g) { return g.gpr == gpr; }) ||
                   (goals.id_register && *goals.id_register == gpr);
      if (!taken) scratch_.push_back(gpr);
    }
  }

  Result<std::vector<Step>> run() {
    std::vector<Source> chosen;
    choose_values(0, chosen);
    if (!found_)
      return failure_.message.empty()
                 ? Failure{Failure::Kind::kUnsuitable, "no instruction sequence reaches these values"}
                 : failure_;
    return best_;
  }

 private:
  using Steps = std::vector<Step>;

  /// One value per register goal, every combination.
  void choose_values(size_t index, std::vector<Source>& chosen) {
    if (index == goals_.registers.size()) {
      with_store(chosen);
      return;
    }
    for (const Source& source : goals_.registers[index].allowed) {
      chosen.push_back(source);
      choose_values(index + 1, chosen);
      chosen.pop_back();
    }
  }

  static void append(Steps& steps, const std::vector<Instruction>& code, const std::string& clause) {
    for (const Instruction& i : code) steps.push_back({i, clause});
  }

  static void learn(std::vector<KnownRegister>& live, Gpr gpr, uint64_t value) {
    std::erase_if(live, [&](const KnownRegister& k) { return k.gpr == gpr; });
    live.push_back({gpr, value});
  }

  void with_store(const std::vector<Source>& chosen) {
    if (!goals_.id_store) {
      with_moves(chosen, {}, goals_.known);
      return;
    }
    const IdStore& store = *goals_.id_store;
    Gpr id = *goals_.id_register;
    bool big = goals_.giver == Endian::kBig;
    if (!big && !store.fits_byte) {
      reversed_store(chosen);
      return;
    }
    // A big-endian CPU stores the word, a little-endian one the last byte of it.
    uint64_t address = big ? store.address : store.address + 3;
    auto emit = [&](Gpr base, uint64_t base_value) {
      int64_t d = static_cast<int64_t>(address - base_value);
      return big ? ins::stw(id, d, base) : ins::stb(id, d, base);
    };
    for (const KnownRegister& k : goals_.known) {
      if (k.gpr.number() == 0 || !fits_simm16(address - k.value)) continue;
      Steps steps{{emit(k.gpr, k.value), store.clause}};
      with_moves(chosen, steps, goals_.known);
    }
    for (uint64_t base_value : base_candidates(chosen, address)) {
      if (scratch_.empty() || scratch_[0].number() == 0) break;
      Steps steps;
      auto live = goals_.known;
      append(steps, ppc64::materialize(scratch_[0], base_value, live), store.clause);
      learn(live, scratch_[0], base_value);
      steps.push_back({emit(scratch_[0], base_value), store.clause});
      with_moves(chosen, steps, live);
    }
  }

  /// Bases that a D-form store at `address` can use: values that are wanted in a register anyway, the
  /// nearest multiple of 64 KiB, which `addis` alone makes, and what lies a multiple of 64 KiB from a wanted
  /// value: one `ori` may make it, and one `addis` the value from it.
  std::vector<uint64_t> base_candidates(const std::vector<Source>& chosen, uint64_t address) const {
    std::vector<uint64_t> candidates;
    for (const Source& source : chosen)
      if (const auto* value = std::get_if<uint64_t>(&source); value && fits_simm16(address - *value))
        candidates.push_back(*value);
    candidates.push_back((address + 0x8000) & ~uint64_t{0xffff});
    for (const Source& source : chosen)
      if (const auto* value = std::get_if<uint64_t>(&source)) {
        uint64_t lowest = address - 0x7fff, base = lowest + ((*value - lowest) & 0xffff);
        if (std::find(candidates.begin(), candidates.end(), base) == candidates.end()) candidates.push_back(base);
      }
    return candidates;
  }

  /// stwbrx has an indexed form only: base + index, or an index alone.
  void reversed_store(const std::vector<Source>& chosen) {
    const IdStore& store = *goals_.id_store;
    Gpr id = *goals_.id_register;
    if (!scratch_.empty()) {
      Gpr index = scratch_.back();  // r0 serves as an index
      Steps exact;
      auto live = goals_.known;
      append(exact, ppc64::materialize(index, store.address, live), store.clause);
      learn(live, index, store.address);
      exact.push_back({ins::stwbrx(id, std::nullopt, index), store.clause});
      with_moves(chosen, exact, live);
      for (const KnownRegister& k : goals_.known) {
        if (k.gpr.number() == 0 || !fits_simm16(store.address - k.value)) continue;
        Steps steps{{ins::li(index, static_cast<int64_t>(store.address - k.value)), store.clause},
                    {ins::stwbrx(id, k.gpr, index), store.clause}};
        with_moves(chosen, steps, goals_.known);
      }
    }
    if (scratch_.size() < 2) return;
    Gpr base = scratch_[0], index = scratch_[1];
    for (uint64_t base_value : base_candidates(chosen, store.address)) {
      Steps steps;
      auto live = goals_.known;
      append(steps, ppc64::materialize(base, base_value, live), store.clause);
      learn(live, base, base_value);
      uint64_t d = store.address - base_value;
      steps.push_back({ins::li(index, static_cast<int64_t>(d)), store.clause});
      learn(live, index, d);
      steps.push_back({ins::stwbrx(id, base, index), store.clause});
      with_moves(chosen, steps, live);
    }
  }

  void with_moves(const std::vector<Source>& chosen, const Steps& before,
                  const std::vector<KnownRegister>& live) {
    if (found_ && before.size() >= best_.size()) return;
    std::vector<ppc64::Assignment> assignments;
    for (size_t i = 0; i < chosen.size(); ++i)
      assignments.push_back({goals_.registers[i].gpr, chosen[i]});
    // Registers that carry a known value are read by parallel_moves as live; the rest are scratch.
    std::vector<Gpr> free;
    for (Gpr gpr : scratch_)
      if (std::none_of(live.begin(), live.end(), [&](const KnownRegister& k) { return k.gpr == gpr; }))
        free.push_back(gpr);
    auto moves = ppc64::parallel_moves(assignments, live, free);
    if (!moves) {
      failure_ = moves.failure();
      return;
    }
    Steps steps = before;
    for (const ppc64::Move& move : *moves)
      steps.push_back({move.instruction, goals_.registers[move.assignment].clause});
    // What is known now: the goals, and what of `live` was not overwritten.
    std::vector<KnownRegister> after;
    for (const KnownRegister& k : live) {
      bool overwritten = std::any_of(moves->begin(), moves->end(), [&](const ppc64::Move& m) {
        auto written = ppc64::written_register(m.instruction);
        return written && *written == k.gpr;
      });
      if (!overwritten) after.push_back(k);
    }
    for (size_t i = 0; i < chosen.size(); ++i)
      if (const auto* value = std::get_if<uint64_t>(&chosen[i]))
        learn(after, goals_.registers[i].gpr, *value);
    with_jump(std::move(steps), after);
  }

  void with_jump(Steps steps, const std::vector<KnownRegister>& live) {
    const std::string& clause = goals_.target_clause;
    if (goals_.msr.empty()) {
      uint64_t here = start_ + offset_ + 4 * steps.size();
      if (in_branch_reach(here, goals_.target)) {
        steps.push_back({ins::b(ppc64::Displacement(
                             ppc64::kStartLabel, static_cast<int64_t>(goals_.target - start_))),
                         clause});
        offer(std::move(steps));
        return;
      }
      auto target = target_register(steps, live, {});
      if (!target) return;
      steps.push_back({ins::mtctr(*target), clause});
      steps.push_back({ins::bctr(), clause});
      offer(std::move(steps));
      return;
    }
    change_msr(std::move(steps), live);
  }

  /// A register that holds the target, made if none does. `avoid` is in use.
  std::optional<Gpr> target_register(Steps& steps, const std::vector<KnownRegister>& live,
                                     std::optional<Gpr> avoid) {
    for (const KnownRegister& k : live)
      if (k.value == goals_.target && (!avoid || k.gpr != *avoid)) return k.gpr;
    for (Gpr gpr : scratch_) {
      if (avoid && gpr == *avoid) continue;
      append(steps, ppc64::materialize(gpr, goals_.target, live), goals_.target_clause);
      return gpr;
    }
    return std::nullopt;
  }

  /// mfmsr, the bits, SRR0 and SRR1, rfid. A bit whose present value is promised is flipped by one xori;
  /// one that is unknown is set first, and then flipped if it must be 0. All bits of a half in one go.
  void change_msr(Steps steps, const std::vector<KnownRegister>& live) {
    if (scratch_.empty()) return;
    Gpr value = scratch_[0];
    std::string clause;
    uint64_t set = 0, flip = 0;
    for (const MsrGoal& goal : goals_.msr) {
      clause += (clause.empty() ? "" : "; ") + goal.clause;
      if (!goal.promised) set |= goal.mask;
      if (!goal.promised ? !goal.set : *goal.promised != goal.set) flip |= goal.mask;
    }
    // SRR0 first: its register may be the scratch register that the MSR is about to take.
    auto without_value = live;
    std::optional<Gpr> target;
    for (const KnownRegister& k : live)
      if (k.value == goals_.target) target = k.gpr;
    if (!target) {
      append(steps, ppc64::materialize(value, goals_.target, live), goals_.target_clause);
      target = value;
    }
    steps.push_back({ins::mtsrr0(*target), goals_.target_clause});
    std::erase_if(without_value, [&](const KnownRegister& k) { return k.gpr == value; });
    steps.push_back({ins::mfmsr(value), clause});
    if (set == 0 && flip == ppc64::msr::kLe && promised_set(ppc64::msr::kLe)) {
      steps.push_back({ins::clrrdi(value, value, 1), clause});
    } else {
      // All that is set before anything is flipped: a field may be in both.
      auto apply = [&](uint64_t bits, bool is_set) {
        if ((bits >> 32) != 0) {
          if (scratch_.size() < 2) return false;
          Gpr mask = scratch_[1];
          append(steps, ppc64::materialize(mask, bits, without_value), clause);
          learn(without_value, mask, bits);
          steps.push_back({is_set ? ins::or_(value, value, mask) : ins::xor_(value, value, mask), clause});
          return true;
        }
        if ((bits & 0xffff) != 0)
          steps.push_back({is_set ? ins::ori(value, value, bits & 0xffff)
                                  : ins::xori(value, value, bits & 0xffff), clause});
        if ((bits >> 16) != 0)
          steps.push_back({is_set ? ins::oris(value, value, bits >> 16)
                                  : ins::xoris(value, value, bits >> 16), clause});
        return true;
      };
      if (!apply(set, true) || !apply(flip, false)) return;
    }
    steps.push_back({ins::mtsrr1(value), clause});
    steps.push_back({ins::rfid(), goals_.target_clause + "; " + clause});
    offer(std::move(steps));
  }

  bool promised_set(uint64_t mask) const {
    return std::any_of(goals_.msr.begin(), goals_.msr.end(), [&](const MsrGoal& g) {
      return g.mask == mask && g.promised && *g.promised;
    });
  }

  void offer(Steps steps) {
    if (found_ && steps.size() >= best_.size()) return;
    best_ = std::move(steps);
    found_ = true;
  }

  const MasterGoals& goals_;
  uint64_t start_, offset_;
  std::vector<Gpr> scratch_;
  Steps best_;
  bool found_ = false;
  Failure failure_{Failure::Kind::kUnsuitable, ""};
};

}  // namespace

Result<std::vector<Step>> shortest_body(const MasterGoals& goals, uint64_t start, uint64_t offset) {
  return Search(goals, start, offset).run();
}

}  // namespace baton::trampoline
