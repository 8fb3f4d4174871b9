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

/// What is refuted of several CPUs is not for QEMU to show: each such obligation that nobody replayed is said to be of that kind.
void say_of_several_cpus(verify::Verdict& verdict);

}  // namespace baton::replay
