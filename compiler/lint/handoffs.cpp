// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of one handoff at a time that concern its conventions, its places and its assertions.
//
//   segment kernel = elf "vmlinux" { within machine.ram, machine.rma; }  ->  redundant-clause: rma is in ram
#include <algorithm>
#include <set>

#include "lint/expressions.h"
#include "lint/lints.h"
#include "model/evaluate.h"

namespace baton::lint {

using diagnostics::Code;
using model::Clause;
using model::ClauseKind;
using model::Convention;
using model::Handoff;

void find_incidental_reliance(const Subject& s, Findings& out) {
  for (const auto& [name, handoff] : s.program.handoffs) {
    const Convention* from = s.convention(handoff.from);
    for (size_t i = 0; i < handoff.relies_on.size() && i < handoff.relies_spans.size(); ++i) {
      auto& d = out.report(Code::incidental_reliance, handoff.relies_spans[i],
                                "`" + handoff.relies_on[i] + "` is true of today's code and not promised by `" +
                                    handoff.from + "`: the next version may differ and nothing will say so");
      if (!from) continue;
      for (const Clause& c : from->clauses)
        if (c.incidental && c.key == handoff.relies_on[i]) {
          d.label(c.span, "what happens to be so");
          break;
        }
    }
  }
}

namespace {

const Clause* find_register(const Convention& c, const std::string& name, bool incidental) {
  for (const Clause& clause : c.clauses)
    if (clause.kind == ClauseKind::kRegister && clause.section == model::Section::kMaster && clause.subject == name &&
        clause.incidental == incidental)
      return &clause;
  return nullptr;
}

const syntax::Expr* stack_of(const Clause& clause) {
  for (const auto& e : clause.values)
    if (e->kind == syntax::Expr::Kind::kCall && e->text == "stack") return e.get();
  return nullptr;
}

bool is_unknown_stack(const syntax::Expr& call) {
  return call.operands.size() == 1 && call.operands[0]->is_name("unknown");
}

}  // namespace

void find_unknown_stacks(const Subject& s, Findings& out) {
  for (const auto& [name, handoff] : s.program.handoffs) {
    const Convention *from = s.convention(handoff.from), *to = s.convention(handoff.to);
    if (!from || !to) continue;
    for (const Clause& need : to->clauses) {
      if (need.kind != ClauseKind::kRegister || need.incidental || need.section != model::Section::kMaster) continue;
      const syntax::Expr* wanted = stack_of(need);
      const Clause* promise = find_register(*from, need.subject, false);
      const syntax::Expr* given = promise ? stack_of(*promise) : nullptr;
      if (!wanted || !given || !is_unknown_stack(*given)) continue;
      // An image that speaks the giver's own convention hands on what it got; that is not using it.
      if (is_unknown_stack(*wanted) && need.origin == promise->origin) continue;
      out.report(Code::unknown_stack, handoff.to_span,
                      "`" + to->name + "` needs `" + need.text + "`, and the stack that `" + from->name +
                          "` leaves may have any number of bytes" +
                          (is_unknown_stack(*wanted) ? "" : ": it can never meet that"))
          .label(promise->span, "of no stated size")
          .label(need.span, "used as a stack");
    }
    for (size_t i = 0; i < handoff.relies_on.size() && i < handoff.relies_spans.size(); ++i) {
      const Clause* incidental = find_register(*from, handoff.relies_on[i], true);
      const syntax::Expr* given = incidental ? stack_of(*incidental) : nullptr;
      if (given && is_unknown_stack(*given))
        out.report(Code::unknown_stack, handoff.relies_spans[i], "a stack of unknown size is relied on")
            .label(incidental->span, "of no stated size");
    }
  }
}

namespace {

/// What placement keeps out of without being told (placement/place.cpp).
std::set<std::string> kept_out_anyway(const Subject& s, const Handoff& handoff) {
  std::set<std::string> names = {"machine.running_kernel", "machine.reserved", "machine.rtas", "machine.opal.memory",
                                 "machine.tce", "machine.hash_table"};
  if (!handoff.on_crash) names.insert("machine.crashkernel");
  auto machine = s.program.machines.find(handoff.machine);
  if (machine == s.program.machines.end()) return names;
  for (const auto& clause : machine->second.clauses)
    if (clause.kind == model::MachineClause::Kind::kReserve) names.insert("machine." + clause.name);
  return names;
}

/// Whether being within `narrow` already means being within `wide`.
bool follows(const syntax::Expr& narrow, const syntax::Expr& wide, const Lets& lets) {
  std::string inner = model::dotted_name(narrow), outer = model::dotted_name(wide);
  if (!inner.empty() && inner == outer) return true;
  if (outer == "machine.ram" && (inner == "machine.rma" || inner == "machine.crashkernel")) return true;
  auto x = known_ranges(wide, lets), y = known_ranges(narrow, lets);
  return x && y && x->contains(*y);
}

void implied_places(const Subject& s, const std::set<std::string>& kept_out, const model::Segment& segment,
                    Findings& out) {
  const Lets& lets = s.program.lets;
  auto text = [&](const syntax::Expr& e) { return std::string(s.sources.text(e.span)); };
  auto pairs = [&](const std::vector<syntax::ExprPtr>& list, bool within) {
    if (list.size() > kMostCompared) return;
    for (size_t i = 0; i < list.size(); ++i)
      for (size_t k = 0; k < list.size(); ++k) {
        if (i == k) continue;
        const syntax::Expr &idle = *list[i], &other = *list[k];
        bool implied = within ? follows(other, idle, lets) : follows(idle, other, lets);
        // Of two that say the same, the later one is too much.
        bool mutual = within ? follows(idle, other, lets) : follows(other, idle, lets);
        if (!implied || (mutual && i < k)) continue;
        out.report(Code::redundant_clause, idle.span, "`" + text(idle) + "` follows from `" + text(other) + "`")
            .label(other.span, "says as much or more");
        break;
      }
  };
  pairs(segment.within, true);
  pairs(segment.avoid, false);
  if (segment.placing == model::Placing::kAt) return;
  for (const auto& e : segment.avoid)
    if (kept_out.contains(model::dotted_name(*e)))
      out.report(Code::redundant_clause, e->span,
                      "placement keeps out of `" + text(*e) + "` without being told");
}

/// Whether anything in the condition can differ from one build to the next.
bool is_constant(const syntax::Expr& e, const Lets& lets) {
  bool constant = true;
  for_each_name(e, [&](const std::string& name) { constant = constant && lets.contains(name); });
  return constant;
}

}  // namespace

void find_redundant_in_handoffs(const Subject& s, Findings& out) {
  for (const auto& [name, handoff] : s.program.handoffs) {
    if (!s.judged(handoff.span)) continue;
    const auto kept_out = kept_out_anyway(s, handoff);
    for (const auto& segment : handoff.segments) implied_places(s, kept_out, segment, out);
    for (const auto& assertion : handoff.assertions)
      if (assertion.condition && is_constant(*assertion.condition, s.program.lets))
        out.report(Code::redundant_clause, assertion.span,
                        "this assertion names nothing that could differ: it holds or fails for ever");
    const Convention* to = s.convention(handoff.to);
    for (size_t i = 0; to && i < handoff.relies_on.size() && i < handoff.relies_spans.size(); ++i) {
      // What `to` does not mention is free: nothing is gained by knowing it. A mode is made of MSR bits.
      const std::string& key = handoff.relies_on[i];
      bool needed = std::any_of(to->clauses.begin(), to->clauses.end(), [&](const Clause& c) {
        return !c.incidental && (c.key == key || key == "mode" || (c.kind == ClauseKind::kMode && key.starts_with("msr")));
      });
      if (!needed)
        out.report(Code::redundant_clause, handoff.relies_spans[i],
                        "`" + to->name + "` needs nothing of `" + key + "`: relying on it gains nothing");
    }
  }
}

}  // namespace baton::lint
