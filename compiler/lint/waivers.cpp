// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Comments that begin with `allow(`. See waivers.h.
#include "lint/waivers.h"

#include "diagnostics/suggest.h"
#include "syntax/tokens.h"

namespace baton::lint {

using diagnostics::Code;
using source::Span;
using syntax::TokenKind;

namespace {

std::string_view trimmed(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

class CommentReader {
 public:
  CommentReader(source::FileId file, const source::SourceSet& sources, diagnostics::SeverityPolicy& policy,
                Findings& found)
      : file_(file), text_(sources.text(file)), policy_(policy), found_(found) {
    diagnostics::Sink ignored;
    tokens_ = syntax::scan(syntax::readable_text(file, sources, ignored));
  }

  void run() {
    next_code_.resize(tokens_.size());
    for (size_t i = tokens_.size(), code = i - 1; i-- > 0;) {
      next_code_[i] = code;
      if (!tokens_[i].is(TokenKind::kLineComment) && !tokens_[i].is(TokenKind::kDoc)) code = i;
    }
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (!tokens_[i].is(TokenKind::kLineComment)) continue;
      std::string_view body = text_.substr(tokens_[i].begin + 2, tokens_[i].end - tokens_[i].begin - 2);
      if (trimmed(body).starts_with("allow(")) comment(i, body);
    }
  }

 private:
  Span span(size_t begin, size_t end) const {
    return {file_, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  }

  size_t line_end(size_t offset) const {
    size_t end = text_.find('\n', offset);
    return end == std::string_view::npos ? text_.size() : end;
  }

  /// The line that the waiver is for.
  Span region(size_t i) const {
    size_t at = tokens_[i].begin;
    if (tokens_[i].first_on_line) at = tokens_[next_code_[i]].begin;
    size_t begin = at == 0 ? std::string_view::npos : text_.rfind('\n', at - 1);
    return span(begin == std::string_view::npos ? 0 : begin + 1, line_end(at));
  }

  void comment(size_t i, std::string_view body) {
    const size_t base = tokens_[i].begin + 2;
    size_t open = body.find('('), close = body.find(')');
    Span whole = span(tokens_[i].begin, base + trimmed(body).size() + (body.find_first_not_of(" \t\r")));
    if (close == std::string_view::npos) {
      found_.report(Code::waiver_without_reason, whole, "this waiver does not close its `(`")
          .note("it is written `// allow(SLUG): reason`");
      return;
    }
    std::string_view rest = trimmed(body.substr(close + 1));
    bool reasoned = rest.starts_with(':') && !trimmed(rest.substr(1)).empty();
    if (!reasoned)
      found_.report(Code::waiver_without_reason, whole, "this waiver does not say why, and silences nothing")
          .note("it is written `// allow(SLUG): reason`");
    for (size_t at = open + 1; at <= close;) {
      size_t end = std::min(body.find(',', at), close);
      std::string_view slug = trimmed(body.substr(at, end - at));
      size_t begin = base + at + (slug.empty() ? 0 : body.substr(at, end - at).find(slug));
      one(slug, span(begin, begin + slug.size()), whole, reasoned ? region(i) : Span{});
      at = end + 1;
    }
  }

  void one(std::string_view slug, Span place, Span whole, Span region) {
    const auto* entry = diagnostics::find_entry(slug);
    if (entry != nullptr && diagnostics::can_be_dropped(entry->code)) {
      if (region.valid()) policy_.add({entry->code, diagnostics::Waiver::Reach::kLine, region, whole});
      return;
    }
    if (entry != nullptr) {
      found_.report(Code::unknown_waiver, place,
                   "`" + std::string(slug) + "` is an error, and only warnings and remarks can be waived");
      return;
    }
    auto& d = found_.report(Code::unknown_waiver, place, "there is no finding `" + std::string(slug) + "` to waive");
    diagnostics::suggest(d, slug, diagnostics::droppable_slugs(), place);
  }

  source::FileId file_;
  std::string_view text_;
  diagnostics::SeverityPolicy& policy_;
  Findings& found_;
  std::vector<syntax::Token> tokens_;  // the last one is the end of the file
  std::vector<size_t> next_code_;      // for each token the next that is no comment
};

}  // namespace

void read_waivers(const Subject& s, diagnostics::SeverityPolicy& policy, Findings& found) {
  for (const syntax::File& file : s.files) {
    if (!s.judged({file.id, 0, 0}) || s.sources.text(file.id).find("allow(") == std::string_view::npos) continue;
    CommentReader(file.id, s.sources, policy, found).run();
  }
  for (const auto& [name, handoff] : s.program.handoffs)
    for (const model::Allowance& a : handoff.allowed)
      policy.add({diagnostics::find_entry(a.slug)->code, diagnostics::Waiver::Reach::kDeclaration, handoff.span, a.span});
}

}  // namespace baton::lint
