// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See tree_proof.h.
#include "driver/tree_proof.h"

#include <algorithm>

#include "emit/tree_needs.h"
#include "inputs/written_tree.h"
#include "placement/pen.h"
#include "placement/tree_properties.h"

namespace baton::driver {

using contract::Claim;
using model::ClauseKind;
using model::Section;
using verify::Obligation;
using verify::Outcome;

namespace {

bool is_masters_id(const Claim& need) {
  return need.values.size() == 1 && need.values[0].is_symbol() && need.values[0].as_symbol().name == "master.physical_id";
}

/// The needs of this handoff that are about the tree which is written here.
std::vector<const Claim*> needs_of(const Compilation& c, const contract::Boundary& to) {
  std::vector<const Claim*> needs;
  if (c.layout.bound("tree"))
    for (const Claim& claim : to.claims)
      if (claim.kind == ClauseKind::kTreeProperty && placement::is_needed(c.layout, *claim.clause)) needs.push_back(&claim);
  return needs;
}

class TreeJudge {
 public:
  TreeJudge(const Compilation& c, const inputs::DeviceTree& tree)
      : c_(c), tree_(tree), table_(c.gap->pen ? std::optional(c.gap->pen->table) : std::nullopt), ids_(placement::cpu_ids(c.layout)) {}

  Obligation judge(const Claim& need) const {
    const std::string clause = need.clause->origin + ": " + need.text();
    bool cpus = placement::of_cpus(*need.clause);
    if (!cpus) return answer(clause, tree_.find(need.clause->words[0]), need, 0, need.clause->words[0]).value_or(good(clause, "in " + need.clause->words[0]));
    size_t nodes = 0;
    for (uint32_t id : ids_) {
      auto node = emit::cpu_node(tree_, id);
      if (!node && (placement::is_absent(*need.clause) || placement::is_not(*need.clause) || placement::is_limit(*need.clause))) continue;
      if (auto wrong = answer(clause, node, need, id, "the node of CPU " + std::to_string(id))) return *wrong;
      ++nodes;
    }
    return good(clause, "in " + std::to_string(nodes) + (nodes == 1 ? " node" : " nodes"));
  }

 private:
  static Obligation good(const std::string& clause, std::string where) { return {clause, Outcome::kProved, std::move(where)}; }

  /// What is wrong in this node.
  std::optional<Obligation> answer(const std::string& clause, std::optional<inputs::NodeId> node, const Claim& need,
                                   uint32_t id, const std::string& where) const {
    auto found = node ? tree_.property(*node, need.clause->words[1]) : std::nullopt;
    if (placement::is_absent(*need.clause))
      return found ? std::optional(Obligation{clause, Outcome::kRefuted, where + " has it"}) : std::nullopt;
    if (placement::is_limit(*need.clause)) {
      if (!found || found->size() <= placement::limit_of(c_.layout, *need.clause)) return std::nullopt;
      return Obligation{clause, Outcome::kRefuted, where + " has " + std::to_string(found->size()) + " bytes there"};
    }
    const bool other = placement::is_not(*need.clause);
    if (!found && other) return std::nullopt;
    if (!found) return Obligation{clause, Outcome::kRefuted, where + " has no such property"};
    ByteBuffer wanted;
    if (!need.clause->values.empty()) {
      diagnostics::Sink evaluated_before;
      placement::SlotScope scope(c_.layout, table_, id);
      // Of the master this is asked only where there is one CPU.
      bool single_id = is_id(*need.clause->values[0]) && need.section != Section::kSlaves && !ids_.empty();
      auto value = single_id ? std::optional(model::Value::of_int(ids_.front())) : std::nullopt;
      if (!value) value = evaluate(*need.clause->values[0], scope, evaluated_before);
      auto bytes = property_bytes(*value);
      if (!bytes) return Obligation{clause, Outcome::kUnknown, "its value is not known here"};
      wanted = std::move(*bytes);
    }
    if (std::equal(found->begin(), found->end(), wanted.begin(), wanted.end()) != other) return std::nullopt;
    return Obligation{clause, Outcome::kRefuted, where + (other ? " has that value there" : " has another value there")};
  }
  static bool is_id(const syntax::Expr& e) {
    std::string name = model::dotted_name(e);
    return name == "master.physical_id" || name == "cpu.physical_id";
  }

  const Compilation& c_;
  const inputs::DeviceTree& tree_;
  std::optional<placement::PenTable> table_;
  std::vector<uint32_t> ids_;
};

}  // namespace

void add_id_properties(const Compilation& c, const contract::Boundary& to, verify::Goals& goals) {
  for (const Claim* need : needs_of(c, to)) {
    if (!is_masters_id(*need) || placement::of_cpus(*need->clause)) continue;
    const auto* tree = c.layout.bound("tree");
    const auto& payload = c.contents.payloads.at(tree->name());
    auto at = inputs::property_offset(*payload.bytes_at(0, payload.size()), need->clause->words[0], need->clause->words[1]);
    if (at)
      goals.words.push_back({*tree->start + Size{*at}, 4, verify::Term::named("master.physical_id"), need->clause->origin + ": " + need->text()});
  }
}

void judge_tree_needs(const Compilation& c, const contract::Boundary& to, const verify::Loaded& loaded, verify::Verdict& verdict) {
  auto needs = needs_of(c, to);
  if (needs.empty()) return;
  const auto* segment = c.layout.bound("tree");
  for (const verify::Segment& s : loaded.segments) {
    if (s.name != segment->name() || s.start != *segment->start) continue;
    auto tree = inputs::read_written_tree(s.bytes);
    const model::Clause* taken = placement::taken_from_master(c.layout);
    for (const Claim* need : needs) {
      if (is_masters_id(*need)) continue;  // the master's words
      // Of all nodes, and the stub takes the master's away: boot_node.h.
      bool of_master = need->section == Section::kMaster && placement::of_cpus(*need->clause);
      if (taken && of_master && need->clause->words[1] == taken->words[1]) continue;
      if (need->section == Section::kSlaves && placement::cpu_ids(c.layout).size() == 1 && placement::of_cpus(*need->clause)) continue;
      verdict.obligations.push_back(tree ? TreeJudge(c, *tree).judge(*need)
                                         : Obligation{need->clause->origin + ": " + need->text(), Outcome::kRefuted, tree.failure().message});
    }
    return;
  }
}

}  // namespace baton::driver
