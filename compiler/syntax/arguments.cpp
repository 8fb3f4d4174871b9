// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading arguments from left to right. See arguments.h.
#include "syntax/arguments.h"

#include <algorithm>

#include "syntax/word_operators.h"

namespace baton::syntax {
namespace {

std::optional<Modifier> modifier_of(std::string_view word) {
  if (word == "incidental") return Modifier::kIncidental;
  if (word == "override") return Modifier::kOverride;
  if (word == "drop") return Modifier::kDrop;
  if (word == "unspecified") return Modifier::kUnspecified;
  return std::nullopt;
}

/// `size <= 4KiB` behind a modifier reached us as one comparison: the bound goes back to the clause.
void split_relation(PlainClause& plain) {
  if (plain.arguments.empty() || !plain.arguments[0].expr) return;
  const ExprPtr expr = plain.arguments[0].expr;
  bool bound = expr->kind == Expr::Kind::kBinary && !expr->parenthesized &&
               (expr->text == "<=" || expr->text == ">=") && dotted_name(*expr->operands[0]);
  if (!bound) return;
  plain.head = *dotted_name(*expr->operands[0]);
  plain.head_span = expr->operands[0]->span;
  plain.relation = expr->text;
  plain.arguments[0].expr = expr->operands[1];
  plain.arguments[0].span = expr->operands[1]->span;
}

}  // namespace

std::optional<std::string> dotted_name(const Expr& expr) {
  std::vector<const Expr*> chain{&expr};
  while (chain.back()->kind == Expr::Kind::kMember && !chain.back()->parenthesized)
    chain.push_back(chain.back()->operands[0].get());
  if (chain.back()->kind != Expr::Kind::kName || chain.back()->parenthesized) return std::nullopt;
  std::string text = chain.back()->text;
  for (size_t i = chain.size() - 1; i-- > 0;) text += "." + chain[i]->text;
  return text;
}

Span ArgumentReader::here() const {
  if (!at_end()) return arguments_[at_].span;
  Span last = arguments_.empty() ? before_ : arguments_.back().span;
  last.begin = last.end;
  return last;
}

Span ArgumentReader::rest() const {
  return at_end() ? here() : source::cover(arguments_[at_].span, arguments_.back().span);
}

bool ArgumentReader::at_word(std::string_view word) const {
  if (!at(Argument::Kind::kExpr)) return false;
  const Expr& expr = *arguments_[at_].expr;
  return expr.is_name(word) && !expr.parenthesized;
}

std::optional<Name> ArgumentReader::take_name() {
  if (!at(Argument::Kind::kExpr)) return std::nullopt;
  const Expr& expr = *arguments_[at_].expr;
  if (expr.kind != Expr::Kind::kName || expr.parenthesized) return std::nullopt;
  ++at_;
  return Name{expr.text, expr.span};
}

std::optional<Name> ArgumentReader::take_dotted_name() {
  if (!at(Argument::Kind::kExpr)) return std::nullopt;
  auto text = dotted_name(*arguments_[at_].expr);
  if (!text) return std::nullopt;
  return Name{std::move(*text), arguments_[at_++].span};
}

std::optional<VersionedName> ArgumentReader::take_versioned_name() {
  const Argument* version = peek(1);
  if (!version || version->kind != Argument::Kind::kVersion) return std::nullopt;
  auto name = take_dotted_name();
  if (!name) return std::nullopt;
  ++at_;
  return VersionedName{std::move(name->text), version->version, source::cover(name->span, version->span)};
}

std::optional<Name> ArgumentReader::take_string() {
  if (!at(Argument::Kind::kExpr)) return std::nullopt;
  const Expr& expr = *arguments_[at_].expr;
  if (expr.kind != Expr::Kind::kString || expr.parenthesized) return std::nullopt;
  ++at_;
  return Name{expr.text, expr.span};
}

std::optional<uint64_t> ArgumentReader::take_version() {
  if (!at(Argument::Kind::kVersion)) return std::nullopt;
  return arguments_[at_++].version;
}

ExprPtr ArgumentReader::take_expr(std::initializer_list<std::string_view> stop_words) {
  std::vector<ExprPtr> items;
  for (size_t i = at_; i < arguments_.size(); ++i) {
    const Argument& argument = arguments_[i];
    if (argument.kind != Argument::Kind::kExpr) break;
    bool stops = argument.expr->kind == Expr::Kind::kName && !argument.expr->parenthesized &&
                 std::find(stop_words.begin(), stop_words.end(), argument.expr->text) != stop_words.end();
    if (stops) break;
    items.push_back(argument.expr);
  }
  failed_at_ = here();
  failed_after_.clear();
  if (items.empty()) return nullptr;
  Combination combined = combine(items);
  if (!combined.expr) {
    failed_at_ = combined.failed_at;
    failed_after_ = combined.after;
    return nullptr;
  }
  at_ += combined.used;
  return combined.expr;
}

PlainClause unwrap(const Clause& clause) {
  PlainClause plain;
  plain.head = clause.head;
  plain.head_span = clause.head_span;
  plain.head_is_string = clause.head_is_string;
  plain.relation = clause.relation;
  plain.arguments = clause.arguments;
  while (!plain.head_is_string) {
    auto modifier = modifier_of(plain.head);
    if (!modifier || !plain.relation.empty()) return plain;
    plain.modifiers.push_back({*modifier, plain.head_span});
    plain.head.clear();
    ArgumentReader next = plain.reader();
    auto head = next.take_dotted_name();
    // Only a property of a tree node is overridden by its name in quotes.
    if (!head && modifier == Modifier::kOverride && (head = next.take_string())) plain.head_is_string = true;
    if (!head) {
      split_relation(plain);
      return plain;
    }
    plain.head = head->text;
    plain.head_span = head->span;
    plain.arguments.erase(plain.arguments.begin());
  }
  return plain;
}

}  // namespace baton::syntax
