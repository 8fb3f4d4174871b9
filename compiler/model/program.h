// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a program mean, once names, inheritance and shapes are checked?
//
// Conventions are flattened: a clause knows its key, its strength and the convention that wrote it, and
// `extends`, `override` and `drop` are gone. Expressions stay syntax trees, since what they stand for
// depends on the handoff that binds the roles; evaluate.h gives them values. Built once by check/,
// immutable afterwards.
//
//   `override msr LE = any;` in linux.bootblock@17 -> Clause{section kMaster, key "msr LE", any,
//                                                            origin "linux.bootblock@17"}
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/machine.h"
#include "syntax/ast.h"

namespace baton::model {

using source::Span;
using syntax::ExprPtr;

enum class Section { kMaster, kSlaves, kMemory, kExpects };
const char* to_text(Section section);

enum class ClauseKind {
  kEnter,         // words[0]: "" (values[0] is the address), "absolute" or "call"
  kMode,          // words[0]: "real" or "virtual"
  kMsr,           // subject is the field; values or any
  kIle,           // values or any
  kRegister,      // subject is the register; values
  kArgument,      // subject is the run-time value's name; words[0]: the register; words[1]: its kind
  kArrival,       // values are words or machine.kexec_slaves, or any
  kBytes,         // values[0] = destination range, values[1] = source range
  kUnspecified,   // values[0] = ranges the frame rule is suspended for
  kFact,          // subject
  kPlace,         // subject: a role or "others"; words[0]: "within" or "disjoint"; values
  kTreeFormat,    // values: the readable blob versions
  kTreeBootCpu,   // subject: "" for the header's field, kBootCpuNode for the property of a cpu node; values[0]
  kTreeReserves,  // values: ranges
  kTreeProperty,  // subject: "PATH NAME"; words: PATH (or "cpu": the node of each CPU), NAME, and "absent" where there is
                  // none, "not" where it has not this value, "most" where that is its length; values[0], unless it has none
  kPen,           // values: size of a slot, the bits that hold its CPU, and where the doubleword is that has them
  kSlotField,     // subject: name; values: offset, size, and what it holds at first (optional)
  kLanding,       // words[0]: "slaves"; values[0]: offset
  kHead,          // values[0]: size; runs_at_zero
  kOrderNeutral,  // words[0]: "entry" or "landing"
  kWord,          // subject: name; values[0]: offset; values[1] (optional): default
  kWithin,        // values
  kDisjoint,      // values
  kAlign          // values[0]
};

inline constexpr const char* kBootCpuNode = "node";
/// In the place of a path: the node of each CPU that the section speaks of.
inline constexpr const char* kCpuNodes = "cpu";

struct Clause {
  Section section = Section::kMaster;
  std::string role;  // kExpects: the role's name
  ClauseKind kind = ClauseKind::kFact;
  std::string key;   // unique within section, role and strength
  std::string subject;
  std::vector<ExprPtr> values;
  std::vector<std::string> words;
  bool any = false;
  bool incidental = false;
  std::string because;
  Span span;
  std::string text;    // as written, on one line: for reports
  std::string origin;  // "linux.kexec@2005": the convention that wrote it
};

struct Role {
  std::string name;
  std::string kind;  // loadable elf64 devicetree raw pagelist hook argument
  bool optional = false;
  Span span;
};

struct OrderEdge {
  std::string before, after;
  Span span;
};

/// `breaking allowed RULE because "..."`: a change that is meant, with its reason.
struct Waiver {
  std::string rule;  // "MASTER_REG_REMOVED"
  std::string because;
  Span span, rule_span;
};

struct Convention {
  std::string name;  // with the version: "linux.kexec@2013"
  Span span, name_span;
  std::string status = "experimental";
  std::string source;
  std::string supersedes;
  std::string parent;
  std::vector<std::string> doc;
  std::vector<Role> roles;
  std::vector<Clause> clauses;
  std::vector<OrderEdge> order;  // as written; contract/order.h closes it
  std::vector<Waiver> waivers;   // its own: what a parent waived concerned the parent
  bool shipped = false;          // from the standard library

  const Role* find_role(const std::string& role) const;
  /// `enter call`: what is crossed is a call of the departing code, without machine, loader or addresses.
  bool departs_by_call() const;
};

struct LoaderCheck {
  bool on_crash = false;
  ExprPtr predicate;
  std::string error;  // "EINVAL", or "none": the loader does not look, the compiler does
  std::string because;
  Span span;
  std::string text;
};

struct Loader {
  std::string name;
  Span span, name_span;
  std::string source;
  std::string parent;
  std::vector<std::string> tables;  // native64 compat32 json
  ExprPtr granule;
  std::optional<uint64_t> max_segments;
  Span max_segments_span;
  std::vector<LoaderCheck> checks;
  std::vector<std::string> doc;
};

/// A machine as declared: where its facts come from, and the clauses that override them.
struct MachineClause {
  enum class Kind { kFact, kRegion, kReserve };
  Kind kind = Kind::kFact;
  std::string name;
  std::vector<ExprPtr> values;
  Span span;
};
struct MachineDeclaration {
  std::string name;
  Span span, name_span;
  std::string source;               // "dtb", "live" or ""
  std::optional<std::string> file;  // resolved against the declaring file's folder
  Span file_span;
  std::vector<MachineClause> clauses;
  std::optional<std::string> notes;  // a facts file, resolved like `file`: where the crash notes are
  Span notes_span;
};

struct Parameter {
  std::string name;
  Type type = Type::kString;
  ExprPtr initial;  // null: must be given
  /// `in { 1, 2 }` or `in 0 ..< 16`: what the value must be one of; null where anything will do. Bounds of a
  /// range have the parameter's type, so for it `..<` and `+:` are not ranges of addresses alone.
  ExprPtr allowed;
  Span span;
};

struct PropertyEdit {
  std::string name;
  std::vector<ExprPtr> values;  // empty: a property without a value, or a drop
  bool drop = false;
  Span span;
};
struct NodeEdit {
  std::string path;
  std::vector<PropertyEdit> properties;
  Span span;
};

struct Poke {
  std::string word;
  ExprPtr value;
  Span span;
};

/// `remap RANGE to ADDRESS` of a core header, `before enter copy RANGE to ADDRESS` of a trampoline.
struct RangeMove {
  ExprPtr from, to;
  Span span;
  std::string text;  // as written, on one line
};

/// `digest sha256 of SEGMENT, ...`
struct Digest {
  std::vector<std::pair<std::string, Span>> segments;
  Span span;
  std::string text;
};

enum class SegmentKind { kElf, kFile, kDeviceTree, kReserve, kElfCoreHeader, kTrampoline };
const char* to_text(SegmentKind kind);

enum class Placing { kBottomUp, kTopDown, kAt };

struct Segment {
  std::string name;
  SegmentKind kind = SegmentKind::kFile;
  ExprPtr content;  // the file, the tree, or the size of a reserve
  Placing placing = Placing::kBottomUp;
  ExprPtr at;
  ExprPtr align;
  std::vector<ExprPtr> within, avoid;
  ExprPtr size_limit;
  std::vector<Poke> pokes;
  std::vector<NodeEdit> nodes;
  std::vector<ExprPtr> reserve;
  ExprPtr tree_version;
  std::vector<ExprPtr> usable;         // of a tree: what a crash kernel may use
  Span usable_span;
  std::vector<ExprPtr> cover, except;  // of a core header: what the dump describes
  std::vector<RangeMove> remaps;
  ExprPtr most_ranges;                 // of a core header: how many there is room for
  std::optional<Digest> digest;        // of a trampoline
  std::vector<RangeMove> copies;
  Span span, name_span;
  std::vector<std::string> doc;
};

struct Binding {
  enum class To {
    kSegment,
    kGiver,    // giver.NAME: what the giver itself supplies, a role of `from`
    kArgument  // argument.NAME: a run-time value of the call that departs
  };
  std::string role;
  To to = To::kSegment;
  std::string name;  // the segment, or NAME
  Span span;
};

struct Assertion {
  ExprPtr condition;
  std::string message;
  Span span;
};

/// `allow SLUG because "...";`: findings of one kind are known in this handoff, and why.
struct Allowance {
  std::string slug;
  std::string because;
  Span span;
};

enum class GiverOrder { kBig, kLittle, kBoth };
const char* to_text(GiverOrder order);

struct Handoff {
  std::string name;
  Span span, name_span;
  std::string machine;
  Span machine_span;
  std::string parent;  // what it extends, or ""
  std::string loader;  // "" without a table
  std::string from, to;
  Span from_span, to_span;
  GiverOrder giver = GiverOrder::kBoth;
  Span giver_span;
  bool on_crash = false;
  std::vector<Parameter> parameters;
  std::vector<Segment> segments;
  std::vector<Binding> bindings;
  std::string slaves = "auto";  // overlay relay none auto
  Span slaves_span;
  std::string enter;
  Span enter_span;
  std::vector<std::string> relies_on;  // keys of incidental clauses
  std::vector<Span> relies_spans;
  std::vector<Assertion> assertions;
  std::vector<Allowance> allowed;
  /// Of one that extends another: all its clauses, those inherited as well, as they were written, without modifiers. Of any
  /// other they stand in its syntax tree.
  std::optional<std::vector<syntax::Clause>> merged;
  std::vector<std::string> doc;

  const Segment* find_segment(const std::string& name) const;
  const Binding* find_binding(const std::string& role) const;
};

struct Let {
  std::string name;
  Value value = Value::error();  // of literals and earlier lets, so known at once
  Span span;
};

struct Program {
  std::map<std::string, Convention> conventions;  // by "name@version"
  std::map<std::string, Loader> loaders;
  std::map<std::string, MachineDeclaration> machines;
  std::map<std::string, Handoff> handoffs;
  /// Handoffs with a version, by "name@version": there for others to extend, incomplete, on no machine.
  std::map<std::string, Handoff> patterns;
  std::map<std::string, Let> lets;
  /// Handoffs of the file that was asked for, in source order.
  std::vector<std::string> main_handoffs;
  /// Every file read, in order: the depfile.
  std::vector<source::FileId> files;
};

}  // namespace baton::model
