// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The wording of syntax errors. See complaint.h.
#include "syntax/complaint.h"

#include <algorithm>

namespace baton::syntax {
namespace {

using diagnostics::Code;
using source::Span;
using K = TokenKind;

constexpr size_t kNone = ~size_t{0};

class Complaint {
 public:
  Complaint(const std::vector<Token>& tokens, size_t first, size_t last, size_t stop,
            source::FileId file, const source::SourceSet& sources, diagnostics::Sink& sink)
      : tokens_(tokens), first_(first), last_(last), stop_(std::min(stop, last)), file_(file),
        text_(sources.text(file)), sink_(sink) {}

  void run() {
    find_brackets();
    if (stray_close_ <= stop_ && stray_close_ < last_) {
      sink_.report(Code::syntax_error, span(stray_close_), text(stray_close_) + " closes nothing")
          .fix(span(stray_close_), "");
    } else if (stop_ < last_ && is_reserved(kind(stop_)) && stop_ > first_) {
      sink_.report(Code::reserved_word, span(stop_),
                   text(stop_) + " is a reserved word and cannot be a name");
    } else if (declares()) {
      header();
    } else {
      clause();
    }
  }

 private:
  K kind(size_t i) const { return i < last_ ? tokens_[i].kind : K::kEnd; }
  Span span(size_t i) const { return Span{file_, tokens_[i].begin, tokens_[i].end}; }
  Span behind(size_t i) const { return Span{file_, tokens_[i].end, tokens_[i].end}; }
  std::string text(size_t i) const {
    return "`" + std::string(text_.substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin)) + "`";
  }
  std::string text(size_t from, size_t to) const {
    return "`" + std::string(text_.substr(tokens_[from].begin, tokens_[to].end - tokens_[from].begin)) +
           "`";
  }
  bool declares() const {
    K start = kind(first_);
    return (is_reserved(start) && start != K::kEnsures && start != K::kExpects) ||
           ((start == K::kMachine || start == K::kLoader) && kind(first_ + 1) != K::kDot &&
            is_name(kind(first_ + 1)));
  }

  /// The innermost opener that is open at the end, and the first closer without an opener.
  void find_brackets() {
    std::vector<size_t> open;
    for (size_t i = first_; i < last_; ++i) {
      K k = kind(i);
      if (k == K::kLeftParen || k == K::kCall || k == K::kLeftBrace) {
        open.push_back(i);
      } else if (k == K::kRightParen || k == K::kRightBrace) {
        bool fits = !open.empty() && (kind(open.back()) == K::kLeftBrace) == (k == K::kRightBrace);
        if (fits) {
          open.pop_back();
        } else if (open.empty() && stray_close_ == kNone) {
          stray_close_ = i;
        } else if (!open.empty()) {
          mismatched_ = open.back();
          break;
        }
      }
    }
    if (mismatched_ == kNone && !open.empty()) mismatched_ = open.back();
  }

  void not_closed() {
    const Token& t = tokens_[mismatched_];
    Span opener{file_, t.end - 1, t.end};
    bool set = kind(mismatched_) == K::kLeftBrace;
    auto& report = sink_.report(Code::unclosed_parenthesis, opener,
                                set ? "the `{` of this set is never closed" : "this `(` is never closed");
    if (stop_ < last_ && stop_ != mismatched_)
      report.label(span(stop_), text(stop_) + " stands where `" + (set ? "}" : ")") + "` is wanted");
  }

  void header() {
    K start = kind(first_);
    std::string form = start == K::kUse          ? "use \"FILE\";"
                       : start == K::kLet        ? "let NAME = VALUE;"
                       : start == K::kConvention ? "convention NAME@N [extends NAME@N] { ... }"
                       : start == K::kLoader     ? "loader NAME@N [extends NAME@N] { ... }"
                       : start == K::kMachine    ? "machine NAME [from dtb \"FILE\"] { ... }"
                                                 : "handoff NAME[@N] [extends NAME@N] [on MACHINE] [via LOADER@N] { ... }";
    size_t before = stop_ - 1;
    bool in_value = start == K::kLet && stop_ > first_ + 2;
    if (in_value) {
      clause();
      return;
    }
    bool wants_version = stop_ > first_ + 1 && is_name(kind(before)) &&
                         (start == K::kConvention || start == K::kLoader || versioned_before(before) ||
                          (start == K::kHandoff && kind(before - 1) == K::kDot));
    std::string what =
        wants_version ? text(dotted_start(before), before) + " needs a version: NAME@N"
        : kind(before) == K::kAt && stop_ > first_ + 1
            ? "a version is a number: " + (stop_ < last_ ? text(stop_) + " stands after `@`"
                                                         : std::string("nothing stands after `@`"))
        : stop_ < last_ ? text(stop_) + " cannot follow " + text(before)
                        : "something is missing after " + text(before);
    Span where = wants_version || stop_ >= last_ ? behind(before) : span(stop_);
    sink_.report(Code::syntax_error, where, what).note("the form is `" + form + "`");
  }

  /// The first token of the dotted name that ends at `i`.
  size_t dotted_start(size_t i) const {
    while (i > first_ + 2 && kind(i - 1) == K::kDot) i -= 2;
    return i;
  }

  /// Whether the dotted name that ends at `i` follows `via` or `extends`.
  bool versioned_before(size_t i) const {
    K before = kind(dotted_start(i) - 1);
    return before == K::kVia || before == K::kExtends;
  }

  void clause() {
    if (stop_ == first_) {
      sink_.report(Code::syntax_error, span(stop_),
                   "a clause begins with a word or a quoted property name, not with " + text(stop_));
      return;
    }
    K before = kind(stop_ - 1);
    K at = kind(stop_);
    bool open = mismatched_ != kNone && mismatched_ < stop_;
    if (at == K::kLeftBrace && kind(stop_ + 1) == K::kRightBrace) {
      sink_.report(Code::syntax_error, source::cover(span(stop_), span(stop_ + 1)),
                   "a set is never empty");
    } else if (before == K::kAt) {
      Span where = stop_ < last_ ? span(stop_) : behind(stop_ - 1);
      sink_.report(Code::syntax_error, where, "a version, a number, is missing after `@`");
    } else if (before == K::kDot) {
      Span where = stop_ < last_ ? span(stop_) : behind(stop_ - 1);
      sink_.report(Code::syntax_error, where, "a name is missing after `.`");
    } else if (is_operator(before) || before == K::kComma || before == K::kEquals ||
               before == K::kColon) {
      Span where = stop_ < last_ ? span(stop_) : behind(stop_ - 1);
      std::string found = stop_ < last_ ? ", before " + text(stop_) : "";
      sink_.report(Code::syntax_error, where, "a value is missing after " + text(stop_ - 1) + found);
    } else if (before == K::kLeftBrace && at == K::kRightBrace) {
      sink_.report(Code::syntax_error, source::cover(span(stop_ - 1), span(stop_)),
                   "a set is never empty");
    } else if (open) {
      not_closed();
    } else if (kind(first_) == K::kEnsures || kind(first_) == K::kExpects) {
      std::string form = kind(first_) == K::kEnsures ? "`ensures master`, `ensures slaves` or `ensures memory`"
                                                     : "`expects ROLE`";
      Span where = stop_ < last_ ? span(stop_) : behind(stop_ - 1);
      sink_.report(Code::syntax_error, where, form + " is meant here").note("a block follows it");
    } else if (stop_ >= last_) {
      sink_.report(Code::syntax_error, behind(stop_ - 1), "something is missing after " + text(stop_ - 1));
    } else if (at == K::kSemicolon) {
      sink_.report(Code::syntax_error, span(stop_), "`;` stands inside a set; a comma separates members");
    } else if (is_operator(at) || at == K::kComma) {
      sink_.report(Code::syntax_error, span(stop_), "a value is missing before " + text(stop_));
    } else {
      sink_.report(Code::syntax_error, span(stop_), text(stop_) + " cannot follow " + text(stop_ - 1));
    }
  }

  const std::vector<Token>& tokens_;
  size_t first_, last_, stop_;
  source::FileId file_;
  std::string_view text_;
  diagnostics::Sink& sink_;
  size_t stray_close_ = kNone;
  size_t mismatched_ = kNone;
};

}  // namespace

void complain(const std::vector<Token>& tokens, size_t first, size_t last, size_t stop,
              source::FileId file, const source::SourceSet& sources, diagnostics::Sink& sink) {
  Complaint(tokens, first, last, stop, file, sources, sink).run();
}

}  // namespace baton::syntax
