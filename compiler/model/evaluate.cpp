// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The evaluator: one function per kind of node. See evaluate.h for the rules it follows.
#include "model/evaluate.h"

#include <algorithm>

#include "base/bytes.h"

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

namespace {

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

class Evaluator {
 public:
  Evaluator(const Scope& scope, Sink& sink) : scope_(scope), sink_(sink) {}

  Value eval(const Expr& e, Type expected) {
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

 private:
  Value mismatch(const Expr& e, const Value& got, const std::string& wanted) {
    sink_.report(Code::type_mismatch, e.span,
                 "this needs " + wanted + ", but `" + text_of(e) + "` is " + to_text(got.type()));
    return Value::error();
  }

  static std::string text_of(const Expr& e) {
    std::string dotted = dotted_name(e);
    if (!dotted.empty()) return dotted;
    if (e.kind == Expr::Kind::kString) return "\"" + e.text + "\"";
    if (e.kind == Expr::Kind::kInteger) return hex(e.integer);
    if (e.kind == Expr::Kind::kSize) return human(Size{e.integer});
    if (e.kind == Expr::Kind::kCall) return e.text + "(...)";
    return "this expression";
  }

  Value unknown_name(const Expr& e, const std::string& name) {
    if (auto why = scope_.why_absent(name)) {
      sink_.report(Code::absent_fact, e.span, "`" + name + "` is not known: " + *why);
      return Value::error();
    }
    auto& diagnostic =
        sink_.report(Code::unknown_name, e.span, "there is no `" + name + "` here");
    if (!sink_.wants_suggestions()) return Value::error();
    std::vector<std::string> names = scope_.names();
    std::vector<std::string_view> views(names.begin(), names.end());
    auto near = diagnostics::did_you_mean(name, views);
    if (!near.empty()) diagnostic.at("did you mean `" + std::string(near) + "`?").fix(e.span, std::string(near));
    return Value::error();
  }

  Value member(const Expr& e) {
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

  /// Whether `machine.rma` in `machine.rma.end` may be a value with attributes.
  bool has_attribute_base(const Expr& e) const {
    if (e.kind != Expr::Kind::kMember) return false;
    std::string base = dotted_name(*e.operands[0]);
    return !base.empty() && (scope_.lookup(base) || has_attribute_base(*e.operands[0]));
  }

  Value set(const Expr& e, Type expected) {
    std::vector<Value> members;
    for (const auto& operand : e.operands) {
      Value v = eval(*operand, expected);
      if (v.is_error()) return v;
      if (v.type() == Type::kSet) return mismatch(*operand, v, "a value, and no set of them");
      members.push_back(std::move(v));
    }
    return Value::of_set(std::move(members));
  }

  Value call(const Expr& e) {
    if (e.text == "stack") return stack(e);
    std::vector<Value> arguments;
    bool pending = false;
    std::string what;
    for (const auto& operand : e.operands) {
      Value v = eval(*operand, Type::kError);
      if (v.is_error()) return v;
      if (v.is_pending()) pending = true, what = v.as_pending().what;
      arguments.push_back(std::move(v));
    }
    auto need = [&](size_t count) {
      if (arguments.size() == count) return true;
      sink_.report(Code::wrong_argument_count, e.span,
                   "`" + e.text + "` takes " + std::to_string(count) +
                       (count == 1 ? " argument, not " : " arguments, not ") +
                       std::to_string(arguments.size()));
      return false;
    };
    if (e.text == "hex" || e.text == "dec" || e.text == "u32" || e.text == "u64") {
      if (!need(1)) return Value::error();
      const Value& v = arguments[0];
      if (!v.is_number() || v.is_symbol()) return mismatch(*e.operands[0], v, "a number");
      bool text = e.text == "hex" || e.text == "dec";
      if (pending) return Value::pending(text ? Type::kString : Type::kCells, what);
      if (e.text == "hex") return Value::of_string(hex(v.number()));
      if (v.number() >= (e.text == "u32" ? Wide{1} << 32 : kTwoTo64)) {
        sink_.report(Code::number_too_large, e.span,
                     hex(v.number()) + " does not fit " + (e.text == "u32" ? "32" : "64") + " bits");
        return Value::error();
      }
      if (e.text == "dec") return Value::of_string(std::to_string(static_cast<uint64_t>(v.number())));
      ByteBuffer cells;
      if (e.text == "u32")
        append<uint32_t>(cells, static_cast<uint32_t>(v.number()), Endian::kBig);
      else
        append<uint64_t>(cells, static_cast<uint64_t>(v.number()), Endian::kBig);
      return Value::of_cells(std::move(cells));
    }
    if (e.text == "align_up" || e.text == "align_down") return align(e, arguments, pending, what);
    if (e.text == "min" || e.text == "max") {
      if (!need(2)) return Value::error();
      Value a = arguments[0], b = arguments[1];
      if (!unify(*e.operands[0], a, *e.operands[1], b) || !a.is_number())
        return mismatch(e, a, "two numbers of one type");
      for (size_t i = 0; i < 2; ++i)
        if (arguments[i].is_symbol())
          return mismatch(*e.operands[i], arguments[i], "a number known before the machine runs");
      if (pending) return Value::pending(a.type(), what);
      bool first = (e.text == "min") == (a.number() <= b.number());
      return first ? a : b;
    }
    if (auto v = scope_.call(e.text, arguments)) return *v;
    auto& diagnostic = sink_.report(Code::unknown_function, e.span, "there is no function `" + e.text + "`");
    auto near = diagnostics::did_you_mean(
        e.text, {"hex", "dec", "u32", "u64", "align_up", "align_down", "min", "max", "stack", "spare"});
    if (!near.empty()) diagnostic.at("did you mean `" + std::string(near) + "`?");
    return Value::error();
  }

  Value stack(const Expr& e) {
    if (e.operands.size() != 1 || e.argument_names[0] != "size") {
      sink_.report(Code::wrong_argument_count, e.span,
                   "a stack is written `stack(size: N)` or `stack(size: unknown)`");
      return Value::error();
    }
    if (e.operands[0]->is_name("unknown")) return Value::of_stack({false, Size{}});
    Value v = eval(*e.operands[0], Type::kSize);
    if (v.is_error()) return v;
    if (v.type() != Type::kSize) return mismatch(*e.operands[0], v, "a size");
    if (v.is_pending()) return Value::pending(Type::kStack, v.as_pending().what);
    return Value::of_stack({true, v.size()});
  }

  Value align(const Expr& e, std::vector<Value>& arguments, bool pending, const std::string& what) {
    if (arguments.size() != 2 || !arguments[0].is_number()) {
      sink_.report(Code::wrong_argument_count, e.span,
                   "`" + e.text + "` takes a number and an alignment");
      return Value::error();
    }
    Type type = arguments[0].type() == Type::kInt && is_literal(*e.operands[0]) ? Type::kAddress
                                                                              : arguments[0].type();
    if (arguments[0].is_symbol()) return mismatch(*e.operands[0], arguments[0], "a number known before the machine runs");
    const Value& alignment = arguments[1];
    bool number = alignment.is_number() && alignment.type() != Type::kAddress && !alignment.is_symbol();
    if (!number || (alignment.is_known() && !is_power_of_two(alignment.number()))) {
      sink_.report(Code::bad_alignment, e.operands[1]->span,
                   "an alignment is a power of two, not " + to_text(alignment));
      return Value::error();
    }
    if (pending) return Value::pending(type, what);
    Size by{alignment.number()};
    Address a{arguments[0].number()};
    auto up = e.text == "align_up" ? align_up(a, by) : std::optional(align_down(a, by));
    if (!up) return overflow(e);
    return number_of(type, up->wide());
  }

  Value overflow(const Expr& e) {
    sink_.report(Code::arithmetic_overflow, e.span, "the result lies outside 0 .. 2^64")
        .note("addresses and sizes never wrap");
    return Value::error();
  }

  /// Gives a literal the type of the other side.
  static bool unify(const Expr& ea, Value& a, const Expr& eb, Value& b) {
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

  Value binary(const Expr& e, Type expected) {
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

  static bool is_ranges(const Value& v) {
    return v.type() == Type::kRange || v.type() == Type::kRanges;
  }

  Value range(const Expr& e) {
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

  Value arithmetic(const Expr& e, Type expected) {
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

  Value comparison(const Expr& e) {
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

  static bool same(const Value& a, const Value& b) {
    if (is_ranges(a) && is_ranges(b)) return a.ranges() == b.ranges();
    if (a.type() == Type::kPath || b.type() == Type::kPath) return a.text() == b.text();
    return a == b;
  }

  const Scope& scope_;
  Sink& sink_;
};

}  // namespace

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
