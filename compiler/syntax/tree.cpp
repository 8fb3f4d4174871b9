// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From parse tree to plain values. See tree.h.
#include "syntax/tree.h"

#include "syntax/literals.h"
#include "syntax/word_operators.h"

namespace baton::syntax {

using diagnostics::Code;

Span TreeBuilder::span(const antlr4::Token* token) const {
  return Span{file_, static_cast<uint32_t>(token->getStartIndex()),
              static_cast<uint32_t>(token->getStopIndex() + 1)};
}

Span TreeBuilder::span(const antlr4::ParserRuleContext* context) const {
  return source::cover(span(context->start), span(context->stop));
}

void TreeBuilder::mistake(Span where, std::string message) {
  if (!failed_) sink_.report(Code::syntax_error, where, std::move(message));
  failed_ = true;
}

std::string TreeBuilder::doc_text(uint32_t begin, uint32_t end) const {
  std::string_view line = text_.substr(begin + 3, end - begin - 3);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return std::string(line);
}

std::vector<std::string> TreeBuilder::docs(
    const std::vector<antlr4::tree::TerminalNode*>& nodes) const {
  std::vector<std::string> lines;
  for (auto* node : nodes) {
    Span where = span(node);
    lines.push_back(doc_text(where.begin, where.end));
  }
  return lines;
}

std::string TreeBuilder::dotted(Parser::DottedNameContext* context) const {
  std::string name;
  for (auto* part : context->name()) {
    if (!name.empty()) name += '.';
    name += text(span(part));
  }
  return name;
}

VersionedName TreeBuilder::versioned(Parser::VersionedNameContext* context) {
  VersionedName name;
  name.name = dotted(context->dottedName());
  // One beyond 64 bits was reported as a token.
  auto version = integer_value(text(span(context->Integer())));
  if (!version) failed_ = true;
  name.version = static_cast<uint64_t>(version.value_or(0));
  name.span = span(context);
  return name;
}

void TreeBuilder::declared_name(Declaration& declaration, Parser::NameContext* name) {
  declaration.name = text(span(name));
  declaration.name_span = span(name);
  if (name->Machine() || name->Loader()) {
    sink_.report(Code::reserved_word, declaration.name_span,
                 "`" + declaration.name + "` is a reserved word and no declaration's name");
    failed_ = true;
  }
}

void TreeBuilder::own_version(Declaration& declaration, Parser::VersionedNameContext* name) {
  VersionedName own = versioned(name);
  declaration.name = own.name;
  declaration.version = own.version;
  declaration.has_version = true;
  declaration.name_span = own.span;
}

std::optional<Declaration> TreeBuilder::use_or_let(Parser::UseLineContext* use,
                                                   Parser::LetLineContext* let, uint32_t end) {
  failed_ = false;
  Declaration declaration;
  if (use) {
    declaration.kind = Declaration::Kind::kUse;
    declaration.span = span(use);
    declaration.name_span = span(use->String());
    declaration.use_path = string_value(text(declaration.name_span)).text;
  } else {
    declaration.kind = Declaration::Kind::kLet;
    declaration.span = span(let);
    declared_name(declaration, let->name());
    declaration.value = group(let->group());
  }
  declaration.span.end = end;
  if (failed_) return std::nullopt;
  return declaration;
}

std::optional<Declaration> TreeBuilder::header(Parser::HeaderContext* context, uint32_t end) {
  failed_ = false;
  Declaration declaration;
  declaration.span = span(context);
  declaration.span.end = end;
  auto names = context->versionedName();
  if (context->Convention() || context->Loader()) {
    declaration.kind = context->Convention() ? Declaration::Kind::kConvention
                                             : Declaration::Kind::kLoader;
    own_version(declaration, names[0]);
    if (names.size() > 1) declaration.extends = versioned(names[1]);
  } else if (context->Machine()) {
    declaration.kind = Declaration::Kind::kMachine;
    declared_name(declaration, context->name(0));
    if (context->From()) {
      Span word = span(context->name(1));
      declaration.machine_source = text(word);
      declaration.machine_source_span = word;
      if (context->String()) {
        Span file = span(context->String());
        declaration.machine_source_span = source::cover(word, file);
        declaration.machine_file = string_value(text(file)).text;
      }
      bool dtb = declaration.machine_source == "dtb" && declaration.machine_file;
      bool live = declaration.machine_source == "live" && !declaration.machine_file;
      if (!dtb && !live)
        mistake(declaration.machine_source_span, "a machine comes `from dtb \"FILE\"` or `from live`");
    }
  } else {
    declaration.kind = Declaration::Kind::kHandoff;
    if (context->own) {
      own_version(declaration, context->own);
    } else {
      declared_name(declaration, context->name(0));
    }
    if (context->parent) declaration.extends = versioned(context->parent);
    if (context->machine) {
      declaration.on_span = span(context->machine);
      declaration.on = text(declaration.on_span);
    }
    if (context->loader) declaration.via = versioned(context->loader);
  }
  if (failed_) return std::nullopt;
  return declaration;
}

std::optional<Clause> TreeBuilder::statement(Parser::StatementContext* context, bool has_block,
                                             uint32_t end) {
  failed_ = false;
  Clause clause;
  clause.has_block = has_block;
  clause.span = span(context);
  clause.span.end = end;
  if (auto* head = context->head()) {
    clause.head_span = span(head);
    clause.head_is_string = head->String() != nullptr;
    clause.head = clause.head_is_string ? string_value(text(clause.head_span)).text
                                        : dotted(head->dottedName());
    if (auto* relation = context->relation()) clause.relation = text(span(relation));
    if (auto* list = context->argumentList()) {
      arguments(list, clause.arguments);
    } else if (!clause.relation.empty()) {
      mistake(span(context->relation()), "a value is missing after `" + clause.relation + "`");
    }
    if (!clause.arguments.empty()) {
      const Argument& last = clause.arguments.back();
      bool sign = last.kind == Argument::Kind::kEquals || last.kind == Argument::Kind::kColon;
      bool word = last.expr && last.expr->kind == Expr::Kind::kName && !last.expr->parenthesized &&
                  is_word_operator(last.expr->text);
      // `drop place tree within` names a clause by its key, and that one ends in such a word.
      bool key = clause.head == "drop" || clause.head == "unspecified";
      if (sign || (word && !key)) {
        Span after{file_, last.span.end, last.span.end};
        mistake(after, "a value is missing after `" + text(last.span) + "`");
      }
    }
  } else {
    auto* word = context->Ensures() ? context->Ensures() : context->Expects();
    clause.head_span = span(word);
    clause.head = text(clause.head_span);
    auto name = std::make_shared<Expr>();
    name->kind = Expr::Kind::kName;
    name->span = span(context->name());
    name->text = text(name->span);
    Argument argument;
    argument.span = name->span;
    argument.expr = std::move(name);
    clause.arguments.push_back(std::move(argument));
    if (!has_block) {
      Span after{file_, clause.arguments[0].span.end, clause.arguments[0].span.end};
      sink_.report(Code::missing_block, after, "`" + text(span(context)) + "` needs a block");
      failed_ = true;
    }
  }
  if (failed_) return std::nullopt;
  return clause;
}

void TreeBuilder::arguments(Parser::ArgumentListContext* context, std::vector<Argument>& into) {
  for (auto* child : context->children) {
    Argument argument;
    if (auto* comma = dynamic_cast<antlr4::tree::TerminalNode*>(child)) {
      argument.kind = Argument::Kind::kComma;
      argument.span = span(comma);
    } else {
      auto* part = static_cast<Parser::ArgumentContext*>(child);
      argument.span = span(part);
      if (part->Equals()) {
        argument.kind = Argument::Kind::kEquals;
      } else if (part->Colon()) {
        argument.kind = Argument::Kind::kColon;
      } else if (part->At()) {
        argument.kind = Argument::Kind::kVersion;
        auto version = integer_value(text(span(part->Integer())));
        if (!version) failed_ = true;
        argument.version = static_cast<uint64_t>(version.value_or(0));
      } else {
        argument.expr = expression(part->expression());
      }
    }
    into.push_back(std::move(argument));
  }
}

ExprPtr TreeBuilder::group(Parser::GroupContext* context) {
  std::vector<ExprPtr> items;
  for (auto* item : context->expression()) items.push_back(expression(item));
  Combination combined = combine(items);
  if (!combined.expr) {
    mistake(combined.failed_at, combined.after.empty()
                                    ? "a value is missing before `" + text(combined.failed_at) + "`"
                                    : "a value is missing after `" + combined.after + "`");
    return items[0];
  }
  if (combined.used < items.size())
    mistake(items[combined.used]->span, "an operator is missing before `" +
                                            text(items[combined.used]->span) + "`");
  return combined.expr;
}

ExprPtr TreeBuilder::expression(Parser::ExpressionContext* context) {
  auto expr = std::make_shared<Expr>();
  expr->span = span(context);
  auto operands = context->expression();
  if (context->Call()) {
    expr->kind = Expr::Kind::kCall;
    Span call = span(context->Call());
    --call.end;
    expr->text = text(call);
    for (auto* argument : context->callArgument()) {
      expr->argument_names.push_back(argument->name() ? text(span(argument->name())) : "");
      expr->operands.push_back(group(argument->group()));
    }
  } else if (context->LeftBrace()) {
    expr->kind = Expr::Kind::kSet;
    for (auto* member : context->group()) expr->operands.push_back(group(member));
  } else if (context->LeftParen()) {
    *expr = *group(context->group(0));
    expr->span = span(context);
    expr->parenthesized = true;
  } else if (context->Dot()) {
    expr->kind = Expr::Kind::kMember;
    expr->text = text(span(context->name()));
    expr->operands.push_back(expression(operands[0]));
  } else if (operands.size() == 2) {
    expr->kind = Expr::Kind::kBinary;
    // A `..` that was reported stands for `..<`.
    expr->text = context->RangeTo()
                     ? "..<"
                     : text(span(static_cast<antlr4::tree::TerminalNode*>(context->children[1])));
    expr->operands = {expression(operands[0]), expression(operands[1])};
    bool comparison = context->EqualEqual() || context->NotEqual() || context->LessEqual() ||
                      context->GreaterEqual() || context->Less() || context->Greater();
    // Under a comparison a word may still find its operands (combine), under `+` it cannot.
    for (const ExprPtr& operand : expr->operands) {
      bool word = operand->kind == Expr::Kind::kName && !operand->parenthesized &&
                  is_word_operator(operand->text);
      if (word && (!comparison || operand == expr->operands[1]))
        mistake(operand->span, "`" + operand->text + "` is an operator and no operand of `" +
                                   expr->text + "`");
    }
  } else if (context->Integer()) {
    auto value = integer_value(text(expr->span));
    expr->kind = value ? Expr::Kind::kInteger : Expr::Kind::kUnread;
    expr->integer = value.value_or(0);
  } else if (context->Size()) {
    auto value = size_value(text(expr->span));
    expr->kind = value ? Expr::Kind::kSize : Expr::Kind::kUnread;
    expr->integer = value.value_or(0);
  } else if (context->String()) {
    expr->kind = Expr::Kind::kString;
    expr->text = string_value(text(expr->span)).text;
  } else {
    expr->kind = Expr::Kind::kName;
    expr->text = text(expr->span);
  }
  return expr;
}

std::optional<Clause> TreeBuilder::clause(Parser::ClauseContext* context) {
  auto* body = context->block();
  auto result = statement(context->statement(), body != nullptr, span(context).end);
  // The inner clauses are read even when the head is wrong, for their own mistakes.
  std::vector<Clause> inner = body ? block(body) : std::vector<Clause>();
  if (!result) return std::nullopt;
  result->block = std::move(inner);
  result->doc = docs(context->Doc());
  return result;
}

std::vector<Clause> TreeBuilder::block(Parser::BlockContext* context) {
  std::vector<Clause> read;
  clauses(context->clause(), read);
  return read;
}

void TreeBuilder::clauses(const std::vector<Parser::ClauseContext*>& parts, std::vector<Clause>& into) {
  for (auto* part : parts)
    if (auto read = clause(part)) into.push_back(std::move(*read));
}

std::vector<Declaration> TreeBuilder::file(Parser::FileContext* context) {
  std::vector<Declaration> declarations;
  for (auto* part : context->declaration()) {
    uint32_t end = span(part).end;
    auto declaration = part->header() ? header(part->header(), end)
                                      : use_or_let(part->useLine(), part->letLine(), end);
    std::vector<Clause> clauses = part->block() ? block(part->block()) : std::vector<Clause>();
    if (!declaration) continue;
    declaration->clauses = std::move(clauses);
    declaration->doc = docs(part->Doc());
    declarations.push_back(std::move(*declaration));
  }
  return declarations;
}

}  // namespace baton::syntax
