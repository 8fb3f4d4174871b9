// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Has the machine come to a state that it was in before?
//
//   Cycle cycle(m); for (n = 1; ...; ++n) { step(m); if (cycle.closed(m, n)) ... }
#pragma once

#include "verify/machine.h"

namespace baton::verify {

/// Meets a state that was there before. One earlier state is kept, each time twice as long as the one before: that meets
/// any cycle. Of registers all counts, of memory what was stored. What is not known may differ from one time to the next,
/// but nothing that was executed in between depended on it: whatever it is, the same happens again.
class Cycle {
 public:
  explicit Cycle(const Machine& m) : registers_(m), stored_(m.memory.stored()), copied_(m.memory.copied()) {}
  /// After each step but the first `executed`.
  bool closed(const Machine& m, uint64_t executed) {
    if (m.pc == registers_.pc && is_at(m)) return true;
    if (executed < renewed_ || m.memory.stored().size() > kMostKept) return false;
    registers_ = m;
    stored_ = m.memory.stored();
    copied_ = m.memory.copied();
    renewed_ *= 2;
    return false;
  }
  /// Whether this is the state that is kept.
  bool is_at(const Machine& m) const { return registers_ == m && stored_ == m.memory.stored() && copied_.is(m.memory.copied()); }

 private:
  static constexpr size_t kMostKept = 1 << 18;  // bytes that were stored; who stores ever more does not come round
  Registers registers_;
  StoredBytes stored_;
  CopiedBytes copied_;
  uint64_t renewed_ = 1;
};

}  // namespace baton::verify
