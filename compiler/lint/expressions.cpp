// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks and comparisons. See expressions.h.
#include "lint/expressions.h"

#include <algorithm>

#include "model/evaluate.h"

namespace baton::lint {

using syntax::Expr;

namespace {

/// Lets have values, everything else has none.
class LiteralScope : public model::Scope {
 public:
  explicit LiteralScope(const Lets& lets) : lets_(lets) {}
  std::optional<model::Value> lookup(std::string_view name) const override {
    auto it = lets_.find(std::string(name));
    if (it == lets_.end()) return std::nullopt;
    return it->second.value;
  }
  std::vector<std::string> names() const override { return {}; }

 private:
  const Lets& lets_;
};

}  // namespace

bool is_literal(const Expr& e) { return e.kind == Expr::Kind::kInteger || e.kind == Expr::Kind::kSize; }

bool same(const std::vector<syntax::ExprPtr>& a, const std::vector<syntax::ExprPtr>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) { return same(*x, *y); });
}

bool same(const Expr& a, const Expr& b) {
  if (is_literal(a) && is_literal(b)) return a.integer == b.integer;
  if (a.kind != b.kind || a.text != b.text || a.operands.size() != b.operands.size() ||
      a.argument_names != b.argument_names)
    return false;
  if (a.kind == Expr::Kind::kSet)
    return std::is_permutation(a.operands.begin(), a.operands.end(), b.operands.begin(),
                               [](const auto& x, const auto& y) { return same(*x, *y); });
  return same(a.operands, b.operands);
}

void for_each(const Expr& e, const std::function<void(const Expr&)>& body) {
  body(e);
  for (const auto& operand : e.operands) for_each(*operand, body);
}

void for_each_clause(const std::vector<syntax::Clause>& clauses,
                     const std::function<void(const syntax::Clause&)>& body) {
  for (const syntax::Clause& clause : clauses) {
    body(clause);
    for_each_clause(clause.block, body);
  }
}

void for_each_name(const Expr& e, const std::function<void(const std::string&)>& body) {
  if (std::string name = model::dotted_name(e); !name.empty()) {
    body(name);
    return;
  }
  for (const auto& operand : e.operands) for_each_name(*operand, body);
}

void for_each_name(const syntax::Clause& clause, const std::function<void(const std::string&)>& body) {
  for (const auto& argument : clause.arguments)
    if (argument.expr) for_each_name(*argument.expr, body);
}

std::optional<Wide> known_number(const Expr& e, const Lets& lets) {
  diagnostics::Sink ignored;
  model::Value v = evaluate(e, LiteralScope(lets), ignored);
  if (v.is_known() && v.is_number()) return v.number();
  return std::nullopt;
}

std::optional<RangeSet> known_ranges(const Expr& e, const Lets& lets) {
  diagnostics::Sink ignored;
  model::Value v = evaluate(e, LiteralScope(lets), ignored, model::Type::kRanges);
  if (v.is_known() && (v.type() == model::Type::kRange || v.type() == model::Type::kRanges)) return v.ranges();
  return std::nullopt;
}

}  // namespace baton::lint
