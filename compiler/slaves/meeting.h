// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whenever the slaves come, do they find what they need, and does the master not pull it from under them?
//
// The events of master and slaves on the words that they share are taken from the bytes that they execute (shared_run.h),
// made into programs (cpu_program.h), and all orders in which POWER lets them happen are looked at (handshake/explore.h):
// slaves that are there from the beginning, that come late, and that never come. What must hold: a slave that comes to the
// taker's code finds all of it in its last state, goes nowhere else, and is not left waiting. It says nothing about what the
// taker does afterwards.
//
//   Meeting m = meet(...);  m.outcome == kProved, m.how == "single-branch window"
#pragma once

#include <string>
#include <vector>

#include "handshake/model.h"
#include "slaves/shared_run.h"

namespace baton::slaves {

struct MeetingOf {
  /// The one master, in each state that tells its ways apart; one is enough where its stores are known of all.
  std::vector<Thread> masters;
  /// One for each slave that can be told from the others, by what it does; one is enough for slaves that are alike.
  std::vector<Thread> slaves;
  /// How many slaves may come.
  size_t count = 1;
  /// How many are looked at where each is as one that is alone, because none stores what another reads.
  size_t together = 1;
  /// Whether the taker needs them: who waits for ever, whatever the others do, is lost.
  bool must_enter = false;
  /// The taker's code that slaves run.
  RangeSet window;
  uint64_t block = verify::kSmallestBlock;
  /// What the masters do while nobody else stores anything, each at its place, as far as it was seen already (Witness).
  std::vector<SharedRuns> seen = {};
};

struct Meeting {
  verify::Outcome outcome = verify::Outcome::kUnknown;
  std::string detail;  // for the table
  std::string trace;   // of what is refuted, as lines
  size_t states = 0;   // looked at, in all models
  bool slaves_only_look = false;  // where no master comes to its jump: all that slaves do is known, and they store nothing
  std::vector<handshake::Model> models;
};

Meeting meet(const MeetingOf& of);

}  // namespace baton::slaves
