// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading clauses by the clause table. See reader.h.
#include "check/reader.h"

#include "diagnostics/suggest.h"
#include "syntax/format.h"

namespace baton::check {

using diagnostics::Code;
using source::Span;
using syntax::Expr;

namespace {

syntax::PlainClause as_it_stands(const syntax::Clause& clause) {
  return {{}, clause.head, clause.head_span, clause.head_is_string, clause.relation, clause.arguments};
}

}  // namespace

ClauseReader::ClauseReader(const syntax::Clause& clause, syntax::Context context,
                           const source::SourceSet& sources, diagnostics::Sink& sink, bool modifiers)
    : clause_(clause),
      context_(context),
      sources_(sources),
      sink_(sink),
      plain_(modifiers ? syntax::unwrap(clause) : as_it_stands(clause)),
      arguments_(plain_.reader()) {
  if (!plain_.head.empty()) return;
  plain_.head = clause.head;
  plain_.head_span = clause.head_span;
  shape_error(arguments_.here(), "a clause after `" + clause.head + "`");
}

bool ClauseReader::may_be_so_marked() {
  const syntax::PlainClause::Marked* change = nullptr;
  for (const auto& marked : plain_.modifiers) {
    const syntax::ModifierForm& form = syntax::find(marked.modifier);
    if (!form.stands_in(context_)) {
      sink_.report(Code::misplaced_clause, marked.span,
                   "`" + std::string(form.word) + "` does not stand in " + std::string(syntax::to_text(context_)))
          .note("`" + std::string(form.shape) + "`: " + std::string(form.doc));
      return false;
    }
    // `unspecified bytes` of memory is a clause of its own, which can be dropped and overridden.
    bool own = marked.modifier == syntax::Modifier::kUnspecified && plain_.head == "bytes" &&
               context_ == syntax::Context::kEnsuresMemory;
    if (own || marked.modifier == syntax::Modifier::kIncidental) continue;
    if (change) {
      sink_.report(Code::clause_shape, marked.span,
                   "`" + std::string(syntax::find(change->modifier).word) + "` and `" + std::string(form.word) +
                       "` are two things to do with one clause")
          .label(change->span, "the other");
      return false;
    }
    change = &marked;
  }
  return true;
}

bool ClauseReader::known() {
  if (failed_ || sink_.full()) return false;
  const syntax::ClauseForm* form = syntax::find(context_, plain_);
  if (plain_.head_is_string) {
    if (syntax::find(context_, syntax::kPropertyHead)) return may_be_so_marked();
    sink_.report(Code::misplaced_clause, plain_.head_span,
                 "a property in quotes does not stand in " + std::string(syntax::to_text(context_)))
        .note("it stands in " + std::string(syntax::to_text(syntax::Context::kTreeNode)));
    return false;
  }
  if (!form) {
    std::string place = std::string(syntax::to_text(context_));
    if (auto contexts = syntax::contexts_of(plain_.head); !contexts.empty()) {
      std::string elsewhere;
      for (syntax::Context c : contexts)
        elsewhere += (elsewhere.empty() ? "" : ", ") + std::string(syntax::to_text(c));
      sink_.report(Code::misplaced_clause, plain_.head_span, "`" + plain_.head + "` does not stand in " + place)
          .note("it stands in " + elsewhere);
      return false;
    }
    auto& d = sink_.report(Code::unknown_clause, plain_.head_span, "unknown clause `" + plain_.head + "` in " + place);
    diagnostics::suggest(d, plain_.head, syntax::heads(context_), plain_.head_span);
    return false;
  }
  return may_be_so_marked();
}

void ClauseReader::shape_error(Span where, const std::string& what) {
  if (failed_) return;
  failed_ = true;
  auto& d = sink_.report(Code::clause_shape, where.valid() ? where : clause_.head_span,
                         "`" + plain_.head + "` needs " + what + " here");
  std::string shapes;
  std::string_view head = plain_.head_is_string ? syntax::kPropertyHead : std::string_view(plain_.head);
  for (const syntax::ClauseForm* form : syntax::forms(context_, head))
    shapes += (shapes.empty() ? "`" : " or `") + std::string(form->shape) + "`";
  if (shapes.empty())
    for (const syntax::ModifierForm& form : syntax::modifier_forms())
      if (form.word == plain_.head && form.stands_in(context_)) shapes = "`" + std::string(form.shape) + "`";
  if (!shapes.empty()) d.note("it is written " + shapes);
}

std::optional<Word> ClauseReader::name(std::string_view what) {
  if (failed_) return std::nullopt;
  if (auto n = arguments_.take_name()) return Word{n->text, n->span};
  shape_error(here(), std::string(what));
  return std::nullopt;
}

std::optional<Word> ClauseReader::dotted(std::string_view what) {
  if (failed_) return std::nullopt;
  if (auto n = arguments_.take_dotted_name()) return Word{n->text, n->span};
  shape_error(here(), std::string(what));
  return std::nullopt;
}

std::optional<std::string> ClauseReader::string(std::string_view what) {
  if (failed_) return std::nullopt;
  Span place = here();
  syntax::ExprPtr e = arguments_.take_expr();
  if (e && e->kind == Expr::Kind::kString) return e->text;
  shape_error(e ? e->span : place, std::string(what));
  return std::nullopt;
}

std::optional<Word> ClauseReader::versioned(std::string_view what) {
  auto n = dotted(what);
  if (!n) return std::nullopt;
  Span place = here();
  auto version = arguments_.take_version();
  if (!version) {
    shape_error(place.valid() ? place : n->span, "a version such as `" + n->text + "@1`");
    return std::nullopt;
  }
  return Word{n->text + "@" + std::to_string(*version), source::cover(n->span, place)};
}

syntax::ExprPtr ClauseReader::expr(std::string_view what, std::initializer_list<std::string_view> stop) {
  if (failed_) return nullptr;
  Span place = here();
  syntax::ExprPtr e = arguments_.take_expr(stop);
  if (!e) shape_error(place, std::string(what));
  return e;
}

bool ClauseReader::word(std::string_view wanted) {
  if (failed_) return false;
  if (arguments_.take_word(wanted)) return true;
  shape_error(here(), "`" + std::string(wanted) + "`");
  return false;
}

bool ClauseReader::equals() {
  if (failed_) return false;
  if (arguments_.take_equals()) return true;
  shape_error(here(), "`=`");
  return false;
}

bool ClauseReader::end(std::string* because) {
  if (failed_) return false;
  if (arguments_.take_word("because")) {
    auto reason = string("a reason in quotes after `because`");
    if (!reason) return false;
    if (because) *because = *reason;
  }
  if (!arguments_.at_end()) {
    shape_error(here(), "nothing more");
    return false;
  }
  return true;
}

std::string ClauseReader::text() const {
  return one_line(clause_.span, plain_.head_span, sources_);
}

std::string ClauseReader::one_line(Span span, Span head, const source::SourceSet& sources) {
  if (head.valid()) span.begin = head.begin;
  std::string line = syntax::one_line(sources.text(span));
  // A clause reads the same with and without its reason.
  if (size_t at = line.find(" because \""); at != std::string::npos) line.resize(at);
  return line;
}

}  // namespace baton::check
