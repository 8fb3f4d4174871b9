// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From boundaries to the prover's terms. See verification.h.
#include "driver/verification.h"

#include <algorithm>

#include "driver/boot_node.h"
#include "driver/departing.h"
#include "driver/meeting_proof.h"
#include "driver/pen_proof.h"
#include "driver/replays.h"
#include "driver/tree_proof.h"
#include "inputs/digest.h"
#include "ppc64/disassemble.h"
#include "ppc64/registers.h"
#include "trampoline/interrupts.h"
#include "verify/certificate.h"
#include "verify/end_goals.h"
#include "verify/judgement.h"

namespace baton::driver {

using contract::Boundary;
using contract::Claim;
using diagnostics::Code;
using model::ClauseKind;
using model::Section;
using model::Value;
using verify::Term;

namespace {

std::optional<Term> term_of(const Value& v) {
  if (v.is_symbol()) return Term::named(v.as_symbol().name);
  if (v.is_known() && v.is_number() && v.number() < kTwoTo64)
    return Term::number(static_cast<uint64_t>(v.number()));
  return std::nullopt;
}

}  // namespace

verify::SolverUse solver_use(const Options& options) {
  verify::SolverUse use;
  use.allowed = options.solver != "off";
  if (use.allowed && options.solver != "auto") use.library = options.solver;
  return use;
}

verify::EntryState entry_state(const Compilation& c, const Boundary& from, const verify::Loaded& loaded,
                               Section cpu) {
  verify::EntryState state;
  state.solver = c.solver;
  state.most_instructions = c.most_instructions;
  state.observer = c.observer;
  state.calls = c.calls;
  state.word_name = ppc64::name_elsewhere;
  for (const Claim& claim : from.claims) {
    auto values = claim.possible();
    if (claim.section == cpu && !claim.any && values.size() == 1) {
      auto term = term_of(values[0]);
      if (claim.kind == ClauseKind::kRegister && term) state.registers[claim.subject] = *term;
      const auto* field = claim.kind == ClauseKind::kMsr ? ppc64::find_msr_field(claim.subject) : nullptr;
      state.book3e = state.book3e || (field && field->book3e);
      if (field && term && term->symbol.empty()) {
        state.msr_known |= field->mask;
        if (term->constant != 0) state.msr_value |= field->mask;
      }
    }
    if (claim.section == cpu && !claim.any && values.size() > 1 && claim.kind == ClauseKind::kRegister) {
      std::vector<Term> terms;
      for (const Value& v : values)
        if (auto term = term_of(v)) terms.push_back(*term);
      if (terms.size() == values.size()) state.one_of[claim.subject] = std::move(terms);
    }
    if (claim.section == cpu && claim.kind == ClauseKind::kIle && !claim.any)
      for (const Value& v : values)
        if (v.is_known() && v.is_number()) state.interrupts.insert(v.number() != 0 ? 1 : 0);
    // The giver's copy of the head, as the bytes that are copied.
    if (claim.section == Section::kMemory && claim.kind == ClauseKind::kBytes) {
      Range to = claim.values[0].ranges().front(), copied = claim.values[1].ranges().front();
      for (const auto& segment : loaded.segments) {
        Range whole = Range::at(segment.start, segment.size);
        if (!whole.contains(copied)) continue;
        uint64_t offset = (copied.begin - segment.start).bytes();
        uint64_t have = segment.bytes.size() > offset ? segment.bytes.size() - offset : 0;
        auto bytes = segment.bytes.subspan(std::min<uint64_t>(offset, segment.bytes.size()),
                                           std::min<uint64_t>(have, copied.size().bytes()));
        state.memory.push_back({"the copy of the head", to.begin, bytes, to.size()});
      }
    }
  }
  const auto* cpus = c.layout.machine->find("cpus");
  bool byte = cpus && std::all_of(cpus->value.ids().begin(), cpus->value.ids().end(),
                                  [](uint32_t id) { return id < 0x100; });
  if (auto level = c.layout.machine->number("isa")) state.isa = static_cast<unsigned>(*level);
  auto firmware = trampoline::firmware_of(*c.layout.machine);
  state.firmware.papr = firmware.kind == trampoline::Firmware::Kind::kPapr;
  if (firmware.kind == trampoline::Firmware::Kind::kOpal) state.firmware.opal_entry = Address{firmware.opal_entry};
  state.firmware.opal_base = firmware.opal_base;
  for (const char* id : {"master.physical_id", "cpu.physical_id"}) state.symbol_bits[id] = byte ? 0xff : 0xffffffff;
  // Devices of a host lie outside of memory, and there are none that a guest reaches so.
  if (c.layout.machine->number("hypervisor") == 0)
    if (auto reach = c.layout.machine->ranges("rma"); !reach.empty()) state.reach = std::make_shared<const RangeSet>(std::move(reach));
  return state;
}

verify::Goals goals_of(const Compilation& c, const Boundary& to, std::deque<ByteBuffer>& kept, Section cpu) {
  verify::Goals goals;
  bool slaves = c.gap->orders.front().gap.slaves_may_arrive;
  for (const Claim& claim : to.claims) {
    std::string clause = claim.clause->origin + ": " + claim.text();
    auto values = claim.possible();
    if (claim.section == cpu && claim.kind == ClauseKind::kEnter) {
      if (values[0].is_known()) goals.target = Address{values[0].number()};  // else where a slot says
      goals.target_clause = clause;
    } else if (claim.section == cpu && claim.kind == ClauseKind::kRegister && !claim.any) {
      verify::RegisterGoal goal{claim.subject, {}, clause};
      for (const Value& v : values)
        if (auto term = term_of(v)) goal.one_of.push_back(*term);
      goals.registers.push_back(std::move(goal));
    } else if (claim.section == cpu && claim.kind == ClauseKind::kMsr) {
      const auto* field = ppc64::find_msr_field(claim.subject);
      if (!field) continue;
      if (claim.any || values.size() != 1 || !values[0].is_known()) {
        goals.msr_any |= field->mask;
      } else {
        goals.msr_fixed |= field->mask;
        if (values[0].number() != 0) goals.msr_value |= field->mask;
      }
    } else if (claim.section == cpu && claim.kind == ClauseKind::kIle && !claim.any) {
      for (const Value& v : values)
        if (v.is_known() && v.is_number()) goals.interrupts.insert(v.number() != 0 ? 1 : 0);
      goals.interrupts_clause = clause;
    } else if (cpu != Section::kMaster) {
      continue;  // memory is the master's business
    } else if (claim.kind == ClauseKind::kTreeBootCpu && claim.subject != model::kBootCpuNode) {  // that: boot_node.h
      const auto* tree = c.layout.bound("tree");
      auto term = values.empty() ? std::nullopt : term_of(values[0]);
      // Byte 28 of the header: boot_cpuid_phys (devicetree specification 5.2).
      if (tree && term) goals.words.push_back({*tree->start + Size{28}, 4, *term, clause});
    } else if (claim.kind == ClauseKind::kBytes && (slaves || claim.section == Section::kMemory)) {
      Range at = claim.values[0].ranges().front(), source = claim.values[1].ranges().front();
      if (trampoline::brought_by(c.gap->copies, at, source)) continue;  // judged as a copy of whatever is there
      for (const auto& segment : c.layout.segments) {
        if (!Range::at(*segment.start, segment.content.size).contains(source)) continue;
        auto payload = c.contents.payloads.find(segment.name());
        if (payload == c.contents.payloads.end()) continue;
        auto bytes = payload->second.bytes_at((source.begin - *segment.start).bytes(), source.size().bytes());
        if (!bytes) continue;
        kept.push_back(std::move(*bytes));
        goals.bytes.push_back({at.begin, ByteView(kept.back()), clause});
      }
    }
  }
  return goals;
}

namespace {

Range relay_word(const trampoline::Relay& relay) {
  return Range::at(Address{relay.start + relay.flag_offset()}, Size{4});
}

/// Where the taker's code is, which nobody may execute as it was before the stub stored to it.
void add_code(const Compilation& c, verify::Goals& goals) {
  for (const auto& segment : c.layout.segments)
    if (segment.extent.contains(goals.target)) goals.code.add(segment.extent);
  for (const auto& copy : c.gap->copies)
    if (copy.executed) goals.code.add(copy.target());
  goals.code_of_others = goals.code;
  if (!c.gap->orders.front().gap.slaves_may_arrive) return;
  // Slaves run the copy of the head, and pens in the stub.
  goals.code_of_others.add(Range::at(Address{0}, Size{trampoline::kHeadSize}));
  goals.code_of_others.add(c.layout.entered().extent);
  if (!c.gap->relay) return;
  const trampoline::Relay& relay = *c.gap->relay;
  goals.code_of_others.subtract(relay_word(relay));
  // Who comes when the landing's doubleword is replaced goes on in the new head, without a look at the word.
  goals.releases.add(Range::at(Address{relay.landing}, Size{8}));
  goals.releases.add(relay_word(relay));
}

/// A slave that finds the stub's head at 0 waits while the word is 0, and afterwards comes to the taker's
/// landing as the taker needs it.
void judge_relayed_slave(const Compilation& c, const trampoline::ClosedOrder& order, const verify::Loaded& loaded,
                         std::deque<ByteBuffer>& kept, verify::Verdict& verdict) {
  const trampoline::Relay& relay = *c.gap->relay;
  verify::Loaded at_landing = loaded;
  at_landing.entry = Address{relay.landing};
  auto goals = goals_of(c, order.to, kept, Section::kSlaves);
  goals.comes_back = true;
  goals.may_execute.add(Range::at(Address{0}, Size{trampoline::kHeadSize}));
  goals.may_execute.add(c.layout.entered().extent);
  auto waiting = entry_state(c, order.from, loaded, Section::kSlaves);
  auto waits = verify::verify_wait(at_landing, waiting, goals, Endian::kBig, relay.order_clause);
  say_not_repeated(c, waits, kOfWaiting);
  add_obligations(verdict, "a slave: ", waits);
  auto released = waiting;
  kept.push_back(ByteBuffer{0, 0, 0, 1});
  released.memory.push_back({"the relay's word", relay_word(relay).begin, ByteView(kept.back()), Size{4}});
  goals.awaited.add(relay_word(relay));
  auto leaves = verify::verify_entry(at_landing, released, goals, Endian::kBig);
  repeat(c, leaves, {at_landing, released, goals, Endian::kBig});
  add_obligations(verdict, "a slave: ", leaves);
}

/// Firmware that refuses what the stub asks for: the stub then stays where it is, with nothing stored.
void judge_refusals(const Compilation& c, const verify::Loaded& loaded, const verify::EntryState& state,
                    const verify::Goals& goals, Endian giver, verify::Verdict& verdict) {
  const auto& counts = c.gap->stub->counts;
  auto calls = [&](const trampoline::BodyCount& count) { return count.giver == giver && count.calls_firmware; };
  if (std::none_of(counts.begin(), counts.end(), calls)) return;
  for (const auto& refusal : state.firmware.refusals()) {
    auto refused = state;
    refused.firmware.answer = refusal.value;
    auto stays = verify::verify_wait(loaded, refused, goals, giver, std::string("stays in the stub after ") + refusal.name);
    say_not_repeated(c, stays, kOfRefusal);
    add_obligations(verdict, "", stays);
  }
}

/// What the stub copies, and the loops it does that by.
void add_copies(const Compilation& c, Endian giver, verify::Loaded& loaded, verify::Goals& goals) {
  for (const auto& copy : c.gap->copies) goals.copies.push_back({copy.from, copy.to, copy.clause});
  loaded.copy_loops.clear();
  for (const auto& loop : c.gap->stub->loops)
    if (loop.giver == giver)
      loaded.copy_loops.push_back({*c.layout.entered().start + Size{loop.offset}, loop.turns, loop.bytes});
}

bool is_digested(const Compilation& c, const std::string& segment) {
  return c.gap->digest && std::any_of(c.gap->digest->inputs.begin(), c.gap->digest->inputs.end(), [&](const auto& input) { return input.name == segment; });
}

/// Every segment as it is about to be written, and zeros behind it. What is copied may be anything there, unless the stub
/// finds out that it is what it was.
verify::Loaded load_outputs(const Compilation& c, const Outputs& outputs, std::deque<ByteBuffer>& kept) {
  verify::Loaded loaded;
  loaded.entry = outputs.table.entry;
  loaded.is_all = true;
  for (const auto& segment : outputs.contents.segments) {
    if (segment.kind == emit::BundleKind::kReserve) continue;
    if (segment.kind == emit::BundleKind::kTrampoline || segment.kind == emit::BundleKind::kDevicetree) {
      kept.emplace_back();
      for (ByteView piece : segment.pieces) kept.back().insert(kept.back().end(), piece.begin(), piece.end());
      loaded.segments.push_back({segment.name, segment.start, ByteView(kept.back()), segment.memsz});
      continue;
    }
    auto describe = [&](Address start, ByteView bytes, Size size) {
      RangeSet seen{Range::at(start, size)};
      if (!is_digested(c, segment.name))
        for (const auto& copy : c.gap->copies) seen.subtract(copy.from);
      for (const Range& range : seen.ranges()) {
        const size_t offset = std::min<size_t>((range.begin - start).bytes(), bytes.size());
        ByteView part = bytes.subspan(offset, std::min<size_t>(bytes.size() - offset, range.size().bytes()));
        loaded.segments.push_back({segment.name, range.begin, part, range.size()});
      }
    };
    Address at = segment.start;
    for (ByteView piece : segment.pieces) {
      describe(at, piece, Size{piece.size()});
      at = at + Size{piece.size()};
    }
    if (const Address end = segment.start + segment.memsz; at < end) describe(at, {}, end - at);
  }
  return loaded;
}

Address place_of(const Compilation& c, const std::string& label) {
  auto layout = ppc64::lay_out(c.gap->stub->stub);
  return *c.layout.entered().start + Size{layout->labels.at(label)};
}

std::vector<verify::HashLoop> hash_loops(const Compilation& c, Endian giver) {
  std::vector<verify::HashLoop> loops;
  if (!c.gap->digest) return loops;
  const auto& inputs = c.gap->digest->inputs;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (uint64_t blocks = inputs[i].size / 64)
      loops.push_back({place_of(c, trampoline::digest_loop_label(giver, i)), Address{inputs[i].start}, blocks, inputs[i].clause});
  return loops;
}

/// What is digested is as it was built here: no difference is to be found.
void add_dead_ends(const Compilation& c, Endian giver, verify::Goals& goals) {
  if (!c.gap->digest) return;
  const auto& inputs = c.gap->digest->inputs;
  for (size_t i = 0; i < inputs.size(); ++i)
    goals.dead_ends[place_of(c, trampoline::digest_differs_label(giver, i))] = "it finds that " + inputs[i].name + " is not what was built, and it is";
}

/// The last byte of each, changed, must stop the stub.
void judge_digests(const Compilation& c, const verify::Loaded& loaded, const verify::EntryState& state, Endian giver,
                   std::deque<ByteBuffer>& kept, verify::Verdict& verdict) {
  if (!c.gap->digest) return;
  const auto& inputs = c.gap->digest->inputs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    auto goals = verify::detection_goals(place_of(c, trampoline::digest_differs_label(giver, i)),
                                         inputs[i].clause + ": a change of its last byte is found");
    if (c.gap->digest->console.kind == trampoline::Firmware::Kind::kOpal)
      goals.may_write.add(Range::at(place_of(c, trampoline::kDigestWrittenLabel), Size{8}));
    const Address last{inputs[i].start + inputs[i].size - 1};
    const auto changed = verify::with_changed_byte(loaded, state, last, kept);
    BATON_CHECK(changed.has_value(), "what is digested is loaded");
    auto found = verify::verify_detects(loaded, *changed, goals, giver);
    // It goes elsewhere, or it has stored before.
    for (const std::string& clause : {goals.target_clause, std::string(verify::kFrameClause)})
      if (!found.obligations.front().replayed) repeat_as(c, found.obligations.front(), {loaded, *changed, goals, giver}, clause);
    say_not_repeated(c, found, replay::kOfChangedSegment);
    add_obligations(verdict, "", found);
  }
}

}  // namespace

void add_obligations(verify::Verdict& to, const char* who, const verify::Verdict& what) {
  for (const auto& o : what.obligations) {
    to.obligations.push_back(o);
    to.obligations.back().clause = who + o.clause;
  }
}

void report_obligation(Compilation& c, source::Span span, const std::string& what, const verify::Obligation& o) {
  const bool refuted = o.outcome == verify::Outcome::kRefuted;
  auto& d = c.sink.report(refuted ? Code::refuted : Code::not_proved, span, what + " is " + (refuted ? "refuted: " : "not proved: ") + o.detail);
  if (o.example) d.note("for example: " + verify::example_text(*o.example));
  if (o.replayed) d.note(verify::replayed_text(*o.replayed));
}

bool report_verdict(Compilation& c, const std::string& when, const verify::Verdict& verdict) {
  bool good = true;
  for (const auto& o : verdict.obligations) {
    if (o.outcome <= verify::Outcome::kAssumed) continue;
    const std::string what = when + "`" + o.clause + "`";
    report_replay(c, c.layout.handoff->name_span, what, o);
    report_obligation(c, c.layout.handoff->name_span, what, o);
    good = good && o.outcome != verify::Outcome::kRefuted;
  }
  return good;
}

bool verify_outputs(Compilation& c, const Outputs& outputs) {
  if (!c.stub) return true;
  if (c.gap->departure) return verify_departure(c);
  std::deque<ByteBuffer> kept;
  verify::Loaded loaded = load_outputs(c, outputs, kept);
  const auto& relay = c.gap->relay;
  bool good = true;
  for (const auto& order : c.gap->orders) {
    auto state = entry_state(c, order.from, loaded, Section::kMaster);
    auto goals = goals_of(c, order.to, kept, Section::kMaster);
    if (relay) {
      goals.may_write.add(Range::at(Address{0}, Size{trampoline::kHeadSize}));
      goals.may_write.add(relay_word(*relay));
    }
    add_code(c, goals);
    loaded.hash_loops = hash_loops(c, order.giver);
    add_dead_ends(c, order.giver, goals);
    add_copies(c, order.giver, loaded, goals);
    add_id_properties(c, order.to, goals);
    auto boot_node = boot_node_need(c, order.to, loaded);
    // Who runs the master to judge it sees what slaves meet.
    const auto landing = slaves_landing(order);
    slaves::Witness witness(goals);
    const bool is_seen = landing && !boot_node && !state.observer;
    if (is_seen) state.observer = &witness.observer();
    OrderVerdict result{order.giver, boot_node ? judge_each_boot_cpu(c, *boot_node, loaded, state, goals, order.giver)
                                               : verify::verify_entry(loaded, state, goals, order.giver)};
    if (is_seen) state.observer = nullptr;
    if (!boot_node) repeat(c, result.verdict, {loaded, state, goals, order.giver});
    say_not_repeated(c, result.verdict, kOfTree);
    judge_refusals(c, loaded, state, goals, order.giver, result.verdict);
    judge_digests(c, loaded, state, order.giver, kept, result.verdict);
    // Each slave by itself, once: its byte order is not the master's.
    if (relay && &order == &c.gap->orders.front()) judge_relayed_slave(c, order, loaded, kept, result.verdict);
    // What is wrong already is not looked at in all orders.
    if (landing && result.verdict.outcome() != verify::Outcome::kRefuted) {
      MasterSetting master{{}, goals};
      if (boot_node && !boot_node->known)
        for (uint32_t id : boot_node->ids) master.states.push_back(entered_by(state, id));
      else
        master.states.push_back(state);
      if (is_seen) master.seen.push_back(witness.runs());
      judge_meeting(c, order, loaded, std::move(master), {*landing, entry_state(c, order.from, loaded, Section::kSlaves), goals_of(c, order.to, kept, Section::kSlaves)},
                    result.verdict);
    }
    if (c.gap->pen && &order == &c.gap->orders.front())
      judge_pen(c, order, loaded, entry_state(c, order.from, loaded, Section::kSlaves), goals_of(c, order.to, kept, Section::kSlaves),
                result.verdict);
    say_not_repeated(c, result.verdict, replay::kOfSeveralCpus);
    judge_tree_needs(c, order.to, loaded, result.verdict);
    say_not_repeated(c, result.verdict, kOfTree);
    good = report_verdict(c, "with a " + std::string(to_text(order.giver)) + "-endian giver, ", result.verdict) && good;
    c.verdicts.push_back(std::move(result));
  }
  return good;
}

void add_certificate(const Compilation& c, Outputs& outputs) {
  if (c.verdicts.empty()) return;
  verify::Certificate certificate{c.layout.handoff->name, "", c.layout.from->name, c.layout.to->name, std::nullopt, {}, {}};
  if (c.gap->departure) {
    const ByteBuffer& code = c.stub->code.text;
    certificate.bytes.push_back({c.layout.handoff->enter, std::nullopt, Size{code.size()}, inputs::to_text(inputs::sha256({ByteView(code)}))});
  } else {
    certificate.machine = outputs.table.machine;
    certificate.entry = outputs.table.entry;
    for (const auto& segment : outputs.table.segments)
      if (segment.bufsz != Size{0}) certificate.bytes.push_back({segment.name, segment.start, segment.bufsz, segment.sha256});
  }
  for (const OrderVerdict& order : c.verdicts) certificate.ways.push_back({order.giver, order.verdict});
  const std::string text = verify::certificate_json(certificate);
  outputs.owned.emplace_back(text.begin(), text.end());
  outputs.files.push_back({certificate.handoff + ".proof.json", "what is proved of these bytes", {ByteView(outputs.owned.back())}});
}

std::string verdicts_text(const Compilation& c) {
  std::string text;
  for (const auto& order : c.verdicts)
    for (const auto& o : order.verdict.obligations)
      text += std::string(to_text(order.giver)) + ": " + to_text(o.outcome) + "  " + o.clause +
              (o.detail.empty() ? "" : "  (" + o.detail + ")") + "\n";
  return text;
}

}  // namespace baton::driver
