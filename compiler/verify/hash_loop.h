// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is a loop judged that hashes more blocks than can be run?
//
// The first turns are run, and the last. What is between is not: where the state of SHA-256 over the bytes in
// memory is found in the same places after each of the first turns, and everything else either stays, moves by
// the same step, or is taken as unknown from there on, the state before the last turns is put there. So a wrong
// hint, or a loop that computes something else, ends in `unknown` or in a refutation. What is taken on trust is
// that the turns that were not run compute what the others did; that is said as `assumed`.
//
//   three turns seen: r4 = H0:H1 each time, ctr + 64 each time  ->  r4 and ctr before turn 99,998, r12 unknown
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "verify/machine.h"
#include "verify/sha256.h"
#include "verify/turns.h"

namespace baton::verify {

/// Somebody says that from `head` on 64 bytes are hashed a turn, `blocks` times from `data` on. Not believed.
struct HashLoop {
  Address head, data;
  uint64_t blocks = 0;
  std::string clause;

  /// What was hashed already: bytes of a described region, which do not change between trials.
  struct Hashed {
    const uint8_t* bytes;
    uint64_t blocks;
    Sha256State state;
  };
  std::shared_ptr<std::vector<Hashed>> hashed = std::make_shared<std::vector<Hashed>>();
};

/// Loops of up to so many turns are run like any other code.
inline constexpr uint64_t kMostTurnsRun = 64;

class LoopSummary {
 public:
  explicit LoopSummary(const HashLoop& loop) : loop_(&loop) {}

  const HashLoop& loop() const { return *loop_; }
  /// Turns that were not run.
  uint64_t skipped() const { return skipped_; }
  /// The machine is at the head. It may be moved on to a later turn; the answer is what was passed.
  PassedTurns arrive(Machine& m, uint64_t instructions);

 private:
  struct Seen {
    Machine machine;
    uint64_t instructions;
    Sha256State state;
  };

  const HashLoop* loop_;
  uint64_t turn_ = 0, skipped_ = 0;
  std::vector<Seen> seen_;
};

}  // namespace baton::verify
