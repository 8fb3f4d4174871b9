// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a change to a convention break, and how is that shown to those who review it?
//
// A plain struct goes in, filled by whoever compared the conventions and compiled the handoffs; nothing is decided
// here. Forms: text for people (old clause beside new clause), Markdown for a comment on a pull request, JSON
// (contract-diff.schema.json), and annotations, which become SARIF or `::error` lines. Changes that are `quiet`
// (words and sources) are in the JSON; the other forms show them when asked for all.
//
//   ContractDiff diff; diff.conventions.push_back(...); contract_diff_text(diff, false)
//     MASTER_REG_REMOVED, ensures master: breaks takers
//       r5 = 0                                        | -
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "diagnostics/annotation.h"

namespace baton::report {

/// What one side says; no text where it says nothing.
struct DiffWording {
  std::string text;
  std::string origin;  // the convention that wrote it
  std::optional<diagnostics::AnnotationPlace> place;
};

enum class DiffEffect { kOk, kWarns, kBreaks };
const char* to_text(DiffEffect effect);

struct DiffChange {
  std::string rule, purpose;
  std::string section, subject;
  DiffWording before, after;
  DiffEffect taker = DiffEffect::kOk, giver = DiffEffect::kOk;
  std::string why;
  std::vector<std::string> relied_on_by;
  std::optional<std::string> waived;  // the reason that stands in the file
  bool quiet = false;
  bool finding = false;  // counts at the strictness in force
};

/// A clause that does not follow from the other side's promise.
struct DiffUnmet {
  bool decided = true;
  bool need_is_old = false;
  DiffWording need, promise;
  std::string why;
};

struct DiffConvention {
  std::string before, after;  // "linux.kexec@2013"; empty where that side has none
  bool stable = false;
  bool beside = false;        // a new version beside the one it follows: told, never a finding
  std::string strict;         // "exact" "both" "taker" "giver" "none": in force here
  std::optional<diagnostics::AnnotationPlace> place;  // of the new one's name, else of the old one's
  std::vector<DiffChange> changes;
  std::vector<DiffUnmet> taker_unmet, giver_unmet;
};

struct DiffInstruction {
  std::string giver;  // "big", "little"
  std::string text;   // "mr r3, r9"
  std::string clause;
};

struct DiffBody {
  std::string giver;
  size_t instructions = 0;
};

/// What a handoff comes to with one side's conventions.
struct DiffHandoffSide {
  enum class State { kCompiled, kRefused, kContractsOnly, kAbsent };
  State state = State::kAbsent;
  std::vector<DiffBody> bodies;      // kCompiled; empty without a stub
  std::string diagnostic;            // kRefused, kContractsOnly: "BT5003 impossible-need: ..."
  std::vector<std::string> open;     // kContractsOnly: clauses of the taker that the giver does not promise
};

struct DiffHandoff {
  std::string name, file;
  std::optional<diagnostics::AnnotationPlace> place;  // of its name: on the new side, if it is there
  bool shipped = false;
  std::vector<std::string> uses;  // the changed conventions it names
  DiffHandoffSide before, after;
  std::vector<DiffInstruction> gained, lost;
};

struct ContractDiff {
  std::string before, after;  // what was compared, as the user named it
  std::vector<DiffConvention> conventions;
  std::vector<DiffHandoff> handoffs;

  /// Over all conventions that are compared and not told of only.
  size_t findings() const;
  size_t waived() const;
  size_t changes() const;  // without the quiet ones
  size_t new_versions() const;
};

std::string contract_diff_text(const ContractDiff& diff, bool all);
std::string contract_diff_markdown(const ContractDiff& diff, bool all);
std::string contract_diff_json(const ContractDiff& diff);
std::vector<diagnostics::Annotation> contract_diff_annotations(const ContractDiff& diff, bool all);

/// "breaks takers and givers", "breaks nobody", ...
std::string who_breaks(const DiffChange& change);
/// "`boot` gains 2 instructions", "`boot` stops compiling: ...", and how that is known.
std::string handoff_sentence(const DiffHandoff& handoff);
/// "3 changes: 2 breaking, 1 waived", or "nothing changed in meaning"; and how many versions are new.
std::string diff_summary(const ContractDiff& diff);

}  // namespace baton::report
