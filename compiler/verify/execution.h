// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does one decoded instruction find and change, and who says what it means?
//
// The state that all subjects of the semantics share: machine, operands, where execution goes on, what went wrong. Each
// subject is one file and one function that executes its rows and says false to all others; together they have every row
// (unit.verify tries each). Only the semantics include this; semantics.h is for everybody else.
//
//   execute_branch.cpp      branches and the condition register
//   execute_arithmetic.cpp  sums, products, quotients, comparisons
//   execute_logic.cpp       logic, shifts, rotates, counts of bits
//   execute_memory.cpp      loads, stores, reservations, caches and order
//   execute_vector.cpp      vector registers
//   execute_system.cpp      traps, calls, special registers, MSR
#pragma once

#include <array>
#include <optional>
#include <string>

#include "ppc64/instruction.h"
#include "verify/semantics.h"

namespace baton::verify {

inline constexpr unsigned kXerSo = 31, kXerCa = 29;  // bits of a Value: from the least significant end
/// Defined since ISA 3.0; before that nothing says what is read there.
inline constexpr uint64_t kXerCa32 = 1u << 18;

/// The books' numbering; around the end if from > to.
constexpr uint64_t mask_between(unsigned from, unsigned to) {
  uint64_t tail = ~uint64_t{0} >> from, head = ~uint64_t{0} << (63 - to);
  return from <= to ? tail & head : tail | head;
}

class Execution {
 public:
  Execution(Machine& m, const ppc64::Instruction& i, Endian order)
      : m_(m), i_(i), row_(ppc64::encoding_of(i.mnemonic)), o_(i.operands), order_(order), here_(m.pc), next_(m.pc + 4) {}

  Step run();

 private:
  using Mnemonic = ppc64::Mnemonic;
  using Field = ppc64::Field;

  bool branch();
  bool arithmetic();
  bool logic();
  bool memory();
  bool vector();
  bool system();

  // ---- what went wrong

  std::string where() const;
  void unknown(const std::string& what, const Value& open = {}) { result_ = {Step::Kind::kUnknown, where() + " " + what, kUnknownAtom, open}; }
  void wrong(const std::string& what) { result_ = {Step::Kind::kWrong, where() + " " + what}; }
  bool may_execute();
  bool is_traced(uint64_t ones, bool branches) const;

  // ---- operands

  bool is_known(uint64_t msr_mask, bool one) const {
    return (m_.msr.known() & msr_mask) == msr_mask && ((m_.msr.bits() & msr_mask) != 0) == one;
  }
  Value& gpr(size_t k) { return m_.gpr[static_cast<size_t>(o_[k])]; }
  Value base(size_t k) { return o_[k] == 0 ? Value() : gpr(k); }
  Value number(size_t k) const { return Value(static_cast<uint64_t>(o_[k])); }
  Value shifted(size_t k) const { return Value(static_cast<uint64_t>(o_[k]) << 16); }
  unsigned count(size_t k) const { return static_cast<unsigned>(o_[k]); }
  Vector& vr(size_t k) { return m_.vr[static_cast<size_t>(o_[k])]; }

  // ---- results that no pattern of bits describes get a name

  Value named(Operation operation, const Value& a, const Value& b, const Value& result, Bit carry = Bit::constant(false)) {
    return result.is_constant() ? result : m_.resolve(m_.definitions->complete(operation, a, b, result, carry));
  }
  Value sum(const Value& a, const Value& b, Bit carry = Bit::constant(false)) {
    return named(Operation::kAdd, a, b, add(a, b, carry), carry);
  }
  Value conjunction(const Value& a, const Value& b) { return named(Operation::kAnd, a, b, a & b); }
  Value disjunction(const Value& a, const Value& b) { return named(Operation::kOr, a, b, a | b); }
  Value difference(const Value& a, const Value& b) { return named(Operation::kXor, a, b, a ^ b); }

  // ---- branches and conditions

  Bit cr_bit(unsigned n) const { return m_.cr.bit(31 - n); }
  void go(const Value& to, const char* through);
  void link() { m_.lr = Value(here_ + 4); }
  std::optional<bool> taken();
  void branch_if(const Value& to, const char* through);
  void branch_and_link(const Value& to, const char* through);
  void combine_conditions();
  void set_cr_field(unsigned field, const Order& order);
  void record(const Value& result) { set_cr_field(0, m_.definitions->order(result, Value(), true)); }

  // ---- arithmetic

  void compare_into_cr(Value a, Value b, bool is_signed, unsigned width);
  void set_carry(Bit carry);
  Value add_with_carry(const Value& a, const Value& b, Bit in);
  Value multiply(const Value& a, const Value& b);
  Value high_product(const Value& a, const Value& b, bool is_signed);
  Value quotient(const Value& a, const Value& b, bool is_signed, unsigned width, bool remainder);
  void select();

  // ---- logic

  Value rotate32(unsigned by);
  void shift(unsigned width, bool left);
  void shift_algebraic(unsigned width, std::optional<uint64_t> amount);
  /// The amount that a register holds in its low bits; the result is unknown where that is.
  std::optional<unsigned> rotation(unsigned bits);
  void insert_rotated(const Value& rotated, uint64_t mask) { gpr(0) = gpr(0).with(rotated, mask); }
  void count_zeros(unsigned width, bool leading);
  void count_ones(unsigned width);

  // ---- memory

  std::optional<uint64_t> effective_address();
  bool reaches(uint64_t address);
  void load(bool sign, Endian order);
  void store(Endian order);
  void put(uint64_t at, unsigned width, const Value& value, Endian order);
  void of_block(void (Coherence::*what)(uint64_t));
  void update(uint64_t address);
  void reserve();
  void store_conditional();

  // ---- vectors

  bool vectors_available();
  void load_vector();
  void store_vector();
  void compare_words();

  // ---- system

  void trap(const Value& a, const Value& b, unsigned width);
  Value* special(int64_t number);
  bool may_access(int64_t number);
  void move_to_special(int64_t number, const Value& value);
  void move_from_special(int64_t number);
  bool of_server();
  void return_from_interrupt(const Value& address, const Value& saved, bool hypervisor);
  void move_to_msr(const Value& value, bool only_ee_and_ri);
  void move_low_half_to_msr();

  Machine& m_;
  const ppc64::Instruction& i_;
  const ppc64::Encoding& row_;
  const std::array<int64_t, ppc64::kMaxOperands>& o_;
  Endian order_;
  uint64_t here_, next_;
  Step result_;
};

}  // namespace baton::verify
