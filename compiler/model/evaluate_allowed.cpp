// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a parameter may be, and a list of ranges as one set.
#include "model/evaluator.h"

#include <algorithm>

namespace baton::model {

using diagnostics::Code;
using diagnostics::Sink;
using syntax::Expr;

namespace {

/// The bounds of `a ..< b` or `a +: n`, if they are numbers of the type.
struct Bounds {
  Value low = Value::error(), high = Value::error();
};

bool is_range_of_numbers(const Expr& allowed, Type type) {
  bool range = allowed.kind == Expr::Kind::kBinary && (allowed.text == "..<" || allowed.text == "+:");
  return range && (type == Type::kInt || type == Type::kSize || type == Type::kAddress);
}

Bounds bounds_of(const Expr& allowed, Type type, const Scope& scope, Sink& sink) {
  bool sized = allowed.text == "+:";
  Type extent = sized && type == Type::kAddress ? Type::kSize : type;
  Bounds b{evaluate_as(*allowed.operands[0], type, scope, sink), evaluate_as(*allowed.operands[1], extent, scope, sink)};
  if (!b.low.is_known() || !b.high.is_known()) return b;
  Wide high = sized ? b.low.number() + b.high.number() : b.high.number();
  if (high > kTwoTo64) {
    sink.report(Code::arithmetic_overflow, allowed.span, "the result lies outside 0 .. 2^64");
    b.high = Value::error();
  } else if (high <= b.low.number()) {
    sink.report(Code::backward_range, allowed.span, "no value lies in this range");
    b.high = Value::error();
  } else {
    b.high = number_of(type, high);
  }
  return b;
}

}  // namespace

void check_restriction(const Expr& allowed, Type type, const Scope& scope, Sink& sink) {
  if (allowed.kind == Expr::Kind::kSet) {
    for (const auto& member : allowed.operands) evaluate_as(*member, type, scope, sink);
  } else if (is_range_of_numbers(allowed, type)) {
    bounds_of(allowed, type, scope, sink);
  } else if (type == Type::kAddress) {
    evaluate_as(allowed, Type::kRanges, scope, sink);
  } else {
    sink.report(Code::type_mismatch, allowed.span,
                std::string("what ") + to_text(type) + " may be is written as a set such as { a, b }" +
                    (type == Type::kInt || type == Type::kSize ? " or as a range" : ""));
  }
}

std::optional<bool> is_allowed(const Value& value, const Expr& allowed, Type type, const Scope& scope, Sink& sink) {
  if (allowed.kind == Expr::Kind::kSet) {
    bool unknown = false;
    for (const auto& member : allowed.operands) {
      Value one = evaluate_as(*member, type, scope, sink);
      if (one.is_known() && one == value) return true;
      unknown = unknown || !one.is_known();
    }
    return unknown ? std::nullopt : std::optional(false);
  }
  if (is_range_of_numbers(allowed, type)) {
    Bounds b = bounds_of(allowed, type, scope, sink);
    if (!b.low.is_known() || !b.high.is_known()) return std::nullopt;
    return b.low.number() <= value.number() && value.number() < b.high.number();
  }
  Value ranges = evaluate_as(allowed, Type::kRanges, scope, sink);
  if (!ranges.is_known() || !value.is_number()) return std::nullopt;
  auto byte = Range::checked(value.address(), Size{1});
  return byte && ranges.ranges().contains(RangeSet{*byte});
}

Value evaluate_ranges(const std::vector<syntax::ExprPtr>& list, const Scope& scope, Sink& sink) {
  std::vector<Range> all;
  std::optional<Value> pending;
  bool failed = false;
  for (const auto& expr : list) {
    Value v = evaluate_as(*expr, Type::kRanges, scope, sink);
    if (v.is_error())
      failed = true;
    else if (v.is_pending())
      pending = v;
    else
      for (const Range& range : v.ranges()) all.push_back(range);
  }
  if (failed) return Value::error();
  if (pending) return *pending;
  return Value::of(RangeSet(std::move(all)));
}

}  // namespace baton::model
