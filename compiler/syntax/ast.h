// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What did the user write? Plain values, close to the text, with a span on everything.
//
// Declarations are known here; clauses are generic (a head, arguments, `;` or a block): what a clause
// means, and whether it may stand where it stands, is the clause table's business (clause_table.h) and
// check/'s. Expressions inside one argument are trees; juxtaposed arguments, commas and word operators
// (`within`, `except`, ...) stay a flat list that ArgumentReader (arguments.h) reads by clause shape.
//
//   `place image within machine.rma;`  is  head `place`, arguments [image] [within] [machine.rma]
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "source/source.h"

namespace baton::syntax {

using source::Span;

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

struct Expr {
  enum class Kind {
    kInteger,  // integer, e.g. 0x7c0_0000
    kSize,     // integer with a unit, e.g. 64KiB; `integer` is in bytes
    kString,   // text is the value, escapes resolved
    kName,     // text
    kMember,   // operands[0] . text
    kCall,     // text ( operands ), argument_names[i] is empty or the `name:` before it
    kBinary,   // text is the operator: + - * ++ ..< +: == != < <= > >= in within disjoint except and or
    kNot,      // not operands[0]
    kSet,      // { operands }
    kUnread    // what stood here could not be read: it has any type, and nothing follows from it
  };
  Kind kind = Kind::kName;
  Span span;
  Wide integer = 0;          // at most 2^64 - 1 for a literal; a size literal at most 2^64
  std::string text;
  std::vector<ExprPtr> operands;
  std::vector<std::string> argument_names;
  bool parenthesized = false;

  bool is_name(std::string_view name) const { return kind == Kind::kName && text == name; }
};

struct Argument {
  enum class Kind { kExpr, kEquals, kColon, kVersion, kComma };
  Kind kind = Kind::kExpr;
  Span span;
  ExprPtr expr;          // kExpr
  uint64_t version = 0;  // kVersion: the number after `@`
};

struct Clause {
  Span span;       // all of it, block included, doc comments not
  Span head_span;
  std::string head;               // `msr`, `tree.format`, or the text of a string head (a property name)
  bool head_is_string = false;
  std::string relation;           // "<=" or ">=" right after the head (`size <= 4KiB`), else empty
  std::vector<Argument> arguments;
  bool has_block = false;
  std::vector<Clause> block;
  std::vector<std::string> doc;   // `///` lines, without the slashes and one blank
};

struct VersionedName {
  std::string name;  // "linux.kexec"
  uint64_t version = 0;
  Span span;
  std::string text() const { return name + "@" + std::to_string(version); }
};

struct Declaration {
  enum class Kind { kUse, kLet, kConvention, kMachine, kLoader, kHandoff };
  Kind kind = Kind::kUse;
  Span span;
  Span name_span;
  std::string name;                      // without the version
  uint64_t version = 0;                  // convention, loader, a handoff that others extend
  bool has_version = false;
  bool version_unread = false;           // a mistake was reported in its place
  bool header_unread = false;            // a mistake was reported in it: what follows the name may be missing
  std::optional<VersionedName> extends;  // convention, loader, handoff
  std::string use_path;                  // use; its span is name_span
  source::FileId used_file = source::kNoFile;  // use: the file it names, once that is loaded
  ExprPtr value;                         // let
  std::string machine_source;            // machine: "dtb", "live" or ""
  std::optional<std::string> machine_file;
  Span machine_source_span;
  std::string on;                        // handoff: the machine's name or ""
  Span on_span;
  std::optional<VersionedName> via;      // handoff
  std::vector<Clause> clauses;
  std::vector<std::string> doc;

  /// "linux.kexec@2005" for what has a version, else the name.
  std::string full_name() const {
    return !has_version ? name : name + "@" + (version_unread ? "?" : std::to_string(version));
  }
};

/// The own words, without block, of a clause or header in which a mistake was reported. What could be made of
/// it stands in the tree as well, so that its block and its name are not lost; nothing more is said of it.
struct Unread {
  Span span;
  std::string head;                // its first name
  std::vector<std::string> words;  // every name in it; `a.b` is there as `a`, `b` and `a.b`
  bool declares = false;           // it is a declaration's header, a use or a let
};

struct File {
  source::FileId id = source::kNoFile;
  std::optional<uint64_t> language;
  Span language_span;
  std::vector<Declaration> declarations;
  std::vector<Unread> unread;  // in the order of the file
  std::vector<Span> torn;      // where braces do not match: what belongs to what is a guess around them
  bool lost = false;           // a part was skipped, and which names it declares is not known
};

}  // namespace baton::syntax
