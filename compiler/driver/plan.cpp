// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Filling in the report. Nothing is decided here.
#include "driver/plan.h"

#include <algorithm>

#include "driver/unserved.h"
#include "inputs/digest.h"
#include "ppc64/instruction.h"

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
  area("rma", Kind::kRegion);
  for (const auto& named : m.named)
    plan.areas.push_back({(named.reserve ? "reserve " : "region ") + named.name,
                          named.reserve ? Kind::kReserve : Kind::kRegion, named.ranges});
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
      out.bufsz = s.content.size;  // bytes that this release does not make
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
    out.within = s.within;
    out.avoid = s.avoid;
    out.rejected = s.search.rejected;
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

/// What a later release must bring for this need, or empty.
const char* not_served(const Compilation& c, const Obligation& o) {
  if (c.gap->departs_by_call && o.answer == Answer::kGap) return "departing code";
  return "";
}

/// Whether the need speaks of what is a value of the call that departs.
bool is_callers_business(const Compilation& c, const model::Clause& clause) {
  if (!c.gap->departs_by_call) return false;
  return clause.section != model::Section::kMaster;
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
        if (std::string missing = not_served(c, o); !missing.empty()) {
          row.answer = PlanClause::Answer::kNotServed;
          row.by = missing;
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
      row.instructions = instructions_for(c, clause->origin + ": " + clause->text);
      if (std::string missing = not_served(c, o); !missing.empty()) {
        row.answer = PlanClause::Answer::kNotServed;
        row.by = missing;
      } else if (o.answer == Answer::kElsewhere && is_callers_business(c, *clause)) {
        row.answer = PlanClause::Answer::kAssumed;
        row.by = "known when the call is made";
        plan.assumptions.push_back({row.clause, "it is about a value of the call: the caller answers for it"});
      } else if (!row.instructions.empty()) {
        row.answer = PlanClause::Answer::kStub;
      } else if (o.answer == Answer::kVacuous) {
        row.answer = PlanClause::Answer::kVacuous;
        row.by = o.reason;
      } else if (o.answer == Answer::kElsewhere) {
        row.answer = PlanClause::Answer::kPlaced;
        bool head = clause->kind == model::ClauseKind::kBytes;
        bool place = clause->kind == model::ClauseKind::kPlace;
        row.by = head    ? "overlay: these bytes of the stub's head are the image's"
                 : place ? "a constraint of placement"
                         : "written into the tree";
      } else if (o.need->any) {
        row.answer = PlanClause::Answer::kVacuous;
        row.by = "anything will do";
      } else {
        row.answer = PlanClause::Answer::kPromised;
        if (o.promise) row.by = o.promise->clause->origin + ": " + o.promise->text();
      }
      plan.clauses.push_back(std::move(row));
    }
  }
  for (const auto& offer : c.gap->offers) {
    PlanClause row;
    row.section = "image";
    row.convention = c.layout.to->name;
    row.clause = offer.clause.substr(offer.clause.find(": ") + 2);
    if (offer.of_stub) {
      plan.assumptions.push_back({offer.clause, offer.detail});
      continue;
    }
    row.answer = offer.checked ? PlanClause::Answer::kPlaced : PlanClause::Answer::kAssumed;
    row.by = (offer.checked ? "checked" : "") + std::string(offer.checked && !offer.detail.empty() ? ": " : "") + offer.detail;
    if (!offer.checked) plan.assumptions.push_back({row.clause, offer.detail});
    plan.clauses.push_back(std::move(row));
  }
}

/// Nobody promises that a slave has left the giver's memory.
void standing_assumptions(const Compilation& c, report::PlanReport& plan) {
  if (c.gap->digest && c.gap->digest->vectors)
    plan.assumptions.push_back({"firmware leaves the CPU its vector instructions", "no convention speaks of HFSCR and PCR"});
  if (!c.gap->orders.front().gap.slaves_may_arrive) return;
  for (const auto& s : c.layout.segments)
    if (RangeSet over = s.overwrites(); over.overlaps(c.layout.machine->ranges("running_kernel")))
      plan.assumptions.push_back({"every slave has left the running kernel before `" + s.name() + "` overwrites it",
                                  "no convention promises it; this is the giver's own risk"});
}

}  // namespace

report::PlanReport make_plan(const Compilation& c, const Outputs* outputs) {
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
  plan.stub = c.stub.has_value();
  if (c.stub) plan.stub_size = Size{c.stub->code.text.size()};
  if (c.gap->stub)
    for (const auto& count : c.gap->stub->counts)
      plan.bodies.push_back({to_text(count.giver), count.instructions, count.lower_bound});
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
  for (const Unserved& u : c.unserved) plan.unserved.push_back({u.clause, u.needs, details_of(c, u)});
  if (outputs)
    for (const auto& file : outputs->files) plan.outputs.push_back({file.name, Size{file.size()}, file.what});
  return plan;
}

}  // namespace baton::driver
