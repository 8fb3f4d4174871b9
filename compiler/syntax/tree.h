// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does the generated parser's tree become ours?
//
// Internal to this folder: the header names ANTLR types. A TreeBuilder copies one parse tree into plain
// values and reports what the grammar lets pass and the language does not: an operator word without an
// operand, `=` with nothing behind it, a declaration named `machine`.
#pragma once

#include <antlr4-runtime.h>

#include "BatonParser.h"
#include "diagnostics/diagnostic.h"
#include "syntax/ast.h"
#include "syntax/tokens.h"

namespace baton::syntax {

class TreeBuilder {
 public:
  TreeBuilder(source::FileId file, const source::SourceSet& sources, diagnostics::Sink& sink)
      : file_(file), text_(sources.text(file)), sink_(sink) {}

  using Parser = grammar::BatonParser;

  /// nullopt: a mistake was reported. `end` is the offset behind the `;` or the block.
  std::optional<Declaration> use_or_let(Parser::UseLineContext* use, Parser::LetLineContext* let,
                                        uint32_t end);
  std::optional<Declaration> header(Parser::HeaderContext* context, uint32_t end);
  /// A clause without its block.
  std::optional<Clause> statement(Parser::StatementContext* context, bool has_block, uint32_t end);
  std::vector<Declaration> file(Parser::FileContext* context);
  void clauses(const std::vector<Parser::ClauseContext*>& parts, std::vector<Clause>& into);
  /// The text of a `///` line, without the slashes and one blank.
  std::string doc_text(uint32_t begin, uint32_t end) const;

 private:
  Span span(const antlr4::ParserRuleContext* context) const;
  Span span(const antlr4::Token* token) const;
  Span span(antlr4::tree::TerminalNode* node) const { return span(node->getSymbol()); }
  std::string text(Span where) const { return std::string(text_.substr(where.begin, where.end - where.begin)); }
  void mistake(Span where, std::string message);

  std::string dotted(Parser::DottedNameContext* context) const;
  VersionedName versioned(Parser::VersionedNameContext* context);
  void declared_name(Declaration& declaration, Parser::NameContext* name);
  void own_version(Declaration& declaration, Parser::VersionedNameContext* name);
  std::vector<std::string> docs(const std::vector<antlr4::tree::TerminalNode*>& nodes) const;
  std::optional<Clause> clause(Parser::ClauseContext* context);
  std::vector<Clause> block(Parser::BlockContext* context);
  void arguments(Parser::ArgumentListContext* context, std::vector<Argument>& into);
  ExprPtr expression(Parser::ExpressionContext* context);
  ExprPtr group(Parser::GroupContext* context);

  source::FileId file_;
  std::string_view text_;
  diagnostics::Sink& sink_;
  bool failed_ = false;
};

}  // namespace baton::syntax
