// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every mistake that one token can have, reported once and mended. See tokens.h.
//
//   `within 0x0 .. 64KB;`  ->  two messages with fix-its, and the parser sees `within 0x0 ..< 64KiB;`
#include <algorithm>

#include "syntax/literals.h"
#include "syntax/tokens.h"

namespace baton::syntax {
namespace {

using diagnostics::Code;
using diagnostics::Sink;
using source::Span;

/// The length of the well-formed UTF-8 character at `at` (shortest form, no surrogates), or 0.
size_t utf8_length(std::string_view text, size_t at) {
  auto byte = [&](size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  auto follows = [&](size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return byte(i) >= low && byte(i) <= high;
  };
  unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    unsigned low = lead == 0xe0 ? 0xa0 : 0x80, high = lead == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    unsigned low = lead == 0xf0 ? 0x90 : 0x80, high = lead == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// Characters that make a line read otherwise than it is: bidirectional overrides and isolates.
bool is_reordering(std::string_view character) {
  return character >= "\u202a" && character <= "\u202e" ? true
                                                        : character >= "\u2066" && character <= "\u2069";
}

std::string hex_byte(char c) { return hex(Wide{static_cast<unsigned char>(c)}); }

class TokenCheck {
 public:
  TokenCheck(source::FileId file, const source::SourceSet& sources, Sink& sink)
      : file_(file), text_(sources.text(file)), sink_(sink) {}

  std::vector<Token> run(const std::vector<Token>& tokens) {
    std::vector<Token> kept;
    kept.reserve(tokens.size());
    for (const Token& token : tokens) {
      if (sink_.full()) break;
      Token t = token;
      if (keep(t)) {
        // What was dropped before it may have been the first on the line.
        t.first_on_line = t.first_on_line || carried_;
        carried_ = false;
        kept.push_back(t);
        if (swallowed_.end != 0) kept.push_back(swallowed_);
        swallowed_ = Token();
      } else {
        carried_ = carried_ || t.first_on_line;
      }
    }
    if (sink_.full()) return {tokens.back()};  // nobody will parse it
    return drop_dangling_docs(kept);
  }

 private:
  Span span(const Token& t) const { return Span{file_, t.begin, t.end}; }
  std::string_view text(const Token& t) const { return text_.substr(t.begin, t.end - t.begin); }

  bool keep(Token& t) {
    switch (t.kind) {
      case TokenKind::kLineComment:
      case TokenKind::kSpace:
        return false;
      case TokenKind::kBlockComment:
        sink_.report(Code::block_comment, Span{file_, t.begin, t.begin + 2},
                     "comments run from `//` to the end of the line; there is no `/* */`");
        return false;
      case TokenKind::kUnclosedBlockComment:
        sink_.report(Code::block_comment, span(t),
                     "comments run from `//` to the end of the line; there is no `/*`");
        return false;
      case TokenKind::kStray:
        stray(t);
        return false;
      case TokenKind::kInclusive:
        sink_.report(Code::inclusive_range, span(t),
                     "a range has no last byte: `" + std::string(text(t)) + "` is not written")
            .note("`a ..< b` ends before b, `a +: size` has that many bytes")
            .fix(span(t), "..<");
        t.kind = TokenKind::kRangeTo;
        return true;
      case TokenKind::kBadNumber:
        bad_number(t);
        return true;
      case TokenKind::kInteger:
        integer(t);
        return true;
      case TokenKind::kSize:
        if (!size_value(text(t)))
          sink_.report(Code::integer_too_large, span(t),
                       "`" + std::string(text(t)) + "` is more than 2^64 bytes");
        return true;
      case TokenKind::kUnclosedString:
        unclosed_string(t);
        return true;
      case TokenKind::kString: {
        StringValue value = string_value(text(t));
        if (value.bad_end != 0) {
          Span where{file_, t.begin + static_cast<uint32_t>(value.bad_begin),
                     t.begin + static_cast<uint32_t>(value.bad_end)};
          sink_.report(Code::bad_escape, where,
                       "`" + std::string(text_.substr(where.begin, where.end - where.begin)) +
                           "` is no escape")
              .note("the escapes are \\\" \\\\ \\n \\t \\0 and \\x with two hexadecimal digits");
        }
        return true;
      }
      default:
        return true;
    }
  }

  /// The string was to end before the `;` or `{` that ends the line: the clause ends there too.
  void unclosed_string(Token& t) {
    sink_.report(Code::unclosed_string, span(t), "the string does not end on its line")
        .note("a quote inside a string is written \\\"");
    t.kind = TokenKind::kString;
    std::string_view whole = text(t);
    size_t last = whole.find_last_not_of(" \t");
    if (last == 0 || (whole[last] != ';' && whole[last] != '{')) return;
    swallowed_.kind = whole[last] == ';' ? TokenKind::kSemicolon : TokenKind::kLeftBrace;
    swallowed_.begin = t.begin + static_cast<uint32_t>(last);
    swallowed_.end = swallowed_.begin + 1;
    t.end = swallowed_.begin;
  }

  /// One message per character, however many bytes it has.
  void stray(const Token& t) {
    if (t.begin < stray_end_) return;
    size_t length = std::max<size_t>(utf8_length(text_, t.begin), 1);
    stray_end_ = t.begin + static_cast<uint32_t>(length);
    std::string_view character = text_.substr(t.begin, length);
    auto& report = sink_.report(Code::stray_character, Span{file_, t.begin, stray_end_},
                                "`" + std::string(character) + "` has no meaning here");
    if (character == "\u201c" || character == "\u201d" || character == "'")
      report.note("strings stand between \"straight double quotes\"");
    if (character == "\u2013" || character == "\u2014") report.fix(report.span, "-");
    if (character == "#") report.note("comments start with `//`");
  }

  void integer(const Token& t) {
    std::string_view digits = text(t);
    if (digits.starts_with("0x")) {
      if (digits.find_first_not_of("_", 2) == digits.npos)
        sink_.report(Code::bad_number, span(t), "`" + std::string(digits) + "` has no digits");
    } else if (digits.size() > 1 && digits[0] == '0') {
      size_t first = std::min(digits.find_first_not_of("0_"), digits.size() - 1);
      sink_.report(Code::bad_number, span(t),
                   "`" + std::string(digits) + "` starts with 0 and there are no octal numbers")
          .note("hexadecimal numbers start with 0x")
          .fix(span(t), std::string(digits.substr(first)));
    }
    if (!integer_value(digits))
      sink_.report(Code::integer_too_large, span(t),
                   "`" + std::string(digits) + "` does not fit 64 bits");
  }

  void bad_number(Token& t) {
    std::string_view whole = text(t);
    size_t digits = whole.find_first_not_of(
        whole.starts_with("0x") ? "0123456789abcdefABCDEF_x" : "0123456789_");
    std::string_view unit = digits == whole.npos ? std::string_view() : whole.substr(digits);
    static constexpr std::string_view kPrefixes = "KMGT";
    std::string lower;
    for (char c : unit) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    size_t prefix = lower.empty() ? kPrefixes.npos
                                  : kPrefixes.find(static_cast<char>(lower[0] - 32));
    std::string_view rest = lower.empty() ? std::string_view() : std::string_view(lower).substr(1);
    Span where{file_, t.end - static_cast<uint32_t>(unit.size()), t.end};
    if (prefix != kPrefixes.npos && (rest.empty() || rest == "b" || rest == "ib" || rest == "i")) {
      std::string meant = std::string(1, kPrefixes[prefix]) + "iB";
      sink_.report(Code::decimal_unit, where,
                   "`" + std::string(unit) + "` is no unit; sizes are in KiB, MiB, GiB, TiB")
          .note("1KiB is 1024 bytes")
          .fix(where, meant);
    } else if (whole.starts_with("0X")) {
      Span start{file_, t.begin, t.begin + 2};
      sink_.report(Code::bad_number, start, "hexadecimal numbers start with a small 0x")
          .fix(start, "0x");
    } else {
      sink_.report(Code::bad_number, span(t), "`" + std::string(whole) + "` is no number")
          .note("numbers are decimal, or hexadecimal after 0x, with `_` between digits; a unit is KiB, "
                "MiB, GiB or TiB");
    }
    t.kind = TokenKind::kInteger;  // its value is never used: the file has an error
  }

  /// A `///` line must stand before something that can carry it.
  std::vector<Token> drop_dangling_docs(const std::vector<Token>& tokens) {
    std::vector<Token> kept;
    kept.reserve(tokens.size());
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (!tokens[i].is(TokenKind::kDoc)) {
        kept.push_back(tokens[i]);
        continue;
      }
      size_t last = i;
      while (tokens[last].is(TokenKind::kDoc)) ++last;  // kEnd stops it
      TokenKind before = kept.empty() ? TokenKind::kSemicolon : kept.back().kind;
      TokenKind after = tokens[last].kind;
      bool starts = before == TokenKind::kSemicolon || before == TokenKind::kLeftBrace ||
                    before == TokenKind::kRightBrace;
      bool carried = starts && after != TokenKind::kEnd && after != TokenKind::kRightBrace &&
                     after != TokenKind::kLanguage;
      if (carried) {
        kept.insert(kept.end(), tokens.begin() + static_cast<ptrdiff_t>(i),
                    tokens.begin() + static_cast<ptrdiff_t>(last));
      } else {
        auto& report = sink_.report(Code::dangling_doc, span(tokens[i]),
                                    "`///` documents the declaration or clause after it, and there "
                                    "is none here");
        constexpr size_t kMostFixes = 100;  // a longer run is no comment that a slash too many was written in
        for (size_t k = i; k < last && last - i <= kMostFixes; ++k)
          report.fix(Span{file_, tokens[k].begin, tokens[k].begin + 3}, "//");
      }
      i = last - 1;
    }
    return kept;
  }

  source::FileId file_;
  std::string_view text_;
  Sink& sink_;
  uint32_t stray_end_ = 0;
  bool carried_ = false;
  Token swallowed_;  // to be put behind the token that held it
};

}  // namespace

std::string readable_text(source::FileId file, const source::SourceSet& sources, Sink& sink) {
  std::string_view original = sources.text(file);
  std::string readable(original);
  size_t at = 0;
  if (original.starts_with("\xef\xbb\xbf")) {
    readable.replace(0, 3, "   ");
    at = 3;
  }
  size_t refused_end = original.size() + 1;  // the end of the run reported last
  while (at < original.size()) {
    char c = original[at];
    size_t length = utf8_length(original, at);
    std::string reason;
    if (length == 0) {
      length = 1;
      reason = "the byte " + hex_byte(c) + " is not UTF-8";
    } else if (c == '\0') {
      reason = "the text holds a NUL byte";
    } else if (c == '\r' && at + 1 < original.size() && original[at + 1] == '\n') {
      // CRLF ends a line as LF does.
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') {
      reason = c == '\r' ? "a carriage return stands alone; lines end in LF or CRLF"
                         : "the text holds the control character " + hex_byte(c);
    } else if (c == '\x7f') {
      reason = "the text holds the control character 0x7f";
    } else if (length == 3 && is_reordering(original.substr(at, 3))) {
      reason = "the text holds a character that changes the reading direction";
    }
    if (reason.empty()) {
      if (length > 1) readable.replace(at, length, length, '\x7f');
    } else {
      if (refused_end != at)
        sink.report(Code::bad_encoding,
                    Span{file, static_cast<uint32_t>(at), static_cast<uint32_t>(at + length)}, reason);
      readable.replace(at, length, length, ' ');
      refused_end = at + length;
    }
    at += length;
  }
  return readable;
}

std::vector<Token> check_tokens(const std::vector<Token>& tokens, source::FileId file,
                                const source::SourceSet& sources, Sink& sink) {
  return TokenCheck(file, sources, sink).run(tokens);
}

}  // namespace baton::syntax
