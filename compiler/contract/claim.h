// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a convention say in *this* handoff, with its names valued?
//
// A Claim is one clause with its expressions evaluated: `r3 = tree.address` becomes r3 in { 0x5000000 }.
// The same shape serves a promise ("one of these") and a need ("any of these"). `mode real` unfolds into
// the MSR bits it stands for. Values that only the machine knows stay symbols. A convention is resolved
// once per byte order of the giver, so that `giver` is a number in here.
//
//   resolve(linux.bootblock@17, ...)  ->  { master r3 {0x5000000} }, { master msr IR {0} }, ...
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/evaluate.h"
#include "model/program.h"

namespace baton::contract {

struct Claim {
  const model::Clause* clause = nullptr;
  model::Section section = model::Section::kMaster;
  model::ClauseKind kind = model::ClauseKind::kRegister;
  std::string subject;  // register, MSR field, fact; else empty
  std::vector<model::Value> values;
  bool any = false;

  /// One by one: a claim written as one set `{ a, b }` or as several values is the same claim.
  std::vector<model::Value> possible() const;
  /// "r3 = tree.address", as the convention wrote it.
  const std::string& text() const { return clause->text; }
};

/// One side of a handoff.
struct Boundary {
  const model::Convention* convention = nullptr;
  std::vector<Claim> claims;

  const Claim* find(model::Section section, model::ClauseKind kind, const std::string& subject = {}) const;
};

enum class Side { kFrom, kTo };

struct ResolveOptions {
  Side side = Side::kFrom;
  Endian giver = Endian::kBig;
  /// Keys of incidental clauses the handoff relies on (kFrom only).
  std::vector<std::string> relies_on;
};

/// Evaluates every clause. `scope` gives roles, the machine and the section's CPU symbols; the words
/// `giver`, `any`, arrival states and events are known here. Mistakes are reported.
Boundary resolve(const model::Convention& convention, const model::Scope& scope,
                 const ResolveOptions& options, diagnostics::Sink& sink);

/// Whether only the MSR of Book III-E has a field of that name.
bool is_book3e_field(std::string_view name);

/// Whether a clause names such a field: this is then a convention of such CPUs.
bool of_book3e(const Boundary& boundary);

/// Whether a clause names that role, or is about it.
bool speaks_of(const model::Clause& clause, const std::string& role);

/// Whether a clause speaks of an optional role that is bound to nothing: it promises and asks nothing.
bool speaks_of_unbound_role(const model::Clause& clause, const model::Convention& convention, const model::Scope& scope);

/// Equal as contents of a register or a field: numbers by value whatever their type, symbols by name.
bool same_content(const model::Value& a, const model::Value& b);

/// The scope of a convention by itself: every name typed, nothing known but the lets of its program.
class ConventionScope : public model::Scope {
 public:
  explicit ConventionScope(const std::vector<model::Role>& roles, const std::map<std::string, model::Let>* lets = nullptr)
      : roles_(roles), lets_(lets) {}
  std::optional<model::Value> lookup(std::string_view name) const override;
  std::vector<std::string> names() const override;

 private:
  const std::vector<model::Role>& roles_;
  const std::map<std::string, model::Let>* lets_;  // may be null
};

/// The attributes of a role of that kind and their types: image.entry, tree.address, ...
struct RoleAttribute {
  std::string_view name;
  model::Type type;
};
const std::vector<RoleAttribute>& role_attributes(std::string_view kind);

/// The MSR fields that a `mode` clause speaks of, and their bits (without meaning where the mode is withdrawn).
std::vector<std::pair<const char*, int>> mode_bits(const model::Clause& mode);

/// The kinds of role that are bound to nothing: a value of the call that departs, known to it alone.
bool is_runtime_kind(std::string_view kind);

/// What a slave's own slot of its pen says when it is let go: "slot.entry"; and where the slot is: "slot.address".
inline constexpr std::string_view kSlotWords = "slot.";
inline constexpr std::string_view kSlotAddress = "slot.address";
/// A value known by its name alone; nullopt for a name that is none of them. Whether there is such a field is checked apart.
std::optional<model::Value> slot_word(std::string_view name);

/// Names that stand for run-time values or words in a clause: cpu.physical_id, giver, any, arriving, ...
std::optional<model::Value> contract_word(std::string_view name);

}  // namespace baton::contract
