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
  // What a contract stores is not known, byte by byte: that is one change.
  Range unknown{};
  auto say = [&](uint64_t address, uint64_t width, const std::string& what) {
    changes.push_back(std::to_string(width) + (width == 1 ? " byte at " : " bytes at ") + hex(Wide{address}) + " = " + what);
  };
  auto say_unknown = [&] {
    if (!unknown.empty()) say(unknown.begin.value(), unknown.size().bytes(), "unknown");
    unknown = {};
  };
  for (const Access& access : accesses) {
    if (!access.stores) continue;
    const Value value = m.resolve(m.memory.load(access.address, access.width, m.order().value_or(Endian::kBig)));
    const auto range = Range::checked(Address{access.address}, Size{access.width});
    if (range && value == Value::unknown().masked(low_bytes(access.width))) {
      if (unknown.empty() || unknown.end != range->begin) say_unknown(), unknown = *range;
      else unknown.end = range->end;
    } else {
      say_unknown();
      say(access.address, access.width, value.to_text(names));
    }
  }
  say_unknown();
  accesses_ = accesses;
  return changes;
}

void LastWriters::note(const StepChanges& changes, uint64_t step) {
  for (const std::string& name : changes.registers()) registers_[name] = step;
  for (const Access& access : changes.accesses())
    for (unsigned i = 0; access.stores && i < access.width; ++i) bytes_[access.address + i] = step;
  last_ = step;
}

void LastWriters::each(const Goals& goals, const std::function<void(uint64_t, const std::string&)>& visit) const {
  auto of = [&](const auto& writers, const auto& what, const std::string& clause) {
    if (auto writer = writers.find(what); writer != writers.end()) visit(writer->second, clause);
  };
  if (last_) visit(*last_, goals.target_clause);
  for (const RegisterGoal& goal : goals.registers) of(registers_, goal.name, goal.clause);
  for (const WordGoal& goal : goals.words) of(bytes_, goal.at.value(), goal.clause);
  for (const BytesGoal& goal : goals.bytes) of(bytes_, goal.at.value(), goal.clause);
}

namespace {

bool is_met(const Verdict& verdict, const std::string& clause) {
  return std::any_of(verdict.obligations.begin(), verdict.obligations.end(),
                     [&](const Obligation& o) { return o.clause == clause && o.outcome <= Outcome::kAssumed; });
}

}  // namespace

std::string meets_line(const std::string& clause) { return std::string(12, ' ') + "meets `" + clause + "`\n"; }

void Trace::follows(const std::string& conditions) {
  hidden_ = 0;
  shown_.clear();
  if (!conditions.empty()) lines_.push_back("the way " + conditions + ":\n");
}

void Trace::hide(uint64_t steps) {
  if (hidden_ == 0) lines_.emplace_back();
  hidden_ += steps;
  lines_.back() = "            ... " + std::to_string(hidden_) + " steps of more turns\n";
}

void Trace::after(const Machine& machine, const SymbolNames& names) {
  std::vector<std::string> changes = changes_.after(machine, names);
  if (++shown_[changes_.pc()] > kTurnsShown) {
    hide(1);
  } else {
    hidden_ = 0;
    std::string line = padded(hex(Wide{changes_.pc()}), 10) + "  " + padded(changes_.instruction().text, kInstructionWidth) + "  " + joined(changes);
    line.erase(line.find_last_not_of(' ') + 1);
    lines_.push_back(line + "\n");
  }
  // Ways that part go on from what was written before.
  auto* writers = static_cast<LastWriters*>(machine.trail.get());
  if (!writers || machine.trail.use_count() > 1) machine.trail = writers ? std::make_shared<LastWriters>(*writers) : std::make_shared<LastWriters>();
  static_cast<LastWriters*>(machine.trail.get())->note(changes_, lines_.size() - 1);
}

void Trace::ends(const Machine& machine, const Obligation&) {
  if (machine.trail) ends_.push_back(*static_cast<const LastWriters*>(machine.trail.get()));
}

std::string Trace::text(const Goals& goals, const Verdict& verdict) const {
  std::map<uint64_t, std::vector<std::string>> met;
  for (const LastWriters& end : ends_)
    end.each(goals, [&](uint64_t line, const std::string& clause) {
      auto& clauses = met[line];
      if (is_met(verdict, clause) && std::find(clauses.begin(), clauses.end(), clause) == clauses.end()) clauses.push_back(clause);
    });
  std::string text;
  for (size_t i = 0; i < lines_.size(); ++i) {
    text += lines_[i];
    if (auto clauses = met.find(i); clauses != met.end())
      for (const std::string& clause : clauses->second) text += meets_line(clause);
  }
  return text;
}

void Listing::after(const Machine& machine, const SymbolNames& names) {
  std::vector<std::string> changes = changes_.after(machine, names);
  const uint64_t at = changes_.pc();
  Line& line = lines_[at];
  if (line.count++ == 0) {
    line.instruction = changes_.instruction();
    line.changes = std::move(changes);
  }
  way_.push_back(at);
  if (way_.size() > kMostKept) way_.pop_front();
  writers_.note(changes_, at);
  for (const Access& access : changes_.accesses())
    for (unsigned i = 0; !access.stores && i < access.width; ++i) read_[access.address + i] = true;
}

void Listing::passes(const PassedTurns& passed) {
  if (passed.instructions > way_.size()) return;
  for (auto at = way_.end() - static_cast<std::ptrdiff_t>(passed.instructions); at != way_.end(); ++at) lines_[*at].count += passed.turns;
}

void Listing::credit(const Goals& goals, const Verdict& verdict) {
  writers_.each(goals, [&](uint64_t at, const std::string& clause) {
    if (auto line = lines_.find(at); line != lines_.end() && is_met(verdict, clause)) line->second.clauses.push_back(clause);
  });
}

}  // namespace baton::verify
