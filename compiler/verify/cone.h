// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which numbers do results have, where the symbols that they are made of have given ones?
//
// A search for numbers changes one symbol and looks at what comes of it, thousands of times. So all that it looks at is put in
// order once: each definition behind all that it is made of, and each operand as the few symbols that it has bits of, with how
// far these are moved. It is computed as far as somebody asks, and only what lies behind a change is computed again.
//
//   Cone cone(definitions, symbols, assignment);  cone.set(id, 4);  cone.of(sum) == 5
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "verify/definitions.h"

namespace baton::verify {

class Cone {
 public:
  /// Of these symbols, which have all in them that they are made of (Definitions::collect).
  Cone(const Definitions& definitions, const std::set<unsigned>& symbols, const Assignment& assignment);

  uint64_t of(unsigned symbol);
  bool is_one(Atom atom) { return ((of(symbol_of(atom)) >> bit_of(atom) & 1) != 0) != ((atom & kInverse) != 0); }
  /// Unknown bits are taken to be 0.
  uint64_t of(const Value& value);
  /// Of a symbol that has no definition. Whether it had another number.
  bool set(unsigned symbol, uint64_t number);

 private:
  /// Bits of one symbol, all moved as far.
  struct Part {
    size_t place;
    int left;
    uint64_t mask;
    uint64_t flips;  // all bits, or none
  };
  struct Operand {
    uint64_t bits = 0;
    std::vector<Part> parts;
  };
  struct Result {
    size_t place;
    Operation operation;
    Operand a, b, carry;
  };

  size_t place_of(unsigned symbol) const;
  Operand operand(const Value& value) const;
  uint64_t number(const Operand& operand) const;

  std::vector<unsigned> symbols_;  // in ascending order, which is that of definitions
  std::vector<uint64_t> numbers_;  // by place
  std::vector<Result> results_;    // of the last symbols
  size_t fresh_ = 0;               // so many of them are computed
};

}  // namespace baton::verify
