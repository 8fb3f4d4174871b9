// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls that are taken by contract: what one changes and what not, and where it stops the judgement.
#include <doctest/doctest.h>

#include "stub_case.h"

using namespace baton;
using namespace baton::verify;

namespace {

constexpr uint64_t kFunction = 0x18000, kStack = 0x40100;

/// Calls kFunction, and what is behind the call; r1 is a stack of 256 bytes.
Case calling(const CallContract& contract, const std::string& before, const std::string& after) {
  Case c(before + "\tlis %r12, 1\n\tori %r12, %r12, 0x8000\n\tmtctr %r12\n\tbctrl\n" + after + kGo);
  ForeignCalls calls;
  calls.functions[kFunction] = contract;
  c.from.calls = std::make_shared<const ForeignCalls>(calls);
  c.from.registers["r1"] = Term::number(kStack);
  c.to.may_write.add(Range::at(Address{kStack - 256}, Size{512}));
  return c;
}

CallContract named() {
  CallContract contract;
  contract.name = "`f`";
  return contract;
}

CallContract::Operand in(unsigned gpr) { return {gpr, 0}; }
CallContract::Operand number(uint64_t n) { return {std::nullopt, n}; }

Outcome of(Case c, const std::string& reg, const Term& wanted) {
  c.to.registers = {{reg, {wanted}, reg}};
  return find(c.judge(), reg).outcome;
}

}  // namespace

TEST_CASE("a call is assumed to keep its contract, by name and once") {
  const Verdict v = calling(named(), "\tmr %r31, %r3\n", "").judge();
  CHECK(v.outcome() == Outcome::kAssumed);
  CHECK(find(v, "the call of `f` keeps its contract").outcome == Outcome::kAssumed);
  CHECK(std::count_if(v.obligations.begin(), v.obligations.end(), [](const Obligation& o) { return o.outcome == Outcome::kAssumed; }) == 1);
  // Where it is not called nothing is assumed.
  Case c(kGo);
  c.from.calls = calling(named(), "", "").from.calls;
  CHECK(c.judge().outcome() == Outcome::kProved);
}

TEST_CASE("registers that the ABI leaves to who is called are not known, and the others kept") {
  for (unsigned r = 0; r < 32; ++r) {
    const std::string name = "r" + std::to_string(r);
    if (r == 1 || r == 9 || r == 12) continue;  // set by the test itself
    Case c = calling(named(), "", "");
    c.from.registers[name] = Term::number(r == 4 ? kWord : 77);
    CAPTURE(name);
    CHECK(of(c, name, Term::number(r == 4 ? kWord : 77)) == (r == 0 || (r >= 3 && r <= 12) ? Outcome::kUnknown : Outcome::kProved));
  }
  for (const char* field : {"cr2", "cr3", "cr4"})
    CHECK(of(calling(named(), std::string("\tli %r5, 1\n\tcmpdi ") + field + ", %r5, 1\n", std::string("\tli %r5, 0\n\tbeq ") + field + ", 1f\n\tli %r5, 1\n1:\n"),
             "r5", Term::number(0)) == Outcome::kProved);
  for (const char* field : {"cr0", "cr1", "cr5", "cr6", "cr7"})
    CHECK(of(calling(named(), std::string("\tli %r5, 1\n\tcmpdi ") + field + ", %r5, 1\n", std::string("\tli %r5, 0\n\tbeq ") + field + ", 1f\n\tli %r5, 1\n1:\n"),
             "r5", Term::number(0)) == Outcome::kUnknown);
}

TEST_CASE("a contract may say itself what is changed, and what is answered") {
  CallContract contract = named();
  contract.clobbers = {"r14", "cr3"};
  contract.result = 5;
  Case c = calling(contract, "", "");
  c.from.registers["r14"] = c.from.registers["r5"] = Term::number(77);
  CHECK(of(c, "r14", Term::number(77)) == Outcome::kUnknown);
  CHECK(of(c, "r5", Term::number(77)) == Outcome::kProved);
  CHECK(of(c, "r3", Term::number(5)) == Outcome::kProved);
}

TEST_CASE("what it writes is not known, and is where the stub may write or refuted") {
  CallContract contract = named();
  contract.writes = {{in(4), in(6)}};
  auto after_store = [&](const char* length) {
    Case c = calling(contract, std::string("\tli %r5, 1\n\tstd %r5, 8(%r4)\n\tli %r6, ") + length + "\n\tmr %r31, %r4\n", "\tld %r5, 8(%r31)\n");
    c.to.may_write.add(Range::at(Address{kWord}, Size{16}));
    return c;
  };
  CHECK(of(after_store("8"), "r5", Term::number(1)) == Outcome::kProved);
  CHECK(of(after_store("9"), "r5", Term::number(1)) == Outcome::kUnknown);
  CHECK(find(after_store("16").judge(), "nothing else is written").outcome == Outcome::kProved);
  CHECK(find(after_store("17").judge(), "nothing else is written").outcome == Outcome::kRefuted);
  // Where it writes has to be a number.
  Case c = calling(contract, "\tmr %r6, %r3\n", "");
  CHECK(find(c.judge(), "enter").outcome == Outcome::kUnknown);
  CHECK(find(c.judge(), "enter").detail.find("calls `f`, and where that writes is not known") != std::string::npos);
  // More than anybody follows, and around the end of memory.
  contract.writes = {{number(0), number(uint64_t{1} << 40)}};
  CHECK(find(calling(contract, "", "").judge(), "enter").detail.find("which is more than is followed") != std::string::npos);
  contract.writes = {{number(~uint64_t{7}), number(16)}};
  CHECK(find(calling(contract, "", "").judge(), "enter").detail.find("which is more than is followed") != std::string::npos);
}

TEST_CASE("its stack is below r1, and its caller's frame is its to use") {
  CallContract contract = named();
  contract.stack = 64;
  auto stored = [&](int64_t offset) {
    const std::string at = std::to_string(offset) + "(%r1)\n";
    return of(calling(contract, "\tli %r5, 1\n\tstd %r5, " + at, "\tld %r5, " + at), "r5", Term::number(1));
  };
  CHECK(stored(-72) == Outcome::kProved);
  CHECK(stored(-64) == Outcome::kUnknown);
  CHECK(stored(16) == Outcome::kUnknown);
  CHECK(stored(112) == Outcome::kProved);
  Case c = calling(contract, "", "");
  c.from.registers.erase("r1");
  CHECK(find(c.judge(), "enter").detail.find("where its stack is is not known") != std::string::npos);
}

TEST_CASE("what it reads must be there") {
  CallContract contract = named();
  contract.reads = {{in(4), number(64)}};
  CHECK(find(calling(contract, "", "").judge(), "enter").outcome == Outcome::kProved);
  contract.reads = {{in(4), number(65)}};
  CHECK(find(calling(contract, "", "").judge(), "enter").detail.find("nobody described what is there") != std::string::npos);
  contract.reads = {{in(3), number(1)}};
  CHECK(find(calling(contract, "", "").judge(), "enter").detail.find("where that reads is not known") != std::string::npos);
}

TEST_CASE("a hypervisor's call goes on behind it, and one without a contract is named") {
  ForeignCalls calls;
  calls.hypervisor[0x58] = named();
  calls.hypervisor[0x58].name = "hcall 0x58";
  Case c(std::string("\tmr %r31, %r3\n\tli %r3, 0x58\n\tsc 1\n\tmr %r5, %r31\n") + kGo);
  c.from.calls = std::make_shared<const ForeignCalls>(calls);
  c.from.firmware.papr = true;
  c.to.registers = {{"r5", {Term::named("id")}, "r5"}};
  const Verdict v = c.judge();
  CHECK(find(v, "r5").outcome == Outcome::kProved);
  CHECK(find(v, "the call of hcall 0x58 keeps its contract").outcome == Outcome::kAssumed);
  Case other(std::string("\tli %r3, 0x5c\n\tsc 1\n") + kGo);
  other.from.calls = c.from.calls;
  other.from.firmware.papr = true;
  CHECK(find(other.judge(), "enter").outcome == Outcome::kUnknown);
  CHECK(find(other.judge(), "enter").detail.find("what r3 = 0x5c does is not known here") != std::string::npos);
}

TEST_CASE("registers that a contract may name") {
  for (const char* name : {"r0", "r31", "lr", "ctr", "xer", "cr", "cr0", "cr7", "v0", "v31"}) CHECK(can_clobber(name));
  for (const char* name : {"", "r32", "cr8", "v32", "v", "msr", "v01", "cr00", "pc", "r-1"}) CHECK_FALSE(can_clobber(name));
}
