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
#include "model/tree_property.h"

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

/// A number that is there to read: layouts of memory depend on nothing that a handoff brings.
std::optional<uint64_t> literal(const syntax::Expr& e, Type type, const model::Scope& scope, diagnostics::Sink& sink) {
  Value v = evaluate_as(e, type, scope, sink);
  if (v.is_error()) return std::nullopt;
  if (v.is_known() && v.number() < kTwoTo64) return static_cast<uint64_t>(v.number());
  sink.report(Code::type_mismatch, e.span, "this must be a number that is known here");
  return std::nullopt;
}

void pen(const Clause& clause, const model::Scope& scope, diagnostics::Sink& sink) {
  auto slot = literal(*clause.values[0], Type::kSize, scope, sink), mask = literal(*clause.values[1], Type::kInt, scope, sink),
       offset = literal(*clause.values[2], Type::kSize, scope, sink);
  if (slot && (!is_power_of_two(Wide{*slot}) || *slot < 8 || *slot > 0x1000))
    sink.report(Code::clause_shape, clause.values[0]->span, "a slot has a power of two of bytes, from 8 to 4KiB, not " + human(Size{*slot}))
        .note("its place is the id times its size: `pen slot 64 ..` gives each CPU a cache line");
  else if (slot && offset && (*offset % 8 != 0 || *offset + 8 > *slot))
    sink.report(Code::clause_shape, clause.values[2]->span,
                "the doubleword that holds a slave lies in its slot, at a multiple of 8, not at " + hex(Wide{*offset}))
        .note("`at offset 0x0` is where an ePAPR entry has it");
  if (mask && (*mask == 0 || (*mask > 0xffff && ((*mask & 0xffff) != 0 || *mask > 0xffff'0000))))
    sink.report(Code::clause_shape, clause.values[1]->span,
                "bits that one instruction tests are in one half of the low word, and " + hex(Wide{*mask}) + " is not so")
        .note("write bits within 0xffff, or within 0xffff_0000");
}

void field(const Clause& clause, const model::Scope& scope, diagnostics::Sink& sink) {
  auto offset = literal(*clause.values[0], Type::kSize, scope, sink), size = literal(*clause.values[1], Type::kSize, scope, sink);
  if (size && *size != 4 && *size != 8) {
    sink.report(Code::clause_shape, clause.values[1]->span, "a field has 4 or 8 bytes, not " + std::to_string(*size));
  } else if (size && offset && *offset % *size != 0) {
    sink.report(Code::clause_shape, clause.values[0]->span, "a field lies at a multiple of its size, not at " + hex(Wide{*offset}))
        .note("`" + hex(Wide{*offset / *size * *size}) + "` or `" + hex(Wide{(*offset / *size + 1) * *size}) + "` is one");
  }
  if (clause.values.size() < 3) return;
  Value v = evaluate(*clause.values[2], scope, sink);
  if (v.is_error()) return;
  no_byte_order(*clause.values[2], v, sink);
  if (!v.is_number())
    sink.report(Code::type_mismatch, clause.values[2]->span, std::string("a field holds a number, not ") + to_text(v.type()));
  else if (v.is_known() && size == 4 && v.number() >= (Wide{1} << 32))
    sink.report(Code::number_too_large, clause.values[2]->span, hex(v.number()) + " does not fit 32 bits");
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
    case ClauseKind::kTreeProperty:
      for (const auto& e : clause.values) {
        Value v = evaluate(*e, scope, sink);
        if (v.is_error()) continue;
        no_byte_order(*e, v, sink);
        if (model::is_limit(clause)) {
          if (!v.is_number() || v.type() == Type::kAddress)
            sink.report(Code::type_mismatch, e->span, std::string("a length is a size or a number of bytes, not ") + to_text(v.type()));
          else if (!v.is_known())
            sink.report(Code::type_mismatch, e->span, "a length is a number that is known here");
          continue;
        }
        if (!v.is_number() && v.type() != Type::kString && v.type() != Type::kCells)
          sink.report(Code::type_mismatch, e->span,
                      std::string("a property holds a number, a string or cells, not ") + to_text(v.type()));
        else if (v.is_known() && v.type() == Type::kInt && v.number() >= (Wide{1} << 32))
          sink.report(Code::number_too_large, e->span, hex(v.number()) + " does not fit 32 bits")
              .note("write u64(...) for two cells");
      }
      break;
    case ClauseKind::kPen: pen(clause, scope, sink); break;
    case ClauseKind::kSlotField: field(clause, scope, sink); break;
    default: break;
  }
}

}  // namespace baton::check
