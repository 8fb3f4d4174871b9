// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Do the judge and QEMU make the same of the same privileged instruction, in the same state of the machine?
//
// Random words of every row that problem state may not execute, mtspr and mfspr once for each register it may not touch,
// in every state of MSR[HV PR IR DR] and with random other bits. QEMU's bare machine runs them (privileged_image.h); what
// it holds afterwards is compared with what one step of the judge makes of it: registers, MSR, where it goes on, in which
// byte order the next instruction is fetched there, or that it is not executed at all.
//
//   privileged_tool make ORDER COUNT FILE       the image; prints how many cases it has, and where it counts them
//   privileged_tool compare ORDER COUNT FILE    the machine's memory after the last case, against ours
//
// Not here: MSR[SE BE], which bring an interrupt after the next instruction, and interrupts the judge does not follow;
// MSR[TS], transactions, of which QEMU's CPU has none; the MSR of Book III-E.
#include "privileged_image.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "ppc64/instruction.h"
#include "tool.h"
#include "verify/semantics.h"

using namespace baton;
using namespace baton::differential;
using namespace baton::ppc64;
using verify::Step;
using verify::Value;

namespace {

// Of the MSR (Power ISA 3.0B, Book III 3.2.1), what Baton has no name for.
constexpr uint64_t kTs = uint64_t{3} << 33, kTm = uint64_t{1} << 32, kFe0 = 0x800, kFe1 = 0x100, kPmm = 4;
/// All that QEMU's POWER9 holds; what is written to other bits is gone.
constexpr uint64_t kHeld = msr::kSf | msr::kHv | kTm | msr::kVec | msr::kVsx | msr::kEe | msr::kPr | msr::kFp | msr::kMe | kFe0 | msr::kSe | msr::kBe |
                           kFe1 | msr::kIr | msr::kDr | kPmm | msr::kRi | msr::kLe;
constexpr uint64_t kForcedByPr = msr::kEe | msr::kIr | msr::kDr;
/// Of LPCR, what changes nothing here: DPFD, ILE, GTSE, TC.
constexpr uint64_t kLpcrFree = uint64_t{7} << 52 | kLpcrIle | 0x400 | 0x200;
constexpr uint64_t kProgram = 0x700, kEmulationAssistance = 0xe40;
// What SRR1 says of a Program interrupt (Book III 6.5.9).
constexpr uint64_t kWasPrivileged = 0x40000, kWasTrap = 0x20000;

/// A row of the table; of mtspr and mfspr with one register.
struct Kind {
  const Encoding* row;
  const SprName* spr = nullptr;
  std::string name() const { return std::string(row->name) + (spr ? " " + std::string(spr->name) : ""); }
};

std::vector<Kind> kinds() {
  std::vector<Kind> all;
  for (const Encoding& row : encodings()) {
    const bool writes = row.mnemonic == Mnemonic::kMtspr, reads = row.mnemonic == Mnemonic::kMfspr;
    if (writes || reads) {
      for (const SprName& spr : kSprNames)
        if (spr.privileged && (writes ? spr.writable : spr.readable)) all.push_back({&row, &spr});
    } else if (row.rights != Rights::kAnyone) {
      all.push_back({&row});
    }
  }
  return all;
}

struct Tried {
  Kind kind;
  Instruction instruction;
  Case state;

  bool is(Mnemonic m) const { return instruction.mnemonic == m; }
  uint64_t& source() { return state.registers.gpr[static_cast<size_t>(instruction.operands[is(Mnemonic::kMtspr) ? 1 : 0])]; }
};

class Maker {
 public:
  Maker(Endian order, unsigned per_kind) : dice_(order == Endian::kBig ? 2005 : 2014), order_(order), per_kind_(per_kind) {}

  std::vector<Tried> all() {
    std::vector<Tried> all;
    for (const Kind& kind : kinds()) {
      // What writes the MSR has many different outcomes in each state.
      const unsigned times = kind.spr || kind.row->mnemonic == Mnemonic::kMfmsr ? 1 : 8;
      for (unsigned n = 0; n < times * per_kind_; ++n) all.push_back(make(kind, slot_of(all.size())));
    }
    return all;
  }

 private:
  Tried make(const Kind& kind, uint64_t slot) {
    Tried t{kind, {}, {}};
    std::optional<Instruction> drawn;
    while (!drawn || (kind.spr && drawn->operands[kind.row->mnemonic == Mnemonic::kMtspr ? 0 : 1] != static_cast<int64_t>(kind.spr->spr)))
      drawn = decode(word_of(kind));
    t.instruction = *drawn;
    Case& c = t.state;
    c.word = must(encode(t.instruction));
    c.ends_by_trap = dice_.below(2) == 0;
    c.registers = Registers::draw(dice_);
    for (uint64_t* n : {&c.srr0, &c.hsrr0}) *n = dice_.number();
    for (uint64_t* n : {&c.srr1, &c.hsrr1}) *n = dice_.number();
    for (uint64_t& n : c.sprg) n = dice_.number();
    c.lpcr = kLpcrBase | (dice_.bits() & kLpcrFree);
    c.hid0 = dice_.bits() & kHid0Hile;
    c.dec = dice_.bits() >> 10 | uint64_t{1} << 50;  // does not come to its end here
    c.msr = (new_msr() & kHeld & ~msr::kLe) | msr::kSf | (order_ == Endian::kLittle ? msr::kLe : 0);
    if ((c.msr & msr::kPr) != 0) c.msr |= kForcedByPr;
    const bool of_hsrr = kind.spr && (kind.spr->spr == Spr::kHsrr0 || kind.spr->spr == Spr::kHsrr1);
    c.enters_by_rfid = of_hsrr || t.is(Mnemonic::kHrfid);  // the other way takes HSRR0 and HSRR1
    if (t.is(Mnemonic::kMtmsr) || t.is(Mnemonic::kMtmsrd)) t.source() = new_msr();
    const uint64_t to = slot + kReturnAt + dice_.below(4);
    if (t.is(Mnemonic::kRfid)) c.srr0 = to, c.srr1 = new_msr();
    if (t.is(Mnemonic::kHrfid)) c.hsrr0 = to, c.hsrr1 = new_msr();
    if (t.is(Mnemonic::kMtspr) && kind.spr->spr == Spr::kLpcr) t.source() = kLpcrBase | (dice_.bits() & kLpcrFree);
    // Its end would interrupt.
    if (t.is(Mnemonic::kMtspr) && kind.spr->spr == Spr::kDec && (c.msr & msr::kPr) == 0) c.msr &= ~msr::kEe;
    // What the loop sets last is what the instruction finds.
    (c.enters_by_rfid ? c.srr0 : c.hsrr0) = slot;
    (c.enters_by_rfid ? c.srr1 : c.hsrr1) = c.msr;
    return t;
  }

  uint32_t word_of(const Kind& kind) {
    uint32_t word = kind.row->match | (static_cast<uint32_t>(dice_.bits()) & ~kind.row->mask);
    if (!kind.spr) return word;
    const uint32_t spr = static_cast<uint32_t>(kind.spr->spr);
    return (word & ~uint32_t{0x1ff800}) | (spr & 31) << 16 | spr >> 5 << 11;
  }

  /// Random where the books leave it to the program, bits that no processor holds included.
  uint64_t new_msr() {
    uint64_t bits = dice_.bits() & ~(kTs | msr::kSe | msr::kBe);
    if (dice_.below(8) != 0) bits |= msr::kSf;
    if (dice_.below(2) != 0) bits &= ~msr::kPr;
    return (bits & msr::kPr) != 0 && dice_.below(2) != 0 ? bits | kForcedByPr : bits;
  }

  Dice dice_;
  Endian order_;
  unsigned per_kind_;
};

std::vector<Case> states(const std::vector<Tried>& all) {
  std::vector<Case> cases;
  for (const Tried& t : all) cases.push_back(t.state);
  return cases;
}

/// Where QEMU (7.2) is not what the books say, and the judge is. Its state is expected to be just that: a case in which it
/// follows the books differs, and then the departure has to go from here.
enum Departure : size_t {
  kMeBySupervisor,    // Book III 3.3.1: rfid takes MSR[ME] from SRR1 in hypervisor state only. QEMU always does
  kPtesyncByAnybody,  // Book III, Synchronize: ptesync is privileged. QEMU executes it in problem state
  kDepartures,
};
constexpr std::array<const char*, kDepartures> kDepartureNames = {"QEMU's rfid sets ME without hypervisor state",
                                                                  "QEMU executes ptesync in problem state"};

struct Counts {
  std::map<std::string, unsigned> seen;
  std::array<unsigned, kDepartures> departures{};
};

class Comparison {
 public:
  Comparison(const Tried& t, uint64_t slot, ByteView memory, ByteView record, Counts& counts)
      : t_(t), c_(t.state), slot_(slot), memory_(memory), record_(record), counts_(counts) {}

  std::string run() {
    verify::Machine m = machine();
    const Step first = verify::step(m);
    if (first.kind == Step::Kind::kWent)
      went(m);
    else
      refused(m, first);
    return differing_.text();
  }

 private:
  uint64_t at(uint64_t offset) const { return recorded(record_, offset); }
  bool had(uint64_t msr_bit) const { return (c_.msr & msr_bit) != 0; }

  verify::Machine machine() const {
    verify::Machine m;
    m.isa = 300;
    m.memory.describe("slot", slot_, memory_, memory_.size());
    c_.registers.give(m);
    m.srr0 = Value(c_.srr0);
    m.srr1 = Value(c_.srr1);
    m.hsrr0 = Value(c_.hsrr0);
    m.hsrr1 = Value(c_.hsrr1);
    m.msr = Value(c_.msr);
    m.pc = slot_;
    m.linear_map = had(msr::kIr);
    return m;
  }

  /// Where words that tell the byte order end.
  static uint64_t end(const verify::Machine& m) { return m.order() == Endian::kLittle ? kEndLittle : kEndBig; }

  void went(verify::Machine& m) {
    if (had(msr::kPr)) return differing_.add("is executed in problem state");
    verify::Machine next = m;
    next.linear_map = (m.msr.bits() & msr::kIr) != 0;
    const Step second = verify::step(next);
    if ((m.msr.bits() & msr::kSf) == 0) {
      if (second.kind != Step::Kind::kUnknown || !second.reason.ends_with(" 64-bit mode is not known to be on"))
        return differing_.add("goes on in 32-bit mode: " + second.reason);
      next.pc = m.pc + end(m);
      ++counts_.seen["32-bit"];
    } else {
      if (second.kind != Step::Kind::kWent) return differing_.add(second.reason);
      const Step third = verify::step(next);
      if (third.reason.find(c_.ends_by_trap ? " traps" : " the word 0 is executed") == std::string::npos)
        return differing_.add("does not end: " + third.reason);
    }
    if (((m.msr.bits() ^ c_.msr) & msr::kLe) != 0) ++counts_.seen["other order"];
    if (((m.msr.bits() ^ c_.msr) & msr::kHv) != 0) ++counts_.seen["hypervisor left"];
    if ((m.msr.bits() & msr::kPr) != 0) ++counts_.seen["problem state"];
    if (t_.is(Mnemonic::kRfid) && !had(msr::kHv) && ((c_.srr1 ^ c_.msr) & msr::kMe) != 0) {
      ++counts_.departures[kMeBySupervisor];
      m.msr = m.msr.inverted(msr::kMe);
    }
    interrupted(c_.ends_by_trap ? kProgram : kEmulationAssistance, kWasTrap, next.pc, m);
  }

  void refused(verify::Machine& m, const Step& step) {
    const bool problem = had(msr::kPr), of_hypervisor = t_.kind.row->rights == Rights::kHypervisor || (t_.kind.spr && t_.kind.spr->hypervisor);
    if (!problem && !(of_hypervisor && !had(msr::kHv))) return differing_.add(step.reason);
    if (step.kind != Step::Kind::kWrong || !step.reason.ends_with(problem ? " needs privileged state" : " needs hypervisor state"))
      return differing_.add("is refused otherwise: " + step.reason);
    if (problem && t_.is(Mnemonic::kPtesync)) {
      ++counts_.departures[kPtesyncByAnybody];
      return interrupted(c_.ends_by_trap ? kProgram : kEmulationAssistance, kWasTrap, slot_ + kNextAt + end(m), m);
    }
    ++counts_.seen[problem ? "refused in problem state" : "refused to a supervisor"];
    // Of what a hypervisor keeps from a supervisor LPCR[EVIRT] and the kind of resource say by which interrupt.
    const bool either = !problem && at(kVector) == kEmulationAssistance;
    interrupted(either ? kEmulationAssistance : kProgram, kWasPrivileged, slot_, m);
  }

  /// All that is seen at an interrupt that comes before the instruction at `pc`.
  void interrupted(uint64_t vector, uint64_t why, uint64_t pc, const verify::Machine& m) {
    number("interrupt", vector, at(kVector));
    const bool to_hypervisor = vector == kEmulationAssistance;
    const uint64_t saved = to_hypervisor ? at(kHsrr1) : at(kSrr1);
    number("goes on at", pc, to_hypervisor ? at(kHsrr0) : at(kSrr0));
    if (vector == kProgram && (saved & (kWasPrivileged | kWasTrap)) != why) differing_.add("SRR1 is " + hex(Wide{saved}));
    differing_.same("msr", m.msr.masked(kHeld), saved & kHeld);
    registers(m);
    if (to_hypervisor) {
      differing_.same("srr0", m.srr0, at(kSrr0));
      differing_.same("srr1", m.srr1, at(kSrr1));
    } else {
      differing_.same("hsrr0", m.hsrr0, at(kHsrr0));
      differing_.same("hsrr1", m.hsrr1, at(kHsrr1));
    }
    other_specials(m);
    const bool little = to_hypervisor || (saved & msr::kHv) != 0 ? c_.hid0 != 0 : (c_.lpcr & kLpcrIle) != 0;
    number("little-endian handler", little ? ~uint64_t{0} : 0, at(kHandler));
  }

  void registers(const verify::Machine& m) {
    for (size_t r = 0; r < 32; ++r) {
      const bool unknown_to_judge = t_.is(Mnemonic::kMfspr) && static_cast<int64_t>(r) == t_.instruction.operands[0] && m.gpr[r].known() == 0;
      if (!unknown_to_judge)
        differing_.same("r" + std::to_string(r), m.gpr[r], at(8 * r));
      else
        read_special(at(8 * r));
    }
    differing_.same("cr", m.cr, at(kCr));
    differing_.same("xer", m.xer, at(kXer));
    differing_.same("lr", m.lr, at(kLr));
    differing_.same("ctr", m.ctr, at(kCtr));
  }

  /// The judge does not know what is in it, but the number has to be that register's.
  void read_special(uint64_t theirs) {
    switch (t_.kind.spr->spr) {
      case Spr::kSprg0: return number("sprg0", c_.sprg[0], theirs);
      case Spr::kSprg1: return number("sprg1", c_.sprg[1], theirs);
      case Spr::kSprg2: return number("sprg2", c_.sprg[2], theirs);
      case Spr::kSprg3: return number("sprg3", c_.sprg[3], theirs);
      case Spr::kLpcr: return number("lpcr", c_.lpcr, theirs);
      case Spr::kPvr: return number("pvr", at(kPvr), theirs);
      case Spr::kPir: return number("pir", at(kPir), theirs);
      case Spr::kDec: return counted_down("dec", c_.dec, theirs);
      default: return differing_.add("the judge does not know what it reads");
    }
  }

  /// Those that the judge keeps no value of: only what it says was written has changed.
  void other_specials(const verify::Machine& m) {
    std::map<std::string, uint64_t> now{{"sprg0", c_.sprg[0]}, {"sprg1", c_.sprg[1]}, {"sprg2", c_.sprg[2]}, {"sprg3", c_.sprg[3]},
                                        {"lpcr", c_.lpcr},     {"dec", c_.dec},        {"ctrl", 0}};  // that one is not read back
    for (const std::string& written : m.other_sprs_written) {
      auto found = now.find(written.substr(0, written.find(' ')));
      if (found == now.end()) return differing_.add("writes " + written);
      found->second = c_.registers.gpr[static_cast<size_t>(t_.instruction.operands[1])];
    }
    for (size_t s = 0; s < 4; ++s) number("sprg" + std::to_string(s), now["sprg" + std::to_string(s)], at(kSprg + 8 * s));
    number("lpcr", now["lpcr"], at(kLpcr));
    counted_down("dec", now["dec"], at(kDec));
    number("hid0", c_.hid0, at(kHid0));
  }

  /// Within 2^34 ticks, more than half a minute; of 56 bits.
  void counted_down(const std::string& name, uint64_t from, uint64_t theirs) {
    if (((from - theirs) & ((uint64_t{1} << 56) - 1)) >> 34 != 0) number(name, from, theirs);
  }

  void number(const std::string& name, uint64_t ours, uint64_t theirs) { differing_.same(name, Value(ours), theirs); }

  const Tried& t_;
  const Case& c_;
  uint64_t slot_;
  ByteView memory_, record_;
  Counts& counts_;
  Differences differing_;
};

int make(Endian order, unsigned per_kind, const std::string& path) {
  const auto all = Maker(order, per_kind).all();
  const ByteBuffer bytes = image(states(all), order);
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  std::printf("%zu %llu\n", all.size(), static_cast<unsigned long long>(kFinished));
  return out.flush() ? 0 : 1;
}

int compare(Endian order, unsigned per_kind, const std::string& path) {
  const auto all = Maker(order, per_kind).all();
  const ByteBuffer slots = image(states(all), order);
  std::ifstream in(path, std::ios::binary);
  in.seekg(kRecords);
  ByteBuffer records(all.size() * kRecordSize);
  if (!in.read(reinterpret_cast<char*>(records.data()), static_cast<std::streamsize>(records.size()))) stop("there are no records in " + path);
  std::set<std::string> kinds;
  Counts counts;
  unsigned differences = 0;
  for (size_t n = 0; n < all.size(); ++n) {
    const ByteView slot = ByteView(slots).subspan(slot_of(n), kSlotSize), record = ByteView(records).subspan(n * kRecordSize, kRecordSize);
    const std::string differing = Comparison(all[n], slot_of(n), slot, record, counts).run();
    kinds.insert(all[n].kind.name());
    if (differing.empty() || ++differences > 40) continue;
    std::fprintf(stderr, "`%s` with MSR %s:%s\n", to_text(all[n].instruction).c_str(), hex(Wide{all[n].state.msr}).c_str(), differing.c_str());
  }
  if (differences != 0) stop(std::to_string(differences) + " of " + std::to_string(all.size()) + " cases differ");
  std::printf("%zu instructions and registers agree with QEMU\n", kinds.size());
  for (const auto& [what, count] : counts.seen) std::printf("%u %s\n", count, what.c_str());
  for (size_t n = 0; n < kDepartures; ++n) {
    if (counts.departures[n] == 0) stop("no case has to do with it that " + std::string(kDepartureNames[n]));
    std::printf("%u where %s\n", counts.departures[n], kDepartureNames[n]);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 5 ? argv[1] : "";
  const Endian order = argc == 5 && std::string(argv[2]) == "little" ? Endian::kLittle : Endian::kBig;
  if (mode == "make") return make(order, static_cast<unsigned>(std::stoul(argv[3])), argv[4]);
  if (mode == "compare") return compare(order, static_cast<unsigned>(std::stoul(argv[3])), argv[4]);
  std::fprintf(stderr, "usage: privileged_tool make|compare ORDER COUNT FILE\n");
  return 64;
}
