// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls. A name that the evaluator does not know is the scope's.
#include "model/evaluator.h"

#include <algorithm>

#include "base/bytes.h"
#include "diagnostics/suggest.h"

namespace baton::model {

using diagnostics::Code;
using diagnostics::Sink;
using syntax::Expr;

Value Evaluator::call(const Expr& e) {
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
  if (!near.empty()) diagnostic.at(diagnostics::meant_text(near));
  return Value::error();
}

Value Evaluator::stack(const Expr& e) {
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

Value Evaluator::align(const Expr& e, std::vector<Value>& arguments, bool pending, const std::string& what) {
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

}  // namespace baton::model
