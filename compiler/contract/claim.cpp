// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conventions over a scope. See claim.h.
#include "contract/claim.h"

#include <algorithm>

#include "contract/order.h"

namespace baton::contract {

using model::Clause;
using model::ClauseKind;
using model::Section;
using model::Type;
using model::Value;

const std::vector<RoleAttribute>& role_attributes(std::string_view kind) {
  static const std::vector<RoleAttribute> kCommon = {{"start", Type::kAddress},
                                                     {"size", Type::kSize},
                                                     {"end", Type::kAddress},
                                                     {"extent", Type::kRange},
                                                     {"base", Type::kAddress},
                                                     {"entry", Type::kAddress},
                                                     {"overwrites", Type::kRanges}};
  static const std::vector<RoleAttribute> kElf = [] {
    auto all = kCommon;
    all.push_back({"order", Type::kInt});
    return all;
  }();
  static const std::vector<RoleAttribute> kTree = {
      {"start", Type::kAddress},   {"size", Type::kSize},    {"end", Type::kAddress},
      {"extent", Type::kRange},    {"address", Type::kAddress}, {"format", Type::kInt}};
  if (kind == "elf64") return kElf;
  if (kind == "devicetree") return kTree;
  return kCommon;
}

bool is_runtime_kind(std::string_view kind) { return kind == "pagelist" || kind == "hook" || kind == "argument"; }

std::optional<Value> slot_word(std::string_view name) {
  if (name.rfind(kSlotWords, 0) != 0 || name.find('.', kSlotWords.size()) != std::string_view::npos) return std::nullopt;
  return Value::symbol(std::string(name), Type::kAddress);
}

std::optional<Value> contract_word(std::string_view name) {
  if (name == "cpu.physical_id" || name == "master.physical_id") return Value::symbol(std::string(name));
  if (name == "giver") return Value::symbol("giver");
  if (name == "any") return Value::of_word("any");
  const auto& states = arrival_states();
  if (std::find(states.begin(), states.end(), name) != states.end())
    return Value::of_word(std::string(name));
  return std::nullopt;
}

std::optional<Value> ConventionScope::lookup(std::string_view name) const {
  if (auto word = contract_word(name)) return word;
  size_t dot = name.find('.');
  std::string_view head = name.substr(0, dot);
  if (head == "machine") {
    if (dot == std::string_view::npos) return std::nullopt;
    if (const auto* attribute = model::find_machine_attribute(name.substr(dot + 1)))
      return Value::pending(attribute->type, std::string(name));
    return std::nullopt;
  }
  for (const model::Role& role : roles_) {
    if (role.name != head) continue;
    if (is_runtime_kind(role.kind)) {
      if (dot != std::string_view::npos) return std::nullopt;
      return Value::symbol("argument." + role.name);
    }
    if (dot == std::string_view::npos) return Value::pending(Type::kRange, std::string(name));
    for (const RoleAttribute& attribute : role_attributes(role.kind))
      if (attribute.name == name.substr(dot + 1))
        return Value::pending(attribute.type, std::string(name));
    return std::nullopt;
  }
  if (auto word = slot_word(name)) return word;
  if (!lets_) return std::nullopt;
  auto let = lets_->find(std::string(name));
  return let == lets_->end() ? std::nullopt : std::optional(let->second.value);
}

std::vector<std::string> ConventionScope::names() const {
  std::vector<std::string> all = {"cpu.physical_id", "master.physical_id", "giver", "any"};
  for (auto state : arrival_states()) all.emplace_back(state);
  for (const auto& attribute : model::machine_attributes())
    all.push_back("machine." + std::string(attribute.name));
  for (const model::Role& role : roles_) {
    all.push_back(role.name);
    if (is_runtime_kind(role.kind)) continue;
    for (const RoleAttribute& attribute : role_attributes(role.kind))
      all.push_back(role.name + "." + std::string(attribute.name));
  }
  if (lets_)
    for (const auto& [name, let] : *lets_) all.push_back(name);
  return all;
}

std::vector<Value> Claim::possible() const {
  std::vector<Value> all;
  for (const Value& v : values) {
    if (v.type() == Type::kSet && v.is_known())
      all.insert(all.end(), v.members().begin(), v.members().end());
    else
      all.push_back(v);
  }
  return all;
}

std::vector<std::pair<const char*, int>> mode_bits(const Clause& mode) {
  int translated = !mode.words.empty() && mode.words[0] == "virtual" ? 1 : 0;
  return {{"IR", translated}, {"DR", translated}, {"PR", 0}};  // Book3S
}

const Claim* Boundary::find(Section section, ClauseKind kind, const std::string& subject) const {
  for (const Claim& claim : claims)
    if (claim.section == section && claim.kind == kind && claim.subject == subject) return &claim;
  return nullptr;
}

namespace {

bool mentions(const syntax::Expr& e, const std::string& role) {
  if (e.kind == syntax::Expr::Kind::kName && e.text == role) return true;
  return std::any_of(e.operands.begin(), e.operands.end(), [&](const auto& o) { return mentions(*o, role); });
}

bool values_mention(const Clause& clause, const std::string& role) {
  return std::any_of(clause.values.begin(), clause.values.end(), [&](const auto& e) { return mentions(*e, role); });
}

}  // namespace

bool speaks_of(const Clause& clause, const std::string& role) {
  bool placed = clause.kind == ClauseKind::kPlace && clause.subject == role;
  bool tree = clause.kind == ClauseKind::kTreeFormat || clause.kind == ClauseKind::kTreeBootCpu ||
              clause.kind == ClauseKind::kTreeReserves || clause.kind == ClauseKind::kTreeProperty;
  return placed || clause.role == role || (tree && role == "tree") || values_mention(clause, role);
}

bool speaks_of_unbound_role(const Clause& clause, const model::Convention& convention, const model::Scope& scope) {
  return std::any_of(convention.roles.begin(), convention.roles.end(), [&](const model::Role& role) {
    return role.optional && !scope.lookup(role.name) && values_mention(clause, role.name);
  });
}

bool same_content(const Value& a, const Value& b) {
  if (a.is_symbol() || b.is_symbol())
    return a.is_symbol() && b.is_symbol() && a.as_symbol() == b.as_symbol();
  if (!a.is_known() || !b.is_known()) return false;
  if (a.is_number() && b.is_number()) return a.number() == b.number();
  return a == b;
}

namespace {

/// Overlays the words of a section on the handoff's scope: `giver` as a number, `cpu` as the master.
class SectionScope : public model::Scope {
 public:
  SectionScope(const model::Scope& outer, Section section, Endian giver)
      : outer_(outer), section_(section), giver_(giver) {}

  std::optional<Value> lookup(std::string_view name) const override {
    if (name == "giver") return Value::of_int(giver_ == Endian::kLittle ? 1 : 0);
    // In a master clause the CPU is the master; in a slave clause each slave is itself.
    if (name == "cpu.physical_id" && section_ == Section::kMaster)
      return lookup("master.physical_id");
    if (name == "master.physical_id") {
      // A machine with one CPU leaves no doubt who the master is.
      auto cpus = outer_.lookup("machine.cpus");
      if (cpus && cpus->is_known() && cpus->type() == Type::kIds && cpus->ids().size() == 1)
        return Value::of_int(cpus->ids()[0]);
    }
    if (auto word = contract_word(name)) return word;
    if (auto value = outer_.lookup(name)) return value;
    return slot_word(name);
  }
  std::optional<Value> call(std::string_view name, const std::vector<Value>& a) const override {
    return outer_.call(name, a);
  }
  std::optional<std::string> why_absent(std::string_view name) const override {
    return outer_.why_absent(name);
  }
  std::vector<std::string> names() const override { return outer_.names(); }

 private:
  const model::Scope& outer_;
  Section section_;
  Endian giver_;
};

/// What is pending still when everything is placed belongs to the running system: known by its name alone.
Value run_time(const syntax::Expr& e, Value v) {
  if (v.is_pending() && !model::dotted_name(e).empty()) return Value::symbol(v.as_pending().what);
  if (e.kind != syntax::Expr::Kind::kSet || v.type() != Type::kSet || !v.is_known()) return v;
  std::vector<Value> members;
  for (size_t i = 0; i < e.operands.size(); ++i) members.push_back(run_time(*e.operands[i], v.members()[i]));
  return Value::of_set(std::move(members));
}

bool takes_ranges(ClauseKind kind) {
  return kind == ClauseKind::kBytes || kind == ClauseKind::kUnspecified ||
         kind == ClauseKind::kPlace || kind == ClauseKind::kTreeReserves ||
         kind == ClauseKind::kWithin || kind == ClauseKind::kDisjoint;
}

}  // namespace

bool is_book3e_field(std::string_view name) {
  return name == "CM" || name == "CE" || name == "DE" || name == "IS" || name == "DS" || name == "GS";
}

bool of_book3e(const Boundary& boundary) {
  // The clause, since a claim has IS and DS as IR and DR.
  return std::any_of(boundary.claims.begin(), boundary.claims.end(), [](const Claim& claim) {
    if (claim.kind != ClauseKind::kMsr || claim.clause->kind != ClauseKind::kMsr) return false;
    return is_book3e_field(claim.clause->subject);
  });
}

Boundary resolve(const model::Convention& convention, const model::Scope& scope,
                 const ResolveOptions& options, diagnostics::Sink& sink) {
  Boundary boundary;
  boundary.convention = &convention;
  auto relied_on = [&](const Clause& clause) {
    return std::find(options.relies_on.begin(), options.relies_on.end(), clause.key) !=
           options.relies_on.end();
  };
  for (const Clause& clause : convention.clauses) {
    // Incidental is never a goal, and a fact only for who says that he relies on it.
    if (clause.incidental && (options.side == Side::kTo || !relied_on(clause))) continue;
    if (speaks_of_unbound_role(clause, convention, scope)) continue;
    SectionScope section_scope(scope, clause.section, options.giver);
    // The caller is entered nowhere: it calls.
    if (clause.kind == ClauseKind::kEnter && !clause.words.empty() && clause.words[0] == "call") continue;
    Claim claim;
    claim.clause = &clause;
    claim.section = clause.section;
    claim.kind = clause.kind;
    claim.subject = clause.subject;
    claim.any = clause.any;
    // Whoever needs the giver's byte order can be entered in any: it takes what it is given.
    if (options.side == Side::kTo && (clause.kind == ClauseKind::kMsr || clause.kind == ClauseKind::kIle) &&
        clause.values.size() == 1 && clause.values[0]->is_name("giver"))
      claim.any = true;
    bool failed = false;
    for (const auto& expr : clause.values) {
      Value v = takes_ranges(clause.kind) ? evaluate_as(*expr, Type::kRanges, section_scope, sink)
                                          : run_time(*expr, evaluate(*expr, section_scope, sink));
      failed = failed || v.is_error();
      claim.values.push_back(std::move(v));
    }
    if (failed) continue;
    // A relied-on incidental clause refines the promise about the same thing.
    auto state = [&](Claim stated) {
      auto refined = std::find_if(boundary.claims.begin(), boundary.claims.end(), [&](const Claim& c) {
        return c.section == stated.section && c.kind == stated.kind && c.subject == stated.subject;
      });
      if (clause.incidental && refined != boundary.claims.end())
        *refined = std::move(stated);
      else
        boundary.claims.push_back(std::move(stated));
    };
    // Book3E has them at the places of IR and DR: `mode real` is about the same bits.
    if (claim.kind == ClauseKind::kMsr && claim.subject == "IS") claim.subject = "IR";
    if (claim.kind == ClauseKind::kMsr && claim.subject == "DS") claim.subject = "DR";
    if (clause.kind == ClauseKind::kArgument) {
      claim.kind = ClauseKind::kRegister;
      claim.subject = clause.words[0];
      claim.values = {Value::symbol("argument." + clause.subject)};
    }
    if (clause.kind != ClauseKind::kMode) {
      state(std::move(claim));
      continue;
    }
    for (const auto& [field, bit] : mode_bits(clause)) {
      Claim unfolded = claim;
      unfolded.kind = ClauseKind::kMsr;
      unfolded.subject = field;
      if (!unfolded.any) unfolded.values = {Value::of_int(static_cast<Wide>(bit))};
      state(std::move(unfolded));
    }
  }
  return boundary;
}

}  // namespace baton::contract
