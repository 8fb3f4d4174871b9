// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops by chance: what is said to be the same in all turns leaves memory and registers as it does step by step. And loops of
// which it must not be said.
#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <random>

#include "ppc64/instruction.h"
#include "ppc64/registers.h"
#include "verify/copy_turn.h"
#include "verify/semantics.h"
#include "verify/turns.h"

using namespace baton;
using namespace baton::verify;
using ppc64::Mnemonic;
namespace ins = baton::ppc64::ins;

namespace {

constexpr uint64_t kCode = 0x4000, kSource = 0x100000, kTarget = 0x200000, kSize = 0x10000;
constexpr uint64_t kTurns = 40;

/// At the head of a loop of these instructions: r9 is at the source, r10 at the target, r11 is 16, and memory is what nobody knows.
struct Loop {
  ByteBuffer code;
  Machine m;

  explicit Loop(std::vector<ppc64::Instruction> turn, Endian order = Endian::kBig, uint64_t turns = kTurns, bool is_counted = true) {
    if (is_counted) turn.push_back(ins::bdnz(-4 * static_cast<int64_t>(turn.size())));
    for (const auto& i : turn) append(code, *ppc64::encode(i), order);
    m.memory.describe("code", kCode, code, code.size());
    m.memory.describe_unknown("source", kSource - kSize, 2 * kSize, 4096);
    m.msr = Value(ppc64::msr::kSf | ppc64::msr::kVec | (order == Endian::kLittle ? ppc64::msr::kLe : 0));
    m.pc = kCode;
    m.ctr = Value(turns);
    for (unsigned i = 0; i < m.gpr.size(); ++i) m.gpr[i] = Value(0x300000 + 0x1000 * i);
    m.gpr[9] = Value(kSource);
    m.gpr[10] = Value(kTarget);
    m.gpr[11] = Value(16);
  }

  bool step_once() { return step(m).kind == Step::Kind::kWent; }
  /// To the head again, or out of the loop.
  bool turn() {
    do
      if (!step_once()) return false;
    while (m.pc != kCode && m.pc < kCode + code.size());
    return true;
  }
};

ppc64::Instruction of(Mnemonic mnemonic, int64_t a, int64_t b, int64_t c) { return ins::raw(mnemonic, {a, b, c}); }
ppc64::Instruction ld(int64_t rt, int64_t at, int64_t ra) { return of(Mnemonic::kLd, rt, at, ra); }
ppc64::Instruction std_(int64_t rs, int64_t at, int64_t ra) { return of(Mnemonic::kStd, rs, at, ra); }
ppc64::Instruction addi(int64_t rt, int64_t ra, int64_t si) { return of(Mnemonic::kAddi, rt, ra, si); }

/// How many turns are said to be alike, after one.
uint64_t alike(std::vector<ppc64::Instruction> turn, uint64_t turns = kTurns, void (*change)(Machine&) = nullptr) {
  Loop loop(std::move(turn), Endian::kBig, turns);
  if (change) change(loop.m);
  REQUIRE(loop.turn());
  const auto all = read_copy_turns(loop.m, 2);
  return all ? all->turns : 0;
}

}  // namespace

TEST_CASE("turns that are done at once leave what they leave one by one") {
  std::mt19937_64 random(64);
  auto pick = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
  size_t done = 0;
  for (int trial = 0; trial < 6000; ++trial) {
    static constexpr Mnemonic kLoads[] = {Mnemonic::kLbz, Mnemonic::kLhz, Mnemonic::kLwz, Mnemonic::kLd, Mnemonic::kLwzu, Mnemonic::kLdu, Mnemonic::kLvx};
    static constexpr Mnemonic kStores[] = {Mnemonic::kStb, Mnemonic::kSth, Mnemonic::kStw, Mnemonic::kStd, Mnemonic::kStwu, Mnemonic::kStdu, Mnemonic::kStvx};
    std::vector<ppc64::Instruction> turn;
    const int64_t far = random() % 2 ? 1 : -1;
    for (int64_t pairs = 1 + pick(3), k = 0; k < pairs; ++k) {
      const size_t kind = random() % 7;
      const int64_t data = 20 + pick(4), other = random() % 8 ? data : 20 + pick(4);
      const size_t as = random() % 8 ? kind : random() % 7;
      auto access = [&](Mnemonic mnemonic, int64_t reg, int64_t base) {
        const bool vector = mnemonic == Mnemonic::kLvx || mnemonic == Mnemonic::kStvx;
        return vector ? of(mnemonic, reg, random() % 2 ? 11 : 0, base) : of(mnemonic, reg, 4 * pick(8) * far, base);
      };
      turn.push_back(access(kLoads[kind], data, 9));
      turn.push_back(access(kStores[as], other, 10));
    }
    if (random() % 8) turn.push_back(addi(9, 9, far * 8 * pick(6)));
    if (random() % 8) turn.push_back(addi(10, 10, far * 8 * pick(6)));
    if (random() % 16 == 0) turn.push_back(addi(10, 9, 8));
    if (random() % 4 == 0) std::swap(turn[random() % turn.size()], turn[random() % turn.size()]);

    Loop slow(turn, random() % 2 ? Endian::kBig : Endian::kLittle);
    // Now and then they meet.
    if (random() % 3 == 0) slow.m.gpr[10] = Value(kSource + 8 * static_cast<uint64_t>(pick(64) - 32));
    Loop fast = slow;
    if (!fast.turn() || fast.m.pc != kCode) continue;
    const Machine a = fast.m;
    if (!fast.turn() || fast.m.pc != kCode) continue;
    const Machine b = fast.m;
    if (!fast.turn() || fast.m.pc != kCode) continue;
    const auto all = read_copy_turns(fast.m, kTurnsLeft);
    if (!all) continue;
    ++done;
    CHECK(all->turns == kTurns - 3 - kTurnsLeft);
    const Machine c = fast.m;
    copy_turns(*all, fast.m);
    const auto elsewhere = fast.m.memory.stored().first_outside(all->stored, [&](uint64_t address) { return !c.memory.stored().contains(address); });
    CHECK(!elsewhere);
    go_on(fast.m, a, b, c, all->turns, [](const Value&, const Value&, const Value&) { return Value::unknown(); });
    uint64_t steps = 0;
    while (fast.m.pc == kCode && fast.turn()) {}
    while (slow.m.pc == kCode && slow.turn()) ++steps;
    CHECK(steps == kTurns);
    CHECK(static_cast<const Registers&>(fast.m) == static_cast<const Registers&>(slow.m));
    CHECK(fast.m.memory.stored() == slow.m.memory.stored());
  }
  MESSAGE(done << " loops of 6000");
  CHECK(done > 1500);
}

TEST_CASE("loops that end by a comparison have as many turns as are found one by one") {
  std::mt19937_64 random(128);
  auto pick = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
  constexpr uint64_t kMost = 300;
  size_t done = 0, fills = 0, in_the_middle = 0;
  for (int trial = 0; trial < 40000; ++trial) {
    static constexpr Mnemonic kCompares[] = {Mnemonic::kCmpwi, Mnemonic::kCmpdi, Mnemonic::kCmplwi, Mnemonic::kCmpldi, Mnemonic::kCmpw, Mnemonic::kCmpd, Mnemonic::kCmplw, Mnemonic::kCmpld};
    // r9, r10 and r12 move; r13 is what they are compared with.
    const int64_t field = pick(8), counter = random() % 4 ? 12 : 9 + pick(2), step = (random() % 2 ? 1 : -1) * (random() % 8 ? 1 + pick(24) : 0);
    std::vector<ppc64::Instruction> body, compare;
    if (random() % 3 != 0) {
      body.push_back(random() % 2 ? ld(20, 0, 9) : of(Mnemonic::kLdx, 20, 0, 9));
      body.push_back(random() % 2 ? std_(20, 0, 10) : of(Mnemonic::kStdx, 20, 14, 10));
    } else {
      if (random() % 2) body.push_back(addi(20, 0, pick(3)));
      body.push_back(random() % 2 ? std_(20, 8, 10) : of(Mnemonic::kStwx, 20, 14, 10));
      ++fills;
    }
    body.push_back(addi(9, 9, counter == 9 ? step : 8));
    body.push_back(addi(10, 10, counter == 10 ? step : 8));
    const bool by_sum = counter == 12 && random() % 4 == 0;
    if (by_sum) compare.push_back(of(Mnemonic::kAddicDot, 12, 12, step));
    else if (counter == 12) body.push_back(random() % 4 ? addi(12, 12, step) : of(Mnemonic::kAddic, 12, 12, step));
    const Mnemonic kind = kCompares[random() % 8];
    const bool by_number = kind == Mnemonic::kCmpwi || kind == Mnemonic::kCmpdi || kind == Mnemonic::kCmplwi || kind == Mnemonic::kCmpldi;
    const int64_t number = pick(600);
    if (!by_sum) compare.push_back(by_number ? of(kind, field, counter, number) : random() % 4 ? of(kind, field, counter, 13) : of(kind, field, 13, counter));
    const int64_t bit = 4 * (by_sum ? 0 : field) + pick(3), on_true = random() % 2 ? 12 : 4;
    std::vector<ppc64::Instruction> turn;
    const bool leaves_in_the_middle = random() % 2;
    if (leaves_in_the_middle) {
      // Out of it, behind its last instruction, from any place; or over an instruction.
      const size_t at = random() % (body.size() + 1);
      const bool stays_inside = at < body.size() && random() % 8 == 0;
      turn.assign(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(at));
      turn.insert(turn.end(), compare.begin(), compare.end());
      turn.push_back(of(Mnemonic::kBc, on_true, bit, stays_inside ? 8 : 4 * static_cast<int64_t>(body.size() - at + 2)));
      turn.insert(turn.end(), body.begin() + static_cast<std::ptrdiff_t>(at), body.end());
      const int64_t back = -4 * static_cast<int64_t>(turn.size());
      turn.push_back(random() % 3 == 0 ? ins::bdnz(back) : ins::raw(Mnemonic::kB, {back}));
      ++in_the_middle;
    } else {
      turn = body;
      turn.insert(turn.end(), compare.begin(), compare.end());
      turn.push_back(of(Mnemonic::kBc, on_true, bit, -4 * static_cast<int64_t>(turn.size())));
    }
    Loop slow(turn, random() % 2 ? Endian::kBig : Endian::kLittle, 5 + random() % 80, false);
    // Numbers at a border of what is compared, now and then.
    const uint64_t border = random() % 2 ? 0 : uint64_t{1} << (std::array{31, 32, 63}[random() % 3]), below = border == 0 && random() % 4 ? 0 : 300;
    auto some = [&]() -> uint64_t { return border - below + (random() % 2 ? random() % 600 : 290 + random() % 20); };
    slow.m.gpr[12] = Value(some());
    slow.m.gpr[13] = Value(counter == 12 ? (by_number ? 0 : some()) : (counter == 9 ? kSource : kTarget) + random() % 600 - 300);
    slow.m.gpr[14] = Value(8 * static_cast<uint64_t>(pick(4)));
    slow.m.cr = Value::symbol(7).masked(0xffffffff);
    slow.m.xer = Value::symbol(8).masked(0xffffffff);

    Loop fast = slow;
    std::array<std::optional<Machine>, kTurnsSeen> seen;
    for (auto& machine : seen)
      if (fast.turn() && fast.m.pc == kCode) machine = fast.m;
    if (!seen.back()) continue;
    const auto all = read_copy_turns(fast.m, kTurnsLeft);
    if (!all || all->turns > kMost) continue;
    ++done;
    copy_turns(*all, fast.m);
    go_on(fast.m, *seen[0], *seen[1], *seen[2], all->turns, [](const Value&, const Value&, const Value&) { return Value::unknown(); });
    uint64_t turns = kTurnsSeen + all->turns, slow_turns = 0;
    auto to_the_end = [](Loop& loop, uint64_t& count) {
      while (count <= kMost + 8 && loop.turn() && loop.m.pc == kCode) ++count;
    };
    to_the_end(fast, turns);
    to_the_end(slow, slow_turns);
    CHECK(turns == slow_turns);
    CHECK(turns == kTurnsSeen + all->turns + kTurnsLeft - 1);
    CHECK(static_cast<const Registers&>(fast.m) == static_cast<const Registers&>(slow.m));
    CHECK(fast.m.memory.stored() == slow.m.memory.stored());
  }
  MESSAGE(done << " loops of 40000");
  CHECK(done > 1500);
  CHECK(fills > 1000);
  CHECK(in_the_middle > 1000);
}

TEST_CASE("what is no copy, or not the same in every turn, is not done at once") {
  const auto next = addi(9, 9, 8), on = addi(10, 10, 8);
  CHECK(alike({ld(20, 0, 9), std_(20, 0, 10), next, on}) == kTurns - 3);
  CHECK(alike({ld(20, 0, 9), std_(20, 0, 10), next, on}, 3) == 0);  // none but the last two are left
  CHECK(alike({ld(20, 0, 9), std_(20, 0, 10)}, uint64_t{1} << 40) == 0);  // it does not come to its end
  CHECK(alike({std_(20, 0, 10), ld(20, 0, 9), next, on}) == 0);  // what the turn before loaded
  CHECK(alike({ld(20, 0, 9), std_(21, 0, 10), next, on}) == kTurns - 3);  // a number
  CHECK(alike({std_(21, 0, 10), addi(21, 21, 1), on}) == 0);  // another one in each turn
  CHECK(alike({std_(21, 0, 10), ld(21, 0, 9), next, on}) == 0);  // and what the turn before loaded
  CHECK(alike({std_(21, 0, 10), on}, kTurns, [](Machine& m) { m.gpr[21] = Value::symbol(3); }) == 0);  // what is no number
  CHECK(alike({ld(20, 0, 9), of(Mnemonic::kStw, 20, 0, 10), next, on}) == 0);  // half of it
  CHECK(alike({ld(20, 0, 9), addi(20, 20, 1), std_(20, 0, 10), next, on}) == 0);
  CHECK(alike({ld(20, 0, 9), std_(20, 0, 10), next, addi(10, 9, 8)}) == 0);  // one pointer comes from the other
  CHECK(alike({ld(20, 0, 9), std_(20, 0, 10), next, on, ins::sync()}) == 0);
  CHECK(alike({ld(20, 0, 9), std_(20, 0, 10), next, on, ins::mtctr(ppc64::reg::r11)}) == 0);
  CHECK(alike({next, on}) == kTurns - 3);  // it stores nothing
  // Into what is copied later, over its own instructions, and around the end of the address space.
  const std::vector<ppc64::Instruction> plain = {ld(20, 0, 9), std_(20, 0, 10), next, on};
  CHECK(alike(plain, kTurns, [](Machine& m) { m.gpr[10] = Value(kSource + 16); }) == 0);
  CHECK(alike(plain, kTurns, [](Machine& m) { m.gpr[10] = Value(kSource - 16); }) == kTurns - 3);
  CHECK(alike(plain, kTurns, [](Machine& m) { m.gpr[10] = Value(kSource - 4); }) == 0);
  const std::vector<ppc64::Instruction> down = {ld(20, 0, 9), std_(20, 0, 10), addi(9, 9, -8), addi(10, 10, -8)};
  CHECK(alike(down, kTurns, [](Machine& m) { m.gpr[10] = Value(kSource + 16); }) == kTurns - 3);
  CHECK(alike(down, kTurns, [](Machine& m) { m.gpr[10] = Value(kSource - 16); }) == 0);
  CHECK(alike(plain, kTurns, [](Machine& m) { m.gpr[10] = Value(kCode - 0x80); }) == 0);
  CHECK(alike(plain, kTurns, [](Machine& m) { m.gpr[9] = Value(~uint64_t{0x7f}); }) == 0);
  // Into another part of it, where translation may show something else.
  CHECK(alike(plain, kTurns, [](Machine& m) { m.gpr[10] = Value(0x0fff'ffff'ffff'ff80); }) == 0);
  // Beyond what this CPU reaches.
  CHECK(alike(plain, kTurns, [](Machine& m) { m.reach = std::make_shared<const RangeSet>(RangeSet{Range::from_to(0, kSource + 0x100)}); }) == 0);
  CHECK(alike(plain, 20, [](Machine& m) { m.reach = std::make_shared<const RangeSet>(RangeSet{Range::from_to(0, kSource + 0x100)}); }) == 17);
  // Vectors access what is aligned.
  const std::vector<ppc64::Instruction> vectors = {of(Mnemonic::kLvx, 0, 0, 9), of(Mnemonic::kStvx, 0, 11, 10), addi(9, 9, 16), addi(10, 10, 16)};
  CHECK(alike(vectors) == kTurns - 3);
  CHECK(alike(vectors, kTurns, [](Machine& m) { m.gpr[10] = Value(kTarget + 8); }) == 0);
  CHECK(alike({of(Mnemonic::kLvx, 0, 0, 9), of(Mnemonic::kStvx, 0, 11, 10), next, on}) == 0);
}
