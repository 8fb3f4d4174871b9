// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One judgement per CPU, and their union. See boot_node.h.
#include "driver/boot_node.h"

#include <algorithm>

#include "driver/replays.h"
#include "inputs/boot_marks.h"
#include "placement/tree_properties.h"

namespace baton::driver {

using model::ClauseKind;
using verify::Obligation;
using verify::Outcome;
using verify::Term;
using verify::Verdict;

namespace {

constexpr const char* kMasterId = "master.physical_id";

std::string of_cpu(uint32_t id, const std::string& clause) { return "CPU " + std::to_string(id) + ": " + clause; }

/// What a kernel would make of the blob, after these words of it were stored.
Obligation read_as_kernel(const std::string& clause, const BootNodeNeed& need, const std::vector<verify::WordGoal>& words,
                          uint32_t wanted) {
  ByteBuffer after(need.blob.begin(), need.blob.end());
  for (const verify::WordGoal& word : words)
    store<uint32_t>(after, (word.at - need.tree).bytes(), static_cast<uint32_t>(word.value.constant), Endian::kBig);
  auto marks = inputs::read_boot_marks(ByteView(after), need.names);
  if (!marks) return {clause, Outcome::kRefuted, marks.failure().message};
  auto boots = marks->boot_cpu();
  if (!boots) return {clause, Outcome::kRefuted, "not one cpu node has `" + need.names.boot + "`, but none or several"};
  // What is another's property is so of each CPU that is another.
  if (need.names.boot != inputs::kBootCpuProperty)
    for (uint32_t id : need.ids)
      for (const inputs::CpuMark& cpu : marks->cpus)
        if (cpu.id == id && cpu.name_at.has_value() == (id == wanted))
          return {clause, Outcome::kRefuted, "the node of CPU " + std::to_string(id) + (id == wanted ? " has `" : " has no `") + need.names.other + "`"};
  return {clause, *boots == wanted ? Outcome::kProved : Outcome::kRefuted,
          "`" + need.names.boot + "` is in the node of CPU " + std::to_string(*boots) + " alone"};
}

/// Each word that names a mark, as it must be when this CPU enters the taker.
std::vector<verify::WordGoal> words_for(const BootNodeNeed& need, const inputs::BootMarks& marks, uint32_t id) {
  std::vector<verify::WordGoal> words;
  for (const inputs::CpuMark& cpu : marks.cpus) {
    if (!cpu.name_at || !marks.boot_name || !marks.other_name) continue;
    uint32_t name = cpu.id == id ? *marks.boot_name : *marks.other_name;
    words.push_back({need.tree + Size{*cpu.name_at}, 4, Term::number(name), of_cpu(id, need.clause)});
  }
  return words;
}

void keep_worst(std::vector<Obligation>& all, const Obligation& one) {
  auto found = std::find_if(all.begin(), all.end(), [&](const Obligation& o) { return o.clause == one.clause; });
  if (found == all.end())
    all.push_back(one);
  else if (one.outcome > found->outcome)
    *found = one;
}

}  // namespace

std::optional<BootNodeNeed> boot_node_need(const Compilation& c, const contract::Boundary& to, const verify::Loaded& loaded) {
  const auto* tree = c.layout.bound("tree");
  const auto* cpus = c.layout.machine->find("cpus");
  if (!tree || !cpus) return std::nullopt;
  auto blob = [&] {
    for (const verify::Segment& segment : loaded.segments)
      if (segment.name == tree->name() && segment.start == *tree->start) return segment.bytes;
    return ByteView();
  };
  if (const model::Clause* taken = placement::taken_from_master(c.layout))
    for (const contract::Claim& claim : to.claims)
      if (claim.kind == ClauseKind::kTreeProperty && claim.section == model::Section::kMaster &&
          placement::of_cpus(*claim.clause) && claim.clause->words[1] == taken->words[1])
        return BootNodeNeed{claim.clause->origin + ": " + claim.text(), cpus->value.ids(), {}, *tree->start, blob(),
                            {std::string(inputs::kParkedPrefix) + taken->words[1], taken->words[1]}};
  for (const contract::Claim& claim : to.claims) {
    if (claim.kind != ClauseKind::kTreeBootCpu || claim.subject != model::kBootCpuNode || claim.any) continue;
    BootNodeNeed need{claim.clause->origin + ": " + claim.text(), cpus->value.ids(), {}, *tree->start, {}};
    auto values = claim.possible();
    if (values.size() == 1 && values[0].is_known()) need.known = static_cast<uint32_t>(values[0].number());
    need.blob = blob();
    return need;
  }
  return std::nullopt;
}

verify::EntryState entered_by(verify::EntryState state, uint32_t id) {
  for (auto& [name, term] : state.registers)
    if (term.symbol == kMasterId) term = Term::number(id);
  return state;
}

Verdict judge_each_boot_cpu(const Compilation& c, const BootNodeNeed& need, const verify::Loaded& loaded, const verify::EntryState& state,
                            const verify::Goals& goals, Endian giver) {
  if (need.known) {
    Verdict verdict = verify::verify_entry(loaded, state, goals, giver);
    repeat(c, verdict, {loaded, state, goals, giver});
    verdict.obligations.push_back(read_as_kernel(need.clause, need, {}, *need.known));
    return verdict;
  }
  auto marks = inputs::read_boot_marks(need.blob, need.names);
  if (!marks) return Verdict{{{need.clause, Outcome::kRefuted, marks.failure().message}}, 0, {}};
  Verdict all;
  for (uint32_t id : need.ids) {
    const verify::EntryState concrete = entered_by(state, id);
    verify::Goals of_id = goals;
    for (verify::RegisterGoal& goal : of_id.registers)
      for (Term& term : goal.one_of)
        if (term.symbol == kMasterId) term = Term::number(id);
    for (verify::WordGoal& word : of_id.words)
      if (word.value.symbol == kMasterId) word.value = Term::number(id);
    auto words = words_for(need, *marks, id);
    of_id.words.insert(of_id.words.end(), words.begin(), words.end());
    Verdict one = verify::verify_entry(loaded, concrete, of_id, giver);
    repeat(c, one, {loaded, concrete, of_id, giver});
    for (const Obligation& o : one.obligations) {
      bool of_node = o.clause == of_cpu(id, need.clause);
      // That the words are right says that the stub did it; what they mean is the kernel's reading.
      if (!of_node || o.outcome != Outcome::kProved) keep_worst(all.obligations, o);
    }
    keep_worst(all.obligations, read_as_kernel(of_cpu(id, need.clause), need, words, id));
    if (one.instructions > all.instructions) {
      all.instructions = one.instructions;
      all.executed = std::move(one.executed);
    }
  }
  return all;
}

}  // namespace baton::driver
