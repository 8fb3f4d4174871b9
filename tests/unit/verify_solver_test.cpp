// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What only the solver tells: its terms mean what the machine computes, it is not loaded by what does without, it shows what
// simplification leaves open, its numbers are believed after a run with them, and without it the answer is `unknown`.
#include <doctest/doctest.h>

#include <fstream>
#include <random>

#include "stub_case.h"
#include "verify/solver.h"

using namespace baton;
using namespace baton::verify;

namespace {

bool is_loaded() {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line))
    if (line.find("libz3") != std::string::npos) return true;
  return false;
}

Case with_goal(const std::string& text, Term wanted) {
  Case c(text + kGo);
  c.from.registers["r7"] = Term::named("seven");
  c.to.registers = {{"r5", {wanted}, "r5"}};
  return c;
}

/// What is not known without the solver, and what it is with it.
Obligation only_the_solver_tells(Case c, const char* clause) {
  c.from.solver.allowed = false;
  CHECK(find(c.judge(), clause).outcome == Outcome::kUnknown);
  c.from.solver = {};
  return find(c.judge(), clause);
}

void only_the_solver_proves(const Case& c, const char* clause = "r5") {
  const Obligation o = only_the_solver_tells(c, clause);
  CAPTURE(o.detail);
  CHECK(o.outcome == Outcome::kProved);
  CHECK(o.by_solver);
}

/// With inputs, which a run confirms: that is not by the solver.
Example only_the_solver_refutes(const Case& c, const char* clause = "r5") {
  const Obligation o = only_the_solver_tells(c, clause);
  CAPTURE(o.detail);
  CHECK(o.outcome == Outcome::kRefuted);
  CHECK_FALSE(o.by_solver);
  REQUIRE(o.example);
  return *o.example;
}

uint64_t input(const Example& example, const std::string& name) {
  for (const auto& [known, number] : example.inputs)
    if (known == name) return number;
  FAIL("no input " << name);
  return 0;
}

}  // namespace

// In a process of its own, where nothing else asks (unit.verify-unasked).
TEST_CASE("what simplification shows does not load the solver" * doctest::skip()) {
  Case c = with_goal("\tcmplwi %r3, 4\n\tli %r5, 0\n\tblt 1f\n\tli %r5, 0\n1:\n", Term::number(0));
  CHECK(c.judge().outcome() == Outcome::kProved);
  Case wrong = with_goal("\tcmplwi %r3, 4\n\tli %r5, 0\n\tblt 1f\n\tli %r5, 1\n1:\n", Term::number(0));
  CHECK(wrong.judge().outcome() == Outcome::kRefuted);
  CHECK(with_goal("\tmr %r5, %r3\n", Term::named("id")).judge().outcome() == Outcome::kProved);
  CHECK(with_goal("\tmr %r5, %r7\n", Term::named("id")).judge().outcome() == Outcome::kRefuted);
  CHECK_FALSE(is_loaded());
  // One that asks loads it: the look at what is loaded would see it.
  CHECK(with_goal("\txor %r5, %r3, %r7\n\txor %r5, %r5, %r7\n", Term::named("id")).judge().outcome() == Outcome::kProved);
  CHECK(is_loaded());
}

TEST_CASE("without the solver it is not known, and said why") {
  Case c = with_goal("\txor %r5, %r3, %r7\n\txor %r5, %r5, %r7\n", Term::named("id"));
  c.from.solver.library = "libz3-that-is-not-here.so";
  const Verdict v = c.judge();
  CHECK(find(v, "r5").outcome == Outcome::kUnknown);
  CHECK(find(v, "r5").detail.find("the solver might tell, and libz3-that-is-not-here.so cannot be loaded") != std::string::npos);
  // A library, and not Z3.
  c.from.solver.library = "libc.so.6";
  CHECK(find(c.judge(), "r5").detail.find("libc.so.6 is no Z3 that can be used") != std::string::npos);
  c.from.solver.allowed = false;
  CHECK(find(c.judge(), "r5").detail.find("the solver was not to be asked") != std::string::npos);
}

TEST_CASE("the solver's terms mean what is computed") {
  std::mt19937_64 random(17);
  const Operation operations[] = {Operation::kAdd,       Operation::kCarry,      Operation::kMultiply,         Operation::kAnd,
                                  Operation::kOr,        Operation::kXor,        Operation::kShiftLeft,        Operation::kShiftRight,
                                  Operation::kShiftRightSigned, Operation::kLeadingZeros, Operation::kSignedOrder, Operation::kUnsignedOrder};
  // With numbers for both symbols, exactly one result is possible: the one that evaluate() has.
  const uint64_t corners[] = {0, 1, 63, 64, 127, ~uint64_t{0}, uint64_t{1} << 63, (uint64_t{1} << 63) - 1};
  for (Operation operation : operations) {
    CAPTURE(static_cast<int>(operation));
    Solver solver({});
    for (int i = 0; i < 8; ++i) {
      Definitions d;
      uint64_t numbers[2];
      for (uint64_t& n : numbers) n = random() % 2 == 0 ? corners[random() % std::size(corners)] : random() >> random() % 64;
      Assignment chosen;
      Decisions decisions;
      for (unsigned symbol = 0; symbol < 2; ++symbol) {
        chosen.choose(symbol, numbers[symbol]);
        for (unsigned n = 0; n < 64; ++n) decisions[Value::symbol(symbol).bit(n).atom] = (numbers[symbol] >> n & 1) != 0;
      }
      // Operands in pieces: rotated, inverted, in part a number, in part the other symbol.
      Value a = Value::symbol(0).rotate_left(static_cast<unsigned>(random() % 64)), b = Value::symbol(1);
      if (random() % 2 == 0) a = ~a;
      if (random() % 2 == 0) b = b.with(Value(random()), random());
      if (random() % 4 == 0) b = b.with(Value::symbol(0), random());
      const Bit carry = random() % 2 == 0 ? Bit::constant(random() % 2 == 0) : Value::symbol(1).bit(5);
      const Value result = Value::symbol(d.name({operation, a, b, carry}));
      const uint64_t number = evaluate(result, d, chosen);
      CHECK(solver.find(d, decisions, {}).kind == Solver::Kind::kNumbers);
      Claim right{{result, {Value(number)}}}, wrong{{result, {Value(number ^ (uint64_t{1} << random() % 64))}}};
      CHECK(solver.find(d, decisions, {}, &right).kind == Solver::Kind::kNone);
      CHECK(solver.find(d, decisions, {}, &wrong).kind == Solver::Kind::kNumbers);
      Claim either{{result, {Value(number + 1), Value(number)}}};
      CHECK(solver.find(d, decisions, {}, &either).kind == Solver::Kind::kNone);
      Claim both{{result, {Value(number)}}, {result, {Value(~number)}}};
      CHECK(solver.find(d, decisions, {}, &both).kind == Solver::Kind::kNumbers);
    }
  }
}

TEST_CASE("the numbers of an answer are such") {
  Definitions d;
  const Value sum = Value::symbol(d.name({Operation::kAdd, Value::symbol(1), Value::symbol(2), Bit::constant(false)}));
  const unsigned order = d.name({Operation::kUnsignedOrder, sum, Value(1000), Bit::constant(false)});
  const Decisions decisions{{Value::symbol(order).bit(kLessBit).atom, true}, {Value::symbol(1).bit(63).atom, true}};
  Solver solver({});
  const Claim claim{{sum, {Value(7), Value(8)}}};
  auto answer = solver.find(d, decisions, {}, &claim);
  REQUIRE(answer.kind == Solver::Kind::kNumbers);
  const uint64_t found = evaluate(sum, d, answer.numbers);
  CHECK(found < 1000);
  CHECK(found != 7);
  CHECK(found != 8);
  CHECK((answer.numbers.of(1) >> 63) == 1);
  // An unknown bit may be anything, each time.
  Value unknown;
  unknown.set_bit(0, Bit::unknown());
  const Claim same{{unknown, {unknown}}};
  CHECK(solver.find(d, {}, {}, &same).kind == Solver::Kind::kNumbers);
}

TEST_CASE("results that are the same by arithmetic") {
  SUBCASE("exchanged by exclusive or, through memory") {
    Case c = with_goal("\txor %r5, %r3, %r7\n\tstd %r5, 0(%r4)\n\txor %r7, %r5, %r7\n\tld %r5, 0(%r4)\n\txor %r3, %r5, %r7\n\tmr %r5, %r7\n",
                       Term::named("id"));
    c.to.may_write.add(Range::at(Address{kWord}, Size{8}));
    only_the_solver_proves(c);
  }
  SUBCASE("multiplied by a constant, and shifted and added") {
    // 9 * x - 8 * x
    only_the_solver_proves(with_goal("\tmulli %r5, %r7, 9\n\tsldi %r6, %r7, 3\n\tsubf %r5, %r6, %r5\n", Term::named("seven")));
  }
  SUBCASE("bytes turned around by shifts and sums") {
    // Twice: the same again. Sums in place of or, so that bits do not tell.
    std::string turn = "\tslwi %r8, %r5, 24\n\tsrwi %r10, %r5, 24\n\tadd %r8, %r8, %r10\n"
                       "\trlwinm %r10, %r5, 8, 8, 15\n\tadd %r8, %r8, %r10\n\trlwinm %r10, %r5, 24, 16, 23\n\tadd %r5, %r8, %r10\n\tclrldi %r5, %r5, 32\n";
    only_the_solver_proves(with_goal("\tclrldi %r5, %r3, 32\n\tlis %r6, 0x1234\n\txor %r5, %r5, %r6\n\txor %r5, %r5, %r7\n\tclrldi %r5, %r5, 32\n" + turn + turn +
                                         "\txor %r5, %r5, %r6\n\txor %r5, %r5, %r7\n\tclrldi %r5, %r5, 32\n",
                                     Term::named("id")));
  }
  SUBCASE("masks that leave nothing") {
    // (x | -x) >> 63 is 0 for 0 only; x & (x - 1) has one bit less.
    only_the_solver_proves(with_goal("\tneg %r5, %r7\n\tor %r5, %r5, %r7\n\tsrdi %r5, %r5, 63\n\tneg %r6, %r5\n\tandc %r5, %r7, %r6\n", Term::number(0)));
  }
  SUBCASE("the smaller of two by arithmetic is no more than each") {
    // min = y + ((x - y) & ((x - y) >> 63)) for ids, which are short; then min <= id or it traps.
    Case c = with_goal("\tclrldi %r7, %r7, 48\n\tsubf %r6, %r7, %r3\n\tsrdi %r8, %r6, 63\n\tneg %r8, %r8\n\tand %r8, %r8, %r6\n\tadd %r6, %r7, %r8\n"
                       "\ttdlgt %r6, %r3\n\ttdlgt %r6, %r7\n\tli %r5, 0\n",
                       Term::number(0));
    only_the_solver_proves(c, "enter");
  }
  SUBCASE("shifts by an amount that is not known") {
    // (x << n) >> n for n < 8 and x of 16 bits
    only_the_solver_proves(with_goal("\tclrldi %r6, %r7, 61\n\tsld %r5, %r3, %r6\n\tsrd %r5, %r5, %r6\n", Term::named("id")));
  }
  SUBCASE("leading zeros") {
    // Of a number of 16 bits there are at least 48.
    only_the_solver_proves(with_goal("\tcntlzd %r6, %r3\n\tcmpldi %r6, 48\n\tli %r5, 0\n\tbge 1f\n\tli %r5, 1\n1:\n", Term::number(0)));
    only_the_solver_proves(with_goal("\tcntlzw %r6, %r7\n\tsrwi %r6, %r6, 5\n\tclrldi %r8, %r7, 32\n\tneg %r10, %r6\n\tand %r5, %r10, %r8\n", Term::number(0)));
  }
}

TEST_CASE("ways that exclude each other are left out") {
  // Below 3 by its low byte, and not below 5 as it is, of an id of 8 bits.
  Case c = with_goal("\tclrldi %r3, %r3, 56\n\taddi %r6, %r3, 1\n\tli %r5, 0\n\tcmpldi %r6, 3\n\tbge 1f\n\tcmpldi %r3, 5\n\tblt 1f\n\tli %r5, 1\n1:\n",
                     Term::number(0));
  only_the_solver_proves(c);
  const Verdict v = c.judge();
  CHECK(v.paths == 2);
  CHECK(v.impossible == 1);
  // What does not depend on that way stays proved by itself; on it everything was.
  CHECK_FALSE(find(v, "enter").by_solver);
}

TEST_CASE("what is left out is what nobody goes, and nothing else") {
  // The same with a bound that can be: refuted, by numbers on that way.
  Case c = with_goal("\tclrldi %r3, %r3, 56\n\tmulli %r6, %r3, 3\n\tli %r5, 0\n\tcmpldi %r6, 30\n\tbne 1f\n\tcmpldi %r3, 60\n\tbge 1f\n\tli %r5, 1\n1:\n",
                     Term::number(0));
  const Example example = only_the_solver_refutes(c);
  CHECK((input(example, "id") & 0xff) == 10);
  CHECK(example.seen.find("r5 = 0x1") == 0);
}

TEST_CASE("what is not so is refuted by numbers that were run") {
  SUBCASE("one number of all") {
    // 7 * x = 0x2b67 for one x of 64 bits
    Case c = with_goal("\tmulli %r6, %r7, 7\n\tli %r5, 0\n\tcmpldi %r6, 0x2b67\n\tbne 1f\n\tli %r5, 1\n1:\n", Term::number(0));
    CHECK(input(only_the_solver_refutes(c), "seven") * 7 == 0x2b67);
  }
  SUBCASE("a swap that is right but for one operand") {
    Case c = with_goal("\txor %r5, %r3, %r7\n\tand %r6, %r7, %r3\n\tadd %r5, %r5, %r6\n", Term::named("id"));
    c.from.solver.allowed = false;
    CHECK(find(c.judge(), "r5").outcome == Outcome::kRefuted);  // any number shows it
  }
  SUBCASE("memory") {
    Case c = with_goal("\tmulli %r6, %r7, 7\n\tli %r5, 0\n\tcmpldi %r6, 0x2b67\n\tbne 1f\n\tstw %r3, 0(%r4)\n1:\n", Term::number(0));
    only_the_solver_refutes(c, "nothing else is written");
  }
}

TEST_CASE("what the giver promises of a register that is no number") {
  Case c(kGo);
  c.from.one_of["r5"] = {Term::number(0), Term::number(1)};
  c.to.registers = {{"r5", {Term::number(0), Term::number(1)}, "r5"}};
  only_the_solver_proves(c);
  c.to.registers[0].one_of.pop_back();
  const Verdict wrong = c.judge();
  CHECK(find(wrong, "r5").outcome == Outcome::kRefuted);
  REQUIRE(find(wrong, "r5").example);
  CHECK(input(*find(wrong, "r5").example, "r5 at entry") == 1);
  // A way that its values never go refutes nothing, whatever numbers would go it.
  Case way = with_goal("\tcmpldi %r5, 2\n\tblt 1f\n\tli %r5, 7\n1:\n", Term::number(0));
  way.from.one_of = c.from.one_of;
  way.to.registers[0].one_of.push_back(Term::number(1));
  only_the_solver_proves(way);
}

TEST_CASE("effort is bounded, and the same each time") {
  // Two numbers of 32 bits whose product is that of two primes: found, or not, with more effort than this.
  Case c = with_goal("\tclrldi %r6, %r7, 32\n\tsrdi %r8, %r7, 32\n\tmulld %r6, %r6, %r8\n\tlis %r9, 0x7fff\n\tori %r9, %r9, 0xffff\n\tmulld %r9, %r9, %r9\n"
                     "\tli %r5, 0\n\tcmpld %r6, %r9\n\tbne 1f\n\tli %r5, 1\n1:\n",
                     Term::number(0));
  c.from.solver.effort = 20'000;
  const Verdict v = c.judge();
  CHECK(find(v, "r5").outcome == Outcome::kUnknown);
  CHECK(find(v, "r5").detail.find("the solver gave up, after at most 20000 steps") != std::string::npos);
  CHECK(find(c.judge(), "r5").detail == find(v, "r5").detail);
  c.from.solver.effort = 500'000;
  c.from.solver.total_effort = 0;
  CHECK(find(c.judge(), "r5").detail.find("the solver has spent the 0 steps") != std::string::npos);
}

TEST_CASE("results of results do not take longer and longer") {
  // Each depends twice on the one before: 2^200 ways down.
  std::string text = "\tmr %r5, %r7\n";
  for (int i = 0; i < 200; ++i) text += "\trotldi %r6, %r5, 7\n\txor %r5, %r5, %r6\n\tadd %r5, %r5, %r6\n";
  Case c = with_goal(text, Term::named("id"));
  CHECK(find(c.judge(), "r5").outcome == Outcome::kRefuted);
}

TEST_CASE("of very many ways those that nobody goes are left out") {
  // Each byte is compared twice, and comes out the same: 16 ways, of 256 that there seem to be.
  std::string text = "\tli %r5, 0\n";
  for (int i = 0; i < 4; ++i)
    text += "\tlbz %r6, " + std::to_string(i) + "(%r4)\n\taddi %r8, %r6, 1\n\tcmpldi %r6, 3\n\tblt 1f\n\tnop\n1:\tcmpldi %r8, 4\n\tblt 2f\n\tnop\n2:\n";
  Case c = with_goal(text, Term::number(0));
  only_the_solver_proves(c);
  const Verdict v = c.judge();
  CHECK(v.outcome() == Outcome::kProved);
  CHECK(v.impossible > 0);
}
