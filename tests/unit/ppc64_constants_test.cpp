// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shortest constants and moves: every answer is executed, and its length is compared with an exhaustive
// breadth-first search over a small machine of the same shape (4-bit immediates, 16-bit words).
#include <ostream>

#include <algorithm>
#include <map>
#include <queue>
#include <random>
#include <set>

#include <doctest/doctest.h>

#include "ppc64/constant_search.h"
#include "ppc64/constants.h"
#include "ppc64/moves.h"
#include "ppc64_execute.h"

using namespace baton;
using namespace baton::ppc64;

namespace {

using Small = ConstantSearch<4>;
constexpr unsigned kUnreached = 99;

/// The number of steps to every value of the small machine, by forward search over all instructions.
/// `rotations`: known registers may be rotated and inserted too, and the register inserted into itself by any distance.
std::vector<unsigned> all_lengths(const std::vector<ConstantInput>& inputs, bool target_is_base, bool rotations) {
  std::vector<unsigned> length(1 << 16, kUnreached);
  std::vector<uint64_t> frontier, next;
  auto reach = [&](uint64_t value, unsigned steps) {
    if (length[value] <= steps) return;
    length[value] = steps;
    next.push_back(value);
  };
  auto each_unary = [&](int source, bool base, bool rotated, auto&& visit) {
    for (int64_t imm = -8; imm < 8; ++imm)
      for (ConstantOp op : {ConstantOp::kAddi, ConstantOp::kAddis})
        if (base) visit(ConstantStep{op, source, imm, 0, 0});
    for (int64_t imm = 0; imm < 16; ++imm)
      for (ConstantOp op : {ConstantOp::kOri, ConstantOp::kOris, ConstantOp::kXori, ConstantOp::kXoris})
        visit(ConstantStep{op, source, imm, 0, 0});
    for (unsigned sh = 0; sh < 16 && rotated; ++sh)
      for (unsigned bound = 0; bound < 16; ++bound)
        for (ConstantOp op : {ConstantOp::kRldicl, ConstantOp::kRldicr, ConstantOp::kRldic})
          visit(ConstantStep{op, source, 0, sh, bound});
  };
  for (const ConstantInput& input : inputs)
    if (input.target) reach(input.value, 0);
  auto start_values = [&](unsigned steps) {
    for (int64_t imm = -8; imm < 8; ++imm)
      for (ConstantOp op : {ConstantOp::kLi, ConstantOp::kLis})
        reach(Small::execute(ConstantStep{op, ConstantStep::kNothing, imm, 0, 0}, 0, 0), steps);
    for (size_t i = 0; i < inputs.size(); ++i)
      if (!inputs[i].target)
        each_unary(static_cast<int>(i), inputs[i].base, rotations,
                   [&](const ConstantStep& s) { reach(Small::execute(s, inputs[i].value, 0), steps); });
  };
  for (unsigned steps = 1;; ++steps) {
    frontier = std::move(next);
    next.clear();
    if (steps == 1) start_values(1);
    for (uint64_t value : frontier) {
      each_unary(ConstantStep::kInPlace, target_is_base, steps > 1 || rotations,
                 [&](const ConstantStep& s) { reach(Small::execute(s, value, value), steps); });
      reach(Small::execute(ConstantStep{ConstantOp::kRldimi, ConstantStep::kInPlace, 0, 8, 0}, value, value), steps);
      for (unsigned sh = 0; sh < 16 && rotations; ++sh)
        for (unsigned bound = 0; bound < 16; ++bound)
          reach(Small::execute(ConstantStep{ConstantOp::kRldimi, ConstantStep::kInPlace, 0, sh, bound}, value, value), steps);
      for (size_t i = 0; i < inputs.size(); ++i)
        for (unsigned sh = 0; sh < 16 && rotations && !inputs[i].target; ++sh)
          for (unsigned bound = 0; bound < 16; ++bound)
            reach(Small::execute(ConstantStep{ConstantOp::kRldimi, static_cast<int>(i), 0, sh, bound},
                                 inputs[i].value, value),
                  steps);
    }
    if (next.empty()) return length;
  }
}

uint64_t run_small(const std::vector<ConstantStep>& steps, const std::vector<ConstantInput>& inputs) {
  uint64_t current = 0xdead;
  for (const ConstantInput& input : inputs)
    if (input.target) current = input.value;
  for (const ConstantStep& step : steps) {
    uint64_t in = step.source >= 0 ? inputs[static_cast<size_t>(step.source)].value : current;
    current = Small::execute(step, in, current);
  }
  return current;
}

void compare_with_breadth_first(const std::vector<ConstantInput>& inputs, bool target_is_base, unsigned stride) {
  std::vector<unsigned> expected = all_lengths(inputs, target_is_base, false);
  std::vector<unsigned> rotating = all_lengths(inputs, target_is_base, true);
  for (size_t i = 0; i < expected.size(); ++i)
    if (rotating[i] <= Small::kShort) expected[i] = rotating[i];
  Small search(inputs, target_is_base);
  unsigned longer = 0, wrong = 0, histogram[8] = {};
  for (uint64_t value = 0; value < (1 << 16); value += stride) {
    std::vector<ConstantStep> steps = search.run(value);
    if (run_small(steps, inputs) != value) ++wrong;
    if (steps.size() != expected[value]) ++longer;
    if (steps.size() < 8) ++histogram[steps.size()];
    if (steps.size() != expected[value] && longer <= 3)
      MESSAGE("value " << value << ": " << steps.size() << " steps, breadth first " << expected[value]);
  }
  CHECK(wrong == 0);
  CHECK(longer == 0);
  CHECK(histogram[1] > 0);
  CHECK(histogram[2] > 0);
  CHECK(histogram[3] > 0);
}

}  // namespace

TEST_CASE("on a machine of 16 bits, every constant is as short as exhaustive search can make it") {
  SUBCASE("from nothing") { compare_with_breadth_first({}, true, 3); }
  SUBCASE("from nothing, into r0") { compare_with_breadth_first({}, false, 31); }
  SUBCASE("from one known register") { compare_with_breadth_first({{0x4a37, true, false}}, true, 31); }
  SUBCASE("from one known register that is r0") { compare_with_breadth_first({{0x0f31, false, false}}, true, 53); }
  SUBCASE("from the target's own value and another") {
    compare_with_breadth_first({{0x8001, true, true}, {0x1234, true, false}}, true, 53);
  }
}

namespace {

uint64_t run_real(const std::vector<Instruction>& code, Gpr target, std::span<const KnownRegister> live) {
  test::Registers registers;
  std::mt19937_64 garbage(7);
  for (uint64_t& r : registers) r = garbage();
  for (const KnownRegister& known : live) registers[known.gpr.number()] = known.value;
  test::Registers before = registers;
  for (const Instruction& instruction : code) {
    REQUIRE(encode(instruction).ok());
    test::execute(instruction, registers);
  }
  for (unsigned i = 0; i < 32; ++i)
    if (i != target.number()) CHECK(registers[i] == before[i]);
  return registers[target.number()];
}

}  // namespace

TEST_CASE("constants of every shape come out right") {
  std::mt19937_64 random(20050207);
  auto narrow = [&](uint64_t v, unsigned low, unsigned high) { return v >> (64 - high) << low; };
  for (int round = 0; round < 6; ++round) {
    uint64_t v = random();
    for (uint64_t value : {v, narrow(v, 16, 15), narrow(v, 12, 19), narrow(v, 16, 28), narrow(v, 12, 32),
                           0xc000000000000000 | narrow(v, 12, 28), ~narrow(v, 0, 20), v & (v >> 32)}) {
      std::vector<KnownRegister> live;
      if (round % 3 == 1) live = {{reg::r4, random() >> 30 << 16}};
      if (round % 3 == 2) live = {{reg::r4, value + (random() % 0x20000) - 0x10000}, {reg::r0, random()}};
      Gpr target = round % 2 == 0 ? reg::r7 : reg::r0;
      if (target == reg::r0 && live.size() == 2) live.pop_back();
      std::vector<Instruction> code = materialize(target, value, live);
      CHECK(code.size() <= 5);
      CHECK(run_real(code, target, live) == value);
    }
  }
}

TEST_CASE("what a reader expects of common constants") {
  auto text = [](Gpr target, uint64_t value, std::vector<KnownRegister> live = {}) {
    std::string all;
    for (const Instruction& i : materialize(target, value, live)) all += to_text(i) + ";";
    return all;
  };
  CHECK(text(reg::r5, 0) == "li\t%r5, 0;");
  CHECK(text(reg::r4, 0x4000000) == "lis\t%r4, 0x400;");
  CHECK(text(reg::r4, 0x4001234) == "lis\t%r4, 0x400;ori\t%r4, %r4, 0x1234;");
  constexpr uint64_t far = 0x123400000000;
  CHECK(text(reg::r7, far + 0x10000, {{reg::r4, far}}) == "addis\t%r7, %r4, 1;");
  CHECK(text(reg::r7, far + 0x19000, {{reg::r4, far}}) == "addis\t%r7, %r4, 1;ori\t%r7, %r7, 0x9000;");
  CHECK(text(reg::r7, far - 0x8000, {{reg::r4, far}}) == "addi\t%r7, %r4, -0x8000;");
  CHECK(text(reg::r3, far, {{reg::r7, far}}) == "mr\t%r3, %r7;");
  CHECK(text(reg::r4, far, {{reg::r4, far}}).empty());
  CHECK(text(reg::r4, far + 0x10000, {{reg::r4, far}}) == "addis\t%r4, %r4, 1;");
  // What needs no other register does not read one.
  CHECK(text(reg::r3, 0x4010000, {{reg::r7, 0x4010000}}) == "lis\t%r3, 0x401;");
  // r0 as a base would be the number 0.
  std::vector<KnownRegister> zero{{reg::r0, far}};
  CHECK(run_real(materialize(reg::r7, far - 0x8000, zero), reg::r7, zero) == far - 0x8000);
}

TEST_CASE("average lengths by class of constant stay what they are") {
  struct Class {
    const char* name;
    uint64_t fixed;
    unsigned low, width;
    double at_most;
  };
  // The figures of compilers for the same classes are 1.0, 1.96, 3.0, 3.0-3.9, 4.0, 4.94, 5.0.
  for (Class c : {Class{"64 KiB steps below 2 GiB", 0, 16, 15, 1.0}, Class{"4 KiB steps below 2 GiB", 0, 12, 19, 2.0},
                  Class{"64 KiB steps below 16 TiB", 0, 16, 28, 3.0}, Class{"4 KiB steps below 16 TiB", 0, 12, 32, 3.0},
                  Class{"8-byte steps below 64 TiB", 0, 3, 43, 4.0},
                  Class{"kernel virtual, 4 KiB steps", 0xc000000000000000, 12, 32, 4.0},
                  Class{"any 64 bits", 0, 0, 64, 5.0}}) {
    std::mt19937_64 random(1);
    constexpr int kSample = 5;
    double total = 0;
    for (int i = 0; i < kSample; ++i)
      total += static_cast<double>(materialize(reg::r3, c.fixed | (random() >> (64 - c.width) << c.low)).size());
    MESSAGE(std::string(c.name) << ": " << total / kSample);
    CHECK(total / kSample <= c.at_most);
  }
}

namespace {

void check_moves(const std::vector<Assignment>& assignments, const std::vector<KnownRegister>& live,
                 const std::vector<Gpr>& scratch, size_t* length) {
  auto moves = parallel_moves(assignments, live, scratch);
  REQUIRE(moves.ok());
  test::Registers registers;
  std::mt19937_64 garbage(11);
  for (uint64_t& r : registers) r = garbage();
  for (const KnownRegister& known : live) registers[known.gpr.number()] = known.value;
  test::Registers expected = registers;
  std::set<unsigned> writable;
  for (const Assignment& a : assignments) {
    const Gpr* from = std::get_if<Gpr>(&a.source);
    expected[a.target.number()] = from ? registers[from->number()] : std::get<uint64_t>(a.source);
    writable.insert(a.target.number());
  }
  for (const Move& move : *moves) {
    REQUIRE(encode(move.instruction).ok());
    CHECK(move.assignment < assignments.size());
    test::execute(move.instruction, registers);
  }
  for (Gpr s : scratch) expected[s.number()] = registers[s.number()];
  CHECK(registers == expected);
  *length = moves->size();
}

/// The least number of copies for register-to-register assignments with scratch at hand: one for each that
/// is not already so, and one more for each cycle.
size_t least_copies(const std::vector<Assignment>& assignments) {
  std::map<unsigned, unsigned> from;
  std::map<unsigned, unsigned> readers;
  for (const Assignment& a : assignments) {
    unsigned source = std::get<Gpr>(a.source).number();
    if (source != a.target.number()) from[a.target.number()] = source, ++readers[source];
  }
  size_t copies = from.size();
  std::set<unsigned> seen;
  for (const auto& [target, source] : from) {
    std::vector<unsigned> walk;
    unsigned at = target;
    while (from.count(at) != 0 && seen.insert(at).second) walk.push_back(at), at = from[at];
    // A cycle costs one more unless a register outside it receives one of its values anyway.
    if (from.count(at) == 0 || std::find(walk.begin(), walk.end(), at) == walk.end()) continue;
    bool has_outside_reader = false;
    for (auto it = std::find(walk.begin(), walk.end(), at); it != walk.end(); ++it)
      has_outside_reader |= readers[*it] > 1;
    if (!has_outside_reader) ++copies;
  }
  return copies;
}

}  // namespace

TEST_CASE("random parallel assignments equal their simulation, with the least number of copies") {
  std::mt19937_64 random(1955);
  for (int round = 0; round < 400; ++round) {
    std::vector<unsigned> numbers{3, 4, 5, 6, 7, 8, 9};
    std::shuffle(numbers.begin(), numbers.end(), random);
    size_t count = 1 + random() % 6;
    bool with_constants = round % 2 == 0;
    std::vector<KnownRegister> live;
    if (with_constants) live.push_back({reg::r4, 0x4000000});
    std::vector<Assignment> assignments;
    for (size_t i = 0; i < count; ++i) {
      Gpr target{numbers[i]};
      if (with_constants && random() % 2 == 0)
        assignments.push_back({target, 0x4000000 + (random() % 64 << 16)});
      else
        assignments.push_back({target, Gpr{3 + static_cast<unsigned>(random() % 7)}});
    }
    size_t length = 0;
    check_moves(assignments, live, {reg::r0, reg::r11}, &length);
    if (!with_constants) CHECK(length == least_copies(assignments));
  }
}

TEST_CASE("moves that are written down") {
  auto text = [](std::vector<Assignment> a, std::vector<KnownRegister> live, std::vector<Gpr> scratch) {
    auto moves = parallel_moves(a, live, scratch);
    if (!moves) return "failure: " + moves.failure().message;
    std::string all;
    for (const Move& m : *moves) all += to_text(m.instruction) + ";";
    return all;
  };
  CHECK(text({{reg::r3, reg::r4}, {reg::r4, reg::r3}, {reg::r5, uint64_t{0}}}, {}, {reg::r0}).size() ==
        std::string("mr\t%r0, %r3;mr\t%r3, %r4;mr\t%r4, %r0;li\t%r5, 0;").size());
  // A target that is not yet set serves as well as a scratch register.
  CHECK(text({{reg::r3, reg::r4}, {reg::r4, reg::r3}, {reg::r5, uint64_t{0}}}, {}, {}) ==
        "mr\t%r5, %r3;mr\t%r3, %r4;mr\t%r4, %r5;li\t%r5, 0;");
  CHECK(text({{reg::r3, reg::r4}, {reg::r4, reg::r3}}, {}, {}) ==
        "failure: the registers are set in a cycle, and no register is free to open it");
  // The base register of r3's constant is itself set to 0: r3 is made first.
  CHECK(text({{reg::r4, uint64_t{0}}, {reg::r3, uint64_t{0x123456780000}}}, {{reg::r4, 0x123456700000}}, {}) ==
        "addis\t%r3, %r4, 8;li\t%r4, 0;");
  CHECK(text({{reg::r5, uint64_t{0}}}, {{reg::r5, 0}}, {}).empty());
  CHECK(text({{reg::r5, uint64_t{0}}, {reg::r5, uint64_t{1}}}, {}, {}) == "failure: register `r5` is set twice");
  CHECK(text({{reg::r5, reg::r0}}, {}, {reg::r0}) ==
        "failure: scratch register `r0` is part of the assignment");
}
