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

/// More turns take hours, or do not end: such a loop is not said to be gone through.
constexpr uint64_t kMostGoneThrough = uint64_t{1} << 32;

/// A register at the head, plus a number.
struct Pointer {
  size_t reg = 0;
  uint64_t plus = 0;
};
struct Number {
  uint64_t number = 0;
};
/// Pointers that are added, two at most, plus a number.
struct Place {
  std::vector<size_t> regs;
  uint64_t plus = 0;
};
struct LoadedBytes {
  Place from;
  unsigned width = 0;
};
using Content = std::variant<Pointer, Number, LoadedBytes>;
struct Stored {
  Content what;
  Place to;
  unsigned width = 0;
};
struct Compared {
  Content a, b;
  bool is_signed = false;
  unsigned bits = 64;
};
/// Where the loop may be left: the turn goes on as long as a bit of the comparison is `stays`.
struct Exit {
  Compared compared;
  unsigned bit = 0;  // of the field: less, greater, equal
  bool stays = false;
};
/// A number in the turn that begins, and what is added in each turn.
struct Moving {
  uint64_t now = 0, step = 0;
};

/// So many turns pass, from the one that begins on, in which the comparison is so. Nothing where numbers leave the half of their
/// range in which signed and unsigned ones are alike, or come around, or where it never ends.
std::optional<uint64_t> turns_within(Moving a, Moving b, const Exit& exit) {
  unsigned bit = exit.bit;
  if (b.step != 0) {
    if (a.step != 0) return std::nullopt;
    std::swap(a, b);
    if (bit < 2) bit = 1 - bit;
  }
  const Wide limit = exit.compared.bits == 32 ? Wide{1} << 31 : exit.compared.is_signed ? Wide{1} << 63 : kTwoTo64;
  if (a.step == 0 || a.now >= limit || b.now >= limit) return std::nullopt;
  const bool down = a.step >> 63 != 0;
  const uint64_t stride = down ? 0 - a.step : a.step;
  const bool is_less = a.now < b.now, is_equal = a.now == b.now;
  if ((bit == 0 ? is_less : bit == 1 ? !is_less && !is_equal : is_equal) != exit.stays) return 0;
  // Now it is so; up to where the other number is met, or passed. What is less, or not greater, has to grow.
  const uint64_t distance = is_less ? b.now - a.now : a.now - b.now;
  std::optional<uint64_t> turns;
  if (bit == 2) {
    if (exit.stays) turns = 1;
    else if (down != is_less && distance % stride == 0) turns = distance / stride;
  } else if (down != ((bit == 0) == exit.stays)) {
    // Without the turn in which they are equal, or with it.
    turns = exit.stays ? (distance - 1) / stride + 1 : distance / stride + 1;
  }
  if (!turns) return std::nullopt;
  const Wide way = Wide{stride} * *turns;
  return (down ? way <= a.now : a.now + way < limit) ? turns : std::nullopt;
}

class Turn {
 public:
  explicit Turn(const Machine& m) : m_(m) {
    for (size_t i = 0; i < gpr_.size(); ++i) gpr_[i] = Pointer{i, 0};
  }

  /// False for what is no turn of this kind.
  bool read() {
    const auto order = m_.order();
    if (!order) return false;
    for (uint64_t at = m_.pc; instructions_ < kMostInTurn; at += 4) {
      const auto word = m_.memory.load(m_.place_of(at), 4, *order).constant();
      const auto i = word ? ppc64::decode(static_cast<uint32_t>(*word)) : std::nullopt;
      if (!i) return false;
      ++instructions_;
      if (i->mnemonic == Mnemonic::kB) return at + static_cast<uint64_t>(i->operands[0]) == m_.pc && !exits_.empty() && leave_behind(at);
      if (i->mnemonic == Mnemonic::kBc) {
        const uint64_t bo = static_cast<uint64_t>(i->operands[0]), to = at + static_cast<uint64_t>(i->operands[2]);
        // BO is 1a00t, 011at or 001at, where a and t are hints (Power ISA 3.0B, Book I 2.4).
        if ((bo & 22) == 16) return is_counted_ = to == m_.pc && leave_behind(at);
        const unsigned condition = static_cast<unsigned>(i->operands[1]);
        const auto& compared = cr_[condition / 4];
        if ((bo & 20) != 4 || !compared || condition % 4 == 3) return false;
        exits_.push_back({*compared, condition % 4, ((bo & 8) != 0) == (to == m_.pc)});
        if (to == m_.pc) return leave_behind(at);
        left_to_.push_back(to);
        continue;
      }
      if (!instruction(*i)) return false;
    }
    return false;
  }

  uint64_t instructions() const { return instructions_; }
  const std::vector<Stored>& stored() const { return stored_; }
  /// So many turns follow the one that begins.
  std::optional<uint64_t> turns_left() const {
    std::optional<uint64_t> turns;
    if (is_counted_) {
      const auto count = m_.ctr.constant();
      if (!count) return std::nullopt;
      turns = *count - 1;
    }
    for (const Exit& exit : exits_) {
      const auto a = moving(exit.compared.a), b = moving(exit.compared.b);
      if (!a || !b) return std::nullopt;
      if (a->step == 0 && b->step == 0) return std::nullopt;
      const auto within = turns_within(*a, *b, exit);
      if (!within) return std::nullopt;
      turns = std::min(turns.value_or(*within), *within);
    }
    return turns;
  }
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
  /// What was in a register, if it is a number that moves evenly.
  std::optional<Moving> moving(const Content& content) const {
    if (const auto* number = std::get_if<Number>(&content)) return Moving{number->number, 0};
    const auto* pointer = std::get_if<Pointer>(&content);
    if (!pointer) return std::nullopt;
    const Place place{{pointer->reg}, pointer->plus};
    const auto now = address(place), step = this->step(place);
    return now && step ? std::optional(Moving{*now, *step}) : std::nullopt;
  }

 private:
  /// The turn ends with the branch at `end`: who leaves in it goes out of the loop.
  bool leave_behind(uint64_t end) const {
    return std::none_of(left_to_.begin(), left_to_.end(), [&](uint64_t to) { return to >= m_.pc && to <= end; });
  }
  std::optional<Place> of(size_t base, uint64_t plus) const {
    const auto* pointer = std::get_if<Pointer>(&gpr_[base]);
    if (!pointer) return std::nullopt;
    return Place{{pointer->reg}, pointer->plus + plus};
  }
  size_t reg(const ppc64::Instruction& i, size_t operand) const { return static_cast<size_t>(i.operands[operand]); }
  uint64_t number(const ppc64::Instruction& i, size_t operand) const { return static_cast<uint64_t>(i.operands[operand]); }

  /// D-form and DS-form: the displacement stands before the base.
  std::optional<Place> displaced(const ppc64::Instruction& i) const {
    return reg(i, 2) == 0 ? std::nullopt : of(reg(i, 2), number(i, 1));
  }
  std::optional<Place> indexed(const ppc64::Instruction& i) const {
    auto index = of(reg(i, 2), 0);
    if (reg(i, 1) == 0 || !index) return index;
    auto base = of(reg(i, 1), 0);
    if (!base) return std::nullopt;
    return Place{{base->regs[0], index->regs[0]}, base->plus + index->plus};
  }
  bool load(const ppc64::Instruction& i, std::optional<Place> from, bool updates) {
    if (!from) return false;
    if (updates) gpr_[reg(i, 2)] = Pointer{from->regs[0], from->plus};
    gpr_[reg(i, 0)] = LoadedBytes{std::move(*from), ppc64::access_width(i.mnemonic)};
    return true;
  }
  bool store(const ppc64::Instruction& i, std::optional<Place> to, bool updates) {
    const Content& what = gpr_[reg(i, 0)];
    const unsigned width = ppc64::access_width(i.mnemonic);
    if (const auto* loaded = std::get_if<LoadedBytes>(&what); !to || (loaded && loaded->width != width)) return false;
    stored_.push_back({what, *to, width});
    if (updates) gpr_[reg(i, 2)] = Pointer{to->regs[0], to->plus};
    return true;
  }
  bool add(const ppc64::Instruction& i, const Content& to) {
    const uint64_t plus = number(i, 2);
    Content sum;
    if (const auto* pointer = std::get_if<Pointer>(&to)) sum = Pointer{pointer->reg, pointer->plus + plus};
    else if (const auto* before = std::get_if<Number>(&to)) sum = Number{before->number + plus};
    else return false;
    gpr_[reg(i, 0)] = sum;
    return true;
  }
  bool compare(size_t field, Content a, Content b, bool is_signed, unsigned bits) {
    cr_[field] = Compared{std::move(a), std::move(b), is_signed, bits};
    return true;
  }

  bool instruction(const ppc64::Instruction& i) {
    auto with = [&](bool is_signed, unsigned bits) { return compare(reg(i, 0), gpr_[reg(i, 1)], gpr_[reg(i, 2)], is_signed, bits); };
    auto with_number = [&](bool is_signed, unsigned bits) { return compare(reg(i, 0), gpr_[reg(i, 1)], Number{number(i, 2)}, is_signed, bits); };
    switch (i.mnemonic) {
      case Mnemonic::kLbz: case Mnemonic::kLhz: case Mnemonic::kLwz: case Mnemonic::kLd: return load(i, displaced(i), false);
      case Mnemonic::kLbzu: case Mnemonic::kLhzu: case Mnemonic::kLwzu: case Mnemonic::kLdu: return load(i, displaced(i), true);
      case Mnemonic::kLbzx: case Mnemonic::kLhzx: case Mnemonic::kLwzx: case Mnemonic::kLdx: return load(i, indexed(i), false);
      case Mnemonic::kStb: case Mnemonic::kSth: case Mnemonic::kStw: case Mnemonic::kStd: return store(i, displaced(i), false);
      case Mnemonic::kStbu: case Mnemonic::kSthu: case Mnemonic::kStwu: case Mnemonic::kStdu: return store(i, displaced(i), true);
      case Mnemonic::kStbx: case Mnemonic::kSthx: case Mnemonic::kStwx: case Mnemonic::kStdx: return store(i, indexed(i), false);
      case Mnemonic::kLvx: {
        auto from = indexed(i);
        if (!from) return false;
        vr_[reg(i, 0)] = LoadedBytes{std::move(*from), 16};
        return true;
      }
      case Mnemonic::kStvx: {
        auto to = indexed(i);
        const auto& what = vr_[reg(i, 0)];
        if (!to || !what) return false;
        stored_.push_back({*what, std::move(*to), 16});
        return true;
      }
      case Mnemonic::kAddi: return add(i, reg(i, 1) == 0 ? Content(Number{0}) : gpr_[reg(i, 1)]);
      case Mnemonic::kAddic: return add(i, gpr_[reg(i, 1)]);
      case Mnemonic::kAddicDot: return add(i, gpr_[reg(i, 1)]) && compare(0, gpr_[reg(i, 0)], Number{0}, true, 64);
      case Mnemonic::kCmpwi: return with_number(true, 32);
      case Mnemonic::kCmpdi: return with_number(true, 64);
      case Mnemonic::kCmplwi: return with_number(false, 32);
      case Mnemonic::kCmpldi: return with_number(false, 64);
      case Mnemonic::kCmpw: return with(true, 32);
      case Mnemonic::kCmpd: return with(true, 64);
      case Mnemonic::kCmplw: return with(false, 32);
      case Mnemonic::kCmpld: return with(false, 64);
      // A register that is copied, and what changes a thread's priority.
      case Mnemonic::kOr:
        if (reg(i, 1) != reg(i, 2)) return false;
        gpr_[reg(i, 0)] = Content(gpr_[reg(i, 1)]);
        return true;
      case Mnemonic::kOri: return reg(i, 0) == reg(i, 1) && number(i, 2) == 0;
      default: return false;
    }
  }

  const Machine& m_;
  std::array<Content, 32> gpr_;
  std::array<std::optional<LoadedBytes>, 32> vr_;
  std::array<std::optional<Compared>, 8> cr_;
  std::vector<Stored> stored_;
  std::vector<Exit> exits_;
  std::vector<uint64_t> left_to_;
  bool is_counted_ = false;
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

namespace {

std::optional<CopyTurns::Whole> as_a_whole(const CopyTurns& turns, const Machine& m) {
  if (turns.pieces.empty()) return std::nullopt;
  std::vector<CopiedPiece> pieces = turns.pieces;
  std::sort(pieces.begin(), pieces.end(), [](const CopiedPiece& a, const CopiedPiece& b) { return a.to < b.to; });
  const CopiedPiece& first = pieces.front();
  const uint64_t step = first.to_step, by = first.to - first.from, bytes = turns.bytes_of_turn(), byte = first.number.value_or(0) & 0xff;
  const bool down = step >> 63 != 0;
  if ((down ? 0 - step : step) != bytes) return std::nullopt;
  uint64_t next = first.to;
  for (const CopiedPiece& piece : pieces) {
    if (piece.to != next || piece.to_step != step || piece.number.has_value() != first.number.has_value()) return std::nullopt;
    if (piece.number ? *piece.number != (byte * 0x0101'0101'0101'0101 & low_bytes(piece.width)) : piece.to - piece.from != by || piece.from_step != step)
      return std::nullopt;
    next += piece.width;
  }
  const uint64_t lowest = first.to - (down ? bytes * (turns.turns - 1) : 0);
  auto all = [&](uint64_t begin) { return Range::at(Address{m.place_of(begin)}, Size{bytes * turns.turns}); };
  CopyTurns::Whole whole{all(lowest), {}, static_cast<uint8_t>(byte)};
  if (!first.number) whole.from = all(lowest - by);
  return whole;
}

/// Of memory that overlaps: no turn loads what one before it stored, nor what it stores itself.
bool runs_ahead(const CopyTurns& turns) {
  if (!turns.whole || !turns.whole->from) return false;
  const uint64_t by = turns.whole->to.begin.value() - turns.whole->from->begin.value();
  const bool goes_down = turns.pieces.front().to_step >> 63 != 0, stores_above = by >> 63 == 0;
  return goes_down == stores_above && (stores_above ? by : 0 - by) >= turns.bytes_of_turn();
}

bool is_short(const CopyTurns& turns) { return turns.pieces.empty() || turns.turns <= kMostOneByOne / turns.bytes_of_turn(); }

}  // namespace

std::optional<CopyTurns> read_copy_turns(const Machine& m, uint64_t left) {
  Turn turn(m);
  if (!turn.read()) return std::nullopt;
  const auto more = turn.turns_left();
  if (!more || *more < left || *more > kMostGoneThrough) return std::nullopt;
  CopyTurns all;
  all.turns = *more + 1 - left;
  all.instructions = turn.instructions();
  for (const Stored& stored : turn.stored()) {
    const auto to = turn.address(stored.to), to_step = turn.step(stored.to);
    if (!to || !to_step) return std::nullopt;
    CopiedPiece piece{0, *to, 0, *to_step, stored.width, {}};
    if (const auto* loaded = std::get_if<LoadedBytes>(&stored.what)) {
      const auto from = turn.address(loaded->from), from_step = turn.step(loaded->from);
      if (!from || !from_step) return std::nullopt;
      piece.from = *from;
      piece.from_step = *from_step;
      const auto range = swept(m, piece.from, piece.from_step, all.turns, piece.width);
      if (!range) return std::nullopt;
      all.loaded.add(*range);
    } else {
      const auto number = turn.moving(stored.what);
      if (!number || number->step != 0) return std::nullopt;
      piece.number = number->now & low_bytes(piece.width);
    }
    // What is not aligned vectors access elsewhere.
    if (piece.width == 16 && (piece.from | piece.to | piece.from_step | piece.to_step) % 16 != 0) return std::nullopt;
    const auto range = swept(m, piece.to, piece.to_step, all.turns, piece.width);
    if (!range) return std::nullopt;
    all.stored.add(*range);
    all.pieces.push_back(piece);
  }
  const Range code = Range::at(Address{m.place_of(m.pc)}, Size{4 * all.instructions});
  if (m.reach && !m.reach->contains(all.loaded)) return std::nullopt;
  all.whole = as_a_whole(all, m);
  if (all.stored.overlaps(code) || (all.stored.overlaps(all.loaded) && !runs_ahead(all)) || !(is_short(all) || all.whole)) return std::nullopt;
  return all;
}

void copy_turns(const CopyTurns& turns, Machine& m) {
  m.memory.note_accesses(nullptr);
  if (!is_short(turns)) {
    const auto& whole = turns.whole;
    BATON_CHECK(whole.has_value(), "so much is stored without a gap, or not at once");
    return whole->from ? m.memory.copy(*whole->from, whole->to) : m.memory.put({whole->to, {}, whole->byte});
  }
  const Endian order = m.order().value_or(Endian::kBig);
  for (uint64_t turn = 0; turn < turns.turns; ++turn)
    for (const CopiedPiece& piece : turns.pieces) {
      const uint64_t from = m.place_of(piece.from + turn * piece.from_step), to = m.place_of(piece.to + turn * piece.to_step);
      if (piece.number) {
        m.memory.store(to, piece.width, Value(*piece.number), order);
        continue;
      }
      for (unsigned done = 0; done < piece.width; done += 8) {
        const unsigned width = std::min(piece.width - done, 8u);
        m.memory.store(to + done, width, m.resolve(m.memory.load(from + done, width, Endian::kBig)), Endian::kBig);
      }
    }
}

}  // namespace baton::verify
