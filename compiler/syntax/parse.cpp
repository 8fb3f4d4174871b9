// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser's door: tokens in, File out, ANTLR's exceptions caught. See parse.h.
//
// A correct file is parsed in stretches of some thousand tokens, which end where a declaration or a clause ends:
// first with the fast SLL prediction, then, should that fail, with full LL. When the outline or the parser objects,
// each piece of the outline is parsed by itself and the first token that cannot continue it is explained.
#include "syntax/parse.h"

#include <algorithm>
#include <utility>

#include "syntax/complaint.h"
#include "syntax/outline.h"
#include "syntax/tree.h"

namespace baton::syntax {
namespace {

using diagnostics::Code;
using grammar::BatonParser;

/// Where the parser stopped: an index into the tokens it was given.
struct Stop {
  size_t token;
};

/// Gives up at the first token that does not fit. Recovery is the outline's business.
class StopAtFirstMistake : public antlr4::DefaultErrorStrategy {
 public:
  void recover(antlr4::Parser*, std::exception_ptr mistake) override {
    try {
      std::rethrow_exception(mistake);
    } catch (const antlr4::RecognitionException& exception) {
      throw Stop{exception.getOffendingToken()->getTokenIndex()};
    }
  }
  antlr4::Token* recoverInline(antlr4::Parser* parser) override {
    throw Stop{parser->getCurrentToken()->getTokenIndex()};
  }
  void sync(antlr4::Parser*) override {}
  void reportError(antlr4::Parser*, const antlr4::RecognitionException&) override {}
};

/// Our tokens [first, last) as ANTLR's; byte offsets stand where it keeps character indices.
std::unique_ptr<antlr4::ListTokenSource> source_of(const std::vector<Token>& tokens, size_t first,
                                                   size_t last) {
  std::vector<std::unique_ptr<antlr4::Token>> list;
  list.reserve(last - first + 1);
  auto add = [&](size_t type, uint32_t begin, uint32_t end) {
    auto token = std::make_unique<antlr4::CommonToken>(type);
    token->setStartIndex(begin);
    token->setStopIndex(static_cast<size_t>(end) - 1);
    list.push_back(std::move(token));
  };
  for (size_t i = first; i < last; ++i)
    add(static_cast<size_t>(tokens[i].kind), tokens[i].begin, tokens[i].end);
  uint32_t end = last < tokens.size() ? tokens[last].begin : tokens.back().end;
  add(antlr4::Token::EOF, end, end + 1);
  return std::make_unique<antlr4::ListTokenSource>(std::move(list));
}

/// A parser over a part of a file, and all that must live as long as its tree.
class Run {
 public:
  Run(const std::vector<Token>& tokens, size_t first, size_t last)
      : source_(source_of(tokens, first, last)), stream_(source_.get()), parser_(&stream_) {
    parser_.removeErrorListeners();
    parser_.setErrorHandler(std::make_shared<StopAtFirstMistake>());
  }

  BatonParser& parser() { return parser_; }
  void predict(antlr4::atn::PredictionMode mode) {
    parser_.reset();
    parser_.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(mode);
  }

 private:
  std::unique_ptr<antlr4::ListTokenSource> source_;
  antlr4::CommonTokenStream stream_;
  BatonParser parser_;
};

/// Codes after which it is a guess what belongs to which block.
bool tears(Code code) {
  return code == Code::unclosed_block || code == Code::stray_brace || code == Code::missing_block ||
         code == Code::nesting_too_deep;
}

class FileParser {
 public:
  FileParser(source::FileId id, const source::SourceSet& sources, diagnostics::Sink& sink)
      : id_(id), sources_(sources), sink_(sink), builder_(id, sources, sink), guesser_(id, sources, ignored_) {}

  File run(bool piecewise) {
    size_t errors = sink_.all().size();
    tokens_ = check_tokens(scan(readable_text(id_, sources_, sink_)), id_, sources_, sink_);
    Outline outline = read_outline(tokens_, id_, sources_, sink_);
    for (const auto& [token, kind] : outline.corrected) tokens_[token].kind = kind;
    File file;
    file.id = id_;
    file.language = outline.language;
    file.language_span = outline.language_span;
    file.lost = outline.lost || !outline.readable || sink_.full();
    if (!outline.readable || sink_.full()) return file;
    if (piecewise || sink_.all().size() != errors || !whole(outline, file)) {
      for (const OutlinePiece& piece : outline.declarations) {
        if (auto read = declaration(piece)) file.declarations.push_back(std::move(*read));
        file.lost = file.lost || sink_.full();
        if (sink_.full()) break;
      }
      for (const OutlinePiece& piece : outline.skipped) note(piece, true);
      // The grammar refused the file and no piece of it: not known to happen, and never silent.
      if (!piecewise && sink_.all().size() == errors)
        sink_.report(Code::syntax_error, span(whole_stop_), "the text does not follow the grammar here");
      if (sink_.all().size() != errors) tell_unread(file, errors);
    }
    return file;
  }

  const std::vector<Token>& tokens() const { return tokens_; }

 private:
  /// Tokens that are parsed at a time: a parse tree takes half a kilobyte for each.
  static constexpr size_t kStretch = 8192;

  Span span(size_t token) const {
    const Token& t = tokens_[std::min(token, tokens_.size() - 1)];
    return Span{id_, t.begin, t.end};
  }

  /// False when anything is wrong: then nothing was reported, and the pieces tell what it is.
  bool whole(const Outline& outline, File& file) {
    const auto& pieces = outline.declarations;
    size_t next = pieces.empty() ? tokens_.size() - 1 : start_of(pieces.front());  // not parsed yet
    bool good = stretch(0, next, &BatonParser::file, [](auto*, TreeBuilder&) {});
    for (size_t i = 0; good && i < pieces.size();) {
      size_t last = i, end = next;
      while (last < pieces.size() && (last == i || behind(pieces[last]) - next <= kStretch)) end = behind(pieces[last++]);
      if (is_long(pieces[i], next, end)) {
        good = start_of(pieces[i]) == next && long_declaration(pieces[i], file);
      } else {
        good = stretch(next, end, &BatonParser::file, [&](auto* parsed, TreeBuilder& builder) {
          for (Declaration& d : builder.file(parsed)) file.declarations.push_back(std::move(d));
        });
      }
      next = end;
      i = last;
    }
    good = good && next == tokens_.size() - 1;
    if (!good) file.declarations.clear();
    return good;
  }

  /// Whether the stretch [next, end) is this one piece, and its block is to be taken apart.
  bool is_long(const OutlinePiece& piece, size_t next, size_t end) const {
    return piece.has_block && end - next > 2 * kStretch && end == behind(piece);
  }

  /// A declaration of very many clauses: its header, and then some clauses at a time.
  bool long_declaration(const OutlinePiece& piece, File& file) {
    std::optional<Declaration> read;
    bool good = stretch(piece.first, piece.last, &BatonParser::headerAlone, [&](auto* parsed, TreeBuilder& builder) {
      read = builder.header(parsed->header(), piece.end);
    });
    if (!good || !read || !clauses(piece, read->clauses)) return false;
    read->doc = docs(piece);
    file.declarations.push_back(std::move(*read));
    return true;
  }

  /// The clauses of a block. The outline has seen its braces; all that is between them is parsed.
  bool clauses(const OutlinePiece& block, std::vector<Clause>& into) {
    size_t next = block.last + 1;
    const auto& pieces = block.block;
    for (size_t i = 0; i < pieces.size();) {
      size_t last = i, end = next;
      while (last < pieces.size() && (last == i || behind(pieces[last]) - next <= kStretch)) end = behind(pieces[last++]);
      bool good;
      if (is_long(pieces[i], next, end)) {
        std::optional<Clause> read;
        const OutlinePiece& piece = pieces[i];
        good = start_of(piece) == next &&
               stretch(piece.first, piece.last, &BatonParser::statementAlone, [&](auto* parsed, TreeBuilder& builder) {
                 read = builder.statement(parsed->statement(), true, piece.end);
               });
        good = good && read && clauses(piece, read->block);
        if (good) {
          read->doc = docs(piece);
          into.push_back(std::move(*read));
        }
      } else {
        good = stretch(next, end, &BatonParser::clausesAlone, [&](auto* parsed, TreeBuilder& builder) {
          builder.clauses(parsed->clause(), into);
        });
      }
      if (!good) return false;
      next = end;
      i = last;
    }
    return next + 1 == behind(block) && tokens_[next].is(TokenKind::kRightBrace);
  }

  /// Parses the tokens [first, last) by one rule and hands its tree to `take`. False when anything is wrong.
  template <typename Rule, typename Take>
  bool stretch(size_t first, size_t last, Rule rule, Take take) {
    Run run(tokens_, first, last);
    for (auto mode : {antlr4::atn::PredictionMode::SLL, antlr4::atn::PredictionMode::LL}) {
      run.predict(mode);
      try {
        diagnostics::Sink found;
        TreeBuilder builder(id_, sources_, found);
        take((run.parser().*rule)(), builder);
        return found.all().empty();
      } catch (const Stop& stop) {
        whole_stop_ = first + stop.token;
      }
    }
    return false;
  }

  size_t start_of(const OutlinePiece& piece) const { return piece.docs.empty() ? piece.first : piece.docs.front(); }
  /// The first token behind a piece's `;` or block.
  size_t behind(const OutlinePiece& piece) const {
    auto at = std::lower_bound(tokens_.begin(), tokens_.end(), piece.end,
                               [](const Token& t, uint32_t end) { return t.begin < end; });
    return static_cast<size_t>(at - tokens_.begin());
  }

  /// Parses a piece with one of the grammar's entry points, or explains why not. What can then be made of
  /// its beginning is the answer: the name it declares is worth more than nothing.
  template <typename Rule, typename Take>
  auto parse_piece(const OutlinePiece& piece, Rule rule, Take take) -> decltype(take(nullptr, std::declval<TreeBuilder&>())) {
    note(piece, false);
    size_t end = piece.last;
    guessed_ = false;
    if (!piece.reported) {
      Run run(tokens_, piece.first, piece.last);
      try {
        if (auto read = take((run.parser().*rule)(), builder_)) return read;
      } catch (const Stop& stop) {
        end = std::min(piece.first + stop.token, piece.last);
        complain(tokens_, piece.first, piece.last, end, id_, sources_, sink_);
      }
    }
    guessed_ = true;
    // What a long piece begins with is enough; one that nests too deep is not to be parsed.
    constexpr size_t kGuesses = 12, kGuessedTokens = 32;
    end = std::min(end, piece.first + kGuessedTokens);
    for (size_t guess = 0; guess < kGuesses && end > piece.first; ++guess, --end) {
      Run run(tokens_, piece.first, end);
      try {
        if (auto read = take((run.parser().*rule)(), guesser_)) return read;
      } catch (const Stop&) {
      }
    }
    return std::nullopt;
  }

  /// Takes down a piece's own words, should a mistake turn out to be in it.
  void note(const OutlinePiece& piece, bool declares) {
    if (piece.first >= piece.last) return;
    candidates_.push_back({&piece, declares});
  }

  Unread unread(const OutlinePiece& piece, bool declares) const {
    Unread unread;
    unread.declares = declares;
    unread.span = Span{id_, tokens_[piece.first].begin, tokens_[piece.last - 1].end};
    std::string_view text = sources_.text(id_);
    std::string chain;
    constexpr size_t kMostTokens = 10000, kLongestName = 256;  // the words of a hostile clause are nobody's
    for (size_t i = piece.first; i < std::min(piece.last, piece.first + kMostTokens); ++i) {
      const Token& t = tokens_[i];
      bool named = is_name(t.kind) || t.is(TokenKind::kEnsures) || t.is(TokenKind::kExpects);
      if (!named) continue;
      std::string word(text.substr(t.begin, t.end - t.begin));
      bool goes_on = !chain.empty() && tokens_[i - 1].is(TokenKind::kDot) && chain.size() < kLongestName;
      chain = goes_on ? chain + "." + word : word;
      if (unread.words.empty()) unread.head = word;
      else if (goes_on && unread.head + "." + word == chain) unread.head = chain;
      if (goes_on) unread.words.push_back(chain);
      unread.words.push_back(std::move(word));
    }
    return unread;
  }

  void tell_unread(File& file, size_t reported_before) {
    std::vector<uint32_t> places;
    for (size_t i = reported_before; i < sink_.all().size(); ++i) {
      const diagnostics::Diagnostic& d = sink_.all()[i];
      if (tears(d.code)) file.torn.push_back(d.span);
      // These have one remedy, and the words of the clause are as they were meant.
      if (d.code != Code::missing_semicolon && d.code != Code::dangling_doc) places.push_back(d.span.begin);
    }
    std::sort(places.begin(), places.end());
    for (const auto& [piece, declares] : candidates_) {
      uint32_t begin = tokens_[piece->first].begin, end = tokens_[piece->last - 1].end;
      auto place = std::lower_bound(places.begin(), places.end(), begin);
      if (place != places.end() && *place <= end) file.unread.push_back(unread(*piece, declares));
    }
    std::stable_sort(file.unread.begin(), file.unread.end(),
                     [](const Unread& a, const Unread& b) { return a.span.begin < b.span.begin; });
    for (Declaration& d : file.declarations) {
      auto at = std::lower_bound(file.unread.begin(), file.unread.end(), d.span.begin,
                                 [](const Unread& u, uint32_t begin) { return u.span.begin < begin; });
      bool wrong = at != file.unread.end() && at->span.begin == d.span.begin;
      if (!wrong) continue;
      if (d.kind == Declaration::Kind::kLet) d.value = nothing(d.span);
      file.lost = file.lost || d.kind == Declaration::Kind::kUse;
    }
    std::erase_if(file.declarations, [&](const Declaration& d) {
      return d.kind == Declaration::Kind::kUse && std::any_of(file.unread.begin(), file.unread.end(), [&](const Unread& u) {
               return u.span.begin == d.span.begin;
             });
    });
  }

  static ExprPtr nothing(Span where) {
    auto expr = std::make_shared<Expr>();
    expr->kind = Expr::Kind::kUnread;
    expr->span = where;
    return expr;
  }

  std::vector<std::string> docs(const OutlinePiece& piece) const {
    std::vector<std::string> lines;
    for (size_t doc : piece.docs) lines.push_back(builder_.doc_text(tokens_[doc].begin, tokens_[doc].end));
    return lines;
  }

  std::optional<Declaration> declaration(const OutlinePiece& piece) {
    TokenKind kind = tokens_[piece.first].kind;
    std::optional<Declaration> read;
    bool line = kind == TokenKind::kUse || kind == TokenKind::kLet;
    if (line) {
      read = parse_piece(piece, &BatonParser::lineAlone,
                         [&](BatonParser::LineAloneContext* parsed, TreeBuilder& builder) {
                           return builder.use_or_let(parsed->useLine(), parsed->letLine(), piece.end);
                         });
    } else {
      read = parse_piece(piece, &BatonParser::headerAlone,
                         [&](BatonParser::HeaderAloneContext* parsed, TreeBuilder& builder) {
                           return builder.header(parsed->header(), piece.end);
                         });
    }
    if (!candidates_.empty() && candidates_.back().piece == &piece) candidates_.back().declares = true;
    const bool guessed = guessed_;
    if (!read) read = guess_declaration(piece);
    read->header_unread = guessed;
    read->clauses = block(piece);
    read->doc = docs(piece);
    return read;
  }

  /// Of a header that cannot be read at all: its kind, and the name behind that.
  Declaration guess_declaration(const OutlinePiece& piece) const {
    Declaration guess;
    switch (tokens_[piece.first].kind) {
      case TokenKind::kUse: guess.kind = Declaration::Kind::kUse; break;
      case TokenKind::kLet: guess.kind = Declaration::Kind::kLet; break;
      case TokenKind::kConvention: guess.kind = Declaration::Kind::kConvention; break;
      case TokenKind::kMachine: guess.kind = Declaration::Kind::kMachine; break;
      case TokenKind::kLoader: guess.kind = Declaration::Kind::kLoader; break;
      default: guess.kind = Declaration::Kind::kHandoff;
    }
    guess.version_unread = true;
    guess.has_version = guess.kind == Declaration::Kind::kConvention || guess.kind == Declaration::Kind::kLoader;
    guess.span = Span{id_, tokens_[piece.first].begin, piece.end};
    guess.name_span = span(piece.first);
    size_t at = piece.first + 1;
    for (; at < piece.last && is_name(tokens_[at].kind); at += 2) {
      guess.name += (guess.name.empty() ? "" : ".") + std::string(sources_.text(span(at)));
      guess.name_span = guess.name_span.begin == guess.span.begin ? span(at) : source::cover(guess.name_span, span(at));
      if (at + 1 >= piece.last || !tokens_[at + 1].is(TokenKind::kDot)) break;
    }
    if (guess.kind == Declaration::Kind::kLet) guess.value = nothing(guess.span);
    return guess;
  }

  std::vector<Clause> block(const OutlinePiece& piece) {
    std::vector<Clause> clauses;
    for (const OutlinePiece& inner : piece.block) {
      if (sink_.full()) break;
      auto read = parse_piece(inner, &BatonParser::statementAlone,
                              [&](BatonParser::StatementAloneContext* parsed, TreeBuilder& builder) {
                                return builder.statement(parsed->statement(), inner.has_block, inner.end);
                              });
      std::vector<Clause> below = block(inner);
      if (!read) continue;
      read->block = std::move(below);
      read->doc = docs(inner);
      clauses.push_back(std::move(*read));
    }
    return clauses;
  }

  struct Candidate {
    const OutlinePiece* piece;
    bool declares;
  };

  source::FileId id_;
  const source::SourceSet& sources_;
  diagnostics::Sink& sink_;
  bool guessed_ = false;  // the last piece was not read as it stands
  TreeBuilder builder_;
  diagnostics::Sink ignored_;
  TreeBuilder guesser_;  // says nothing: the mistake is reported
  std::vector<Token> tokens_;
  std::vector<Candidate> candidates_;
  size_t whole_stop_ = 0;
};

class AmbiguityCount : public antlr4::BaseErrorListener {
 public:
  void reportAmbiguity(antlr4::Parser*, const antlr4::dfa::DFA&, size_t, size_t, bool,
                       const antlrcpp::BitSet&, antlr4::atn::ATNConfigSet*) override {
    ++count;
  }
  size_t count = 0;
};

}  // namespace

namespace {

/// Tokens, outline and pieces are looked at one after the other; the user reads from top to bottom.
File parse_in_order(source::FileId file, const source::SourceSet& sources, diagnostics::Sink& sink,
                    bool piecewise) {
  diagnostics::Sink found;
  File parsed = FileParser(file, sources, found).run(piecewise);
  std::vector<diagnostics::Diagnostic> sorted = found.all();
  // A file in another version of the language has no further mistakes that we could know of.
  auto other = std::find_if(sorted.begin(), sorted.end(),
                            [](const auto& d) { return d.code == Code::unsupported_language; });
  bool foreign = other != sorted.end();
  if (foreign) sorted = {diagnostics::Diagnostic(*other)};
  // That there are more stands last.
  auto last = found.full() && !foreign ? sorted.end() - 1 : sorted.end();
  std::stable_sort(sorted.begin(), last, [](const auto& a, const auto& b) { return a.span.begin < b.span.begin; });
  for (auto& diagnostic : sorted)
    sink.add(std::move(diagnostic));
  return parsed;
}

}  // namespace

File parse(source::FileId file, const source::SourceSet& sources, diagnostics::Sink& sink) {
  return parse_in_order(file, sources, sink, /*piecewise=*/false);
}

File parse_piecewise(source::FileId file, const source::SourceSet& sources, diagnostics::Sink& sink) {
  return parse_in_order(file, sources, sink, /*piecewise=*/true);
}

size_t count_ambiguities(source::FileId file, const source::SourceSet& sources) {
  diagnostics::Sink sink;
  FileParser parser(file, sources, sink);
  parser.run(false);
  if (!sink.all().empty()) return sink.all().size();
  const auto& tokens = parser.tokens();
  Run run(tokens, 0, tokens.size() - 1);
  AmbiguityCount count;
  run.predict(antlr4::atn::PredictionMode::LL_EXACT_AMBIG_DETECTION);
  run.parser().addErrorListener(&count);
  try {
    run.parser().file();
  } catch (const Stop&) {
    ++count.count;
  }
  return count.count;
}

}  // namespace baton::syntax
