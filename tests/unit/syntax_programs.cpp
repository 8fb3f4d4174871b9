// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the syntax tests' programs come from. See syntax_programs.h.
#include "syntax_programs.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace baton::syntax_test {
namespace {

constexpr unsigned kBlocks = 3;  // inside each other

class Generator {
 public:
  explicit Generator(std::mt19937& random) : random_(random) {}

  std::vector<std::string> run() {
    add({"language", "1", ";"});
    for (unsigned i = pick(4) + 1; i > 0; --i) declaration();
    return std::move(words_);
  }

 private:
  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }
  void add(std::initializer_list<const char*> words) { words_.insert(words_.end(), words.begin(), words.end()); }
  void add(std::string word) { words_.push_back(std::move(word)); }
  template <size_t N>
  void add_one_of(const char* const (&words)[N]) {
    add(words[pick(N)]);
  }

  void name() {
    static const char* const kNames[] = {"alpha", "beta_2", "via", "from", "on", "extends"};
    add_one_of(kNames);
  }
  void dotted() {
    // The words of declarations are names in a chain only.
    if (pick(6) == 0) add({"machine", ".", "loader", "."});
    name();
    for (unsigned i = pick(3); i > 0; --i) {
      add(".");
      name();
    }
  }
  void versioned() {
    dotted();
    add({"@", "17"});
  }
  void docs() {
    for (unsigned i = pick(6); i > 4; --i) add(i % 2 ? "/// what it is" : "///");
  }

  void declaration() {
    docs();
    switch (pick(6)) {
      case 0: add({"use", "\"a/b.baton\"", ";"}); return;
      case 1:
        add({"let", "gamma", "="});
        group(3);
        add(";");
        return;
      case 2:
        add("convention");
        versioned();
        if (pick(2)) {
          add("extends");
          versioned();
        }
        break;
      case 3:
        add({"loader"});
        versioned();
        break;
      case 4:
        add({"machine", "gamma"});
        if (pick(2)) add({"from", "dtb", "\"x.dtb\""});
        break;
      default:
        if (pick(3)) {
          add({"handoff", "gamma"});
        } else {
          add("handoff");
          versioned();
        }
        if (pick(2)) {
          add("extends");
          versioned();
        }
        if (pick(2)) {
          add("on");
          name();
        }
        if (pick(2)) {
          add("via");
          versioned();
        }
    }
    block(kBlocks);
  }

  void block(unsigned depth) {
    add("{");
    for (unsigned i = pick(4); i > 0; --i) clause(depth);
    add("}");
  }

  void clause(unsigned depth) {
    docs();
    if (depth == kBlocks && pick(4) == 0) {  // sections do not nest
      add(pick(2) ? "ensures" : "expects");
      name();
      block(depth == 0 ? 0 : depth - 1);
      return;
    }
    if (pick(5) == 0) add("\"prop,erty\"");
    else dotted();
    if (pick(5) == 0) add(pick(2) ? "<=" : ">=");
    // A value follows first: the head and a relation need one.
    expression(2);
    for (unsigned i = pick(5); i > 0; --i) {
      switch (pick(6)) {
        case 0: add("="); break;
        case 1: add(":"); break;
        case 2: add({"@", "5"}); break;
        case 3: add(","); break;
        default: break;
      }
      expression(2);
    }
    if (depth > 0 && pick(4) == 0) block(depth - 1);
    else add(";");
  }

  /// Operands and word operators that make one expression.
  void group(unsigned depth) {
    expression(depth);
    static const char* const kWords[] = {"and", "or", "in", "within", "disjoint", "except"};
    for (unsigned i = pick(3); i > 0; --i) {
      add_one_of(kWords);
      expression(depth);
    }
  }

  void expression(unsigned depth) {
    static const char* const kLeaves[] = {"0x7c0_0000", "12", "64KiB", "\"a \\\" b\"", "\"caf\xc3\xa9\"", "delta", "eps"};
    static const char* const kSigns[] = {"+", "-", "*", "++", "..<", "+:", "==", "!=", "<", "<=", ">", ">="};
    if (depth == 0 || pick(2)) {
      add_one_of(kLeaves);
      return;
    }
    switch (pick(5)) {
      case 0:
        add("(");
        group(depth - 1);
        add(")");
        return;
      case 1:
        // A set stands where a value is wanted, never where a block could start.
        add({"delta", "in", "{"});
        group(depth - 1);
        for (unsigned i = pick(3); i > 0; --i) {
          add(",");
          group(depth - 1);
        }
        add("}");
        return;
      case 2:
        add("call(");
        if (pick(3)) {
          if (pick(2)) add({"size", ":"});
          group(depth - 1);
        }
        add(")");
        return;
      case 3:
        add({"delta", ".", "eps"});
        return;
      default:
        expression(depth - 1);
        add_one_of(kSigns);
        expression(depth - 1);
    }
  }

  std::mt19937& random_;
  std::vector<std::string> words_;
};

}  // namespace

std::vector<Program> shipped_programs() {
  std::vector<Program> programs{{"every clause", kEveryClause}};
  std::vector<std::filesystem::path> paths;
  for (const char* folder : {"stdlib", "examples"}) {
    std::filesystem::path root = std::filesystem::path(BATON_SOURCE_DIR) / folder;
    if (!std::filesystem::exists(root)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
      if (entry.path().extension() == ".baton") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    programs.push_back({path.string(), text.str()});
  }
  return programs;
}

std::vector<std::string> random_program(std::mt19937& random) { return Generator(random).run(); }

std::string spell(const std::vector<std::string>& words, std::mt19937& random, bool comments) {
  static const char* const kBlanks[] = {" ", "  ", "\n", "\n\n", "\n\n\n   ", "\t", "\r\n", " ", " "};
  std::string text;
  for (const std::string& word : words) {
    bool own_line = word.starts_with("///");
    if (own_line) text += "\n";
    text += word;
    if (own_line) {
      text += "\n";
      continue;
    }
    text += kBlanks[random() % std::size(kBlanks)];
    if (comments && random() % 8 == 0)
      text += random() % 2 ? "// why, \xe2\x82\xac  \n" : "\n  //// ---\n";
  }
  return text;
}

}  // namespace baton::syntax_test
