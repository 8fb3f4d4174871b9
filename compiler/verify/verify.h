// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Do the bytes that were written out keep the promises of both conventions?
//
// The judge. It takes the emitted segments as the loader will place them, the state in which the giver enters
// them and what the taker needs, runs the stub on an abstract machine, and answers each obligation:
// proved, refuted (with what was seen instead), or unknown (with what stood in the way). It shares nothing with
// the synthesis but the table of encodings. It looks at one CPU at a time: not at timing, and at caches as coherence.h says.
//
//   Verdict v = verify_entry(loaded, from, to, Endian::kBig);  if (v.outcome() != Outcome::kProved) ...
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "base/range.h"
#include "verify/coherence.h"
#include "verify/copy_loop.h"
#include "verify/firmware.h"
#include "verify/foreign_call.h"
#include "verify/hash_loop.h"
#include "verify/solver.h"
#include "verify/stored_numbers.h"
#include "verify/value.h"

namespace baton::verify {

/// What the loader puts into memory: `bytes`, then zeros up to `size`.
struct Segment {
  std::string name;
  Address start;
  ByteView bytes;
  Size size;
};

struct Loaded {
  std::vector<Segment> segments;
  Address entry;  // where the giver enters
  std::optional<RangeSet> code = {};  // what may run; without it, the segment around the entry
  std::vector<HashLoop> hash_loops = {};  // see hash_loop.h
  std::vector<CopyLoop> copy_loops = {};
  /// What is neither here nor in the entry state is promised by nobody: it may be anything.
  bool is_all = false;
};

/// A number, or a value that is only known by name. "r9 at entry" names what a register held.
struct Term {
  std::string symbol = {};
  uint64_t constant = 0;

  static Term number(uint64_t n) { return {{}, n}; }
  static Term named(std::string name) { return {std::move(name), 0}; }
};

struct UnknownMemory {
  Range range;
  std::string name;
};

/// More steps than this are not waited for, on all ways of a stub together; the answer is then `unknown`. Stubs that are made
/// here are short, and their long loops are left out; code of others is given more. Memory that is stored to is counted too, so
/// that it is bounded as time is: kStepsOfPage steps for each 512 bytes; and so are doublewords that a run with numbers makes up.
inline constexpr uint64_t kMostInstructions = 4'000'000, kMostForeignInstructions = 50'000'000;
inline constexpr uint64_t kStepsOfPage = 256, kStepsOfFilled = 16;

class Observer;

struct EntryState {
  /// By register name ("r3", "lr", "ctr", "cr", "xer"); what is absent is unknown.
  std::map<std::string, Term> registers;
  /// Those that hold one of several values: by the register's name.
  std::map<std::string, std::vector<Term>> one_of = {};
  /// Bits of a symbol that may be one, e.g. 0xff where every id is below 256; all 64 when absent.
  std::map<std::string, uint64_t> symbol_bits;
  /// MSR bits that are known, and their values. LE is the giver's, whatever stands here.
  uint64_t msr_known = 0;
  uint64_t msr_value = 0;
  /// A CPU of Book III-E.
  bool book3e = false;
  /// The lowest level of the CPUs that may run this, times 100, where it is known.
  std::optional<unsigned> isa = {};
  /// What interrupts are taken in when the stub is entered, and what firmware can change it.
  InterruptOrders interrupts;
  Firmware firmware;
  /// Functions and calls of the hypervisor that are taken by contract; null for none.
  std::shared_ptr<const ForeignCalls> calls = {};
  uint64_t most_instructions = kMostInstructions;
  /// The smallest cache block of the CPUs that may run this.
  uint64_t cache_block = kSmallestBlock;
  /// Code runs where an address and its place in memory may differ in the four high bits, and in no other; see machine.h.
  bool linear_map = false;
  /// Then, and with translation on, memory is seen with these four high bits only; nothing where that is not known.
  std::optional<uint64_t> linear_high = {};
  /// Another CPU stores in between when the first so many stores are made conditionally; all later ones succeed.
  unsigned failing_stores = 0;
  /// Memory that the giver describes besides the segments: the copy of the head at 0. Seen before them.
  std::vector<Segment> memory;
  /// Doublewords of memory that are not known, each by its name, in front of all that is described.
  struct NamedWord {
    Address at;
    std::string name;
  };
  std::vector<NamedWord> named = {};
  /// What a CPU reaches with translation off, beside the four high bits of an address, and under a linear map with it on, too;
  /// null where that is not known.
  std::shared_ptr<const RangeSet> reach = {};
  /// Of what lies there and is described nowhere, nobody promises anything: it may be anything (Loaded::is_all says so of all
  /// memory). Null for none.
  std::shared_ptr<const RangeSet> unpromised = {};
  /// Memory whose bytes are not known, in front of what is described: what a file holds that is not there.
  std::vector<UnknownMemory> unknown = {};
  /// What is known of it nevertheless, in front of that.
  std::vector<Segment> stated = {};
  /// Who is asked where bits and names do not tell.
  SolverUse solver = {};
  /// Is told of each step, but of those that are done again with numbers; null for nobody.
  Observer* observer = nullptr;
  /// What others call a word that the table of encodings does not hold, for sentences: empty where nobody knows it.
  std::string (*word_name)(uint32_t word) = nullptr;
};

struct RegisterGoal {
  std::string name;
  std::vector<Term> one_of;  // "=" has one member
  std::string clause;
};
struct WordGoal {  // `width` bytes in memory, most significant first
  Address at;
  unsigned width = 4;
  Term value;
  std::string clause;
};
struct BytesGoal {  // memory equals these bytes when the taker is entered
  Address at;
  ByteView bytes;
  std::string clause;
};

struct FlagGoal {  // who stores to this word of the taker's image stores one of these
  Address at;
  Endian order = Endian::kBig;
  std::vector<uint64_t> one_of;
  std::string clause;
};

struct CopyGoal {  // memory from `to` on is what `from` held at entry, whatever that was
  Range from;
  Address to;
  std::string clause;
};

struct Goals {
  Address target;
  std::string target_clause = "enter";
  std::vector<RegisterGoal> registers;
  /// MSR bits that must have a value, and those that may have any; every other must be as at entry.
  uint64_t msr_fixed = 0;
  uint64_t msr_value = 0;
  uint64_t msr_any = 0;
  /// MSR bits that are not turned on again once they are off.
  uint64_t msr_stays_off = 0;
  /// Any of these byte orders of interrupts will do; empty where it does not matter.
  InterruptOrders interrupts;
  std::string interrupts_clause;
  std::vector<WordGoal> words;
  std::vector<BytesGoal> bytes;
  std::vector<CopyGoal> copies;
  std::vector<FlagGoal> flags;
  /// What may be written besides the words.
  RangeSet may_write;
  /// The taker's code: what was stored there must be fetched as stored by this CPU, which goes there, and by others.
  RangeSet code, code_of_others;
  /// A change of one of these bytes lets other CPUs go to their code, which is ready then.
  RangeSet releases;
  /// This CPU is let go by another one that changes a word of these, and stored code before.
  RangeSet awaited;
  /// No other CPU stores to what this one loads: who goes around and changes nothing never leaves.
  bool is_alone = false;
  /// Where code may run besides.
  RangeSet may_execute;
  /// Places that are not to be come to, and why.
  std::map<Address, std::string> dead_ends = {};
  /// Who waits (verify_wait) may have stored where it may write before that.
  bool waits_after_stores = false;
  /// Whether what it stored is to be told.
  bool tell_stores = false;
  /// Who waits may pass the target: it stands where it waits, and nobody has put the taker there yet.
  bool passes_target = false;
  /// The way begins at the target too: it is reached on coming back.
  bool comes_back = false;
};

/// Assumed: holds if what is said to be taken on trust is so.
enum class Outcome { kProved, kAssumed, kUnknown, kRefuted };
/// "proved", "assumed", "unknown", "refuted".
const char* to_text(Outcome outcome);

/// Numbers that show what is refuted, and what the stub makes of them.
struct Example {
  std::vector<std::pair<std::string, uint64_t>> inputs;  // only those that matter for the way; any others do
  std::string seen;
};

class Assignment;

/// What a machine on which it was really run showed of what is refuted.
struct Replayed {
  enum class Answer { kConfirmed, kCannotShow, kNotRun, kDisagrees };
  Answer answer = Answer::kNotRun;
  std::string detail;  // what it showed, or why nothing
};
/// "confirmed", "cannot-show", "not-run", "disagrees".
const char* to_text(Replayed::Answer answer);

struct Obligation {
  std::string clause;
  Outcome outcome = Outcome::kUnknown;
  std::string detail;  // what was seen, or what stood in the way
  std::optional<Example> example = {};  // of what is refuted, where one was found
  std::string trace = {};               // of several CPUs: who did what, in lines
  bool by_solver = false;               // proved, and not without the solver
  /// Of what is refuted: numbers for all symbols with which one run shows it. Nothing where any will do.
  std::shared_ptr<const Assignment> numbers = {};
  std::optional<Replayed> replayed = {};
};

/// Clauses come up more than once: which of those before it has the same clause as the one at `index`, counted from 0; and
/// the obligation of a clause where it comes up for the `occurrence`th time, or null.
size_t occurrence_of(const std::vector<Obligation>& in, size_t index);
template <typename Obligations>  // constant or not
auto find_obligation(Obligations& in, const std::string& clause, size_t occurrence) {
  for (auto& o : in)
    if (o.clause == clause && occurrence-- == 0) return &o;
  return static_cast<decltype(in.data())>(nullptr);
}

struct Verdict {
  std::vector<Obligation> obligations;
  uint64_t instructions = 0;       // executed from the entry to the jump, the jump included; on the longest way
  std::vector<Address> executed = {};   // their addresses, in order; at most the first 4096
  /// What is stored in the end, as far as it is a number, and the same on every way. Only if the goals ask for it.
  StoredNumbers stored = {};
  uint64_t paths = 1;                   // ways through the stub; `forks` of them on this one
  uint64_t forks = 0;
  std::map<uint64_t, uint64_t> filled = {};  // see Memory::filled
  uint64_t impossible = 0;              // ways besides these that nobody goes, as the solver shows
  RangeSet waits_for = {};              // what those look at that go around, as long as nobody else stores to it

  /// The worst of all.
  Outcome outcome() const;
};

/// More ways than this through a stub are not followed, nor more forks on one.
inline constexpr uint64_t kMostPaths = 64, kMostForks = 64;

struct Machine;

/// Is told of each step of each way, in order.
class Observer {
 public:
  virtual ~Observer() = default;
  /// A way begins, at the entry or where another one forked. `conditions` is empty for the first.
  virtual void follows(const std::string& conditions) = 0;
  virtual void before(Machine& machine) = 0;
  virtual void after(const Machine& machine, const SymbolNames& names) = 0;
  /// Turns of a loop are not run; the last one that was is the last steps, as many as one has.
  virtual void passes(const PassedTurns&) {}
  /// Asked before each step is done: whether this way is of interest any longer.
  virtual bool goes_on() const { return true; }
  /// The way ends, at the target or where the first obligation says.
  virtual void ends(const Machine&, const Obligation&) {}
};

/// For a giver in one byte order; a stub for both is judged twice.
Verdict verify_entry(const Loaded& loaded, const EntryState& from, const Goals& to, Endian giver);

/// Shows every way to the observer, and judges nothing. How many ways were left.
size_t walk_entry(const Loaded& loaded, const EntryState& from, const Goals& to, Endian giver, Observer& observer);

/// The same state with another byte at `changed` than is loaded, which `kept` owns; nothing where none is loaded.
std::optional<EntryState> with_changed_byte(const Loaded& loaded, const EntryState& from, Address changed, std::deque<ByteBuffer>& kept);

/// What is asked of a CPU that must find out: to come to `differs`, and to have stored nothing; and to stay in the code behind
/// that for ever, storing nothing but where the goals allow it.
Goals detection_goals(Address differs, const std::string& clause);

/// Entered with a changed byte, does it do what detection_goals asks, whatever firmware answers? One obligation, the target's
/// clause.
Verdict verify_detects(const Loaded& loaded, const EntryState& changed, const Goals& to, Endian giver);

/// A CPU that must wait where it is as long as memory is as described: proved when its state repeats before it
/// reaches the target or stores anything. One obligation, `clause`.
Verdict verify_wait(const Loaded& loaded, const EntryState& from, const Goals& to, Endian giver,
                    const std::string& clause);

}  // namespace baton::verify
