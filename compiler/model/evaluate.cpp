// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an expression is made of: literals, names, sets. See evaluator.h for the other parts.
#include "model/evaluator.h"

#include <algorithm>

#include "base/bytes.h"
#include "diagnostics/suggest.h"

namespace baton::model {

using diagnostics::Code;
using diagnostics::Sink;
using syntax::Expr;

std::optional<Value> Scope::call(std::string_view, const std::vector<Value>&) const {
  return std::nullopt;
}

std::optional<std::string> Scope::why_absent(std::string_view) const { return std::nullopt; }

std::string dotted_name(const Expr& expr) {
  if (expr.kind == Expr::Kind::kName) return expr.text;
  if (expr.kind != Expr::Kind::kMember) return {};
  std::string base = dotted_name(*expr.operands[0]);
  return base.empty() ? base : base + "." + expr.text;
}

bool speaks_of_a_name(const Expr& expr) {
  if (expr.kind == Expr::Kind::kName) return expr.text != "true" && expr.text != "false";
  return std::any_of(expr.operands.begin(), expr.operands.end(), [](const auto& e) { return speaks_of_a_name(*e); });
}

std::optional<Value> attribute_of(const Value& value, std::string_view attribute) {
  bool range = value.type() == Type::kRange, ranges = value.type() == Type::kRanges;
  if (!range && !ranges) return std::nullopt;
  Type type = attribute == "size" ? Type::kSize : Type::kAddress;
  if (attribute != "start" && attribute != "end" && attribute != "size") return std::nullopt;
  if (value.is_pending())
    return Value::pending(type, value.as_pending().what + "." + std::string(attribute));
  RangeSet set = value.ranges();
  if (attribute == "size") return Value::of(range ? value.range().size() : set.total_size());
  if (range) return Value::of(attribute == "start" ? value.range().begin : value.range().end);
  if (set.empty()) return std::nullopt;
  return Value::of(attribute == "start" ? set.front().begin : set.back().end);
}

bool is_literal(const Expr& e) {
  return e.kind == Expr::Kind::kInteger || e.kind == Expr::Kind::kSize;
}

Value number_of(Type type, Wide n) {
  switch (type) {
    case Type::kAddress: return Value::of(Address{n});
    case Type::kSize: return Value::of(Size{n});
    default: return Value::of_int(n);
  }
}

Value Evaluator::eval(const Expr& e, Type expected) {
  switch (e.kind) {
    case Expr::Kind::kInteger:
      if (expected == Type::kAddress || expected == Type::kSize) return number_of(expected, e.integer);
      return Value::of_int(e.integer);
    case Expr::Kind::kSize:
      return expected == Type::kAddress ? Value::of(Address{e.integer}) : Value::of(Size{e.integer});
    case Expr::Kind::kString: return Value::of_string(e.text);
    case Expr::Kind::kName:
    case Expr::Kind::kMember: return member(e);
    case Expr::Kind::kCall: return call(e);
    case Expr::Kind::kSet: return set(e, expected);
    case Expr::Kind::kNot: {
      Value v = eval(*e.operands[0], Type::kBool);
      if (v.is_error()) return v;
      if (v.type() != Type::kBool) return mismatch(*e.operands[0], v, "a condition");
      return v.is_known() ? Value::of(!v.boolean()) : v;
    }
    case Expr::Kind::kBinary: return binary(e, expected);
    case Expr::Kind::kUnread: return Value::error();
  }
  return Value::error();
}

Value Evaluator::mismatch(const Expr& e, const Value& got, const std::string& wanted) {
  sink_.report(Code::type_mismatch, e.span,
               "this needs " + wanted + ", but `" + text_of(e) + "` is " + to_text(got.type()));
  return Value::error();
}

std::string Evaluator::text_of(const Expr& e) {
  std::string dotted = dotted_name(e);
  if (!dotted.empty()) return dotted;
  if (e.kind == Expr::Kind::kString) return "\"" + e.text + "\"";
  if (e.kind == Expr::Kind::kInteger) return hex(e.integer);
  if (e.kind == Expr::Kind::kSize) return human(Size{e.integer});
  if (e.kind == Expr::Kind::kCall) return e.text + "(...)";
  return "this expression";
}

Value Evaluator::unknown_name(const Expr& e, const std::string& name) {
  if (auto why = scope_.why_absent(name)) {
    sink_.report(Code::absent_fact, e.span, "`" + name + "` is not known: " + *why);
    return Value::error();
  }
  auto& diagnostic =
      sink_.report(Code::unknown_name, e.span, "there is no `" + name + "` here");
  if (!sink_.wants_suggestions()) return Value::error();
  std::vector<std::string> names = scope_.names();
  std::vector<std::string_view> views(names.begin(), names.end());
  diagnostics::suggest(diagnostic, name, views, e.span);
  return Value::error();
}

Value Evaluator::member(const Expr& e) {
  std::string name = dotted_name(e);
  if (!name.empty()) {
    if (auto v = scope_.lookup(name)) return *v;
    if (name == "true" || name == "false") return Value::of(name == "true");
    if (e.kind == Expr::Kind::kName) return unknown_name(e, name);
  }
  // Not a name as a whole: the attribute of a value.
  size_t before = sink_.all().size();
  const Expr& base_expr = *e.operands[0];
  std::string base_name = dotted_name(base_expr);
  if (!base_name.empty() && !scope_.lookup(base_name) && !has_attribute_base(base_expr))
    return unknown_name(e, scope_.why_absent(base_name) ? base_name : name);
  Value base = eval(base_expr, Type::kError);
  if (base.is_error()) {
    BATON_CHECK(sink_.all().size() > before || base.is_error(), "silent error");
    return base;
  }
  if (auto v = attribute_of(base, e.text)) return *v;
  if (base.type() == Type::kRanges && base.is_known() && base.ranges().empty() &&
      (e.text == "start" || e.text == "end")) {
    sink_.report(Code::absent_fact, e.span,
                 "`" + base_name + "` is empty here, so it has no `." + e.text + "`");
    return Value::error();
  }
  return unknown_name(e, name.empty() ? e.text : name);
}

bool Evaluator::has_attribute_base(const Expr& e) const {
  if (e.kind != Expr::Kind::kMember) return false;
  std::string base = dotted_name(*e.operands[0]);
  return !base.empty() && (scope_.lookup(base) || has_attribute_base(*e.operands[0]));
}

Value Evaluator::set(const Expr& e, Type expected) {
  std::vector<Value> members;
  for (const auto& operand : e.operands) {
    Value v = eval(*operand, expected);
    if (v.is_error()) return v;
    if (v.type() == Type::kSet) return mismatch(*operand, v, "a value, and no set of them");
    members.push_back(std::move(v));
  }
  return Value::of_set(std::move(members));
}

Value evaluate(const Expr& expr, const Scope& scope, Sink& sink, Type expected) {
  return Evaluator(scope, sink).eval(expr, expected);
}

Value evaluate_as(const Expr& expr, Type type, const Scope& scope, Sink& sink) {
  Value v = evaluate(expr, scope, sink, type);
  if (v.is_error() || v.type() == type) return v;
  // A literal, or a sum of literals, fits an address or a size; a range is ranges.
  if (v.type() == Type::kInt && v.is_known() && (type == Type::kAddress || type == Type::kSize))
    return number_of(type, v.number());
  if (v.type() == Type::kRange && type == Type::kRanges) {
    if (v.is_pending()) return Value::pending(Type::kRanges, v.as_pending().what);
    return Value::of(v.ranges());
  }
  if (type == Type::kPath && v.type() == Type::kString) {
    return v.is_known() ? Value::of_path(v.text()) : v;
  }
  if (type == Type::kString && v.type() == Type::kPath) {
    return v.is_known() ? Value::of_string(v.text()) : v;
  }
  sink.report(Code::type_mismatch, expr.span,
              std::string("this needs ") + to_text(type) + ", not " + to_text(v.type()));
  return Value::error();
}

}  // namespace baton::model
