// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From obligations to goals. See goals.h.
#include "trampoline/goals.h"

#include <algorithm>
#include <map>

namespace baton::trampoline {

using contract::Answer;
using contract::Claim;
using contract::Obligation;
using diagnostics::Code;
using model::ClauseKind;
using model::Section;
using model::Value;

namespace {

std::string clause_of(const Claim& need) { return need.clause->origin + ": " + need.text(); }

/// The one number a promise comes to, if it is one.
std::optional<uint64_t> promised_number(const Claim& claim) {
  auto values = claim.possible();
  if (claim.any || values.size() != 1 || !values[0].is_known() || !values[0].is_number()) return std::nullopt;
  if (values[0].number() >= kTwoTo64) return std::nullopt;
  return static_cast<uint64_t>(values[0].number());
}

bool is_master_id(const Value& v) {
  return v.is_symbol() && v.as_symbol().name == "master.physical_id";
}

/// Whether all that is needed is a value that givers get from their own callers.
bool is_passed_on(const Claim& need) {
  return std::all_of(need.values.begin(), need.values.end(), [](const Value& v) {
    return v.is_symbol() && v.as_symbol().name.rfind("argument.", 0) == 0;
  });
}

}  // namespace

std::optional<MasterGoals> master_goals(const contract::Boundary& from, const contract::Gap& gap,
                                        Endian giver, const TreeStores& tree,
                                        const Firmware& firmware, source::Span handoff, diagnostics::Sink& sink) {
  size_t errors = sink.error_count();
  MasterGoals goals;
  goals.giver = giver;
  std::map<std::string, ppc64::Gpr> held;  // values that only the running system knows, and where they are
  for (const Claim& claim : from.claims) {
    if (claim.section != Section::kMaster || claim.kind != ClauseKind::kRegister) continue;
    auto gpr = ppc64::find_gpr(claim.subject);
    if (!gpr) continue;
    if (auto number = promised_number(claim)) goals.known.push_back({*gpr, *number});
    auto values = claim.possible();
    if (values.size() == 1 && is_master_id(values[0])) goals.id_register = *gpr;
    if (values.size() == 1 && values[0].is_symbol()) held.emplace(values[0].as_symbol().name, *gpr);
  }

  auto refuse = [&](Code code, const Obligation& o, std::string message) -> diagnostics::Diagnostic& {
    auto& d = sink.report(code, o.need->clause->span, std::move(message)).at("the need");
    if (o.promise) d.label(o.promise->clause->span, "the promise");
    return d;
  };

  for (const Obligation& o : gap.obligations) {
    if (!o.need || o.need->section != Section::kMaster) continue;
    const Claim& need = *o.need;
    if (need.kind == ClauseKind::kEnter) {
      auto number = promised_number(need);
      BATON_CHECK(number, "an entry address without a number after placement");
      goals.target = *number;
      goals.target_clause = clause_of(need);
      continue;
    }
    if (need.kind == ClauseKind::kRegister && o.answer == Answer::kEntailed) {
      if (auto gpr = ppc64::find_gpr(need.subject); gpr && !need.any) {
        Source as_is = *gpr;
        if (o.promise)
          if (auto number = promised_number(*o.promise)) as_is = *number;
        goals.kept.push_back({*gpr, {as_is}, clause_of(need)});
      }
      continue;
    }
    if (o.answer != Answer::kGap) continue;
    if (need.kind == ClauseKind::kIle) {
      std::optional<uint64_t> wanted;
      for (const Value& v : need.possible())
        if (!wanted && v.is_known() && v.is_number()) wanted = static_cast<uint64_t>(v.number());
      BATON_CHECK(wanted, "a need of an interrupt order without a value");
      if (firmware.kind != Firmware::Kind::kNone) {
        goals.interrupts = InterruptGoal{*wanted != 0, firmware, clause_of(need)};
        continue;
      }
      refuse(Code::interrupt_order_gap, o,
             "`" + need.clause->origin + "` needs interrupts in another byte order than `" +
                 from.convention->name + "` leaves them in (giver " + to_text(giver) + ")")
          .label(handoff, "in this handoff")
          .note("only firmware changes it, and of this machine none is known: state `hypervisor = 0;` for a guest, "
                "`opal.base` and `opal.entry` for a host; or, where the giver is known to reset it, say "
                "`relies on incidental ile;`");
      continue;
    }
    if (need.kind == ClauseKind::kMsr) {
      const ppc64::MsrField* field = ppc64::find_msr_field(need.subject);
      auto wanted = promised_number(need);
      BATON_CHECK(field && wanted, "an MSR need without a field and one value");
      MsrGoal goal{field->mask, *wanted != 0, std::nullopt, clause_of(need)};
      if (o.promise)
        if (auto current = promised_number(*o.promise)) goal.promised = *current != 0;
      goals.msr.push_back(std::move(goal));
      continue;
    }
    if (need.kind == ClauseKind::kRegister) {
      auto gpr = ppc64::find_gpr(need.subject);
      if (!gpr) {
        refuse(Code::register_gap, o,
               "`" + need.clause->origin + "` needs `" + need.text() +
                   "`, and a stub of this release sets r0 .. r31 only");
        continue;
      }
      RegisterGoal goal{*gpr, {}, clause_of(need)};
      for (const Value& v : need.possible()) {
        if (v.is_known() && v.is_number() && v.number() < kTwoTo64)
          goal.allowed.push_back(static_cast<uint64_t>(v.number()));
        else if (auto where = v.is_symbol() ? held.find(v.as_symbol().name) : held.end(); where != held.end())
          goal.allowed.push_back(where->second);
      }
      if (goal.allowed.empty()) {
        auto& d = refuse(Code::register_gap, o,
                         "`" + need.clause->origin + "` needs `" + need.text() + "` but `" +
                             from.convention->name + "` " +
                             (o.promise ? "only promises `" + o.promise->text() + "`"
                                        : "promises nothing about " + need.subject));
        d.note(need.values.size() == 1 && need.values[0].type() == model::Type::kStack
                   ? "a stack that belongs to the giver has no size the taker may count on"
               : is_passed_on(need)
                   ? "only a giver that has one can hand it on, and `" + from.convention->name +
                         "` has none: come from another convention, or enter the taker by one that does without"
                   : "nothing the stub can reach holds this value");
        continue;
      }
      goals.registers.push_back(std::move(goal));
    }
  }
  for (const Obligation& o : gap.obligations) {
    if (!o.need || o.need->kind != ClauseKind::kTreeBootCpu) continue;
    if (tree.taken && o.need->subject == model::kBootCpuNode) continue;  // refused by who made the stores
    bool by_node = o.need->subject == model::kBootCpuNode;
    if (by_node ? !tree.mark : !tree.word) continue;
    if (!goals.id_register) {
      refuse(Code::register_gap, o,
             "`" + o.need->clause->origin + "` needs the master's id in the tree, but `" +
                 from.convention->name + "` promises it in no register");
      continue;
    }
    if (by_node) {
      goals.mark_store = tree.mark;
      goals.mark_store->clause = clause_of(*o.need);
    } else {
      goals.id_store = IdStore{tree.word->address, tree.word->fits_byte, clause_of(*o.need)};
    }
  }
  auto has_id = [&](const Claim& need) {
    if (goals.id_register) return true;
    sink.report(Code::register_gap, need.clause->span,
                "`" + need.clause->origin + "` needs `" + need.text() + "`, which depends on the master's id, but `" +
                    from.convention->name + "` promises it in no register")
        .at("the need");
    return false;
  };
  for (const PropertyWord& property : tree.properties) {
    if (!has_id(*property.need)) continue;
    IdStore store{property.word.address, property.word.fits_byte, clause_of(*property.need)};
    if (goals.id_store)
      goals.more_ids.push_back(std::move(store));
    else
      goals.id_store = std::move(store);
  }
  if (tree.taken && has_id(*tree.taken)) {
    BATON_CHECK(!goals.mark_store, "two marks in one tree");
    goals.mark_store = tree.mark;
    goals.mark_store->clause = clause_of(*tree.taken);
  }
  if (sink.error_count() != errors) return std::nullopt;
  return goals;
}

}  // namespace baton::trampoline
