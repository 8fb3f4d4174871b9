// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Branches, and the condition register that they ask (Power ISA 3.0B, Book I 2). See execution.h.
#include "base/address.h"
#include "verify/execution.h"

namespace baton::verify {

namespace {
/// One instruction that goes to itself more often than this takes hours: a count that nobody meant.
constexpr uint64_t kMostTurns = uint64_t{1} << 44;
}  // namespace

void Execution::go(const Value& to, const char* through) {
  auto address = to.constant();
  if (!address) return unknown(std::string("goes through ") + through + ", whose value is not known", to);
  next_ = *address & ~uint64_t{3};
}

/// Counts CTR down where BO says so; the decision, or nullopt when it is not known.
std::optional<bool> Execution::taken() {
  unsigned bo = count(0), bi = count(1);
  bool ctr_ok = true;
  Bit condition = cr_bit(bi);
  // Before anything is changed: the same instruction is executed again when it is decided.
  if ((bo & 16) == 0 && !condition.is_constant && !condition.is_unknown()) {
    result_ = {Step::Kind::kForks, where() + " depends on a condition that is not known", condition.atom};
    return std::nullopt;
  }
  if ((bo & 4) == 0) {
    auto turns = m_.ctr.constant();
    if (!turns) {
      unknown("counts CTR down, whose value is not known", m_.ctr);
      return std::nullopt;
    }
    if ((bo & 18) == 16 && here_ + static_cast<uint64_t>(o_[2]) == here_ && *turns - 1 > kMostTurns && i_.mnemonic == Mnemonic::kBc) {
      wrong("goes around " + hex(Wide{*turns - 1}) + " times more: no machine comes to the end of that");
      result_.endless = true;
      return std::nullopt;
    }
    m_.ctr = Value(*turns - 1);
    ctr_ok = (*turns != 1) != ((bo & 2) != 0);
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

void Execution::branch_if(const Value& to, const char* through) {
  auto decision = taken();
  if (decision && *decision) go(to, through);
}

void Execution::branch_and_link(const Value& to, const char* through) {
  branch_if(to, through);
  if (result_.kind == Step::Kind::kWent) link();
}

void Execution::set_cr_field(unsigned field, const Order& order) {
  unsigned low = 4 * (7 - field);
  // An operation that was named before may bring back a bit that was decided since.
  m_.cr.set_bit(low + 3, m_.resolve(order.less));
  m_.cr.set_bit(low + 2, m_.resolve(order.greater));
  m_.cr.set_bit(low + 1, m_.resolve(order.equal));
  m_.cr.set_bit(low, m_.xer.bit(kXerSo));
}

/// crand and its kin: two bits of CR into a third.
void Execution::combine_conditions() {
  auto alone = [&](size_t k) {
    Value value;
    value.set_bit(0, cr_bit(count(k)));
    return value;
  };
  const Value a = alone(1), b = alone(2), one(1);
  Value result;
  switch (i_.mnemonic) {
    case Mnemonic::kCrand: result = conjunction(a, b); break;
    case Mnemonic::kCrandc: result = conjunction(a, b ^ one); break;
    case Mnemonic::kCreqv: result = difference(a, b) ^ one; break;
    case Mnemonic::kCrnand: result = conjunction(a, b) ^ one; break;
    case Mnemonic::kCrnor: result = disjunction(a, b) ^ one; break;
    case Mnemonic::kCror: result = disjunction(a, b); break;
    case Mnemonic::kCrorc: result = disjunction(a, b ^ one); break;
    default: result = difference(a, b); break;
  }
  m_.cr.set_bit(31 - count(0), result.bit(0));
}

bool Execution::branch() {
  const uint64_t to = here_ + static_cast<uint64_t>(o_[0]), absolute = static_cast<uint64_t>(o_[0]);
  switch (i_.mnemonic) {
    case Mnemonic::kB:
      if (o_[0] == 0) {
        wrong("never goes on");
        result_.stays = true;
      }
      next_ = to;
      return true;
    case Mnemonic::kBl: link(); next_ = to; return true;
    case Mnemonic::kBa: next_ = absolute; return true;
    case Mnemonic::kBla: link(); next_ = absolute; return true;
    case Mnemonic::kBc: branch_if(Value(here_ + static_cast<uint64_t>(o_[2])), ""); return true;
    case Mnemonic::kBcl: branch_and_link(Value(here_ + static_cast<uint64_t>(o_[2])), ""); return true;
    case Mnemonic::kBca: branch_if(number(2), ""); return true;
    case Mnemonic::kBclr: branch_if(m_.lr, "lr"); return true;
    case Mnemonic::kBclrl: branch_and_link(m_.lr, "lr"); return true;
    case Mnemonic::kBcctr: branch_if(m_.ctr, "ctr"); return true;
    case Mnemonic::kBcctrl: branch_and_link(m_.ctr, "ctr"); return true;

    case Mnemonic::kMcrf:
      for (unsigned n = 0; n < 4; ++n) m_.cr.set_bit(31 - (4 * count(0) + n), cr_bit(4 * count(1) + n));
      return true;
    case Mnemonic::kCrand: case Mnemonic::kCrandc: case Mnemonic::kCreqv: case Mnemonic::kCrnand:
    case Mnemonic::kCrnor: case Mnemonic::kCror: case Mnemonic::kCrorc: case Mnemonic::kCrxor:
      combine_conditions();
      return true;
    case Mnemonic::kMfcr: gpr(0) = m_.cr.masked(0xffffffff); return true;
    case Mnemonic::kMfocrf: {
      // The bits of the other fields, and the high half, are undefined.
      const uint64_t field = uint64_t{15} << 4 * static_cast<unsigned>(__builtin_ctz(count(1)));
      gpr(0) = Value::unknown().with(m_.cr, field);
      return true;
    }
    case Mnemonic::kMtocrf:
    case Mnemonic::kMtcrf:
      for (unsigned field = 0; field < 8; ++field)
        if ((o_[0] >> (7 - field) & 1) != 0) m_.cr = m_.cr.with(gpr(1), uint64_t{15} << 4 * (7 - field));
      return true;
    default: return false;
  }
}

}  // namespace baton::verify
