// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser's door: tokens in, File out, ANTLR's exceptions caught. See parse.h.
//
// A correct file is parsed as a whole, first with the fast SLL prediction, then, should that fail, with
// full LL. When the outline or the parser objects, each piece of the outline is parsed by itself and the
// first token that cannot continue it is explained.
#include "syntax/parse.h"

#include <algorithm>

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

class FileParser {
 public:
  FileParser(source::FileId id, const source::SourceSet& sources, diagnostics::Sink& sink)
      : id_(id), sources_(sources), sink_(sink), builder_(id, sources, sink) {}

  File run(bool piecewise) {
    size_t errors = sink_.all().size();
    std::string text = readable_text(id_, sources_, sink_);
    tokens_ = check_tokens(scan(text), id_, sources_, sink_);
    Outline outline = read_outline(tokens_, id_, sources_, sink_);
    File file;
    file.id = id_;
    file.language = outline.language;
    file.language_span = outline.language_span;
    if (!outline.readable) return file;
    if (piecewise || !outline.clean || !whole(file)) {
      for (const OutlinePiece& piece : outline.declarations)
        if (auto read = declaration(piece)) file.declarations.push_back(std::move(*read));
      // The grammar refused the file and no piece of it: not known to happen, and never silent.
      if (!piecewise && sink_.all().size() == errors)
        sink_.report(Code::syntax_error, span(whole_stop_), "the text does not follow the grammar here");
    }
    return file;
  }

  const std::vector<Token>& tokens() const { return tokens_; }

 private:
  Span span(size_t token) const {
    const Token& t = tokens_[std::min(token, tokens_.size() - 1)];
    return Span{id_, t.begin, t.end};
  }

  bool whole(File& file) {
    Run run(tokens_, 0, tokens_.size() - 1);
    for (auto mode : {antlr4::atn::PredictionMode::SLL, antlr4::atn::PredictionMode::LL}) {
      run.predict(mode);
      try {
        file.declarations = builder_.file(run.parser().file());
        return true;
      } catch (const Stop& stop) {
        whole_stop_ = stop.token;
      }
    }
    return false;
  }

  /// Parses [first, last) with one of the grammar's entry points, or explains why not.
  template <typename Rule, typename Take>
  auto parse_piece(const OutlinePiece& piece, Rule rule, Take take) -> decltype(take(nullptr)) {
    if (piece.reported) return std::nullopt;
    Run run(tokens_, piece.first, piece.last);
    try {
      return take((run.parser().*rule)());
    } catch (const Stop& stop) {
      complain(tokens_, piece.first, piece.last, piece.first + stop.token, id_, sources_, sink_);
      return std::nullopt;
    }
  }

  std::vector<std::string> docs(const OutlinePiece& piece) const {
    std::vector<std::string> lines;
    for (size_t doc : piece.docs) lines.push_back(builder_.doc_text(tokens_[doc].begin, tokens_[doc].end));
    return lines;
  }

  std::optional<Declaration> declaration(const OutlinePiece& piece) {
    TokenKind kind = tokens_[piece.first].kind;
    std::optional<Declaration> read;
    if (kind == TokenKind::kUse || kind == TokenKind::kLet) {
      read = parse_piece(piece, &BatonParser::lineAlone, [&](BatonParser::LineAloneContext* line) {
        return builder_.use_or_let(line->useLine(), line->letLine(), piece.end);
      });
    } else {
      read = parse_piece(piece, &BatonParser::headerAlone, [&](BatonParser::HeaderAloneContext* line) {
        return builder_.header(line->header(), piece.end);
      });
    }
    std::vector<Clause> clauses = block(piece);
    if (!read) return std::nullopt;
    read->clauses = std::move(clauses);
    read->doc = docs(piece);
    return read;
  }

  std::vector<Clause> block(const OutlinePiece& piece) {
    std::vector<Clause> clauses;
    for (const OutlinePiece& inner : piece.block) {
      auto read = parse_piece(inner, &BatonParser::statementAlone,
                              [&](BatonParser::StatementAloneContext* line) {
                                return builder_.statement(line->statement(), inner.has_block, inner.end);
                              });
      std::vector<Clause> below = block(inner);
      if (!read) continue;
      read->block = std::move(below);
      read->doc = docs(inner);
      clauses.push_back(std::move(*read));
    }
    return clauses;
  }

  source::FileId id_;
  const source::SourceSet& sources_;
  diagnostics::Sink& sink_;
  TreeBuilder builder_;
  std::vector<Token> tokens_;
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
  if (other != sorted.end()) sorted = {*other};
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.span.begin < b.span.begin; });
  for (auto& diagnostic : sorted)
    sink.report(diagnostic.code, diagnostic.span, diagnostic.message) = diagnostic;
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
