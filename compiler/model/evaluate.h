// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does this expression come to, here and now?
//
// One evaluator serves two purposes. Over a scope whose names are only *typed* (pending values) it is the
// type checker: mistakes of type are reported although nothing is known yet. Over a handoff's scope it
// computes. Literals take the type their place needs (`0x0 ..< 4GiB` is a range of addresses); names have
// their own. Nothing wraps: a result outside 0 .. 2^64 is an error.
//
//   image.base + 0x8 +: 0x54  with image.base pending  ->  a pending range, and no diagnostic
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "model/value.h"
#include "syntax/ast.h"

namespace baton::model {

/// What `++` may come to. A few doublings would otherwise fill any memory.
inline constexpr size_t kMaxText = 64u << 10;

/// Gives names their values. Names are dotted as written: "machine.rma", "image.entry", "cmdline".
class Scope {
 public:
  virtual ~Scope() = default;
  /// The value of a whole dotted name; nullopt if there is no such name here.
  virtual std::optional<Value> lookup(std::string_view name) const = 0;
  /// A call the evaluator does not know itself, e.g. spare(R); nullopt if there is none.
  virtual std::optional<Value> call(std::string_view name, const std::vector<Value>& arguments) const;
  /// Why a name that exists has no value here ("the device tree has no /ibm,opal"); nullopt for others.
  virtual std::optional<std::string> why_absent(std::string_view name) const;
  /// Every name, for did-you-mean.
  virtual std::vector<std::string> names() const = 0;
};

/// Type::kError as `expected` means: whatever it is.
Value evaluate(const syntax::Expr& expr, const Scope& scope, diagnostics::Sink& sink,
               Type expected = Type::kError);

/// Evaluates and checks the type; reports and answers Value::error() when it does not fit. An integer
/// literal fits an address or a size, a range fits ranges.
Value evaluate_as(const syntax::Expr& expr, Type type, const Scope& scope, diagnostics::Sink& sink);

/// A list of range expressions as one set; a pending member makes the whole pending.
Value evaluate_ranges(const std::vector<syntax::ExprPtr>& list, const Scope& scope,
                      diagnostics::Sink& sink);

/// What a parameter of `type` may be: a set of values of that type, or a range whose bounds have it (`0 ..< 16`
/// of an int as well; ranges by name for an address). check_restriction reports another shape.
void check_restriction(const syntax::Expr& allowed, Type type, const Scope& scope, diagnostics::Sink& sink);
/// Whether a known value is one of these; nullopt where that is not known yet, or after a report.
std::optional<bool> is_allowed(const Value& value, const syntax::Expr& allowed, Type type, const Scope& scope,
                               diagnostics::Sink& sink);

/// Whether anything in it is a name: else it is made of literals.
bool speaks_of_a_name(const syntax::Expr& expr);

/// "a.b.c" for a chain of names, empty for anything else.
std::string dotted_name(const syntax::Expr& expr);

/// The attributes that a value has by its type: .start .end .size of a range and of ranges.
std::optional<Value> attribute_of(const Value& value, std::string_view attribute);

}  // namespace baton::model
