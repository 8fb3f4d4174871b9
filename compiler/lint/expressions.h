// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does an expression say before anything is placed: which names, which numbers, the same as another?
//
// Two expressions are the same when they are written alike or are literals of one value; sets have no order.
// Nothing here knows machines or segments: an expression that names one has no value yet.
//
//   canonical(`64KiB`) == canonical(`0x10000`);  known_ranges(`0x0 ..< 4GiB`) == { 0x0 ..< 0x100000000 }
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/range.h"
#include "model/program.h"
#include "syntax/ast.h"

namespace baton::lint {

using Lets = std::map<std::string, model::Let>;

/// An expression as text, without what does not matter: two are the same when their texts are.
std::string canonical(const syntax::Expr& e);
/// Of several in their order; of several in any.
std::string canonical(const std::vector<syntax::ExprPtr>& list, bool ordered);

/// Every expression of a tree, outermost first.
void for_each(const syntax::Expr& e, const std::function<void(const syntax::Expr&)>& body);
/// Every clause below a list of clauses, blocks included.
void for_each_clause(const std::vector<syntax::Clause>& clauses,
                     const std::function<void(const syntax::Clause&)>& body);
/// Every whole name (`machine.rma.end`, `low`) of a clause's arguments, without those of its block.
void for_each_name(const syntax::Clause& clause, const std::function<void(const std::string&)>& body);
void for_each_name(const syntax::Expr& e, const std::function<void(const std::string&)>& body);

/// Of literals and lets only; nothing for what names anything else.
std::optional<Wide> known_number(const syntax::Expr& e, const Lets& lets);
std::optional<RangeSet> known_ranges(const syntax::Expr& e, const Lets& lets);
/// All of a list together.
std::optional<RangeSet> known_ranges(const std::vector<syntax::ExprPtr>& list, const Lets& lets);

/// Lists of places are compared pair by pair. Beyond this many no hand has written them.
constexpr size_t kMostCompared = 256;

bool is_literal(const syntax::Expr& e);

}  // namespace baton::lint
