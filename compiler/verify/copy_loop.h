// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is a loop judged that goes over more memory than can be followed byte by byte?
//
// Each byte has a name at entry, and is looked for where it must be in the end. Where every turn of the loop is known to copy
// as the one that begins (copy_turn.h), all but the last two are done at once. Another loop is run, up to 64 KiB. Of a longer one
// the first turns are run, and the last; what those between store is lost, and the copy is `assumed` to have been made as by the
// others. The registers before the last turns are what they would be if each turn moved them as the first ones did (turns.h). A
// wrong hint ends in `unknown` or in a refutation, since the loop does not end where it should.
//
//   three turns seen: r9 + 64, r10 + 64, ctr - 1 each time  ->  r9, r10 and ctr before the last turn but one
#pragma once

#include <optional>
#include <vector>

#include "base/address.h"
#include "verify/copy_turn.h"
#include "verify/turns.h"

namespace baton::verify {

/// Somebody says that what begins at `head` is done `turns` times, for `bytes` bytes of memory each. Not believed.
struct CopyLoop {
  Address head;
  uint64_t turns = 0, bytes = 0;
};

/// Loops over this much memory are run like any other code, where turns cannot be done at once; and where they can be.
inline constexpr uint64_t kMostFollowed = 64 * 1024, kMostRun = 4 * 1024;

class CopySummary {
 public:
  /// Where nobody `vouches` that the others copy as the first ones, only turns are left out of which it is known.
  explicit CopySummary(const CopyLoop& loop, bool vouches = true) : loop_(loop), vouches_(vouches) {}

  const CopyLoop& loop() const { return loop_; }
  /// The machine is at the head. It may be moved on to a later turn; the answer is what was passed.
  PassedTurns arrive(Machine& m, uint64_t instructions);

 private:
  struct Seen {
    Machine machine;
    uint64_t instructions;
  };

  CopyLoop loop_;
  bool vouches_;
  uint64_t turn_ = 0;
  std::vector<Seen> seen_;
};

/// Loops of which nobody said anything, in code of others: they are found where it goes back to where it was.
class LoopFinder {
 public:
  /// Before each step. As of CopySummary::arrive.
  PassedTurns arrive(Machine& m, uint64_t instructions) {
    const uint64_t from = from_;
    from_ = m.pc;
    return m.pc <= from && from - m.pc < 4 * kMostInTurn ? come_back(m, instructions) : PassedTurns{};
  }

 private:
  /// It came here by a branch back, over no more than a turn has.
  PassedTurns come_back(Machine& m, uint64_t instructions);

  // What is shorter is run: so many turns before one is read, and so many instructions that are left.
  static constexpr uint64_t kTurnsBefore = 16, kLeastLeft = 1 << 16;

  uint64_t from_ = 0;  // the step before was there
  std::optional<uint64_t> head_;
  uint64_t turns_ = 0, last_ = 0, a_turn_ = 0;
  std::optional<CopySummary> summary_;
};

}  // namespace baton::verify
