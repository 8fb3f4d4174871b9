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

std::string canonical(const std::vector<syntax::ExprPtr>& list, bool ordered) {
  std::vector<std::string> texts;
  for (const auto& e : list) texts.push_back(canonical(*e));
  if (!ordered) std::sort(texts.begin(), texts.end());
  std::string all;
  for (const auto& text : texts) all += text + ",";
  return all;
}

std::string canonical(const Expr& e) {
  if (is_literal(e)) return hex(e.integer);
  std::string text = std::to_string(static_cast<int>(e.kind)) + "'" + e.text + "'(";
  for (const auto& name : e.argument_names) text += name + ":";
  return text + canonical(e.operands, e.kind != Expr::Kind::kSet) + ")";
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

std::optional<RangeSet> known_ranges(const std::vector<syntax::ExprPtr>& list, const Lets& lets) {
  std::vector<Range> all;
  for (const auto& e : list) {
    auto ranges = known_ranges(*e, lets);
    if (!ranges) return std::nullopt;
    all.insert(all.end(), ranges->begin(), ranges->end());
  }
  return RangeSet(std::move(all));
}

}  // namespace baton::lint
