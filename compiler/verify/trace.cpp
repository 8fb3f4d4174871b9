// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registers are compared by what is known of them. See trace.h.
#include "verify/trace.h"

#include <algorithm>

#include "base/address.h"
#include "ppc64/instruction.h"

namespace baton::verify {
namespace {

constexpr unsigned kTurnsShown = 2;
constexpr size_t kInstructionWidth = 28;

Fetched instruction_at(const Machine& machine) {
  Fetched fetched;
  if (const CallContract* contract = machine.contract_here()) {
    fetched.text = "(" + contract->name + ", by its contract)";
    return fetched;
  }
  auto order = machine.order();
  if (!order) return fetched;
  fetched.order = *order;
  auto word = machine.memory.load(machine.place_of(machine.pc), 4, *order).constant();
  if (!word) return fetched;
  fetched.text = hex(Wide{*word});
  if (auto instruction = ppc64::decode(static_cast<uint32_t>(*word))) {
    fetched.text = ppc64::to_text(*instruction);
    fetched.order_or_cache = ppc64::is_order_or_cache(instruction->mnemonic);
  }
  std::replace(fetched.text.begin(), fetched.text.end(), '\t', ' ');
  return fetched;
}

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

}  // namespace

void StepChanges::before(Machine& m) {
  m.memory.note_accesses(nullptr);
  instruction_ = instruction_at(m);
  by_contract_ = m.contract_here() != nullptr;
  accesses_.clear();
  m.memory.note_accesses(&accesses_);
  before_ = m;
}

std::vector<std::string> StepChanges::after(const Machine& m, const SymbolNames& names) {
  std::vector<std::string> changes;
  registers_.clear();
  auto compare = [&](const std::string& name, const Value& then, const Value& now) {
    if (then == now) return;
    registers_.push_back(name);
    changes.push_back(name + " = " + now.to_text(names));
  };
  for (size_t i = 0; i < before_.gpr.size(); ++i) compare("r" + std::to_string(i), before_.gpr[i], m.gpr[i]);
  for (const auto& [name, part] : kOtherRegisters) compare(name, before_.*part, m.*part);
  // The first access is the fetch. What is taken by contract is not fetched.
  if (!accesses_.empty() && !by_contract_) accesses_.erase(accesses_.begin());
  const std::vector<Access> accesses = accesses_;  // looking at memory is an access too
  for (const Access& access : accesses)
    if (access.stores)
      changes.push_back(std::to_string(access.width) + " bytes at " + hex(Wide{access.address}) + " = " +
                        m.resolve(m.memory.load(access.address, access.width, m.order().value_or(Endian::kBig))).to_text(names));
  accesses_ = accesses;
  return changes;
}

void Trace::follows(const std::string& conditions) {
  close_gap();
  shown_.clear();
  if (!conditions.empty()) text_ += "the way " + conditions + ":\n";
}

void Trace::close_gap() {
  if (hidden_ != 0) text_ += "            ... " + std::to_string(hidden_) + " steps of more turns\n";
  hidden_ = 0;
}

void Trace::after(const Machine& machine, const SymbolNames& names) {
  ++steps_;
  std::vector<std::string> changes = changes_.after(machine, names);
  if (++shown_[changes_.pc()] > kTurnsShown) {
    ++hidden_;
    return;
  }
  close_gap();
  std::string line = padded(hex(Wide{changes_.pc()}), 10) + "  " + padded(changes_.instruction().text, kInstructionWidth) + "  " + joined(changes);
  line.erase(line.find_last_not_of(' ') + 1);
  text_ += line + "\n";
}

std::string Trace::text() const {
  return text_ + (hidden_ == 0 ? "" : "            ... " + std::to_string(hidden_) + " steps of more turns\n");
}

void Listing::after(const Machine& machine, const SymbolNames& names) {
  std::vector<std::string> changes = changes_.after(machine, names);
  const uint64_t at = changes_.pc();
  Line& line = lines_[at];
  if (line.count++ == 0) {
    line.instruction = changes_.instruction();
    line.changes = std::move(changes);
  }
  for (const std::string& name : changes_.registers()) last_writer_[name] = at;
  for (const Access& access : changes_.accesses())
    for (unsigned i = 0; i < access.width; ++i) access.stores ? void(last_store_[access.address + i] = at) : void(read_[access.address + i] = true);
  last_ = at;
}

void Listing::credit(const Goals& goals, const Verdict& verdict) {
  auto met = [&](const std::string& clause) {
    return std::any_of(verdict.obligations.begin(), verdict.obligations.end(),
                       [&](const Obligation& o) { return o.clause == clause && o.outcome <= Outcome::kAssumed; });
  };
  auto name = [&](uint64_t at, const std::string& clause) {
    auto line = lines_.find(at);
    if (line != lines_.end() && met(clause)) line->second.clauses.push_back(clause);
  };
  name(last_, goals.target_clause);
  for (const RegisterGoal& goal : goals.registers)
    if (auto writer = last_writer_.find(goal.name); writer != last_writer_.end()) name(writer->second, goal.clause);
  for (const WordGoal& goal : goals.words)
    if (auto writer = last_store_.find(goal.at.value()); writer != last_store_.end()) name(writer->second, goal.clause);
  for (const BytesGoal& goal : goals.bytes)
    if (auto writer = last_store_.find(goal.at.value()); writer != last_store_.end()) name(writer->second, goal.clause);
}

}  // namespace baton::verify
