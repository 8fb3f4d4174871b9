// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Precedence climbing over arguments. See word_operators.h.
#include "syntax/word_operators.h"

#include "syntax/tokens.h"

namespace baton::syntax {
namespace {

bool is_comparison_sign(std::string_view op) {
  return op == "==" || op == "!=" || op == "<" || op == "<=" || op == ">" || op == ">=";
}

/// An operand, or an operator when `op` is not empty.
struct Piece {
  ExprPtr operand;
  std::string op;
  Span span;
  size_t item;
};

class Climber {
 public:
  explicit Climber(std::span<const ExprPtr> items) : items_(items) {
    for (size_t i = 0; i < items.size(); ++i) flatten(items[i], i);
  }

  Combination run() {
    Combination result;
    result.expr = disjunction();
    result.used = at_ < pieces_.size() ? pieces_[at_].item : items_.size();
    if (!result.expr) {
      result.failed_at = failed_at_;
      result.after = after_;
    }
    return result;
  }

 private:
  /// A comparison without parentheses becomes its parts; its left side may be one again.
  void flatten(const ExprPtr& item, size_t index) {
    std::vector<const ExprPtr*> rights;
    std::vector<const Expr*> comparisons;
    const ExprPtr* left = &item;
    while ((*left)->kind == Expr::Kind::kBinary && !(*left)->parenthesized &&
           is_comparison_sign((*left)->text)) {
      comparisons.push_back(left->get());
      rights.push_back(&(*left)->operands[1]);
      left = &(*left)->operands[0];
    }
    word_or_operand(*left, index);
    for (size_t i = comparisons.size(); i-- > 0;) {
      Span sign{item->span.file, pieces_.back().span.end, (*rights[i])->span.begin};
      pieces_.push_back({nullptr, comparisons[i]->text, sign, index});
      word_or_operand(*rights[i], index);
    }
  }

  void word_or_operand(const ExprPtr& expr, size_t index) {
    bool word = expr->kind == Expr::Kind::kName && !expr->parenthesized && is_word_operator(expr->text);
    pieces_.push_back({word ? nullptr : expr, word ? expr->text : "", expr->span, index});
  }

  bool take(std::string_view op) {
    if (at_ >= pieces_.size() || pieces_[at_].op != op) return false;
    ++at_;
    return true;
  }

  bool at_comparison() const {
    if (at_ >= pieces_.size()) return false;
    const std::string& op = pieces_[at_].op;
    return is_comparison_sign(op) || op == "in" || op == "within" || op == "disjoint";
  }

  ExprPtr operand() {
    if (at_ < pieces_.size() && pieces_[at_].operand) return pieces_[at_++].operand;
    if (at_ < pieces_.size()) {
      failed_at_ = pieces_[at_].span;
    } else if (!pieces_.empty()) {
      failed_at_ = pieces_.back().span;
      failed_at_.begin = failed_at_.end;
    }
    if (at_ > 0) after_ = pieces_[at_ - 1].op;
    return nullptr;
  }

  ExprPtr exception() {
    ExprPtr left = operand();
    while (left && take("except")) {
      ExprPtr right = operand();
      left = right ? make_binary("except", left, right) : nullptr;
    }
    return left;
  }

  ExprPtr comparison() {
    ExprPtr left = exception();
    while (left && at_comparison()) {
      std::string op = pieces_[at_++].op;
      ExprPtr right = exception();
      left = right ? make_binary(op, left, right) : nullptr;
    }
    return left;
  }

  ExprPtr negation() {
    std::vector<Span> nots;
    while (at_ < pieces_.size() && pieces_[at_].op == "not") nots.push_back(pieces_[at_++].span);
    ExprPtr expr = comparison();
    for (; expr && !nots.empty(); nots.pop_back()) {
      auto negated = std::make_shared<Expr>();
      negated->kind = Expr::Kind::kNot;
      negated->span = source::cover(nots.back(), expr->span);
      negated->text = "not";
      negated->operands = {expr};
      expr = negated;
    }
    return expr;
  }

  ExprPtr conjunction() {
    ExprPtr left = negation();
    while (left && take("and")) {
      ExprPtr right = negation();
      left = right ? make_binary("and", left, right) : nullptr;
    }
    return left;
  }

  ExprPtr disjunction() {
    ExprPtr left = conjunction();
    while (left && take("or")) {
      ExprPtr right = conjunction();
      left = right ? make_binary("or", left, right) : nullptr;
    }
    return left;
  }

  std::span<const ExprPtr> items_;
  std::vector<Piece> pieces_;
  size_t at_ = 0;
  Span failed_at_;
  std::string after_;
};

}  // namespace

ExprPtr make_binary(std::string op, ExprPtr left, ExprPtr right) {
  auto binary = std::make_shared<Expr>();
  binary->kind = Expr::Kind::kBinary;
  binary->span = source::cover(left->span, right->span);
  binary->text = std::move(op);
  binary->operands = {std::move(left), std::move(right)};
  return binary;
}

Combination combine(std::span<const ExprPtr> items) { return Climber(items).run(); }

}  // namespace baton::syntax
