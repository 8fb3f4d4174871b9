// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Closures compared, reductions told. See order_changes.h.
#include "contract/order_changes.h"

#include <algorithm>

namespace baton::contract {

using What = Difference::What;
using model::OrderEdge;

std::vector<OrderEdge> reduced(const Statement& statement, const std::vector<std::string>& without) {
  std::vector<std::string> names;
  for (auto event : events())
    if (std::find(without.begin(), without.end(), event) == without.end()) names.emplace_back(event);
  std::vector<OrderEdge> kept;
  for (const std::string& a : names)
    for (const std::string& b : names) {
      if (!statement.order.entails(a, b)) continue;
      bool detour = std::any_of(names.begin(), names.end(), [&](const std::string& between) {
        return statement.order.entails(a, between) && statement.order.entails(between, b);
      });
      if (detour) continue;
      OrderEdge edge{a, b, {}};
      for (const OrderEdge& written : statement.edges)
        if (written.before == a && written.after == b) edge.span = written.span;
      kept.push_back(std::move(edge));
    }
  return kept;
}

namespace {

/// The fewest events that touch every reversed pair. There are eight events, so all choices are tried, the
/// small ones first and among equals those of early events.
std::vector<std::string> movers(const std::vector<std::pair<std::string, std::string>>& reversed) {
  std::vector<std::string> names;
  for (const auto& [a, b] : reversed)
    for (const std::string& e : {a, b})
      if (std::find(names.begin(), names.end(), e) == names.end()) names.push_back(e);
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    auto rank = [](const std::string& e) { return std::find(events().begin(), events().end(), e); };
    return rank(a) < rank(b);
  });
  unsigned best = (1u << names.size()) - 1;
  for (unsigned choice = 0; choice < (1u << names.size()); ++choice) {
    auto chosen = [&](const std::string& e) {
      return (choice >> (std::find(names.begin(), names.end(), e) - names.begin())) & 1u;
    };
    bool enough = std::all_of(reversed.begin(), reversed.end(),
                              [&](const auto& pair) { return chosen(pair.first) || chosen(pair.second); });
    if (enough && __builtin_popcount(choice) < __builtin_popcount(best)) best = choice;
  }
  std::vector<std::string> moved;
  for (size_t i = 0; i < names.size(); ++i)
    if ((best >> i) & 1u) moved.push_back(names[i]);
  return moved;
}

/// Where an event stands: "real_mode < hash_table_cleared < head_copied".
Wording place_of(const std::string& event, const std::vector<OrderEdge>& edges, const std::string& name) {
  std::string before, after;
  source::Span span;
  for (const OrderEdge& e : edges) {
    std::string* list = e.after == event ? &before : e.before == event ? &after : nullptr;
    if (!list) continue;
    *list += (list->empty() ? "" : ", ") + (e.after == event ? e.before : e.after);
    if (!span.valid()) span = e.span;
  }
  return {(before.empty() ? "" : before + " < ") + event + (after.empty() ? "" : " < " + after), name, span};
}

}  // namespace

std::vector<Difference> order_changes(const Statement& before, const Statement& after,
                                      const std::string& old_name, const std::string& new_name) {
  std::vector<Difference> found;
  std::vector<std::pair<std::string, std::string>> reversed;
  for (auto x : events())
    for (auto y : events()) {
      std::string a(x), b(y);
      if (before.order.entails(a, b) && after.order.entails(b, a)) reversed.emplace_back(a, b);
    }
  std::vector<std::string> moved = movers(reversed);
  std::vector<OrderEdge> old_edges = reduced(before, {}), new_edges = reduced(after, {});
  for (const std::string& event : moved) {
    Difference d;
    d.section_text = "order";
    d.what = What::kMoved;
    d.subject = event;
    d.before = place_of(event, old_edges, old_name);
    d.after = place_of(event, new_edges, new_name);
    d.was = d.is = true;
    d.taker.truth = d.giver.truth = Truth::kYes;
    std::string past;
    for (const auto& [a, b] : reversed) {
      if (a != event && b != event) continue;
      past += (past.empty() ? "" : ", ") + (a == event ? b : a);
      // A pair about slaves where none comes concerns nobody.
      if (Judgement j = judge(after, OrderEdge{a, b, {}}); j.truth != Truth::kYes) d.taker = j;
      if (Judgement j = judge(before, OrderEdge{b, a, {}}); j.truth != Truth::kYes) d.giver = j;
    }
    d.taker.why = "on the other side of " + past + " now";
    found.push_back(d);
  }
  auto edge = [&](const OrderEdge& e, const Judgement& taker, const Judgement& giver, bool gone) {
    Difference d;
    d.section_text = "order";
    d.what = What::kEdge;
    d.subject = e.before + " < " + e.after;
    (gone ? d.before : d.after) = wording(e, gone ? old_name : new_name);
    d.was = gone;
    d.is = !gone;
    d.taker = taker;
    d.giver = giver;
    found.push_back(std::move(d));
  };
  const Judgement nothing_asked{Truth::kYes, nullptr, {}, false};
  auto came_or_went = [&](const Statement& side, const Statement& other, bool gone) {
    std::vector<OrderEdge> told = reduced(side, moved);
    if (!other.slaves_may_arrive()) {
      // Edges by way of slaves concern nobody there; what they say of the master together does.
      std::vector<std::string> left_out = moved;
      left_out.insert(left_out.end(), {"slaves_released", "slaves_arrived"});
      for (OrderEdge& e : reduced(side, left_out)) {
        bool there = std::any_of(told.begin(), told.end(), [&](const OrderEdge& t) {
          return t.before == e.before && t.after == e.after;
        });
        if (!there) told.push_back(std::move(e));
      }
    }
    for (const OrderEdge& e : told) {
      if (other.order.entails(e.before, e.after)) continue;
      Judgement j = judge(other, e);
      edge(e, gone ? j : nothing_asked, gone ? nothing_asked : j, gone);
    }
  };
  came_or_went(before, after, true);
  came_or_went(after, before, false);
  return found;
}

}  // namespace baton::contract
