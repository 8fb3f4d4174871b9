// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What follows from entailment for a handoff: which gaps a stub can close. See gap.h.
#include "contract/gap.h"

#include <algorithm>

#include "contract/entail.h"

namespace baton::contract {

using model::ClauseKind;
using model::Section;
using model::Value;

namespace {

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

/// Whether a convention names a field that only the MSR of Book III-S has.
bool of_book3s(const Boundary& boundary) {
  return boundary.find(Section::kMaster, ClauseKind::kMsr, "SF") || boundary.find(Section::kMaster, ClauseKind::kMsr, "HV") ||
         boundary.find(Section::kMaster, ClauseKind::kMsr, "RI");
}

/// Whether a need names an MSR field that the giver's CPUs do not have. A giver that names no field of its own is of
/// either kind.
bool of_other_cpu(const Claim& need, const Boundary& from) {
  if (need.kind != ClauseKind::kMsr || need.clause->kind != ClauseKind::kMsr) return false;
  const std::string& field = need.clause->subject;
  if (of_book3e(from)) return field == "SF" || field == "HV" || field == "RI";
  return of_book3s(from) && is_book3e_field(field);
}

/// Whether a need of arrival is met by slaves that stay where the taker finds them.
bool stay_in_firmware(const Claim& need) {
  auto values = need.possible();
  return std::any_of(values.begin(), values.end(), [](const Value& v) {
    return v.type() == model::Type::kWord && v.is_known() && v.text() == "firmware";
  });
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

bool Gap::closed() const {
  return std::all_of(obligations.begin(), obligations.end(), [](const Obligation& o) {
    return o.answer == Answer::kEntailed || o.answer == Answer::kVacuous || o.answer == Answer::kElsewhere;
  });
}

Gap find_gap(const Boundary& from, const Boundary& to) {
  Gap gap;
  gap.arrival = arrival_of(from);
  Statement promised = state(from), needed = state(to);
  gap.slaves_may_arrive = promised.slaves_may_arrive();
  const bool from_book3e = of_book3e(from);
  // Departing code is the giver's own: slaves run it too, and events are still to come.
  const bool departs = from.convention->departs_by_call();
  const bool pen = !departs && gap.slaves_may_arrive && to.find(Section::kSlaves, ClauseKind::kPen);
  for (const Fact& fact : needed.facts) {
    const Claim& need = *fact.claim;
    Obligation obligation;
    obligation.need = &need;
    if (need.section == Section::kExpects) continue;  // an offer of the image, not a need
    Judgement judgement = judge(promised, fact);
    if (judgement.promise) obligation.promise = judgement.promise->claim;
    bool arrival = need.kind == ClauseKind::kArrival;
    if (judgement.vacuous) {
      obligation.answer = Answer::kVacuous;
      obligation.reason = judgement.why;
    } else if (need.kind == ClauseKind::kPlace || need.kind == ClauseKind::kUnspecified) {
      obligation.answer = Answer::kElsewhere;  // of whatever segment that role is bound to here
    } else if (of_other_cpu(need, from)) {
      obligation.answer = Answer::kImpossible;
      obligation.reason = from_book3e ? "the giver's CPUs are of Book III-E, which has no MSR[" + need.clause->subject + "]"
                                      : "the giver's CPUs are not of Book III-E, and no others have MSR[" +
                                            need.clause->subject + "]";
    } else if (departs && need.kind == ClauseKind::kFact && !judgement.promise) {
      obligation.answer = Answer::kGap;  // no loader has done it
    } else if (judgement.truth == Truth::kYes) {
      obligation.answer = Answer::kEntailed;
    } else if (need.kind == ClauseKind::kFact) {
      obligation.answer = Answer::kGap;
    } else if (!about_cpus(need.kind)) {
      obligation.answer = Answer::kElsewhere;
    } else if (need.kind == ClauseKind::kMsr && from_book3e && need.section == Section::kMaster) {
      obligation.answer = Answer::kImpossible;
      obligation.reason = "a stub changes the MSR by rfid, which CPUs of Book III-E do not have";
    } else if (need.kind == ClauseKind::kMsr && need.subject == "HV") {
      obligation.answer = Answer::kImpossible;
      obligation.reason = "no instruction of a stub changes MSR[HV]";
    } else if (need.kind == ClauseKind::kMsr && need.subject == "ME" && need.section == Section::kMaster &&
               !promises_hypervisor(from)) {
      obligation.answer = Answer::kImpossible;
      obligation.reason = "MSR[ME] changes in hypervisor state only, and the giver does not promise that";
    } else if (pen && arrival && stay_in_firmware(need)) {
      obligation.answer = Answer::kGap;
      obligation.reason = "slaves wait in the pen that the stub makes: to the taker that is what firmware's is";
    } else if (pen && (need.kind == ClauseKind::kEnter || need.kind == ClauseKind::kRegister) && need.section == Section::kSlaves) {
      obligation.answer = Answer::kGap;
    } else if (arrival) {
      obligation.answer = Answer::kImpossible;
      obligation.reason = "where slaves are is the giver's doing: no stub that lets the taker's own head "
                          "catch them can change it";
    } else if (need.section == Section::kSlaves && !departs) {
      obligation.answer = Answer::kImpossible;
      obligation.reason = pen ? "the pen of a stub changes no field of the MSR of a slave"
                              : "slaves go from the giver straight to the taker's landing: no instruction of "
                                "the stub is theirs";
    } else {
      obligation.answer = Answer::kGap;
      obligation.reason = judgement.why;
    }
    gap.obligations.push_back(obligation);
  }
  for (const auto& edge : needed_order(promised, needed)) {
    Obligation obligation;
    obligation.edge = edge;
    Judgement judgement = judge(promised, edge);
    if (judgement.truth == Truth::kYes) {
      obligation.answer = judgement.vacuous ? Answer::kVacuous : Answer::kEntailed;
      obligation.reason = judgement.why;
    } else if (departs) {
      obligation.answer = Answer::kGap;
    } else {
      obligation.answer = Answer::kImpossible;
      obligation.reason = "both events are over when the stub starts";
    }
    gap.obligations.push_back(obligation);
  }
  return gap;
}

}  // namespace baton::contract
