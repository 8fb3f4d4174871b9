// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layout from tokens. See format.h for the style.
//
// The file has parsed, so the tokens alone tell where a clause ends: at `;`, at the `{` of its block, and
// a `}` at a clause's start ends a block. Everything about a clause's layout follows from its tokens and
// from where its comments stand, never from how it was broken before: that makes formatting idempotent.
#include "syntax/format.h"

#include <algorithm>
#include <cctype>

#include "syntax/parse.h"
#include "syntax/tokens.h"

namespace baton::syntax {
namespace {

using K = TokenKind;

constexpr size_t kNone = ~size_t{0};

size_t columns(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // continuation bytes take no column
  }));
}

std::string_view without_trailing_blanks(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

/// A part of a clause that is never broken, and how good a break before it is.
struct Chunk {
  enum class Break { kNever, kInside, kOutside, kPreferred };
  std::string text;
  Break before = Break::kOutside;
};

class Formatter {
 public:
  Formatter(std::string_view text, const std::vector<Token>& tokens) : text_(text), tokens_(tokens) {}

  std::string run() {
    while (!tokens_[at_].is(K::kEnd)) {
      const Token& t = tokens_[at_];
      if (t.is(K::kLineComment) || t.is(K::kDoc)) {
        comment();
      } else if (t.is(K::kRightBrace)) {
        --depth_;
        new_line(2 * depth_);
        out_ += '}';
        ++at_;
      } else {
        statement();
      }
    }
    out_ += '\n';
    align_comments();
    return std::move(out_);
  }

 private:
  std::string_view text(size_t i) const {
    return without_trailing_blanks(text_.substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin));
  }
  bool is_comment(size_t i) const { return tokens_[i].is(K::kLineComment); }

  void new_line(size_t indent) {
    if (!out_.empty()) out_ += '\n';
    out_.append(indent, ' ');
  }

  /// One empty line where the author left some, but not at the start of a block or of the file.
  void keep_empty_line() {
    if (at_ == 0 || out_.empty()) return;
    const Token& before = tokens_[at_ - 1];
    if (opened_ == at_) return;
    std::string_view between = text_.substr(before.end, tokens_[at_].begin - before.end);
    if (std::count(between.begin(), between.end(), '\n') > 1) out_ += '\n';
  }

  /// Two blanks, and a note of where the comment begins.
  void trail() {
    out_ += "  ";
    trailing_.push_back(out_.size());
  }

  struct Line {
    size_t begin = 0, end = 0;    // in out_
    size_t indent = 0;
    size_t comment = kNone;       // where one trails
    size_t code = 0;              // columns before it
    bool stands_alone = false;    // empty, or it opens or closes a block
  };

  std::vector<Line> lines_of_output() const {
    std::vector<Line> lines;
    size_t next = 0;
    for (size_t begin = 0; begin < out_.size();) {
      Line line;
      line.begin = begin;
      line.end = std::min(out_.find('\n', begin), out_.size());
      if (next < trailing_.size() && trailing_[next] < line.end) line.comment = trailing_[next++];
      std::string_view code = std::string_view(out_).substr(
          begin, (line.comment == kNone ? line.end : line.comment - 2) - begin);
      line.indent = std::min(code.find_first_not_of(' '), code.size());
      line.code = columns(code);
      line.stands_alone = code.size() == line.indent || code.back() == '{' || code[line.indent] == '}';
      lines.push_back(line);
      begin = line.end + 1;
    }
    return lines;
  }

  /// Comments behind neighbouring clauses of one block begin in one column, where all of them fit.
  void align_comments() {
    std::vector<Line> lines = lines_of_output();
    std::string aligned;
    for (size_t first = 0; first < lines.size();) {
      size_t last = first + 1;
      while (!lines[first].stands_alone && last < lines.size() && !lines[last].stands_alone &&
             lines[last].indent == lines[first].indent)
        ++last;
      size_t column = 0;
      for (size_t i = first; i < last; ++i)
        if (lines[i].comment != kNone) column = std::max(column, lines[i].code + 2);
      bool fits = true;
      for (size_t i = first; i < last; ++i)
        if (lines[i].comment != kNone)
          fits = fits && column + columns(std::string_view(out_).substr(
                                      lines[i].comment, lines[i].end - lines[i].comment)) <= kFormatColumns;
      for (size_t i = first; i < last; ++i) {
        const Line& line = lines[i];
        if (line.comment == kNone || !fits) {
          aligned.append(out_, line.begin, line.end - line.begin);
        } else {
          aligned.append(out_, line.begin, line.comment - 2 - line.begin);
          aligned.append(column - line.code, ' ');
          aligned.append(out_, line.comment, line.end - line.comment);
        }
        if (line.end < out_.size()) aligned += '\n';
      }
      first = last;
    }
    out_ = std::move(aligned);
  }

  void comment() {
    bool trails = is_comment(at_) && !tokens_[at_].first_on_line && !out_.empty();
    if (trails) {
      trail();
      // A comment behind `{` leaves the block's first line to what follows.
      if (opened_ == at_) opened_ = at_ + 1;
    } else {
      keep_empty_line();
      new_line(2 * depth_);
    }
    out_ += text(at_++);
  }

  /// Whether a blank stands between two neighbours of one line.
  bool blank_between(size_t left, size_t right, size_t parens) const {
    K l = tokens_[left].kind, r = tokens_[right].kind;
    if (l == K::kLeftBrace && r == K::kRightBrace) return false;
    if (l == K::kLeftParen || l == K::kCall || l == K::kDot || l == K::kAt) return false;
    if (r == K::kColon) return parens == 0;
    return r != K::kComma && r != K::kSemicolon && r != K::kRightParen && r != K::kDot && r != K::kAt;
  }

  /// The index behind the clause's `;`, or behind the `{` of its block.
  size_t statement_end(size_t first) const {
    size_t sets = 0, previous = kNone;
    for (size_t i = first;; ++i) {
      const Token& t = tokens_[i];
      if (is_comment(i)) continue;
      if (t.is(K::kSemicolon)) return i + 1;
      if (t.is(K::kLeftBrace)) {
        bool set = sets > 0 || (previous != kNone && leads_value(tokens_[previous].kind, text(previous)));
        if (!set) return i + 1;
        ++sets;
      }
      if (t.is(K::kRightBrace)) --sets;
      previous = i;
    }
  }

  /// Behind the `}` of the block opened at `open` when all of it stands on one line without comments.
  size_t one_line_block_end(size_t open) const {
    size_t braces = 0;
    for (size_t i = open;; ++i) {
      if (i - open > kFormatColumns) return kNone;  // it would not fit
      if (i > open && (tokens_[i].first_on_line || is_comment(i) || tokens_[i].is(K::kDoc)))
        // An empty block is one line wherever its brace stands.
        return i == open + 1 && tokens_[i].is(K::kRightBrace) ? i + 1 : kNone;
      if (tokens_[i].is(K::kLeftBrace)) ++braces;
      if (tokens_[i].is(K::kRightBrace) && --braces == 0) return i + 1;
    }
  }

  void statement() {
    size_t first = at_, end = statement_end(at_);
    bool opens = tokens_[end - 1].is(K::kLeftBrace);
    bool commented = false;
    for (size_t i = first; i < end; ++i) commented = commented || is_comment(i);
    keep_empty_line();
    if (opens && !commented) {
      size_t block_end = one_line_block_end(end - 1);
      if (block_end != kNone) {
        std::string line;
        for (const Chunk& chunk : chunks(first, block_end)) {
          if (!line.empty()) line += ' ';
          line += chunk.text;
        }
        bool empty = block_end == end + 1;
        if (empty || 2 * depth_ + columns(line) <= kFormatColumns) {
          if (empty) {
            fill(first, block_end, 2 * depth_);
          } else {
            new_line(2 * depth_);
            out_ += line;
          }
          at_ = block_end;
          return;
        }
      }
    }
    lines(first, end);
    at_ = end;
    if (opens) {
      ++depth_;
      opened_ = at_;
    }
  }

  /// A clause with its comments: each comment ends a line.
  void lines(size_t first, size_t end) {
    size_t indent = 2 * depth_;
    for (size_t i = first; i < end;) {
      if (is_comment(i)) {
        if (tokens_[i].first_on_line) new_line(indent);
        else trail();
        out_ += text(i++);
        continue;
      }
      size_t stop = i;
      while (stop < end && !is_comment(stop)) ++stop;
      fill(i, stop, indent);
      i = stop;
      indent = 2 * depth_ + 4;
    }
  }

  std::vector<Chunk> chunks(size_t first, size_t end) const {
    std::vector<Chunk> parts;
    size_t parens = 0, sets = 0;
    bool slug = false;  // between `allow` and `because` a name with hyphens is one word
    for (size_t i = first; i < end; ++i) {
      K kind = tokens_[i].kind;
      bool begins = i == first || tokens_[i - 1].is(K::kSemicolon) || tokens_[i - 1].is(K::kLeftBrace);
      if (begins) slug = text(i) == "allow";
      else if (text(i) == "because") slug = false;
      bool hyphen = i > first && slug && (kind == K::kMinus || tokens_[i - 1].is(K::kMinus));
      bool glued = i > first && (hyphen || !blank_between(i - 1, i, parens));
      if (kind == K::kRightParen && parens > 0) --parens;
      if (kind == K::kRightBrace && sets > 0) --sets;
      if (glued) {
        parts.back().text += text(i);
      } else {
        Chunk chunk;
        chunk.text = text(i);
        static constexpr std::string_view kOpeners[] = {"error", "else", "because"};
        bool opener = std::find(std::begin(kOpeners), std::end(kOpeners), chunk.text) != std::end(kOpeners);
        bool after_comma = i > first && tokens_[i - 1].is(K::kComma);
        bool block = kind == K::kLeftBrace && i + 1 == end;
        chunk.before = block                    ? Chunk::Break::kNever
                       : parens + sets > 0      ? Chunk::Break::kInside
                       : opener || after_comma  ? Chunk::Break::kPreferred
                                                : Chunk::Break::kOutside;
        parts.push_back(std::move(chunk));
      }
      if (kind == K::kLeftParen || kind == K::kCall) ++parens;
      if (kind == K::kLeftBrace) ++sets;
    }
    return parts;
  }

  /// Sets tokens without comments on as many lines as they need.
  void fill(size_t first, size_t end, size_t indent) {
    std::vector<Chunk> parts = chunks(first, end);
    for (size_t i = 0; i < parts.size();) {
      size_t width = indent + columns(parts[i].text);
      size_t stop = i + 1, best = kNone, rest = stop;
      for (; rest < parts.size(); ++rest) {
        if (parts[rest].before != Chunk::Break::kNever &&
            (best == kNone || parts[rest].before >= parts[best].before))
          best = rest;
        width += 1 + columns(parts[rest].text);
        if (width > kFormatColumns) break;
      }
      stop = rest == parts.size() || best == kNone ? rest : best;
      // Nothing could be broken before the limit: go on to the first place that can.
      while (stop < parts.size() && parts[stop].before == Chunk::Break::kNever) ++stop;
      new_line(indent);
      for (size_t k = i; k < stop; ++k) {
        if (k > i) out_ += ' ';
        out_ += parts[k].text;
      }
      i = stop;
      indent = 2 * depth_ + 4;
    }
  }

  std::string_view text_;
  const std::vector<Token>& tokens_;
  std::string out_;
  std::vector<size_t> trailing_;  // where trailing comments begin in out_
  size_t at_ = 0;
  size_t depth_ = 0;
  size_t opened_ = kNone;  // the token right behind a `{` that was just written
};

/// Whether two texts hold the same words, comments included: what layout is, is all between them.
bool same_words(std::string_view a, const std::vector<Token>& in_a, std::string_view b, const std::vector<Token>& in_b) {
  auto word = [](std::string_view text, const Token& t) {
    return without_trailing_blanks(text.substr(t.begin, t.end - t.begin));
  };
  return std::equal(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(),
                    [&](const Token& left, const Token& right) { return word(a, left) == word(b, right); });
}

}  // namespace

Result<std::string> format(const source::SourceSet& sources, source::FileId file) {
  diagnostics::Sink sink;
  parse(file, sources, sink);
  if (sink.has_errors()) {
    const auto& first = sink.all().front();
    source::Place place = sources.place(first.span);
    return Failure{Failure::Kind::kUnsuitable,
                   "`" + std::string(place.file) + "` is not formatted: line " +
                       std::to_string(place.line) + ": " + first.message,
                   "make the file parse first"};
  }
  std::string_view text = sources.text(file);
  const std::vector<Token> tokens = scan(readable_text(file, sources, sink));
  std::string formatted = Formatter(text, tokens).run();
  source::SourceSet after;
  source::FileId id = after.add(sources.name(file), formatted);
  BATON_CHECK(same_words(text, tokens, formatted, scan(readable_text(id, after, sink))),
              "formatting would change the program");
  return formatted;
}

std::string one_line(std::string_view clause) {
  std::string line;
  bool blank = false, quoted = false;
  for (size_t i = 0; i < clause.size(); ++i) {
    char c = clause[i];
    if (!quoted && c == '/' && i + 1 < clause.size() && clause[i + 1] == '/') {
      while (i < clause.size() && clause[i] != '\n') ++i;
      blank = true;
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && c == ';') break;
    if (!quoted && std::isspace(static_cast<unsigned char>(c))) {
      blank = !line.empty();
      continue;
    }
    if (blank) line.push_back(' ');
    blank = false;
    line.push_back(c);
  }
  return line;
}

}  // namespace baton::syntax
