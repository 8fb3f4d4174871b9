// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does a stub that others wrote find that a segment is not what was built, before it stores anything?
//
// A handoff that says `digest sha256 of kernel` asks it of whoever stands in for Baton's own stub. The stub is run over the
// segment with one byte changed: the first, one in the middle, the last. It has to stay in its own code, and to have stored
// nothing but there. A stub that goes on is refuted with that byte; one that stays has found this change. That what it computes
// is SHA-256, so that it finds every change, is nothing that such runs show, and stays unknown.
//
//   judge_digests_of(c, loaded, state, goals, giver, verdict)
#pragma once

#include "driver/pipeline.h"
#include "verify/verify.h"

namespace baton::driver {

/// Adds an obligation for each change, and one for each digest. `goals` are the master's; what may be written is the stub's own.
void judge_digests_of(const Compilation& c, const verify::Loaded& loaded, const verify::EntryState& state, const verify::Goals& goals,
                      Endian giver, verify::Verdict& verdict);

}  // namespace baton::driver
