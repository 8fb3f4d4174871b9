// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which functions is the evaluator made of? Inside of the model's evaluate*.cpp only; see evaluate.h for the rules.
//
//   evaluate.cpp            what an expression is made of: literals, names, sets
//   evaluate_calls.cpp      calls: hex, u32, align_up, min, stack ...
//   evaluate_operators.cpp  ranges, arithmetic, comparison
//   evaluate_allowed.cpp    what a parameter may be, and lists of ranges
//
//   `machine.rma.end - 64KiB`: eval -> binary -> arithmetic -> member and a literal
#pragma once

#include "model/evaluate.h"

namespace baton::model {

/// A number as a value of the type: an address, a size, or else an integer.
Value number_of(Type type, Wide n);
/// Whether it is a number as written, which takes the type of its place.
bool is_literal(const syntax::Expr& e);

class Evaluator {
 public:
  Evaluator(const Scope& scope, diagnostics::Sink& sink) : scope_(scope), sink_(sink) {}

  Value eval(const syntax::Expr& e, Type expected);

 private:
  Value mismatch(const syntax::Expr& e, const Value& got, const std::string& wanted);
  static std::string text_of(const syntax::Expr& e);
  Value unknown_name(const syntax::Expr& e, const std::string& name);
  Value member(const syntax::Expr& e);
  /// Whether `machine.rma` in `machine.rma.end` may be a value with attributes.
  bool has_attribute_base(const syntax::Expr& e) const;
  Value set(const syntax::Expr& e, Type expected);
  Value call(const syntax::Expr& e);
  Value stack(const syntax::Expr& e);
  Value align(const syntax::Expr& e, std::vector<Value>& arguments, bool pending, const std::string& what);
  Value overflow(const syntax::Expr& e);
  /// Gives a literal the type of the other side.
  static bool unify(const syntax::Expr& ea, Value& a, const syntax::Expr& eb, Value& b);
  Value binary(const syntax::Expr& e, Type expected);
  static bool is_ranges(const Value& v);
  Value range(const syntax::Expr& e);
  Value arithmetic(const syntax::Expr& e, Type expected);
  Value comparison(const syntax::Expr& e);
  static bool same(const Value& a, const Value& b);

  const Scope& scope_;
  diagnostics::Sink& sink_;
};

}  // namespace baton::model
