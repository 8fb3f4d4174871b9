// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators: two operands get one type, and nothing wraps.
#include "model/evaluator.h"

#include <algorithm>

#include "base/bytes.h"

namespace baton::model {

using diagnostics::Code;
using diagnostics::Sink;
using syntax::Expr;

Value Evaluator::overflow(const Expr& e) {
  sink_.report(Code::arithmetic_overflow, e.span, "the result lies outside 0 .. 2^64")
      .note("addresses and sizes never wrap");
  return Value::error();
}

bool Evaluator::unify(const Expr& ea, Value& a, const Expr& eb, Value& b) {
  if (a.type() == b.type()) return true;
  auto adapt = [](const Expr& e, Value& v, const Value& to) {
    if (!v.is_known() || !v.is_number()) return false;
    bool literal = is_literal(e) || v.type() == Type::kInt;
    if (!literal || !(to.type() == Type::kAddress || to.type() == Type::kSize)) return false;
    v = number_of(to.type(), v.number());
    return true;
  };
  if (adapt(ea, a, b) || adapt(eb, b, a)) return true;
  // A symbol or a pending integer compares with any number.
  if (a.is_number() && b.is_number() && (a.type() == Type::kInt || b.type() == Type::kInt)) {
    return true;
  }
  auto ranges = [](const Value& v) { return v.type() == Type::kRange || v.type() == Type::kRanges; };
  auto texts = [](const Value& v) { return v.type() == Type::kString || v.type() == Type::kPath; };
  return (ranges(a) && ranges(b)) || (texts(a) && texts(b));
}

Value Evaluator::binary(const Expr& e, Type expected) {
  const std::string& op = e.text;
  const Expr& le = *e.operands[0];
  const Expr& re = *e.operands[1];
  if (op == "..<" || op == "+:") return range(e);
  if (op == "+" || op == "-" || op == "*") return arithmetic(e, expected);
  if (op == "++") {
    Value a = eval(le, Type::kString), b = eval(re, Type::kString);
    if (a.is_error() || b.is_error()) return Value::error();
    auto text = [](const Value& v) { return v.type() == Type::kString || v.type() == Type::kPath; };
    if (!text(a)) return mismatch(le, a, "a string");
    if (!text(b)) return mismatch(re, b, "a string");
    if (a.is_pending()) return a;
    if (b.is_pending()) return b;
    if (a.text().size() + b.text().size() > kMaxText) {
      sink_.report(Code::limit_reached, e.span,
                   "a text has at most " + human(Size{kMaxText}) + ", and this would be longer");
      return Value::error();
    }
    return Value::of_string(a.text() + b.text());
  }
  if (op == "except") {
    Value a = eval(le, Type::kRanges), b = eval(re, Type::kRanges);
    if (a.is_error() || b.is_error()) return Value::error();
    if (!is_ranges(a)) return mismatch(le, a, "ranges");
    if (!is_ranges(b)) return mismatch(re, b, "ranges");
    if (a.is_pending()) return Value::pending(Type::kRanges, a.as_pending().what);
    if (b.is_pending()) return Value::pending(Type::kRanges, b.as_pending().what);
    return Value::of(a.ranges().except(b.ranges()));
  }
  if (op == "and" || op == "or") {
    Value a = eval(le, Type::kBool), b = eval(re, Type::kBool);
    if (a.is_error() || b.is_error()) return Value::error();
    if (a.type() != Type::kBool) return mismatch(le, a, "a condition");
    if (b.type() != Type::kBool) return mismatch(re, b, "a condition");
    if (a.is_pending()) return a;
    if (b.is_pending()) return b;
    return Value::of(op == "and" ? a.boolean() && b.boolean() : a.boolean() || b.boolean());
  }
  return comparison(e);
}

bool Evaluator::is_ranges(const Value& v) {
  return v.type() == Type::kRange || v.type() == Type::kRanges;
}

Value Evaluator::range(const Expr& e) {
  const Expr& le = *e.operands[0];
  const Expr& re = *e.operands[1];
  bool sized = e.text == "+:";
  Value a = eval(le, Type::kAddress);
  Value b = eval(re, sized ? Type::kSize : Type::kAddress);
  if (a.is_error() || b.is_error()) return Value::error();
  if (a.type() != Type::kAddress) return mismatch(le, a, "an address");
  Type wanted = sized ? Type::kSize : Type::kAddress;
  if (b.type() != wanted) return mismatch(re, b, to_text(wanted));
  if (a.is_pending()) return Value::pending(Type::kRange, a.as_pending().what);
  if (b.is_pending()) return Value::pending(Type::kRange, b.as_pending().what);
  if (sized) {
    auto r = Range::checked(a.address(), b.size());
    return r ? Value::of(*r) : overflow(e);
  }
  if (b.address() < a.address()) {
    sink_.report(Code::backward_range, e.span,
                 "this range runs backwards: " + hex(a.address()) + " lies above " + hex(b.address()));
    return Value::error();
  }
  return Value::of(Range{a.address(), b.address()});
}

Value Evaluator::arithmetic(const Expr& e, Type expected) {
  const std::string& op = e.text;
  const Expr& le = *e.operands[0];
  const Expr& re = *e.operands[1];
  // `0x0 + low` where an address is wanted: the literal is the address.
  Value a = eval(le, expected == Type::kAddress && op != "*" ? Type::kAddress : Type::kError);
  Value b = eval(re, Type::kError);
  if (a.is_error() || b.is_error()) return Value::error();
  // `4KiB + image.start`: the address is on the right, so the literal is a size after all.
  if (op == "+" && b.type() == Type::kAddress) a = eval(le, Type::kError);
  if (!a.is_number() || a.is_symbol()) return mismatch(le, a, "a number");
  if (!b.is_number() || b.is_symbol()) return mismatch(re, b, "a number");
  // A literal beside an address or a size is a size.
  auto literal_size = [](Value& v, const Value& beside) {
    if (v.type() == Type::kInt && v.is_known() && beside.type() != Type::kInt)
      v = Value::of(Size{v.number()});
  };
  if (op != "*") {
    literal_size(b, a);
    literal_size(a, b);
  }
  std::optional<Type> type;
  using T = Type;
  T ta = a.type(), tb = b.type();
  if (op == "+") {
    if (ta == T::kAddress && tb == T::kSize) type = T::kAddress;
    if (ta == T::kSize && tb == T::kSize) type = T::kSize;
    if (ta == T::kInt && tb == T::kInt) type = T::kInt;
    if (ta == T::kSize && tb == T::kAddress) type = T::kAddress;
  } else if (op == "-") {
    if (ta == T::kAddress && tb == T::kAddress) type = T::kSize;
    if (ta == T::kAddress && tb == T::kSize) type = T::kAddress;
    if (ta == T::kSize && tb == T::kSize) type = T::kSize;
    if (ta == T::kInt && tb == T::kInt) type = T::kInt;
  } else {
    if (ta == T::kSize && tb == T::kInt) type = T::kSize;
    if (ta == T::kInt && tb == T::kSize) type = T::kSize;
    if (ta == T::kInt && tb == T::kInt) type = T::kInt;
  }
  if (!type) {
    sink_.report(Code::type_mismatch, e.span,
                 std::string("`") + op + "` does not join " + to_text(ta) + " and " + to_text(tb))
        .note("address - address is a size, address + size an address, size * integer a size");
    return Value::error();
  }
  if (a.is_pending()) return Value::pending(*type, a.as_pending().what);
  if (b.is_pending()) return Value::pending(*type, b.as_pending().what);
  Wide x = a.number(), y = b.number(), result = 0;
  if (op == "+") result = x + y;
  if (op == "-") {
    if (y > x) return overflow(e);
    result = x - y;
  }
  if (op == "*") {
    if (y != 0 && x > kTwoTo64 / y) return overflow(e);
    result = x * y;
  }
  if (result > kTwoTo64) return overflow(e);
  return number_of(*type, result);
}

Value Evaluator::comparison(const Expr& e) {
  const std::string& op = e.text;
  const Expr& le = *e.operands[0];
  const Expr& re = *e.operands[1];
  if (op == "within" || op == "disjoint") {
    Value a = eval(le, Type::kError), b = eval(re, Type::kRanges);
    if (a.is_error() || b.is_error()) return Value::error();
    if (!is_ranges(a) && a.type() != Type::kAddress) return mismatch(le, a, "a range or an address");
    if (!is_ranges(b)) return mismatch(re, b, "ranges");
    if (a.is_pending()) return Value::pending(Type::kBool, a.as_pending().what);
    if (b.is_pending()) return Value::pending(Type::kBool, b.as_pending().what);
    RangeSet inner;
    if (is_ranges(a)) {
      inner = a.ranges();
    } else {
      auto byte = Range::checked(a.address(), Size{1});
      if (!byte) return Value::of(op == "disjoint");
      inner = RangeSet{*byte};
    }
    return Value::of(op == "within" ? b.ranges().contains(inner) : !b.ranges().overlaps(inner));
  }
  Value a = eval(le, Type::kError);
  Value b = eval(re, op == "in" ? a.type() : Type::kError);
  if (a.is_error() || b.is_error()) return Value::error();
  if (op == "in") {
    if (b.type() == Type::kIds) {
      if (a.type() != Type::kInt) return mismatch(le, a, "the id of a CPU, an integer");
      if (b.is_pending() || a.is_pending()) return Value::pending(Type::kBool, text_of(le));
      auto ids = b.ids();
      return Value::of(std::any_of(ids.begin(), ids.end(),
                                   [&](uint32_t id) { return a.is_known() && a.number() == id; }));
    }
    if (b.type() != Type::kSet) return mismatch(re, b, "a set such as { 0, 1 }");
    for (Value member : b.members()) {
      Value left = a;
      unify(le, left, re, member);
      if (left.is_pending() || member.is_pending()) return Value::pending(Type::kBool, text_of(le));
      if (left == member) return Value::of(true);
    }
    return Value::of(false);
  }
  if (!unify(le, a, re, b)) {
    sink_.report(Code::type_mismatch, e.span,
                 std::string("`") + op + "` does not compare " + to_text(a.type()) + " with " +
                     to_text(b.type()));
    return Value::error();
  }
  bool ordered = op != "==" && op != "!=";
  if (ordered && !a.is_number()) return mismatch(le, a, "a number");
  if (a.is_pending()) return Value::pending(Type::kBool, a.as_pending().what);
  if (b.is_pending()) return Value::pending(Type::kBool, b.as_pending().what);
  if (op == "==") return Value::of(same(a, b));
  if (op == "!=") return Value::of(!same(a, b));
  if (a.is_symbol() || b.is_symbol()) return mismatch(a.is_symbol() ? le : re, a.is_symbol() ? a : b,
                                                      "a number known before the machine runs");
  if (op == "<") return Value::of(a.number() < b.number());
  if (op == "<=") return Value::of(a.number() <= b.number());
  if (op == ">") return Value::of(a.number() > b.number());
  return Value::of(a.number() >= b.number());
}

bool Evaluator::same(const Value& a, const Value& b) {
  if (is_ranges(a) && is_ranges(b)) return a.ranges() == b.ranges();
  if (a.type() == Type::kPath || b.type() == Type::kPath) return a.text() == b.text();
  return a == b;
}

}  // namespace baton::model
