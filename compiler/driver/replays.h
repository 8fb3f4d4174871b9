// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What of what was refuted is repeated in QEMU, and what is told of that?
//
// `--replay` and `--qemu` of the commands that judge, and the words for a refutation that is not so there, or that had to be
// repeated and was not. How it is done: replay/replay.h.
//
//   set_up_replays(c, options);  repeat(c, verdict, {loaded, state, goals, giver});
#pragma once

#include <string>

#include "driver/pipeline.h"
#include "replay/replay.h"

namespace baton::driver {

void set_up_replays(Compilation& c, const Options& options);

/// Repeats each refuted obligation, unless replays are off.
void repeat(const Compilation& c, verify::Verdict& verdict, const verify::Question& question);
/// Of one that was judged by other means: what a run of this question shows, where `clause` of it is refuted too.
void repeat_as(const Compilation& c, verify::Obligation& o, const verify::Question& question, const std::string& clause);
/// Of those that nobody repeated, why not.
void say_not_repeated(const Compilation& c, verify::Verdict& verdict, const char* why);

/// One that waits has no end that another machine comes to.
inline constexpr const char* kOfWaiting = "it is about a CPU that waits, and a replay is of one that goes to its end";
inline constexpr const char* kOfTree = "it is about what a kernel reads in the tree, and no instruction of the stub does";
inline constexpr const char* kOfRefusal = "it takes firmware that refuses, and QEMU's does not";

/// What is wrong about a replay itself. `what`: the obligation, as the subject of a sentence.
void report_replay(Compilation& c, source::Span span, const std::string& what, const verify::Obligation& o);

}  // namespace baton::driver
