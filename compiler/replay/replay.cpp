// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which run shows it, what can be seen of its end, and whether QEMU's end is the same. See replay.h.
#include "replay/replay.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

#include "ppc64/registers.h"
#include "replay/child.h"
#include "replay/emulated_run.h"
#include "verify/definitions.h"
#include "verify/fetch_goals.h"

namespace baton::replay {
namespace {

using verify::Obligation;
using verify::Outcome;
using verify::Question;
using verify::Replayed;
using verify::RunEnd;
using Answer = Replayed::Answer;
namespace msr = ppc64::msr;

constexpr double kCircleSeconds = 1;
constexpr uint64_t kLeastMemory = uint64_t{1} << 30, kMemoryStep = uint64_t{256} << 20;

bool refutes(const std::vector<Obligation>& in, const std::string& clause, size_t occurrence) {
  const Obligation* o = verify::find_obligation(in, clause, occurrence);
  return o && o->outcome == Outcome::kRefuted;
}

/// A run of the judge's and, once it was asked for, QEMU's.
struct Repeated {
  Repeated(Question asked, std::shared_ptr<const verify::Assignment> chosen) : question(std::move(asked)), numbers(std::move(chosen)) {}

  Question question;
  std::shared_ptr<const verify::Assignment> numbers;
  verify::Run run;
  verify::StoredNumbers besides = {};        // memory that nobody describes, as it is in the emulated machine
  uint64_t memory = 0;                       // of that
  bool reads_beyond = false;                 // what nobody described, and lies where that has none
  std::vector<Obligation> visible = {};      // what the judge says of the part of its end that can be seen
  std::optional<Result<Seen>> seen = {};
  std::vector<Obligation> shown = {};        // what it says of QEMU's
};

class Replay {
 public:
  Replay(const Options& options, unsigned& runs, const Question& question)
      : options_(options), runs_(runs), question_(question), program_(find_program(options.program)) {}

  void of(Obligation& obligation, size_t occurrence) {
    obligation.replayed = answer(obligation, occurrence);
    if (obligation.replayed->answer != Answer::kDisagrees) return;
    obligation.outcome = Outcome::kUnknown;
    obligation.detail = "the judge refutes it (" + obligation.detail + "), and QEMU does not: " + obligation.replayed->detail;
  }

 private:
  Replayed answer(const Obligation& o, size_t occurrence) {
    if (question_.from.book3e) return {Answer::kCannotShow, "it has no CPU of Book III-E whose software leaves a 64-bit kernel"};
    if (question_.from.linear_map) return {Answer::kCannotShow, kTranslated};
    if (o.clause == verify::kFetchClause || o.clause == verify::kPrefetchClause) return {Answer::kCannotShow, kCaches};
    Repeated* repeated = find_run(o.clause, occurrence, o.numbers);
    if (!repeated)
      return {Answer::kCannotShow, "it depends on what its CPU does not hold, as bits of the MSR that have no name"};
    const verify::Run& run = repeated->run;
    if (run.how == RunEnd::kStale) return {Answer::kCannotShow, kCaches};
    if (run.how == RunEnd::kUnreached) return {Answer::kCannotShow, "it does not keep a load within what a guest reaches"};
    if (!run.end.called.empty()) return {Answer::kCannotShow, "it calls " + *run.end.called.begin() + ", of which there is a contract and no code"};
    // Where it goes, or what there is in the end: of a way that does not arrive, what was written.
    const bool of_way = o.clause == question_.to.target_clause;
    if (!of_way && !refutes(repeated->visible, o.clause, occurrence))
      return {Answer::kCannotShow, repeated->memory == kMostMemory ? kNoMemory
                                                                    : "no state shows it: what is written is what was there, or a register that is not compared"};
    if (!program_) return {Answer::kNotRun, "`" + options_.program + "` is not installed"};
    if (!repeated->seen) {
      if (runs_ == options_.most_runs) return {Answer::kNotRun, "after " + std::to_string(runs_) + " runs no more are tried"};
      ++runs_;
      repeated->seen = emulate_it(*repeated);
    }
    if (!*repeated->seen) {
      const Failure& failure = repeated->seen->failure();
      return {failure.kind == Failure::Kind::kUnsuitable ? Answer::kCannotShow : Answer::kNotRun, failure.message};
    }
    Replayed seen = compare(o, occurrence, *repeated, **repeated->seen, of_way);
    if (seen.answer == Answer::kDisagrees && repeated->reads_beyond) return {Answer::kCannotShow, kNoMemory};
    return seen;
  }

  Replayed compare(const Obligation& o, size_t occurrence, Repeated& repeated, const Seen& seen, bool of_way) const {
    const verify::Run& run = repeated.run;
    if (run.how == RunEnd::kUnknown) {
      Replayed state = compare_states(o, occurrence, repeated, seen);
      return state.answer == Answer::kConfirmed ? state : Replayed{Answer::kNotRun, "the judge does not know how it goes on, and here " + where(seen)};
    }
    Replayed way = compare_ways(run, seen);
    return of_way || way.answer != Answer::kConfirmed ? way : compare_states(o, occurrence, repeated, seen);
  }

  static constexpr const char* kNoMemory = "it happens in memory that no machine here has";
  static constexpr const char* kCaches = "its instruction caches follow every store";

  /// As the judge has it, and what the machine can hold: without other bits of the MSR, in one of the states that the
  /// giver may leave in.
  std::vector<verify::EntryState> states() const {
    std::vector<verify::EntryState> all;
    const uint64_t hidden = ~(question_.from.msr_known | free_msr_bits() | msr::kHv);
    std::vector<std::optional<unsigned>> orders;
    for (unsigned order : question_.from.interrupts) orders.insert(question_.to.interrupts.count(order) != 0 ? orders.end() : orders.begin(), order);
    if (orders.empty()) orders.push_back(std::nullopt);
    for (bool hypervisor : {false, true})
      for (auto order : orders) {
        verify::EntryState state = question_.from;
        state.msr_known |= hidden;
        if ((state.msr_known & msr::kHv) == 0) {
          state.msr_known |= msr::kHv;
          if (hypervisor) state.msr_value |= msr::kHv;
        } else if (((state.msr_value & msr::kHv) != 0) != hypervisor) {
          continue;
        }
        if (order) state.interrupts = {*order};
        all.push_back(std::move(state));
      }
    return all;
  }

  /// One in which the clause is refuted; null when there is none. Runs that were made for other clauses come first.
  Repeated* find_run(const std::string& clause, size_t occurrence, const std::shared_ptr<const verify::Assignment>& numbers) {
    auto shows = [&](const Repeated& r) {
      return refutes(r.run.obligations, clause, occurrence);
    };
    for (Repeated& r : repeated_)
      if (shows(r)) return &r;
    for (verify::EntryState& state : states()) {
      repeated_.push_back(make(Question{question_.loaded, std::move(state), question_.to, question_.giver},
                               numbers ? numbers : std::make_shared<const verify::Assignment>(1)));
      if (shows(repeated_.back())) return &repeated_.back();
      repeated_.pop_back();
    }
    return nullptr;
  }

  Repeated make(Question question, std::shared_ptr<const verify::Assignment> numbers) const {
    Repeated r(std::move(question), std::move(numbers));
    r.run = verify::run_with(r.question, r.numbers);
    const RangeSet described = r.run.entry.memory.described_ranges();
    uint64_t highest = std::max({r.run.entry.pc, r.run.end.pc, r.question.to.target.value()});
    if (!described.empty()) highest = std::max(highest, static_cast<uint64_t>(described.back().end.wide() - 1));
    std::map<uint64_t, uint8_t> besides;
    for (const auto& [place, number] : r.run.end.memory.filled()) {
      if (place >= kMostMemory) {
        r.reads_beyond = true;
        continue;
      }
      highest = std::max(highest, place + 7);
      for (unsigned i = 0; i < 8; ++i) besides.emplace(place + i, static_cast<uint8_t>(number >> (56 - 8 * i)));
    }
    r.run.end.memory.stored().each([&](uint64_t at, const verify::Value& byte) {
      highest = std::max(highest, at);
      // Whatever is stored where nobody described anything, and nobody looked before, is another byte than was there.
      besides.emplace(at, static_cast<uint8_t>(~byte.bits()));
    });
    for (const auto& [at, byte] : besides)
      if (!described.contains(Range::at(Address{at}, Size{1}))) r.besides.append(at, byte);
    r.memory = highest >= kMostMemory - kMemoryStep ? kMostMemory : std::max(kLeastMemory, (highest / kMemoryStep + 1) * kMemoryStep);
    r.visible = judge(r, visible_end(r));
    return r;
  }

  /// The judge's end, as far as another machine would show it.
  verify::Machine visible_end(const Repeated& r) const {
    verify::Machine end = r.run.entry;
    end.gpr = r.run.end.gpr;
    for (auto part : {&verify::Machine::lr, &verify::Machine::ctr, &verify::Machine::cr, &verify::Machine::xer}) end.*part = r.run.end.*part;
    end.msr = end.msr.with(r.run.end.msr, named_msr_bits());
    end.interrupts = r.run.end.interrupts;
    for (const std::string& name : r.run.end.other_sprs_written)
      if (name.rfind("sprg", 0) == 0) end.other_sprs_written.push_back(name);
    for (const auto& piece : r.run.end.memory.copied().pieces())
      if (piece.at.end.wide() <= r.memory) end.memory.put(piece);
    r.run.end.memory.stored().each([&](uint64_t at, const verify::Value& byte) {
      if (at < r.memory && !(end.memory.at_entry(at) == byte)) end.memory.store(at, 1, byte, Endian::kBig);
    });
    return end;
  }

  std::vector<Obligation> judge(const Repeated& r, const verify::Machine& end) const {
    return verify::judge_end(r.question, r.numbers, end);
  }

  Result<Seen> emulate_it(const Repeated& r) const {
    Emulation emulation;
    emulation.program = *program_;
    emulation.entry = &r.run.entry;
    emulation.stops = {r.question.to.target.value()};
    if (r.run.how == RunEnd::kLeaves) emulation.stops.insert(fetched_from(r.run.end));
    if (r.run.how == RunEnd::kStays) emulation.stays_at = r.run.end.pc;
    for (Address at : r.run.executed) emulation.executed.insert(at.value());
    emulation.besides = r.besides;
    emulation.memory = r.memory;
    // Who goes around soon does so.
    emulation.seconds = r.run.how == RunEnd::kCircles ? std::min(options_.seconds, kCircleSeconds) : options_.seconds;
    return emulate(emulation);
  }

  /// In 32-bit mode the high half of an address does not count (Power ISA 3.0B, Book I 1.10.3).
  static uint64_t fetched_from(const verify::Machine& m) {
    return (m.msr.known() & ~m.msr.bits() & msr::kSf) != 0 ? m.pc & 0xffffffff : m.pc;
  }

  static std::string where(const Seen& seen) {
    const std::string at = hex(Wide{seen.end.pc});
    switch (seen.how) {
      case Seen::How::kStop: return "it comes to " + at;
      case Seen::How::kInterrupt: return "an interrupt goes from " + hex(Wide{seen.from}) + " to " + at;
      case Seen::How::kStays: return "it stays at " + at;
      case Seen::How::kTime: return "it still ran, at " + at;
    }
    return {};
  }

  Replayed compare_states(const Obligation& o, size_t occurrence, Repeated& r, const Seen& seen) const {
    if (r.shown.empty()) r.shown = judge(r, seen.end);
    const Obligation* same = verify::find_obligation(r.shown, o.clause, occurrence);
    if (!same) return {Answer::kDisagrees, "nothing of this kind is seen"};
    if (same->outcome == Outcome::kRefuted) return {Answer::kConfirmed, same->detail};
    // Without hypervisor state rfid leaves ME (Power ISA 3.0B, Book III 3.3.1), but for QEMU's: differential.privileged has it.
    const bool guest = (r.run.entry.msr.bits() & msr::kHv) == 0;
    if (guest && ((seen.end.msr.bits() ^ r.run.end.msr.bits()) & msr::kMe) != 0) {
      verify::Machine end = seen.end;
      end.msr = end.msr.inverted(msr::kMe);
      if (refutes(judge(r, end), o.clause, occurrence)) return {Answer::kCannotShow, "its rfid changes ME in a guest, too"};
    }
    return {Answer::kDisagrees, same->detail};
  }

  Replayed compare_ways(const verify::Run& run, const Seen& seen) const {
    if (seen.how == Seen::How::kTime && run.how != RunEnd::kCircles) return {Answer::kNotRun, "after " + seconds(options_.seconds) + " " + where(seen)};
    bool same = false;
    switch (run.how) {
      // Where there is no memory the fetch itself goes wrong, there.
      case RunEnd::kLeaves:
        same = seen.how == Seen::How::kStop ? seen.end.pc == fetched_from(run.end) : seen.how == Seen::How::kInterrupt && seen.from == fetched_from(run.end);
        break;
      case RunEnd::kStays: same = seen.how == Seen::How::kStays && seen.end.pc == run.end.pc; break;
      case RunEnd::kFaults: same = seen.how == Seen::How::kInterrupt && seen.from == run.end.pc; break;
      case RunEnd::kArrives: same = seen.how == Seen::How::kStop && seen.end.pc == question_.to.target.value(); break;
      case RunEnd::kCircles:
        if (seen.how != Seen::How::kTime || std::find(run.executed.begin(), run.executed.end(), Address{seen.end.pc}) == run.executed.end()) break;
        return {Answer::kConfirmed, "after " + seconds(std::min(options_.seconds, kCircleSeconds)) + " " + where(seen)};
      case RunEnd::kUnreached: case RunEnd::kStale: case RunEnd::kUnknown: break;
    }
    return {same ? Answer::kConfirmed : Answer::kDisagrees, where(seen)};
  }

  static std::string seconds(double number) { return std::to_string(static_cast<int>(number)) + " s"; }

  const Options& options_;
  unsigned& runs_;
  const Question& question_;
  std::optional<std::string> program_;
  std::deque<Repeated> repeated_;
};

}  // namespace

void Replayer::replay(verify::Verdict& verdict, const Question& question) {
  Replay replay(options_, runs_, question);
  for (size_t i = 0; i < verdict.obligations.size(); ++i)
    if (verdict.obligations[i].outcome == Outcome::kRefuted) replay.of(verdict.obligations[i], verify::occurrence_of(verdict.obligations, i));
}

void say_what_is_not_shown(verify::Verdict& verdict, const char* why) {
  for (Obligation& o : verdict.obligations)
    if (o.outcome == Outcome::kRefuted && !o.replayed) o.replayed = Replayed{Answer::kCannotShow, why};
}

}  // namespace baton::replay
