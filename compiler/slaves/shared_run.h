// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does one CPU do to memory that others use too, on each way through the bytes it executes?
//
// A CPU is run on the judge's machine, alone. Where it reads what another CPU stores, any of the values may be there that
// the place ever has: the run is repeated for each of them. So the runs of a CPU together are all that it can do, whatever
// the others' timing is; which of them are possible, and in which order the others see it, is the explorer's question
// (handshake/machine.h). Loops that change nothing and read the same again end a run: what follows is in another one.
//
// One place is what one store covers. A place that is stored to in different widths is not followed.
//
//   Writes of_master; collect(master_runs, of_master);
//   SharedRuns slave = shared_runs({at_landing, state, goals, Endian::kBig}, of_master);
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/range.h"
#include "base/result.h"
#include "verify/verify.h"

namespace baton::slaves {

/// Runs of one CPU, reads of what others store on one run, and events of a run, before it is given up.
inline constexpr size_t kMostRuns = 1024, kMostReads = 24, kMostEvents = 1 << 17;

/// Up to eight bytes in the order of their addresses; not known where they are no numbers.
struct Content {
  bool known = false;
  uint8_t size = 0;
  std::array<uint8_t, 8> bytes = {};
  bool operator==(const Content&) const = default;
};

struct SharedEvent {
  enum class Kind : uint8_t { kFetch, kLoad, kStore, kAdd, kBranch, kSync, kLwsync, kIsync, kDcbst, kIcbi };
  Kind kind = Kind::kSync;
  Range place = {};    // of reads and stores; the block of dcbst and icbi
  size_t version = 0;  // read: which value it found; store: which one it leaves; an addition: how much
  uint64_t by = 0;     // the instruction's address
  bool must_be_last = false;  // a fetch of the taker's code: no other value may be found
  Content left = {}, initial = {};  // of a store: what it leaves, and what was there at entry

  bool reads() const { return kind == Kind::kFetch || kind == Kind::kLoad; }
  bool writes() const { return kind == Kind::kStore || kind == Kind::kAdd; }
  bool operator==(const SharedEvent&) const = default;
};

struct SharedRun {
  enum class End : uint8_t {
    kEnters,   // comes to the taker's code, in its last state
    kRepeats,  // does again what it did from event `back_to` on, and changed nothing meanwhile
    kWaits,    // goes around for ever, whatever the others do: `reason`
    kWrong,    // cannot go on: `reason`
    kUnknown   // is not followed: `reason`
  };
  std::vector<SharedEvent> events;
  End end = End::kUnknown;
  size_t back_to = 0;
  std::string reason;
  RangeSet not_followed = {};  // stored to in turns of loops that were left out
  bool operator==(const SharedRun&) const = default;
};

/// The values that places have, from all that some CPUs store.
class Writes {
 public:
  struct Cell {
    Range place;
    std::vector<Content> versions;  // the first is that at entry
    size_t last = 0;                // the one that is stored last
    bool mixed = false;             // stored to in different widths, or not at once
  };
  /// Stores only; an event is given the version that it leaves.
  void add(SharedEvent& event);
  /// Each of `cpus` adds once: what may be found there is 0, 1, ... times what is added.
  void add_counts(const SharedEvent& addition, size_t cpus, Endian order);
  std::vector<const Cell*> touched(const Range& read) const;
  const std::map<uint64_t, Cell>& cells() const { return cells_; }
  /// Where others store what is not known.
  void add(const RangeSet& not_followed);
  const RangeSet& not_followed() const { return not_followed_; }
  bool empty() const { return cells_.empty() && not_followed_.empty(); }

 private:
  Cell& cell_of(const SharedEvent& event);
  std::map<uint64_t, Cell> cells_;
  RangeSet not_followed_;
};

/// The CPU that runs.
struct Thread {
  const verify::Loaded& loaded;
  const verify::EntryState& from;
  const verify::Goals& to;
  Endian order = Endian::kBig;
};

struct SharedRuns {
  std::vector<SharedRun> runs;
  /// Why there may be others; empty when these are all.
  std::string incomplete;
};

/// All runs of a CPU among what the others store.
SharedRuns shared_runs(const Thread& thread, const Writes& of_others);

/// What shared_runs says of a CPU among nobody's stores, told by the judge's own runs of it, which are shown to `observer`.
/// They must be of all ways, to the jump: where the judge says that it is reached, they are.
class Witness {
 public:
  explicit Witness(const verify::Goals& to);
  ~Witness();
  verify::Observer& observer();
  SharedRuns runs() const;

 private:
  class Notes;
  std::unique_ptr<Notes> notes_;
};

}  // namespace baton::slaves
