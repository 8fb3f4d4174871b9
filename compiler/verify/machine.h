// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is one thread of the machine, as the judge sees it: registers, MSR, and memory that was described?
//
// The state that instructions act on (semantics.h). Memory is a list of described regions (the emitted
// segments, what the giver put elsewhere) and the bytes that were stored since; reading what nobody
// described gives unknown bits. Caches hold no values here: whether a fetch sees what was stored is asked of coherence.h.
// No other CPUs.
//
//   Machine m; m.memory.describe("stub", 0x4000000, bytes, 0x10000); m.pc = 0x4000000;
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/range.h"
#include "ppc64/instruction.h"
#include "ppc64/registers.h"
#include "verify/coherence.h"
#include "verify/copied_bytes.h"
#include "verify/definitions.h"
#include "verify/firmware.h"
#include "verify/foreign_call.h"
#include "verify/stored_bytes.h"
#include "verify/value.h"
#include "verify/vector.h"

namespace baton::verify {

/// Bytes that one instruction read or wrote.
struct Access {
  uint64_t address = 0;
  unsigned width = 0;
  bool stores = false;
};

class Memory {
 public:
  /// `bytes`, then zeros up to `size`. Where regions overlap the one described last is seen.
  void describe(std::string name, uint64_t start, ByteView bytes, uint64_t size);

  /// Bytes that are not known, and that have a name each: symbol `first` for the first eight of them, and so on, big-endian.
  void describe_unknown(std::string name, uint64_t start, uint64_t size, unsigned first);
  /// What one byte was before anything was stored.
  Value at_entry(uint64_t address) const;
  /// Up to eight bytes as a number, the first the most significant: before anything was stored, and as they are.
  Value number_at_entry(uint64_t address, unsigned width) const;
  Value number(uint64_t address, unsigned width) const;

  /// `width` bytes as a number in byte order `order`; addresses wrap as effective addresses do.
  Value load(uint64_t address, unsigned width, Endian order) const;
  /// Bit n of the answer: the byte at address + n is not certainly what it was.
  unsigned store(uint64_t address, unsigned width, const Value& value, Endian order);
  /// The eight bits at one address, stored or described; unknown when neither.
  Value byte(uint64_t address) const;
  /// Any of these bytes, by a store or by one of the two below.
  bool was_stored(uint64_t address, unsigned width) const;
  /// The bytes of `from`, as they are, are at `to`, of the same size; however they overlap.
  void copy(const Range& from, const Range& to);
  /// These bytes are what the piece says: as they stood elsewhere at entry, all the same, or what nobody knows.
  void put(const CopiedBytes::Piece& piece);
  /// From here on every access is added there; null for none.
  void note_accesses(std::vector<Access>* accesses) { accesses_ = accesses; }
  /// From here on bytes that have a name are the numbers that it gives them; and so is what nobody described: with `rest` all of
  /// it, else where it lies in `parts`, which may be null.
  void choose(std::shared_ptr<const Assignment> numbers, bool rest = false, std::shared_ptr<const RangeSet> parts = {}) {
    chosen_ = std::move(numbers), fills_rest_ = rest, fills_ = std::move(parts);
  }
  /// What nobody described and was looked at: doublewords, most significant byte first, and the numbers they were given.
  const std::map<uint64_t, uint64_t>& filled() const { return filled_; }
  /// How often something was looked at that nobody described.
  uint64_t nobodys_looks() const { return nobodys_looks_; }
  /// What was stored byte by byte; and what was copied or put, but for what of it was stored since.
  const StoredBytes& stored() const { return stored_; }
  const CopiedBytes& copied() const { return copied_; }
  /// How many bytes are stored, copied or put, and where the first is that does not lie in `allowed` and is so.
  uint64_t bytes_written() const;
  template <typename Is>
  std::optional<uint64_t> first_written_outside(const RangeSet& allowed, Is is) const {
    auto first = stored_.first_outside(allowed, is);
    for (const CopiedBytes::Piece& piece : copied_.pieces())
      for (const Range& range : RangeSet{piece.at}.except(allowed))
        for (uint64_t at = range.begin.value(); Address{at} < range.end && (!first || at < *first); ++at)
          if (!stored_.contains(at) && is(at)) first = at;
    return first;
  }
  /// Where all of these bytes stand in what one region was described with; null when they do not, or when a
  /// region that is seen before it has some of them. What was stored is not asked.
  const uint8_t* described(uint64_t address, uint64_t width) const;
  /// The region that an address lies in, or empty.
  std::string name_at(uint64_t address) const;
  /// All that is described, and its bytes from `start` on as they were at entry; what is not described is left as it is.
  /// Bytes that have a name need numbers (`choose`).
  RangeSet described_ranges() const;
  void write_entry(uint64_t start, std::span<uint8_t> into) const;

 private:
  struct Region {
    std::string name;
    uint64_t start;
    ByteView bytes;
    uint64_t size;
    std::optional<unsigned> symbols = {};  // in place of bytes
  };
  /// Addresses at all of which the same region is seen, by its number, or none.
  struct Seen {
    uint64_t first = 1, last = 0;  // none, to begin with
    std::optional<size_t> region = {};
    bool has(uint64_t address, uint64_t width) const { return address >= first && address <= last && width - 1 <= last - address; }
  };
  const Seen& seen(uint64_t address) const;
  Value byte_of(const CopiedBytes::Piece& piece, uint64_t address) const;
  void add(Region region);
  Value nobodys(uint64_t address) const;

  std::vector<Region> regions_;
  // What was looked up last: a loop's code, and the few places that it goes through.
  mutable std::array<Seen, 4> seen_;
  mutable size_t replaced_ = 0;
  StoredBytes stored_;
  CopiedBytes copied_;  // seen where nothing is stored
  std::shared_ptr<const Assignment> chosen_;
  bool fills_rest_ = false;
  std::shared_ptr<const RangeSet> fills_;
  mutable std::map<uint64_t, uint64_t> filled_;
  mutable uint64_t nobodys_looks_ = 0;
  std::vector<Access>* accesses_ = nullptr;
};

struct Registers {
  std::array<Value, 32> gpr;
  std::array<Vector, 32> vr;
  Value lr, ctr, xer, msr, srr0, srr1, hsrr0, hsrr1;
  Value cr;  // the low 32 bits
  uint64_t pc = 0;
  /// As far as they are described: what is unknown in both may still differ.
  bool operator==(const Registers&) const = default;
};

struct Machine : Registers {
  bool book3e = false;  // MSR[CM] for MSR[SF], IS and DS for IR and DR, and no rfid
  /// The lowest level of the CPUs that may run this, times 100, where it is known; what is newer does not exist there.
  std::optional<unsigned> isa;
  /// The newest level that an instruction was of which was executed, and that instruction.
  unsigned newest_isa = ppc64::kOldestIsa;
  std::string newest;
  Memory memory;
  Coherence coherence;
  InterruptOrders interrupts;
  Firmware firmware;
  /// Functions that are taken by contract, and which of them were called.
  std::shared_ptr<const ForeignCalls> calls;
  std::set<std::string> called;
  std::string (*word_name)(uint32_t word) = nullptr;  // see EntryState
  /// The contract of the function that begins at pc, or null.
  const CallContract* contract_here() const;
  /// What is not known of the caller is taken on trust: translation, on or off, only drops the four high bits of an
  /// address. Without this nothing is run that is translated.
  bool linear_map = false;
  std::optional<uint64_t> linear_high;  // see EntryState
  /// Whether nothing is seen at an address while this bit of MSR, IR or DR, is on.
  bool is_unmapped(uint64_t address, uint64_t translation) const {
    return linear_high && (msr.known() & msr.bits() & translation) != 0 && address >> 60 != *linear_high >> 60;
  }
  uint64_t place_of(uint64_t address) const { return linear_map ? address & ~(uint64_t{0xf} << 60) : address; }
  std::shared_ptr<const RangeSet> reach;  // see EntryState
  /// The first load of what nobody described, as a sentence: what is not known later may come from there.
  std::string undescribed;
  /// What lwarx or ldarx read last. A conditional store to it is taken to succeed, which `conditional_stores` counts: that
  /// no other CPU stores in between is nothing that one thread can tell.
  std::optional<Access> reservation;
  uint64_t conditional_stores = 0;
  unsigned failing_stores = 0;  // see EntryState
  /// What turns of loops loaded and stored that were done at once (copy_turn.h): observers are not told of each.
  RangeSet loaded_at_once, stored_at_once;
  /// Special registers that were written besides those above, in order of first writing.
  std::vector<std::string> other_sprs_written;

  /// Names for what the values of this thread are made of; paths that were one share them.
  std::shared_ptr<Definitions> definitions = std::make_shared<Definitions>();
  /// What the path to here depends on.
  Decisions decisions;
  /// What an observer keeps for the way to here. Ways that part take it along; the machine does nothing with it.
  mutable std::shared_ptr<void> trail;
  /// From here on this bit is so, in every register, and in memory when it is loaded.
  void decide(Atom atom, bool one);
  /// A value with what was decided.
  Value resolve(const Value& value) const;
  Bit resolve(Bit bit) const;

  /// The register of a name ("r3", "lr", "ctr", "cr", "xer"), or nullptr.
  Value* find(std::string_view name);
  /// MSR[LE], when it is known.
  std::optional<Endian> order() const;
};

}  // namespace baton::verify
