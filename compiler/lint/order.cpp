// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of events: edges that say nothing new, and waits for slaves.
//
// Only a handshake tells a master that a slave has arrived (arrival `held`). An order that puts slaves_arrived
// before something else without one rests on time having passed; after a crash it may never come true.
//
//   arrival arriving; order slaves_arrived < master_enters;  ->  delay-as-barrier
#include <algorithm>

#include "contract/order.h"
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

}  // namespace

void find_delays(const Subject& s, Findings& out) {
  for (const auto& [name, c] : s.program.conventions) {
    const Clause* arrival = arrival_of(c);
    const auto* edge = waits(c);
    // `any` and the machine's own state say nothing of how arrival is known; `unknown` is unbounded-wait's.
    if (!arrival || !edge || !allows(*arrival, "arriving")) continue;
    out.sink.report(Code::delay_as_barrier, edge->span,
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
    for (size_t i = 0; i < c.order.size(); ++i) {
      const auto& edge = c.order[i];
      bool own = edge.span.file == c.span.file && c.span.begin <= edge.span.begin && edge.span.end <= c.span.end;
      if (!own) continue;
      // Against all others but its own repetitions: of two that are alike the later one is too much.
      contract::PartialOrder others;
      const model::OrderEdge* twin = nullptr;
      for (size_t k = 0; k < c.order.size(); ++k) {
        if (k == i) continue;
        if (c.order[k].before == edge.before && c.order[k].after == edge.after) {
          if (k < i) twin = &c.order[k];
          continue;
        }
        others.add(c.order[k].before, c.order[k].after);
      }
      if (!twin && !others.entails(edge.before, edge.after)) continue;
      auto& d = out.sink.report(Code::implied_order_edge, edge.span,
                                "`" + edge.before + " < " + edge.after + "` " +
                                    (twin ? "is written twice" : "follows from the rest of the order"));
      if (twin) d.label(twin->span, "first here");
    }
  }
}

void find_unbounded_waits(const Subject& s, Findings& out) {
  for (const auto& [name, c] : s.program.conventions) {
    const Clause* arrival = arrival_of(c);
    const auto* edge = waits(c);
    if (!arrival || !edge || !allows(*arrival, "unknown")) continue;
    out.sink.report(Code::unbounded_wait, edge->span,
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
    auto& d = out.sink.report(Code::unbounded_wait, handoff.to_span,
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
