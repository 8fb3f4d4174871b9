// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The type of each value of a clause. See clause_types.h.
#include "check/clause_types.h"

#include <algorithm>
#include <optional>
#include <string>

#include "contract/claim.h"
#include "contract/order.h"
#include "model/evaluate.h"

namespace baton::check {

using diagnostics::Code;
using model::Clause;
using model::ClauseKind;
using model::Type;
using model::Value;

namespace {

/// The length of a range, which `START +: LENGTH` has before START is known.
std::optional<Size> length_of(const syntax::Expr& e, const Value& v) {
  if (v.is_known() && v.type() == Type::kRange) return v.range().size();
  if (e.kind != syntax::Expr::Kind::kBinary || e.text != "+:") return std::nullopt;
  const syntax::Expr& length = *e.operands[1];
  bool literal = length.kind == syntax::Expr::Kind::kInteger || length.kind == syntax::Expr::Kind::kSize;
  return literal ? std::optional(Size{length.integer}) : std::nullopt;
}

void no_byte_order(const syntax::Expr& e, const Value& v, diagnostics::Sink& sink) {
  if (!v.is_symbol() || v.as_symbol().name != "giver") return;
  sink.report(Code::type_mismatch, e.span, "`giver` is the giver's byte order, a value of `msr LE` and `ile` only");
}

}  // namespace

void check_types(const Clause& clause, const model::Scope& scope, diagnostics::Sink& sink) {
  auto wants = [&](const syntax::Expr& e, Type type) { return evaluate_as(e, type, scope, sink); };
  switch (clause.kind) {
    case ClauseKind::kBytes: {
      Value destination = wants(*clause.values[0], Type::kRange);
      Value from = wants(*clause.values[1], Type::kRange);
      auto to_length = length_of(*clause.values[0], destination), from_length = length_of(*clause.values[1], from);
      if (to_length && from_length && *to_length != *from_length)
        sink.report(Code::clause_shape, clause.span, "the two ranges differ in length")
            .note(human(*to_length) + " = " + human(*from_length));
      break;
    }
    case ClauseKind::kUnspecified:
    case ClauseKind::kPlace:
    case ClauseKind::kTreeReserves:
    case ClauseKind::kWithin:
    case ClauseKind::kDisjoint:
      for (const auto& e : clause.values) wants(*e, Type::kRanges);
      break;
    case ClauseKind::kEnter:
      for (const auto& e : clause.values) wants(*e, Type::kAddress);
      break;
    case ClauseKind::kHead:
    case ClauseKind::kAlign:
    case ClauseKind::kLanding:
      for (const auto& e : clause.values) wants(*e, Type::kSize);
      break;
    case ClauseKind::kWord:
      wants(*clause.values[0], Type::kSize);
      if (clause.values.size() > 1) wants(*clause.values[1], Type::kInt);
      break;
    case ClauseKind::kMsr:
    case ClauseKind::kIle:
      for (const auto& e : clause.values) {
        Value v = wants(*e, Type::kInt);
        if (clause.kind == ClauseKind::kMsr && clause.subject != "LE") no_byte_order(*e, v, sink);
        if (v.is_known() && v.number() > 1)
          sink.report(Code::type_mismatch, e->span, "a bit is 0 or 1, not " + to_text(v));
      }
      break;
    case ClauseKind::kTreeFormat:
      for (const auto& e : clause.values) wants(*e, Type::kInt);
      break;
    case ClauseKind::kArrival:
      for (const auto& e : clause.values) {
        Value v = evaluate(*e, scope, sink);
        if (v.is_error()) continue;
        const auto& states = contract::arrival_states();
        bool state = v.type() == Type::kWord &&
                     (v.is_pending() || std::find(states.begin(), states.end(), v.text()) != states.end());
        if (!state)
          sink.report(Code::type_mismatch, e->span,
                       "an arrival state is absent, firmware, arriving, held or unknown");
      }
      break;
    case ClauseKind::kRegister:
    case ClauseKind::kTreeBootCpu:
      for (const auto& e : clause.values) {
        Value v = evaluate(*e, scope, sink);
        if (v.is_error()) continue;
        no_byte_order(*e, v, sink);
        if (!v.is_number() && v.type() != Type::kStack)
          sink.report(Code::type_mismatch, e->span,
                       std::string("a register holds a number or an address, not ") + to_text(v.type()));
      }
      break;
    default: break;
  }
}

}  // namespace baton::check
