// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registers go in and out by QEMU's debugging stub, memory by a file that both map. See emulated_run.h.
#include "replay/emulated_run.h"

#include <algorithm>
#include <array>

#include "ppc64/registers.h"
#include "replay/debugger.h"
#include "replay/guest_memory.h"

namespace baton::replay {
namespace {

namespace msr = ppc64::msr;

constexpr uint64_t kMiB = 1 << 20;
/// Of LPCR in a guest, of HID0 on a POWER9 without one (Power ISA 3.0B, Book III 2.2; POWER9 User's Manual 4.1).
constexpr uint64_t kIle = 1 << 25, kHile = uint64_t{1} << 59;
/// More than a stub writes; what is beyond is not compared.
constexpr size_t kMostChanges = 1 << 22;

/// Where interrupts are taken (Power ISA 3.0B, Book III 6.5).
constexpr std::array<uint64_t, 26> kVectors = {0x100, 0x200, 0x300, 0x380, 0x400, 0x480, 0x500, 0x600, 0x700, 0x800, 0x900, 0x980, 0xa00,
                                               0xc00, 0xd00, 0xe00, 0xe20, 0xe40, 0xe60, 0xe80, 0xea0, 0xf00, 0xf20, 0xf40, 0xf60, 0xf80};
/// Numbers that nothing else has, to see who writes these.
constexpr std::array<std::pair<const char*, uint64_t>, 4> kWatched = {
    {{"sprg0", 0x5b47'0000'0ba7'0a00}, {"sprg1", 0x5b47'0000'0ba7'0a01}, {"sprg2", 0x5b47'0000'0ba7'0a02}, {"sprg3", 0x5b47'0000'0ba7'0a03}}};

uint64_t number(const verify::Value& value) { return value.bits(); }

/// The first failure of a row of things to do.
class Steps {
 public:
  template <typename T>
  void take(const Result<T>& result) {
    if (!result && !failure_) failure_ = result.failure();
  }
  bool good() const { return !failure_; }
  const Failure& failure() const { return *failure_; }

 private:
  std::optional<Failure> failure_;
};

class EmulatedRun {
 public:
  explicit EmulatedRun(const Emulation& asked) : asked_(asked), hypervisor_((number(asked.entry->msr) & msr::kHv) != 0) {}

  Result<Seen> run() {
    auto memory = GuestMemory::create(asked_.memory);
    if (!memory) return memory.failure();
    // In place of firmware; none of it ever runs.
    auto nothing = GuestMemory::create(64 << 10);
    if (!nothing) return nothing.failure();
    auto path = [](const GuestMemory& m) { return "/proc/self/fd/" + std::to_string(m.descriptor()); };
    auto debugger = Debugger::start(
        asked_.program,
        {"-M", std::string(hypervisor_ ? "powernv9" : "pseries") + ",memory-backend=ram", "-accel", "tcg", "-cpu", "power9", "-smp", "1", "-m",
         std::to_string(asked_.memory / kMiB) + "M", "-object",
         "memory-backend-file,id=ram,share=on,size=" + std::to_string(asked_.memory) + ",mem-path=" + path(*memory), "-bios", path(*nothing)},
        {memory->descriptor(), nothing->descriptor()});
    if (!debugger) return debugger.failure();
    auto filled = fill(*memory);
    if (!filled) return filled.failure();
    auto entered = enter(*debugger);
    if (!entered) return entered.failure();
    Seen seen;
    seen.end = *asked_.entry;
    auto went = go(*debugger, seen);
    if (!went) return went.failure();
    auto read = read_end(*debugger, seen);
    if (!read) return read.failure();
    for (const auto& [at, byte] : memory->changes([this](uint64_t page, std::span<uint8_t> into) { write_page(page, into); }, kMostChanges))
      seen.end.memory.store(at, 1, verify::Value(byte), Endian::kBig);
    return seen;
  }

 private:
  void write_page(uint64_t page, std::span<uint8_t> into) const {
    asked_.besides.write(page, into);
    asked_.entry->memory.write_entry(page, into);
  }

  /// What QEMU put there for its firmware goes.
  Result<Done> fill(GuestMemory& memory) const {
    auto cleared = memory.clear();
    if (!cleared) return cleared;
    RangeSet where = asked_.entry->memory.described_ranges();
    for (const auto& [at, bytes] : asked_.besides.runs()) where.add(Range::at(Address{at}, Size{bytes.size()}));
    std::array<uint8_t, GuestMemory::kPage> bytes;
    uint64_t next = 0;  // pages below are done
    for (const Range& range : where.within(Range::from_to(0, memory.size())))
      for (uint64_t page = std::max(next, range.begin.value() / bytes.size() * bytes.size()); page < range.end.wide(); page += bytes.size()) {
        bytes.fill(0);
        write_page(page, bytes);
        // What is zero already stays a hole.
        if (std::any_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte != 0; })) memory.put(page, bytes);
        next = page + bytes.size();
      }
    return Done{};
  }

  Result<Done> enter(Debugger& debugger) const {
    const verify::Machine& m = *asked_.entry;
    Steps steps;
    auto set = [&](const std::string& name, uint64_t value) {
      if (steps.good()) steps.take(debugger.set(name, value));
    };
    steps.take(debugger.begin_setting());
    for (unsigned i = 0; i < 32; ++i) set("r" + std::to_string(i), number(m.gpr[i]));
    for (unsigned i = 0; i < 32 && steps.good(); ++i)
      steps.take(debugger.set_vector("vr" + std::to_string(i), number(m.vr[i][0]), number(m.vr[i][1])));
    set("lr", number(m.lr));
    set("ctr", number(m.ctr));
    set("cr", number(m.cr));
    set("xer", number(m.xer));
    set("srr0", number(m.srr0));
    set("srr1", number(m.srr1));
    if (debugger.has("hsrr0")) set("hsrr0", number(m.hsrr0));
    if (debugger.has("hsrr1")) set("hsrr1", number(m.hsrr1));
    for (const auto& [name, value] : kWatched)
      if (debugger.has(name)) set(name, value);
    if (!m.interrupts.empty()) {
      const char* where = hypervisor_ ? "hid0" : "lpcr";
      const uint64_t bit = hypervisor_ ? kHile : kIle;
      auto now = debugger.get(where);
      steps.take(now);
      if (now) set(where, *m.interrupts.begin() != 0 ? *now | bit : *now & ~bit);
    }
    set("pc", m.pc);
    if (steps.good()) steps.take(debugger.set_msr(number(m.msr)));
    if (!steps.good()) return steps.failure();
    auto held = debugger.get("msr");
    if (!held) return held.failure();
    if (*held != number(m.msr))
      return Failure{Failure::Kind::kUnsuitable, "its CPU does not hold an MSR of " + hex(Wide{number(m.msr)}) + ", but " + hex(Wide{*held})};
    return Done{};
  }

  Result<Done> go(Debugger& debugger, Seen& seen) const {
    std::set<uint64_t> breaks = asked_.stops;
    if (asked_.stays_at) breaks.insert(*asked_.stays_at);
    const auto opal = asked_.entry->firmware.opal_entry;
    if (opal) breaks.insert(opal->value());
    std::set<uint64_t> vectors;
    for (uint64_t vector : kVectors)
      if (asked_.executed.count(vector) == 0 && breaks.count(vector) == 0) vectors.insert(vector);
    Steps steps;
    auto at = [&]() -> uint64_t {
      auto pc = debugger.get("pc");
      steps.take(pc);
      return pc ? *pc : 0;
    };
    // A breakpoint at the entry would be met before anything is executed: which is right where nothing is to be.
    const bool stays_at_entry = asked_.stays_at == asked_.entry->pc;
    if (breaks.count(asked_.entry->pc) != 0 && !stays_at_entry && !asked_.executed.empty()) steps.take(debugger.step());
    for (const auto* places : {&breaks, &vectors})
      for (uint64_t place : *places)
        if (steps.good()) steps.take(debugger.break_at(place));
    if (!steps.good()) return steps.failure();
    uint64_t pc = at();
    if (breaks.count(pc) == 0 && vectors.count(pc) == 0) {
      auto went = debugger.go(asked_.seconds);
      if (!went) return went.failure();
      if (*went == Debugger::Went::kStillRunning) {
        seen.how = Seen::How::kTime;
        return Done{};
      }
      pc = at();
    }
    if (!steps.good()) return steps.failure();
    if (opal && pc == opal->value() && asked_.stops.count(pc) == 0)
      return Failure{Failure::Kind::kUnsuitable, "it calls OPAL, and there is no firmware in the machine that it is shown on"};
    if (asked_.stays_at == pc) {
      steps.take(debugger.unbreak(pc));
      if (steps.good()) steps.take(debugger.step());
      if (!steps.good()) return steps.failure();
      seen.how = at() == pc ? Seen::How::kStays : Seen::How::kStop;
      return steps.good() ? Result<Done>(Done{}) : Result<Done>(steps.failure());
    }
    seen.how = vectors.count(pc) != 0 ? Seen::How::kInterrupt : Seen::How::kStop;
    return Done{};
  }

  Result<Done> read_end(Debugger& debugger, Seen& seen) const {
    verify::Machine& m = seen.end;
    Steps steps;
    auto get = [&](const std::string& name) -> uint64_t {
      if (!steps.good()) return 0;
      auto value = debugger.get(name);
      steps.take(value);
      return value ? *value : 0;
    };
    for (unsigned i = 0; i < 32; ++i) m.gpr[i] = verify::Value(get("r" + std::to_string(i)));
    for (auto [name, target] : {std::pair("lr", &m.lr), std::pair("ctr", &m.ctr), std::pair("cr", &m.cr), std::pair("xer", &m.xer),
                                std::pair("msr", &m.msr), std::pair("srr0", &m.srr0), std::pair("srr1", &m.srr1)})
      *target = verify::Value(get(name));
    m.pc = get("pc");
    if (seen.how == Seen::How::kInterrupt) {
      seen.from = number(m.srr0);
      // Some interrupts of a hypervisor's leave it in HSRR0.
      const bool of_hypervisor = m.pc == 0x980 || (m.pc >= 0xe00 && m.pc <= 0xea0) || m.pc == 0xf80;
      if (of_hypervisor && debugger.has("hsrr0")) seen.from = get("hsrr0");
    }
    m.interrupts = {(get(hypervisor_ ? "hid0" : "lpcr") & (hypervisor_ ? kHile : kIle)) != 0 ? 1u : 0u};
    for (const auto& [name, value] : kWatched)
      if (debugger.has(name))
        if (const uint64_t now = get(name); now != value) m.other_sprs_written.push_back(std::string(name) + ", which is " + hex(Wide{now}) + " now,");
    return steps.good() ? Result<Done>(Done{}) : Result<Done>(steps.failure());
  }

  const Emulation& asked_;
  const bool hypervisor_;
};

}  // namespace

Result<Seen> emulate(const Emulation& emulation) { return EmulatedRun(emulation).run(); }

uint64_t named_msr_bits() {
  uint64_t bits = 0;
  for (const ppc64::MsrField& field : ppc64::kMsrFields)
    if (!field.book3e) bits |= field.mask;
  return bits;
}

uint64_t free_msr_bits() { return msr::kVec | msr::kVsx | msr::kEe | msr::kFp | msr::kMe | msr::kRi; }

}  // namespace baton::replay
