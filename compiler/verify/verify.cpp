// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sets up the machine from the entry state, and runs it to the target. What it holds there is judged in end_goals.h.
#include "verify/verify.h"

#include <algorithm>
#include <optional>

#include "ppc64/registers.h"
#include "verify/cycle.h"
#include "verify/end_goals.h"
#include "verify/fetch_goals.h"
#include "verify/paths.h"
#include "verify/run.h"
#include "verify/semantics.h"

namespace baton::verify {
namespace {

constexpr size_t kMostTraced = 4096;
// Runs with numbers, to see whether what is refuted is so, take as many times what all ways may take.
constexpr uint64_t kMostRerun = 4;
// From this many ways on, those that nobody goes are left out beforehand.
constexpr size_t kMostUnasked = kMostPaths / 2;

class Trial {
 public:
  Trial(const Loaded& loaded, const EntryState& from, const Goals& to)
      : loaded_(loaded), from_(from), to_(to), loops_(loaded.hash_loops.begin(), loaded.hash_loops.end()),
        copy_loops_(loaded.copy_loops.begin(), loaded.copy_loops.end()) {}

  /// With numbers for all that is only known by name.
  void choose(std::shared_ptr<const Assignment> numbers) {
    m_.memory.choose(numbers, loaded_.is_all, from_.unpromised);
    chosen_ = std::move(numbers);
  }

  /// One path to its end, or for `most` steps from here; where it forks, the other ways are left in `others`.
  Path follow(std::vector<Trial>& others, uint64_t most, Observer* observer) {
    others_ = &others;
    most_ = steps() + most;
    observer_ = observer;
    if (observer) observer->follows(verify::conditions(forks_, *m_.definitions, names()));
    const bool arrives = execute();
    if (observer) observer->ends(m_, verdict_.obligations.front());
    if (arrives) {
      judge_state();
      judge_fetches(m_.coherence, to_, true, verdict_.obligations);
      judge_level();
      for (const LoopSummary& loop : loops_) say_what_was_skipped(loop);
      judge_reservations();
      if (to_.tell_stores)
        m_.memory.stored().each([&](uint64_t address, const Value& byte) {
          if (auto number = m_.resolve(byte).constant()) verdict_.stored.append(address, static_cast<uint8_t>(*number));
        });
    }
    for (const std::string& name : m_.called)
      say("the call of " + name + " keeps its contract", Outcome::kAssumed, "it is not run: what the contract says is taken as so");
    verdict_.filled = m_.memory.filled();
    return {std::move(verdict_), forks_, m_.decisions, m_.definitions.get(), names(), std::move(claims_), premises_, steps(), open_, is_long()};
  }
  /// What was done until now, as kMostInstructions counts it.
  uint64_t steps() const {
    return steps_ + kStepsOfPage * m_.memory.stored().pages_made() + kStepsOfFilled * m_.memory.filled().size();
  }

  void walk(std::vector<Trial>& others, uint64_t most, Observer& observer) {
    others_ = &others;
    most_ = steps() + most;
    observer_ = &observer;
    may_end_in_cycle_ = false;  // memory changes under it, and the observer says when it has seen enough
    observer.follows(verify::conditions(forks_, *m_.definitions, names()));
    execute();
    observer.ends(m_, verdict_.obligations.front());
  }

  /// After a run: whether it was not followed to its end, for its length.
  bool is_long() const { return how_ == RunEnd::kUnknown && steps() >= most_; }
  /// After a run that ended by what is not known.
  std::vector<std::shared_ptr<const Assignment>> telling_numbers() const {
    if (open_condition_ == kUnknownAtom) return verify::telling_numbers(open_, m_.decisions, *m_.definitions, premises_);
    std::vector<std::shared_ptr<const Assignment>> all;
    for (bool one : {false, true}) {
      Decisions decisions = m_.decisions;
      decisions[open_condition_ & ~kInverse] = one;
      for (auto& numbers : verify::telling_numbers(open_, decisions, *m_.definitions, premises_)) all.push_back(std::move(numbers));
    }
    return all;
  }

  /// Whether the solver shows that nobody goes this way.
  bool is_impossible(Solver& solver) const { return solver.find(*m_.definitions, m_.decisions, premises_).kind == Solver::Kind::kNone; }

  /// With numbers for all symbols.
  Run run(Endian giver) {
    set_up(giver);
    Run run;
    run.entry = m_;
    std::vector<Trial> none;
    Verdict verdict = follow(none, from_.most_instructions, nullptr).verdict;
    run.obligations = std::move(verdict.obligations);
    run.executed = std::move(verdict.executed);
    run.how = how_;
    run.end = std::move(m_);
    return run;
  }

  /// Of a machine that has come to the target by other means.
  std::vector<Obligation> judge_end(Endian giver, const Machine& end) {
    set_up(giver);
    m_ = end;
    judge_state();
    return std::move(verdict_.obligations);
  }

  void set_up(Endian giver) {
    describe_entry(giver);
    for (const Segment& s : loaded_.segments)
      if (auto range = Range::checked(s.start, s.size); range && !loaded_.code && is_entered(s)) entered_ = *range;
    entry_msr_ = m_.msr;
  }

  Verdict detect(Endian giver) {
    const std::string& clause = to_.target_clause;
    set_up(giver);
    const bool arrived = execute();
    Obligation way = std::move(verdict_.obligations.front());
    verdict_.obligations.clear();
    if (!arrived)
      say(clause, way.outcome, way.detail);
    else if (!m_.memory.stored().empty())
      say(clause, Outcome::kRefuted, "the byte at " + hex(Wide{*m_.memory.stored().first([](uint64_t) { return true; })}) + " is written before");
    else if (left_turns_out())
      say(clause, Outcome::kAssumed, way.detail + ", and nothing is stored, if all blocks are hashed as those that were run");
    else
      say(clause, Outcome::kProved, way.detail + ", and nothing is stored");
    Obligation& found = verdict_.obligations.front();
    if (found.outcome > Outcome::kAssumed) return std::move(verdict_);
    const Obligation staying = judge_staying(clause);
    if (staying.outcome <= Outcome::kAssumed) found.detail += "; then " + staying.detail;
    else found = {clause, staying.outcome, "it is found, and then " + staying.detail};
    return std::move(verdict_);
  }

  /// From where it is, with each answer that firmware may give: the worst.
  Obligation judge_staying(const std::string& clause) const {
    std::vector<Firmware::Answer> answers{{"", m_.firmware.answer}};
    const auto& refusals = m_.firmware.refusals();
    answers.insert(answers.end(), refusals.begin(), refusals.end());
    std::optional<Obligation> worst;
    for (const Firmware::Answer& answer : answers) {
      Trial trial = *this;
      trial.m_.firmware.answer = answer.value;
      trial.verdict_.obligations.clear();
      trial.most_ = trial.steps() + from_.most_instructions;
      Obligation one = trial.stay(clause, nullptr).obligations.front();
      if (*answer.name != 0) one.detail = std::string("after ") + answer.name + " " + one.detail;
      if (!worst || one.outcome > worst->outcome) worst = std::move(one);
    }
    return std::move(*worst);
  }

  Verdict wait(Endian giver, const std::string& clause, Observer* observer) {
    set_up(giver);
    return stay(clause, observer);
  }

  Verdict stay(const std::string& clause, Observer* observer) {
    auto answer = [&](Outcome outcome, std::string detail) {
      for (const std::string& name : m_.called) detail += ", if the call of " + name + " keeps its contract";
      if (outcome == Outcome::kProved && !m_.called.empty()) outcome = Outcome::kAssumed;
      say(clause, outcome, std::move(detail));
      if (observer) observer->ends(m_, verdict_.obligations.front());
      verdict_.filled = m_.memory.filled();
      return std::move(verdict_);
    };
    Cycle cycle(m_);
    how_ = RunEnd::kUnknown;
    for (size_t seen = 0; steps() < most_; ++verdict_.instructions, ++steps_) {
      if (!may_run()) return answer(Outcome::kRefuted, "execution goes to " + hex(Wide{m_.pc}) + in_region(m_, m_.pc));
      pass_loops();
      if (observer) observer->before(m_);
      Step result = step(m_);
      if (observer) observer->after(m_, names());
      if (result.stays) return answer(Outcome::kProved, "it stays at " + hex(Wide{m_.pc}) + ", in a branch to itself");
      open_ = result.open;
      open_condition_ = result.condition;
      if (result.kind != Step::Kind::kWent)
        return answer(outcome_of(result), result.reason);
      if (m_.pc == to_.target.value() && !to_.passes_target) return answer(Outcome::kRefuted, "it goes on to " + hex(to_.target));
      // Looked at when bytes are stored that were not before.
      const size_t stored = m_.memory.stored().size();
      if (stored != seen && (!to_.waits_after_stores || first_changed_outside(m_, to_.may_write)))
        return answer(Outcome::kRefuted, "it stores while it waits");
      seen = stored;
      if (cycle.closed(m_, verdict_.instructions))
        return answer(left_turns_out() || m_.conditional_stores != 0 ? Outcome::kAssumed : Outcome::kProved,
                      "it goes around at " + hex(Wide{m_.pc}) + " and changes nothing");
    }
    return answer(Outcome::kUnknown, "no state repeats in " + how_much());
  }

  SymbolNames names() const {
    return [this](unsigned number) { return name_of(number); };
  }

 private:
  unsigned symbol(const std::string& name) {
    auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) found = names_.insert(found, name);
    return static_cast<unsigned>(found - names_.begin());
  }
  Value value_of(const Term& term) {
    if (term.symbol.empty()) return Value(term.constant);
    auto bits = from_.symbol_bits.find(term.symbol);
    uint64_t mask = bits == from_.symbol_bits.end() ? ~uint64_t{0} : bits->second;
    unsigned number = symbol(term.symbol);
    return chosen_ ? Value(chosen_->of(number) & mask) : Value::symbol(number, mask);
  }
  Value at_entry(const std::string& name) { return value_of(Term::named(name + " at entry")); }

  void describe_entry(Endian giver) {
    // What is described otherwise is described behind: its bytes are known.
    for (const CopyGoal& goal : to_.copies) name_bytes(goal.from, "");
    for (const Segment& s : loaded_.segments) describe(s);
    for (const Segment& s : from_.memory) describe(s);
    for (const UnknownMemory& u : from_.unknown) name_bytes(u.range, u.name);
    for (const Segment& s : from_.stated) describe(s);
    for (const auto& word : from_.named) m_.memory.describe_unknown(word.name, word.at.value(), 8, symbol(word.name));
    for (unsigned i = 0; i < 32; ++i) m_.gpr[i] = at_entry("r" + std::to_string(i));
    for (unsigned i = 0; i < 32; ++i)
      for (unsigned half = 0; half < 2; ++half)
        m_.vr[i][half] = at_entry("v" + std::to_string(i) + "." + std::to_string(half));
    m_.lr = at_entry("lr");
    m_.ctr = at_entry("ctr");
    m_.cr = at_entry("cr").masked(0xffffffff);
    m_.xer = at_entry("xer").masked(0xffffffff);
    m_.srr0 = at_entry("srr0");
    m_.srr1 = at_entry("srr1");
    m_.hsrr0 = at_entry("hsrr0");
    m_.hsrr1 = at_entry("hsrr1");
    for (const auto& [name, term] : from_.registers) {
      Value* target = m_.find(name);
      BATON_CHECK(target != nullptr, "an entry state names a register that does not exist");
      *target = value_of(term);
    }
    for (const auto& [name, terms] : from_.one_of) {
      const Value* value = m_.find(name);
      BATON_CHECK(value != nullptr, "an entry state names a register that does not exist");
      premises_.push_back({*value, {}});
      for (const Term& term : terms) premises_.back().one_of.push_back(value_of(term));
    }
    uint64_t known = from_.msr_known | ppc64::msr::kLe;
    uint64_t value = (from_.msr_value & ~ppc64::msr::kLe) | (giver == Endian::kLittle ? ppc64::msr::kLe : 0);
    m_.msr = at_entry("msr").with(Value(value), known);
    // Nobody enters a stub while it is traced.
    if (chosen_ && !from_.book3e) m_.msr = m_.msr.masked(~(ppc64::msr::kSe | ppc64::msr::kBe));
    m_.pc = loaded_.entry.value();
    m_.book3e = from_.book3e;
    m_.isa = from_.isa;
    m_.interrupts = from_.interrupts;
    m_.firmware = from_.firmware;
    m_.calls = from_.calls;
    m_.reach = from_.reach;
    m_.word_name = from_.word_name;
    watch_fetches(m_.coherence, from_, to_);
    m_.linear_map = from_.linear_map;
    m_.linear_high = from_.linear_high;
    m_.failing_stores = from_.failing_stores;
  }
  /// Eight bytes to a symbol. Of very much only both ends: more is not followed either.
  void name_bytes(const Range& range, const std::string& region) {
    constexpr uint64_t kEnd = 32 << 20;
    auto name = [&](Address start, uint64_t size) {
      m_.memory.describe_unknown(region.empty() ? "memory at entry" : region, start.value(), size, next_symbol_);
      named_memory_.push_back({next_symbol_, start.value(), region});
      next_symbol_ += static_cast<unsigned>((size + 7) / 8);
      BATON_CHECK(next_symbol_ < Definitions::kFirst, "a stub copies from few places");
    };
    uint64_t size = range.size().bytes();
    if (size <= 2 * kEnd) return name(range.begin, size);
    name(range.begin, kEnd);
    name(range.end - Size{kEnd}, kEnd);
  }
  std::string name_of(unsigned number) const {
    if (number < names_.size()) return names_[number];
    if (number >= Definitions::kFirst) return "a result";
    auto after = std::upper_bound(named_memory_.begin(), named_memory_.end(), number,
                                  [](unsigned n, const NamedMemory& named) { return n < named.first; });
    if (after == named_memory_.begin()) return "symbol " + std::to_string(number);
    const NamedMemory& in = *std::prev(after);
    uint64_t offset = uint64_t{8} * (number - in.first);
    return "8 bytes at " + (in.region.empty() ? hex(Wide{in.start + offset}) : in.region + " + " + hex(Wide{offset}));
  }
  void describe(const Segment& s) { m_.memory.describe(s.name, s.start.value(), s.bytes, s.size.bytes()); }

  void say(std::string clause, Outcome outcome, std::string detail) {
    verdict_.obligations.push_back(Obligation{std::move(clause), outcome, std::move(detail)});
  }
  static bool contains(const Segment& s, uint64_t a) { return a >= s.start.value() && a - s.start.value() < s.size.bytes(); }
  bool is_entered(const Segment& s) const { return contains(s, m_.place_of(loaded_.entry.value())); }
  /// Where code may run: what is said to be code, or the segment around the entry; and what the goals allow besides.
  bool may_run() const {
    const uint64_t place = m_.place_of(m_.pc);
    // Mostly it is where it was entered.
    if (entered_.contains(Address{place})) return true;
    if (to_.may_execute.contains(Range::at(Address{place}, Size{4})) || m_.firmware.opal_entry == Address{m_.pc} || m_.contract_here())
      return true;
    if (loaded_.code) return loaded_.code->contains(Range::at(Address{place}, Size{4}));
    return std::any_of(loaded_.segments.begin(), loaded_.segments.end(), [&](const Segment& s) { return is_entered(s) && contains(s, place); });
  }
  /// What is loaded in one turn of the cycle that the machine is in.
  RangeSet loaded_in_turn() const {
    Machine m = m_;
    const Cycle begin(m_);
    std::vector<Access> accesses;
    RangeSet loaded;
    m.memory.note_accesses(&accesses);
    do {
      accesses.clear();
      if (step(m).kind != Step::Kind::kWent) break;
      for (size_t i = 1; i < accesses.size(); ++i)  // the first is the fetch
        if (auto range = Range::checked(Address{accesses[i].address}, Size{accesses[i].width}); range && !accesses[i].stores) loaded.add(*range);
    } while (m.pc != m_.pc || !begin.is_at(m));
    return loaded;
  }

  /// To the target; false, and the obligation to arrive answered, when it is not reached.
  bool execute() {
    how_ = RunEnd::kLeaves;
    if (!may_run()) return stop(Outcome::kRefuted, "the entry " + hex(loaded_.entry) + " lies in no segment");
    const uint64_t target = to_.target.value();
    Cycle cycle(m_);
    while (m_.pc != target || (to_.comes_back && verdict_.instructions == 0)) {
      if (!may_run())
        return stop(Outcome::kRefuted, "execution goes to " + hex(Wide{m_.pc}) + in_region(m_, m_.pc) + ", not to " +
                                           hex(to_.target));
      if (auto end = to_.dead_ends.find(Address{m_.pc}); end != to_.dead_ends.end())
        return stop(Outcome::kRefuted, "it comes to " + hex(Wide{m_.pc}) + ": " + end->second);
      how_ = RunEnd::kUnknown;
      if (steps() >= most_)
        return stop(Outcome::kUnknown, "no end after " + how_much() + ", the next at " + hex(Wide{m_.pc}) +
                                           "; a function that takes as long can be taken by contract");
      pass_loops();
      pass(finder_.arrive(m_, verdict_.instructions));
      if (verdict_.executed.size() < kMostTraced) verdict_.executed.push_back(Address{m_.pc});
      ++verdict_.instructions;
      ++steps_;
      if (observer_) {
        observer_->before(m_);
        if (!observer_->goes_on()) return stop(Outcome::kUnknown, "it is not followed further");
      }
      Step result = step(m_);
      if (observer_ && result.kind == Step::Kind::kWent) observer_->after(m_, names());
      if (result.kind == Step::Kind::kForks && others_ && verdict_.forks < kMostForks) {
        // Executed again, once it is decided.
        --verdict_.instructions;
        if (!verdict_.executed.empty() && verdict_.executed.back() == Address{m_.pc}) verdict_.executed.pop_back();
        ++verdict_.forks;
        others_->push_back(*this);
        others_->back().decide(result.condition, false);
        decide(result.condition, true);
        continue;
      }
      if (result.kind == Step::Kind::kWrong) how_ = result.stays ? RunEnd::kStays : result.endless ? RunEnd::kCircles : result.stale ? RunEnd::kStale : result.unreached ? RunEnd::kUnreached : RunEnd::kFaults;
      open_ = result.open;
      if (result.kind != Step::Kind::kWent)
        return stop(outcome_of(result), result.reason + (result.kind == Step::Kind::kWrong || m_.undescribed.empty() ? "" : "; " + m_.undescribed));
      if (to_.msr_stays_off != 0 && turns_on_again())
        return stop(Outcome::kRefuted, "what was off in msr may be on again at " + hex(Wide{m_.pc}));
      if (may_end_in_cycle_ && cycle.closed(m_, verdict_.instructions)) {
        how_ = RunEnd::kCircles;
        const RangeSet loaded = loaded_in_turn();
        const std::string where = "it goes around at " + hex(Wide{m_.pc}) + " and changes nothing";
        if (loaded.empty() || to_.is_alone) return stop(Outcome::kRefuted, where + ": it never leaves");
        // Others change what it waits for, which is there, and nothing else that is known.
        if (!to_.awaited.empty() && (loaded_.is_all || to_.awaited.contains(loaded)))
          return stop(Outcome::kRefuted, where + ": it never leaves, though what it waits for is there");
        verdict_.waits_for = loaded;
        return stop(Outcome::kUnknown, where + ", as long as nobody else stores to " + hex(loaded.ranges().front().begin));
      }
      how_ = RunEnd::kLeaves;
    }
    how_ = RunEnd::kArrives;
    verdict_.instructions += skipped_;
    say(to_.target_clause, Outcome::kProved,
        hex(to_.target) + " after " + std::to_string(verdict_.instructions) + " instructions");
    return true;
  }
  bool turns_on_again() {
    const uint64_t off = m_.msr.known() & ~m_.msr.bits() & to_.msr_stays_off;
    off_ |= off;
    return off != off_;
  }
  void decide(Atom condition, bool one) {
    forks_.emplace_back(condition, one);
    m_.decide(condition, one);
  }
  static Outcome outcome_of(const Step& step) { return step.kind == Step::Kind::kWrong ? Outcome::kRefuted : Outcome::kUnknown; }
  bool stop(Outcome outcome, std::string why) {
    say(to_.target_clause, outcome, std::move(why));
    std::string rest = "the jump to the taker is not reached";
    for (const RegisterGoal& goal : to_.registers) say(goal.clause, Outcome::kUnknown, rest);
    say("msr", Outcome::kUnknown, rest);
    for (const WordGoal& goal : to_.words) say(goal.clause, Outcome::kUnknown, rest);
    for (const BytesGoal& goal : to_.bytes) say(goal.clause, Outcome::kUnknown, rest);
    for (const CopyGoal& goal : to_.copies) say(goal.clause, Outcome::kUnknown, rest);
    auto elsewhere = written_elsewhere(m_, to_);
    say(kFrameClause, elsewhere ? Outcome::kRefuted : Outcome::kUnknown, elsewhere.value_or(rest));
    judge_fetches(m_.coherence, to_, false, verdict_.obligations);
    return false;
  }
  std::string how_much() const {
    const size_t stored = m_.memory.stored().size();
    return std::to_string(steps_) + " instructions" + (stored == 0 ? "" : " that store " + std::to_string(stored) + " bytes");
  }

  /// At the head of a loop most of its turns may be left out.
  void pass_loops() {
    for (LoopSummary& loop : loops_)
      if (m_.pc == loop.loop().head.value()) pass(loop.arrive(m_, verdict_.instructions));
    for (CopySummary& loop : copy_loops_)
      if (m_.pc == loop.loop().head.value()) pass(loop.arrive(m_, verdict_.instructions));
  }
  void pass(const PassedTurns& passed) {
    skipped_ += passed.turns * passed.instructions;
    if (observer_ && passed.turns != 0) observer_->passes(passed);
  }
  bool left_turns_out() const {
    return std::any_of(loops_.begin(), loops_.end(), [](const LoopSummary& loop) { return loop.skipped() != 0; });
  }

  /// On a CPU that is older than what was executed the stub ends there.
  void judge_level() {
    if (m_.newest_isa == ppc64::kOldestIsa) return;
    const char* clause = "every instruction exists on the CPU";
    if (m_.isa) return say(clause, Outcome::kProved, "of " + isa_text(m_.newest_isa) + " is the newest, and the CPUs of " + isa_text(*m_.isa));
    say(clause, Outcome::kAssumed, m_.newest + " needs " + isa_text(m_.newest_isa) + ", and the machine does not say its level");
  }

  void judge_reservations() {
    if (m_.conditional_stores == 0) return;
    say("a conditional store succeeds", Outcome::kAssumed,
        "with another CPU's store in between its loop begins anew: that is not run here");
  }

  void say_what_was_skipped(const LoopSummary& loop) {
    if (loop.skipped() == 0) return;
    say(loop.loop().clause, Outcome::kAssumed,
        std::to_string(loop.skipped()) + " of " + std::to_string(loop.loop().blocks) +
            " blocks were not run: the loop is taken to hash each as it does the others");
  }

  void judge_state() {
    RunAtEnd end{m_, to_, entry_msr_, [this](const Term& term) { return value_of(term); }, names()};
    judge_end_state(end, verdict_.obligations, claims_);
  }

  const Loaded& loaded_;
  const EntryState& from_;
  const Goals& to_;
  struct NamedMemory {
    unsigned first;  // symbol
    uint64_t start;
    std::string region;
  };

  Machine m_;
  LoopFinder finder_;
  Range entered_{};  // a segment that is, where no code is told
  std::shared_ptr<const Assignment> chosen_;
  std::vector<Trial>* others_ = nullptr;
  Observer* observer_ = nullptr;
  bool may_end_in_cycle_ = true;
  std::vector<std::pair<Atom, bool>> forks_;
  Claim premises_;                  // what is promised of values at entry
  std::map<size_t, Claim> claims_;  // of obligations, by their place in the verdict
  std::vector<NamedMemory> named_memory_;
  Value entry_msr_;
  Value open_;  // see Path
  Atom open_condition_ = kUnknownAtom;  // of who waits, and did not fork
  std::vector<LoopSummary> loops_;
  std::vector<CopySummary> copy_loops_;
  unsigned next_symbol_ = 4096;  // those below have names
  uint64_t skipped_ = 0;
  uint64_t off_ = 0;  // of MSR: what has been off
  uint64_t steps_ = 0, most_ = from_.most_instructions;  // instructions that were run; steps() at which no more are
  RunEnd how_ = RunEnd::kUnknown;
  std::vector<std::string> names_;
  Verdict verdict_;
};

}  // namespace

Verdict verify_entry(const Loaded& loaded, const EntryState& from, const Goals& to, Endian giver) {
  auto ready = [&](std::shared_ptr<const Assignment> numbers) {
    Trial trial(loaded, from, to);
    if (numbers) trial.choose(std::move(numbers));
    trial.set_up(giver);
    return trial;
  };
  std::vector<Trial> open{ready(nullptr)};
  Solver solver(from.solver);
  PathMerger merger(solver, kMostRerun * from.most_instructions, [&](std::shared_ptr<const Assignment> numbers, uint64_t most) {
    std::vector<Trial> none;
    return ready(std::move(numbers)).follow(none, most, nullptr).verdict;
  });
  uint64_t left = from.most_instructions;
  auto followed = [&](Trial& path) {
    const uint64_t before = path.steps();
    Path end = path.follow(open, left, from.observer);
    left -= std::min(left, end.steps - before);
    return end;
  };
  while (!open.empty() && merger.wants_more()) {
    Trial path = std::move(open.back());
    open.pop_back();
    if (merger.ways() >= kMostUnasked && path.is_impossible(solver))
      merger.leave_out();
    else
      merger.add(followed(path));
  }
  return merger.finish(open.size());
}

size_t walk_entry(const Loaded& loaded, const EntryState& from, const Goals& to, Endian giver, Observer& observer) {
  std::vector<Trial> open{Trial(loaded, from, to)};
  open.back().set_up(giver);
  uint64_t left = from.most_instructions;
  for (uint64_t paths = 0; !open.empty() && paths < kMostPaths; ++paths) {
    Trial path = std::move(open.back());
    open.pop_back();
    const uint64_t before = path.steps();
    path.walk(open, left, observer);
    left -= std::min(left, path.steps() - before);
  }
  return open.size();
}

std::optional<EntryState> with_changed_byte(const Loaded& loaded, const EntryState& from, Address changed, std::deque<ByteBuffer>& kept) {
  Memory before;
  for (const Segment& s : loaded.segments) before.describe(s.name, s.start.value(), s.bytes, s.size.bytes());
  auto byte = before.byte(changed.value()).constant();
  if (!byte) return std::nullopt;
  kept.push_back({static_cast<uint8_t>(*byte ^ 1)});
  EntryState state = from;
  state.memory.push_back({"the changed byte", changed, ByteView(kept.back()), Size{1}});
  return state;
}

Goals detection_goals(Address differs, const std::string& clause) {
  Goals goals;
  goals.target = differs;
  goals.target_clause = clause;
  goals.msr_any = ~uint64_t{0};
  // Who has come there may come again, and store where that is allowed.
  goals.passes_target = goals.waits_after_stores = true;
  return goals;
}

Verdict verify_detects(const Loaded& loaded, const EntryState& changed, const Goals& to, Endian giver) {
  return Trial(loaded, changed, to).detect(giver);
}

Verdict verify_wait(const Loaded& loaded, const EntryState& from, const Goals& to, Endian giver,
                    const std::string& clause) {
  Trial first(loaded, from, to);
  Verdict verdict = first.wait(giver, clause, from.observer);
  if (verdict.outcome() != Outcome::kUnknown || first.is_long()) return verdict;
  // It depends on what nobody promises: with numbers it may be seen to do what it must not.
  for (const auto& numbers : first.telling_numbers()) {
    Trial trial(loaded, from, to);
    trial.choose(numbers);
    Verdict shown = trial.wait(giver, clause, nullptr);
    if (shown.outcome() != Outcome::kRefuted) continue;
    Obligation& wrong = shown.obligations.front();
    wrong.numbers = numbers;
    wrong.example = Example{inputs_of(*numbers, first.names(), shown.filled), wrong.detail};
    wrong.detail = verdict.obligations.front().detail;
    return shown;
  }
  return verdict;
}

Run run_with(const Question& question, std::shared_ptr<const Assignment> numbers) {
  Trial trial(question.loaded, question.from, question.to);
  trial.choose(std::move(numbers));
  return trial.run(question.giver);
}

std::vector<Obligation> judge_end(const Question& question, std::shared_ptr<const Assignment> numbers, const Machine& end) {
  Trial trial(question.loaded, question.from, question.to);
  trial.choose(std::move(numbers));
  return trial.judge_end(question.giver, end);
}

}  // namespace baton::verify
