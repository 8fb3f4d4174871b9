// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is a clause's flat argument list read, one clause shape at a time?
//
// An ArgumentReader walks the arguments from left to right: words, names, values, commas. What is not
// there is answered by false or nothing and consumes nothing; `here()` is then the place to point at, so
// that the caller, who knows the clause, words the message. Values are put together by take_expr, with
// the word operators at their precedence (word_operators.h).
//
//   remap 0x0 +: low to backup.start;
//   ArgumentReader in(clause); auto range = in.take_expr(); in.take_word("to"); auto to = in.take_expr();
#pragma once

#include <initializer_list>
#include <string_view>

#include "syntax/ast.h"

namespace baton::syntax {

struct Name {
  std::string text;  // "kernel", or "machine.kexec_slaves" from take_dotted_name
  Span span;
};

class ArgumentReader {
 public:
  /// The list must outlive the reader. `before` is what stands left of the first argument: the head.
  ArgumentReader(const std::vector<Argument>& arguments, Span before)
      : arguments_(arguments), before_(before) {}
  explicit ArgumentReader(const Clause& clause)
      : ArgumentReader(clause.arguments, clause.head_span) {}

  bool at_end() const { return at_ == arguments_.size(); }
  /// The next argument; null at the end.
  const Argument* peek(size_t ahead = 0) const {
    return at_ + ahead < arguments_.size() ? &arguments_[at_ + ahead] : nullptr;
  }
  /// The next argument's place; at the end the empty place behind the last one.
  Span here() const;
  /// From the next argument to the last: what is left over. Empty and behind the last at the end.
  Span rest() const;
  /// Consumes one argument, whatever it is.
  void skip() { if (!at_end()) ++at_; }

  /// A single word: a name without a dot.
  std::optional<Name> take_name();
  /// A name or a chain of members, `giver.tree`.
  std::optional<Name> take_dotted_name();
  /// linux.kexec@2005
  std::optional<VersionedName> take_versioned_name();
  std::optional<Name> take_string();
  bool at_word(std::string_view word) const;
  bool take_word(std::string_view word) { return take_if(at_word(word)); }
  bool at_equals() const { return at(Argument::Kind::kEquals); }
  bool take_equals() { return take_if(at_equals()); }
  bool at_colon() const { return at(Argument::Kind::kColon); }
  bool take_colon() { return take_if(at_colon()); }
  bool at_comma() const { return at(Argument::Kind::kComma); }
  bool take_comma() { return take_if(at_comma()); }
  std::optional<uint64_t> take_version();

  /// One expression. It ends before a comma, `=`, `:`, `@`, before a stop word, and before an operand that
  /// nothing connects to it. Null when there is none or an operand is missing: then nothing is
  /// consumed, failed_at() is the place and failed_after() the operator it is missing behind, or empty.
  ExprPtr take_expr(std::initializer_list<std::string_view> stop_words = {});
  Span failed_at() const { return failed_at_; }
  const std::string& failed_after() const { return failed_after_; }

 private:
  bool at(Argument::Kind kind) const { return !at_end() && arguments_[at_].kind == kind; }
  bool take_if(bool there) {
    if (there) ++at_;
    return there;
  }

  const std::vector<Argument>& arguments_;
  Span before_;
  size_t at_ = 0;
  Span failed_at_;
  std::string failed_after_;
};

enum class Modifier { kIncidental, kOverride, kDrop, kUnspecified };

/// A clause with its modifiers taken off: `override msr LE = giver` is `msr LE = giver`, overriding.
struct PlainClause {
  struct Marked {
    Modifier modifier;
    Span span;
  };
  std::vector<Marked> modifiers;  // in the order written
  std::string head;               // empty when a modifier stands alone
  Span head_span;
  bool head_is_string = false;    // a property of a tree node
  std::string relation;           // "<=" or ">=", as in Clause
  std::vector<Argument> arguments;

  bool has(Modifier modifier) const {
    for (const Marked& m : modifiers)
      if (m.modifier == modifier) return true;
    return false;
  }
  ArgumentReader reader() const { return ArgumentReader(arguments, head_span); }
};

/// Takes modifiers off the front. Not for the block of a tree node, where `drop` is a head of its own.
PlainClause unwrap(const Clause& clause);

/// "machine.rma" for a name or a chain of members of a name; nothing for other expressions.
std::optional<std::string> dotted_name(const Expr& expr);

}  // namespace baton::syntax
