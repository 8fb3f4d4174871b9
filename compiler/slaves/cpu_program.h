// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How do all runs of one CPU become one program of the explorer (handshake/model.h)?
//
// Runs that were alike up to a read part by what they found there. In the program they part at the conditional branch that
// follows the read, for that is where the CPU waits for it; by what it fetched it parts at once. Of a loop that changes
// nothing the last turn is the program: the turns before it order nothing that it does not order. Only some places are
// looked at at a time: those by which any CPU finds its way, and one more that must be in its last state when a slave comes
// to it. Leaving out other places, and barriers between them, allows more, never less.
//
//   fetch 0x60; if it is the branch: poll the word until 1, isync, fetch 0x60 ...; fetch the taker's code, which must be 1
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "handshake/model.h"
#include "slaves/shared_run.h"

namespace baton::slaves {

/// The places that a model is about. The rest of memory is as each CPU alone finds it.
class Scene {
 public:
  /// `block`: cache blocks of code. A place is code if it is fetched anywhere in `runs`, or `must_be_last`.
  Scene(uint64_t block, const std::vector<const Writes*>& writes, std::set<uint64_t> places, std::optional<uint64_t> must_be_last);

  /// The words, and behind them those that stand for a way that must not be gone.
  std::vector<handshake::Word> words() const;
  bool has(const Range& place) const { return words_.count(place.begin.value()) != 0; }
  const handshake::Word& word(const Range& place) const { return words_.at(place.begin.value()); }
  /// The line of a block, or empty.
  std::string line(const Range& block) const;
  void is_fetched(uint64_t place);

  /// What must be in its last state, and which one that is.
  const handshake::Word* needed() const { return needed_ ? &words_.at(*needed_) : nullptr; }
  uint8_t needed_version() const { return needed_version_; }

 private:
  uint64_t block_;
  std::map<uint64_t, handshake::Word> words_;
  std::optional<uint64_t> needed_;
  uint8_t needed_version_ = 0;
};

/// Loads of these must find 1, and never do: whoever comes there has gone wrong, or nobody knows what it does there.
inline constexpr const char *kNoWayOn = "a way on", *kNotFollowed = "what is followed";

struct CpuProgram {
  std::vector<handshake::Event> events;
  /// Why a value must not be found in these words.
  std::vector<std::pair<std::string, std::string>> reasons;
  /// It ends where it would go on waiting: whether anybody waits for ever is then not to be told.
  bool leaves_turns_out = false;
};

/// How much is asked of a slave's fetches, which no published model orders.
enum class Fetching : uint8_t {
  kAnyOrder,  // Book II, where it is silent: an instruction may be fetched before the one that leads to it
  kInOrder    // what is behind a place that others store to is fetched after it
};

/// Fails where the runs part with no branch at which they could. `is_slave`: when it comes to the taker's code, what the
/// scene needs must be there.
Result<CpuProgram> cpu_program(const std::vector<SharedRun>& runs, const Scene& scene, bool is_slave, Fetching fetching);

}  // namespace baton::slaves
