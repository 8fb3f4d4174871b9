// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Is what the judge refutes so on a machine?
//
// Each refuted obligation is one run with numbers for everything. The run is repeated in QEMU, and the state that it comes
// to there is given to the same judge: confirmed, if it refutes the same clause; a disagreement, if it does not, which is a
// mistake of ours. What no state of QEMU's can show is said to be so, and why. Obligations that one run shows share it.
//
//   Replayer replayer({"qemu-system-ppc64"}); replayer.replay(verdict, {loaded, from, to, Endian::kBig});
#pragma once

#include <string>

#include "verify/run.h"
#include "verify/verify.h"

namespace baton::replay {

struct Options {
  std::string program = "qemu-system-ppc64";
  double seconds = 10;   // of one run
  unsigned most_runs = 32;
};

class Replayer {
 public:
  explicit Replayer(Options options) : options_(std::move(options)) {}

  /// Gives every refuted obligation its `replayed`, and its detail both states where they differ; such a one is unknown.
  void replay(verify::Verdict& verdict, const verify::Question& question);

 private:
  Options options_;
  unsigned runs_ = 0;
};

/// Why no replay shows what is refuted, where nobody replayed it.
inline constexpr const char* kOfSeveralCpus = "it takes several CPUs, whose caches follow stores and see them in order";
inline constexpr const char* kOfChangedSegment = "it takes a segment of which a byte is changed, and no run of that was found that shows it";
inline constexpr const char* kTranslated = "the code runs translated, by tables that nobody has described";
void say_what_is_not_shown(verify::Verdict& verdict, const char* why);

}  // namespace baton::replay
