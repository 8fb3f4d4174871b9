// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Structure from `;` and braces. See outline.h.
#include "syntax/outline.h"

#include <algorithm>

#include "diagnostics/suggest.h"
#include "syntax/clause_table.h"
#include "syntax/literals.h"

namespace baton::syntax {
namespace {

using diagnostics::Code;
using K = TokenKind;

constexpr size_t kNone = ~size_t{0};

class Outliner {
 public:
  Outliner(const std::vector<Token>& tokens, source::FileId file, const source::SourceSet& sources,
           diagnostics::Sink& sink)
      : tokens_(tokens), file_(file), text_(sources.text(file)), sink_(sink) {
    match_braces();
  }

  Outline run() {
    language_line();
    while (outline_.readable && !at(K::kEnd) && !sink_.full()) declaration();
    return std::move(outline_);
  }

 private:
  const Token& token(size_t i) const { return tokens_[std::min(i, tokens_.size() - 1)]; }
  bool at(K kind) const { return token(at_).is(kind); }
  Span span(size_t i) const { return Span{file_, token(i).begin, token(i).end}; }
  std::string text(size_t i) const {
    return token(i).is(K::kEnd) ? "the end of the file"
                                : "`" + std::string(text_.substr(token(i).begin, token(i).end - token(i).begin)) + "`";
  }
  std::string_view word(size_t i) const {
    return text_.substr(token(i).begin, token(i).end - token(i).begin);
  }
  diagnostics::Diagnostic& report(Code code, Span where, std::string message) {
    outline_.clean = false;
    return sink_.report(code, where, std::move(message));
  }

  /// For each `{`: its `}`. And how many `}` the file has too many or too few: where there is doubt, each
  /// is a brace that was forgotten.
  void match_braces() {
    match_.assign(tokens_.size(), kNone);
    std::vector<size_t> open;
    size_t openers = 0, closers = 0;
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].is(K::kLeftBrace)) {
        open.push_back(i);
        ++openers;
      } else if (tokens_[i].is(K::kRightBrace)) {
        ++closers;
        if (open.empty()) continue;
        match_[open.back()] = i;
        open.pop_back();
      }
    }
    surplus_ = closers > openers ? closers - openers : 0;
    deficit_ = openers > closers ? openers - closers : 0;
  }

  /// Whether a declaration begins here, whatever is still open. `machine` and `loader` may be names,
  /// and an indented `let` or `use` is rather one that was put into a block by mistake.
  bool starts_declaration(size_t i) const {
    if (!token(i).first_on_line) return false;
    K kind = token(i).kind;
    if (kind == K::kMachine || kind == K::kLoader) {
      // No clause has such a head, and no value a name right behind it: with a `{` it is a header.
      if (!is_name(token(i + 1).kind)) return false;
      for (size_t k = i + 2; k < i + 32; ++k) {
        if (token(k).is(K::kLeftBrace)) return true;
        if (token(k).is(K::kSemicolon) || token(k).is(K::kRightBrace) || token(k).is(K::kEnd)) break;
      }
      return false;
    }
    if (kind == K::kLet || kind == K::kUse || kind == K::kLanguage)
      return token(i).begin == 0 || text_[token(i).begin - 1] == '\n';
    return kind == K::kConvention || kind == K::kHandoff;
  }

  void language_line() {
    if (!at(K::kLanguage)) {
      if (token(0).is(K::kName) && token(1).is(K::kInteger) && token(2).is(K::kSemicolon) &&
          !diagnostics::did_you_mean(word(0), {"language"}).empty()) {
        report(Code::missing_language, span(0), "the file does not open with `language 1;`")
            .at(diagnostics::meant_text("language"))
            .fix(span(0), "language");
        at_ = 3;
        return;
      }
      uint32_t start = text_.starts_with("\xef\xbb\xbf") ? 3 : 0;
      Span where = at(K::kEnd) ? Span{file_, start, start} : span(0);
      report(Code::missing_language, where, "the file does not open with `language 1;`")
          .fix(Span{file_, start, start}, "language 1;\n");
      return;
    }
    if (!token(1).is(K::kInteger)) {
      report(Code::syntax_error, span(1), "`language` needs a version: `language 1;`, not " + text(1));
      skip_line(0);
      return;
    }
    outline_.language_span = source::cover(span(0), span(1));
    auto version = integer_value(word(1));
    outline_.language = version ? static_cast<uint64_t>(*version) : 0;
    if (outline_.language != 1u) {
      report(Code::unsupported_language, span(1),
             "the file is written in language " + std::string(word(1)) +
                 "; this compiler knows language 1");
      outline_.readable = false;
      return;
    }
    at_ = 2;
    if (at(K::kSemicolon)) {
      ++at_;
    } else {
      missing_semicolon(1);
    }
  }

  void missing_semicolon(size_t after) {
    Span place{file_, token(after).end, token(after).end};
    report(Code::missing_semicolon, place, "`;` is missing after " + text(after)).fix(place, ";");
  }

  /// Past the `;` that ends the line, or before what looks like the next declaration.
  void skip_line(size_t from) {
    at_ = from + 1;
    while (!at(K::kEnd) && !starts_declaration(at_)) {
      if (token(at_++).is(K::kSemicolon)) return;
      if (token(at_ - 1).is(K::kLeftBrace) && match_[at_ - 1] != kNone) {
        at_ = match_[at_ - 1] + 1;
        return;
      }
    }
  }

  std::vector<size_t> docs() {
    std::vector<size_t> found;
    while (at(K::kDoc)) found.push_back(at_++);
    return found;
  }

  void declaration() {
    lost_ = false;
    OutlinePiece piece;
    piece.docs = docs();
    piece.first = at_;
    switch (token(at_).kind) {
      case K::kUse:
      case K::kLet:
        statement(piece, 0, std::nullopt);
        outline_.declarations.push_back(std::move(piece));
        return;
      case K::kConvention:
      case K::kMachine:
      case K::kLoader:
      case K::kHandoff:
        header(piece, token(at_).kind);
        outline_.declarations.push_back(std::move(piece));
        return;
      case K::kEnd:
        return;
      case K::kLanguage:
        report(Code::syntax_error, span(at_), "`language` stands once, and opens the file");
        skip_line(at_);
        return;
      case K::kRightBrace:
        report(Code::stray_brace, span(at_), "this `}` closes nothing");
        ++at_;
        return;
      case K::kSemicolon:
        report(Code::syntax_error, span(at_), "`;` ends nothing here").fix(span(at_), "");
        ++at_;
        return;
      default:
        if (!closed_too_early(piece)) no_declaration(piece);
    }
  }

  /// After a `}` too many a declaration seems to end, and its next clause stands alone.
  bool closed_too_early(const OutlinePiece& found) {
    if (surplus_ == 0 || outline_.declarations.empty() || !outline_.declarations.back().has_block ||
        found.first == 0)
      return false;
    size_t close = found.first - found.docs.size() - 1;
    bool clause = is_name(token(at_).kind) || at(K::kEnsures) || at(K::kExpects);
    if (!token(close).is(K::kRightBrace) || !clause || !is_head(last_context_, head_at(at_))) return false;
    --surplus_;
    report(Code::stray_brace, span(close), "this `}` closes nothing")
        .label(span(at_), text(at_) + " belongs to the declaration before it");
    at_ -= found.docs.size();
    block(outline_.declarations.back(), 1, last_context_, kNone);
    return true;
  }

  /// A misspelt word that opens a declaration is read as the one that was meant.
  void no_declaration(OutlinePiece& piece) {
    auto& diagnostic = report(Code::syntax_error, span(at_), text(at_) + " starts no declaration");
    diagnostic.note("a file consists of use, let, convention, machine, loader and handoff");
    static constexpr std::pair<std::string_view, K> kDeclarations[] = {
        {"use", K::kUse},         {"let", K::kLet},       {"convention", K::kConvention},
        {"machine", K::kMachine}, {"loader", K::kLoader}, {"handoff", K::kHandoff}};
    std::vector<std::string_view> words;
    for (const auto& [name, kind] : kDeclarations) words.push_back(name);
    std::string_view near = diagnostics::did_you_mean(word(at_), words);
    if (!near.empty() && token(at_).is(K::kName)) {
      diagnostic.at(diagnostics::meant_text(near)).fix(span(at_), std::string(near));
      K kind = std::find_if(std::begin(kDeclarations), std::end(kDeclarations),
                            [&](const auto& d) { return d.first == near; })->second;
      bool path = token(at_ + 1).is(K::kString);
      if (kind == K::kUse ? path : is_name(token(at_ + 1).kind)) {
        outline_.corrected.emplace_back(at_, kind);
        if (kind == K::kUse || kind == K::kLet) statement(piece, 0, std::nullopt);
        else header(piece, kind);
        outline_.declarations.push_back(std::move(piece));
        return;
      }
    }
    piece.last = at_ + 1;
    while (!token(piece.last).is(K::kEnd) && !token(piece.last).is(K::kSemicolon) &&
           !token(piece.last).is(K::kLeftBrace) && !token(piece.last).first_on_line)
      ++piece.last;
    piece.reported = true;
    outline_.skipped.push_back(piece);
    skip_line(at_);
  }

  void header(OutlinePiece& piece, K kind) {
    Context context = kind == K::kConvention ? Context::kConvention
                      : kind == K::kMachine  ? Context::kMachine
                      : kind == K::kLoader   ? Context::kLoader
                                             : Context::kHandoff;
    last_context_ = context;
    ++at_;
    while (!at(K::kLeftBrace) && !at(K::kRightBrace) && !at(K::kSemicolon) && !at(K::kEnd) &&
           !starts_declaration(at_) && !at(K::kDoc)) {
      if (opener_forgotten(piece, context)) return;
      ++at_;
    }
    piece.last = at_;
    if (at(K::kLeftBrace)) {
      ++at_;
      block(piece, 1, context, piece.last);
      return;
    }
    piece.end = token(at_ - 1).end;
    piece.reported = true;
    Span place = at(K::kSemicolon) ? span(at_) : Span{file_, piece.end, piece.end};
    report(Code::missing_block, place,
           text(piece.first) + " needs a block: `{` is missing after " + text(at_ - 1));
    if (at(K::kSemicolon)) ++at_;
  }

  /// A `{` is missing here if the file has a `}` too many and the next words open a clause of the block.
  /// Then the block is read as if it stood here.
  bool opener_forgotten(OutlinePiece& piece, std::optional<Context> context, size_t depth = 0) {
    bool section = token(piece.first).is(K::kEnsures) || token(piece.first).is(K::kExpects);
    if (surplus_ == 0 || !context || at_ < piece.first + 2 || !ends_value(token(at_ - 1).kind) ||
        is_word_operator(word(at_ - 1)))
      return false;
    if (depth == 0 && !token(at_).first_on_line) return false;
    bool opens_clause = (is_name(token(at_).kind) || at(K::kString) || at(K::kEnsures) || at(K::kExpects)) &&
                        is_head(*context, head_at(at_));
    if (!opens_clause && !(section && token(at_).first_on_line)) return false;
    --surplus_;
    piece.last = at_;
    Span place{file_, token(at_ - 1).end, token(at_ - 1).end};
    report(Code::missing_block, place, "a block opens here: `{` is missing after " + text(at_ - 1))
        .fix(place, " {");
    block(piece, depth + 1, context, kNone);
    return true;
  }

  /// From behind `{` past its `}`; `depth` counts the blocks that are open then. Without a context the
  /// block belongs to no clause that is known; without an opener its `{` was reported as missing.
  void block(OutlinePiece& piece, size_t depth, std::optional<Context> context, size_t open) {
    piece.has_block = true;
    bool section = token(piece.first).is(K::kEnsures) || token(piece.first).is(K::kExpects);
    for (;;) {
      OutlinePiece inner;
      inner.docs = docs();
      inner.first = at_;
      piece.end = token(at_).end;
      if (at(K::kRightBrace)) {
        ++at_;
        return;
      }
      bool next_section = at(K::kEnsures) || at(K::kExpects);
      if (sink_.full()) return;
      if (at(K::kEnd) || starts_declaration(at_) || (next_section && section)) {
        piece.end = token(at_ - 1).end;
        unclosed(open);
        if (at_ > 0) at_ -= inner.docs.size();  // they document what follows
        return;
      }
      if (at(K::kSemicolon)) {
        report(Code::syntax_error, span(at_), "`;` ends nothing here").fix(span(at_), "");
        ++at_;
        continue;
      }
      if (at(K::kLeftBrace)) {
        report(Code::syntax_error, span(at_), "a block belongs to a clause, and `{` follows none");
        inner.reported = true;
        inner.last = at_;
        if (depth < kMaxNesting) {
          ++at_;
          block(inner, depth + 1, std::nullopt, inner.last);
        } else {
          skip_deep();
        }
        continue;
      }
      if (at(K::kLet) || at(K::kUse) || at(K::kLanguage)) {
        report(Code::syntax_error, span(at_), text(at_) + " stands outside of every block");
        inner.reported = true;
      }
      statement(inner, depth, context);
      piece.block.push_back(std::move(inner));
    }
  }

  void unclosed(size_t open) {
    outline_.clean = false;
    if (lost_ || open == kNone) return;  // the nesting that was skipped has swallowed the `}`
    auto& diagnostic = report(Code::unclosed_block, span(open), "this `{` is never closed");
    if (!at(K::kEnd)) diagnostic.label(span(at_), text(at_) + " starts outside of it");
  }

  /// Is the `{` at `i` of a statement the start of its block?
  bool is_block(size_t i) const {
    return !leads_value(token(i - 1).kind, word(i - 1));
  }

  /// Reads to the `;` or through the block. Leaves `at_` behind it.
  void statement(OutlinePiece& piece, size_t depth, std::optional<Context> context) {
    size_t parens = 0, sets = 0, length = 0;
    for (;; ++at_) {
      const Token& t = token(at_);
      bool first = at_ == piece.first;
      if (t.is(K::kSemicolon) && !(sets > 0 && stray_in_set(piece))) {
        piece.last = at_;
        piece.end = t.end;
        ++at_;
        return;
      }
      if (t.is(K::kRightBrace) && sets == 0 && !first && surplus_ > 0 && goes_on(at_ + 1)) {
        --surplus_;
        report(Code::stray_brace, span(at_), "this `}` closes nothing");
        piece.reported = true;
        continue;
      }
      if (depth > 0 && depth < kMaxNesting && context && parens == 0 && sets == 0 && surplus_ > 0) {
        piece.last = at_;
        if (opener_forgotten(piece, inner_context(piece, *context), depth)) return;
      }
      bool closes_outside = t.is(K::kRightBrace) && sets == 0;
      bool next_begins =
          !first && (starts_declaration(at_) ||
                     (t.first_on_line && (t.is(K::kEnsures) || t.is(K::kExpects))) ||
                     (context && parens == 0 && sets == 0 && starts_clause(piece.first, *context)));
      if (t.is(K::kEnd) || closes_outside || next_begins || t.is(K::kDoc)) {
        piece.last = at_;
        piece.end = token(at_ - 1).end;
        // An open parenthesis or an operator without its right side is the mistake then, and is
        // reported when the piece is parsed.
        outline_.clean = false;
        K last = token(at_ - 1).kind;
        bool dangles = is_operator(last) || last == K::kComma || last == K::kEquals ||
                       last == K::kColon || last == K::kAt;
        if (parens == 0 && sets == 0 && !piece.reported && !dangles) missing_semicolon(at_ - 1);
        return;
      }
      if (t.is(K::kLeftBrace) && parens == 0 && sets == 0 && depth > 0 && is_block(at_)) {
        piece.last = at_;
        if (depth >= kMaxNesting) {
          too_deep(piece);
          piece.end = token(at_ - 1).end;
        } else {
          ++at_;
          block(piece, depth + 1, context ? inner_context(piece, *context) : std::nullopt, piece.last);
        }
        return;
      }
      bool opens = t.is(K::kLeftBrace) || t.is(K::kLeftParen) || t.is(K::kCall);
      if (opens && depth + parens + sets >= kMaxNesting) {
        too_deep(piece);
        --at_;  // the loop steps over what was skipped
        continue;
      }
      if (t.is(K::kLeftBrace)) ++sets;
      if (t.is(K::kRightBrace)) --sets;
      if (t.is(K::kLeftParen) || t.is(K::kCall)) ++parens;
      if (t.is(K::kRightParen) && parens > 0) --parens;
      length = t.is(K::kComma) && parens == 0 && sets == 0 ? 0 : length + 1;
      if (length == kMaxExpressionTokens + 1 && !piece.reported) {
        report(Code::nesting_too_deep, span(at_),
               "an expression has at most " + std::to_string(kMaxExpressionTokens) + " words and signs");
        piece.reported = true;
      }
      if (at_ - piece.first == kMaxClauseTokens && !piece.reported) {
        report(Code::limit_reached, span(piece.first),
               "a clause has at most " + std::to_string(kMaxClauseTokens) + " words and signs, and this one has more");
        piece.reported = true;
      }
    }
  }

  /// Whether what stands here goes on with a clause, so that a `}` before it was no block's.
  bool goes_on(size_t i) const {
    K kind = token(i).kind;
    return kind == K::kSemicolon || kind == K::kComma || kind == K::kRightParen || is_operator(kind);
  }

  /// The dotted name at `i`, or kPropertyHead for a string.
  std::string head_at(size_t i) const {
    if (token(i).is(K::kString)) return std::string(kPropertyHead);
    std::string head(word(i));
    for (; token(i + 1).is(K::kDot) && is_name(token(i + 2).kind); i += 2)
      head += "." + std::string(word(i + 2));
    return head;
  }

  uint32_t column(size_t i) const {
    uint32_t begin = token(i).begin;
    size_t line = begin == 0 ? text_.npos : text_.rfind('\n', begin - 1);
    return line == text_.npos ? begin : begin - static_cast<uint32_t>(line) - 1;
  }

  /// The one place where line breaks are looked at: arguments stand side by side, so `mode real` without
  /// its `;` would take in all of the next line. The next clause is seen to start where a head of this
  /// very block opens a line, no further right than the clause before, after a complete value. No shape
  /// in the clause table has such a word there, so a correct file reads the same in any layout.
  bool starts_clause(size_t first, Context context) const {
    const Token& t = token(at_);
    if (!t.first_on_line || at_ == first + 1 || !(is_name(t.kind) || t.is(K::kString))) return false;
    if (!ends_value(token(at_ - 1).kind) || !token(first).first_on_line) return false;
    if (is_word_operator(word(at_ - 1)) || column(at_) > column(first)) return false;
    return is_head(context, head_at(at_));
  }

  std::optional<Context> inner_context(const OutlinePiece& piece, Context outer) const {
    size_t at = piece.first;
    // `override segment s = file f {` has the block of what it overrides.
    while (at < piece.last && is_modifier(outer, word(at))) ++at;
    std::string head = head_at(at++);
    if (head == "segment")
      while (at < piece.last && !token(at - 1).is(K::kEquals)) ++at;
    std::string_view rest = head == "segment" ? kReopened : std::string_view();
    const ClauseForm* form = find(outer, head, at < piece.last ? word(at) : rest);
    return form ? form->block : std::nullopt;
  }

  /// `in { a; }` on one line is a set with a `;` too many. Over several lines, or in a file that lacks a
  /// `}`, the set is not closed, and the brace that is found is the surrounding block's.
  bool stray_in_set(const OutlinePiece& piece) {
    if (deficit_ > 0) {
      --deficit_;
      return false;
    }
    for (size_t i = at_; i > piece.first; --i) {
      if (!token(i).is(K::kLeftBrace)) continue;
      size_t close = match_[i];
      if (close == kNone || close < at_) continue;
      for (size_t k = i + 1; k <= close; ++k)
        if (token(k).first_on_line) return false;
      return true;
    }
    return false;
  }

  void too_deep(OutlinePiece& piece) {
    if (!piece.reported)
      report(Code::nesting_too_deep, span(at_),
             "braces and parentheses stand inside each other more than " +
                 std::to_string(kMaxNesting) + " deep");
    piece.reported = true;
    outline_.lost = true;
    skip_deep();
  }

  /// Past what the opener at `at_` encloses; for parentheses at most to the `;`.
  void skip_deep() {
    size_t braces = 0, parens = 0;
    do {
      const Token& t = token(at_);
      if (t.is(K::kEnd) || starts_declaration(at_)) {
        lost_ = true;
        return;
      }
      if (braces == 0 && t.is(K::kSemicolon)) return;
      if (t.is(K::kLeftBrace)) ++braces;
      if (t.is(K::kLeftParen) || t.is(K::kCall)) ++parens;
      if (t.is(K::kRightBrace)) {
        if (braces == 0) return;
        --braces;
      }
      if (t.is(K::kRightParen) && parens > 0) --parens;
      ++at_;
    } while (braces + parens > 0);
  }

  const std::vector<Token>& tokens_;
  source::FileId file_;
  std::string_view text_;
  diagnostics::Sink& sink_;
  std::vector<size_t> match_;
  size_t at_ = 0;
  size_t surplus_ = 0;
  size_t deficit_ = 0;
  Context last_context_ = Context::kFile;  // of the last declaration with a block
  bool lost_ = false;
  Outline outline_;
};

}  // namespace

Outline read_outline(const std::vector<Token>& tokens, source::FileId file,
                     const source::SourceSet& sources, diagnostics::Sink& sink) {
  return Outliner(tokens, file, sources, sink).run();
}

}  // namespace baton::syntax
