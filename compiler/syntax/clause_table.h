// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which clauses does the language have, and where may each of them stand?
//
// One table for everything that must know: checking, did-you-mean, the page CLAUSES.md (generated from
// here), editors. A row is a form: a head in one or more contexts, and the shape of its arguments.
// Shapes are for people and follow one notation: lower case is written as it stands, UPPER CASE is
// replaced, `[x]` may be left out, `x | y` is either, `x, ...` is a list.
//
//   find(Context::kExpects, "landing")->shape == "landing slaves at offset INT"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "syntax/arguments.h"
#include "syntax/ast.h"

namespace baton::syntax {

enum class Context : uint8_t {
  kFile,  // declarations
  kConvention,
  kEnsuresMaster,
  kEnsuresSlaves,
  kEnsuresMemory,
  kExpects,
  kMachine,
  kLoader,
  kHandoff,
  kSegmentElf,
  kSegmentFile,
  kSegmentDevicetree,
  kSegmentReserve,
  kSegmentElfcorehdr,
  kSegmentTrampoline,
  kSegmentInherited,  // `segment NAME { ... }`: of which kind it is stands in what the handoff extends
  kTreeNode
};
inline constexpr size_t kContextCount = static_cast<size_t>(Context::kTreeNode) + 1;

/// For messages: "`ensures master`", "a handoff", "a trampoline segment".
std::string_view to_text(Context context);

struct ClauseForm {
  uint32_t contexts = 0;    // one bit per Context
  std::string_view head;    // "msr", "tree.format", or kPropertyHead
  std::string_view word;    // tells the forms of one head apart: `trampoline` of `segment`; or empty
  std::string_view shape;   // with the head
  bool has_block = false;
  std::optional<Context> block;
  std::string_view doc;     // one line
  unsigned since = 1;       // the language version that brought it

  bool stands_in(Context context) const { return (contexts >> static_cast<unsigned>(context)) & 1u; }
};

/// Heads in quotes are the properties of a tree node.
inline constexpr std::string_view kPropertyHead = "\"PROPERTY\"";

/// The word of `segment NAME { ... }`, which adds to an inherited segment: what stands where others have `= KIND`.
inline constexpr std::string_view kReopened = "{";

/// Every form in reference order. Registers are one row each.
const std::vector<ClauseForm>& clause_forms();
/// The form of `head` in `context`; `word` picks among several, and a form without one is the rest.
/// Null when the head may not stand there, or (with a word) when no form of the head has that word.
const ClauseForm* find(Context context, std::string_view head, std::string_view word = {});
/// The same from what the user wrote, without its modifiers. A head that exists with an unknown word is
/// found as well: the first form of the head, so that the caller can print the shapes.
const ClauseForm* find(Context context, const Clause& clause);
const ClauseForm* find(Context context, const PlainClause& clause);
/// Every form of a head in a context: what to print when the arguments are wrong.
std::vector<const ClauseForm*> forms(Context context, std::string_view head);
/// Every head that may stand there, once, in reference order; modifiers included. For did-you-mean.
std::vector<std::string_view> heads(Context context);
/// The contexts where a head may stand: "`landing` stands in `expects ROLE`".
std::vector<Context> contexts_of(std::string_view head);
bool is_head(Context context, std::string_view head);

/// The word that tells the forms of a clause apart: `trampoline` in `segment stub = trampoline`.
std::string_view form_word(std::string_view head, const std::vector<Argument>& arguments);

/// Where the clauses of a declaration stand; nothing for use and let.
std::optional<Context> context_of(const Declaration& declaration);
/// Where the clauses of a clause's block stand; nothing when the clause takes no block.
std::optional<Context> block_context(Context outer, const Clause& clause);

struct ModifierForm {
  Modifier modifier;
  std::string_view word;
  uint32_t contexts;
  std::string_view shape;
  std::string_view doc;

  bool stands_in(Context context) const { return (contexts >> static_cast<unsigned>(context)) & 1u; }
};
const std::vector<ModifierForm>& modifier_forms();
const ModifierForm& find(Modifier modifier);
bool is_modifier(Context context, std::string_view word);

bool is_register(std::string_view name);

/// The clause reference as Markdown: compiler/syntax/CLAUSES.md.
std::string clause_reference_markdown();

}  // namespace baton::syntax
