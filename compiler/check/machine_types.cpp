// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Facts over a scope of types. See machine_types.h.
#include "check/machine_types.h"

#include <algorithm>
#include <set>

#include "contract/order.h"
#include "model/evaluate.h"
#include "model/machine_facts.h"

namespace baton::check {

using diagnostics::Code;
using model::MachineClause;
using model::MachineDeclaration;
using model::Type;
using model::Value;

namespace {

/// Lets with their values, and the machine's own facts and ranges without.
class FactTypes : public model::Scope {
 public:
  FactTypes(const MachineDeclaration& machine, const model::Program& program) : program_(program) {
    for (const MachineClause& clause : machine.clauses)
      if (clause.kind != MachineClause::Kind::kFact) named_.insert(clause.name);
  }

  std::optional<Value> lookup(std::string_view name) const override {
    if (name.starts_with("machine.")) {
      std::string_view fact = name.substr(8);
      if (const auto* attribute = model::find_machine_attribute(fact))
        return Value::pending(attribute->type, std::string(name));
      if (named_.find(fact) != named_.end()) return Value::pending(Type::kRanges, std::string(name));
      return std::nullopt;
    }
    for (std::string_view state : contract::arrival_states())
      if (state == name) return Value::of_word(std::string(name));
    auto let = program_.lets.find(std::string(name));
    if (let == program_.lets.end()) return std::nullopt;
    return let->second.value;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& attribute : model::machine_attributes()) all.push_back("machine." + std::string(attribute.name));
    for (const std::string& name : named_) all.push_back("machine." + name);
    for (const auto& [name, let] : program_.lets) all.push_back(name);
    return all;
  }

 private:
  const model::Program& program_;
  std::set<std::string, std::less<>> named_;  // regions and reserves
};

void check_fact(const MachineClause& clause, const FactTypes& scope, diagnostics::Sink& sink) {
  Type type = Type::kRanges;
  if (clause.kind == MachineClause::Kind::kFact) {
    const auto* attribute = model::find_machine_attribute(clause.name);
    if (!attribute) return;  // reported where it was read
    type = attribute->type;
    if (type == Type::kIds) {
      type = Type::kInt;
    } else if (type != Type::kRanges && clause.values.size() > 1) {
      sink.report(Code::clause_shape, clause.span, "`" + clause.name + "` is " + to_text(type) + ", not a list");
      return;
    }
    if (type == Type::kRange) type = Type::kRanges;
  }
  for (const auto& value : clause.values) {
    Value v = evaluate_as(*value, type, scope, sink);
    if (clause.kind == MachineClause::Kind::kFact) model::is_possible_fact(clause.name, v, value->span, clause.span, sink);
  }
}

}  // namespace

void check_machine_types(const model::Program& program, diagnostics::Sink& sink) {
  std::vector<const MachineDeclaration*> machines;
  for (const auto& [name, machine] : program.machines) machines.push_back(&machine);
  std::sort(machines.begin(), machines.end(), [](const auto* a, const auto* b) {
    return std::pair(a->span.file, a->span.begin) < std::pair(b->span.file, b->span.begin);
  });
  for (const MachineDeclaration* machine : machines) {
    FactTypes scope(*machine, program);
    for (const MachineClause& clause : machine->clauses) check_fact(clause, scope, sink);
  }
}

}  // namespace baton::check
