// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entailment, claim by claim. See gap.h.
//
// Polarity decides every line here. A promise is a set of values one of which holds; a need is a set of
// values any of which will do; so a promise entails a need when it is its subset. What the promise does
// not mention is unknown, which is a subset of `any` only.
#include "contract/gap.h"

#include <algorithm>

#include "contract/order.h"

namespace baton::contract {

using model::ClauseKind;
using model::Section;
using model::Value;

namespace {

bool satisfies(const Value& promised, const Value& needed) {
  if (promised.type() == model::Type::kStack && needed.type() == model::Type::kStack &&
      promised.is_known() && needed.is_known()) {
    // A stack of unknown size is a stack of unknown size, and good for nothing else.
    if (!needed.stack().known) return true;
    return promised.stack().known && promised.stack().size >= needed.stack().size;
  }
  if (promised.type() == model::Type::kWord && needed.type() == model::Type::kWord &&
      promised.text() == "held" && needed.text() == "arriving")
    return true;  // held slaves have arrived
  return same_content(promised, needed);
}

bool about_cpus(ClauseKind kind) {
  return kind == ClauseKind::kMsr || kind == ClauseKind::kIle || kind == ClauseKind::kRegister ||
         kind == ClauseKind::kArrival || kind == ClauseKind::kEnter;
}

/// rfid and mtmsrd leave MSR[ME] as it is where MSR[HV] is 0 (Power ISA 3.0B, Book III 3.3.1).
bool promises_hypervisor(const Boundary& from) {
  const Claim* hv = from.find(Section::kMaster, ClauseKind::kMsr, "HV");
  return hv && !hv->any && hv->values.size() == 1 && hv->values[0].is_known() && hv->values[0].is_number() &&
         hv->values[0].number() == 1;
}

std::vector<std::string> arrival_of(const Boundary& from) {
  const Claim* claim = from.find(Section::kSlaves, ClauseKind::kArrival);
  std::vector<std::string> states;
  if (claim && !claim->any)
    for (const Value& v : claim->possible())
      if (v.type() == model::Type::kWord && v.is_known()) states.push_back(v.text());
  if (states.empty()) states = {"unknown"};
  return states;
}

}  // namespace

bool entails(const Claim& promise, const Claim& need) {
  if (need.any) return true;
  if (promise.any) return false;
  auto promised = promise.possible(), needed = need.possible();
  // How a CPU enters (absolute or not) is the jump's business; where it lands must agree.
  return std::all_of(promised.begin(), promised.end(), [&](const Value& p) {
    return std::any_of(needed.begin(), needed.end(), [&](const Value& n) { return satisfies(p, n); });
  });
}

bool Gap::closed() const {
  return std::all_of(obligations.begin(), obligations.end(), [](const Obligation& o) {
    return o.answer == Answer::kEntailed || o.answer == Answer::kVacuous || o.answer == Answer::kElsewhere;
  });
}

Gap find_gap(const Boundary& from, const Boundary& to) {
  Gap gap;
  gap.arrival = arrival_of(from);
  gap.slaves_may_arrive = std::any_of(gap.arrival.begin(), gap.arrival.end(), [](const auto& state) {
    return state != "absent" && state != "firmware";
  });
  for (const Claim& need : to.claims) {
    Obligation obligation;
    obligation.need = &need;
    if (need.section == Section::kExpects) continue;  // an offer of the image, not a need
    if (!about_cpus(need.kind)) {
      bool slave_bytes = need.section == Section::kSlaves;
      if (need.kind == ClauseKind::kFact) {
        obligation.promise = from.find(need.section, need.kind, need.subject);
        // Loader and giver have put each segment in its place before anything is entered: true unwritten.
        bool entailed = obligation.promise || need.subject == "segments_placed";
        obligation.answer = entailed ? Answer::kEntailed : Answer::kGap;
      } else if (slave_bytes && !gap.slaves_may_arrive) {
        obligation.answer = Answer::kVacuous;
        obligation.reason = "no slave arrives";
      } else {
        obligation.answer = Answer::kElsewhere;
      }
      gap.obligations.push_back(obligation);
      continue;
    }
    obligation.promise = from.find(need.section, need.kind, need.subject);
    bool arrival = need.kind == ClauseKind::kArrival;
    if (need.section == Section::kSlaves && !arrival && !gap.slaves_may_arrive) {
      obligation.answer = Answer::kVacuous;
      obligation.reason = "no slave arrives";
    } else if (need.any || (obligation.promise && entails(*obligation.promise, need))) {
      obligation.answer = Answer::kEntailed;
    } else if (need.kind == ClauseKind::kMsr && need.subject == "HV") {
      obligation.answer = Answer::kImpossible;
      obligation.reason = "no instruction of a stub changes MSR[HV]";
    } else if (need.kind == ClauseKind::kMsr && need.subject == "ME" && need.section == Section::kMaster &&
               !promises_hypervisor(from)) {
      obligation.answer = Answer::kImpossible;
      obligation.reason = "MSR[ME] changes in hypervisor state only, and the giver does not promise that";
    } else if (arrival) {
      obligation.answer = Answer::kImpossible;
      obligation.reason = "where slaves are is the giver's doing: no stub that lets the taker's own head "
                          "catch them can change it";
    } else if (need.section == Section::kSlaves) {
      obligation.answer = Answer::kImpossible;
      obligation.reason = "slaves go from the giver straight to the taker's landing: no instruction of "
                          "the stub is theirs";
    } else {
      obligation.answer = Answer::kGap;
    }
    gap.obligations.push_back(obligation);
  }
  PartialOrder promised;
  for (const auto& edge : from.convention->order) promised.add(edge.before, edge.after);
  for (const auto& edge : to.convention->order) {
    Obligation obligation;
    obligation.edge = &edge;
    bool slaves_only = edge.after == "slaves_released" || edge.before == "slaves_released";
    if (promised.entails(edge.before, edge.after)) {
      obligation.answer = Answer::kEntailed;
    } else if (slaves_only && !gap.slaves_may_arrive) {
      obligation.answer = Answer::kVacuous;
      obligation.reason = "no slave arrives";
    } else {
      obligation.answer = Answer::kImpossible;
      obligation.reason = "both events are over when the stub starts";
    }
    gap.obligations.push_back(obligation);
  }
  return gap;
}

}  // namespace baton::contract
