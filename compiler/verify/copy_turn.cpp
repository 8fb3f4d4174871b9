// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A data flow over one turn, then ranges of addresses over all of them. See copy_turn.h.
#include "verify/copy_turn.h"

#include <algorithm>
#include <array>
#include <variant>

#include "ppc64/instruction.h"

namespace baton::verify {
namespace {

using ppc64::Mnemonic;

constexpr size_t kMostInTurn = 64;
/// More turns take hours, or do not end: such a loop is not said to be gone through.
constexpr uint64_t kMostGoneThrough = uint64_t{1} << 32;

/// A register at the head, plus a number.
struct Pointer {
  size_t reg = 0;
  uint64_t plus = 0;
};
/// One pointer, or two that are added, plus a number.
struct Place {
  std::vector<size_t> regs;
  uint64_t plus = 0;
};
struct LoadedBytes {
  Place from;
  unsigned width = 0;
};
struct Copied {
  Place from, to;
  unsigned width = 0;
};

class Turn {
 public:
  explicit Turn(const Machine& m) : m_(m) {
    for (size_t i = 0; i < gpr_.size(); ++i) gpr_[i] = Pointer{i, 0};
  }

  /// False for what is no copy.
  bool read() {
    const auto order = m_.order();
    if (!order) return false;
    for (uint64_t at = m_.pc; instructions_ < kMostInTurn; at += 4) {
      const auto word = m_.memory.load(m_.place_of(at), 4, *order).constant();
      const auto i = word ? ppc64::decode(static_cast<uint32_t>(*word)) : std::nullopt;
      if (!i) return false;
      ++instructions_;
      if (i->mnemonic == Mnemonic::kBc) {
        const auto& o = i->operands;
        // BO is 1a00t, where a and t are hints (Power ISA 3.0B, Book I 2.4).
        return (o[0] & 22) == 16 && at + static_cast<uint64_t>(o[2]) == m_.pc && !copied_.empty();
      }
      if (!instruction(*i)) return false;
    }
    return false;
  }

  uint64_t instructions() const { return instructions_; }
  const std::vector<Copied>& copied() const { return copied_; }
  /// An address in the turn that begins; nothing where it is no number.
  std::optional<uint64_t> address(const Place& place) const {
    uint64_t sum = place.plus;
    for (size_t reg : place.regs) {
      const auto number = m_.gpr[reg].constant();
      if (!number) return std::nullopt;
      sum += *number;
    }
    return sum;
  }
  /// By how much it is another in the next turn; nothing where that is not the same from turn to turn.
  std::optional<uint64_t> step(const Place& place) const {
    uint64_t sum = 0;
    for (size_t reg : place.regs) {
      const auto* then = std::get_if<Pointer>(&gpr_[reg]);
      if (!then || then->reg != reg) return std::nullopt;
      sum += then->plus;
    }
    return sum;
  }

 private:
  std::optional<Place> of(size_t base, uint64_t plus) const {
    const auto* pointer = std::get_if<Pointer>(&gpr_[base]);
    if (!pointer) return std::nullopt;
    return Place{{pointer->reg}, pointer->plus + plus};
  }
  bool load(const ppc64::Instruction& i, bool updates) {
    const size_t base = static_cast<size_t>(i.operands[2]);
    auto from = base == 0 ? std::nullopt : of(base, static_cast<uint64_t>(i.operands[1]));
    if (!from) return false;
    if (updates) gpr_[base] = Pointer{from->regs[0], from->plus};
    gpr_[static_cast<size_t>(i.operands[0])] = LoadedBytes{std::move(*from), ppc64::access_width(i.mnemonic)};
    return true;
  }
  bool store(const ppc64::Instruction& i, bool updates) {
    const size_t base = static_cast<size_t>(i.operands[2]);
    auto to = base == 0 ? std::nullopt : of(base, static_cast<uint64_t>(i.operands[1]));
    const auto* what = std::get_if<LoadedBytes>(&gpr_[static_cast<size_t>(i.operands[0])]);
    if (!to || !what || what->width != ppc64::access_width(i.mnemonic)) return false;
    copied_.push_back({what->from, *to, what->width});
    if (updates) gpr_[base] = Pointer{to->regs[0], to->plus};
    return true;
  }
  std::optional<Place> of_vector(const ppc64::Instruction& i) const {
    auto index = of(static_cast<size_t>(i.operands[2]), 0);
    if (i.operands[1] == 0 || !index) return index;
    auto base = of(static_cast<size_t>(i.operands[1]), 0);
    if (!base) return std::nullopt;
    return Place{{base->regs[0], index->regs[0]}, base->plus + index->plus};
  }

  bool instruction(const ppc64::Instruction& i) {
    switch (i.mnemonic) {
      case Mnemonic::kLbz: case Mnemonic::kLhz: case Mnemonic::kLwz: case Mnemonic::kLd: return load(i, false);
      case Mnemonic::kLbzu: case Mnemonic::kLhzu: case Mnemonic::kLwzu: case Mnemonic::kLdu: return load(i, true);
      case Mnemonic::kStb: case Mnemonic::kSth: case Mnemonic::kStw: case Mnemonic::kStd: return store(i, false);
      case Mnemonic::kStbu: case Mnemonic::kSthu: case Mnemonic::kStwu: case Mnemonic::kStdu: return store(i, true);
      case Mnemonic::kLvx: {
        auto from = of_vector(i);
        if (!from) return false;
        vr_[static_cast<size_t>(i.operands[0])] = LoadedBytes{std::move(*from), 16};
        return true;
      }
      case Mnemonic::kStvx: {
        auto to = of_vector(i);
        const auto& what = vr_[static_cast<size_t>(i.operands[0])];
        if (!to || !what) return false;
        copied_.push_back({what->from, std::move(*to), 16});
        return true;
      }
      case Mnemonic::kAddi: {
        const auto* base = i.operands[1] == 0 ? nullptr : std::get_if<Pointer>(&gpr_[static_cast<size_t>(i.operands[1])]);
        if (!base) return false;
        gpr_[static_cast<size_t>(i.operands[0])] = Pointer{base->reg, base->plus + static_cast<uint64_t>(i.operands[2])};
        return true;
      }
      default: return false;
    }
  }

  const Machine& m_;
  std::array<std::variant<Pointer, LoadedBytes>, 32> gpr_;
  std::array<std::optional<LoadedBytes>, 32> vr_;
  std::vector<Copied> copied_;
  uint64_t instructions_ = 0;
};

/// Places that accesses from `first` on go through, the turn before included: it was gone through, and found nothing wrong
/// with translation there. Nothing where they leave that part of the address space, or come around its end.
std::optional<Range> swept(const Machine& m, uint64_t first, uint64_t step, uint64_t turns, unsigned width) {
  const bool down = step >> 63 != 0;
  const uint64_t stride = down ? 0 - step : step;
  const Wide below = down ? Wide{stride} * (turns - 1) : Wide{stride}, above = (down ? Wide{stride} : Wide{stride} * (turns - 1)) + width;
  if (below > first || Wide{first} + above >= kTwoTo64) return std::nullopt;
  const uint64_t low = first - static_cast<uint64_t>(below), high = first + static_cast<uint64_t>(above);
  if (low >> 60 != (high - 1) >> 60) return std::nullopt;
  const uint64_t place = m.place_of(low);
  return Range::at(Address{place}, Size{high - low});
}

}  // namespace

uint64_t CopyTurns::bytes_of_turn() const {
  uint64_t bytes = 0;
  for (const CopiedPiece& piece : pieces) bytes += piece.width;
  return bytes;
}

std::optional<MovedBytes> moved_by(const CopyTurns& turns, const Machine& m) {
  std::vector<CopiedPiece> pieces = turns.pieces;
  std::sort(pieces.begin(), pieces.end(), [](const CopiedPiece& a, const CopiedPiece& b) { return a.to < b.to; });
  const uint64_t step = pieces.front().to_step, by = pieces.front().to - pieces.front().from, bytes = turns.bytes_of_turn();
  const bool down = step >> 63 != 0;
  if ((down ? 0 - step : step) != bytes) return std::nullopt;
  uint64_t next = pieces.front().to;
  for (const CopiedPiece& piece : pieces) {
    if (piece.to != next || piece.to - piece.from != by || piece.to_step != step || piece.from_step != step) return std::nullopt;
    next += piece.width;
  }
  const uint64_t lowest = pieces.front().to - (down ? bytes * (turns.turns - 1) : 0);
  auto all = [&](uint64_t begin) { return Range::at(Address{m.place_of(begin)}, Size{bytes * turns.turns}); };
  return MovedBytes{all(lowest - by), all(lowest)};
}

namespace {

/// Of memory that overlaps: no turn loads what one before it stored, nor what it stores itself.
bool runs_ahead(const CopyTurns& turns, const Machine& m) {
  const auto moved = moved_by(turns, m);
  if (!moved) return false;
  const uint64_t by = moved->by();
  const bool goes_down = turns.pieces.front().to_step >> 63 != 0, stores_above = by >> 63 == 0;
  return goes_down == stores_above && (stores_above ? by : 0 - by) >= turns.bytes_of_turn();
}

}  // namespace

std::optional<CopyTurns> read_copy_turns(const Machine& m, uint64_t left) {
  const auto count = m.ctr.constant();
  Turn turn(m);
  if (!count || *count <= left || *count > kMostGoneThrough || !turn.read()) return std::nullopt;
  CopyTurns all;
  all.turns = *count - left;
  all.instructions = turn.instructions();
  for (const Copied& copied : turn.copied()) {
    const auto from = turn.address(copied.from), to = turn.address(copied.to);
    const auto from_step = turn.step(copied.from), to_step = turn.step(copied.to);
    if (!from || !to || !from_step || !to_step) return std::nullopt;
    // What is not aligned vectors access elsewhere.
    if (copied.width == 16 && (*from | *to | *from_step | *to_step) % 16 != 0) return std::nullopt;
    const auto loaded = swept(m, *from, *from_step, all.turns, copied.width), stored = swept(m, *to, *to_step, all.turns, copied.width);
    if (!loaded || !stored || (m.reach && !m.reach->contains(*loaded))) return std::nullopt;
    all.loaded.add(*loaded);
    all.stored.add(*stored);
    all.pieces.push_back({*from, *to, *from_step, *to_step, copied.width});
  }
  const Range code = Range::at(Address{m.place_of(m.pc)}, Size{4 * all.instructions});
  if (all.stored.overlaps(code) || (all.stored.overlaps(all.loaded) && !runs_ahead(all, m))) return std::nullopt;
  return all;
}

namespace {

bool is_short(const CopyTurns& turns) { return turns.turns <= kMostOneByOne / turns.bytes_of_turn(); }

}  // namespace

bool can_copy(const CopyTurns& turns, const Machine& m) { return is_short(turns) || moved_by(turns, m).has_value(); }

void copy_turns(const CopyTurns& turns, Machine& m) {
  m.memory.note_accesses(nullptr);
  if (!is_short(turns)) {
    const auto moved = moved_by(turns, m);
    BATON_CHECK(moved.has_value(), "so much is copied without a gap, or not at once");
    return m.memory.copy(moved->from, moved->to);
  }
  for (uint64_t turn = 0; turn < turns.turns; ++turn)
    for (const CopiedPiece& piece : turns.pieces) {
      const uint64_t from = m.place_of(piece.from + turn * piece.from_step), to = m.place_of(piece.to + turn * piece.to_step);
      for (unsigned done = 0; done < piece.width; done += 8) {
        const unsigned width = std::min(piece.width - done, 8u);
        m.memory.store(to + done, width, m.resolve(m.memory.load(from + done, width, Endian::kBig)), Endian::kBig);
      }
    }
}

}  // namespace baton::verify
