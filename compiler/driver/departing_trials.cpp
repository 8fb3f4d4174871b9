// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The trials of departing code. See departing_trials.h.
#include "driver/departing_trials.h"

#include <algorithm>
#include <deque>

#include "ppc64/disassemble.h"
#include "ppc64/instruction.h"
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

// Where the trials put things, apart from each other; code, stack and hook are seen where a kernel sees them.
constexpr uint64_t kHigh = uint64_t{0xc} << 60;
constexpr uint64_t kCode = 0x1000000, kStackTop = 0x2000000, kFirstList = 0x3000000, kSecondList = 0x3100000,
                   kSources = 0x4000000, kHook = 0x5000000, kDescriptor = 0x5000100, kWitness = 0x5001000,
                   kDestinations = 0x8000000, kElsewhere = 0x9000000, kOther = 0x6000000;
constexpr uint64_t kPage = 4096, kPages = 3;

ByteBuffer page_bytes(uint64_t number) {
  ByteBuffer bytes(kPage);
  for (uint64_t i = 0; i < kPage; ++i) bytes[i] = static_cast<uint8_t>(number * 59 + i * 7 + i / 251);
  return bytes;
}

/// One run of the master: which list, and whether there is a hook.
struct Trial {
  const char* name;
  bool pages;
  bool hook;
};

class Trials {
 public:
  explicit Trials(const Compilation& c)
      : c_(c), d_(*c.gap->departure), order_(c.gap->orders.front()), layout_(*ppc64::lay_out(d_.stub)) {}

  verify::Verdict run() {
    using Kind = CallArgument::Kind;
    std::vector<Trial> trials;
    bool pages = d_.does("segments_placed"), hook = d_.does("hash_table_cleared");
    trials.push_back({"no page, no hook", false, false});
    if (pages) trials.push_back({"pages in two lists, no hook", true, false});
    if (hook) trials.push_back({pages ? "pages in two lists, a hook" : "a hook", pages, true});
    for (const Trial& trial : trials) master(trial);
    if (!d_.slave.empty()) slave();
    auto assume = [&](std::string what, std::string why) {
      verdict_.obligations.push_back({std::move(what), Outcome::kAssumed, std::move(why)});
    };
    if (pages)
      assume("`" + d_.find(Kind::kPageList)->name + "` begins with an indirection or is done, and ends with an entry that is done",
             "the walk was run on lists of " + std::to_string(kPages) + " pages and of none, not on any list");
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
  uint64_t label(const std::string& name) const { return kCode + layout_.labels.at(name); }
  uint64_t entry_of(const std::string& function) const {
    return function == d_.master ? kCode : label(d_.code_symbol(function));
  }

  /// What the trial's caller passes.
  Term passed(const CallArgument& a, const Trial& trial) const {
    using Kind = CallArgument::Kind;
    if (a.kind == Kind::kConstant) return Term::number(a.constant);
    if (a.kind == Kind::kHook) return Term::number(!trial.hook ? 0 : kHigh | (d_.giver == Endian::kBig ? kDescriptor : kHook));
    if (a.kind == Kind::kPageList) return Term::number(trial.pages ? kFirstList | 2 : 4);
    if (a.symbol == "argument.stack") return Term::number(kHigh | kStackTop);
    if (a.symbol == "argument.page_size") return Term::number(kPage);
    if (!d_.image.empty() && a.symbol == d_.image) return Term::number(kDestinations);
    if (a.symbol.rfind("argument.", 0) == 0) return Term::number(kOther + 0x1000 * a.gpr.number());
    return Term::named(a.symbol);
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
    state.most_instructions = c_.most_instructions;
    state.observer = c_.observer;
    state.word_name = ppc64::name_elsewhere;
    state.linear_map = true;
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
          goal.one_of.push_back(Term::number(kStackTop - trampoline::kDepartureFrame));
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

  verify::Loaded loaded(const std::string& function) const {
    verify::Loaded loaded;
    loaded.segments.push_back({"departing code", Address{kCode}, ByteView(c_.stub->code.text), Size{c_.stub->code.text.size()}});
    loaded.entry = Address{kHigh | entry_of(function)};
    return loaded;
  }

  void add(const std::string& who, const verify::Verdict& verdict) {
    for (const auto& o : verdict.obligations) verdict_.obligations.push_back({who + ": " + o.clause, o.outcome, o.detail});
    verdict_.instructions += verdict.instructions;
  }

  void describe_list(verify::EntryState& state, uint64_t at, const std::vector<uint64_t>& entries) {
    ByteBuffer bytes(entries.size() * 8);
    for (size_t i = 0; i < entries.size(); ++i) store<uint64_t>(bytes, i * 8, entries[i], d_.giver);
    state.memory.push_back({"page list", Address{at}, keep(std::move(bytes)), Size{entries.size() * 8}});
  }

  /// Looks at the release word, the head at 0, translation and the last page, and keeps what it sees.
  void describe_hook(verify::EntryState& state) {
    using namespace ppc64;
    using namespace ppc64::reg;
    std::vector<Instruction> code;
    auto address = [&](uint64_t a) {
      code.push_back(ins::lis(r9, static_cast<int64_t>(a >> 16)));
      code.push_back(ins::ori(r9, r9, a & 0xffff));
    };
    auto keep_r10 = [&](int64_t at) {
      address(kWitness);
      code.push_back(ins::stw(r10, at, r9));
    };
    auto see = [&](uint64_t from, int64_t at) {
      address(from);
      code.push_back(ins::lwz(r10, int64_t{0}, r9));
      keep_r10(at);
    };
    if (!d_.slave.empty()) see(label(trampoline::kReleaseLabel), 0);
    if (d_.head_size != 0) see(d_.head_to, 4);
    if (d_.does("segments_placed")) see(kElsewhere, 8);
    code.push_back(ins::mfmsr(r10));
    code.push_back(ins::rlwinm(r10, r10, 0, 26, 27));
    keep_r10(12);
    code.push_back(ins::blr());
    ByteBuffer bytes(code.size() * 4);
    for (size_t i = 0; i < code.size(); ++i) {
      auto word = encode(code[i]);
      BATON_CHECK(word.ok(), "an instruction of the trial's hook");
      store<uint32_t>(bytes, i * 4, *word, d_.giver);
    }
    state.memory.push_back({"the hook", Address{kHook}, keep(std::move(bytes)), Size{code.size() * 4}});
    ByteBuffer descriptor(24);
    store<uint64_t>(descriptor, 0, kHigh | kHook, d_.giver);
    state.memory.push_back({"the hook's descriptor", Address{kDescriptor}, keep(std::move(descriptor)), Size{24}});
  }

  /// Memory equals what the hook saw at `at`.
  void saw(verify::Goals& goals, int64_t at, uint32_t value, const std::string& clause) {
    ByteBuffer bytes(4);
    store<uint32_t>(bytes, 0, value, d_.giver);
    goals.bytes.push_back({Address{kWitness + static_cast<uint64_t>(at)}, keep(std::move(bytes)), clause});
  }
  bool before(const char* first, const char* second) const {
    auto place = [&](const char* event) { return std::find(d_.events.begin(), d_.events.end(), event); };
    return place(first) < place(second);
  }

  void master(const Trial& trial) {
    auto state = entry_state(Section::kMaster, trial);
    auto wanted = goals(Section::kMaster, trial);
    std::vector<ByteBuffer> sources;
    for (uint64_t i = 0; i < kPages; ++i) {
      sources.push_back(page_bytes(i + 1));
      state.memory.push_back({"a page", Address{kSources + i * kPage}, keep(sources[i]), Size{kPage}});
    }
    // What stands there before: another page's bytes where nothing is to be copied, the image's otherwise.
    const ByteBuffer old = page_bytes(77);
    const ByteBuffer& image = trial.pages ? sources[0] : old;
    state.memory.push_back({"memory that is copied to", Address{kDestinations}, keep(old), Size{2 * kPage}});
    state.memory.push_back({"memory that is copied to", Address{kElsewhere}, keep(old), Size{kPage}});
    state.memory.push_back({"low memory", Address{0}, keep(page_bytes(78)), Size{kPage}});
    if (trial.pages) {
      describe_list(state, kFirstList, {kDestinations | 1, kSources | 8, kSecondList | 2});
      describe_list(state, kSecondList, {(kSources + kPage) | 8, kElsewhere | 1, (kSources + 2 * kPage) | 8, 4});
      wanted.bytes.push_back({Address{kDestinations}, keep(sources[0]), "segments_placed: the first page"});
      wanted.bytes.push_back({Address{kDestinations + kPage}, keep(sources[1]), "segments_placed: the page after it"});
      wanted.bytes.push_back({Address{kElsewhere}, keep(sources[2]), "segments_placed: a page elsewhere"});
      wanted.may_write.add(Range::at(Address{kDestinations}, Size{2 * kPage}));
      wanted.may_write.add(Range::at(Address{kElsewhere}, Size{kPage}));
    }
    auto head = [&](uint64_t at, uint64_t size) {
      auto from = image.begin() + static_cast<ptrdiff_t>(d_.head_offset + at);
      return ByteBuffer(from, from + static_cast<ptrdiff_t>(size));
    };
    if (d_.head_size != 0 && d_.head_offset + d_.head_size <= kPage) {
      wanted.bytes.push_back({Address{d_.head_to}, keep(head(0, d_.head_size)), "head_copied: the image's bytes"});
      wanted.may_write.add(Range::at(Address{d_.head_to}, Size{d_.head_size}));
      wanted.code_of_others.add(Range::at(Address{d_.head_to}, Size{d_.head_size}));
    }
    // Any page may be code, and the slaves go where the image says.
    if (trial.pages)
      for (RangeSet* code : {&wanted.code, &wanted.code_of_others}) {
        code->add(Range::at(Address{kDestinations}, Size{2 * kPage}));
        code->add(Range::at(Address{kElsewhere}, Size{kPage}));
      }
    wanted.may_write.add(Range::at(Address{kStackTop - trampoline::kDepartureFrame}, Size{trampoline::kDepartureFrame}));
    if (!d_.slave.empty()) {
      ByteBuffer one(4);
      store<uint32_t>(one, 0, 1, d_.giver);
      Range word = Range::at(Address{label(trampoline::kReleaseLabel)}, Size{4});
      wanted.bytes.push_back({word.begin, keep(std::move(one)), "slaves_released: the word they wait for"});
      wanted.may_write.add(word);
      wanted.releases.add(word);
    }
    if (trial.hook) {
      describe_hook(state);
      wanted.may_execute.add(Range::at(Address{kHook}, Size{0x100}));
      wanted.may_write.add(Range::at(Address{kWitness}, Size{16}));
      if (!d_.slave.empty())
        saw(wanted, 0, before("slaves_released", "hash_table_cleared") ? 1 : 0, "order: what the hook saw of the release");
      if (d_.head_size != 0) {
        auto at_zero = before("head_copied", "hash_table_cleared") ? head(0, 4) : ByteBuffer();
        if (at_zero.empty()) {
          ByteBuffer low = page_bytes(78);
          auto from = low.begin() + static_cast<ptrdiff_t>(d_.head_to);
          at_zero.assign(from, from + 4);
        }
        saw(wanted, 4, *load<uint32_t>(at_zero, 0, d_.giver), "order: what the hook saw of the head");
      }
      if (d_.does("segments_placed"))
        saw(wanted, 8, *load<uint32_t>(before("segments_placed", "hash_table_cleared") ? sources[2] : old, 0, d_.giver),
            "order: what the hook saw of the pages");
      saw(wanted, 12, 0, "real_mode: the hook is called without translation");
    }
    add(trial.name, verify::verify_entry(loaded(d_.master), state, wanted, d_.giver));
  }

  void slave() {
    const Trial trial{"a slave", false, false};
    auto state = entry_state(Section::kSlaves, trial);
    auto wanted = goals(Section::kSlaves, trial);
    wanted.may_write.add(Range::at(Address{label(d_.arrived)}, Size{4}));
    wanted.waits_after_stores = true;
    auto code = loaded(d_.slave);
    add(trial.name, verify::verify_wait(code, state, wanted, d_.giver, "waits until it is released"));
    ByteBuffer one(4), counted(4);
    store<uint32_t>(one, 0, 1, d_.giver);
    store<uint32_t>(counted, 0, 1, d_.giver);
    state.memory.push_back({"the release word", Address{label(trampoline::kReleaseLabel)}, keep(std::move(one)), Size{4}});
    wanted.bytes.push_back({Address{label(d_.arrived)}, keep(std::move(counted)), "is counted once"});
    wanted.awaited.add(Range::at(Address{label(trampoline::kReleaseLabel)}, Size{4}));
    add("a released slave", verify::verify_entry(code, state, wanted, d_.giver));
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
