// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of events: edges that say nothing new, and waits for slaves.
//
// Only a handshake tells a master that a slave has arrived (arrival `held`). An order that puts slaves_arrived
// before something else without one rests on time having passed; after a crash it may never come true.
//
//   arrival arriving; order slaves_arrived < master_enters;  ->  delay-as-barrier
#include <algorithm>
#include <map>
#include <set>

#include "lint/expressions.h"
#include "lint/lints.h"

namespace baton::lint {

using diagnostics::Code;
using model::Clause;
using model::ClauseKind;
using model::Convention;

namespace {

const Clause* arrival_of(const Convention& c) {
  for (const Clause& clause : c.clauses)
    if (clause.kind == ClauseKind::kArrival && !clause.incidental) return &clause;
  return nullptr;
}

/// Whether one of the states a clause allows is this word.
bool allows(const Clause& arrival, std::string_view state) {
  return std::any_of(arrival.values.begin(), arrival.values.end(), [&](const auto& e) { return e->is_name(state); });
}

/// The edge of a convention by which something comes after the slaves' arrival.
const model::OrderEdge* waits(const Convention& c) {
  for (const auto& edge : c.order)
    if (edge.before == "slaves_arrived") return &edge;
  return nullptr;
}

/// Written in this convention: what it inherits is its parent's finding.
bool own(const Convention& c, source::Span place) {
  return place.file == c.span.file && c.span.begin <= place.begin && place.end <= c.span.end;
}

/// Whether `before < after` follows without the edge itself. Only where something else follows `before` and
/// something else precedes `after` is there anything to look for: a chain, however long, costs nothing.
class Implied {
 public:
  explicit Implied(const std::vector<model::OrderEdge>& order) {
    for (const auto& edge : order)
      if (after_[edge.before].insert(edge.after).second) ++into_[edge.after];
  }

  bool operator()(const model::OrderEdge& edge) const {
    const auto& next = after_.at(edge.before);
    if (next.size() < 2 || into_.at(edge.after) < 2) return false;
    std::set<std::string> seen;
    std::vector<std::string> open;
    for (const auto& event : next)
      if (event != edge.after) open.push_back(event);
    while (!open.empty()) {
      std::string event = std::move(open.back());
      open.pop_back();
      if (event == edge.after) return true;
      auto more = after_.find(event);
      if (!seen.insert(event).second || more == after_.end()) continue;
      open.insert(open.end(), more->second.begin(), more->second.end());
    }
    return false;
  }

 private:
  std::map<std::string, std::set<std::string>> after_;
  std::map<std::string, size_t> into_;
};

}  // namespace

void find_delays(const Subject& s, Findings& out) {
  for (const auto& [name, c] : s.program.conventions) {
    const Clause* arrival = arrival_of(c);
    const auto* edge = waits(c);
    // `any` and the machine's own state say nothing of how arrival is known; `unknown` is unbounded-wait's.
    if (!arrival || !edge || !allows(*arrival, "arriving")) continue;
    if (!own(c, arrival->span) && !own(c, edge->span)) continue;
    out.report(Code::delay_as_barrier, edge->span,
                    "`" + edge->before + " < " + edge->after + "` without a handshake: with `" + arrival->text +
                        "` nobody acknowledges that a slave is there")
        .label(arrival->span, "no acknowledgement")
        .note("time passing is no order; `arrival held` says that there is a handshake");
  }
  find_delay_loops(s, out);
}

void find_implied_edges(const Subject& s, Findings& out) {
  for (const auto& [name, c] : s.program.conventions) {
    if (!s.judged(c.span)) continue;
    const Implied implied(c.order);
    std::map<std::pair<std::string, std::string>, const model::OrderEdge*> written;
    for (const auto& edge : c.order) {
      // Of two that are alike the later one is too much.
      auto [twin, first] = written.emplace(std::pair(edge.before, edge.after), &edge);
      if (!own(c, edge.span) || (first && !implied(edge))) continue;
      auto& d = out.report(Code::implied_order_edge, edge.span,
                                "`" + edge.before + " < " + edge.after + "` " +
                                    (first ? "follows from the rest of the order" : "is written twice"));
      if (!first) d.label(twin->second->span, "first here");
    }
  }
}

void find_unbounded_waits(const Subject& s, Findings& out) {
  for (const auto& [name, c] : s.program.conventions) {
    const Clause* arrival = arrival_of(c);
    const auto* edge = waits(c);
    if (!arrival || !edge || !allows(*arrival, "unknown")) continue;
    if (!own(c, arrival->span) && !own(c, edge->span)) continue;
    out.report(Code::unbounded_wait, edge->span,
                    "`" + edge->before + " < " + edge->after + "` may never come true: with `" + arrival->text +
                        "` a slave may never arrive")
        .label(arrival->span, "any number, at any time or never");
  }
  for (const auto& [name, handoff] : s.program.handoffs) {
    const Convention *from = s.convention(handoff.from), *to = s.convention(handoff.to);
    if (!from || !to) continue;
    const Clause *promised = arrival_of(*from), *needed = arrival_of(*to);
    bool never = promised && allows(*promised, "unknown");
    if (!never && !handoff.on_crash) continue;
    // Set inclusion: whoever takes unknown as well does not wait.
    bool takes_none = !needed || needed->any || allows(*needed, "unknown");
    const auto* edge = waits(*to);
    if (takes_none && !edge) continue;
    std::string need = !takes_none ? needed->text : edge->before + " < " + edge->after;
    auto& d = out.report(Code::unbounded_wait, handoff.to_span,
                              "`" + to->name + "` needs `" + need + "`, and " +
                                  (never ? "`" + from->name + "` promises `" + promised->text + "`"
                                         : "after a crash some CPUs never come") +
                                  ": whoever waits for them may wait for ever");
    d.label(!takes_none ? needed->span : edge->span, "waits for slaves");
    if (never) d.label(promised->span, "any number of them, at any time or never");
    d.note("a taker that is entered after a crash takes `arrival any`");
  }
}

}  // namespace baton::lint
