// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can happen next, to a handshake between POWER CPUs?
//
// Data follows the machine of Sarkar, Sewell, Alglave, Maranget and Williams, "Understanding POWER Multiprocessors"
// (PLDI 2011), as far as programs need it whose addresses are known:
//  - A store reaches each CPU for itself, in any order, except that stores to one word follow one order (coherence) and
//    that what stood before an lwsync reaches a CPU before what comes after it, also by way of a third CPU. sync waits
//    until all that its CPU has seen has reached everybody.
//  - Loads are done early, past undecided branches and polls, but not past sync, lwsync and isync, and are done again
//    where the word's order or the branch demands it. Stores wait for branches, polls and their operands, not for loads.
// Fetching has no published model. Book II is read so that, where it is silent, the weaker behaviour happens:
//  - An instruction is fetched at any time before it is executed, past branches, polls, sync and lwsync; only isync (or
//    rfid) has what follows fetched anew.
//  - A fetch gives any value that the CPU's instruction cache may hold: every store that has reached this CPU, and every
//    older one that no dcbst *and then* icbi has yet removed here. Lines are dropped and refilled at any time, so what a
//    cache may hold is kept (`held`), not what it holds. Words of one line may come from different fills.
//  - dcbst and icbi reach each CPU, their own included, at any time; only sync waits for them, and neither follows the
//    other without it. A CPU's own stores need both as well. lwsync does not order them.
//
// What cannot be seen from outside is done at once (`settle`): a load is final, a branch is decided, a barrier lets go,
// a store becomes visible to its own CPU, and reaches those that cannot tell any more. Doing it later would allow nothing
// more: it only takes constraints away.
// Left out, and so neither shown nor excluded: reservations that fail, mixed sizes, timing, and that a loop's next turn
// begins before the branch of the last one is decided.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "handshake/program.h"

namespace baton::handshake {

/// One line of a trace: what happened on which CPU, and what it saw there.
struct Step {
  std::string cpu, event, saw;
  bool wrong = false;  // what it saw is not what must be
  bool operator==(const Step&) const = default;
};

enum class Status : uint8_t {
  kWaiting,
  kEarly,  // load, poll, fetch: has a value that can still be taken back; sync: waits for its stores
  kDone,
  kSkipped  // a taken branch leads past it
};

struct State {
  static constexpr size_t kEvents = kMostEvents;
  uint8_t absent = 0;                                        // CPUs that never arrive, one bit each
  std::array<Status, kEvents> status{};
  std::array<EventId, kEvents> read{};                       // the store that a load, fetch or add has read
  std::array<uint8_t, kEvents> reached{};                    // CPUs that a store, dcbst or icbi has reached
  std::array<uint64_t, kEvents> need{};                      // store: what must arrive before it; sync: what it awaits
  std::array<std::array<EventId, kMostLineWords>, kEvents> pushed{};  // dcbst: the store it pushes out, per word
  std::array<uint64_t, kMostCpus> behind{};                  // what this CPU's next store comes after
  // The same without regard to what has arrived meanwhile, for programs in which stores of two CPUs may meet.
  std::array<uint64_t, kEvents> before{};
  std::array<uint64_t, kMostCpus> earlier{};
  std::array<std::array<EventId, kMostStores>, kMostWords> order{};   // stores in the order that all CPUs agree on
  std::array<uint8_t, kMostWords> stored{};
  std::array<std::array<EventId, kMostWords>, kMostCpus> stale{};  // oldest that a fill of the cache may still get
  std::array<std::array<EventId, kMostWords>, kMostCpus> held{};   // oldest that the cache may still hold
  bool wrong = false;                                              // a final value is not one that must be
};

using Log = std::vector<Step>;
/// Called with each state that may follow and, where that was asked for, with the steps that lead there.
using Visit = std::function<void(const State&, const Log&)>;

class Machine {
 public:
  explicit Machine(const Program& program) : program_(program) {}

  /// One start for each choice of CPUs that may not arrive.
  void begin(bool with_log, const Visit& visit) const;
  void next(const State& state, bool with_log, const Visit& visit) const;

  bool finished(const State& s, size_t cpu) const;
  /// Every CPU that has arrived is done, and `never` is what came of it.
  bool ends_as_never(const State& s) const;
  /// Somebody who must finish has not: for states after which nothing happens. -1: nobody.
  int waits_for_ever(const State& s) const;

  /// The state's bytes; equal for states that differ in the names of like CPUs only.
  std::string key(const State& s) const;
  State from_key(const std::string& key) const;

 private:
  struct Turn;  // one step under way: the state that changes, and its log
  const Program& program_;
};

}  // namespace baton::handshake
