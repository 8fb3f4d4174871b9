// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The judge on stubs written by hand: correct ones are proved, each with one bit flipped is not, unless the
// flip changes nothing that anybody asked for.
#include <ostream>

#include <functional>
#include <map>

#include <doctest/doctest.h>

#include "ppc64/assemble.h"
#include "ppc64/disassemble.h"
#include "ppc64/instruction.h"
#include "ppc64/registers.h"
#include "verify/machine.h"
#include "verify/semantics.h"
#include "verify/verify.h"

using namespace baton;
using namespace baton::verify;
namespace msr = baton::ppc64::msr;
using ppc64::Instruction;
using ppc64::Mnemonic;

namespace {

constexpr uint64_t kStub = 0x4000000, kTree = 0x4010000, kKernel = 0x4020000;
constexpr uint64_t kKnownMsr = msr::kSf | msr::kPr | msr::kIr | msr::kDr | msr::kEe | msr::kLe;

ByteBuffer assembled(const std::string& text, Endian order) {
  auto result = ppc64::assemble(text, order);
  if (!result) FAIL(result.failure().message << "\n" << text);
  return result->text;
}

/// A kexec handoff: stub, tree and kernel one page apart; the giver copied the stub's head to 0.
struct Handoff {
  ByteBuffer stub, tree = ByteBuffer(0x200, 0x55), kernel = ByteBuffer(0x1000, 0x60), head;
  EntryState from;
  Goals to;

  Loaded loaded() const {
    return Loaded{{{"stub", Address{kStub}, stub, Size{0x10000}},
                   {"tree", Address{kTree}, tree, Size{0x10000}},
                   {"kernel", Address{kKernel}, kernel, Size{0x10000}}},
                  Address{kStub}};
  }

  explicit Handoff(ByteBuffer code) : stub(std::move(code)) {
    for (size_t i = 8; i < 0x100; ++i) stub[i] = static_cast<uint8_t>(i);
    head.assign(stub.begin(), stub.begin() + 0x100);
    from.registers = {{"r3", Term::named("master.physical_id")},
                      {"r4", Term::number(kStub)},
                      {"r5", Term::number(0)}};
    from.symbol_bits["master.physical_id"] = 0xffff;
    from.msr_known = kKnownMsr;
    from.msr_value = msr::kSf;
    to.target = Address{kKernel};
    to.registers = {{"r3", {Term::number(kTree)}, "r3 = tree.address"},
                    {"r4", {Term::number(kKernel)}, "r4 = image.base"},
                    {"r5", {Term::number(0)}, "r5 = 0"}};
    to.msr_fixed = msr::kIr | msr::kDr | msr::kPr;
    to.words = {{Address{kTree + 28}, 4, Term::named("master.physical_id"), "tree.boot_cpuid_phys"}};
  }

  Verdict judge(Endian giver) {
    from.memory = {{"low copy", Address{0}, head, Size{0x100}}};
    to.bytes = {{Address{8}, ByteView(stub).subspan(8, 0x100 - 8), "bytes of the low page"}};
    return verify_entry(loaded(), from, to, giver);
  }
};

const char* kBigBody = "\tb body\n\t.org 0x100, 0\nbody:\n"
                       "\taddis %r7, %r4, 1\n\tstw %r3, 28(%r7)\n\tmr %r3, %r7\n\taddis %r4, %r4, 2\n"
                       "\tb .+0x1fef0\n";
const char* kLittleBody = "\tb body\n\t.org 0x100, 0\nbody:\n"
                          "\taddis %r7, %r4, 1\n\taddi %r6, %r7, 28\n\tstwbrx %r3, 0, %r6\n\tmr %r3, %r7\n"
                          "\taddis %r4, %r4, 2\n\tb .+0x1feec\n";
/// For a taker that wants big-endian mode from a little-endian giver.
const char* kSwitchBody = "\tb body\n\t.org 0x100, 0\nbody:\n"
                          "\taddis %r7, %r4, 1\n\tli %r6, 28\n\tstwbrx %r3, %r7, %r6\n\tmr %r3, %r7\n"
                          "\taddis %r4, %r4, 2\n\tmfmsr %r11\n\tclrrdi %r11, %r11, 1\n\tmtsrr1 %r11\n"
                          "\tmtsrr0 %r4\n\trfid\n";

std::string listing(const Verdict& verdict) {
  std::string text;
  for (const Obligation& o : verdict.obligations)
    text += std::string(to_text(o.outcome)) + ": " + o.clause + ": " + o.detail + "\n";
  return text;
}

Outcome outcome_of(const Verdict& verdict, const std::string& clause) {
  for (const Obligation& o : verdict.obligations)
    if (o.clause == clause) return o.outcome;
  FAIL("no obligation `" << clause << "` in\n" << listing(verdict));
  return Outcome::kUnknown;
}

}  // namespace

TEST_CASE("correct stubs are proved, obligation by obligation") {
  Handoff big(assembled(kBigBody, Endian::kBig));
  Verdict verdict = big.judge(Endian::kBig);
  INFO(listing(verdict));
  CHECK(verdict.outcome() == Outcome::kProved);
  CHECK(verdict.instructions == 6);
  CHECK(verdict.executed.front() == Address{kStub});
  CHECK(verdict.executed[1] == Address{kStub + 0x100});
  CHECK(verdict.obligations.size() == 11);

  Handoff little(assembled(kLittleBody, Endian::kLittle));
  Verdict le = little.judge(Endian::kLittle);
  INFO(listing(le));
  CHECK(le.outcome() == Outcome::kProved);
  CHECK(le.instructions == 7);

  Handoff switching(assembled(kSwitchBody, Endian::kLittle));
  switching.to.msr_fixed |= msr::kLe;
  Verdict sw = switching.judge(Endian::kLittle);
  INFO(listing(sw));
  CHECK(sw.outcome() == Outcome::kProved);
  CHECK(outcome_of(sw, "msr LE = 0") == Outcome::kProved);
}

TEST_CASE("a stub in the wrong byte order does not run") {
  Handoff big(assembled(kBigBody, Endian::kBig));
  Verdict verdict = big.judge(Endian::kLittle);
  CHECK(verdict.outcome() == Outcome::kUnknown);
  CHECK(verdict.obligations[0].detail.find("outside the verified subset; it is executed as little-endian code, and as big-endian code would be `b") !=
        std::string::npos);
}

TEST_CASE("a word that is no instruction here has the name that others know it by, and is not judged by it") {
  auto detail = [](const std::string& words, std::string (*name)(uint32_t)) {
    Handoff handoff(assembled("\tb body\n\t.org 0x100, 0\nbody:\n" + words, Endian::kBig));
    handoff.from.word_name = name;
    Verdict verdict = handoff.judge(Endian::kBig);
    CHECK(verdict.outcome() == Outcome::kUnknown);
    return verdict.obligations[0].detail;
  };
  const std::string word = "at " + hex(Wide{kStub + 0x100}) + " the word 0xc0230000 is outside the verified subset";
  CHECK(detail("\t.long 0xc0230000\n", nullptr) == word);
  CHECK(detail("\t.long 0xc0230000\n", ppc64::name_elsewhere) == word + "; it is known as `lfs 1, 0(3)`");
  CHECK(detail("\t.long 1\n", ppc64::name_elsewhere) ==
        "at " + hex(Wide{kStub + 0x100}) + " the word 0x1 is outside the verified subset; it is no known instruction");
  // What nobody may believe of it: the name is text, and a name of ours makes no instruction of it.
  CHECK(detail("\t.long 0xc0230000\n", [](uint32_t) { return std::string("`bctr`"); }) == word + "; it is known as `bctr`");
}

TEST_CASE("the word 0 is no instruction on any processor") {
  Handoff handoff(assembled("\tb body\n\t.org 0x100, 0\nbody:\n\t.long 0\n", Endian::kBig));
  const Verdict verdict = handoff.judge(Endian::kBig);
  CHECK(outcome_of(verdict, "enter") == Outcome::kRefuted);
  CHECK(verdict.obligations[0].detail.find("at " + hex(Wide{kStub + 0x100}) + " the word 0 is executed") == 0);
}

TEST_CASE("what is missing is refuted by name") {
  auto judge = [](const std::string& body, std::function<void(Handoff&)> change = [](Handoff&) {}) {
    Handoff handoff(assembled("\tb body\n\t.org 0x100, 0\nbody:\n" + body, Endian::kBig));
    change(handoff);
    return handoff.judge(Endian::kBig);
  };
  const std::string kStore = "\taddis %r7, %r4, 1\n\tstw %r3, 28(%r7)\n", kMove = "\tmr %r3, %r7\n\taddis %r4, %r4, 2\n",
                    kJump = "\tmtctr %r4\n\tbctr\n";
  CHECK(judge(kStore + kMove + kJump).outcome() == Outcome::kProved);
  CHECK(outcome_of(judge("\taddis %r7, %r4, 1\n" + kMove + kJump), "tree.boot_cpuid_phys") == Outcome::kRefuted);
  CHECK(outcome_of(judge(kStore + kMove + "\tli %r5, 1\n" + kJump), "r5 = 0") == Outcome::kRefuted);
  // Nobody promised what r5 holds: some giver has it wrong.
  CHECK(outcome_of(judge(kStore + kMove + kJump, [](Handoff& h) { h.from.registers.erase("r5"); }), "r5 = 0") ==
        Outcome::kRefuted);
  CHECK(outcome_of(judge(kStore + "\tstw %r5, 32(%r7)\n" + kMove + kJump), "nothing else is written") ==
        Outcome::kRefuted);
  // What stands there in the end as it did shows to nobody; of memory that nobody described that is not known.
  const std::string kSame = "\tlwz %r9, 32(%r7)\n";
  CHECK(outcome_of(judge(kStore + kSame + "\tstw %r9, 32(%r7)\n" + kMove + kJump), "nothing else is written") == Outcome::kProved);
  CHECK(outcome_of(judge(kStore + kSame + "\tstw %r5, 32(%r7)\n\tstw %r9, 32(%r7)\n" + kMove + kJump), "nothing else is written") ==
        Outcome::kProved);
  CHECK(outcome_of(judge(kStore + kSame + "\tstw %r9, 34(%r7)\n\tstb %r5, 37(%r7)\n" + kMove + kJump), "nothing else is written") ==
        Outcome::kRefuted);
  CHECK(outcome_of(judge(kStore + "\tlis %r8, 0x1000\n\tlwz %r9, 0(%r8)\n\tstw %r9, 0(%r8)\n" + kMove + kJump),
                   "nothing else is written") == Outcome::kRefuted);
  CHECK(outcome_of(judge(kStore + kMove + "\tmtspr 272, %r5\n" + kJump), "nothing else is written") ==
        Outcome::kRefuted);
  CHECK(outcome_of(judge(kStore + kMove + "\tmtspr 152, %r5\n" + kJump), "nothing else is written") == Outcome::kRefuted);  // CTRL
  CHECK(outcome_of(judge(kStore + kMove + "\tmfspr %r9, 136\n" + kJump), "nothing else is written") == Outcome::kProved);
  CHECK(outcome_of(judge(kStore + kMove + "\tmfmsr %r9\n\tori %r9, %r9, 2\n\tmtmsrd %r9, 1\n" + kJump),
                   "every other msr field is left as it was") == Outcome::kRefuted);
  CHECK(outcome_of(judge(kStore + kMove + "\tmfmsr %r9\n\tmtmsrd %r9, 0\n" + kJump),
                   "every other msr field is left as it was") == Outcome::kProved);
  CHECK(outcome_of(judge(kStore + kMove + "\tb .-8\n"), "enter") == Outcome::kUnknown);  // never ends
  CHECK(outcome_of(judge(kStore + kMove + "\tb .\n"), "enter") == Outcome::kRefuted);
  CHECK(outcome_of(judge(kStore + kMove + "\ttrap\n"), "enter") == Outcome::kRefuted);
  CHECK(outcome_of(judge(kStore + kMove + "\tmtctr %r8\n\tbctr\n"), "enter") == Outcome::kRefuted);  // r8 may be any number
  CHECK(outcome_of(judge(kStore + kMove + "\tmtctr %r3\n\tbctr\n"), "enter") == Outcome::kRefuted);
  CHECK(outcome_of(judge(kStore + kMove + "\tcmpdi %r3, 5\n\tbeq body\n" + kJump), "enter") == Outcome::kProved);
  CHECK(outcome_of(judge(kStore + kMove + "\tcmpdi %r8, 5\n\tbeq body\n" + kJump), "enter") == Outcome::kUnknown);
}

TEST_CASE("CPUs of Book III-E have their mode in CM, and no rfid") {
  Handoff big(assembled(kBigBody, Endian::kBig));
  big.from.book3e = true;
  CHECK(outcome_of(big.judge(Endian::kBig), "enter") == Outcome::kUnknown);  // SF says nothing there
  big.from.msr_known |= msr::kCm;
  big.from.msr_value |= msr::kCm;
  CHECK(big.judge(Endian::kBig).outcome() == Outcome::kProved);

  for (const char* change : {"\tmtsrr0 %r4\n\tmtsrr1 %r11\n\trfid\n", "\tmtmsrd %r11\n", "\thrfid\n"}) {
    Handoff stub(assembled(std::string("\tb body\n\t.org 0x100, 0\nbody:\n\tmfmsr %r11\n") + change, Endian::kBig));
    stub.from.msr_known |= msr::kCm;
    stub.from.msr_value |= msr::kCm;
    stub.from.book3e = true;
    Verdict verdict = stub.judge(Endian::kBig);
    INFO(change << listing(verdict));
    CHECK(outcome_of(verdict, "enter") == Outcome::kRefuted);
  }
}

TEST_CASE("hypervisor registers need hypervisor state") {
  auto judge = [](uint64_t known, uint64_t value) {
    Handoff handoff(assembled("\tb body\n\t.org 0x100, 0\nbody:\n\tmtspr 314, %r4\n\tb body\n", Endian::kBig));
    handoff.from.msr_known |= known;
    handoff.from.msr_value |= value;
    return handoff.judge(Endian::kBig).obligations[0];
  };
  // Nobody promises it: some giver comes without.
  CHECK(judge(0, 0).outcome == Outcome::kRefuted);
  CHECK(judge(0, 0).detail.find("needs hypervisor state, and MSR[HV] is not known") != std::string::npos);
  CHECK(judge(msr::kHv, 0).outcome == Outcome::kRefuted);
  CHECK(judge(msr::kHv, msr::kHv).detail.find("it goes around at") == 0);
}

TEST_CASE("what is privileged needs privileged state") {
  auto after = [](const char* text, const Value& msr_before) {
    Machine m;
    const ByteBuffer code = assembled(text, Endian::kBig);
    m.memory.describe("code", 0x1000, code, code.size());
    m.msr = msr_before;
    m.linear_map = true;
    m.pc = 0x1000;
    return step(m);
  };
  const Value supervisor(msr::kSf), problem(msr::kSf | msr::kPr | msr::kEe | msr::kIr | msr::kDr);
  for (const char* text : {"\tmfmsr %r3\n", "\tmtmsr %r3\n", "\tmtmsrd %r3, 1\n", "\trfid\n", "\thrfid\n", "\tptesync\n", "\tmtsprg 2, %r3\n",
                           "\tmfspr %r3, 314\n", "\tmtspr 152, %r3\n"}) {
    INFO(text);
    const Step refused = after(text, problem);
    CHECK(refused.kind == Step::Kind::kWrong);
    CHECK(refused.reason.ends_with(" needs privileged state"));
    const Step open = after(text, supervisor.with(Value::unknown(), msr::kPr));
    CHECK(open.kind == Step::Kind::kUnknown);
    CHECK(open.reason.ends_with(" is privileged, and the MSR does not say that this is privileged state"));
  }
  CHECK(after("\tmfmsr %r3\n", supervisor).kind == Step::Kind::kWent);
  CHECK(after("\tmflr %r3\n", problem).kind == Step::Kind::kWent);
  CHECK(after("\tmfspr %r3, 136\n", problem).kind == Step::Kind::kWent);
}

TEST_CASE("an instruction that is traced interrupts, and nobody handles that") {
  auto judge = [](const std::string& body) {
    Handoff handoff(assembled("\tb body\n\t.org 0x100, 0\nbody:\n\taddis %r7, %r4, 1\n\tstw %r3, 28(%r7)\n\tmr %r3, %r7\n"
                              "\taddis %r4, %r4, 2\n\tmfmsr %r9\n\tmr %r10, %r9\n" + body + "\tmtctr %r4\n\tbctr\n", Endian::kBig));
    auto verdict = handoff.judge(Endian::kBig);
    return std::pair(verdict.obligations.front().outcome, verdict.obligations.front().detail);
  };
  const std::string kOff = "\tmtmsrd %r10\n", kOn = "\tmtmsrd %r9\n";
  const std::string kTraced = " is traced: MSR[SE] or MSR[BE] is 1, and nobody handles a Trace interrupt";
  // The instruction that sets SE is not traced, the next one is: even that which clears it again.
  CHECK(judge("\tori %r9, %r9, 0x400\n" + kOn + kOff) == std::pair(Outcome::kRefuted, "`mtmsrd %r10, 0` at 0x4000120" + kTraced));
  CHECK(judge("\tori %r9, %r9, 0x400\n" + kOn) == std::pair(Outcome::kRefuted, "`mtctr %r4` at 0x4000120" + kTraced));
  // BE is about branches only.
  CHECK(judge("\tori %r9, %r9, 0x200\n" + kOn + "\tnop\n" + kOff).first == Outcome::kProved);
  CHECK(judge("\tori %r9, %r9, 0x200\n" + kOn).second == "`bctr` at 0x4000124" + kTraced);
  CHECK(judge("\tori %r9, %r9, 0x800\n" + kOn + "\tnop\n" + kOff).first == Outcome::kProved);  // FE0
  CHECK(judge("\tnop\n" + kOn + kOff).first == Outcome::kProved);
}

TEST_CASE("every row of the table has a meaning") {
  for (const ppc64::Encoding& row : ppc64::encodings()) {
    // All fields 1, or what comes next that is a form: registers, special register 1 (XER), one CR field.
    std::optional<Instruction> instruction;
    for (uint32_t bits = 1; !instruction && bits != 0; bits <<= 1)
      for (uint32_t more : {0x00010800u, 0x00030000u, 0x00000000u, 0x02800000u, 0x000c0000u})
        if (!instruction) instruction = ppc64::decode(row.match | ((bits | more) & ~row.mask));
    INFO(row.name);
    REQUIRE(instruction.has_value());
    Machine m;
    ByteBuffer code;
    append(code, *ppc64::encode(*instruction), Endian::kBig);
    m.memory.describe("code", 0x1000, code, 4);
    for (Value& r : m.gpr) r = Value(0x2000);
    m.msr = Value(msr::kSf | msr::kHv | msr::kVec);
    m.pc = 0x1000;
    // A row without one would end the program.
    Step result = step(m);
    CHECK((result.kind == Step::Kind::kWent || !result.reason.empty()));
  }
}

TEST_CASE("what is newer than the CPU does not exist there, and what may be newer is told") {
  auto judge = [](const char* first, std::optional<unsigned> isa) {
    Handoff handoff(assembled(std::string("\tb body\n\t.org 0x100, 0\nbody:\n\tli %r6, 0x18\n\tli %r7, 0\n") + first +
                                  "\taddis %r7, %r4, 1\n\tstw %r3, 28(%r7)\n\tmr %r3, %r7\n\taddis %r4, %r4, 2\n\tmtctr %r4\n\tbctr\n",
                              Endian::kBig));
    handoff.from.isa = isa;
    return handoff.judge(Endian::kBig);
  };
  const char* newer = "\tldbrx %r8, 0, %r6\n";
  const std::string clause = "every instruction exists on the CPU";
  CHECK(outcome_of(judge(newer, 206), clause) == Outcome::kProved);
  CHECK(outcome_of(judge(newer, std::nullopt), clause) == Outcome::kAssumed);
  Verdict old = judge(newer, 205);
  CHECK(outcome_of(old, "enter") == Outcome::kRefuted);
  CHECK(old.obligations[0].detail.find("is of Power ISA 2.06, and there are CPUs of Power ISA 2.05") != std::string::npos);
  // Nothing is said of what all have.
  for (const Obligation& o : judge("\tlwbrx %r8, 0, %r6\n", std::nullopt).obligations) CHECK(o.clause != clause);
}

TEST_CASE("vector instructions need MSR[VEC], which a stub may set") {
  auto judge = [](const std::string& before, uint64_t known, uint64_t value) {
    Handoff handoff(assembled("\tb body\n\t.org 0x100, 0\nbody:\n" + before + "\tvadduwm %v1, %v2, %v3\n\ttrap\n", Endian::kBig));
    handoff.from.msr_known |= known;
    handoff.from.msr_value |= value;
    return handoff.judge(Endian::kBig).obligations[0];
  };
  CHECK(judge("", 0, 0).detail.find("not known to be on") != std::string::npos);
  CHECK(judge("", msr::kVec, 0).detail.find("which is off") != std::string::npos);
  CHECK(judge("", msr::kVec, msr::kVec).detail.find("traps") != std::string::npos);
  CHECK(judge("\tmfmsr %r9\n\toris %r9, %r9, 0x200\n\tmtmsrd %r9, 0\n", msr::kVec, 0).detail.find("traps") !=
        std::string::npos);
}

TEST_CASE("one byte of the id is enough where ids are small, and not where they are not") {
  const char* body = "\tb body\n\t.org 0x100, 0\nbody:\n\taddis %r7, %r4, 1\n\tstb %r3, 31(%r7)\n\tmr %r3, %r7\n"
                     "\taddis %r4, %r4, 2\n\tb .+0x1fef0\n";
  for (Endian giver : {Endian::kBig, Endian::kLittle})
    for (uint64_t bits : {uint64_t{0xff}, uint64_t{0xffff}}) {
      Handoff handoff(assembled(body, giver));
      handoff.from.symbol_bits["master.physical_id"] = bits;
      for (size_t i = 28; i < 32; ++i) handoff.tree[i] = 0;
      CHECK(outcome_of(handoff.judge(giver), "tree.boot_cpuid_phys") ==
            (bits == 0xff ? Outcome::kProved : Outcome::kRefuted));
    }
}

TEST_CASE("a set of values is met by any member") {
  Handoff handoff(assembled(kBigBody, Endian::kBig));
  handoff.to.registers[2].one_of = {Term::number(7), Term::number(0)};
  CHECK(handoff.judge(Endian::kBig).outcome() == Outcome::kProved);
  handoff.to.registers[2].one_of = {Term::number(7), Term::number(8)};
  CHECK(outcome_of(handoff.judge(Endian::kBig), "r5 = 0") == Outcome::kRefuted);
  handoff.from.registers["r5"] = Term::named("flag");
  handoff.from.symbol_bits["flag"] = 1;
  // Two members for two runs: no pattern of bits says that.
  handoff.to.registers[2].one_of = {Term::number(0), Term::number(1)};
  CHECK(outcome_of(handoff.judge(Endian::kBig), "r5 = 0") == Outcome::kProved);
  handoff.from.solver.allowed = false;
  CHECK(outcome_of(handoff.judge(Endian::kBig), "r5 = 0") == Outcome::kUnknown);
}

namespace {

/// Why flipping a bit of `before` into `after` changes nothing that the goals mention; empty when it does.
std::string reason_to_survive(const Instruction& before, const Instruction& after) {
  auto same_operands = [&] { return before.operands == after.operands; };
  if (before.mnemonic == Mnemonic::kB && after.mnemonic == Mnemonic::kBl && same_operands())
    return "lr is written, and no goal mentions lr";
  if (std::string(encoding_of(before.mnemonic).name) + "." == encoding_of(after.mnemonic).name && same_operands())
    return "cr0 is written, and no goal mentions cr";
  if (before.mnemonic == Mnemonic::kOr && after.mnemonic == Mnemonic::kOr &&
      before.operands[0] == after.operands[0] &&
      ((after.operands[1] == 5 && after.operands[2] == 7) || (after.operands[1] == 7 && after.operands[2] == 5)))
    return "r5 is 0, so or with it is a copy";
  if (before.mnemonic == Mnemonic::kAddi && after.mnemonic == Mnemonic::kAddic)
    return "the carry is written, and no goal mentions xer";
  return {};
}

struct Kill {
  unsigned refuted = 0, unknown = 0, survived = 0;
};

Kill flip_every_bit(const char* body, Endian order, uint64_t more_msr_fixed) {
  Handoff original(assembled(body, order));
  original.to.msr_fixed |= more_msr_fixed;
  REQUIRE(original.judge(order).outcome() == Outcome::kProved);
  Kill kill;
  std::map<std::string, unsigned> reasons;
  for (uint64_t at = 0; at < original.stub.size(); at += 4) {
    if (at == 4) at = 0x100;  // what lies between is the kernel's
    for (unsigned bit = 0; bit < 32; ++bit) {
      Handoff mutant = original;
      uint32_t word = *load<uint32_t>(original.stub, at, order);
      store<uint32_t>(mutant.stub, at, word ^ (1u << bit), order);
      Outcome outcome = mutant.judge(order).outcome();
      if (outcome == Outcome::kRefuted) ++kill.refuted;
      if (outcome == Outcome::kUnknown) ++kill.unknown;
      if (outcome != Outcome::kProved) continue;
      ++kill.survived;
      auto before = ppc64::decode(word), after = ppc64::decode(word ^ (1u << bit));
      REQUIRE(before.has_value());
      REQUIRE(after.has_value());
      std::string reason = reason_to_survive(*before, *after);
      CHECK_MESSAGE(!reason.empty(), to_text(*before) << " became " << to_text(*after) << " and was proved");
      ++reasons[reason];
    }
  }
  for (const auto& [reason, count] : reasons) MESSAGE(count << " survived: " << reason);
  MESSAGE(kill.refuted << " refuted, " << kill.unknown << " unknown, " << kill.survived << " survived");
  return kill;
}

}  // namespace

TEST_CASE("no flipped bit is proved, but for stated reasons") {
  Kill big = flip_every_bit(kBigBody, Endian::kBig, 0);
  CHECK(big.refuted + big.unknown + big.survived == 6 * 32);
  CHECK(big.survived <= 6);
  Kill little = flip_every_bit(kLittleBody, Endian::kLittle, 0);
  CHECK(little.refuted + little.unknown + little.survived == 7 * 32);
  CHECK(little.survived <= 8);
  Kill switching = flip_every_bit(kSwitchBody, Endian::kLittle, msr::kLe);
  CHECK(switching.refuted + switching.unknown + switching.survived == 11 * 32);
  CHECK(switching.survived <= 10);
}
