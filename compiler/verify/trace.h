// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a stub do, step by step, for people who read it?
//
// A Trace writes each step as a line: where, the instruction, what it changed, and below which clause that meets. Of a loop the first
// turns are shown and the others counted. A Listing keeps, per instruction, how often it was executed and what it changed first; and
// who wrote a register or a byte last, which is who brought about what is asked of it.
//
//   Trace trace; from.observer = &trace; auto verdict = verify_entry(loaded, from, to, giver); trace.text(to, verdict)
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "verify/machine.h"
#include "verify/verify.h"

namespace baton::verify {

struct Fetched {
  std::string text = "?";
  Endian order = Endian::kBig;  // of the fetch
  bool order_or_cache = false;  // see ppc64::is_order_or_cache
};

/// Those that are neither general nor vectors, in the order in which people are told of them.
inline constexpr std::pair<const char*, Value Registers::*> kOtherRegisters[] = {
    {"lr", &Registers::lr},     {"ctr", &Registers::ctr},   {"cr", &Registers::cr},       {"xer", &Registers::xer},     {"msr", &Registers::msr},
    {"srr0", &Registers::srr0}, {"srr1", &Registers::srr1}, {"hsrr0", &Registers::hsrr0}, {"hsrr1", &Registers::hsrr1}};

/// Registers before a step, to be compared with those after it; and what the step did with memory.
class StepChanges {
 public:
  void before(Machine& machine);
  /// "r4 = 0x8000000", "4 bytes at 0xc00001c = master.physical_id", in a fixed order.
  std::vector<std::string> after(const Machine& machine, const SymbolNames& names);
  /// The registers that have another value than before.
  const std::vector<std::string>& registers() const { return registers_; }
  const std::vector<Access>& accesses() const { return accesses_; }
  uint64_t pc() const { return before_.pc; }
  const Fetched& instruction() const { return instruction_; }

 private:
  Registers before_;
  Fetched instruction_;
  bool by_contract_ = false;
  std::vector<Access> accesses_;
  std::vector<std::string> registers_;
};

/// Which step wrote a register or a byte last, and was the last at all. Steps have numbers of whoever asks.
class LastWriters {
 public:
  void note(const StepChanges& changes, uint64_t step);
  /// visit(step, clause) for each goal that a step brought about, if it is met.
  void each(const Goals& goals, const std::function<void(uint64_t, const std::string&)>& visit) const;

 private:
  std::map<std::string, uint64_t> registers_;
  std::map<uint64_t, uint64_t> bytes_;
  std::optional<uint64_t> last_;
};

class Trace : public Observer {
 public:
  void follows(const std::string& conditions) override;
  void before(Machine& machine) override { changes_.before(machine); }
  void after(const Machine& machine, const SymbolNames& names) override;
  void passes(const PassedTurns& passed) override { hide(passed.turns * passed.instructions); }
  void ends(const Machine& machine, const Obligation&) override;
  /// All lines, with the clauses below that a step brought about and the verdict says are met.
  std::string text(const Goals& goals, const Verdict& verdict) const;

 private:
  void hide(uint64_t steps);

  StepChanges changes_;
  std::map<uint64_t, unsigned> shown_;  // on this way
  uint64_t hidden_ = 0;                 // steps that the last line stands for
  std::vector<std::string> lines_;
  std::vector<LastWriters> ends_;  // of each way; steps are places in lines_
};

class Listing : public Observer {
 public:
  struct Line {
    Fetched instruction;
    std::vector<std::string> changes;  // by its first execution
    uint64_t count = 0;
    std::vector<std::string> clauses;  // that it brings about
  };
  void follows(const std::string&) override {}
  void before(Machine& machine) override { changes_.before(machine); }
  void after(const Machine& machine, const SymbolNames& names) override;
  void passes(const PassedTurns& passed) override;
  void ends(const Machine& machine, const Obligation&) override { read_at_once_ = read_at_once_.unite(machine.loaded_at_once); }

  /// Names, at the instructions that wrote them last, the clauses that are met.
  void credit(const Goals& goals, const Verdict& verdict);
  const std::map<uint64_t, Line>& lines() const { return lines_; }
  bool was_read(uint64_t address) const {
    return read_.count(address) != 0 || read_at_once_.contains(Range::at(Address{address}, Size{1}));
  }

 private:
  StepChanges changes_;
  std::map<uint64_t, Line> lines_;
  LastWriters writers_;  // steps are addresses of instructions
  std::map<uint64_t, bool> read_;
  RangeSet read_at_once_;
  static constexpr size_t kMostKept = 4096;
  std::deque<uint64_t> way_;  // the last addresses
};

/// "            meets `clause`"
std::string meets_line(const std::string& clause);

}  // namespace baton::verify
