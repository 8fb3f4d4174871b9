// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is a result that no pattern of known bits describes?
//
// A Value is exact for moves, masks and rotates. The sum of two ids, or whether one is below a number, is not a
// pattern: it gets a symbol of its own, with the operation and its operands as its definition. The same operation on the
// same operands is the same symbol, so that what was decided of it once holds wherever it comes up again. Operands with
// unknown bits define nothing: two of those need not be the same.
//
//   Definitions d; unsigned s = d.name({Operation::kAdd, id, Value(1), {}}); d.name(the same) == s
//
// Assignment and find_assignment are the way back: numbers for all symbols under which given decisions come out so. What
// they do not find, solver.h may.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "verify/value.h"

namespace baton::verify {

/// Shifts are by the seven low bits of `b`: by 64 and more nothing is left, or the sign. kLeadingZeros has no `b`.
enum class Operation : uint8_t {
  kAdd, kCarry, kMultiply, kAnd, kOr, kXor, kShiftLeft, kShiftRight, kShiftRightSigned, kLeadingZeros, kSignedOrder, kUnsignedOrder
};
inline bool is_order(Operation operation) { return operation == Operation::kSignedOrder || operation == Operation::kUnsignedOrder; }

struct Definition {
  Operation operation = Operation::kAdd;
  Value a, b;
  Bit carry = Bit::constant(false);  // into a sum
  friend bool operator==(const Definition&, const Definition&) = default;
};

/// The symbol that an atom is a bit of, and which one.
inline unsigned symbol_of(Atom atom) { return (atom & ~kInverse) / 64 - 1; }
inline unsigned bit_of(Atom atom) { return atom % 64; }
inline Value value_of(Bit bit) {
  Value value;
  value.set_bit(0, bit);
  return value;
}
/// Some bit is not even known by name.
bool has_unknown_bits(const Value& value);

/// The bits of a symbol that an order defines: exactly one of them is 1.
inline constexpr unsigned kLessBit = 0, kGreaterBit = 1, kEqualBit = 2;

class Definitions {
 public:
  /// Symbols from here on have a definition.
  static constexpr unsigned kFirst = 1u << 23;

  /// Results beyond so many stay unknown: a loop that never ends makes a new one in each turn.
  static constexpr unsigned kMost = 1u << 16;

  unsigned name(const Definition& definition);
  const Definition* find(unsigned symbol) const;
  /// Adds the symbols that a value is made of, and those that their definitions are made of. A definition's symbol is
  /// greater than all that it is made of.
  void collect(const Value& value, std::set<unsigned>& symbols) const;
  /// What Value's operations leave unknown is named; the result as it is where an operand has unknown bits. A number added
  /// to a sum with a number is one sum.
  Value complete(Operation operation, const Value& a, const Value& b, const Value& result, Bit carry = Bit::constant(false));
  /// Every part decided or named.
  Order order(const Value& a, const Value& b, bool is_signed);

 private:
  std::vector<Definition> all_;
  std::unordered_multimap<uint64_t, unsigned> by_hash_;
};

/// Bits of symbols that a path took to be so, without kInverse.
using Decisions = std::map<Atom, bool>;

/// A number for every symbol: those that were chosen, and arbitrary ones that differ with the seed.
class Assignment {
 public:
  explicit Assignment(uint64_t seed = 0) : seed_(seed) {}
  uint64_t of(unsigned symbol) const;
  /// Of eight bytes of memory that have no name.
  uint64_t of_memory(uint64_t address) const;
  void choose(unsigned symbol, unsigned bit, bool one);
  void choose(unsigned symbol, uint64_t number) { chosen_[symbol] = number; }
  const std::map<unsigned, uint64_t>& chosen() const { return chosen_; }
  friend bool operator==(const Assignment&, const Assignment&) = default;

 private:
  uint64_t seed_;
  std::map<unsigned, uint64_t> chosen_;
};

/// The number that a value is; its unknown bits are taken to be 0.
uint64_t evaluate(const Value& value, const Definitions& definitions, const Assignment& assignment);

/// Whether they are.
bool holds(const Decisions& decisions, const Definitions& definitions, const Assignment& assignment);

/// Numbers under which every decision is so. Not found is not a proof that there are none.
std::optional<Assignment> find_assignment(const Decisions& decisions, const Definitions& definitions, uint64_t seed);

/// "master.physical_id + 0x1 < 0x4", for a decision's atom and what it was taken to be.
std::string to_text(Atom atom, bool one, const Definitions& definitions, const SymbolNames& names);

}  // namespace baton::verify
