// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the judge refutes of small stubs is seen in QEMU, each kind of state and each way to end; what QEMU cannot show is
// said to be so; and a judge that is wrong is found out. Needs qemu-system-ppc64.
#include <doctest/doctest.h>

#include "base/address.h"
#include "ppc64/assemble.h"
#include "ppc64/registers.h"
#include "replay/child.h"
#include "replay/emulated_run.h"
#include "replay/replay.h"
#include "verify/definitions.h"
#include "verify/fetch_goals.h"

using namespace baton;
using namespace baton::verify;
using replay::Seen;
using Answer = Replayed::Answer;
namespace msr = baton::ppc64::msr;

namespace {

constexpr uint64_t kCode = 0x10000, kTaker = 0x20000, kWord = 0x30000;
constexpr uint64_t kKnown = msr::kSf | msr::kHv | msr::kPr | msr::kIr | msr::kDr | msr::kEe | msr::kMe | msr::kLe;

/// Enters `text` at kCode with r3 = id (16 bits) and r4 = kWord, of whose memory nothing is known.
struct Case {
  ByteBuffer code;
  Endian giver;
  EntryState from;
  Goals to;
  Loaded loaded;

  explicit Case(const std::string& text, Endian order = Endian::kBig) : giver(order) {
    auto result = ppc64::assemble(text, order);
    if (!result) FAIL(result.failure().message << "\n" << text);
    code = result->text;
    from.registers = {{"r3", Term::named("id")}, {"r4", Term::number(kWord)}};
    from.symbol_bits["id"] = 0xffff;
    from.msr_known = kKnown;
    from.msr_value = msr::kSf | msr::kMe;
    from.unknown = {{Range::at(Address{kWord}, Size{64}), "word"}};
    to.target = Address{kTaker};
    to.may_write.add(Range::at(Address{kWord}, Size{64}));
    loaded = Loaded{{{"code", Address{kCode}, code, Size{0x1000}}}, Address{kCode}};
  }

  Verdict replayed(replay::Options options = {}) const {
    Verdict verdict = verify_entry(loaded, from, to, giver);
    replay::Replayer(options).replay(verdict, {loaded, from, to, giver});
    return verdict;
  }
  /// The one obligation that is refuted.
  Obligation refuted(replay::Options options = {}) const {
    Verdict verdict = replayed(std::move(options));
    std::optional<Obligation> found;
    for (const Obligation& o : verdict.obligations) {
      INFO(o.clause << ": " << o.detail << (o.replayed ? " / " + o.replayed->detail : ""));
      CHECK((o.outcome == Outcome::kRefuted) == o.replayed.has_value());
      if (o.outcome != Outcome::kRefuted) continue;
      CHECK(!found);
      found = o;
    }
    REQUIRE(found);
    return *found;
  }
  /// Where nothing is refuted. Bits of the MSR that are not known are as `numbers` has them, or all 0.
  Run run(bool any_msr = false) const {
    EntryState state = from;
    if (!any_msr) state.msr_known = ~uint64_t{0};
    return run_with({loaded, state, to, giver}, std::make_shared<const Assignment>(1));
  }
  Result<Seen> seen(double seconds, bool any_msr = false) const {
    Run run = this->run(any_msr);
    auto program = replay::find_program("qemu-system-ppc64");
    REQUIRE_MESSAGE(program, "this test needs qemu-system-ppc64");
    replay::Emulation emulation{*program, &run.entry, {kTaker}, std::nullopt};
    emulation.memory = uint64_t{1} << 30;
    emulation.seconds = seconds;
    return replay::emulate(emulation);
  }
};

void confirms(const Obligation& o, const std::string& clause, const std::string& detail) {
  CHECK(o.clause == clause);
  REQUIRE(o.replayed);
  INFO(o.replayed->detail);
  CHECK(o.replayed->answer == Answer::kConfirmed);
  CHECK(o.replayed->detail.find(detail) != std::string::npos);
}

const std::string kGo = "\tlis 9, 2\n\tmtctr 9\n\tbctr\n";

std::string with_msr(const std::string& change) { return "\tlis 9, 2\n\tmtsrr0 9\n\tmfmsr 9\n" + change + "\tmtsrr1 9\n\trfid\n"; }

}  // namespace

TEST_CASE("a wrong register, from either byte order") {
  for (Endian order : {Endian::kBig, Endian::kLittle}) {
    Case wrong("\taddi 3, 3, 1\n\tli 5, 7\n" + kGo, order);
    wrong.to.registers = {{"r5", {Term::number(0)}, "r5 = 0"}};
    confirms(wrong.refuted(), "r5 = 0", "r5 = 0x7, not certainly 0x0");
    wrong.to.registers = {{"r3", {Term::named("id")}, "r3 = id"}};
    confirms(wrong.refuted(), "r3 = id", "r3 = 0x");
  }
}

TEST_CASE("every register that the judge has a number for is the same in QEMU") {
  Case mixed("\tadd 7, 3, 4\n\tsubfic 8, 7, 5\n\tsubf 10, 7, 8\n\tld 11, 8(4)\n\trlwinm 12, 11, 5, 3, 17\n\tcmpd 3, 11, 12\n\tstw 11, 4(4)\n\tmflr 14\n\tmfsrr1 15\n\tvor 1, 2, 3\n\tli 16, 32\n"
             "\tstvx 1, 4, 16\n\tld 17, 32(4)\n\tld 18, 40(4)\n" + kGo);
  mixed.from.msr_known |= msr::kVec;
  mixed.from.msr_value |= msr::kVec;
  for (Endian order : {Endian::kBig, Endian::kLittle}) {
    Case one = mixed;
    if (order == Endian::kLittle) {
      one = Case("\tadd 7, 3, 4\n\tld 11, 8(4)\n\tstw 11, 1(4)\n\tmflr 14\n\tvor 1, 2, 3\n\tli 16, 32\n\tstvx 1, 4, 16\n\tld 17, 32(4)\n" + kGo, order);
      one.from.msr_known |= msr::kVec;
      one.from.msr_value |= msr::kVec;
    }
    one.loaded.segments[0].bytes = one.code;
    Run run = one.run();
    INFO(run.obligations.front().detail);
    REQUIRE(run.how == RunEnd::kArrives);
    auto seen = one.seen(10);
    REQUIRE_MESSAGE(seen, seen.failure().message);
    CHECK(seen->how == Seen::How::kStop);
    for (unsigned i = 0; i < 32; ++i) {
      INFO("r" << i);
      CHECK(seen->end.gpr[i].constant() == run.end.gpr[i].constant());
    }
    CHECK(seen->end.cr.constant() == run.end.cr.constant());
    CHECK((seen->end.xer.bits() & 0x20000000) == (run.end.xer.bits() & 0x20000000));
    CHECK(seen->end.ctr.constant() == kTaker);
    CHECK(seen->end.msr.constant() == run.end.msr.constant());
    run.end.memory.stored().each([&](uint64_t at, const Value& byte) {
      INFO(hex(Wide{at}));
      CHECK(seen->end.memory.byte(at).constant() == byte.constant());
    });
  }
}

TEST_CASE("a wrong bit of the MSR: EE left on, the wrong byte order, hypervisor state given up") {
  Case on(with_msr("\tori 9, 9, 0x8000\n"));
  on.to.msr_fixed = msr::kEe;
  confirms(on.refuted(), "msr EE = 0", "(EE) are not as they must be");
  Case turned(with_msr("\tori 9, 9, 1\n"));
  turned.to.msr_fixed = msr::kLe;
  confirms(turned.refuted(), "msr LE = 0", "(LE) are not as they must be");
  Case kept(kGo, Endian::kLittle);
  kept.to.msr_fixed = msr::kLe;
  confirms(kept.refuted(), "msr LE = 0", "(LE) are not as they must be");
  Case guest(with_msr("\tli 10, 1\n\tsldi 10, 10, 60\n\tandc 9, 9, 10\n"));
  guest.from.msr_value |= msr::kHv;
  guest.to.msr_fixed = guest.to.msr_value = msr::kHv;
  confirms(guest.refuted(), "msr HV = 1", "(HV) are not as they must be");
}

TEST_CASE("an entry where there is no code") {
  Case none(kGo);
  none.loaded.entry = Address{0x60};
  confirms(none.refuted(), "enter", "it comes to 0x60");
}

TEST_CASE("ME after a guest's rfid, where QEMU is not as the books say") {
  Case kept(with_msr("\txori 9, 9, 0x1000\n"));  // of SRR1 only: it stays 1
  kept.to.msr_fixed = msr::kMe;
  const Obligation o = kept.refuted();
  CHECK(o.clause == "msr ME = 0");
  CHECK(o.replayed->answer == Answer::kCannotShow);
  CHECK(o.replayed->detail == "its rfid changes ME in a guest, too");
  kept.from.msr_value |= msr::kHv;
  kept.to.msr_value = msr::kMe;
  confirms(kept.refuted(), "msr ME = 1", "(ME) are not as they must be");
}

TEST_CASE("where the MSR is not known, a state is taken that shows it") {
  Case lost("\tmfmsr 9\n\tli 10, 0\n\tmtmsrd 10, 1\n" + kGo);
  lost.from.msr_known &= ~msr::kEe;
  confirms(lost.refuted(), "every other msr field is left as it was", "are not as they must be");
}

TEST_CASE("an MSR with bits that no CPU has") {
  auto seen = Case(kGo).seen(10, true);
  REQUIRE(!seen);
  CHECK(seen.failure().kind == Failure::Kind::kUnsuitable);
  CHECK(seen.failure().message.find("does not hold an MSR of 0x") != std::string::npos);
}

TEST_CASE("a word in the wrong byte order") {
  for (Endian order : {Endian::kBig, Endian::kLittle}) {
    Case turned(order == Endian::kBig ? "\tstwbrx 3, 0, 4\n" + kGo : "\tstw 3, 0(4)\n" + kGo, order);
    turned.to.words = {{Address{kWord}, 4, Term::named("id"), "word = id"}};
    confirms(turned.refuted(), "word = id", "4 bytes at 0x30000 = 0x");
  }
}

TEST_CASE("bytes that are not there") {
  const ByteBuffer wanted{0x48, 0, 0, 0};
  Case none("\tli 9, 0\n\tstw 9, 0(4)\n" + kGo);
  none.to.bytes = {{Address{kWord}, wanted, "the head"}};
  confirms(none.refuted(), "the head", "the byte at 0x30000 is 0x0");
}

TEST_CASE("a store where nothing may be stored, described or not") {
  Case outside("\tlis 9, 5\n\tli 10, 0\n\tstw 10, 0x10(9)\n" + kGo);
  confirms(outside.refuted(), "nothing else is written", "the byte at 0x50010 in no segment is written");
  Case far("\tli 9, 0x60\n\tsldi 9, 9, 28\n\tstb 9, 0(9)\n" + kGo);  // 24 GiB
  confirms(far.refuted(), "nothing else is written", "the byte at 0x600000000");
  Case inside("\tlis 9, 1\n\tstw 9, 0x40(9)\n" + kGo);
  confirms(inside.refuted(), "nothing else is written", "in `code` is written");
  Case lost("\tlis 9, 5\n\tstw 9, 0(9)\n\tb .\n");  // and it does not arrive
  for (const Obligation& o : lost.replayed().obligations)
    if (o.clause == "nothing else is written") confirms(o, o.clause, "the byte at 0x50000 in no segment is written");
  Case special("\tmtsprg 2, 3\n" + kGo);
  confirms(special.refuted(), "nothing else is written", "special register sprg2, which is 0x");
}

TEST_CASE("what nobody described, and the stub goes by, is as the judge had it") {
  Case goes("\tlis 6, 4\n\tld 5, 8(6)\n\tclrldi 5, 5, 48\n\tmtsrr0 5\n\tmfmsr 9\n\tmtsrr1 9\n\trfid\n");
  goes.loaded.is_all = true;
  const Obligation wrong = goes.refuted();
  CAPTURE(wrong.detail);
  confirms(wrong, "enter", "to 0x");
  REQUIRE(wrong.example);
  uint64_t loaded = 0;
  for (const auto& [name, number] : wrong.example->inputs)
    if (name.find("0x40008") != std::string::npos) loaded = number;
  CHECK((loaded & 0xfffc) != 0);
  CHECK(wrong.replayed->detail.find(hex(Wide{loaded & 0xfffc})) != std::string::npos);
}

TEST_CASE("a jump to another place") {
  confirms(Case("\tlis 9, 0x4000\n\tmtctr 9\n\tbctr\n").refuted(), "enter", "it comes to 0x40000000");
  confirms(Case("\tlis 9, 2\n\tori 9, 9, 4\n\tmtctr 9\n\tbctr\n").refuted(), "enter", "it comes to 0x20004");
}

TEST_CASE("a jump in 32-bit mode, where half of the address does not count") {
  confirms(Case("\tli 9, 1\n\tsldi 9, 9, 32\n\toris 9, 9, 4\n\tmtsrr0 9\n\tmfmsr 9\n\tclrldi 9, 9, 1\n\tmtsrr1 9\n\trfid\n").refuted(), "enter", "0x40000");
}

TEST_CASE("a stub that never arrives") {
  confirms(Case("\tli 5, 0\n\tb .\n").refuted(), "enter", "it stays at 0x10004");
  confirms(Case("\tb .\n").refuted(), "enter", "it stays at 0x10000");
  // Two instructions that go to each other: time ends it.
  confirms(Case("\tli 6, 1\n1:\tli 5, 0\n\tb 1b\n").refuted(), "enter", "after 1 s it still ran, at 0x1000");
  auto seen = Case("1:\tli 5, 0\n\tb 1b\n").seen(0.2);
  REQUIRE_MESSAGE(seen, seen.failure().message);
  CHECK(seen->how == Seen::How::kTime);
  CHECK((seen->end.pc == kCode || seen->end.pc == kCode + 4));
}

TEST_CASE("an interrupt at the fault") {
  confirms(Case("\tli 5, 0\n\ttrap\n" + kGo).refuted(), "enter", "an interrupt goes from 0x10004 to 0x700");
  confirms(Case("\tmfspr 5, 314\n" + kGo).refuted(), "enter", "an interrupt goes from 0x10000 to 0x700");
  confirms(Case("\thrfid\n").refuted(), "enter", "an interrupt goes from 0x10000 to 0x700");
  // It is taken behind the instruction that is traced: behind the one that clears SE again.
  const std::string kSet = "\tmfmsr 9\n\tori 10, 9, 0x400\n\tmtmsrd 10\n";
  confirms(Case(kSet + "\tmtmsrd 9\n" + kGo).refuted(), "enter", "an interrupt goes from 0x10010 to 0xd00");
  confirms(Case(kSet + "\tli 5, 0\n" + kGo).refuted(), "enter", "an interrupt goes from 0x10010 to 0xd00");
  // A word that is no instruction is nothing the judge knows of.
  auto seen = Case("\tli 5, 0\n\t.long 0\n").seen(10);
  REQUIRE_MESSAGE(seen, seen.failure().message);
  CHECK(seen->how == Seen::How::kInterrupt);
  CHECK(seen->end.pc % 0x20 == 0);
  CHECK(seen->from == kCode + 4);
}

TEST_CASE("interrupts in the wrong byte order, in a guest and on bare metal") {
  for (bool hypervisor : {false, true}) {
    Case wrong(kGo);
    wrong.from.interrupts = {0, 1};
    wrong.to.interrupts = {0};
    wrong.to.interrupts_clause = "ile = 0";
    if (hypervisor) wrong.from.msr_value |= msr::kHv;
    confirms(wrong.refuted(), "ile = 0", "interrupts are little-endian");
  }
}

TEST_CASE("one of several ways is taken, by numbers") {
  Case way("\tlwz 5, 0(4)\n\tcmplwi 5, 17\n\tblt 1f\n\tli 5, 0\n1:\n" + kGo);
  way.to.registers = {{"r5", {Term::number(0)}, "r5 = 0"}};
  confirms(way.refuted(), "r5 = 0", "r5 = 0x");
}

TEST_CASE("who comes where it is to go comes there again") {
  Case around("\tli 5, 7\n\tb 0x10000 - 0x10004\n");
  around.to.target = Address{kCode};
  around.to.comes_back = true;
  around.to.registers = {{"r5", {Term::number(0)}, "r5 = 0"}};
  confirms(around.refuted(), "r5 = 0", "r5 = 0x7");
}

TEST_CASE("what QEMU cannot show is said to be so") {
  Case stale("\tlis 9, 2\n\tstw 9, 0(9)\n" + kGo);
  stale.to.may_write.add(Range::at(Address{kTaker}, Size{4}));
  Obligation o = stale.refuted();
  CHECK(o.clause == kFetchClause);
  CHECK(o.replayed->answer == Answer::kCannotShow);
  Case own("\tlis 9, 1\n\tlis 10, 0x6000\n\tstw 10, 0x10(9)\n\tnop\n\ttrap\n" + kGo);
  own.to.may_write.add(Range::at(Address{kCode}, Size{0x20}));
  for (const Obligation& each : own.replayed().obligations)
    if (each.outcome == Outcome::kRefuted) CHECK(each.replayed->answer == Answer::kCannotShow);
  Case other("\tmtdec 3\n" + kGo);
  o = other.refuted();
  CHECK(o.clause == "nothing else is written");
  CHECK(o.replayed->answer == Answer::kCannotShow);
  Case unnamed(with_msr("\tori 9, 9, 0x100\n"));
  unnamed.to.msr_fixed = 0x100;
  o = unnamed.refuted();
  CHECK(o.clause == "msr 0x100");
  CHECK(o.replayed->answer == Answer::kCannotShow);
  Case far("\tli 9, 1\n\tsldi 9, 9, 44\n\tstb 9, 0(9)\n" + kGo);
  o = far.refuted();
  CHECK(o.replayed->answer == Answer::kCannotShow);
  CHECK(o.replayed->detail.find("no machine here has") != std::string::npos);
  Case embedded("\ttrap\n");
  embedded.from.book3e = true;
  embedded.from.msr_value |= msr::kCm;
  embedded.from.msr_known |= msr::kCm;
  CHECK(embedded.refuted().replayed->answer == Answer::kCannotShow);
}

TEST_CASE("without QEMU it is not replayed, and stays refuted") {
  Case wrong("\tli 5, 7\n" + kGo);
  wrong.to.registers = {{"r5", {Term::number(0)}, "r5 = 0"}};
  replay::Options options;
  options.program = "/nonexistent/qemu";
  Obligation o = wrong.refuted(options);
  CHECK(o.replayed->answer == Answer::kNotRun);
  CHECK(o.replayed->detail == "`/nonexistent/qemu` is not installed");
  options = {};
  options.most_runs = 0;
  CHECK(wrong.refuted(options).replayed->answer == Answer::kNotRun);
  options.program = "/bin/false";
  options.most_runs = 1;
  o = wrong.refuted(options);
  CHECK(o.replayed->answer == Answer::kNotRun);
  CHECK(o.replayed->detail.find("it has ended") != std::string::npos);
}

TEST_CASE("what is not so in QEMU is our mistake, and no refutation") {
  // The judge is told that firmware refuses what it is asked for; QEMU's does not.
  Case refused("\tli 3, 0x31c\n\tli 4, 0\n\tli 5, 4\n\tli 6, 0\n\tli 7, 0\n\tsc 1\n" + kGo);
  refused.from.firmware.papr = true;
  refused.from.firmware.answer = Value(~uint64_t{0});
  refused.to.registers = {{"r3", {Term::number(0)}, "r3 = 0"}};
  const Verdict verdict = refused.replayed();
  for (const Obligation& o : verdict.obligations) {
    if (o.clause != "r3 = 0") continue;
    CHECK(o.outcome == Outcome::kUnknown);
    REQUIRE(o.replayed);
    CHECK(o.replayed->answer == Answer::kDisagrees);
    CHECK(o.detail == "the judge refutes it (r3 = 0xffffffffffffffff, not certainly 0x0), and QEMU does not: r3 = 0x0");
    return;
  }
  FAIL("it is not judged");
}
