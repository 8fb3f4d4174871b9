// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which question is the prover asked about a build?
//
// The outputs' own bytes, as they are about to be written, are put where the table says; the giver's
// promises become the state the stub is entered in, the taker's needs become goals. What the synthesis
// thought it did is not asked.
#pragma once

#include "driver/outputs.h"

namespace baton::driver {

/// Judges the stub once per byte order of the giver; false, with the obligation and what was seen instead,
/// when one is refuted. What is neither proved nor refuted is a warning.
bool verify_outputs(Compilation& c, const Outputs& outputs);

/// As --solver says.
verify::SolverUse solver_use(const Options& options);

/// Adds NAME.proof.json, of what was judged. Nothing where there is no stub.
void add_certificate(const Compilation& c, Outputs& outputs);

/// What the giver promises of the master, or of each slave, where this is loaded.
verify::EntryState entry_state(const Compilation& c, const contract::Boundary& from, const verify::Loaded& loaded, model::Section cpu);

/// What the taker needs of the master, or of each slave. `kept` owns bytes that the goals view. Of what it needs of
/// memory, bytes whose source nobody has read are left out.
verify::Goals goals_of(const Compilation& c, const contract::Boundary& to, std::deque<ByteBuffer>& kept, model::Section cpu);

/// Those of somebody else, with who it is before each clause.
void add_obligations(verify::Verdict& to, const char* who, const verify::Verdict& what);

/// A finding for one that is neither proved nor assumed. `what`: the obligation, as the subject of a sentence.
void report_obligation(Compilation& c, source::Span span, const std::string& what, const verify::Obligation& o);

/// Findings for all that is not proved or assumed; false when something is refuted. `when`: "with a big-endian giver, ".
bool report_verdict(Compilation& c, const std::string& when, const verify::Verdict& verdict);

/// One line per obligation.
std::string verdicts_text(const Compilation& c);

}  // namespace baton::driver
