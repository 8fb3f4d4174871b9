// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is one clause read: modifiers off, head known, arguments in their shape, mistakes in words?
//
// Every family of clauses reads through this, so that a misspelt head, a known word that is not served
// yet and an argument of the wrong shape are reported alike wherever they stand.
//
//   ClauseReader r(clause, "ensures master", sources, sink); r.head() == "msr"; auto field = r.name("a field");
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "diagnostics/diagnostic.h"
#include "syntax/arguments.h"
#include "syntax/ast.h"
#include "syntax/clause_table.h"

namespace baton::check {

struct Word {
  std::string text;
  source::Span span;
};

class ClauseReader {
 public:
  /// Takes off `incidental`, `override`, `drop` and `unspecified` where `modifiers` says they may stand.
  ClauseReader(const syntax::Clause& clause, syntax::Context context, const source::SourceSet& sources,
               diagnostics::Sink& sink, bool modifiers = false);
  ClauseReader(const ClauseReader&) = delete;

  const syntax::Clause& clause() const { return clause_; }
  const std::string& head() const { return plain_.head; }
  source::Span head_span() const { return plain_.head_span; }
  /// "<=" right after the head, or empty.
  const std::string& relation() const { return plain_.relation; }
  bool incidental() const { return plain_.has(syntax::Modifier::kIncidental); }
  bool overrides() const { return plain_.has(syntax::Modifier::kOverride); }
  bool drops() const { return plain_.has(syntax::Modifier::kDrop); }
  bool unspecified() const { return plain_.has(syntax::Modifier::kUnspecified); }

  /// Whether the clause may stand here and is read by this release; reports when not.
  bool known();
  /// Each reads one thing or reports the clause's shape, once, and answers nothing.
  std::optional<Word> name(std::string_view what);
  std::optional<Word> dotted(std::string_view what);
  std::optional<std::string> string(std::string_view what);
  std::optional<Word> versioned(std::string_view what);  // "linux.kexec@2005"
  syntax::ExprPtr expr(std::string_view what, std::initializer_list<std::string_view> stop = {});
  bool word(std::string_view wanted);     // required
  bool equals();                          // required
  bool take_word(std::string_view wanted) { return arguments_.take_word(wanted); }
  bool take_equals() { return arguments_.take_equals(); }
  bool take_comma() { return arguments_.take_comma(); }
  bool take_colon() { return arguments_.take_colon(); }
  bool at_end() const { return arguments_.at_end(); }
  source::Span here() const { return arguments_.here(); }
  /// `because "..."`, which any clause may carry, then the end of the clause. Without `because` the reason
  /// is for the reader of the program only.
  bool end(std::string* because = nullptr);
  bool failed() const { return failed_; }
  /// Reports the shape: "`place` is written `place ROLE within RANGES`".
  void shape_error(source::Span where, const std::string& what);

  /// The clause on one line, without modifiers, block and `;`.
  std::string text() const;
  static std::string one_line(source::Span clause, source::Span head, const source::SourceSet& sources);

 private:
  /// Whether its modifiers stand here, and no two of them say what becomes of it.
  bool may_be_so_marked();

  const syntax::Clause& clause_;
  syntax::Context context_;
  const source::SourceSet& sources_;
  diagnostics::Sink& sink_;
  syntax::PlainClause plain_;  // without its modifiers
  syntax::ArgumentReader arguments_;
  bool failed_ = false;
};

}  // namespace baton::check
