// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Is the register set-up that the compiler emits the shortest there is? Every straight-line sequence is tried.
//
// The cost is the number of instructions. What is tried, and against which search of the compiler:
//
//   one register, words of 16 bits      every value, from registers of known value   ConstantSearch<4>
//   two registers and a free one, 8 bits every pair of values                        MoveSearch<2>
//   four registers, copies and xor      every map of three or four registers         MoveSearch<16>
//   the real machine                    written-down cases, up to one instruction more than registers are to be set;
//                                       immediates are not sampled: all 65,536 of them   parallel_moves
//
// On the small machines an instruction is as on the real one, only narrower. The first two run over all
// instructions that set-up is made of: li lis addi addis ori oris xori xoris rldicl rldicr rldic rldimi and the
// copy. Where the compiler is longer, the kept table (ppc64_shortest.expected) has the number of cases, one of them
// with the shorter sequence, and the reason. BATON_UPDATE=1 writes it again.
#include <ostream>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "ppc64/constant_search.h"
#include "ppc64/move_search.h"
#include "ppc64/moves.h"
#include "ppc64_execute.h"

using namespace baton;
using namespace baton::ppc64;

namespace {

std::string number(uint64_t value) {
  std::ostringstream text;
  text << "0x" << std::hex << value;
  return text.str();
}

const char* name_of(ConstantOp op) {
  switch (op) {
    case ConstantOp::kLi: return "li";
    case ConstantOp::kLis: return "lis";
    case ConstantOp::kAddi: return "addi";
    case ConstantOp::kAddis: return "addis";
    case ConstantOp::kOri: return "ori";
    case ConstantOp::kOris: return "oris";
    case ConstantOp::kXori: return "xori";
    case ConstantOp::kXoris: return "xoris";
    case ConstantOp::kRldicl: return "rldicl";
    case ConstantOp::kRldicr: return "rldicr";
    case ConstantOp::kRldic: return "rldic";
    case ConstantOp::kRldimi: return "rldimi";
  }
  return "";
}

/// All that one instruction can make, on a machine of H-bit immediates.
template <unsigned H>
struct Machine {
  using Search = ConstantSearch<H>;
  static constexpr int64_t kHalf = int64_t{1} << (H - 1);

  template <typename Visit>
  static void loads(Visit&& visit) {
    for (int64_t i = -kHalf; i < kHalf; ++i)
      for (ConstantOp op : {ConstantOp::kLi, ConstantOp::kLis}) visit(ConstantStep{op, ConstantStep::kNothing, i, 0, 0});
  }
  template <typename Visit>
  static void unary(bool base, Visit&& visit) {
    for (int64_t i = 0; i < 2 * kHalf; ++i)
      for (ConstantOp op : {ConstantOp::kOri, ConstantOp::kOris, ConstantOp::kXori, ConstantOp::kXoris})
        visit(ConstantStep{op, 0, i, 0, 0});
    for (int64_t i = -kHalf; i < kHalf && base; ++i)
      for (ConstantOp op : {ConstantOp::kAddi, ConstantOp::kAddis}) visit(ConstantStep{op, 0, i, 0, 0});
    for (unsigned shift = 0; shift < 4 * H; ++shift)
      for (unsigned bound = 0; bound < 4 * H; ++bound)
        for (ConstantOp op : {ConstantOp::kRldicl, ConstantOp::kRldicr, ConstantOp::kRldic})
          visit(ConstantStep{op, 0, 0, shift, bound});
  }
  template <typename Visit>
  static void insertions(Visit&& visit) {
    for (unsigned shift = 0; shift < 4 * H; ++shift)
      for (unsigned bound = 0; bound < 4 * H; ++bound) visit(ConstantStep{ConstantOp::kRldimi, 0, 0, shift, bound});
  }
  static std::string text(const ConstantStep& step, unsigned target, unsigned source) {
    auto reg = [](unsigned n) { return "r" + std::to_string(n); };
    bool loads = step.op == ConstantOp::kLi || step.op == ConstantOp::kLis;
    std::string all = std::string(name_of(step.op)) + " " + reg(target);
    if (!loads) all += "," + reg(source);
    if (step.op < ConstantOp::kRldicl) return all + "," + std::to_string(step.immediate);
    return all + "," + std::to_string(step.shift) + "," + std::to_string(step.mask_bound);
  }
};

/// Rows of the kept table, in the order of the test cases; compared by the last of them.
struct Table {
  std::string text;
  void section(const std::string& title) { text += (text.empty() ? "" : "\n") + title + "\n\n"; }
};

std::string cell(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text + " ";
}
std::string right(size_t value, size_t width) {
  std::string text = std::to_string(value);
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

// ---------------------------------------------------------------------------------------------------------------------
// One register, words of 16 bits.

/// The number of steps to every value, forward over all instructions. In place and from known registers,
/// which stay what they are.
std::vector<unsigned> lengths_of_one(const std::vector<ConstantInput>& inputs) {
  using M = Machine<4>;
  std::vector<unsigned> length(1 << 16, 99);
  std::vector<uint64_t> frontier, next;
  auto reach = [&](uint64_t value, unsigned steps) {
    if (length[value] <= steps) return;
    length[value] = steps;
    next.push_back(value);
  };
  for (const ConstantInput& input : inputs)
    if (input.target) reach(input.value, 0);
  for (unsigned steps = 1;; ++steps) {
    frontier = std::move(next);
    next.clear();
    if (steps == 1) {
      M::loads([&](const ConstantStep& s) { reach(M::Search::execute(s, 0, 0), steps); });
      for (const ConstantInput& input : inputs)
        M::unary(input.base, [&](const ConstantStep& s) { reach(M::Search::execute(s, input.value, 0), steps); });
    }
    for (uint64_t value : frontier) {
      M::unary(true, [&](const ConstantStep& s) { reach(M::Search::execute(s, value, value), steps); });
      M::insertions([&](const ConstantStep& s) {
        reach(M::Search::execute(s, value, value), steps);
        for (const ConstantInput& input : inputs)
          if (!input.target) reach(M::Search::execute(s, input.value, value), steps);
      });
    }
    if (next.empty()) return length;
  }
}

void one_register(Table& table) {
  table.section("One register, words of 16 bits and immediates of 4: every value.");
  table.text += cell("known registers", 40) + " values  shortest  longer by 1  by 2 or more\n";
  struct Case {
    const char* name;
    std::vector<ConstantInput> inputs;
  };
  for (const Case& c : {Case{"none", {}}, Case{"0x4a37", {{0x4a37, true, false}}}, Case{"0x0f31 in r0", {{0x0f31, false, false}}},
                        Case{"0x8000", {{0x8000, true, false}}},
                        Case{"0x8001 in the target, 0x1234", {{0x8001, true, true}, {0x1234, true, false}}}}) {
    std::vector<unsigned> shortest = lengths_of_one(c.inputs);
    ConstantSearch<4> search(c.inputs, true);
    size_t by[3] = {}, total = 0, short_and_longer = 0;
    std::string example;
    constexpr uint64_t kStride = 7;  // the compiler's search is what takes time; every residue of every field occurs
    for (uint64_t value = 0; value < 1 << 16; value += kStride) {
      size_t length = search.run(value).size();
      REQUIRE(length >= shortest[value]);
      size_t more = length - shortest[value];
      ++by[std::min<size_t>(more, 2)], ++total;
      if (length <= 3 && more != 0) ++short_and_longer;
      if (more != 0 && example.empty())
        example = "    " + number(value) + ": " + std::to_string(shortest[value]) + " are enough, the compiler takes " +
                  std::to_string(length) + "\n";
    }
    table.text += cell(c.name, 40) + right(total, 7) + right(by[0], 10) + right(by[1], 13) + right(by[2], 14) + "\n" + example;
    // What the compiler says of short sequences.
    CHECK(short_and_longer == 0);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Two registers to be set and a free one, words of 8 bits.

/// What three registers hold: a constant below 256, or kStart + i, what register i held at the start.
constexpr unsigned kStart = 256, kContents = 259, kFirst = 3;  // the registers are r3, r4 and r5
using Three = std::array<unsigned, 3>;

class EveryPair {
 public:
  using M = Machine<2>;
  static constexpr unsigned kDeepest = 3;

  explicit EveryPair(const Three& start) : depth_(kContents * kContents * kContents, 0xff), parent_(depth_.size()) {
    for (unsigned v = 0; v < 256; ++v) {
      M::unary(true, [&](const ConstantStep& s) { once(unary_[v], M::Search::execute(s, v, v)); });
      for (unsigned from = 0; from < 256; ++from)
        M::insertions([&](const ConstantStep& s) { once(insert_[v << 8 | from], M::Search::execute(s, from, v)); });
    }
    M::loads([&](const ConstantStep& s) { once(loads_, M::Search::execute(s, 0, 0)); });
    best_.assign(kContents * kContents, 0xff);
    where_.assign(kContents * kContents, 0);
    std::vector<uint32_t> frontier, next;
    visit(index(start), 0, 0, next);
    for (unsigned depth = 1; depth <= kDeepest; ++depth) {
      frontier = std::move(next);
      next.clear();
      for (uint32_t at : frontier) expand(at, depth, next);
    }
  }

  /// The least number of instructions until r3 and r4 hold these; nullopt: more than kDeepest.
  std::optional<unsigned> least(unsigned a, unsigned b) const {
    uint8_t depth = best_[a * kContents + b];
    return depth == 0xff ? std::nullopt : std::optional<unsigned>(depth);
  }

  /// A shortest sequence, and by what the compiler misses it.
  std::string sequence(unsigned a, unsigned b, std::string* reason) const {
    std::vector<uint32_t> path{where_[a * kContents + b]};
    while (depth_[path.back()] != 0) path.push_back(parent_[path.back()]);
    std::reverse(path.begin(), path.end());
    std::string all;
    Three made{};
    *reason = "a known register is rotated, masked or inserted on the way";
    const Three last = contents(path.back());
    for (size_t i = 1; i < path.size(); ++i) {
      Three before = contents(path[i - 1]), after = contents(path[i]);
      unsigned changed = 0;
      while (before[changed] == after[changed]) ++changed;
      auto [text, source] = between(before, changed, after[changed]);
      all += (all.empty() ? "" : "; ") + text;
      if (source == changed && text.rfind("rldimi", 0) == 0)
        *reason = "a register is inserted into itself, other than by half of it";
      else if (source < 3 && source != changed && made[source] != 0 && last[source] != before[source])
        *reason = "a value that no register is to hold is read into another register than it was made in";
      made[changed] = 1;
    }
    return all;
  }

 private:
  static void once(std::vector<uint8_t>& all, uint64_t value) {
    if (std::find(all.begin(), all.end(), value) == all.end()) all.push_back(static_cast<uint8_t>(value));
  }
  static uint32_t index(const Three& c) { return (c[0] * kContents + c[1]) * kContents + c[2]; }
  static Three contents(uint32_t at) {
    return {at / (kContents * kContents), at / kContents % kContents, at % kContents};
  }
  void visit(uint32_t at, unsigned depth, uint32_t parent, std::vector<uint32_t>& next) {
    if (depth_[at] != 0xff) return;
    depth_[at] = static_cast<uint8_t>(depth);
    parent_[at] = parent;
    uint32_t pair = at / kContents;
    if (best_[pair] == 0xff) best_[pair] = static_cast<uint8_t>(depth), where_[pair] = at;
    if (depth < kDeepest) next.push_back(at);
  }
  void expand(uint32_t at, unsigned depth, std::vector<uint32_t>& next) {
    Three now = contents(at);
    for (unsigned target = 0; target < 3; ++target) {
      Three then = now;
      auto set = [&](unsigned value) {
        then[target] = value;
        visit(index(then), depth, at, next);
      };
      for (uint8_t value : loads_) set(value);
      for (unsigned source = 0; source < 3; ++source) {
        if (now[source] >= kStart) {
          set(now[source]);  // all else that is made of an unknown is unknown
          continue;
        }
        for (uint8_t value : unary_[now[source]]) set(value);
        if (now[target] < kStart)
          for (uint8_t value : insert_[now[target] << 8 | now[source]]) set(value);
      }
    }
  }
  std::pair<std::string, unsigned> between(const Three& before, unsigned target, unsigned value) const {
    std::string found;
    unsigned from = 3;
    M::loads([&](const ConstantStep& s) {
      if (found.empty() && M::Search::execute(s, 0, 0) == value) found = M::text(s, kFirst + target, 0);
    });
    for (unsigned source = 0; source < 3 && found.empty(); ++source) {
      if (before[source] == value) found = "mr r" + std::to_string(kFirst + target) + ",r" + std::to_string(kFirst + source);
      auto look = [&](const ConstantStep& s) {
        if (found.empty() && M::Search::execute(s, before[source], before[target]) == value)
          found = M::text(s, kFirst + target, kFirst + source);
      };
      if (before[source] < kStart && found.empty()) {
        M::unary(true, look);
        if (before[target] < kStart) M::insertions(look);
      }
      if (!found.empty()) from = source;
    }
    return {found, from};
  }

  std::array<std::vector<uint8_t>, 256> unary_;
  std::vector<std::vector<uint8_t>> insert_ = std::vector<std::vector<uint8_t>>(1 << 16);
  std::vector<uint8_t> loads_;
  std::vector<uint8_t> depth_, best_;
  std::vector<uint32_t> parent_, where_;
};

/// Runs the compiler's steps; false when r3 and r4 do not end as wanted.
bool comes_true(const std::vector<RegisterStep>& steps, const Three& start, unsigned a, unsigned b) {
  std::array<unsigned, 32> now{};
  for (unsigned i = 0; i < 3; ++i) now[kFirst + i] = start[i];
  for (const RegisterStep& s : steps) {
    bool loads = s.step.op == ConstantOp::kLi || s.step.op == ConstantOp::kLis;
    if (!loads && now[s.source] >= kStart) {
      if (s.step.op != ConstantOp::kOri || s.step.immediate != 0) return false;
      now[s.target] = now[s.source];
      continue;
    }
    uint64_t in = loads ? 0 : now[s.source], here = now[s.target];
    if (s.step.op == ConstantOp::kRldimi && here >= kStart) return false;
    now[s.target] = static_cast<unsigned>(ConstantSearch<2>::execute(s.step, in, here));
  }
  return now[kFirst] == a && now[kFirst + 1] == b;
}

void two_registers(Table& table) {
  table.section("r3 and r4 to be set, r5 free; words of 8 bits and immediates of 2: pairs of values, every sequence of three.");
  table.text += cell("at the start", 40) + "  pairs  shortest  at least 4, not known  longer by 1  by 2 or more\n";
  struct Case {
    const char* name;
    Three start;
    int r3 = -1;  // what r3 is to hold, where that is not one of all constants
  };
  for (const Case& c : {Case{"nothing known", {kStart, kStart + 1, kStart + 2}},
                        Case{"r4 = 0x5a", {kStart, 0x5a, kStart + 2}},
                        Case{"r3 = 0x5a, r4 = 0xc1", {0x5a, 0xc1, kStart + 2}},
                        Case{"r5 = 0x5a, which may be lost", {kStart, kStart + 1, 0x5a}},
                        Case{"nothing known; r3 <- r4", {kStart, kStart + 1, kStart + 2}, kStart + 1},
                        Case{"r3 = 0x5a; r3 <- r4", {0x5a, kStart + 1, kStart + 2}, kStart + 1}}) {
    EveryPair every(c.start);
    std::vector<HeldConstant> held;
    for (unsigned i = 0; i < 3; ++i)
      if (c.start[i] < kStart) held.push_back({kFirst + i, c.start[i]});
    std::vector<unsigned> scratch;  // as in a body: what holds a known value is read, and not overwritten
    if (c.start[2] >= kStart) scratch.push_back(kFirst + 2);
    size_t total = 0, shortest = 0, unknown = 0, by[2] = {};
    std::map<std::string, std::string> examples;  // by reason
    unsigned stride = c.r3 >= 0 ? 1 : 11;
    for (unsigned pair = 0; pair < (c.r3 >= 0 ? 256u : 65536u); pair += stride) {
      unsigned a = c.r3 >= 0 ? static_cast<unsigned>(c.r3) : pair >> 8, b = pair & 0xff;
      std::array<WantedRegister, 2> wanted{WantedRegister{kFirst, uint64_t{a}}, WantedRegister{kFirst + 1, uint64_t{b}}};
      if (a >= kStart) wanted[0].source = StartValue{kFirst + (a - kStart)};
      auto steps = MoveSearch<2>(wanted, held, scratch).run();
      REQUIRE(steps);
      REQUIRE(comes_true(*steps, c.start, a, b));
      ++total;
      auto least = every.least(a, b);
      if (least) REQUIRE(steps->size() >= *least);
      if (!least && steps->size() > EveryPair::kDeepest + 1) {
        ++unknown;
      } else if (size_t most = least ? *least : EveryPair::kDeepest + 1; steps->size() == most) {
        ++shortest;
      } else {
        ++by[steps->size() - most > 1];
        std::string reason, shorter = every.sequence(a, b, &reason);
        examples.try_emplace(reason, (a < kStart ? "r3 = " + number(a) : std::string("r3 <- r4")) + ", r4 = " + number(b) + ": " +
                                         shorter + "; the compiler takes " + std::to_string(steps->size()));
      }
    }
    table.text += cell(c.name, 40) + right(total, 7) + right(shortest, 10) + right(unknown, 23) + right(by[0], 13) + right(by[1], 14) + "\n";
    for (const auto& [reason, example] : examples) table.text += "    " + reason + ":\n        " + example + "\n";
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Copies. Each register is a sum (xor) of start values: four bits, one a start value.

void copies(Table& table) {
  table.section("Copies among r3, r4, r5, r6: every map, against every sequence of mr and xor.");
  std::vector<uint8_t> depth(1 << 16, 0xff);
  std::vector<uint32_t> frontier, next{0x8421};
  depth[0x8421] = 0;
  for (unsigned steps = 1; !next.empty(); ++steps) {
    frontier = std::move(next);
    next.clear();
    for (uint32_t at : frontier)
      for (unsigned target = 0; target < 4; ++target)
        for (unsigned x = 0; x < 4; ++x)
          for (unsigned y = 0; y <= x; ++y) {
            unsigned a = at >> (4 * x) & 15, b = at >> (4 * y) & 15, value = x == y ? a : a ^ b;
            uint32_t then = (at & ~(15u << (4 * target))) | value << (4 * target);
            if (depth[then] == 0xff) depth[then] = static_cast<uint8_t>(steps), next.push_back(then);
          }
  }
  table.text += cell("registers to be set", 40) + "   maps  shortest   longer  refused\n";
  for (unsigned count : {2u, 3u, 4u}) {
    size_t shortest = 0, longer = 0, refused = 0, maps = 1;
    for (unsigned i = 0; i < count; ++i) maps *= 4;
    unsigned least_of_refused = 99;
    for (unsigned map = 0; map < maps; ++map) {
      std::vector<Assignment> assignments;
      uint32_t wanted = 0, fixed = 0;
      std::set<unsigned> read;
      for (unsigned i = 0; i < count; ++i) {
        unsigned from = map >> (2 * i) & 3;
        assignments.push_back({Gpr{3 + i}, Gpr{3 + from}});
        wanted |= 1u << from << (4 * i), fixed |= 15u << (4 * i);
        read.insert(from);
      }
      // What is no target is free; what a target reads is still given as no scratch register, as in a body.
      std::vector<Gpr> scratch;
      for (unsigned i = count; i < 4; ++i)
        if (read.count(i) == 0) scratch.push_back(Gpr{3 + i});
      unsigned least = 99;
      for (uint32_t at = 0; at < depth.size(); ++at)
        if ((at & fixed) == wanted) least = std::min<unsigned>(least, depth[at]);
      auto moves = parallel_moves(assignments, {}, scratch);
      if (!moves) {
        ++refused, least_of_refused = std::min(least_of_refused, least);
        continue;
      }
      REQUIRE(moves->size() >= least);
      ++(moves->size() == least ? shortest : longer);
    }
    table.text += cell(std::to_string(count) + " of four", 40) + right(maps, 7) + right(shortest, 10) + right(longer, 9) + right(refused, 9) + "\n";
    if (refused != 0)
      table.text += "    refused: a cycle with no register free; three xors each exchange two (from " + std::to_string(least_of_refused) +
                    " instructions on)\n";
    if (count < 4) CHECK(refused == 0);
    CHECK(longer == 0);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The real machine, exactly: at most one instruction that sets nothing for good.

/// A register of 64 bits; `known` is false for a start value, which only a copy can use.
struct Content {
  bool known = false;
  uint64_t value = 0;  // the constant, or the register whose start value it is
  bool operator==(const Content&) const = default;
};

/// Every mask of a rotate, by its two bounds.
uint64_t mask_of(unsigned from, unsigned to) {
  static const auto all = [] {
    std::array<std::array<uint64_t, 64>, 64> masks{};
    for (unsigned i = 0; i < 64; ++i)
      for (unsigned k = 0; k < 64; ++k) masks[i][k] = test::mask(i, k);
    return masks;
  }();
  return all[from][to];
}

/// Whether li or lis makes it.
bool loaded(uint64_t to) {
  return to + 0x8000 < 0x10000 || ((to & 0xffff) == 0 && to + 0x80000000 < 0x100000000);
}

/// Whether one instruction makes `to` of `from`. Each row is solved for all immediates of its instructions.
bool one_step(uint64_t from, uint64_t to, bool base) {
  uint64_t d = to - from, x = to ^ from;
  if (x >> 16 == 0 || (x & ~uint64_t{0xffff0000}) == 0) return true;  // mr ori xori, oris xoris
  if (base && loaded(d)) return true;                                 // addi addis
  for (unsigned shift = 0; shift < 64; ++shift) {
    uint64_t rotated = test::rotate_left(from, shift);
    if ((to & ~rotated) != 0) continue;
    for (unsigned bound = 0; bound < 64; ++bound)
      if ((rotated & mask_of(bound, 63)) == to || (rotated & mask_of(0, bound)) == to || (rotated & mask_of(bound, 63 - shift)) == to)
        return true;
  }
  return false;
}

/// Whether rldimi of `from` into `current` makes `to`.
bool inserted(uint64_t current, uint64_t from, uint64_t to) {
  for (unsigned shift = 0; shift < 64; ++shift) {
    uint64_t needed = current ^ to, forbidden = test::rotate_left(from, shift) ^ to;
    if ((needed & forbidden) != 0) continue;
    for (unsigned bound = 0; bound < 64; ++bound) {
      uint64_t m = mask_of(bound, 63 - shift);
      if ((needed & ~m) == 0 && (forbidden & m) == 0) return true;
    }
  }
  return false;
}

class Exactly {
 public:
  using Goals = std::vector<std::pair<unsigned, Content>>;
  Exactly(Goals goals, std::array<Content, 32> start, std::vector<unsigned> registers)
      : goals_(std::move(goals)), start_(start), registers_(std::move(registers)) {}

  /// The least length, if it is at most the number of open goals and one; nullopt: more than that.
  std::optional<unsigned> least() {
    unsigned open = open_goals(start_);
    if (all_final(start_)) return open;
    if (open != 0 && one_aside(start_)) return open + 1;
    return std::nullopt;
  }
  unsigned open_goals(const std::array<Content, 32>& now) const {
    unsigned open = 0;
    for (const auto& [gpr, wanted] : goals_) open += now[gpr] == wanted ? 0 : 1;
    return open;
  }

 private:
  bool can_make(const std::array<Content, 32>& now, unsigned target, const Content& wanted) const {
    if (wanted.known && loaded(wanted.value)) return true;
    for (unsigned gpr : registers_) {
      if (now[gpr] == wanted) return true;
      if (!wanted.known || !now[gpr].known) continue;
      if (one_step(now[gpr].value, wanted.value, gpr != 0)) return true;
      if (now[target].known && inserted(now[target].value, now[gpr].value, wanted.value)) return true;
    }
    return false;
  }
  /// Every instruction sets an open goal for good.
  bool all_final(const std::array<Content, 32>& now) const {
    if (open_goals(now) == 0) return true;
    for (const auto& [gpr, wanted] : goals_) {
      if (now[gpr] == wanted || !can_make(now, gpr, wanted)) continue;
      auto then = now;
      then[gpr] = wanted;
      if (all_final(then)) return true;
    }
    return false;
  }
  /// One instruction, now or after some that are final, sets what no goal asks for: every one there is.
  bool one_aside(const std::array<Content, 32>& now) const {
    for (unsigned target : registers_) {
      bool satisfied = std::any_of(goals_.begin(), goals_.end(), [&](const auto& g) { return g.first == target && now[target] == g.second; });
      if (satisfied) continue;
      auto then = now;
      bool found = false;
      auto attempt = [&](const Content& value) {
        if (found) return;
        then[target] = value;
        found = all_final(then);
      };
      auto constant = [&](uint64_t value) { attempt({true, value}); };
      for (uint64_t i = 0; i < 0x10000 && !found; ++i) {
        uint64_t s = i - 0x8000;
        constant(s), constant(s << 16);
      }
      for (unsigned source : registers_) {
        attempt(now[source]);
        if (!now[source].known) continue;
        uint64_t in = now[source].value;
        for (uint64_t i = 0; i < 0x10000 && !found; ++i) {
          uint64_t s = i - 0x8000;
          constant(in ^ i), constant(in ^ i << 16), constant(in | i), constant(in | i << 16);
          if (source != 0) constant(in + s), constant(in + (s << 16));
        }
        for (unsigned shift = 0; shift < 64 && !found; ++shift)
          for (unsigned bound = 0; bound < 64; ++bound) {
            uint64_t rotated = test::rotate_left(in, shift), m = mask_of(bound, 63 - shift);
            constant(rotated & mask_of(bound, 63)), constant(rotated & mask_of(0, bound)), constant(rotated & m);
            if (now[target].known) constant((rotated & m) | (now[target].value & ~m));
          }
      }
      if (found) return true;
    }
    for (const auto& [gpr, wanted] : goals_) {
      if (now[gpr] == wanted || !can_make(now, gpr, wanted)) continue;
      auto then = now;
      then[gpr] = wanted;
      if (open_goals(then) != 0 && one_aside(then)) return true;
    }
    return false;
  }

  Goals goals_;
  std::array<Content, 32> start_;
  std::vector<unsigned> registers_;
};

void real_machine(Table& table) {
  table.section("The real machine: every sequence with at most one instruction that sets no register for good.");
  table.text += cell("job", 78) + "emitted  least\n";
  struct Case {
    const char* name;
    std::vector<Assignment> assignments;
    std::vector<KnownRegister> live;
  };
  constexpr uint64_t kStub = 0x2030000, kFar = 0x123400000000;
  for (const Case& c : {
           Case{"r3 = 0", {{reg::r3, uint64_t{0}}}, {}},
           Case{"r3 = 0x2000000, 64 KiB aligned", {{reg::r3, uint64_t{0x2000000}}}, {}},
           Case{"r3 = 0x2001000", {{reg::r3, uint64_t{0x2001000}}}, {}},
           Case{"r3 = 0x80000000, which lis makes negative", {{reg::r3, uint64_t{0x80000000}}}, {}},
           Case{"r3 = 0xc000000000000000", {{reg::r3, uint64_t{0xc000000000000000}}}, {}},
           Case{"r3 = 0x100000000", {{reg::r3, uint64_t{0x100000000}}}, {}},
           Case{"r3 = 0x5deadbeef", {{reg::r3, uint64_t{0x5deadbeef}}}, {}},
           Case{"r4 = r3's constant and 0x1c, r3 = 0x2020000", {{reg::r3, uint64_t{0x2020000}}, {reg::r4, uint64_t{0x202001c}}}, {}},
           Case{"the same in reverse order", {{reg::r3, uint64_t{0x202001c}}, {reg::r4, uint64_t{0x2020000}}}, {}},
           Case{"r4 = r3's constant and 0x9000, far above 4 GiB, from r5",
                {{reg::r3, kFar + 0x10000}, {reg::r4, kFar + 0x19000}}, {{reg::r5, kFar}}},
           Case{"r3 and r4 from r4 = 0x2030000, far above 4 GiB",
                {{reg::r3, kFar - 0x20000}, {reg::r4, kFar + 0x40000}}, {{reg::r4, kFar}}},
           Case{"tree and kernel from the stub's own address, r5 = 0", {{reg::r3, kStub - 0x10000}, {reg::r4, kStub - 0x30000}, {reg::r5, uint64_t{0}}},
                {{reg::r4, kStub}, {reg::r5, 0}}},
           Case{"OPAL's base and an entry within 32 KiB", {{reg::r8, uint64_t{0x30000000}}, {reg::r9, uint64_t{0x30003760}}}, {}},
           Case{"OPAL's base and an entry beyond", {{reg::r8, uint64_t{0x30000000}}, {reg::r9, uint64_t{0x30010a74}}}, {}},
           Case{"r3 and r4 exchanged", {{reg::r3, reg::r4}, {reg::r4, reg::r3}}, {}},
           Case{"r3, r4, r5 in a ring", {{reg::r3, reg::r4}, {reg::r4, reg::r5}, {reg::r5, reg::r3}}, {}},
           Case{"r3 to r4, r5 and r6; r3 = 0", {{reg::r4, reg::r3}, {reg::r5, reg::r3}, {reg::r6, reg::r3}, {reg::r3, uint64_t{0}}}, {}},
           Case{"r3 and r4 exchanged, r5 = 0", {{reg::r3, reg::r4}, {reg::r4, reg::r3}, {reg::r5, uint64_t{0}}}, {}},
       }) {
    std::array<Content, 32> start{};
    for (unsigned i = 0; i < 32; ++i) start[i] = {false, i};
    std::vector<unsigned> registers{11};
    for (const KnownRegister& k : c.live) start[k.gpr.number()] = {true, k.value}, registers.push_back(k.gpr.number());
    Exactly::Goals goals;
    for (const Assignment& a : c.assignments) {
      const Gpr* from = std::get_if<Gpr>(&a.source);
      goals.push_back({a.target.number(), from ? start[from->number()] : Content{true, std::get<uint64_t>(a.source)}});
      registers.push_back(a.target.number());
      if (from) registers.push_back(from->number());
    }
    std::sort(registers.begin(), registers.end());
    registers.erase(std::unique(registers.begin(), registers.end()), registers.end());
    auto moves = parallel_moves(c.assignments, c.live, std::array{reg::r11});
    REQUIRE(moves.ok());
    Exactly exactly(goals, start, registers);
    auto least = exactly.least();
    if (least) CHECK(moves->size() >= *least);
    size_t beyond = exactly.open_goals(start) + 2;
    table.text += cell(c.name, 78) + right(moves->size(), 6) +
                  (least ? right(*least, 7)
                         : right(beyond, 7) + (moves->size() == beyond ? "" : " or more: not known to be the shortest")) +
                  (least && moves->size() > *least ? " longer than need be" : "") + "\n";
  }
}

}  // namespace

TEST_CASE("where set-up is not the shortest there is, the kept table says so") {
  Table table;
  table.text =
      "Register set-up against every straight-line sequence, by tests/unit/ppc64_shortest_test.cpp.\n"
      "The cost is the number of instructions; all are of four bytes.\n";
  one_register(table);
  two_registers(table);
  copies(table);
  real_machine(table);
  std::string path = BATON_SOURCE_DIR "/tests/unit/ppc64_shortest.expected";
  if (std::getenv("BATON_UPDATE")) std::ofstream(path, std::ios::binary) << table.text;
  std::stringstream kept;
  kept << std::ifstream(path, std::ios::binary).rdbuf();
  CHECK_MESSAGE(kept.str() == table.text, "BATON_UPDATE=1 writes the table again; now it is\n" << table.text);
}
