// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does a CPU fetch what was stored, or what its instruction cache had before?
//
// Instruction caches do not follow stores (Power ISA 3.0B, Book II 1.8). A stored byte is fetched as stored after
// `dcbst` of its block, `sync`, `icbi` of its block, `sync`; and by a CPU that may have prefetched it, after it
// synchronizes its context: `isync`, `rfid`, `hrfid`, `sc`, `mtmsrd` with L = 0 (Book III 1.5.1). For its own CPU alone
// `isync` waits for earlier `icbi` itself (Book II 4.6.1). This is the ghost of one CPU's stores: how far each has come,
// kept by range until nothing is missing. A store of what was there already stales nothing.
//
// A CPU that waits for another's stores is the other half: what it prefetched is dropped when it synchronizes its context
// after a branch that depends on the word it waits for. That a conditional branch which follows the load depends on it is
// not followed through registers.
//
// What was there at entry is taken to be fetched as it is: that is the giver's `fact icache_coherent`, which the contract
// asks for. No line is assumed to fall out of a cache, and no cache to be coherent by itself.
//
//   stw 0x100; dcbst; icbi; sync  ->  missing for a fetch at 0x100: `icbi` after the `sync` that follows `dcbst`
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/range.h"

namespace baton::verify {

/// The smallest cache block of a 64-bit CPU: 64 bytes on PA6T, A2, e5500 and e6500, 128 on RS64, POWER3 and later,
/// 970 and Cell. What is right for smaller blocks is right for larger ones, since only stores undo anything.
inline constexpr uint64_t kSmallestBlock = 64;

class Coherence {
 public:
  /// `block` is a power of two.
  explicit Coherence(uint64_t block = kSmallestBlock) : block_(block) {}

  uint64_t block() const { return block_; }
  /// Which other CPUs' code there is, and the words whose change lets them go to it: it must be ready by then.
  void watch(RangeSet code, RangeSet releases);
  /// The words by which another CPU lets this one go.
  void wait_for(RangeSet words) { awaited_ = std::move(words); }

  // ---- what instructions do

  /// Up to eight bytes by the instruction at `by`; bit n of `changed`: the nth may now be another than it was.
  void store(uint64_t address, unsigned size, unsigned changed, uint64_t by);
  void load(uint64_t address, uint64_t size);
  void branch_on_condition();
  void write_back(uint64_t address);  // dcbst, dcbf
  void invalidate(uint64_t address);  // icbi
  void sync();                        // sync and ptesync; lwsync and eieio do not order these
  void isync();
  void synchronize_context();  // all but isync

  // ---- what is missing

  enum class Fetched { kHere, kElsewhere };
  /// "the instruction at 0x100 was stored by the one at 0x4000120, and ...", for the first byte of which it is so.
  std::optional<std::string> missing(const Range& code, Fetched by) const;
  std::optional<std::string> missing(const RangeSet& code, Fetched by) const;
  /// The same at the moment of the first release for which some watched code was not ready.
  const std::optional<std::string>& released_early() const { return released_early_; }
  /// What this CPU lacks before it may go where it was let go to.
  std::optional<std::string> missing_after_wait() const;
  const RangeSet& watched() const { return code_; }

  /// What turns of loops would have stored that were not run (turns.h): nothing is known of these bytes.
  const RangeSet& not_followed() const { return not_followed_; }

  // ---- loops of which turns are left out

  /// A turn begins. What it does is kept until go_on or end_turns.
  void begin_turn();
  void end_turns();
  /// As if `turns` more were run like the last two, each address moving on as it did; all bytes stored are then others, of which
  /// nothing is known but where they `are_known`. The answer is where these are.
  /// Nothing, and nothing is done, where that cannot be told: the turns differ, or what one does meets what another does.
  std::optional<RangeSet> go_on(uint64_t turns, bool are_known = false);
  /// Whether such turns have a part in what this CPU and others tell each other, or in the others' code.
  bool meets_others(const RangeSet& loaded, const RangeSet& stored) const;

 private:
  /// How far a store has come; what is missing is the next.
  enum class Stage { kStored, kLeaving, kWritten, kDropping, kReady };
  struct Piece {
    uint64_t last;  // of its bytes
    uint64_t by;
    Stage stage;
    bool here;  // this CPU fetches it, the others not yet
    bool same_as(const Piece& o) const { return by == o.by && stage == o.stage && here == o.here; }
  };
  struct Operation {
    enum class Kind { kStore, kWriteBack, kInvalidate, kSync, kIsync, kContext } kind;
    uint64_t address = 0, size = 0, by = 0;
  };
  using Pieces = std::map<uint64_t, Piece>;

  uint64_t block_of(uint64_t address) const { return address & ~(block_ - 1); }
  Pieces::iterator split(uint64_t at);
  template <typename Change>
  bool change(uint64_t first, uint64_t last, Change change);
  void note(Operation operation);
  void mark(uint64_t first, uint64_t last, uint64_t by);
  void write_back_from(uint64_t first, uint64_t last);
  void invalidate_from(uint64_t first, uint64_t last);
  void drop_prefetched(std::vector<std::pair<uint64_t, uint64_t>>& where, Stage after);
  static const char* wanted(const Piece& piece, Fetched by);
  bool can_go_on(const std::vector<Operation>& before, const std::vector<Operation>& last, uint64_t turns) const;
  bool is_of_one_block(const std::vector<Operation>& turn) const;
  void repeat(const Operation& before, const Operation& last, uint64_t turns, RangeSet& stored);

  uint64_t block_;
  Pieces pieces_;
  // First and last bytes of where something waits for the next sync, isync, or synchronization of any kind.
  std::vector<std::pair<uint64_t, uint64_t>> for_sync_, for_isync_, for_context_;
  RangeSet code_, releases_, awaited_, not_followed_;
  std::optional<std::string> released_early_;
  enum class Waited { kNot, kLoaded, kBranched, kSynchronized } waited_ = Waited::kNot;
  std::vector<std::vector<Operation>> turns_;
  bool in_turn_ = false;
};

}  // namespace baton::verify
