// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops and tails. For a newcomer, the two forms of a block, going up:
//
//   ld    r10, 8(rF)    eight registers, one after the other,      lvx   v0, 0, rF     four of them, the others indexed by
//   ...                 from pointers that stand 8 bytes too low   ...                 registers that hold 16, 32 and 48
//   ldu   rX, 64(rF)    the last of them moves the pointer         stvx  v0, 0, rT
//   std   r10, 8(rT)    likewise                                   ...
//   ...                                                            addi  rF, rF, 64
//   stdu  rX, 64(rT)                                               addi  rT, rT, 64
//   bdnz                                                           bdnz
//
// Going down, the pointers begin at the end. Narrower accesses are made as vectors' are. Accesses are aligned: what hardware makes of
// others differs between CPUs and byte orders, and segments start on pages anyway.
//
// The giver promises nothing of most registers, and the taker wants nothing of them: they are free, r14 and up included.
#include "trampoline/copy.h"

#include <algorithm>

#include "ppc64/constants.h"
#include "trampoline/digest_parts.h"

namespace baton::trampoline {

using ppc64::Gpr;
using ppc64::Instruction;
using ppc64::Vr;
namespace ins = ppc64::ins;
namespace reg = ppc64::reg;

namespace {

constexpr uint64_t kBlock = 64, kVector = 16;
constexpr size_t kRegisters = 8, kVectorRegisters = 4;
/// No 64-bit CPU has shorter lines of its caches; a longer one is then visited more than once.
constexpr uint64_t kShortestLine = 64;

class Copier {
 public:
  Copier(bool vectors, const MasterGoals& goals) : vectors_(vectors), part_{{}, 0, goals, {}} {
    auto keep = registers_to_keep(goals);
    auto taken = [&](Gpr gpr) {
      return std::find(keep.begin(), keep.end(), gpr) != keep.end() ||
             std::any_of(goals.known.begin(), goals.known.end(), [&](const auto& k) { return k.gpr == gpr; });
    };
    for (unsigned number : {9, 10, 11, 12, 6, 7, 8, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31})
      if (!taken(Gpr{number})) free_.push_back(Gpr{number});
  }

  Result<Part> run(const std::vector<MemoryCopy>& copies) {
    if (free_.size() < 2 + kRegisters)
      return Failure{Failure::Kind::kUnsuitable, "the master's registers leave none to copy memory with"};
    for (const MemoryCopy& copy : copies) one(copy);
    part_.executed += part_.steps.size();
    return std::move(part_);
  }

 private:
  Gpr from() const { return free_[0]; }
  Gpr to() const { return free_[1]; }
  Gpr data(size_t i) const { return free_[2 + i]; }

  void point_to(uint64_t source, uint64_t target) {
    if (pointers_ == std::pair(source, target)) return;
    set(from(), source);
    set(to(), target);
    pointers_ = {source, target};
  }
  void add(Instruction i) { part_.steps.push_back({std::move(i), clause_}); }
  void set(Gpr gpr, uint64_t value) {
    for (const auto& i : ppc64::materialize(gpr, value, part_.after.known)) add(i);
  }

  void one(const MemoryCopy& copy) {
    clause_ = copy.clause;
    const uint64_t source = copy.from.begin.value(), target = copy.to.value(), size = copy.from.size().bytes();
    auto fits = [&](uint64_t unit) { return source % unit == 0 && target % unit == 0; };
    uint64_t unit = vectors_ && size >= kVector && fits(kVector) ? kVector : 8;
    while (!fits(unit)) unit /= 2;
    // Eight accesses of what is narrower than a doubleword.
    const uint64_t block = unit >= 8 ? kBlock : unit * kRegisters;
    const uint64_t blocks = size / block, tail = size % block;
    const bool down = copy.from.overlaps(copy.target()) && target > source;
    pointers_.reset();
    if (unit == kVector) vectors_on();
    if (!down) {
      up(source, target, unit, block, blocks);
      pieces(source + blocks * block, target + blocks * block, unit, tail, false);
    } else {
      pieces(source + blocks * block, target + blocks * block, unit, tail, true);
      this->down(source + blocks * block, target + blocks * block, unit, block, blocks);
    }
    if (unit == kVector) add(ins::mtmsrd(msr(), 0));
    if (copy.executed) show_to_fetches(target, size);
  }

  // ---- blocks

  /// Update forms add before they access; the others have their pointers moved behind them.
  static bool updates(uint64_t unit) { return unit == 8; }

  void up(uint64_t source, uint64_t target, uint64_t unit, uint64_t block, uint64_t blocks) {
    uint64_t lead = updates(unit) ? unit : 0;
    turns(source - lead, target - lead, unit, block, blocks, 1);
  }
  void down(uint64_t source_end, uint64_t target_end, uint64_t unit, uint64_t block, uint64_t blocks) {
    uint64_t lead = updates(unit) ? 0 : block;
    turns(source_end - lead, target_end - lead, unit, block, blocks, -1);
  }
  void turns(uint64_t source, uint64_t target, uint64_t unit, uint64_t block, uint64_t blocks, int direction) {
    if (blocks == 0) return;
    point_to(source, target);
    loop(blocks, block, [&] {
      if (unit == kVector) vector_block();
      else scalar_block(unit, direction);
      if (updates(unit)) return;
      add(ins::addi(from(), from(), direction * static_cast<int64_t>(block)));
      add(ins::addi(to(), to(), direction * static_cast<int64_t>(block)));
    });
    uint64_t moved = static_cast<uint64_t>(direction) * blocks * block;
    pointers_ = {source + moved, target + moved};
  }

  template <typename Body>
  void loop(uint64_t turns, uint64_t bytes, Body body) {
    if (turns > 1) {
      set(data(0), turns);
      add(ins::mtctr(data(0)));
    }
    size_t first = part_.steps.size();
    body();
    if (turns == 1) return;
    add(ins::bdnz(-4 * static_cast<int64_t>(part_.steps.size() - first)));
    part_.loops.push_back({first, turns, bytes});
    part_.executed += (turns - 1) * (part_.steps.size() - first);
  }

  void scalar_block(uint64_t unit, int direction) {
    auto at = [&](size_t i) {
      return updates(unit) ? direction * static_cast<int64_t>((i + 1) * unit) : static_cast<int64_t>(i * unit);
    };
    auto last = [&](size_t i) { return updates(unit) && i + 1 == kRegisters; };
    for (size_t i = 0; i < kRegisters; ++i) add(load(unit, data(i), at(i), last(i)));
    for (size_t i = 0; i < kRegisters; ++i) add(store(unit, data(i), at(i), last(i)));
  }

  void vector_block() {
    for (bool storing : {false, true})
      for (unsigned i = 0; i < kVectorRegisters; ++i) {
        auto base = i == 0 ? std::optional<Gpr>() : std::optional<Gpr>(data(i));
        add(storing ? ins::stvx(Vr{i}, base, to()) : ins::lvx(Vr{i}, base, from()));
      }
  }

  // ---- what is left

  /// `size` bytes, less than a block, in accesses that get narrower from the aligned end on.
  void pieces(uint64_t source, uint64_t target, uint64_t unit, uint64_t size, bool downwards) {
    if (size == 0) return;
    std::vector<std::pair<uint64_t, uint64_t>> all;  // offset, width
    for (uint64_t at = 0, width = unit; at < size;) {
      if (size - at < width) {
        width /= 2;
        continue;
      }
      all.emplace_back(at, width);
      at += width;
    }
    if (downwards) std::reverse(all.begin(), all.end());
    // Behind a loop the pointers are there already, or stand so little before it that displacements reach.
    uint64_t ahead = pointers_ ? source - pointers_->first : 0;
    if (!pointers_ || ahead > kBlock || target - pointers_->second != ahead || (ahead != 0 && unit == kVector)) {
      point_to(source, target);
      ahead = 0;
    }
    for (auto [at, width] : all) {
      auto offset = static_cast<int64_t>(ahead + at);
      if (width == kVector) {
        auto base = at == 0 ? std::optional<Gpr>() : std::optional<Gpr>(data(at / kVector));
        add(ins::lvx(Vr{0}, base, from()));
        add(ins::stvx(Vr{0}, base, to()));
      } else {
        add(load(width, data(0), offset, false));
        add(store(width, data(0), offset, false));
      }
    }
  }

  /// Only doublewords have update forms here.
  Instruction load(uint64_t width, Gpr rt, int64_t at, bool update) const {
    using M = ppc64::Mnemonic;
    M mnemonic = update ? M::kLdu : width == 8 ? M::kLd : width == 4 ? M::kLwz : width == 2 ? M::kLhz : M::kLbz;
    return ins::raw(mnemonic, {rt.number(), at, from().number()});
  }
  Instruction store(uint64_t width, Gpr rs, int64_t at, bool update) const {
    using M = ppc64::Mnemonic;
    M mnemonic = update ? M::kStdu : width == 8 ? M::kStd : width == 4 ? M::kStw : width == 2 ? M::kSth : M::kStb;
    return ins::raw(mnemonic, {rs.number(), at, to().number()});
  }

  // ---- around it

  Gpr msr() const { return data(kVectorRegisters); }

  /// The vector facility for this copy, the giver's MSR in a register, and the distances within a block.
  void vectors_on() {
    add(ins::mfmsr(msr()));
    add(ins::oris(data(0), msr(), ppc64::msr::kVec >> 16));
    add(ins::mtmsrd(data(0), 0));
    for (unsigned i = 1; i < kVectorRegisters; ++i) add(ins::li(data(i), static_cast<int64_t>(i * kVector)));
  }

  /// Every line is written back, and then dropped from the instruction caches of all CPUs (Power ISA, Book II 1.8).
  void show_to_fetches(uint64_t target, uint64_t size) {
    uint64_t first = target & ~(kShortestLine - 1), last = (target + size - 1) & ~(kShortestLine - 1);
    uint64_t lines = (last - first) / kShortestLine + 1;
    for (bool instructions : {false, true}) {
      set(to(), first);
      loop(lines, kShortestLine, [&] {
        add(instructions ? ins::icbi(std::nullopt, to()) : ins::dcbst(std::nullopt, to()));
        add(ins::addi(to(), to(), static_cast<int64_t>(kShortestLine)));
      });
      add(ins::sync());
    }
    add(ins::isync());
  }

  bool vectors_;
  Part part_;
  std::vector<Gpr> free_;
  std::string clause_;
  std::optional<std::pair<uint64_t, uint64_t>> pointers_;  // what they hold, of the copy that is being made
};

}  // namespace

bool brought_by(const std::vector<MemoryCopy>& copies, const Range& destination, const Range& wanted) {
  for (auto copy = copies.begin(); copy != copies.end(); ++copy) {
    bool brings = copy->target().contains(destination) && copy->from.contains(wanted) && destination.size() == wanted.size() &&
                  destination.begin - copy->to == wanted.begin - copy->from.begin;
    if (!brings) continue;
    auto spoils = [](const Range& range) { return [&range](const MemoryCopy& other) { return other.target().overlaps(range); }; };
    return std::none_of(copies.begin(), copy, spoils(wanted)) && std::none_of(copy + 1, copies.end(), spoils(destination));
  }
  return false;
}

Result<Part> copy_memory(const std::vector<MemoryCopy>& copies, bool vectors, const MasterGoals& goals) {
  return Copier(vectors, goals).run(copies);
}

}  // namespace baton::trampoline
