// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Filling in the report. Nothing is decided here.
#include "driver/plan.h"

#include <algorithm>

#include "driver/plan_cpus.h"
#include "emit/tree_needs.h"
#include "inputs/digest.h"
#include "inputs/written_tree.h"
#include "placement/tree_properties.h"
#include "ppc64/instruction.h"
#include "report/text_layout.h"

namespace baton::driver {

using contract::Answer;
using contract::Obligation;
using report::PlanClause;

namespace {

report::PlanConvention convention(const model::Convention& c) { return {c.name, c.status, c.source}; }

std::string shown_value(const model::Value& v) {
  if (v.is_known() && (v.type() == model::Type::kRange || v.type() == model::Type::kRanges))
    return report::shown_ranges(v.ranges());
  return to_text(v);
}

void machine(const model::Machine& m, bool on_crash, report::PlanReport& plan) {
  for (const auto& attribute : model::machine_attributes()) {
    const auto* fact = m.find(attribute.name);
    if (fact && attribute.name != "tree")
      plan.facts.push_back({std::string(attribute.name), shown_value(fact->value), fact->origin});
  }
  plan.remarks = m.remarks;
  plan.ram = m.ranges("ram");
  using Kind = report::PlanArea::Kind;
  auto area = [&](const char* attribute, Kind kind) {
    if (auto r = m.ranges(attribute); !r.empty()) plan.areas.push_back({"machine." + std::string(attribute), kind, r});
  };
  area("running_kernel", Kind::kRunningKernel);
  for (const char* kept : {"reserved", "rtas", "opal.memory", "tce", "hash_table"}) area(kept, Kind::kReserve);
  area("crashkernel", on_crash ? Kind::kRegion : Kind::kReserve);
  area("crash_cma", Kind::kRegion);
  area("rma", Kind::kRegion);
  for (const auto& named : m.named)
    plan.areas.push_back({(named.reserve ? "reserve " : "region ") + named.name,
                          named.reserve ? Kind::kReserve : Kind::kRegion, named.ranges});
}

/// What two conventions, or a convention and the segment, ask for in the same words is said once.
std::vector<std::string> distinct(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const std::string& text : texts)
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
  return out;
}

/// What a core header points to.
std::vector<std::string> core_lines(const Compilation& c, const placement::PlacedSegment& segment) {
  diagnostics::Sink ignored;  // reported when it was placed
  auto core = emit::core_header(c.layout, segment, ignored);
  if (!core) return {};
  using report::counted;
  std::vector<std::string> lines;
  lines.push_back(counted(core->notes.size(), "note") + " of CPUs (" + core->notes_origin + ")" +
                  (core->vmcoreinfo ? ", vmcoreinfo" : ", no vmcoreinfo") + ", " + counted(core->ranges.size(), "range") +
                  (core->room > core->ranges.size() ? " and room for " + std::to_string(core->room - core->ranges.size()) + " more" : ""));
  for (const auto& range : core->ranges)
    lines.push_back(to_text(range.memory) + " (" + human(range.memory.size()) + ")" +
                    (range.moved ? ", its bytes from " + hex(*range.source) : ""));
  return lines;
}

void segments(const Compilation& c, report::PlanReport& plan) {
  for (size_t i = 0; i < c.layout.segments.size(); ++i) {
    const auto& s = c.layout.segments[i];
    report::PlanSegment out;
    out.name = s.name();
    out.kind = to_text(s.declaration->kind);
    if (auto file = c.contents.names.find(s.name()); file != c.contents.names.end()) out.content = file->second;
    out.start = s.start;
    out.size = s.content.size;
    out.extent = s.extent;
    if (auto payload = c.contents.payloads.find(s.name()); payload != c.contents.payloads.end())
      out.bufsz = Size{payload->second.size()};
    else if (s.declaration->kind != model::SegmentKind::kReserve)
      out.bufsz = s.content.size;  // of a stub that is not made yet
    if (s.declaration->kind == model::SegmentKind::kElfCoreHeader) out.holds = core_lines(c, s);
    out.align = c.layout.granule;
    if (s.declaration->align) {
      diagnostics::Sink ignored;  // reported when it was placed
      auto v = evaluate_as(*s.declaration->align, model::Type::kSize, placement::HandoffScope(c.layout), ignored);
      if (v.is_known()) out.align = std::max(out.align, v.size());
    }
    out.placing = !s.start                                             ? "linked into its caller"
                  : s.declaration->placing == model::Placing::kAt         ? "at " + hex(*s.start)
                  : s.declaration->placing == model::Placing::kTopDown ? "top_down"
                                                                        : "bottom_up";
    out.within = distinct(s.within);
    out.avoid = distinct(s.avoid);
    out.rejected = s.search.rejected;
    out.more_rejected = s.search.more;
    plan.segments.push_back(std::move(out));
  }
}

const char* section_of(model::Section section) {
  switch (section) {
    case model::Section::kMaster: return "master";
    case model::Section::kSlaves: return "slaves";
    case model::Section::kMemory: return "memory";
    case model::Section::kExpects: return "image";
  }
  return "";
}

/// The instructions whose label names the clause, per byte order.
std::vector<report::PlanInstruction> instructions_for(const Compilation& c, const std::string& label) {
  std::vector<report::PlanInstruction> found;
  if (!c.gap->stub) return found;
  bool both = c.gap->orders.size() == 2;
  for (const auto& item : c.gap->stub->stub.items) {
    const auto* code = std::get_if<ppc64::CodeItem>(&item);
    if (!code || code->clause.find(label) == std::string::npos) continue;
    std::string text = ppc64::to_text(code->instruction);
    std::replace(text.begin(), text.end(), '\t', ' ');
    text.erase(std::remove(text.begin(), text.end(), '%'), text.end());
    found.push_back({both ? to_text(code->order) : "", text});
  }
  return found;
}

/// Whether the need speaks of what is a value of the call that departs.
bool is_callers_business(const Compilation& c, const model::Clause& clause) {
  if (!c.gap->departs_by_call) return false;
  return clause.section != model::Section::kMaster;
}

/// Which nodes a property is written into, and whether the tree that was given said something else.
std::string tree_property(const Compilation& c, const model::Clause& clause) {
  const auto* tree = c.layout.bound("tree");
  auto base = tree ? c.contents.trees.find(tree->name()) : c.contents.trees.end();
  auto payload = tree ? c.contents.payloads.find(tree->name()) : c.contents.payloads.end();
  if (base == c.contents.trees.end() || payload == c.contents.payloads.end()) return "written into the tree";
  auto blob = payload->second.bytes_at(0, payload->second.size());
  auto now = inputs::read_written_tree(*blob);
  if (!now) return "written into the tree";
  std::vector<std::string> paths;
  if (!placement::of_cpus(clause)) {
    paths.push_back(clause.words[0]);
  } else {
    for (uint32_t id : placement::cpu_ids(c.layout))
      if (auto node = emit::cpu_node(*now, id)) paths.push_back(now->path(*node));
  }
  // Its bytes as text, after a mark; empty where there is none.
  auto said = [&](const inputs::DeviceTree& in, const std::string& path) {
    std::string text;
    if (auto node = in.find(path))
      if (auto bytes = in.property(*node, clause.words[1])) text = "=" + std::string(bytes->begin(), bytes->end());
    return text;
  };
  if (placement::is_limit(clause)) {
    size_t most = 0;
    for (const std::string& path : paths) most = std::max(most, said(*now, path).size());
    return most == 0 ? "no such property is written" : report::counted(most - 1, "byte") + " in " + (paths.size() == 1 ? paths[0] : "the longest");
  }
  auto replaced = std::count_if(paths.begin(), paths.end(), [&](const std::string& path) {
    std::string before = said(base->second, path);
    return !before.empty() && before != said(*now, path);
  });
  std::string where = paths.size() == 1 ? paths[0] : std::to_string(paths.size()) + " cpu nodes";
  std::string text = placement::is_absent(clause) ? "no such property in " + where
                     : placement::is_not(clause)  ? "not so in " + where
                                                  : "written into " + where;
  if (replaced == 0) return text;
  return text + (paths.size() == 1 ? ", which said something else" : ", of which " + std::to_string(replaced) + " said something else");
}

/// What placement, the tree or the stub's head does about a need.
std::string elsewhere(const Compilation& c, const contract::Claim& need) {
  const auto* tree = c.layout.bound("tree");
  switch (need.kind) {
    case model::ClauseKind::kBytes: {
      auto range = [&](size_t i) {
        const model::Value& v = need.values[i];
        return v.is_known() && !v.ranges().empty() ? v.ranges().front() : Range{};
      };
      return need.section == model::Section::kMemory && trampoline::brought_by(c.gap->copies, range(0), range(1))
                 ? "the stub's copy"
                 : "overlay: these bytes of the stub's head are the image's";
    }
    case model::ClauseKind::kPlace: return "a constraint of placement";
    case model::ClauseKind::kTreeFormat:
      if (!tree || !tree->content.tree_format) break;
      return "written as version " + std::to_string(*tree->content.tree_format);
    case model::ClauseKind::kTreeReserves: return "an entry of its reserve map";
    case model::ClauseKind::kTreeProperty: return tree_property(c, *need.clause);
    case model::ClauseKind::kSlotField: return "in each slot of the stub's";
    default: break;
  }
  return "written into the tree";
}

void offered(const trampoline::Offer& offer, const char* section, const model::Convention& convention,
             report::PlanReport& plan) {
  PlanClause row;
  row.section = section;
  row.convention = convention.name;
  row.clause = offer.clause.substr(offer.clause.find(": ") + 2);
  row.answer = offer.vacuous ? PlanClause::Answer::kVacuous
               : offer.checked ? PlanClause::Answer::kPlaced
                               : PlanClause::Answer::kAssumed;
  row.by = offer.vacuous || !offer.checked ? offer.detail : "checked" + (offer.detail.empty() ? "" : ": " + offer.detail);
  if (!offer.checked) plan.assumptions.push_back({row.clause, offer.detail});
  plan.clauses.push_back(std::move(row));
}

/// How the stub's own head has what the giver expects there.
void made_so(const Compilation& c, const model::Clause& clause, PlanClause& row) {
  const bool entry = clause.kind == model::ClauseKind::kOrderNeutral && clause.subject == "entry";
  if (!entry && !c.gap->orders.front().gap.slaves_may_arrive) {
    row.answer = PlanClause::Answer::kVacuous;
    row.by = "no slave arrives";
  } else if (entry && c.gap->orders.size() == 1) {
    row.answer = PlanClause::Answer::kVacuous;
    row.by = std::string("the giver is ") + to_text(c.gap->orders.front().giver) + "-endian, and so is the stub";
  } else if (entry) {
    row.by = "the stub begins with a branch in either byte order";
  } else if (c.gap->pen) {
    row.by = clause.kind == model::ClauseKind::kHead ? "slaves stay in it until the taker lets them go" : "the pen";
  } else if (c.gap->relay) {
    row.by = clause.kind == model::ClauseKind::kHead ? "slaves leave it by their first instruction"
                                                     : "a branch to the pen in the stub";
  } else {
    row.by = "overlay: there is the image's own code";
  }
}

void clauses(const Compilation& c, report::PlanReport& plan) {
  std::vector<const model::Clause*> seen;
  for (const auto& order : c.gap->orders) {
    for (const Obligation& o : order.gap.obligations) {
      if (o.edge) {
        if (&order != &c.gap->orders.front()) continue;
        PlanClause row;
        row.section = "order";
        row.convention = c.layout.to->name;
        row.clause = o.edge->before + " < " + o.edge->after;
        row.answer = o.answer == Answer::kVacuous ? PlanClause::Answer::kVacuous : PlanClause::Answer::kPromised;
        row.by = o.answer == Answer::kVacuous ? o.reason : c.layout.from->name + ": order";
        // Of its own copy and release the giver says nothing: a relay has instructions for them.
        row.instructions = instructions_for(c, ": order " + row.clause);
        if (!row.instructions.empty()) {
          row.answer = PlanClause::Answer::kStub;
          row.by.clear();
        }
        if (c.gap->departure && o.answer == Answer::kGap && row.instructions.empty()) {
          row.answer = PlanClause::Answer::kPlaced;
          row.by = "the order of the code";
        }
        plan.clauses.push_back(std::move(row));
        continue;
      }
      const model::Clause* clause = o.need->clause;
      if (std::find(seen.begin(), seen.end(), clause) != seen.end()) continue;
      seen.push_back(clause);
      PlanClause row;
      row.section = section_of(clause->section);
      row.convention = c.layout.to->name;
      row.clause = clause->text;
      // Of departing code and of a pen the slaves' own part is labelled so.
      bool of_slaves = (c.gap->departure || c.gap->pen) && clause->section == model::Section::kSlaves;
      // And the master's are not there for what is asked of slaves that do not come.
      if (clause->section != model::Section::kSlaves || o.answer != Answer::kVacuous)
        row.instructions = instructions_for(c, clause->origin + (of_slaves ? " slaves: " : ": ") + clause->text);
      if (o.answer == Answer::kElsewhere && row.instructions.empty() && is_callers_business(c, *clause)) {
        row.answer = PlanClause::Answer::kAssumed;
        row.by = "known when the call is made";
        plan.assumptions.push_back({row.clause, "it is about a value of the call: the caller answers for it"});
      } else if (o.answer == Answer::kElsewhere && clause->kind == model::ClauseKind::kTreeProperty && placement::is_limit(*clause) &&
                 !c.layout.bound("tree")) {
        row.answer = PlanClause::Answer::kAssumed;
        row.by = "it is the giver's own tree";
        plan.assumptions.push_back({row.clause, "how long it is in the giver's own tree nobody says; what does not fit is cut off"});
      } else if (!row.instructions.empty()) {
        row.answer = PlanClause::Answer::kStub;
      } else if (o.answer == Answer::kVacuous) {
        row.answer = PlanClause::Answer::kVacuous;
        row.by = o.reason;
      } else if (o.answer == Answer::kElsewhere) {
        row.answer = PlanClause::Answer::kPlaced;
        row.by = elsewhere(c, *o.need);
      } else if (c.gap->pen && clause->kind == model::ClauseKind::kArrival) {
        row.answer = PlanClause::Answer::kPlaced;
        row.by = "slaves wait in the pen that the stub makes";
      } else if (clause->any) {
        row.answer = PlanClause::Answer::kVacuous;
        row.by = "anything will do";
      } else if (o.promise) {
        row.answer = PlanClause::Answer::kPromised;
        row.by = o.promise->clause->origin + ": " + (o.promise->clause->incidental ? "incidental " : "") + o.promise->text();
      } else if (o.need->any) {
        row.answer = PlanClause::Answer::kVacuous;
        row.by = "either byte order will do";
      } else {
        row.answer = PlanClause::Answer::kPromised;
      }
      plan.clauses.push_back(std::move(row));
    }
  }
  for (const auto& offer : c.gap->offers)
    if (!offer.of_giver) offered(offer, "image", *c.layout.to, plan);
}

/// What the giver expects of what it enters. A stub is made so, and its bytes were looked at.
void expectations(const Compilation& c, report::PlanReport& plan) {
  if (c.gap->departs_by_call) return;  // what is called has no head, and stands where its caller's linker puts it
  const bool stub = c.layout.entered().declaration->kind == model::SegmentKind::kTrampoline;
  auto said = [&](const model::Clause& clause) {
    return std::any_of(c.gap->offers.begin(), c.gap->offers.end(), [&](const trampoline::Offer& offer) {
      return offer.of_giver && offer.clause == clause.origin + " expects: " + clause.text;
    });
  };
  for (const auto& clause : c.layout.from->clauses) {
    if (clause.section != model::Section::kExpects) continue;
    PlanClause row{"entered", c.layout.from->name, clause.text, PlanClause::Answer::kPlaced, "", {}};
    switch (clause.kind) {
      case model::ClauseKind::kWithin:
      case model::ClauseKind::kDisjoint:
      case model::ClauseKind::kAlign: row.by = "a constraint of placement"; break;
      case model::ClauseKind::kHead:
      case model::ClauseKind::kLanding:
      case model::ClauseKind::kOrderNeutral:
        if (!stub || said(clause)) continue;  // read from its bytes: an offer
        made_so(c, clause, row);
        break;
      default: continue;
    }
    plan.clauses.push_back(std::move(row));
  }
  for (const auto& offer : c.gap->offers)
    if (offer.of_giver) offered(offer, "entered", *c.layout.from, plan);
}

bool uses_vectors(const Compilation& c) {
  if (c.gap->digest && c.gap->digest->vectors) return true;
  return c.gap->stub && std::any_of(c.gap->stub->stub.items.begin(), c.gap->stub->stub.items.end(), [](const auto& item) {
    const auto* code = std::get_if<ppc64::CodeItem>(&item);
    return code && code->instruction.mnemonic == ppc64::Mnemonic::kLvx;
  });
}

/// Nobody promises that a slave has left the giver's memory.
void standing_assumptions(const Compilation& c, report::PlanReport& plan) {
  if (uses_vectors(c))
    plan.assumptions.push_back({"firmware leaves the CPU its vector instructions", "no convention speaks of HFSCR and PCR"});
  if (!c.gap->orders.front().gap.slaves_may_arrive) return;
  auto overwritten = [&](const RangeSet& ranges, const std::string& who) {
    if (RangeSet over = ranges.intersect(c.layout.machine->ranges("running_kernel")); !over.empty())
      plan.assumptions.push_back({"no slave is in " + report::shown_ranges(over) + " of the running kernel when " + who +
                                      " overwrites that",
                                  "no convention promises it; this is the giver's own risk"});
  };
  for (const auto& s : c.layout.segments) overwritten(s.overwrites(), "`" + s.name() + "`");
  for (const auto& copy : c.gap->copies) overwritten(RangeSet{copy.target()}, "the stub's copy");
  if (c.gap->pen)
    plan.assumptions.push_back({"the taker leaves alone what its tree reserves", "slaves run and poll it until it lets them go"});
}

}  // namespace

report::PlanReport make_plan(const Compilation& c, const Outputs& outputs) {
  report::PlanReport plan;
  const placement::Layout& layout = c.layout;
  plan.handoff = layout.handoff->name;
  plan.doc = layout.handoff->doc;
  plan.machine = layout.machine->name;
  plan.loader = layout.handoff->loader;
  plan.from = convention(*layout.from);
  plan.to = convention(*layout.to);
  const auto& orders = c.gap->orders;
  plan.giver = orders.size() == 2 ? "both" : to_text(orders.front().giver);
  plan.on_crash = layout.handoff->on_crash;
  plan.granule = layout.granule;
  if (layout.entered().start) plan.entry = layout.entry();
  plan.entered = layout.handoff->enter;
  machine(*layout.machine, plan.on_crash, plan);
  segments(c, plan);
  clauses(c, plan);
  expectations(c, plan);
  if (auto cpus = cpus_of(c); !c.gap->departs_by_call || !cpus.others.empty()) plan.cpus = std::move(cpus);
  plan.stub = c.stub.has_value();
  if (c.stub) plan.stub_size = Size{c.stub->code.text.size()};
  if (c.gap->stub)
    for (const auto& count : c.gap->stub->counts)
      plan.bodies.push_back({to_text(count.giver), count.instructions, count.lower_bound, count.set_up, count.set_up_bound});
  for (const auto& copy : c.gap->copies) plan.copies.push_back({copy.from, copy.to, copy.executed});
  if (c.gap->digest) {
    plan.digest_by = c.gap->digest->vectors ? "vector instructions" : "general registers";
    for (const auto& input : c.gap->digest->inputs)
      plan.digests.push_back({input.name, Size{input.size}, inputs::to_text(input.sha256)});
  }
  // What is assumed for both byte orders is one assumption.
  auto assume = [&](report::PlanAssumption assumption) {
    if (std::none_of(plan.assumptions.begin(), plan.assumptions.end(),
                     [&](const auto& a) { return a.text == assumption.text; }))
      plan.assumptions.push_back(std::move(assumption));
  };
  for (const auto& order : c.verdicts)
    for (const auto& o : order.verdict.obligations)
      if (o.outcome == verify::Outcome::kAssumed) assume({o.clause, o.detail});
  for (const auto& check : c.checks)
    plan.checks.push_back({check.check->text, check.check->error, check.holds, check.detail});
  standing_assumptions(c, plan);
  for (const auto& file : outputs.files) plan.outputs.push_back({file.name, Size{file.size()}, file.what});
  return plan;
}

}  // namespace baton::driver
