// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results that have a name, and stubs with several ways: what is decided once holds later, and what is refuted on a
// way that depends on inputs comes with inputs that go that way.
#include <doctest/doctest.h>

#include "stub_case.h"
#include "verify/definitions.h"
#include "verify/trace.h"

using namespace baton;
using namespace baton::verify;

namespace {

const Value kId = Value::symbol(1, 0xffff), kOther = Value::symbol(2);
const SymbolNames kNames = [](unsigned symbol) { return "s" + std::to_string(symbol); };

}  // namespace

TEST_CASE("what was stored is kept as runs of bytes") {
  StoredNumbers stored;
  for (uint64_t at : {0x100, 0x101, 0x102, 0x200}) stored.append(at, static_cast<uint8_t>(at));
  CHECK(stored.runs().size() == 2);
  CHECK(stored.at(0x102) == 2);
  CHECK_FALSE(stored.contains(0xff));
  CHECK_FALSE(stored.contains(0x103));
  std::array<uint8_t, 4> window{9, 9, 9, 9};
  stored.write(0x101, window);
  CHECK(window == std::array<uint8_t, 4>{1, 2, 9, 9});
  stored.write(0x1fe, window);
  CHECK(window == std::array<uint8_t, 4>{1, 2, 0, 9});
  StoredNumbers other;
  for (uint64_t at : {0x100, 0x101, 0x102}) other.append(at, at == 0x101 ? 9 : static_cast<uint8_t>(at));
  StoredNumbers common = stored;
  common.keep_common(other);
  CHECK(common.runs() == std::map<uint64_t, ByteBuffer>{{0x100, {0}}, {0x102, {2}}});
  stored.remove(Range::at(Address{0x101}, Size{1}));
  CHECK(stored.runs() == std::map<uint64_t, ByteBuffer>{{0x100, {0}}, {0x102, {2}}, {0x200, {0}}});
}

TEST_CASE("steps are counted over all ways, and pages that are stored to are steps") {
  const std::string fork = "\tandi. %r0, %r3, 1\n\tbeq 1f\n1:\tandi. %r0, %r3, 2\n\tbeq 1f\n1:\tli %r8, 0\n1:\taddi %r8, %r8, 1\n\tcmpdi %r8, 300\n\tblt 1b\n";
  // Four ways, none longer than a thousand.
  Case four(fork + kGo);
  four.from.most_instructions = 4000;
  CHECK(four.judge().obligations[0].outcome == Outcome::kProved);
  four.from.most_instructions = 2000;
  const Verdict cut = four.judge();
  CHECK(cut.obligations[0].outcome == Outcome::kUnknown);
  CHECK(cut.obligations[0].detail.find("no end after ") == 0);
  CHECK(cut.obligations[0].detail.find("; a function that takes as long can be taken by contract") != std::string::npos);
  // Eight pages of 512 bytes, by two dozen instructions.
  Case stores("\tlis %r7, 3\n\tli %r8, 8\n\tmtctr %r8\n1:\tstdu %r8, 512(%r7)\n\tbdnz 1b\n" + std::string(kGo));
  stores.from.most_instructions = 9 * kStepsOfPage;
  CHECK(stores.judge().obligations[0].outcome == Outcome::kProved);
  stores.from.most_instructions = 8 * kStepsOfPage;
  CHECK(stores.judge().obligations[0].detail.find(" instructions that store 64 bytes, the next at 0x100") != std::string::npos);
}

TEST_CASE("what no CPU reaches with translation off is not loaded") {
  Case above(std::string("\tlis %r9, 0x4000\n\tlbz %r8, 0(%r9)\n") + kGo);
  CHECK(above.judge().obligations[0].outcome == Outcome::kProved);  // of a machine that nobody described
  above.from.reach = std::make_shared<const RangeSet>(RangeSet{Range::from_to(0, 0x40000000)});
  const Verdict verdict = above.judge();
  CHECK(verdict.obligations[0].outcome == Outcome::kRefuted);
  CHECK(verdict.obligations[0].detail == "`lbz %r8, 0(%r9)` at 0x10004 loads from 0x40000000, which no CPU of this guest reaches with translation off (machine.rma)");
  above.from.reach = std::make_shared<const RangeSet>(RangeSet{Range::from_to(0, 0x40000001)});
  CHECK(above.judge().obligations[0].outcome == Outcome::kProved);
  // The four high bits are not looked at; a store is judged by what may be written.
  Case high(std::string("\tlis %r9, -0x4000\n\tsldi %r9, %r9, 32\n\tlbz %r8, 0(%r9)\n") + kGo);
  high.from.reach = above.from.reach;
  CHECK(high.judge().obligations[0].outcome == Outcome::kProved);
  Case stores(std::string("\tlis %r9, 0x5000\n\tstb %r8, 0(%r9)\n") + kGo);
  stores.from.reach = above.from.reach;
  CHECK(find(stores.judge(), "nothing else is written").outcome == Outcome::kRefuted);
}

TEST_CASE("under a linear map memory is seen with its high bits only") {
  const auto judged = [](const std::string& code, uint64_t high) {
    Case c(code + kGo);
    c.from.linear_map = true;
    c.from.linear_high = high;
    c.from.msr_known |= ppc64::msr::kDr;
    c.from.msr_value |= ppc64::msr::kDr;
    c.from.reach = std::make_shared<const RangeSet>(RangeSet{Range::from_to(0, 0x50000000)});
    return c.judge().obligations[0];
  };
  const uint64_t high = uint64_t{0xc} << 60;
  const std::string low = "\tlis %r9, 0x4000\n\t", top = "\tlis %r9, -0x4000\n\tsldi %r9, %r9, 32\n\toris %r9, %r9, 0x4000\n\t";
  CHECK(judged(low + "lbz %r8, 0(%r9)\n", 0).outcome == Outcome::kProved);
  CHECK(judged(top + "lbz %r8, 0(%r9)\n", high).outcome == Outcome::kProved);
  for (const char* access : {"lbz %r8, 0(%r9)\n", "stb %r8, 0(%r9)\n", "dcbst 0, %r9\n", "icbi 0, %r9\n"}) {
    CAPTURE(access);
    CHECK(judged(low + access, high).outcome == Outcome::kRefuted);
    CHECK(judged(low + access, high).detail.find(" 0x40000000, where translation shows nothing") != std::string::npos);
    CHECK(judged(top + access, 0).outcome == Outcome::kRefuted);
  }
  CHECK(judged("\tlis %r9, 0x6000\n\tlbz %r8, 0(%r9)\n", 0).detail == "`lbz %r8, 0(%r9)` at 0x10004 loads from 0x60000000, where nothing is");
}

TEST_CASE("who waits for nobody never leaves") {
  Case c(std::string("\tlis %r9, 0x4000\n1:\tlbz %r8, 0(%r9)\n\tb 1b\n") + kGo);
  CHECK(c.judge().obligations[0].outcome == Outcome::kUnknown);
  c.to.is_alone = true;
  CHECK(c.judge().obligations[0].outcome == Outcome::kRefuted);
}

TEST_CASE("what is not known is said to come from what nobody described") {
  Case c(std::string("\tlis %r9, 0x4000\n\tld %r8, 8(%r9)\n\tlbz %r7, 0(%r8)\n") + kGo);
  CHECK(c.judge().obligations[0].detail ==
        "`lbz %r7, 0(%r8)` at 0x10008 accesses memory at an address that is not known; `ld %r8, 8(%r9)` at 0x10004 loads 8 bytes at "
        "0x40000008, which nobody described");
}

TEST_CASE("the same operation on the same operands has one name") {
  Definitions d;
  unsigned sum = d.name({Operation::kAdd, kId, kOther, Bit::constant(false)});
  CHECK(sum >= Definitions::kFirst);
  CHECK(d.name({Operation::kAdd, kId, kOther, Bit::constant(false)}) == sum);
  CHECK(d.name({Operation::kAdd, kId, kOther, Bit::constant(true)}) != sum);
  CHECK(d.name({Operation::kXor, kId, kOther, Bit::constant(false)}) != sum);
  CHECK(d.find(sum)->a.same_as(kId));
  CHECK(d.find(Definitions::kFirst - 1) == nullptr);
  CHECK(d.find(sum + 100) == nullptr);
}

TEST_CASE("a number added to a sum with a number is one sum") {
  Definitions d;
  auto plus = [&](const Value& a, uint64_t b) { return d.complete(Operation::kAdd, a, Value(b), add(a, Value(b))); };
  CHECK(plus(plus(kOther, 5), 7).same_as(plus(kOther, 12)));
  CHECK(plus(plus(kOther, 5), ~uint64_t{4}).same_as(kOther));
  CHECK_FALSE(plus(plus(kOther, 5), 7).same_as(plus(kOther, 13)));
  Value a = d.complete(Operation::kAdd, kOther, Value(3), add(kOther, Value(3), Bit::constant(true)), Bit::constant(true));
  CHECK(a.same_as(plus(kOther, 4)));
}

TEST_CASE("what is unknown in an operand is unknown in the result") {
  Definitions d;
  Value result = d.complete(Operation::kAdd, Value::unknown(), kId, add(Value::unknown(), kId));
  CHECK_FALSE(result.same_as(result));
  Value named = d.complete(Operation::kAdd, kOther, kId, add(kOther, kId));
  CHECK(named.same_as(d.complete(Operation::kAdd, kOther, kId, add(kOther, kId))));
}

TEST_CASE("an order is decided by the one bit in which two values differ") {
  Definitions d;
  Value bit = kId.masked(1);
  Order unsigned_order = d.order(bit, Value(), false);
  CHECK(unsigned_order.equal.same_as(~bit.bit(0)));
  CHECK(unsigned_order.greater.same_as(bit.bit(0)));
  CHECK(unsigned_order.less.same_as(Bit::constant(false)));
  Value sign = kOther.masked(uint64_t{1} << 63);
  CHECK(d.order(sign, Value(), true).less.same_as(sign.bit(63)));
  CHECK(d.order(sign, Value(), false).greater.same_as(sign.bit(63)));
  // Two bits need a name.
  Order named = d.order(kId.masked(3), Value(1), false);
  CHECK_FALSE(named.less.is_unknown());
  CHECK(named.less.same_as(d.order(kId.masked(3), Value(1), false).less));
}

TEST_CASE("evaluation is what the machine would compute") {
  Definitions d;
  Assignment numbers(7);
  for (unsigned n = 0; n < 16; ++n) numbers.choose(1, n, (0xfffeu >> n & 1) != 0);
  for (unsigned n = 0; n < 64; ++n) numbers.choose(2, n, n < 2);
  auto value = [&](Operation operation, const Value& a, const Value& b, Bit carry = Bit::constant(false)) {
    return evaluate(Value::symbol(d.name({operation, a, b, carry})), d, numbers);
  };
  CHECK(value(Operation::kAdd, kId, kOther) == 0x10001);
  CHECK(value(Operation::kAdd, kId, kOther, Bit::constant(true)) == 0x10002);
  CHECK(value(Operation::kMultiply, kId, kOther) == 0xfffe * 3);
  CHECK(value(Operation::kAnd, kId, kOther) == 2);
  CHECK(value(Operation::kOr, kId, kOther) == 0xffff);
  CHECK(value(Operation::kXor, kId, kOther) == 0xfffd);
  CHECK(value(Operation::kUnsignedOrder, kId, kOther) == (1u << kGreaterBit));
  CHECK(value(Operation::kSignedOrder, ~kId, kOther) == (1u << kLessBit));
  CHECK(value(Operation::kUnsignedOrder, ~kId, kOther) == (1u << kGreaterBit));
  CHECK(value(Operation::kCarry, ~Value(), kOther) == 1);
  CHECK(evaluate(kId.rotate_left(8) | Value(1), d, numbers) == 0xfffe01);
  CHECK(evaluate(~kOther, d, numbers) == ~uint64_t{3});
}

TEST_CASE("numbers are found for what was decided") {
  Definitions d;
  struct {
    Value a, b;
    bool is_signed;
  } orders[] = {{kId, Value(4), false}, {Value(4), kId, false}, {kOther, Value(~uint64_t{0}), true}, {kOther.rotate_left(32), Value(17), false}};
  for (const auto& o : orders)
    for (unsigned part : {kLessBit, kGreaterBit, kEqualBit})
      for (bool one : {true, false}) {
        unsigned symbol = d.name({o.is_signed ? Operation::kSignedOrder : Operation::kUnsignedOrder, o.a, o.b, Bit::constant(false)});
        Atom atom = (symbol + 1) * 64 + part;
        auto found = find_assignment({{atom, one}}, d, 3);
        CAPTURE(part);
        CAPTURE(one);
        REQUIRE(found);
        CHECK((evaluate(Value::symbol(symbol), d, *found) >> part & 1) == (one ? 1 : 0));
      }
  // Nothing is both.
  unsigned s = d.name({Operation::kUnsignedOrder, kId, Value(4), Bit::constant(false)});
  CHECK_FALSE(find_assignment({{(s + 1) * 64 + kLessBit, true}, {(s + 1) * 64 + kEqualBit, true}}, d, 3));
  // Through a sum.
  Value plus = Value::symbol(d.name({Operation::kAdd, kOther, Value(5), Bit::constant(false)}));
  unsigned t = d.name({Operation::kUnsignedOrder, plus, Value(100), Bit::constant(false)});
  auto through = find_assignment({{(t + 1) * 64 + kEqualBit, true}}, d, 3);
  REQUIRE(through);
  CHECK(through->of(2) == 95);
}

TEST_CASE("every way is followed, and both are right") {
  Case c(std::string("\tlwz %r6, 8(%r4)\n\tcmplwi %r6, 2\n\tblt 1f\n\tli %r5, 0\n\tb 2f\n1:\tli %r5, 0\n2:\n") + kGo);
  c.to.registers = {{"r5", {Term::number(0)}, "r5 = 0"}};
  Verdict v = c.judge();
  CHECK(v.paths == 2);
  CHECK(v.outcome() == Outcome::kProved);
  CHECK(v.instructions == 8);
}

TEST_CASE("one wrong way is enough, and comes with numbers that go it") {
  Case c(std::string("\tlwz %r6, 8(%r4)\n\tcmplwi %r6, 2\n\tli %r5, 0\n\tbge 1f\n\tli %r5, 1\n1:\n") + kGo);
  c.to.registers = {{"r5", {Term::number(0)}, "r5 = 0"}};
  Verdict v = c.judge();
  const Obligation& o = find(v, "r5 = 0");
  CHECK(o.outcome == Outcome::kRefuted);
  REQUIRE(o.example);
  REQUIRE(o.example->inputs.size() == 1);
  CHECK(o.example->inputs[0].first == "8 bytes at word + 0x8");
  const uint64_t word = o.example->inputs[0].second >> 32;  // at 8 is the first half
  CHECK(word < 2);
  CHECK(o.example->seen.find("r5 = 0x1") == 0);
}

TEST_CASE("what was decided holds when it comes up again") {
  // The second branch asks the same: no third way, and r5 is right on both.
  Case c(std::string("\tcmplwi %r3, 4\n\tli %r5, 0\n\tblt 1f\n\tli %r5, 1\n1:\tcmplwi %r3, 4\n\tblt 2f\n\tli %r5, 0\n2:\n") + kGo);
  c.to.registers = {{"r5", {Term::number(0)}, "r5 = 0"}};
  Verdict v = c.judge();
  CHECK(v.paths == 2);
  CHECK(find(v, "r5 = 0").outcome == Outcome::kProved);
}

TEST_CASE("where two are equal their bits are") {
  // Only where the id is 7 is r5 taken from it.
  Case c(std::string("\tli %r5, 7\n\tcmpldi %r3, 7\n\tbne 1f\n\tmr %r5, %r3\n1:\n") + kGo);
  c.to.registers = {{"r5", {Term::number(7)}, "r5 = 7"}};
  CHECK(find(c.judge(), "r5 = 7").outcome == Outcome::kProved);
}

TEST_CASE("a way that nobody goes refutes nothing") {
  // Both conditions cannot be: the numbers are not found, so the answer is no refutation.
  Case c(std::string("\tli %r5, 0\n\tandi. %r6, %r3, 0xff\n\tcmplwi %r6, 3\n\tbne 1f\n\tcmplwi %r3, 2\n\tbge 1f\n\tli %r5, 1\n1:\n") + kGo);
  c.to.registers = {{"r5", {Term::number(0)}, "r5 = 0"}};
  CHECK(find(c.judge(), "r5 = 0").outcome != Outcome::kRefuted);
}

TEST_CASE("more ways than can be followed are unknown, in bounded time") {
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += "\tlbz %r6, " + std::to_string(i) + "(%r4)\n\tcmpwi %r6, 3\n\tbne .+8\n\tnop\n";
  Case c(text + kGo);
  Verdict v = c.judge();
  CHECK(v.outcome() == Outcome::kUnknown);
  CHECK(find(v, "enter").detail.find("ways") != std::string::npos);
}

TEST_CASE("who goes around for ever is wrong; who looks at memory meanwhile is unknown, since others may store to it") {
  CHECK(Case("\tb .\n").judge().outcome() == Outcome::kRefuted);
  CHECK(Case("1:\taddi %r9, %r9, 1\n\tb 1b\n").judge().outcome() == Outcome::kRefuted);
  CHECK(Case("\tli %r9, 0\n1:\taddi %r9, %r9, 1\n\tb 1b\n").judge().outcome() == Outcome::kUnknown);
  const Verdict polls = Case("1:\tlwz %r9, 0(%r4)\n\tnop\n\tb 1b\n").judge();
  CHECK(polls.outcome() == Outcome::kUnknown);
  CHECK(find(polls, "enter").detail.find("as long as nobody else stores to 0x30000") != std::string::npos);
}

TEST_CASE("what was stored where nothing may be is wrong, whether or not the taker is entered") {
  CHECK(find(Case("\tstb %r3, 0(%r4)\n\tb .\n").judge(), "nothing else is written").outcome == Outcome::kRefuted);
  CHECK(find(Case("\tb .\n").judge(), "nothing else is written").outcome == Outcome::kUnknown);
}

TEST_CASE("a flag of the taker's image may stay, or be one of its numbers on every way") {
  auto judged = [](const std::string& text) {
    Case c(text + kGo);
    c.to.flags = {{Address{kWord}, Endian::kLittle, {0, 1}, "flag"}};
    return c.judge();
  };
  auto answers = [&](const std::string& text) {
    const Verdict v = judged(text);
    for (const Obligation& o : v.obligations)
      if (o.clause == "flag") return to_text(o.outcome);
    return "not asked";
  };
  CHECK(answers("\tnop\n") == std::string("not asked"));
  CHECK(answers("\tli %r5, 1\n\tstwbrx %r5, 0, %r4\n") == std::string("proved"));
  CHECK(answers("\tli %r5, 1\n\tstw %r5, 0(%r4)\n") == std::string("refuted"));
  CHECK(answers("\tstw %r3, 0(%r4)\n") == std::string("refuted"));
  CHECK(answers("\tli %r5, 0\n\tcmplwi %r3, 4\n\tblt 2f\n\tli %r5, 2\n2:\tstwbrx %r5, 0, %r4\n") == std::string("refuted"));
  // Of its four bytes one: the others are what they were, which may be anything.
  CHECK(answers("\tli %r5, 1\n\tstb %r5, 0(%r4)\n") == std::string("refuted"));
  CHECK(find(judged("\tli %r5, 1\n\tstwbrx %r5, 0, %r4\n"), "nothing else is written").outcome == Outcome::kProved);
}

TEST_CASE("what depends on a number that nobody promises is wrong with one of them") {
  auto wrong = [](const std::string& text, const std::string& clause) {
    const Verdict v = Case(text + kGo).judge();
    const Obligation& o = find(v, clause);
    CAPTURE(text);
    CAPTURE(o.detail);
    CHECK(o.outcome == Outcome::kRefuted);
    REQUIRE(o.example);
    REQUIRE(o.numbers);
    std::string inputs;
    for (const auto& [name, number] : o.example->inputs) inputs += name + " = " + hex(Wide{number}) + " ";
    return inputs + "| " + o.example->seen;
  };
  CHECK(wrong("\tstw %r3, 0(%r8)\n", "nothing else is written") == "r8 at entry = 0x4000 | the byte at 0x4000 in no segment is written");
  // The address is the sum that stands out, not the register.
  CHECK(wrong("\taddi %r8, %r8, 0x20\n\tstw %r3, 0(%r8)\n", "nothing else is written") ==
        "r8 at entry = 0x3fe0 | the byte at 0x4000 in no segment is written");
  CHECK(wrong("\tstw %r3, -0x10(%r8)\n", "nothing else is written") == "r8 at entry = 0x4010 | the byte at 0x4000 in no segment is written");
  CHECK(wrong("\tmtlr %r8\n\tblr\n", "enter").find("r8 at entry = 0x4000 | execution goes to 0x4000") == 0);
  // One turn too few.
  Case once("\tmtctr %r8\n2:\tstbu %r3, 1(%r4)\n\tbdnz 2b\n" + std::string(kGo));
  once.to.words = {{Address{kWord + 2}, 1, Term::number(0), "the second byte"}};
  once.to.may_write.add(Range::at(Address{kWord}, Size{64}));
  CHECK(find(once.judge(), "the second byte").outcome == Outcome::kRefuted);
  // An id that is promised to be small is no address that is wrong: what it may be is asked for, not any number.
  Case small("\tstbx %r3, %r4, %r3\n" + std::string(kGo));
  small.to.may_write.add(Range::at(Address{kWord}, Size{0x1'0000}));
  CHECK(find(small.judge(), "enter").outcome == Outcome::kUnknown);
}

TEST_CASE("memory that nobody described may hold anything, where it is said that this is all") {
  Case c("\tlis %r8, 5\n\tlwz %r5, 0(%r8)\n" + std::string(kGo));
  c.to.registers = {{"r5", {Term::number(0)}, "r5 = 0"}};
  CHECK(find(c.judge(), "r5 = 0").outcome == Outcome::kUnknown);
  Loaded loaded{{{"code", Address{kCode}, c.code, Size{0x1000}}}, Address{kCode}};
  loaded.is_all = true;
  const Verdict v = verify_entry(loaded, c.from, c.to, Endian::kBig);
  const Obligation& o = find(v, "r5 = 0");
  CHECK(o.outcome == Outcome::kRefuted);
  REQUIRE(o.example);
  REQUIRE(o.example->inputs.size() == 1);
  CHECK(o.example->inputs[0].first == "8 bytes at 0x50000");
  CHECK(o.example->seen == "r5 = " + hex(Wide{o.example->inputs[0].second >> 32}) + ", not certainly 0x0");
  // A wait on such memory: somebody finds that it is over.
  Case wait("\tlis %r8, 5\n2:\tlwz %r5, 0(%r8)\n\tcmpwi %r5, 0\n\tbeq 2b\n" + std::string(kGo));
  loaded.segments = {{"code", Address{kCode}, wait.code, Size{0x1000}}};
  CHECK(verify_wait(loaded, wait.from, wait.to, Endian::kBig, "waits").outcome() == Outcome::kRefuted);
  loaded.is_all = false;
  CHECK(verify_wait(loaded, wait.from, wait.to, Endian::kBig, "waits").outcome() == Outcome::kUnknown);
}

TEST_CASE("who waits for what is there already never leaves") {
  Case c("2:\tlwz %r5, 0(%r8)\n\tcmpwi %r5, 0\n\tbeq 2b\n" + std::string(kGo));
  const ByteBuffer zero(4);
  c.from.registers["r8"] = Term::number(0x50000);
  c.from.memory.push_back({"the word", Address{0x50000}, zero, Size{4}});
  CHECK(find(c.judge(), "enter").outcome == Outcome::kUnknown);  // somebody else may store to it
  c.to.awaited.add(Range::at(Address{0x50000}, Size{4}));
  const Verdict v = c.judge();
  CHECK(find(v, "enter").outcome == Outcome::kRefuted);
  CHECK(find(v, "enter").detail.find("though what it waits for is there") != std::string::npos);
}

TEST_CASE("what is said to be code may run, and nothing else of the segment around it") {
  Case c(std::string("\tb .+8\n\tnop\n") + kGo);
  auto judged = [&](Range range) {
    RangeSet code;
    code.add(range);
    Loaded loaded{{{"code", Address{kCode}, c.code, Size{c.code.size()}}}, Address{kCode}, code};
    return verify_entry(loaded, c.from, c.to, Endian::kBig).obligations.front().outcome;
  };
  CHECK(judged(Range::at(Address{kCode}, Size{c.code.size()})) == Outcome::kProved);
  CHECK(judged(Range::at(Address{kCode}, Size{8})) == Outcome::kRefuted);
}

TEST_CASE("a trace has every step of every way, and counts the turns of a loop") {
  Case c(std::string("\tli %r5, 9\n\tmtctr %r5\n1:\tbdnz 1b\n\tcmplwi %r3, 4\n\tblt 2f\n\tstw %r3, 0(%r4)\n2:\n") + kGo);
  c.to.may_write.add(Range::at(Address{kWord}, Size{4}));
  c.to.registers = {{"r5", {Term::number(9)}, "r5 = 9"}, {"r6", {Term::number(9)}, "r6 = 9"}};
  Trace trace;
  const Verdict verdict = c.judge(&trace);
  const std::string text = trace.text(c.to, verdict);
  CAPTURE(text);
  // Brought about before the ways part, and told once; where each way arrives, it is told of each.
  CHECK(text.find("r5 = 0x9\n            meets `r5 = 9`\n") != std::string::npos);
  CHECK(text.find("meets `r5 = 9`") == text.rfind("meets `r5 = 9`"));
  CHECK(text.find("meets `r6 = 9`") == std::string::npos);
  CHECK(text.find("meets `" + c.to.target_clause + "`") < text.find("the way where"));
  CHECK(text.rfind("meets `" + c.to.target_clause + "`") > text.find("the way where"));
  CHECK(text.find("... 7 steps of more turns") != std::string::npos);
  CHECK(text.find("the way where id in bits 0xffff >= 0x4:") != std::string::npos);
  CHECK(text.find("4 bytes at 0x30000 = id in bits 0xffff") != std::string::npos);
}

TEST_CASE("a listing says who brought about what") {
  Case c(std::string("\tli %r5, 1\n\tli %r5, 0\n\tlwz %r6, 4(%r4)\n") + kGo);
  c.to.registers = {{"r5", {Term::number(0)}, "r5 = 0"}};
  Listing listing;
  Verdict v = c.judge(&listing);
  listing.credit(c.to, v);
  CHECK(listing.lines().at(kCode).clauses.empty());
  CHECK(listing.lines().at(kCode + 4).clauses == std::vector<std::string>{"r5 = 0"});
  CHECK(listing.was_read(kWord + 4));
  CHECK_FALSE(listing.was_read(kWord));
  CHECK(listing.lines().size() == 6);
}
