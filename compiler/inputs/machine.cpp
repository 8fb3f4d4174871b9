// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tree, clauses, rules, in this order. See machine.h.
#include "inputs/machine.h"

#include <algorithm>

#include "inputs/live_facts.h"
#include "inputs/live_machine.h"
#include "inputs/tree_machine.h"
#include "model/evaluate.h"
#include "model/machine_facts.h"

namespace baton::inputs {

using diagnostics::Code;
using model::Machine;
using model::MachineClause;
using model::Type;
using model::Value;

namespace {

/// Lets, and the facts of the machine itself as far as they are stated.
class MachineScope : public model::Scope {
 public:
  MachineScope(const Machine& machine, const model::Program& program) : machine_(machine), program_(program) {}

  std::optional<Value> lookup(std::string_view name) const override {
    if (name.substr(0, 8) == "machine.") {
      if (const auto* fact = machine_.find(name.substr(8))) return fact->value;
      const auto* attribute = model::find_machine_attribute(name.substr(8));
      if (attribute && attribute->type == Type::kRanges) return Value::of(RangeSet{});
      // The list only grows, behind what was looked for before.
      for (; known_ < machine_.named.size(); ++known_) named_.emplace(machine_.named[known_].name, known_);
      auto named = named_.find(name.substr(8));
      if (named == named_.end()) return std::nullopt;
      return Value::of(machine_.named[named->second].ranges);
    }
    static constexpr std::string_view kStates[] = {"absent", "firmware", "arriving", "held", "unknown"};
    for (auto state : kStates)
      if (state == name) return Value::of_word(std::string(name));
    auto let = program_.lets.find(std::string(name));
    if (let == program_.lets.end()) return std::nullopt;
    return let->second.value;
  }
  std::optional<std::string> why_absent(std::string_view name) const override {
    if (name.substr(0, 8) != "machine." || !model::find_machine_attribute(name.substr(8))) return std::nullopt;
    return "neither the device tree nor an earlier clause of this machine states it";
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& a : model::machine_attributes()) all.push_back("machine." + std::string(a.name));
    for (const auto& [name, let] : program_.lets) all.push_back(name);
    return all;
  }

 private:
  const Machine& machine_;
  const model::Program& program_;
  mutable std::map<std::string, size_t, std::less<>> named_;  // places in machine_.named
  mutable size_t known_ = 0;
};

class Builder {
 public:
  Builder(Machine& machine, const model::Program& program, diagnostics::Sink& sink)
      : machine_(machine), scope_(machine, program), sink_(sink) {}

  void state(const MachineClause& clause) {
    if (clause.kind == MachineClause::Kind::kFact) {
      Value v = value_of(clause);
      if (!v.is_error()) machine_.facts[clause.name] = {v, "stated in the program", clause.span};
      return;
    }
    Value v = evaluate_ranges(clause.values, scope_, sink_);
    if (v.is_error()) return;
    machine_.named.push_back({clause.name, v.ranges(), clause.kind == MachineClause::Kind::kReserve,
                              "stated in the program", clause.span});
  }

 private:
  Value value_of(const MachineClause& clause) {
    const auto* attribute = model::find_machine_attribute(clause.name);
    if (attribute->type == Type::kRanges) return evaluate_ranges(clause.values, scope_, sink_);
    if (attribute->type == Type::kIds) {
      std::vector<uint32_t> ids;
      for (const auto& e : clause.values) {
        Value v = evaluate_as(*e, Type::kInt, scope_, sink_);
        if (v.is_error()) return v;
        if (!model::is_possible_fact(clause.name, v, e->span, clause.span, sink_)) return Value::error();
        ids.push_back(static_cast<uint32_t>(v.number()));
      }
      return Value::of_ids(std::move(ids));
    }
    if (clause.values.size() != 1) {
      sink_.report(Code::clause_shape, clause.span,
                   "`" + clause.name + "` is " + to_text(attribute->type) + ", not a list");
      return Value::error();
    }
    bool one_range = attribute->type == Type::kRange;
    const syntax::Expr& e = *clause.values[0];
    Value v = evaluate_as(e, one_range ? Type::kRanges : attribute->type, scope_, sink_);
    if (v.is_error() || !model::is_possible_fact(clause.name, v, e.span, clause.span, sink_)) return Value::error();
    return one_range ? Value::of(v.ranges().front()) : v;
  }

  Machine& machine_;
  MachineScope scope_;
  diagnostics::Sink& sink_;
};

/// What the language fills in when neither tree nor clause says.
void fill_in(Machine& machine) {
  if (!machine.find("page")) {
    machine.facts["page"] = {Value::of(Size{64 << 10}), "default: no device tree states the page size", {}};
    machine.remarks.push_back("page size taken as 64KiB: no device tree states it; write `page = ...;` if it differs");
  }
  if (!machine.find("hypervisor"))
    machine.facts["hypervisor"] = {Value::of_int(machine.find("opal.base") ? 1 : 0),
                                   "default: 1 with OPAL, else 0", {}};
  if (!machine.find("kexec_slaves")) {
    const auto* cpus = machine.find("cpus");
    bool alone = cpus && cpus->value.ids().size() == 1;
    const char* state = alone ? "absent" : machine.find("opal.base") ? "firmware" : "arriving";
    machine.facts["kexec_slaves"] = {Value::of_word(state),
                                     "default: absent with one CPU, firmware with OPAL, else arriving", {}};
  }
}

/// `notes FILE`: the crash notes of a facts file of this machine, without the rest of it.
bool read_notes(const model::MachineDeclaration& declaration, Machine& machine, diagnostics::Sink& sink) {
  auto file = MappedFile::open(*declaration.notes);
  if (!file) {
    sink.report(Code::input_missing, declaration.notes_span, file.failure());
    return false;
  }
  auto tree = read_tree(*file);
  auto live = tree ? read_live_facts(*tree) : Result<std::optional<LiveFacts>>(tree.failure());
  if (!live) {
    sink.report(Code::bad_tree, declaration.notes_span, live.failure());
    return false;
  }
  if (!*live || (*live)->crash_notes.empty()) {
    sink.report(Code::bad_tree, declaration.notes_span,
                "`" + *declaration.notes + "` says nothing about crash notes: it has no /baton,facts crash-notes")
        .note("take the file on the machine itself, with `baton-load --facts FILE`");
    return false;
  }
  machine.notes = model::CrashNotes{(*live)->crash_notes, (*live)->vmcoreinfo, *declaration.notes};
  return true;
}

/// A tree without OPAL reads as a guest's. Where the program knows better, what is reached with translation off
/// is known better too.
void reach_all_of_ram(Machine& machine, const model::MachineDeclaration& declaration) {
  auto stated = [&](std::string_view attribute) {
    return std::any_of(declaration.clauses.begin(), declaration.clauses.end(), [&](const MachineClause& clause) {
      return clause.kind == MachineClause::Kind::kFact && clause.name == attribute;
    });
  };
  RangeSet ram = machine.ranges("ram");
  if (!machine.tree || stated("rma") || !stated("hypervisor") || machine.number("hypervisor") != 1u || ram.empty()) return;
  machine.facts["rma"] = {Value::of(Range{ram.front().begin, ram.back().end}), "hypervisor = 1: all of ram", {}};
}

}  // namespace

std::optional<Machine> build_machine(const model::MachineDeclaration& declaration,
                                     const model::Program& program, diagnostics::Sink& sink,
                                     const std::optional<std::filesystem::path>& live_path) {
  Machine machine;
  bool live = declaration.source == "live";
  if (live || declaration.file) {
    auto refused = [&](const Failure& failure) {
      Code code = failure.kind == Failure::Kind::kMalformed      ? Code::bad_tree
                  : failure.kind != Failure::Kind::kUnsuitable ? Code::input_missing
                  : live                                       ? Code::other_machine
                                                               : Code::bad_tree;
      sink.report(code, declaration.file_span, failure);
      return std::nullopt;
    };
    auto file = live ? read_live_machine(live_path) : MappedFile::open(*declaration.file);
    if (!file) return refused(file.failure());
    auto tree = read_tree(*file);
    if (!tree) return refused(tree.failure());
    auto from_tree = machine_from_tree(*tree, declaration.name);
    if (!from_tree) {
      Failure failure = from_tree.failure();
      if (failure.way_out.empty()) failure.way_out = "a machine is not guessed at: correct the tree, or take it again on the target with `baton-load --facts FILE`";
      return refused(failure);
    }
    machine = std::move(*from_tree);
    machine.tree = *file;
    machine.facts["tree"] = {Value::tree("machine.tree"), file->path().string(), {}};
  }
  machine.name = declaration.name;
  machine.span = declaration.span;
  Builder builder(machine, program, sink);
  for (const MachineClause& clause : declaration.clauses) builder.state(clause);
  reach_all_of_ram(machine, declaration);
  // What the tree lacked and the program states is known after all.
  std::erase_if(machine.remarks, [&](const std::string& remark) {
    size_t end = remark.find("` is not known");
    return end != std::string::npos && machine.find(remark.substr(1, end - 1)) != nullptr;
  });
  fill_in(machine);
  if (declaration.notes && !read_notes(declaration, machine, sink)) return std::nullopt;
  return machine;
}

bool is_crash_memory_there(const Machine& machine, const model::MachineDeclaration& declaration, diagnostics::Sink& sink) {
  const model::MachineFact* reserved = machine.find("crashkernel");
  RangeSet ram = machine.ranges("ram");
  if (!reserved || reserved->span.valid() || ram.empty() || ram.contains(reserved->value.ranges())) return true;
  RangeSet missing = reserved->value.ranges().except(ram);
  sink.report(Code::bad_tree, declaration.file_span,
              "`" + machine.tree->path().string() + "`: `crashkernel` is " + to_text(reserved->value) + " (" + reserved->origin + "), and " + to_text(missing.front()) +
                  " of it is no memory of this machine")
      .note("its memory is " + to_text(machine.find("ram")->value) + " (" + machine.find("ram")->origin + ")");
  return false;
}

}  // namespace baton::inputs
