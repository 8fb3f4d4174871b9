// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a program to a handoff that is ready to be written: the table of contents of the compiler.
//
// Each phase is a free function from what is known to one more thing that is known; the pipeline runs them
// in order, stops where it is told to, and stops by itself after a phase that reported errors. Nothing is
// written here: outputs.h does that, from the final value.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "diagnostics/policy.h"
#include "driver/options.h"
#include "emit/bundle.h"
#include "emit/core_header.h"
#include "placement/contents.h"
#include "placement/place.h"
#include "ppc64/assemble.h"
#include "trampoline/close.h"
#include "verify/verify.h"

namespace baton::replay {
class Replayer;
}

namespace baton::driver {

/// The stub as text and as bytes.
struct BuiltStub {
  std::string assembly;
  ppc64::Assembled code;
};

/// What the prover said of the stub when the giver arrives in this byte order.
struct OrderVerdict {
  Endian giver = Endian::kBig;
  verify::Verdict verdict;
};

struct Compilation {
  source::SourceSet sources;
  diagnostics::Sink sink;
  diagnostics::SeverityPolicy policy;
  source::FileId main = source::kNoFile;
  std::vector<syntax::File> files;
  model::Program program;
  std::optional<model::Machine> machine;
  placement::Layout layout;
  placement::Contents contents;
  std::vector<placement::CheckedPredicate> checks;
  std::optional<trampoline::ClosedGap> gap;
  std::optional<BuiltStub> stub;
  std::vector<OrderVerdict> verdicts;
  verify::SolverUse solver;  // of the judge
  uint64_t most_instructions = verify::kMostInstructions;
  verify::Observer* observer = nullptr;
  std::shared_ptr<replay::Replayer> replayer;  // of what is refuted; null where nothing is repeated
  bool replays_required = false;
  std::shared_ptr<const verify::ForeignCalls> calls;  // that a stub of others makes, and that are taken by contract
};

/// Reads and checks the program. False when it cannot even be read.
bool open_program(Compilation& c, const Options& options, const std::string& file);

/// Looks for habits worth a word, in a program without errors.
void lint_program(Compilation& c, const Options& options);

/// The handoff that was asked for, or the only one; null after a report.
const model::Handoff* choose_handoff(Compilation& c, const Options& options);

/// The machine alone: --machine, else the handoff's, else the only one of the file. False after a report.
bool read_machine(Compilation& c, const Options& options);

/// Which declarations a handoff is about, before anything is read or placed. False after a report.
bool start_layout(Compilation& c, const model::Handoff& handoff);

/// Everything up to the final bytes; for `plan` of what cannot be built, up to what is known of the gap. False after a
/// report; `last` is the last phase to run.
bool compile(Compilation& c, const Options& options, Phase last);

/// kOk, kFindings or kNoInput, by what was reported.
int exit_code(const diagnostics::Sink& sink);
inline int exit_code(const Compilation& c) { return exit_code(c.sink); }

/// Where the conventions are that come with the program: beside it, as built or installed.
std::filesystem::path shipped_stdlib();

}  // namespace baton::driver
