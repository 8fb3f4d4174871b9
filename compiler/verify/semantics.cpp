// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The instructions, in the order of ppc64/instructions.def. Bit numbers in comments are the books' (bit 0
// is the most significant); in the code, bit n of a Value counts from the least significant.
#include "verify/semantics.h"

#include "base/address.h"
#include "ppc64/instruction.h"
#include "verify/vector.h"

namespace baton::verify {
namespace {

using ppc64::Field;
using ppc64::Instruction;
using ppc64::Mnemonic;
namespace msr = ppc64::msr;

constexpr unsigned kXerSo = 31, kXerCa = 29;  // from the least significant end

uint64_t mask_between(unsigned from, unsigned to) {  // the books' numbering, around the end if from > to
  uint64_t tail = ~uint64_t{0} >> from, head = ~uint64_t{0} << (63 - to);
  return from <= to ? tail & head : tail | head;
}

class Execution {
 public:
  Execution(Machine& m, const Instruction& i, Endian order)
      : m_(m), i_(i), o_(i.operands), order_(order), here_(m.pc), next_(m.pc + 4) {}

  Step run() {
    if (ppc64::is_privileged(i_) && !is_known(msr::kPr, false)) {
      unknown("is privileged, and the MSR does not say that this is privileged state");
      return result_;
    }
    execute();
    if (result_.kind == Step::Kind::kWent) m_.pc = next_;
    return result_;
  }

 private:
  std::string where() const {
    std::string text = ppc64::to_text(i_);
    for (char& c : text)
      if (c == '\t') c = ' ';
    return "`" + text + "` at " + hex(Wide{here_});
  }
  void unknown(const std::string& what) { result_ = {Step::Kind::kUnknown, where() + " " + what}; }
  void wrong(const std::string& what) { result_ = {Step::Kind::kWrong, where() + " " + what}; }

  bool is_known(uint64_t msr_mask, bool one) const {
    return (m_.msr.known() & msr_mask) == msr_mask && ((m_.msr.bits() & msr_mask) != 0) == one;
  }
  Value& gpr(size_t k) { return m_.gpr[static_cast<size_t>(o_[k])]; }
  Value base(size_t k) { return o_[k] == 0 ? Value() : gpr(k); }
  Value number(size_t k) const { return Value(static_cast<uint64_t>(o_[k])); }
  Value shifted(size_t k) const { return Value(static_cast<uint64_t>(o_[k]) << 16); }

  // ---- branches

  void go(const Value& to, const char* through) {
    auto address = to.constant();
    if (!address) return unknown(std::string("goes through ") + through + ", whose value is not known");
    next_ = *address & ~uint64_t{3};
  }
  void link() { m_.lr = Value(here_ + 4); }

  /// Counts CTR down where BO says so; the decision, or nullopt when it is not known.
  std::optional<bool> taken() {
    unsigned bo = static_cast<unsigned>(o_[0]), bi = static_cast<unsigned>(o_[1]);
    bool ctr_ok = true;
    Bit condition = m_.cr.bit(31 - bi);
    // Before anything is changed: the same instruction is executed again when it is decided.
    if ((bo & 16) == 0 && !condition.is_constant && !condition.is_unknown()) {
      result_ = {Step::Kind::kForks, where() + " depends on a condition that is not known", condition.atom};
      return std::nullopt;
    }
    if ((bo & 4) == 0) {
      m_.ctr = add(m_.ctr, Value(~uint64_t{0}));
      auto count = m_.ctr.constant();
      if (!count) {
        unknown("counts CTR down, whose value is not known");
        return std::nullopt;
      }
      ctr_ok = (*count != 0) != ((bo & 2) != 0);
    }
    if ((bo & 16) != 0) return ctr_ok;
    m_.coherence.branch_on_condition();
    if (!ctr_ok) return false;
    if (!condition.is_constant) {
      unknown("depends on a condition that is not known");
      return std::nullopt;
    }
    return condition.one == ((bo & 8) != 0);
  }

  void branch_if(const Value& to, const char* through) {
    auto decision = taken();
    if (decision && *decision) go(to, through);
  }

  void branch_and_link(const Value& to, const char* through) {
    branch_if(to, through);
    if (result_.kind == Step::Kind::kWent) link();
  }

  // ---- conditions and carries

  void set_cr_field(unsigned field, const Order& order) {
    unsigned low = 4 * (7 - field);
    // An operation that was named before may bring back a bit that was decided since.
    m_.cr.set_bit(low + 3, m_.resolve(order.less));
    m_.cr.set_bit(low + 2, m_.resolve(order.greater));
    m_.cr.set_bit(low + 1, m_.resolve(order.equal));
    m_.cr.set_bit(low, m_.xer.bit(kXerSo));
  }
  Value named(Operation operation, const Value& a, const Value& b, const Value& result, Bit carry = Bit::constant(false)) {
    return result.is_constant() ? result : m_.resolve(m_.definitions->complete(operation, a, b, result, carry));
  }
  Value sum(const Value& a, const Value& b, Bit carry = Bit::constant(false)) {
    return named(Operation::kAdd, a, b, add(a, b, carry), carry);
  }
  Value conjunction(const Value& a, const Value& b) { return named(Operation::kAnd, a, b, a & b); }
  Value disjunction(const Value& a, const Value& b) { return named(Operation::kOr, a, b, a | b); }
  Value difference(const Value& a, const Value& b) { return named(Operation::kXor, a, b, a ^ b); }
  void record(const Value& result) { set_cr_field(0, m_.definitions->order(result, Value(), true)); }
  void compare_into_cr(Value a, Value b, bool is_signed, unsigned width) {
    if (width == 32) {
      a = is_signed ? a.sign_extended(32) : a.masked(0xffffffff);
      b = is_signed ? b.sign_extended(32) : b.masked(0xffffffff);
    }
    set_cr_field(static_cast<unsigned>(o_[0]), m_.definitions->order(a, b, is_signed));
  }
  Value add_with_carry(const Value& a, const Value& b, Bit in) {
    Bit out;
    add(a, b, in, &out);
    Value carry;
    carry.set_bit(0, out);
    m_.xer.set_bit(kXerCa, named(Operation::kCarry, a, b, carry, in).bit(0));
    return sum(a, b, in);
  }
  Value subtract(const Value& a, const Value& b) { return sum(a, ~b, Bit::constant(true)); }

  void multiply(const Value& a, const Value& b) {
    gpr(0) = a.is_constant() && b.is_constant() ? Value(a.bits() * b.bits())
                                                : named(Operation::kMultiply, a, b, Value::unknown());
  }

  // ---- memory

  /// The effective address of the operands after the first: displacement(base) or base, index.
  std::optional<uint64_t> effective_address() {
    const ppc64::Encoding& row = ppc64::encoding_of(i_.mnemonic);
    Value total;
    for (size_t k = 0; k < row.operand_count(); ++k) {
      switch (row.fields[k]) {
        case Field::kD:
        case Field::kDs: total = add(total, number(k)); break;
        case Field::kRaBase0: total = add(total, base(k)); break;
        case Field::kRaUpdate:
        case Field::kRaUpdateStore:
        case Field::kRb: total = add(total, gpr(k)); break;
        default: break;
      }
    }
    auto address = total.constant();
    if (!address) {
      unknown("accesses memory at an address that is not known");
      return std::nullopt;
    }
    if (!m_.linear_map && !is_known(msr::kDr, false)) {
      unknown("accesses memory, and data translation is not known to be off");
      return std::nullopt;
    }
    return address;
  }
  void load(bool sign, Endian order) {
    auto address = effective_address();
    if (!address) return;
    unsigned width = ppc64::access_width(i_.mnemonic);
    m_.coherence.load(m_.place_of(*address), width);
    Value value = m_.resolve(m_.memory.load(m_.place_of(*address), width, order));
    gpr(0) = sign ? value.sign_extended(8 * width) : value;
  }
  void store(Endian order) {
    if (auto address = effective_address())
      put(m_.place_of(*address), ppc64::access_width(i_.mnemonic), gpr(0), order);
  }
  void put(uint64_t at, unsigned width, const Value& value, Endian order) {
    m_.coherence.store(at, width, m_.memory.store(at, width, value, order), here_);
  }
  /// The block of an address that is not known is none that anything is missing of.
  void of_block(void (Coherence::*what)(uint64_t)) {
    auto address = add(base(0), gpr(1)).constant();
    if (address && (m_.linear_map || is_known(msr::kDr, false))) (m_.coherence.*what)(m_.place_of(*address));
  }
  /// Update forms: the base register takes the address; operands are value, displacement, base.
  void update(bool is_store) {
    auto address = effective_address();
    if (!address) return;
    is_store ? store(order_) : load(false, order_);
    gpr(2) = Value(*address);
  }

  // ---- rotates and shifts

  unsigned count(size_t k) const { return static_cast<unsigned>(o_[k]); }
  Value rotate64() { return gpr(1).rotate_left(count(2)); }
  Value rotate32() {
    // The low word in both halves, then rotated: what comes in from above is the word itself.
    Value low = gpr(1).masked(0xffffffff);
    return (low | low.rotate_left(32)).rotate_left(count(2));
  }
  void shift(unsigned width, bool left) {
    const Value by = gpr(2).masked(width == 64 ? 127 : 63);
    auto amount = by.constant();
    uint64_t word = width == 64 ? ~uint64_t{0} : 0xffffffff;
    if (!amount) {
      gpr(0) = named(left ? Operation::kShiftLeft : Operation::kShiftRight, gpr(1).masked(word), by, Value::unknown().masked(word));
      return;
    }
    unsigned n = static_cast<unsigned>(*amount);
    if (n >= width) {
      gpr(0) = Value();
    } else {
      Value in = gpr(1).masked(word);
      gpr(0) = left ? in.rotate_left(n).masked((~uint64_t{0} << n) & word) : in.rotate_left(64 - n).masked(word >> n);
    }
  }
  void count_leading_zeros(unsigned width) {
    auto value = gpr(1).masked(width == 64 ? ~uint64_t{0} : 0xffffffff).constant();
    if (!value)  // of a word: in the upper half, with a one behind it that ends the count
      gpr(0) = named(Operation::kLeadingZeros, width == 64 ? gpr(1) : gpr(1).masked(0xffffffff).rotate_left(32) | Value(uint64_t{1} << 31),
                     Value(), Value::unknown().masked(127));
    else
      gpr(0) = Value(*value == 0 ? width : static_cast<unsigned>(__builtin_clzll(*value)) - (64 - width));
  }

  // ---- vectors

  Vector& vr(size_t k) { return m_.vr[static_cast<size_t>(o_[k])]; }

  bool vectors_available() {
    if (is_known(msr::kVec, true)) return true;
    if (is_known(msr::kVec, false))
      wrong("needs MSR[VEC], which is off");
    else
      unknown("needs MSR[VEC], which is not known to be on");
    return false;
  }
  /// To what lwarx read. One thread cannot tell whether another one stores in between: taken not to, and counted.
  void store_conditional() {
    auto address = effective_address();
    if (!address) return;
    if (m_.reservation != address) return unknown("stores conditionally to what was not reserved");
    store(order_);
    m_.reservation.reset();
    ++m_.conditional_stores;
    set_cr_field(0, Order{Bit::constant(false), Bit::constant(false), Bit::constant(true)});
  }
  void load_vector() {
    auto address = effective_address();
    if (!address) return;
    uint64_t at = m_.place_of(*address) & ~uint64_t{15};
    // As one number of 128 bits: in little-endian the first byte in memory is the last of the register.
    Value first = m_.resolve(m_.memory.load(at, 8, order_)), second = m_.resolve(m_.memory.load(at + 8, 8, order_));
    vr(0) = order_ == Endian::kBig ? Vector{first, second} : Vector{second, first};
  }
  void store_vector() {
    auto address = effective_address();
    if (!address) return;
    uint64_t at = m_.place_of(*address) & ~uint64_t{15};
    const auto& [high, low] = vr(0);
    put(at, 8, order_ == Endian::kBig ? high : low, order_);
    put(at + 8, 8, order_ == Endian::kBig ? low : high, order_);
  }
  void compare_words() {
    WordEquality equality = equal_words(vr(1), vr(2));
    vr(0) = equality.mask;
    // CR6: all true, 0, all false, 0.
    m_.cr.set_bit(7, equality.all);
    m_.cr.set_bit(6, Bit::constant(false));
    m_.cr.set_bit(5, equality.none);
    m_.cr.set_bit(4, Bit::constant(false));
  }
  void execute_vector() {
    if (!vectors_available()) return;
    switch (i_.mnemonic) {
      case Mnemonic::kLvx: return load_vector();
      case Mnemonic::kStvx: return store_vector();
      case Mnemonic::kVadduwm: vr(0) = add_words(vr(1), vr(2)); return;
      case Mnemonic::kVmrghw: vr(0) = merge_first_words(vr(1), vr(2)); return;
      case Mnemonic::kVor: vr(0) = {vr(1)[0] | vr(2)[0], vr(1)[1] | vr(2)[1]}; return;
      case Mnemonic::kVxor: vr(0) = {vr(1)[0] ^ vr(2)[0], vr(1)[1] ^ vr(2)[1]}; return;
      case Mnemonic::kVcmpequwDot: return compare_words();
      case Mnemonic::kVspltisw: vr(0) = splat_word(o_[1]); return;
      case Mnemonic::kVsel: vr(0) = select(vr(1), vr(2), vr(3)); return;
      case Mnemonic::kVperm: vr(0) = permute(vr(1), vr(2), vr(3)); return;
      case Mnemonic::kVsldoi: vr(0) = shift_bytes(vr(1), vr(2), count(3)); return;
      case Mnemonic::kVshasigmaw: vr(0) = sha_sigmas(vr(1), o_[2] != 0, count(3)); return;
      default: return;
    }
  }

  // ---- traps and special registers

  void trap(const Value& a, const Value& b, unsigned width) {
    unsigned to = count(0);
    if (to == 0) return;
    if (to == 31) return wrong("traps");
    auto widen = [&](const Value& v, bool sign) {
      if (width == 64) return v;
      return sign ? v.sign_extended(32) : v.masked(0xffffffff);
    };
    Order s = m_.definitions->order(widen(a, true), widen(b, true), true), u = m_.definitions->order(widen(a, false), widen(b, false), false);
    const std::pair<unsigned, Bit> parts[] = {{16, s.less}, {8, s.greater}, {4, s.equal}, {2, u.less}, {1, u.greater}};
    for (const auto& [asked, part] : parts) {
      const Bit traps = m_.resolve(part);
      if ((to & asked) == 0 || traps.same_as(Bit::constant(false))) continue;
      if (traps.is_constant) return wrong("traps");
      if (traps.is_unknown()) return unknown("may trap");
      result_ = {Step::Kind::kForks, where() + " traps on a condition that is not known", traps.atom};
      return;
    }
  }

  Value* special(int64_t number) {
    switch (static_cast<ppc64::Spr>(number)) {
      case ppc64::Spr::kLr: return &m_.lr;
      case ppc64::Spr::kCtr: return &m_.ctr;
      case ppc64::Spr::kXer: return &m_.xer;
      case ppc64::Spr::kSrr0: return &m_.srr0;
      case ppc64::Spr::kSrr1: return &m_.srr1;
      case ppc64::Spr::kHsrr0: return &m_.hsrr0;
      case ppc64::Spr::kHsrr1: return &m_.hsrr1;
      default: return nullptr;
    }
  }
  bool may_access(int64_t number) {
    const ppc64::SprName* name = ppc64::find_spr(static_cast<ppc64::Spr>(number));
    if (!name->hypervisor || is_known(msr::kHv, true)) return true;
    if (is_known(msr::kHv, false))
      wrong("needs hypervisor state");
    else
      unknown("needs hypervisor state, and MSR[HV] is not known");
    return false;
  }
  void move_to_special(int64_t number, const Value& value) {
    if (!may_access(number)) return;
    if (Value* target = special(number)) {
      // XER has defined bits only: SO OV CA, OV32 CA32, and the byte count (Book I 3.2.2).
      *target = number == static_cast<int64_t>(ppc64::Spr::kXer) ? value.masked(0xe00c007f) : value;
      return;
    }
    m_.other_sprs_written.push_back(
        std::string(ppc64::find_spr(static_cast<ppc64::Spr>(number))->name) + " by " + where());
  }
  void move_from_special(int64_t number) {
    if (!may_access(number)) return;
    Value* source = special(number);
    gpr(0) = source ? *source : Value::unknown();
  }

  // ---- machine state

  /// External interrupts and translation are forced on in problem state (Book III, rfid and mtmsrd).
  static void force_for_problem_state(Value& to, const Value& from) {
    Bit problem = from.bit(14);  // PR is mask 0x4000
    for (unsigned n : {15u, 5u, 4u}) to.set_bit(n, from.bit(n) | problem);  // EE IR DR
  }

  void return_from_interrupt(const Value& address, const Value& saved, bool hypervisor) {
    // Bits 33:36 and 42:47 (the books') come from no SRR1; ME and HV only with hypervisor state.
    uint64_t kept = mask_between(33, 36) | mask_between(42, 47);
    Value to = saved.with(m_.msr, kept);
    Bit hv = m_.msr.bit(60);
    if (!hypervisor) {
      to.set_bit(60, hv & saved.bit(60));
      // In hypervisor state ME comes from SRR1, otherwise it stays.
      Bit now = m_.msr.bit(12), then = saved.bit(12);
      to.set_bit(12, now.same_as(then) ? now : (hv & then) | (~hv & now));
    }
    force_for_problem_state(to, saved);
    m_.msr = to;
    m_.coherence.synchronize_context();
    go(address, hypervisor ? "hsrr0" : "srr0");
  }

  /// Book III-S only: mtmsrd, rfid and hrfid are illegal instructions elsewhere (Power ISA 2.07B, Book III-E 4.3).
  bool of_server() {
    if (m_.book3e) wrong("does not exist on a CPU of Book III-E");
    return !m_.book3e;
  }

  void move_to_msr(const Value& value, bool only_ee_and_ri) {
    if (only_ee_and_ri) {
      m_.msr = m_.msr.with(value, msr::kEe | msr::kRi);
      return;
    }
    // HV, S (bit 41), ME and LE are left as they are; so are the bits that rfid leaves.
    uint64_t kept = msr::kHv | msr::kMe | msr::kLe | mask_between(41, 41);
    Value to = value.with(m_.msr, kept);
    force_for_problem_state(to, value);
    m_.msr = to;
    m_.coherence.synchronize_context();  // with L = 1 it is execution synchronizing only (Book III 5.4.4)
  }

  void execute();

  Machine& m_;
  const Instruction& i_;
  const std::array<int64_t, ppc64::kMaxOperands>& o_;
  Endian order_;
  uint64_t here_, next_;
  Step result_;
};

void Execution::execute() {
  switch (i_.mnemonic) {
    case Mnemonic::kB:
      if (o_[0] == 0) {
        wrong("never goes on");
        result_.stays = true;
        return;
      }
      next_ = here_ + static_cast<uint64_t>(o_[0]);
      return;
    case Mnemonic::kBl: link(); next_ = here_ + static_cast<uint64_t>(o_[0]); return;
    case Mnemonic::kBa: next_ = static_cast<uint64_t>(o_[0]); return;
    case Mnemonic::kBla: link(); next_ = static_cast<uint64_t>(o_[0]); return;
    case Mnemonic::kBc: return branch_if(Value(here_ + static_cast<uint64_t>(o_[2])), "");
    case Mnemonic::kBcl:
      return branch_and_link(Value(here_ + static_cast<uint64_t>(o_[2])), "");
    case Mnemonic::kBca: return branch_if(number(2), "");
    case Mnemonic::kBclr: return branch_if(m_.lr, "lr");
    case Mnemonic::kBclrl:
      return branch_and_link(m_.lr, "lr");
    case Mnemonic::kBcctr: return branch_if(m_.ctr, "ctr");
    case Mnemonic::kBcctrl:
      return branch_and_link(m_.ctr, "ctr");

    case Mnemonic::kAddi: gpr(0) = sum(base(1), number(2)); return;
    case Mnemonic::kAddis: gpr(0) = sum(base(1), shifted(2)); return;
    case Mnemonic::kAddic: gpr(0) = add_with_carry(gpr(1), number(2), Bit::constant(false)); return;
    case Mnemonic::kAddicDot:
      gpr(0) = add_with_carry(gpr(1), number(2), Bit::constant(false));
      return record(gpr(0));
    case Mnemonic::kSubfic: gpr(0) = add_with_carry(~gpr(1), number(2), Bit::constant(true)); return;
    case Mnemonic::kMulli: return multiply(gpr(1), number(2));
    case Mnemonic::kOri: gpr(0) = gpr(1) | number(2); return;
    case Mnemonic::kOris: gpr(0) = gpr(1) | shifted(2); return;
    case Mnemonic::kXori: gpr(0) = gpr(1) ^ number(2); return;
    case Mnemonic::kXoris: gpr(0) = gpr(1) ^ shifted(2); return;
    case Mnemonic::kAndiDot: gpr(0) = gpr(1) & number(2); return record(gpr(0));
    case Mnemonic::kAndisDot: gpr(0) = gpr(1) & shifted(2); return record(gpr(0));
    case Mnemonic::kCmpwi: return compare_into_cr(gpr(1), number(2), true, 32);
    case Mnemonic::kCmpdi: return compare_into_cr(gpr(1), number(2), true, 64);
    case Mnemonic::kCmplwi: return compare_into_cr(gpr(1), number(2), false, 32);
    case Mnemonic::kCmpldi: return compare_into_cr(gpr(1), number(2), false, 64);
    case Mnemonic::kCmpw: return compare_into_cr(gpr(1), gpr(2), true, 32);
    case Mnemonic::kCmpd: return compare_into_cr(gpr(1), gpr(2), true, 64);
    case Mnemonic::kCmplw: return compare_into_cr(gpr(1), gpr(2), false, 32);
    case Mnemonic::kCmpld: return compare_into_cr(gpr(1), gpr(2), false, 64);

    case Mnemonic::kLbz: case Mnemonic::kLhz: case Mnemonic::kLwz: case Mnemonic::kLd:
    case Mnemonic::kLbzx: case Mnemonic::kLhzx: case Mnemonic::kLwzx: case Mnemonic::kLdx:
      return load(false, order_);
    case Mnemonic::kLwa: return load(true, order_);
    case Mnemonic::kLdu: case Mnemonic::kLbzu: case Mnemonic::kLwzu: return update(false);
    case Mnemonic::kStb: case Mnemonic::kSth: case Mnemonic::kStw: case Mnemonic::kStd:
    case Mnemonic::kStbx: case Mnemonic::kSthx: case Mnemonic::kStwx: case Mnemonic::kStdx:
      return store(order_);
    case Mnemonic::kStdu: case Mnemonic::kStbu: case Mnemonic::kStwu: return update(true);
    case Mnemonic::kLhbrx: case Mnemonic::kLwbrx: case Mnemonic::kLdbrx: return load(false, other(order_));
    case Mnemonic::kSthbrx: case Mnemonic::kStwbrx: case Mnemonic::kStdbrx: return store(other(order_));
    case Mnemonic::kLwarx:
      m_.reservation = effective_address();
      return load(false, order_);
    case Mnemonic::kStwcxDot: return store_conditional();
    case Mnemonic::kLdarx: case Mnemonic::kStdcxDot:
      return unknown("takes part in a reservation, which depends on the other CPUs");

    case Mnemonic::kAdd: gpr(0) = sum(gpr(1), gpr(2)); return;
    case Mnemonic::kAddDot: gpr(0) = sum(gpr(1), gpr(2)); return record(gpr(0));
    case Mnemonic::kSubf: gpr(0) = subtract(gpr(2), gpr(1)); return;
    case Mnemonic::kSubfDot: gpr(0) = subtract(gpr(2), gpr(1)); return record(gpr(0));
    case Mnemonic::kNeg: gpr(0) = subtract(Value(), gpr(1)); return;
    case Mnemonic::kMulld: return multiply(gpr(1), gpr(2));
    case Mnemonic::kAnd: gpr(0) = conjunction(gpr(1), gpr(2)); return;
    case Mnemonic::kAndDot: gpr(0) = conjunction(gpr(1), gpr(2)); return record(gpr(0));
    case Mnemonic::kAndc: gpr(0) = conjunction(gpr(1), ~gpr(2)); return;
    case Mnemonic::kOr: gpr(0) = disjunction(gpr(1), gpr(2)); return;
    case Mnemonic::kOrDot: gpr(0) = disjunction(gpr(1), gpr(2)); return record(gpr(0));
    case Mnemonic::kOrc: gpr(0) = disjunction(gpr(1), ~gpr(2)); return;
    case Mnemonic::kXor: gpr(0) = difference(gpr(1), gpr(2)); return;
    case Mnemonic::kNor: gpr(0) = ~disjunction(gpr(1), gpr(2)); return;
    case Mnemonic::kExtsb: gpr(0) = gpr(1).sign_extended(8); return;
    case Mnemonic::kExtsh: gpr(0) = gpr(1).sign_extended(16); return;
    case Mnemonic::kExtsw: gpr(0) = gpr(1).sign_extended(32); return;
    case Mnemonic::kCntlzw: return count_leading_zeros(32);
    case Mnemonic::kCntlzd: return count_leading_zeros(64);
    case Mnemonic::kSlw: return shift(32, true);
    case Mnemonic::kSrw: return shift(32, false);
    case Mnemonic::kSld: return shift(64, true);
    case Mnemonic::kSrd: return shift(64, false);
    case Mnemonic::kRldicl: gpr(0) = rotate64().masked(mask_between(count(3), 63)); return;
    case Mnemonic::kRldiclDot:
      gpr(0) = rotate64().masked(mask_between(count(3), 63));
      return record(gpr(0));
    case Mnemonic::kRldicr: gpr(0) = rotate64().masked(mask_between(0, count(3))); return;
    case Mnemonic::kRldic: gpr(0) = rotate64().masked(mask_between(count(3), 63 - count(2))); return;
    case Mnemonic::kRldimi: gpr(0) = gpr(0).with(rotate64(), mask_between(count(3), 63 - count(2))); return;
    case Mnemonic::kRlwinm: gpr(0) = rotate32().masked(mask_between(count(3) + 32, count(4) + 32)); return;
    case Mnemonic::kRlwimi:
      gpr(0) = gpr(0).with(rotate32(), mask_between(count(3) + 32, count(4) + 32));
      return;

    case Mnemonic::kTdi: return trap(gpr(1), number(2), 64);
    case Mnemonic::kTwi: return trap(gpr(1), number(2), 32);
    case Mnemonic::kTw: return trap(gpr(1), gpr(2), 32);
    case Mnemonic::kTd: return trap(gpr(1), gpr(2), 64);
    case Mnemonic::kSc:
      if (o_[0] != 1) return unknown("is a system call");
      if (auto refused = call_papr(m_)) unknown(*refused);
      return m_.coherence.synchronize_context();
    case Mnemonic::kMtspr: return move_to_special(o_[0], gpr(1));
    case Mnemonic::kMfspr: return move_from_special(o_[1]);
    case Mnemonic::kMfcr: gpr(0) = m_.cr.masked(0xffffffff); return;
    case Mnemonic::kMtocrf:
    case Mnemonic::kMtcrf:
      for (unsigned field = 0; field < 8; ++field)
        if ((o_[0] >> (7 - field) & 1) != 0) m_.cr = m_.cr.with(gpr(1), uint64_t{15} << 4 * (7 - field));
      return;
    case Mnemonic::kMfmsr: gpr(0) = m_.msr; return;
    case Mnemonic::kMtmsrd:
      if (!of_server()) return;
      return move_to_msr(gpr(0), o_[1] != 0);
    case Mnemonic::kRfid:
      if (!of_server()) return;
      return return_from_interrupt(m_.srr0, m_.srr1, false);
    case Mnemonic::kHrfid:
      if (!of_server()) return;
      if (is_known(msr::kHv, true)) return return_from_interrupt(m_.hsrr0, m_.hsrr1, true);
      if (is_known(msr::kHv, false)) return wrong("needs hypervisor state");
      return unknown("needs hypervisor state, and MSR[HV] is not known");

    case Mnemonic::kLvx: case Mnemonic::kStvx: case Mnemonic::kVadduwm: case Mnemonic::kVmrghw: case Mnemonic::kVor: case Mnemonic::kVxor:
    case Mnemonic::kVcmpequwDot: case Mnemonic::kVspltisw: case Mnemonic::kVsel: case Mnemonic::kVperm:
    case Mnemonic::kVsldoi: case Mnemonic::kVshasigmaw: return execute_vector();

    // Order and caches, no values.
    case Mnemonic::kSync: case Mnemonic::kPtesync: return m_.coherence.sync();
    case Mnemonic::kLwsync: case Mnemonic::kEieio: return;
    case Mnemonic::kIsync: return m_.coherence.isync();
    case Mnemonic::kDcbst: case Mnemonic::kDcbf: return of_block(&Coherence::write_back);
    case Mnemonic::kIcbi: return of_block(&Coherence::invalidate);
    case Mnemonic::kDcbz: return unknown("clears a cache block, whose size is the CPU's");
  }
}

}  // namespace

Step step(Machine& m) {
  auto give_up = [&](const std::string& why) {
    return Step{Step::Kind::kUnknown, "at " + hex(Wide{m.pc}) + " " + why};
  };
  auto order = m.order();
  if (!order) return give_up("the byte order is not known");
  if (!m.linear_map && ((m.msr.known() & msr::kIr) == 0 || (m.msr.bits() & msr::kIr) != 0))
    return give_up("instruction translation is not known to be off");
  uint64_t wide = m.book3e ? msr::kCm : msr::kSf;
  if ((m.msr.known() & m.msr.bits() & wide) == 0) return give_up("64-bit mode is not known to be on");
  if (m.firmware.opal_entry && m.pc == m.firmware.opal_entry->value()) {
    auto refused = call_opal(m);
    return refused ? give_up(*refused) : Step{};
  }
  if (const CallContract* contract = m.contract_here()) {
    auto refused = call_function(m, *contract);
    return refused ? give_up(*refused) : Step{};
  }
  const uint64_t place = m.place_of(m.pc);
  const Range fetched = Range::at(Address{place}, Size{4});
  if (auto missing = m.coherence.missing(fetched, Coherence::Fetched::kHere)) return Step{Step::Kind::kWrong, *missing};
  if (m.coherence.not_followed().overlaps(fetched)) return give_up("an instruction is fetched that was stored in a turn that was not run");
  auto word = m.memory.load(place, 4, *order).constant();
  if (!word) return give_up("an instruction is fetched from memory that nobody described");
  auto instruction = ppc64::decode(static_cast<uint32_t>(*word));
  if (!instruction)
    return give_up("the word " + hex(Wide{*word}) + " is outside the verified subset");
  return Execution(m, *instruction, *order).run();
}

}  // namespace baton::verify
