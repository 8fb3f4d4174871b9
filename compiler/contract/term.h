// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// When do two expressions stand for the same value, and when does one range hold another?
//
// A convention by itself has names that only a handoff values: `image.base`, `machine.rma`. They have a
// normal form nevertheless. A number is a sum of names with a constant; what is not a sum (`align_up(..)`)
// counts as one name by its text. Ranges are pieces with such bounds. Each question has three answers:
// yes and no hold whatever the names come to, unknown says that it depends on them. Known values, as a
// handoff has them, are the case without names.
//
//   same(image.base + 0x8, 0x8 + image.base) yes;  same(image.base, image.base + 1) no;
//   same(image.base, image.entry) unknown;  covers(image.base +: 0x100, image.base + 0x8 +: 0x54) yes
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/range.h"
#include "model/program.h"

namespace baton::contract {

enum class Truth { kYes, kNo, kUnknown };
/// Both hold; either holds.
Truth both(Truth a, Truth b);
Truth either(Truth a, Truth b);

using Signed = __int128;

/// A sum of names, each with a factor, and a constant.
struct Linear {
  std::map<std::string, Signed> names;
  Signed constant = 0;

  static Linear number(Wide n) { return {{}, static_cast<Signed>(n)}; }
  static Linear name(std::string n) { return {{{std::move(n), 1}}, 0}; }
  bool is_constant() const { return names.empty(); }
  bool operator==(const Linear&) const = default;
};
/// Nothing on overflow.
std::optional<Linear> sum(const Linear& a, const Linear& b, int factor = 1);
std::optional<Linear> product(const Linear& a, const Linear& b);
Truth equal(const Linear& a, const Linear& b);
/// a <= b. Names stand for numbers that are not negative.
Truth at_most(const Linear& a, const Linear& b);
std::string to_text(const Linear& linear);

/// The content of a register or field, an arrival state, a blob version.
struct Term {
  enum class Kind { kNumber, kStack, kWord, kUnknown };
  Kind kind = Kind::kUnknown;
  Linear number;             // kNumber; of a kStack with a size, its bytes
  bool sized = false;        // kStack
  std::string word;          // kWord: the state
  bool operator==(const Term&) const = default;
};
/// A promise of the one is enough for a need of the other: equal, or a stack that is large enough.
Truth satisfies(const Term& promised, const Term& needed);
std::string to_text(const Term& term);

/// A set of addresses.
struct Area {
  struct Span {
    Linear begin, size;
  };
  struct Difference {
    std::shared_ptr<const Area> from, except;
  };
  RangeSet known;                      // what has no name in it
  std::vector<Span> spans;
  std::vector<std::string> sets;       // machine.ram, image.overwrites: whatever they are
  std::vector<Difference> differences;
  bool unknown = false;                // and something of which nothing can be said

  bool empty() const {
    return known.empty() && spans.empty() && sets.empty() && differences.empty() && !unknown;
  }
  void add(const Area& other);
};
Truth covers(const Area& outer, const Area& inner);
Truth disjoint(const Area& a, const Area& b);
/// The normal form as text: equal texts are equal areas.
std::string to_text(const Area& area);

/// `bytes DESTINATION = bytes SOURCE`.
struct Copy {
  Linear destination, source, size;
};
Area destination_of(const Copy& copy);
/// Whether the promised copies, each and joined, put the needed bytes where they are needed.
Truth provides(const std::vector<Copy>& promised, const Copy& needed);

/// The names of one convention on their own: roles, the machine, lets; and which role is called what.
struct Names {
  const std::vector<model::Role>* roles = nullptr;
  const std::map<std::string, model::Let>* lets = nullptr;
  /// Roles that the other side calls otherwise.
  std::map<std::string, std::string> renamed;
  bool master = false;  // `cpu` is the master here

  std::string role(const std::string& name) const;
};

/// Expressions of a convention. The word `giver` is answered by nothing: it is either order.
std::optional<Term> term_of(const syntax::Expr& expr, const Names& names);
Area area_of(const syntax::Expr& expr, const Names& names);
std::optional<Copy> copy_of(const syntax::Expr& destination, const syntax::Expr& source, const Names& names);

/// Values of a handoff.
Term term_of(const model::Value& value);
Area area_of(const model::Value& value);

}  // namespace baton::contract
