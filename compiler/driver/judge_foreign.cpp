// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The master first, then each slave over what the master has made of memory. See judge_foreign.h.
#include "driver/judge_foreign.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "contract/gap.h"
#include "driver/foreign_digest.h"
#include "driver/foreign_setting.h"
#include "driver/meeting_proof.h"
#include "driver/program_file.h"
#include "driver/replays.h"
#include "driver/show.h"
#include "driver/verification.h"
#include "inputs/digest.h"
#include "verify/judgement.h"
#include "verify/certificate.h"
#include "verify/trace.h"

namespace baton::driver {

using contract::Answer;
using contract::Claim;
using diagnostics::Code;
using model::ClauseKind;
using model::Section;
using verify::Outcome;

namespace {

constexpr Size kSmallestPage{4096};
constexpr uint32_t kNop = 0x60000000;
// For each instruction the stub is run once more.
constexpr uint64_t kMostTrialSteps = 5'000'000;

class ForeignJudge {
 public:
  ForeignJudge(Compilation& c, const inputs::ForeignCode& code, const Options& options)
      : c_(c), code_(code), scratch_(options.scratch), of_handoff_(!options.program.empty()) {
    load();
    read_flags();
    if (of_handoff_) unpromised_ = memory_of_givers();
  }

  /// The master's steps, as text.
  std::string trace() {
    std::string text;
    for (const auto& order : c_.gap->orders) {
      verify::Trace trace;
      auto goals = master_goals(order);
      auto state = entry(order.from, Section::kMaster);
      state.observer = &trace;
      auto verdict = verify::verify_entry(loaded_, state, goals, order.giver);
      text += (text.empty() ? "" : "\n") + std::string(to_text(order.giver)) + "-endian giver:\n" + trace.text(goals, verdict);
      for (const auto& o : verdict.obligations) text += std::string(to_text(o.outcome)) + "  " + o.clause + (o.detail.empty() ? "" : ": " + o.detail) + "\n";
    }
    return text;
  }

  /// Every word of the code: executed and what for, needless, data that was read, or none of these.
  std::string listing() {
    std::string text;
    for (const auto& order : c_.gap->orders) {
      verify::Listing listing;
      auto goals = master_goals(order);
      auto state = entry(order.from, Section::kMaster);
      state.observer = &listing;
      auto verdict = verify::verify_entry(loaded_, state, goals, order.giver);
      state.observer = nullptr;
      listing.credit(goals, verdict);
      text += "\n" + std::string(to_text(order.giver)) + "-endian giver, the master:\n";
      text += listed(listing, needless(listing, state, goals, verdict, order.giver));
    }
    return text;
  }

  void run() {
    for (const auto& order : c_.gap->orders) {
      auto state = entry(order.from, Section::kMaster);
      auto goals = master_goals(order);
      goals.tell_stores = true;
      // Who runs the master to judge it sees what slaves meet.
      const auto landing = slaves_landing(order);
      slaves::Witness witness(goals);
      auto watched = state;
      if (landing) watched.observer = &witness.observer();
      verify::Verdict verdict = verify::verify_entry(loaded_, watched, goals, order.giver);
      repeat(c_, verdict, {loaded_, state, goals, order.giver});
      judge_digests_of(c_, loaded_, state, goals, order.giver, verdict);
      say_not_repeated(c_, verdict, replay::kOfChangedSegment);
      try_larger_blocks(state, goals, order.giver, verdict);
      if (landing) {
        SlaveSetting slave{*landing, entry(order.from, Section::kSlaves), goals_of(c_, order.to, kept_, Section::kSlaves)};
        allow(slave.goals, slave.state);
        allow_copied_code(slave.goals, slave.state);
        judge_meeting(c_, order, loaded_, {{state}, goals, {witness.runs()}}, std::move(slave), verdict);
        const bool meets = verdict.obligations.back().outcome <= Outcome::kAssumed;
        say_not_repeated(c_, verdict, replay::kOfSeveralCpus);
        judge_slaves(order, goals, meets, verdict);
      }
      tell_what_is_incidental(order, verdict);
      list_what_is_not_asked(order, verdict);
      c_.verdicts.push_back({order.giver, std::move(verdict)});
    }
  }

  /// The stub as it is loaded.
  ByteView bytes() const { return loaded_.segments.front().bytes; }
  /// Bytes that are not known: of segments that only two conventions asked for.
  const std::vector<verify::UnknownMemory>& unknown() const { return unknown_; }

 private:
  void load() {
    loaded_.entry = code_.entry;
    // As one segment, with zeros between its pieces and behind them: loaders place whole pages.
    const Address start = code_.pieces.front().start, end = code_.pieces.back().start + code_.pieces.back().size;
    ByteView whole(code_.pieces.front().bytes);
    if (code_.pieces.size() > 1) {
      uint64_t filled = 0;
      for (const auto& piece : code_.pieces) filled = (piece.start - start).bytes() + piece.bytes.size();
      ByteBuffer bytes(filled);
      for (const auto& piece : code_.pieces)
        std::copy(piece.bytes.begin(), piece.bytes.end(), bytes.begin() + static_cast<std::ptrdiff_t>((piece.start - start).bytes()));
      kept_.push_back(std::move(bytes));
      whole = ByteView(kept_.back());
    }
    const Size size = align_up(Size{end.wide() - start.wide()}, kSmallestPage).value_or(Size{end.wide() - start.wide()});
    loaded_.segments.push_back({"stub", start, whole, size});
    loaded_.code.emplace();
    for (const auto& piece : code_.pieces)
      if (piece.executable) loaded_.code->add(Range::at(piece.start, piece.size));
    for (const auto& segment : c_.layout.segments) {
      if (segment.name() == c_.layout.handoff->enter) continue;
      auto payload = c_.contents.payloads.find(segment.name());
      if (payload == c_.contents.payloads.end()) {
        unknown_.push_back({Range::at(*segment.start, segment.content.size), segment.name()});
        if (segment.declaration->kind == model::SegmentKind::kDeviceTree) state_header(segment);
        continue;
      }
      Address at = *segment.start;
      for (ByteView piece : payload->second.views()) {
        loaded_.segments.push_back({segment.name(), at, piece, Size{piece.size()}});
        at = at + Size{piece.size()};
      }
      if (at < segment.extent.end) loaded_.segments.push_back({segment.name(), at, {}, Size{segment.extent.end.wide() - at.wide()}});
    }
  }

  /// Memory of a machine that somebody described, but for what is firmware's: that holds what firmware put there.
  std::shared_ptr<const RangeSet> memory_of_givers() const {
    RangeSet memory = c_.layout.machine->ranges("ram");
    for (const char* of_firmware : {"rtas", "opal.memory", "tce", "reserved"}) memory = memory.except(c_.layout.machine->ranges(of_firmware));
    return std::make_shared<const RangeSet>(std::move(memory));
  }

  /// Of a tree that nobody has read: it is one, of the newest version that the taker reads (devicetree specification 5.2).
  void state_header(const placement::PlacedSegment& tree) {
    std::optional<uint64_t> version;
    for (const Claim& claim : c_.gap->orders.front().to.claims)
      if (claim.kind == ClauseKind::kTreeFormat)
        for (const model::Value& v : claim.possible())
          if (v.is_known() && v.is_number()) version = std::max<uint64_t>(version.value_or(0), static_cast<uint64_t>(v.number()));
    auto word = [&](uint64_t offset, uint32_t number) {
      ByteBuffer bytes;
      append(bytes, number, Endian::kBig);
      kept_.push_back(std::move(bytes));
      header_.push_back({tree.name() + "'s header", *tree.start + Size{offset}, ByteView(kept_.back()), Size{4}});
    };
    word(0, 0xd00dfeed);
    if (version) word(20, static_cast<uint32_t>(*version));
    version_ = version;
  }

  verify::EntryState entry(const contract::Boundary& from, Section cpu) const {
    auto state = entry_state(c_, from, loaded_, cpu);
    state.unknown = unknown_;
    state.stated = header_;
    state.most_instructions = verify::kMostForeignInstructions;
    // The CPUs of a machine that nobody described may have any ids, and reach any address.
    if (!of_handoff_) {
      for (auto& [id, bits] : state.symbol_bits) bits = 0xffff'ffff;
      state.reach = nullptr;
    }
    // What is built here is right for the smallest blocks, wherever it is taken; of others a machine may be meant.
    if (auto block = c_.layout.machine->number("cache_block")) state.cache_block = static_cast<uint64_t>(*block);
    state.unpromised = unpromised_;
    return state;
  }

  verify::Goals master_goals(const trampoline::ClosedOrder& order) {
    auto goals = goals_of(c_, order.to, kept_, Section::kMaster);
    goals.flags = flags_;
    allow(goals, entry(order.from, Section::kMaster));
    for (const auto& copy : c_.gap->copies) goals.copies.push_back({copy.from, copy.to, copy.clause});
    add_code(goals);
    return goals;
  }

  /// Its own memory is the stub's to write, and the giver's copy of its head.
  void allow(verify::Goals& goals, const verify::EntryState& state) const {
    for (const auto& piece : code_.pieces) goals.may_write.add(Range::at(piece.start, piece.size));
    for (const auto& copy : state.memory) goals.may_write.add(Range::at(copy.start, copy.size));
    for (const Range& range : scratch_) {
      goals.may_write.add(range);
      goals.may_execute.add(range);  // what is copied there
    }
  }

  /// Of the giver's copy of the head, what is code in the stub.
  void allow_copied_code(verify::Goals& goals, const verify::EntryState& state) const {
    const ByteView stub = bytes();
    for (const auto& copy : state.memory) {
      if (copy.bytes.empty() || copy.bytes.data() < stub.data() || copy.bytes.data() >= stub.data() + stub.size()) continue;
      const Address from = loaded_.segments.front().start + Size{static_cast<uint64_t>(copy.bytes.data() - stub.data())};
      for (uint64_t at = 0; at + 4 <= copy.size.bytes(); at += 4)
        if (loaded_.code->contains(Range::at(from + Size{at}, Size{4}))) goals.may_execute.add(Range::at(copy.start + Size{at}, Size{4}));
    }
  }

  /// What must be fetched as it was stored: the image that is entered, and what slaves run; the flags in it are data.
  void add_code(verify::Goals& goals) const {
    for (const auto& segment : c_.layout.segments)
      if (segment.extent.contains(goals.target)) goals.code.add(segment.extent);
    for (const auto& copy : c_.gap->copies)
      if (copy.executed) goals.code.add(copy.target());
    for (const verify::FlagGoal& flag : flags_) goals.code.subtract(Range::at(flag.at, Size{4}));
    goals.code_of_others = goals.code;
    for (const verify::BytesGoal& bytes : goals.bytes) goals.code_of_others.add(Range::at(bytes.at, Size{bytes.bytes.size()}));
  }

  /// Words that the taker names are flags: whoever enters it may leave them, or write what the handoff says; where it says
  /// nothing, 0, 1 or what they are by default.
  void read_flags() {
    const auto* image = c_.layout.bound("image");
    if (!image || image->name() == c_.layout.handoff->enter) return;
    for (const auto& clause : c_.layout.to->clauses) {
      if (clause.kind != ClauseKind::kWord) continue;
      placement::RoleScope scope(c_.layout, false);
      model::Value offset = evaluate_as(*clause.values[0], model::Type::kSize, scope, c_.sink);
      if (offset.is_error()) continue;
      verify::FlagGoal flag{*image->start + Size{static_cast<uint64_t>(offset.number())}, image->content.order.value_or(Endian::kBig), {},
                            clause.origin + ": " + clause.text};
      auto take = [&](const syntax::Expr& expression, const model::Scope& in) {
        model::Value value = evaluate_as(expression, model::Type::kInt, in, c_.sink);
        if (value.is_known()) flag.one_of.push_back(static_cast<uint64_t>(value.number()));
      };
      for (const model::Poke& poke : image->declaration->pokes)
        if (poke.word == clause.subject) take(*poke.value, placement::HandoffScope(c_.layout));
      if (flag.one_of.empty()) {
        flag.one_of = {0, 1};
        if (clause.values.size() > 1) take(*clause.values[1], scope);
      }
      flags_.push_back(std::move(flag));
    }
  }

  bool is_as_needed(const verify::EntryState& state, const std::vector<verify::BytesGoal>& bytes) const {
    return !bytes.empty() && std::all_of(bytes.begin(), bytes.end(), [&](const verify::BytesGoal& goal) {
      return std::any_of(state.memory.begin(), state.memory.end(), [&](const verify::Segment& s) {
        if (goal.at < s.start || goal.at.wide() + goal.bytes.size() > s.start.wide() + s.bytes.size()) return false;
        auto at = s.bytes.subspan((goal.at - s.start).bytes(), goal.bytes.size());
        return std::equal(at.begin(), at.end(), goal.bytes.begin());
      });
    });
  }

  /// One slave by itself: what it brings to the taker. `met`: that it comes there in every order is shown already.
  void judge_slaves(const trampoline::ClosedOrder& order, const verify::Goals& master, bool met, verify::Verdict& verdict) {
    const Claim* landing = order.from.find(Section::kSlaves, ClauseKind::kEnter);
    const Claim* target = order.to.find(Section::kSlaves, ClauseKind::kEnter);
    if (!order.gap.slaves_may_arrive || !landing || !target) return;
    auto at = landing->possible();
    if (at.empty() || !at[0].is_known()) return;
    const Address lands{at[0].number()};
    auto state = entry(order.from, Section::kSlaves);
    auto goals = goals_of(c_, order.to, kept_, Section::kSlaves);
    allow(goals, state);
    allow_copied_code(goals, state);
    verify::Loaded at_landing = loaded_;
    at_landing.entry = lands;
    const Endian arrives = Endian::kBig;
    if (is_as_needed(state, master.bytes)) {
      // The taker's own bytes are there when a slave comes, and the master has to leave them so: they run its code.
      goals.comes_back = false;
      auto comes = verify::verify_entry(at_landing, state, goals, arrives);
      repeat(c_, comes, {at_landing, state, goals, arrives});
      return add_obligations(verdict, "a slave: ", comes);
    }
    goals.comes_back = true;
    auto waiting = goals;
    waiting.passes_target = lands == goals.target;
    verify::Listing run;
    auto watched = state;
    watched.observer = &run;
    auto waits = verify::verify_wait(at_landing, watched, waiting, arrives, "waits for the master");
    if (waits.outcome() <= Outcome::kAssumed) add_obligations(verdict, "a slave: ", waits);
    // What the master stores lets it go. Where the taker's code replaces what it came by, it comes to that in the end: its way
    // there is the one through the code that it found.
    auto released = state;
    auto lets_go = verdict.stored;
    auto leaving = waiting;
    if (met && brings(master, verdict)) {
      leaving.passes_target = false;
      for (const verify::Segment& copy : state.memory) lets_go.remove(Range::at(copy.start, copy.size));
    }
    for (const auto& [start, stored] : lets_go.runs()) {
      for (uint64_t at = start; at < start + stored.size(); ++at)
        if (run.was_read(at)) goals.awaited.add(Range::at(Address{at}, Size{1}));
      kept_.push_back(stored);
      released.memory.push_back({"what the master stored", Address{start}, ByteView(kept_.back()), Size{kept_.back().size()}});
    }
    auto leaves = verify::verify_wait(at_landing, released, leaving, arrives, goals.target_clause);
    if (leaves.outcome() <= Outcome::kAssumed) {
      leaves.obligations.front() = {goals.target_clause, Outcome::kUnknown,
                                    "whatever the master has stored, " + leaves.obligations.front().detail +
                                        "; what becomes of the memory that it runs in is not seen"};
    } else {
      watched = released;
      watched.observer = &run;
      leaves = verify::verify_entry(at_landing, watched, goals, arrives);
      repeat(c_, leaves, {at_landing, released, goals, arrives});
      // Where it lands is where it is to enter: it has come when the taker's code stands there.
      verify::Obligation& arrival = leaves.obligations.front();
      if (waiting.passes_target && arrival.outcome <= Outcome::kAssumed && !brings(master, verdict))
        arrival = {arrival.clause, Outcome::kUnknown, "it comes to " + hex(lands) + ", where, as far as is known, the taker's code is not"};
    }
    add_obligations(verdict, "a slave, let go: ", leaves);
    if (met) return;
    for (const auto& [at, line] : run.lines())
      for (uint64_t byte = at; byte < at + 4; ++byte)
        if (verdict.stored.contains(byte)) {
          verdict.obligations.push_back({"no code is written that a slave may be running", Outcome::kUnknown,
                                         "the master stores to " + hex(Wide{byte}) + ", where a slave runs `" + line.instruction.text +
                                             "`: nothing here shows that it has left by then"});
          return;
        }
  }

  /// Whether the bytes that the taker needs are there in the end.
  static bool brings(const verify::Goals& goals, const verify::Verdict& verdict) {
    return !goals.bytes.empty() && std::all_of(goals.bytes.begin(), goals.bytes.end(), [&](const verify::BytesGoal& goal) {
      return std::any_of(verdict.obligations.begin(), verdict.obligations.end(),
                         [&](const auto& o) { return o.clause == goal.clause && o.outcome == Outcome::kProved; });
    });
  }

  /// Of caches nobody has said how large their blocks are: whether they would do where they are as large as POWER's and 970's.
  void try_larger_blocks(verify::EntryState state, const verify::Goals& goals, Endian giver, verify::Verdict& verdict) const {
    constexpr uint64_t kLargest = 128;
    if (c_.layout.machine->number("cache_block") || verdict.outcome() != Outcome::kRefuted) return;
    state.cache_block = kLargest;
    const auto again = verify::verify_entry(loaded_, state, goals, giver);
    for (size_t i = 0; i < verdict.obligations.size(); ++i) {
      auto& o = verdict.obligations[i];
      const auto* then = verify::find_obligation(again.obligations, o.clause, verify::occurrence_of(verdict.obligations, i));
      if (o.outcome == Outcome::kRefuted && then && then->outcome <= Outcome::kAssumed)
        o.detail += "; blocks of " + std::to_string(kLargest) + " bytes would do: " +
                    (of_handoff_ ? "`cache_block = 128;` of the machine" : "`--cache-block 128`") + " says that there are no smaller ones";
    }
  }

  /// Where the giver is known to do more than it promises about what the master lacks: that, and how it counts.
  void tell_what_is_incidental(const trampoline::ClosedOrder& order, verify::Verdict& verdict) const {
    for (const Claim& need : order.to.claims) {
      if (need.section != Section::kMaster) continue;
      const std::string clause = need.clause->origin + ": " + need.text(), field = "msr " + need.subject + " = ";
      for (auto& o : verdict.obligations) {
        if (o.outcome <= Outcome::kAssumed || (o.clause != clause && (need.kind != ClauseKind::kMsr || o.clause.rfind(field, 0) != 0))) continue;
        for (const auto& more : c_.layout.from->clauses) {
          const auto& relied = c_.layout.handoff->relies_on;
          if (!more.incidental || more.section != need.section || more.kind != need.kind || more.subject != need.subject ||
              std::find(relied.begin(), relied.end(), more.key) != relied.end())
            continue;
          o.detail += "; `" + more.origin + "` has incidental `" + more.text + "`" + (more.because.empty() ? "" : " (" + more.because + ")") +
                      ", which counts with `" + (of_handoff_ ? "relies on incidental " : "--relies-on ") + more.key + "`";
        }
      }
    }
  }

  /// What the taker needs and no run of the stub can show.
  void list_what_is_not_asked(const trampoline::ClosedOrder& order, verify::Verdict& verdict) const {
    for (const contract::Obligation& o : order.gap.obligations) {
      if (o.answer == Answer::kVacuous) continue;
      if (!o.need) {
        if (o.answer != Answer::kEntailed && o.edge)
          verdict.obligations.push_back({c_.layout.to->name + ": order " + o.edge->before + " < " + o.edge->after, Outcome::kAssumed, "nothing here says when that happens"});
        continue;
      }
      const Claim& need = *o.need;
      const std::string clause = need.clause->origin + ": " + need.text();
      const bool asked = std::any_of(verdict.obligations.begin(), verdict.obligations.end(), [&](const auto& known) {
        return known.clause == clause || known.clause == "a slave: " + clause || known.clause == "a slave, let go: " + clause;
      });
      if (asked || need.any || need.kind == ClauseKind::kMsr || need.kind == ClauseKind::kMode || need.kind == ClauseKind::kArrival) continue;
      if (o.answer == Answer::kEntailed) {
        verdict.obligations.push_back({clause, Outcome::kProved, "`" + c_.layout.from->name + "` promises it"});
      } else if (need.kind == ClauseKind::kBytes) {
        verdict.obligations.push_back({clause, Outcome::kUnknown, "nobody has read the image: a handoff with its file says more (--in)"});
      } else {
        const bool version = need.kind == ClauseKind::kTreeFormat && version_;
        verdict.obligations.push_back({clause, Outcome::kAssumed,
                                       version ? "the tree is taken to be of version " + std::to_string(*version_)
                                               : "not of the stub's making: the loader's, or the machine's"});
      }
    }
  }

  /// Executed instructions without which every answer is the same.
  std::set<uint64_t> needless(const verify::Listing& listing, const verify::EntryState& state, const verify::Goals& goals,
                              const verify::Verdict& verdict, Endian giver) {
    std::set<uint64_t> found;
    if (verdict.outcome() > Outcome::kAssumed || verdict.instructions * listing.lines().size() > kMostTrialSteps) return found;
    ByteBuffer bytes(loaded_.segments.front().bytes.begin(), loaded_.segments.front().bytes.end());
    verify::Loaded without = loaded_;
    // What was proved without the solver is not asked of it once for each instruction.
    verify::EntryState trial_state = state;
    trial_state.solver.allowed = std::any_of(verdict.obligations.begin(), verdict.obligations.end(), [](const auto& o) { return o.by_solver; });
    without.segments.front().bytes = ByteView(bytes);
    const uint64_t start = loaded_.segments.front().start.value();
    for (const auto& [at, line] : listing.lines()) {
      if (at < start || at - start + 4 > bytes.size() || line.instruction.order_or_cache) continue;
      ByteView word = loaded_.segments.front().bytes.subspan(at - start, 4);
      for (unsigned i = 0; i < 4; ++i)
        bytes[at - start + (line.instruction.order == Endian::kBig ? i : 3 - i)] = static_cast<uint8_t>(kNop >> (24 - 8 * i));
      auto again = verify::verify_entry(without, trial_state, goals, giver);
      bool same = again.obligations.size() == verdict.obligations.size();
      for (size_t i = 0; same && i < again.obligations.size(); ++i) same = again.obligations[i].outcome == verdict.obligations[i].outcome;
      if (same) found.insert(at);
      std::copy(word.begin(), word.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at - start));
    }
    return found;
  }

  std::string listed(const verify::Listing& listing, const std::set<uint64_t>& needless) const {
    std::string text;
    auto pad = [](std::string s, size_t width) { return s.append(s.size() < width ? width - s.size() : 0, ' '); };
    for (const auto& piece : code_.pieces) {
      if (!piece.executable) continue;
      std::optional<uint64_t> untouched;  // where a run of words begins that nobody asked for
      auto close = [&](uint64_t end) {
        if (untouched) text += hex(Wide{*untouched}) + "  " + std::to_string(end - *untouched) + " bytes neither executed nor read\n";
        untouched.reset();
      };
      const uint64_t end = piece.start.value() + piece.bytes.size();
      for (uint64_t at = piece.start.value(); at < end; at += 4) {
        auto line = listing.lines().find(at);
        if (line == listing.lines().end() && !listing.was_read(at)) {
          if (!untouched) untouched = at;
          continue;
        }
        close(at);
        if (line == listing.lines().end()) {
          text += hex(Wide{at}) + "  data that is read\n";
          continue;
        }
        std::string changes;
        for (const std::string& change : line->second.changes) changes += (changes.empty() ? "" : "; ") + change;
        std::string row = hex(Wide{at}) + "  " + pad(line->second.instruction.text, 28) + "  " +
                          (line->second.count == 1 ? "" : std::to_string(line->second.count) + " times; ") + changes;
        row.erase(row.find_last_not_of(' ') + 1);
        text += row + "\n";
        for (const std::string& clause : line->second.clauses) text += verify::meets_line(clause);
        if (needless.count(at) != 0) text += std::string(12, ' ') + "needless: without it every answer is the same\n";
      }
      close(end);
    }
    return text;
  }

  Compilation& c_;
  const inputs::ForeignCode& code_;
  const std::vector<Range>& scratch_;
  const bool of_handoff_;
  std::vector<verify::FlagGoal> flags_;
  std::deque<ByteBuffer> kept_;
  verify::Loaded loaded_;
  std::shared_ptr<const RangeSet> unpromised_;
  std::vector<verify::UnknownMemory> unknown_;
  std::vector<verify::Segment> header_;
  std::optional<uint64_t> version_;
};

verify::Judgement judgement(const Compilation& c, const Options& options, const inputs::ForeignCode& code,
                            const std::vector<verify::UnknownMemory>& unknown) {
  verify::Judgement j;
  j.stub = options.files[0];
  j.kind = (code.abi == 0 ? std::string() : "ELFv" + std::to_string(code.abi) + ", ") + (code.order ? std::string(to_text(*code.order)) + "-endian, " : "");
  j.entry = "entered at " + hex(code.entry) + " (`" + code.entry_name + "`)";
  for (const auto& piece : code.pieces) j.pieces.push_back({piece.name, Range::at(piece.start, piece.size)});
  j.from = c.layout.from->name;
  j.to = c.layout.to->name;
  for (const auto& segment : c.layout.segments) {
    if (segment.name() == c.layout.handoff->enter) continue;
    const bool open = std::any_of(unknown.begin(), unknown.end(), [&](const auto& u) { return u.name == segment.name(); });
    j.around.push_back({segment.name() + (open ? ", of which nothing is known" : ""), segment.extent});
  }
  j.remarks = code.remarks;
  for (const auto& verdict : c.verdicts) j.ways.push_back({verdict.giver, &verdict.verdict});
  return j;
}

std::string certificate_of(const Compilation& c, const inputs::ForeignCode& code) {
  verify::Certificate certificate{c.layout.handoff->name, c.layout.machine->name, c.layout.from->name, c.layout.to->name, code.entry, {}, {}};
  for (const auto& piece : code.pieces)
    certificate.bytes.push_back({piece.name, piece.start, Size{piece.bytes.size()}, inputs::to_text(inputs::sha256({ByteView(piece.bytes)}))});
  for (const OrderVerdict& order : c.verdicts) certificate.ways.push_back({order.giver, order.verdict});
  return verify::certificate_json(certificate);
}

bool write_bytes(Compilation& c, const std::string& file, ByteView bytes) {
  std::filesystem::path path(file);
  OutputSet output(path.has_parent_path() ? path.parent_path() : ".");
  auto written = output.add(path.filename().string(), std::string(bytes.begin(), bytes.end()));
  if (written) written = output.commit();
  if (!written) c.sink.report(Code::cannot_write, {}, written.failure());
  return static_cast<bool>(written);
}

/// As findings where those are the answer; the table and the certificate say it already. Whether all is well.
bool report_findings(Compilation& c, const Options& options) {
  bool good = true;
  for (const auto& order : c.verdicts)
    for (const auto& o : order.verdict.obligations) {
      if (o.outcome <= Outcome::kAssumed) continue;
      good = false;
      const std::string what = options.files[0] + ", entered by a " + std::string(to_text(order.giver)) + "-endian giver: `" + o.clause + "`";
      report_replay(c, {}, what, o);
      if (options.format != "sarif" && options.format != "github") continue;
      report_obligation(c, {}, what, o);
    }
  return good;
}

}  // namespace

int judge_foreign(const Options& options) {
  Compilation c;
  c.solver = solver_use(options);
  set_up_replays(c, options);
  bool all_proved = true;
  if (auto code = set_up_foreign(c, options); code && !c.sink.has_errors()) {
    ForeignJudge judge(c, *code, options);
    if (options.command == "trace") {
      print(judge.trace());
      show_findings(c, options);
      return exit_code(c);
    }
    if (!options.output.empty() && !write_bytes(c, options.output, judge.bytes())) {
      show_findings(c, options);
      return exit_code(c);
    }
    judge.run();
    print(options.json ? certificate_of(c, *code) : verify::judgement_text(judgement(c, options, *code, judge.unknown())));
    if (options.listing && !options.json) print(judge.listing());
    all_proved = report_findings(c, options);
  }
  // A certificate has all there is to say, unless something was reported besides.
  if (!options.json || !c.sink.all().empty()) show_findings(c, options);
  const int code = exit_code(c);
  return code == kOk && !all_proved ? kFindings : code;
}

}  // namespace baton::driver
