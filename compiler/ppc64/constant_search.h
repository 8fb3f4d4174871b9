// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is the shortest constant found? Backwards, from a value and the set of its bits that matter.
//
// A node of the search is a cube: "bits `care` of the register must equal `value`". The inverse of an
// instruction maps a cube to the cubes that its input may lie in: ori and xori free the low half-word, a
// rotate-and-mask frees what it clears, addi with a carry moves the rest by one. For one instruction the
// *freest* cube contains all others, so few remain to be tried, and a search that fails at depth k proves
// that k instructions are not enough. Immediates are chosen afterwards, going forward.
//
// The machine is a parameter: H is the number of bits of an immediate and a word has 4 * H bits. H = 16 is
// PowerPC; tests take H = 4 and compare with a breadth-first search over the whole machine.
//
//   0x10000f000: ori frees 0xf000, what remains is 1 << 32: rldic of 1. li 1; sldi 32; ori.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_set>
#include <vector>

namespace baton::ppc64 {

enum class ConstantOp : uint8_t {
  kLi, kLis, kAddi, kAddis, kOri, kOris, kXori, kXoris, kRldicl, kRldicr, kRldic, kRldimi,
};

/// One instruction of the answer. `source` is an index into the known registers, kInPlace for the register
/// that is being built, or kNothing. Shift and mask bounds are as the instruction wants them.
struct ConstantStep {
  static constexpr int kInPlace = -1, kNothing = -2;
  ConstantOp op = ConstantOp::kLi;
  int source = kNothing;
  int64_t immediate = 0;
  unsigned shift = 0;
  unsigned mask_bound = 0;
};

/// A register of known value. `base`: it may stand in the RA field of addi. `target`: it is the register
/// to be written. `late`: only the second of two steps may read it, where a via asks for both (at_most_two).
struct ConstantInput {
  uint64_t value = 0;
  bool base = true;
  bool target = false;
  bool late = false;
};

template <unsigned H>
class ConstantSearch {
 public:
  static constexpr unsigned kBits = 4 * H;
  static constexpr uint64_t kAll = kBits == 64 ? ~uint64_t{0} : (uint64_t{1} << (kBits % 64)) - 1;
  static constexpr uint64_t kLow = (uint64_t{1} << H) - 1;
  static constexpr unsigned kLongest = 5;  // lis, ori, sldi, oris, ori makes everything
  /// Rotations and insertions of known registers, and insertions of the register into itself by other than half
  /// a word, are tried in sequences of this length at most: in longer ones they are many, almost never help, and
  /// cost a hundred times the search for all the rest. ppc64_shortest.expected counts what that misses.
  static constexpr unsigned kShort = 2;

  /// `target_is_base`: the register being built may stand in the RA field of addi (it is not r0).
  ConstantSearch(std::vector<ConstantInput> inputs, bool target_is_base)
      : inputs_(std::move(inputs)), target_is_base_(target_is_base) {}

  std::vector<ConstantStep> run(uint64_t value) {
    value &= kAll;
    for (const ConstantInput& input : inputs_)
      if (input.target && input.value == value) return {};
    for (unsigned length = 1; length < kLongest; ++length) {
      frames_.clear();
      failed_.clear();
      short_ = length <= kShort;
      if (expand(Cube{value, kAll}, length)) return forward();
    }
    return longest(value);
  }

  /// The least number of steps, if it is at most two; nullopt: three or more. Unlike run(), it is complete: two steps
  /// that meet in another register (what the first one made is inserted into the target's own value) are looked at too.
  /// `via`: the first of two steps must make a value whose high bits are these (all but the lowest `free` bits).
  struct Via {
    uint64_t value = 0;
    unsigned free = 0;
  };
  std::optional<unsigned> at_most_two(uint64_t value, std::optional<Via> via = std::nullopt) {
    value &= kAll;
    for (const ConstantInput& input : inputs_)
      if (!via && input.target && input.value == value) return 0u;
    short_ = true;
    for (unsigned length = via ? 2 : 1; length <= 2; ++length) {
      frames_.clear();
      failed_.clear();
      via_.reset();
      if (via) {
        uint64_t care = kAll & ~((uint64_t{1} << via->free) - 1);
        via_ = Cube{via->value & care, care};
      }
      bool found = expand(Cube{value, kAll}, length) || (length == 2 && meet_elsewhere(value));
      via_.reset();
      if (found) return length;
    }
    return std::nullopt;
  }

  /// What one step makes of its input and of the register being built.
  static uint64_t execute(const ConstantStep& step, uint64_t in, uint64_t current) {
    uint64_t immediate = static_cast<uint64_t>(step.immediate) & kAll;
    uint64_t rotated = rotl(in, step.shift);
    switch (step.op) {
      case ConstantOp::kLi: return immediate;
      case ConstantOp::kLis: return (immediate << H) & kAll;
      case ConstantOp::kAddi: return (in + immediate) & kAll;
      case ConstantOp::kAddis: return (in + (immediate << H)) & kAll;
      case ConstantOp::kOri: return in | immediate;
      case ConstantOp::kOris: return in | (immediate << H);
      case ConstantOp::kXori: return in ^ immediate;
      case ConstantOp::kXoris: return in ^ (immediate << H);
      case ConstantOp::kRldicl: return rotated & mask(step.mask_bound, kBits - 1);
      case ConstantOp::kRldicr: return rotated & mask(0, step.mask_bound);
      case ConstantOp::kRldic: return rotated & mask(step.mask_bound, kBits - 1 - step.shift);
      case ConstantOp::kRldimi: {
        uint64_t m = mask(step.mask_bound, kBits - 1 - step.shift);
        return (rotated & m) | (current & ~m & kAll);
      }
    }
    return 0;
  }

 private:
  struct Cube {
    uint64_t value, care;
    bool has(uint64_t x) const { return ((x ^ value) & care) == 0; }
  };
  /// A step whose immediate is still open, and the cube its result must lie in.
  struct Frame {
    ConstantStep step;
    Cube after;
  };

  static uint64_t rotl(uint64_t x, unsigned n) {
    n %= kBits;
    return n == 0 ? x : ((x << n) | (x >> (kBits - n))) & kAll;
  }
  static uint64_t rotr(uint64_t x, unsigned n) { return rotl(x, kBits - n % kBits); }
  /// Ones from bit `from` to bit `to`, counted from the most significant, around the end if from > to.
  static uint64_t mask(unsigned from, unsigned to) {
    uint64_t tail = kAll >> from;
    uint64_t head = (kAll << (kBits - 1 - to)) & kAll;
    return from <= to ? tail & head : tail | head;
  }
  static unsigned leading_zeros(uint64_t x) { return static_cast<unsigned>(std::countl_zero(x)) - (64 - kBits); }
  static unsigned trailing_zeros(uint64_t x) {
    return x == 0 ? kBits : static_cast<unsigned>(std::countr_zero(x));
  }
  static int64_t sign_extend(uint64_t x, unsigned bits) {
    uint64_t sign = uint64_t{1} << (bits - 1);
    return static_cast<int64_t>(((x & (2 * sign - 1)) ^ sign) - sign);
  }

  /// The immediate of li (shift 0) or lis (shift H) that lands in the cube.
  static std::optional<int64_t> load_immediate(Cube cube, unsigned shift) {
    uint64_t below = (uint64_t{1} << shift) - 1;
    if ((cube.value & cube.care & below) != 0) return std::nullopt;
    uint64_t sign_part = cube.care & kAll & ~((uint64_t{1} << (shift + H - 1)) - 1);
    uint64_t field = (cube.value & cube.care) >> shift & kLow;
    if ((cube.value & sign_part) == 0) return static_cast<int64_t>(field & (kLow >> 1));
    if ((~cube.value & sign_part) == 0) return sign_extend(field | (kLow + 1) >> 1, H);
    return std::nullopt;
  }

  /// The least x >= low in the cube, over `bits` bits.
  static std::optional<uint64_t> least_at_or_above(Cube cube, uint64_t low, unsigned bits) {
    uint64_t all = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    uint64_t least = cube.value & cube.care & all;
    if (low > all) return std::nullopt;
    if (cube.has(low) || least >= low) return least >= low ? least : low;
    // Follow `low` from the top; the answer leaves it upwards at the lowest bit where it can.
    std::optional<uint64_t> best;
    for (unsigned i = bits; i-- > 0;) {
      uint64_t bit = uint64_t{1} << i, above = all & ~(2 * bit - 1);
      if (((low ^ cube.value) & cube.care & above) != 0) break;
      bool can_be_one = (cube.care & bit) == 0 || (cube.value & bit) != 0;
      if ((low & bit) == 0 && can_be_one) best = (low & above) | bit | (least & (bit - 1));
    }
    return best;
  }

  /// The signed H-bit s, with in + (s << shift) in the cube.
  static std::optional<int64_t> addend(uint64_t in, Cube cube, unsigned shift) {
    uint64_t below = (uint64_t{1} << shift) - 1;
    if (((in ^ cube.value) & cube.care & below) != 0) return std::nullopt;
    Cube c{cube.value >> shift, cube.care >> shift};
    uint64_t all = kAll >> shift, x = in >> shift;
    int64_t half = int64_t{1} << (H - 1);
    for (int carry : {0, 1, -1}) {
      uint64_t high = ((x >> H) + static_cast<uint64_t>(static_cast<int64_t>(carry))) & (all >> H);
      if (((high ^ (c.value >> H)) & (c.care >> H) & (all >> H)) != 0) continue;
      int64_t least = static_cast<int64_t>(x & kLow) - half - carry * (int64_t{1} << H);
      auto low = least_at_or_above(Cube{c.value & kLow, c.care & kLow},
                                   least < 0 ? 0 : static_cast<uint64_t>(least), H);
      if (!low) continue;
      int64_t s = static_cast<int64_t>(*low) + carry * (int64_t{1} << H) - static_cast<int64_t>(x & kLow);
      if (s < half) return s;
    }
    return std::nullopt;
  }

  bool push(ConstantOp op, int source, unsigned shift, unsigned bound, Cube after, int64_t immediate = 0) {
    frames_.push_back(Frame{ConstantStep{op, source, immediate, shift, bound}, after});
    return true;
  }

  /// Which known registers may stand for the value that a step reads.
  enum class From { kAnyInput, kTargetOnly, kNoInput };

  /// Can the cube be reached in `length` steps, or in none? Frames are pushed first step first.
  bool reach(Cube cube, unsigned length, From from, int* source) {
    cube.value &= cube.care;
    for (size_t i = 0; i < inputs_.size() && from != From::kNoInput; ++i) {
      if (first_ && inputs_[i].late) continue;
      if (!cube.has(inputs_[i].value) || (from == From::kTargetOnly && !inputs_[i].target)) continue;
      *source = inputs_[i].target ? ConstantStep::kInPlace : static_cast<int>(i);
      return true;
    }
    if (length == 0) return false;
    *source = ConstantStep::kInPlace;
    if (length == 1 && via_) {
      if (((cube.value ^ via_->value) & cube.care & via_->care) != 0) return false;
      first_ = true;
      bool found = expand(Cube{cube.value | (via_->value & via_->care), cube.care | via_->care}, 1);
      first_ = false;
      return found;
    }
    if (length == 1) return expand(cube, 1);
    // Rotations meet the same cube again and again: what failed once is not tried twice.
    Failed key{cube.value, cube.care, length};
    if (failed_.count(key) != 0) return false;
    if (expand(cube, length)) return true;
    failed_.insert(key);
    return false;
  }

  /// Two steps: a value is made in another register, and inserted into what this one holds.
  bool meet_elsewhere(uint64_t value) {
    for (const ConstantInput& into : inputs_)
      for (unsigned shift = 0; into.target && shift < kBits; ++shift)
        for (unsigned bound = 0; bound < kBits; ++bound) {
          uint64_t m = mask(bound, kBits - 1 - shift);
          if (((into.value ^ value) & ~m & kAll) != 0) continue;
          int source;
          if (reach(Cube{rotr(value & m, shift), rotr(m, shift)}, 1, From::kNoInput, &source)) return true;
        }
    return false;
  }

  bool expand(Cube cube, unsigned length) {
    if (load_immediate(cube, 0)) return push(ConstantOp::kLi, ConstantStep::kNothing, 0, 0, cube);
    if (load_immediate(cube, H)) return push(ConstantOp::kLis, ConstantStep::kNothing, 0, 0, cube);
    if (length == 1 && inputs_.empty()) return false;
    return add_to_input(cube) || free_half_words(cube, length) || rotate_and_mask(cube, length) ||
           insert(cube, length) || carry(cube, length);
  }

  bool then(ConstantOp op, unsigned shift, unsigned bound, Cube before, Cube after, unsigned length,
            From from) {
    int source;
    return reach(before, length - 1, from, &source) && push(op, source, shift, bound, after);
  }

  /// addi and addis straight from a known register, every carry included.
  bool add_to_input(Cube cube) {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (!inputs_[i].base || (first_ && inputs_[i].late)) continue;
      int source = inputs_[i].target ? ConstantStep::kInPlace : static_cast<int>(i);
      if (addend(inputs_[i].value, cube, 0)) return push(ConstantOp::kAddi, source, 0, 0, cube);
      if (addend(inputs_[i].value, cube, H)) return push(ConstantOp::kAddis, source, 0, 0, cube);
    }
    return false;
  }

  /// xori makes any low half-word of any other: it contains ori, and addi without a carry.
  bool free_half_words(Cube cube, unsigned length) {
    return ((cube.care & kLow) != 0 &&
            then(ConstantOp::kXori, 0, 0, Cube{cube.value, cube.care & ~kLow}, cube, length, From::kAnyInput)) ||
           ((cube.care & (kLow << H)) != 0 &&
            then(ConstantOp::kXoris, 0, 0, Cube{cube.value, cube.care & ~(kLow << H)}, cube, length, From::kAnyInput)) ||
           // A copy: only from another register, when nothing else is needed.
           (length == 1 && then(ConstantOp::kXori, 0, 0, cube, cube, length, From::kAnyInput));
  }

  bool rotate_and_mask(Cube cube, unsigned length) {
    if (length == 1 && !short_) return false;  // only a known register could be rotated
    const From from = short_ ? From::kAnyInput : From::kNoInput;
    unsigned left = leading_zeros(cube.value), right = trailing_zeros(cube.value);
    for (unsigned shift = 0; shift < kBits; ++shift) {
      auto before = [&](uint64_t m) { return Cube{rotr(cube.value, shift), rotr(cube.care & m, shift)}; };
      // The narrowest mask frees most; all of its ones must lie within.
      unsigned mb = left == kBits ? kBits - 1 : left;
      if ((shift != 0 || mb != 0) &&
          then(ConstantOp::kRldicl, shift, mb, before(mask(mb, kBits - 1)), cube, length, from))
        return true;
      unsigned me = right == kBits ? 0 : kBits - 1 - right;
      if ((shift != 0 || me != kBits - 1) &&
          then(ConstantOp::kRldicr, shift, me, before(mask(0, me)), cube, length, from))
        return true;
      if (shift == 0) continue;  // rldic without a shift is rldicl
      uint64_t below = (uint64_t{1} << shift) - 1;
      if ((cube.value & below) == 0) {
        unsigned bound = mb < kBits - shift ? mb : kBits - 1 - shift;
        if (then(ConstantOp::kRldic, shift, bound, before(mask(bound, kBits - 1 - shift)), cube, length, from))
          return true;
      } else {
        // A mask around the end has a hole from bit shift - 1 downwards.
        unsigned hole = static_cast<unsigned>(std::countl_zero((cube.value & below) << (64 - shift)));
        if (hole == 0) continue;
        unsigned bound = kBits - (shift - hole);
        if (then(ConstantOp::kRldic, shift, bound, before(mask(bound, kBits - 1 - shift)), cube, length, from))
          return true;
      }
    }
    return false;
  }

  bool insert(Cube cube, unsigned length) {
    auto in_place = [&](int from, unsigned shift, unsigned bound, Cube before) {
      int built_here;
      return reach(before, length - 1, From::kTargetOnly, &built_here) &&
             push(ConstantOp::kRldimi, from, shift, bound, cube);
    };
    // The register into itself: the high half becomes the low half, so the two halves' needs meet.
    constexpr unsigned half = kBits / 2;
    constexpr uint64_t low = (uint64_t{1} << half) - 1;
    uint64_t high_care = cube.care >> half, low_care = cube.care & low;
    uint64_t high_value = cube.value >> half, low_value = cube.value & low;
    if (high_care != 0 && ((high_value ^ low_value) & high_care & low_care) == 0 &&
        in_place(ConstantStep::kInPlace, half, 0,
                 Cube{(high_value & high_care) | (low_value & low_care), high_care | low_care}))
      return true;
    if (short_ && insert_itself(cube, length)) return true;
    // From a known register: the mask starts at bit `shift` and is as long as the bits agree.
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i].target || !short_ || (first_ && inputs_[i].late)) continue;
      for (unsigned shift = 0; shift < kBits; ++shift) {
        uint64_t wrong = (rotl(inputs_[i].value, shift) ^ cube.value) & cube.care;
        unsigned agree = trailing_zeros(rotr(wrong, shift));
        if (agree == 0 || agree == kBits) continue;  // all of it is a rotate, tried before
        unsigned bound = (2 * kBits - shift - agree) % kBits;
        uint64_t m = mask(bound, kBits - 1 - shift);
        if ((cube.care & m) != 0 &&
            in_place(static_cast<int>(i), shift, bound, Cube{cube.value, cube.care & ~m}))
          return true;
      }
    }
    return false;
  }

  /// The register into itself by any distance and under any mask: what is kept and what is moved ask for bits of one
  /// register.
  bool insert_itself(Cube cube, unsigned length) {
    // Of known value: the mask must cover what is wrong, and nothing that the moved value makes wrong.
    for (const ConstantInput& input : inputs_) {
      if (!input.target || (first_ && input.late)) continue;
      for (unsigned shift = 0; shift < kBits; ++shift) {
        uint64_t needed = (input.value ^ cube.value) & cube.care;
        uint64_t forbidden = (rotl(input.value, shift) ^ cube.value) & cube.care;
        if ((needed & forbidden) != 0) continue;
        for (unsigned bound = 0; bound < kBits; ++bound) {
          uint64_t m = mask(bound, kBits - 1 - shift);
          if ((needed & ~m) == 0 && (forbidden & m) == 0)
            return push(ConstantOp::kRldimi, ConstantStep::kInPlace, shift, bound, cube);
        }
      }
    }
    if (length < 2) return false;
    for (unsigned shift = 0; shift < kBits; ++shift) {
      uint64_t turned = rotr(cube.value, shift);
      for (unsigned bound = 0; bound < kBits; ++bound) {
        uint64_t m = mask(bound, kBits - 1 - shift);
        uint64_t kept = cube.care & ~m, moved = rotr(cube.care & m, shift);
        if (moved == 0 || ((cube.value ^ turned) & kept & moved) != 0) continue;
        int built_here;
        if (reach(Cube{(cube.value & kept) | (turned & moved), kept | moved}, length - 1, From::kNoInput, &built_here) &&
            push(ConstantOp::kRldimi, ConstantStep::kInPlace, shift, bound, cube))
          return true;
      }
    }
    return false;
  }

  /// addi and addis in place where the carry matters: what is above moves by one. Without a carry, xori
  /// and xoris do the same and ask less.
  bool carry(Cube cube, unsigned length) {
    if (!target_is_base_ || length < 2) return false;
    return carry_at(cube, length, 0, ConstantOp::kAddi) || carry_at(cube, length, H, ConstantOp::kAddis);
  }

  bool carry_at(Cube cube, unsigned length, unsigned shift, ConstantOp op) {
    const uint64_t half = uint64_t{1} << (H - 1);
    const unsigned top = shift + H;  // the lowest bit that a carry reaches
    const uint64_t care_field = cube.care >> shift & kLow, value_field = cube.value >> shift & kLow;
    const uint64_t kept = cube.care & ((uint64_t{1} << shift) - 1);  // addis leaves what is below alone
    auto try_field = [&](uint64_t low, uint64_t field_care, Cube high) {
      return then(op, shift, 0,
                  Cube{(cube.value & kept) | low << shift | high.value,
                       kept | field_care << shift | high.care},
                  cube, length, From::kNoInput);  // straight from a known register: add_to_input
    };
    for (bool borrow : {true, false}) {
      // The field before the addition, as an interval; the freest result within the cube widens it most.
      uint64_t from = 0, to = kLow;
      if (borrow) {
        uint64_t most = value_field | (~care_field & kLow);
        if (most < half) continue;
        to = most - half;
      } else {
        uint64_t least = value_field & care_field;
        if (least + half + 1 > kLow) continue;
        from = least + half + 1;
      }
      for (unsigned stop = top; stop <= kBits; ++stop) {
        // Before: x; after: x - 1 (borrow) or x + 1, where the lowest bit that changes last is `stop`;
        // stop == kBits is the wrap around.
        uint64_t run = (stop == kBits ? kAll : (uint64_t{1} << stop) - 1) & ~((uint64_t{1} << top) - 1);
        uint64_t bit = stop == kBits ? 0 : uint64_t{1} << stop;
        uint64_t after = borrow ? run : bit, changed = run | bit;
        if (((cube.value ^ after) & cube.care & changed) != 0) continue;
        uint64_t above = cube.care & kAll & ~changed & ~((uint64_t{1} << top) - 1);
        Cube high{(cube.value & above) | (changed & ~after), above | changed};
        // The interval as aligned blocks.
        for (uint64_t at = from; at <= to;) {
          uint64_t size = at == 0 ? kLow + 1 : at & (~at + 1);
          while (at + size - 1 > to) size /= 2;
          if (try_field(at, kLow & ~(size - 1), high)) return true;
          at += size;
        }
      }
    }
    return false;
  }

  /// Chooses the immediates, first step first, so that each result lies in its cube.
  std::vector<ConstantStep> forward() {
    std::vector<ConstantStep> steps;
    uint64_t current = 0;
    for (const ConstantInput& input : inputs_)
      if (input.target) current = input.value;
    for (const Frame& frame : frames_) {
      ConstantStep step = frame.step;
      uint64_t in = step.source >= 0 ? inputs_[static_cast<size_t>(step.source)].value : current;
      bool base = step.source >= 0 ? inputs_[static_cast<size_t>(step.source)].base : target_is_base_;
      choose_immediate(step, in, base, frame.after);
      current = execute(step, in, current);
      steps.push_back(step);
    }
    return steps;
  }

  void choose_immediate(ConstantStep& step, uint64_t in, bool base, Cube after) {
    switch (step.op) {
      case ConstantOp::kLi: step.immediate = *load_immediate(after, 0); break;
      case ConstantOp::kLis: step.immediate = *load_immediate(after, H); break;
      case ConstantOp::kAddi: step.immediate = *addend(in, after, 0); break;
      case ConstantOp::kAddis: step.immediate = *addend(in, after, H); break;
      case ConstantOp::kXori:
      case ConstantOp::kXoris: {
        // People read `ori` (bits are added) and `addi` (a distance) more easily than `xori`.
        bool high = step.op == ConstantOp::kXoris;
        unsigned shift = high ? H : 0;
        uint64_t flip = ((in ^ after.value) & after.care) >> shift & kLow;
        if ((flip & (in >> shift)) == 0) {
          step.op = high ? ConstantOp::kOris : ConstantOp::kOri;
          step.immediate = static_cast<int64_t>(flip);
        } else if (auto s = base ? addend(in, after, shift) : std::nullopt) {
          step.op = high ? ConstantOp::kAddis : ConstantOp::kAddi;
          step.immediate = *s;
        } else {
          step.immediate = static_cast<int64_t>(flip);
        }
        break;
      }
      default: break;
    }
  }

  /// The sequence that makes every constant, taken once shorter ones are excluded.
  static std::vector<ConstantStep> longest(uint64_t value) {
    auto half_word = [&](unsigned n) { return static_cast<int64_t>(value >> (n * H) & kLow); };
    constexpr int here = ConstantStep::kInPlace;
    return {{ConstantOp::kLis, ConstantStep::kNothing, sign_extend(value >> (3 * H), H), 0, 0},
            {ConstantOp::kOri, here, half_word(2), 0, 0},
            {ConstantOp::kRldicr, here, 0, 2 * H, kBits - 1 - 2 * H},
            {ConstantOp::kOris, here, half_word(1), 0, 0},
            {ConstantOp::kOri, here, half_word(0), 0, 0}};
  }

  struct Failed {
    uint64_t value, care;
    unsigned length;
    bool operator==(const Failed&) const = default;
  };
  struct HashFailed {
    size_t operator()(const Failed& f) const {
      uint64_t h = (f.value * 0x9e3779b97f4a7c15) ^ (f.care + f.length) * 0xc2b2ae3d27d4eb4f;
      return static_cast<size_t>(h ^ h >> 29);
    }
  };

  std::vector<ConstantInput> inputs_;
  std::unordered_set<Failed, HashFailed> failed_;
  std::optional<Cube> via_;
  bool first_ = false;  // the step that via_ asks for is being looked for
  bool short_ = true;
  bool target_is_base_;
  std::vector<Frame> frames_;
};

}  // namespace baton::ppc64
