// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The trials of departing code. See departing_trials.h.
#include "driver/departing_trials.h"

#include <algorithm>
#include <deque>
#include <map>

#include "driver/departing_caller.h"
#include "driver/verification.h"
#include "ppc64/disassemble.h"
#include "ppc64/registers.h"
#include "ppc64/stub.h"

namespace baton::driver {

using contract::Claim;
using model::ClauseKind;
using model::Section;
using model::Value;
using trampoline::CallArgument;
using trampoline::Departure;
using verify::Outcome;
using verify::Term;

namespace {

/// One run of the master.
struct Trial {
  const char* name;
  const Places& places;
  uint64_t page;
  enum { kDone, kNoPage, kOnePage, kPages } list;  // kDone: no list at all
  bool hook;

  uint64_t image() const { return places.image_of(page); }
};

/// Of a run of these; the longest takes some 2000. What goes on for longer is not known to end.
constexpr uint64_t kMostOfTrial = 100'000;
constexpr uint64_t kLowMemory = 0x1000;
/// Each byte of it: taken for a list it is pages to copy that are nowhere.
constexpr uint8_t kOfLowMemory = 0xb8;

class Trials {
 public:
  explicit Trials(const Compilation& c)
      : c_(c), d_(*c.gap->departure), order_(c.gap->orders.front()), layout_(*ppc64::lay_out(d_.stub)) {}

  verify::Verdict run() {
    using Kind = CallArgument::Kind;
    const bool pages = d_.does("segments_placed"), hook = d_.does("hash_table_cleared");
    const uint64_t fixed = d_.named("page_size") ? 0 : kUsualPage;  // where the call passes no size
    std::vector<Trial> trials{{"no page, no hook", kPlaces[0], kUsualPage, Trial::kDone, false}};
    const auto with_hook = [&](const char* without, const char* with) { return hook ? with : without; };
    if (pages) {
      if (!fixed) trials.push_back({"lists without a page", kPlaces[0], kHugePage, Trial::kNoPage, false});
      trials.push_back({"pages in four lists, no hook", kPlaces[0], fixed ? fixed : 64, Trial::kPages, false});
      trials.push_back({with_hook("other pages in four lists", "other pages in four lists, a hook"), kPlaces[1], fixed ? fixed : 256, Trial::kPages, hook});
      trials.push_back({with_hook("one page", "one page, a hook"), kPlaces[0], kUsualPage, Trial::kOnePage, hook});
    } else {
      trials.push_back({with_hook("elsewhere", "a hook"), kPlaces[1], kUsualPage, Trial::kDone, hook});
    }
    // The first that is refuted says enough. The short ones come first.
    master(trials.front());
    for (const Places& places : kPlaces)
      if (!d_.slave.empty() && !is_refuted()) slave(places);
    for (auto trial = trials.begin() + 1; trial != trials.end() && !is_refuted(); ++trial) master(*trial);
    auto assume = [&](std::string what, std::string why) {
      verdict_.obligations.push_back({std::move(what), Outcome::kAssumed, std::move(why)});
    };
    if (pages)
      assume("`" + d_.find(Kind::kPageList)->name + "` begins with an indirection or is done, and ends with an entry that is done",
             "the walk was run on lists of six pages, of one and of none, not on any list");
    assume("the code, its stack and the lists are seen at their real addresses but for the four high bits",
           "the caller's memory map is the caller's");
    if (hook) assume("the hook keeps to the C ABI, and comes back with translation off", "it is the caller's");
    if (!d_.slave.empty())
      assume("`" + d_.arrived + "` counts every slave that is to go before the master is called",
             "only the caller knows how many there are");
    return std::move(verdict_);
  }

 private:
  ByteView keep(ByteBuffer bytes) {
    kept_.push_back(std::move(bytes));
    return ByteView(kept_.back());
  }
  bool is_refuted() const { return verdict_.outcome() == Outcome::kRefuted; }
  uint64_t label(const Places& places, const std::string& name) const { return places.code + layout_.labels.at(name); }
  bool has_descriptors() const { return d_.giver == Endian::kBig; }

  /// What the trial's caller passes.
  Term passed(const CallArgument& a, const Trial& trial) const {
    using Kind = CallArgument::Kind;
    const Places& places = trial.places;
    if (a.kind == Kind::kConstant) return Term::number(a.constant);
    if (a.kind == Kind::kHook) return Term::number(!trial.hook ? 0 : places.high | places.hook);
    if (a.kind == Kind::kPageList) return Term::number(pages_of(trial).first);
    if (a.symbol == "argument.stack") return Term::number(places.high | places.stack);
    if (a.symbol == "argument.page_size") return Term::number(trial.page);
    if (!d_.image.empty() && a.symbol == d_.image) return Term::number(trial.image());
    if (a.symbol.rfind("argument.", 0) == 0) return Term::number(places.pattern + a.gpr.number() * 4);
    return Term::named(a.symbol);
  }
  PageList pages_of(const Trial& trial) const {
    if (trial.list == Trial::kDone) return {.first = 4};
    if (trial.list == Trial::kNoPage) return list_no_page(trial.places, d_.giver);
    return list_pages(trial.places, trial.page, d_.giver, trial.list == Trial::kPages);
  }
  std::optional<Term> term_of(const Value& v, const Trial& trial) const {
    if (v.is_known() && v.is_number() && v.number() < kTwoTo64) return Term::number(static_cast<uint64_t>(v.number()));
    std::string symbol = v.is_symbol() ? v.as_symbol().name : v.is_pending() ? v.as_pending().what : "";
    for (const CallArgument& a : d_.master_arguments)
      if (!symbol.empty() && a.symbol == symbol) return passed(a, trial);
    if (v.is_symbol()) return Term::named(symbol);
    return std::nullopt;
  }

  verify::EntryState entry_state(Section cpu, const Trial& trial) {
    verify::EntryState state;
    state.solver = c_.solver;
    state.most_instructions = std::min(c_.most_instructions, kMostOfTrial);
    state.observer = c_.observer;
    state.word_name = ppc64::name_elsewhere;
    state.linear_map = true;
    state.linear_high = trial.places.high;
    for (const CallArgument& a : cpu == Section::kMaster ? d_.master_arguments : d_.slave_arguments)
      if (a.kind != CallArgument::Kind::kUnused) state.registers[to_text(a.gpr)] = passed(a, trial);
    for (const Claim& claim : order_.from.claims) {
      auto values = claim.possible();
      const auto* field = claim.kind == ClauseKind::kMsr && claim.section == cpu ? ppc64::find_msr_field(claim.subject) : nullptr;
      if (!field || claim.any || values.size() != 1 || !values[0].is_known() || !values[0].is_number()) continue;
      state.msr_known |= field->mask;
      if (values[0].number() != 0) state.msr_value |= field->mask;
    }
    for (const char* id : {"master.physical_id", "cpu.physical_id"}) state.symbol_bits[id] = 0xffffffff;
    return state;
  }

  verify::Goals goals(Section cpu, const Trial& trial) {
    verify::Goals goals;
    goals.msr_stays_off = ppc64::msr::kEe;
    for (const Claim& claim : order_.to.claims) {
      if (claim.section != cpu || claim.any) continue;
      std::string clause = claim.clause->origin + ": " + claim.text();
      auto values = claim.possible();
      if (claim.kind == ClauseKind::kEnter) {
        if (auto term = term_of(values[0], trial)) goals.target = Address{term->constant};
        goals.target_clause = clause;
      } else if (claim.kind == ClauseKind::kRegister) {
        verify::RegisterGoal goal{claim.subject, {}, clause};
        if (values.size() == 1 && values[0].type() == model::Type::kStack)
          goal.one_of.push_back(Term::number(trial.places.frame()));
        for (const Value& v : values)
          if (auto term = term_of(v, trial)) goal.one_of.push_back(*term);
        goals.registers.push_back(std::move(goal));
      } else if (claim.kind == ClauseKind::kMsr) {
        const auto* field = ppc64::find_msr_field(claim.subject);
        if (!field || values.size() != 1 || !values[0].is_known() || !values[0].is_number()) continue;
        goals.msr_fixed |= field->mask;
        if (values[0].number() != 0) goals.msr_value |= field->mask;
      }
    }
    return goals;
  }

  verify::Loaded loaded(const Places& places, uint64_t entry) const {
    verify::Loaded loaded;
    loaded.segments.push_back({"departing code", Address{places.code}, ByteView(c_.stub->code.text), Size{c_.stub->code.text.size()}});
    loaded.entry = Address{places.high | entry};
    loaded.is_all = true;
    return loaded;
  }

  void add(const std::string& who, const verify::Verdict& verdict) {
    add_obligations(verdict_, (who + ": ").c_str(), verdict);
    verdict_.instructions += verdict.instructions;
  }

  void describe(verify::EntryState& state, const char* name, uint64_t at, ByteBuffer bytes) {
    if (bytes.empty()) return;
    const Size size{bytes.size()};
    state.memory.push_back({name, Address{at}, keep(std::move(bytes)), size});
  }
  /// There is nothing to load but what is described.
  static void close(verify::EntryState& state, const verify::Loaded& loaded, const RangeSet& besides) {
    RangeSet reach = besides;
    for (const verify::Segment& s : loaded.segments) reach.add(Range::at(s.start, s.size));
    for (const verify::Segment& s : state.memory) reach.add(Range::at(s.start, s.size));
    state.reach = std::make_shared<const RangeSet>(std::move(reach));
  }

  bool before(const char* first, const char* second) const {
    auto place = [&](const char* event) { return std::find(d_.events.begin(), d_.events.end(), event); };
    return place(first) < place(second);
  }
  /// That memory is this in the end.
  void want(verify::Goals& goals, uint64_t at, ByteBuffer bytes, const std::string& clause) {
    goals.bytes.push_back({Address{at}, keep(std::move(bytes)), clause});
  }
  void want(verify::Goals& goals, uint64_t at, uint64_t number, const std::string& clause) {
    ByteBuffer bytes;
    append<uint64_t>(bytes, number, d_.giver);
    want(goals, at, std::move(bytes), clause);
  }
  ByteBuffer word(uint32_t number) const {
    ByteBuffer bytes;
    append<uint32_t>(bytes, number, d_.giver);
    return bytes;
  }

  void master(const Trial& trial) {
    const Places& places = trial.places;
    auto state = entry_state(Section::kMaster, trial);
    auto wanted = goals(Section::kMaster, trial);
    const auto code = loaded(places, places.code);
    const auto writes = [&](uint64_t at, uint64_t size) { wanted.may_write.add(Range::at(Address{at}, Size{size})); };
    wanted.is_alone = true;

    // What stands there before, and afterwards.
    const PageList list = pages_of(trial);
    const uint64_t elsewhere = places.elsewhere_of(trial.page), copied = std::min(trial.page, kUsualPage);
    std::map<uint64_t, ByteBuffer> old{{0, ByteBuffer(kLowMemory + d_.head_to + d_.head_size, kOfLowMemory)},
                                       {trial.image(), made_up_bytes(77, 4 * copied + d_.head_offset + d_.head_size)},
                                       {elsewhere, made_up_bytes(76, 2 * copied)}};
    auto after = old;
    for (const auto& [at, bytes] : list.after) {
      auto& [start, region] = *std::prev(after.upper_bound(at));
      std::copy(bytes.begin(), bytes.end(), region.begin() + static_cast<ptrdiff_t>(at - start));
      writes(at, trial.page);
      // Any page may be code, and the slaves go where the image says.
      for (RangeSet* fetched : {&wanted.code, &wanted.code_of_others}) fetched->add(Range::at(Address{at}, Size{trial.page}));
    }
    const auto image = after.at(trial.image()).begin() + static_cast<ptrdiff_t>(d_.head_offset);
    const ByteBuffer head(image, image + static_cast<ptrdiff_t>(d_.head_size));
    for (const auto& [at, bytes] : list.entries) describe(state, "page list", at, bytes);
    for (const auto& [at, bytes] : list.sources) describe(state, "a page", at, bytes);
    for (const auto& [at, bytes] : old) describe(state, at == 0 ? "low memory" : "memory that is copied to", at, bytes);
    if (!list.after.empty()) {
      want(wanted, trial.image(), after.at(trial.image()), "segments_placed: the image");
      want(wanted, elsewhere, after.at(elsewhere), "segments_placed: pages elsewhere");
    }
    if (d_.head_size != 0) {
      want(wanted, d_.head_to, head, "head_copied: the image's bytes");
      writes(d_.head_to, d_.head_size);
      wanted.code_of_others.add(Range::at(Address{d_.head_to}, Size{d_.head_size}));
    }
    if (d_.named("stack")) {
      want(wanted, places.frame(), 0, "the stack ends where it begins: no frame is before the first");
      writes(places.frame(), 8);
    }
    if (!d_.slave.empty()) {
      const uint64_t release = label(places, trampoline::kReleaseLabel);
      want(wanted, release, word(1), "slaves_released: the word they wait for");
      writes(release, 4);
      wanted.releases.add(Range::at(Address{release}, Size{4}));
    }
    if (trial.hook) hook(trial, state, wanted, old, after, head);
    close(state, code, wanted.may_write);
    add(trial.name, verify::verify_entry(code, state, wanted, d_.giver));
  }

  void hook(const Trial& trial, verify::EntryState& state, verify::Goals& wanted, const std::map<uint64_t, ByteBuffer>& old,
            const std::map<uint64_t, ByteBuffer>& after, const ByteBuffer& head) {
    const Places& places = trial.places;
    Hook hook(places, d_.giver, has_descriptors());
    const auto saw = [&](size_t index, uint64_t number, const std::string& clause) { want(wanted, places.witness + 8 * index, number, clause); };
    const auto first = [&](const ByteBuffer& bytes, uint64_t at = 0) { return uint64_t{*load<uint32_t>(bytes, at, d_.giver)}; };
    if (!d_.slave.empty())
      saw(hook.sees(label(places, trampoline::kReleaseLabel)), before("slaves_released", "hash_table_cleared") ? 1 : 0, "order: what the hook saw of the release");
    if (d_.head_size != 0)
      saw(hook.sees(d_.head_to), before("head_copied", "hash_table_cleared") ? first(head) : first(old.at(0), d_.head_to), "order: what the hook saw of the head");
    if (d_.does("segments_placed")) {
      const auto& image = (before("segments_placed", "hash_table_cleared") ? after : old).at(trial.image());
      saw(hook.sees(trial.image() + trial.page - 4), first(image, trial.page - 4), "order: what the hook saw of the pages");
    }
    saw(Hook::kMsr, 0, "real_mode: the hook is called without translation and interrupts");
    saw(Hook::kStack, places.frame(), "hash_table_cleared: the hook's stack");
    if (has_descriptors()) {
      saw(Hook::kToc, hook.toc(), "hash_table_cleared: the hook's TOC");
      saw(Hook::kEnvironment, hook.environment(), "hash_table_cleared: the hook's environment");
    } else {
      saw(Hook::kEntry, places.high | places.hook, "hash_table_cleared: the hook's own address");
    }
    const uint64_t entry = has_descriptors() ? places.hook_code : places.hook;
    const ByteBuffer code = hook.code();
    wanted.may_execute.add(Range::at(Address{entry}, Size{code.size()}));
    describe(state, "the hook", entry, code);
    describe(state, "the hook's descriptor", places.hook, hook.descriptor());
    wanted.may_write.add(Range::at(Address{places.witness}, Size{hook.size_of_witness()}));
    wanted.may_write.add(Range::at(Address{places.frame() + Hook::kSavedLr}, Size{8}));
    wanted.may_write.add(Range::at(Address{places.frame() - Hook::kFrame}, Size{8}));
  }

  /// What differs is where all is, how many were counted before, and whether another slave is counted in between.
  void slave(const Places& places) {
    const bool is_first = &places == kPlaces;
    const Trial trial{"a slave", places, kUsualPage, Trial::kDone, false};
    auto state = entry_state(Section::kSlaves, trial);
    auto wanted = goals(Section::kSlaves, trial);
    state.failing_stores = is_first ? 0 : 1;
    const Range arrived = Range::at(Address{label(places, d_.arrived)}, Size{4});
    const uint32_t counted = is_first ? 0 : 0xffff;
    describe(state, "the count", arrived.begin.value(), word(counted));
    wanted.may_write.add(arrived);
    wanted.waits_after_stores = true;
    const auto code = loaded(places, label(places, d_.code_symbol(d_.slave)));
    close(state, code, {});
    add(is_first ? "a slave" : "another slave", verify::verify_wait(code, state, wanted, d_.giver, "waits until it is released"));
    const uint64_t release = label(places, trampoline::kReleaseLabel);
    describe(state, "the release word", release, word(1));
    want(wanted, arrived.begin.value(), word(counted + 1), "is counted once");
    wanted.awaited.add(Range::at(Address{release}, Size{4}));
    add(is_first ? "a released slave" : "another released slave", verify::verify_entry(code, state, wanted, d_.giver));
  }

  const Compilation& c_;
  const Departure& d_;
  const trampoline::ClosedOrder& order_;
  ppc64::Layout layout_;
  std::deque<ByteBuffer> kept_;
  verify::Verdict verdict_;
};

}  // namespace

verify::Verdict try_departure(const Compilation& c) { return Trials(c).run(); }

}  // namespace baton::driver
