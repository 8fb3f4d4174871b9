// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Register by register. See turns.h.
#include "verify/turns.h"

namespace baton::verify {

bool can_go_on(const Machine& a, const Machine& b, const Machine& c) {
  return a.msr.same_as(b.msr) && b.msr.same_as(c.msr) && a.other_sprs_written.size() == c.other_sprs_written.size();
}

void go_on(Machine& m, const Machine& a, const Machine& b, const Machine& c, uint64_t turns, const Recognize& recognize) {
  auto later = [&](const Value& x, const Value& y, const Value& z) {
    if (x.same_as(y) && y.same_as(z)) return z;
    if (!x.is_constant() || !y.is_constant() || !z.is_constant()) return Value::unknown();
    uint64_t step = y.bits() - x.bits();
    if (z.bits() - y.bits() == step) return Value(z.bits() + step * turns);
    return recognize(x, y, z);
  };
  constexpr uint64_t kLow = 0xffffffff;
  for (size_t i = 0; i < m.gpr.size(); ++i) m.gpr[i] = later(a.gpr[i], b.gpr[i], c.gpr[i]);
  for (size_t i = 0; i < m.vr.size(); ++i)
    for (size_t k = 0; k < 2; ++k) m.vr[i][k] = later(a.vr[i][k], b.vr[i][k], c.vr[i][k]);
  for (Value Machine::*part : {&Machine::lr, &Machine::ctr, &Machine::srr0, &Machine::srr1, &Machine::hsrr0, &Machine::hsrr1})
    m.*part = later(a.*part, b.*part, c.*part);
  // These are many fields: what a turn does not change stays, and what it does it does again in those that are run.
  for (Value Machine::*part : {&Machine::cr, &Machine::xer}) {
    const uint64_t stays = (a.*part).same_bits(b.*part) & (b.*part).same_bits(c.*part);
    m.*part = Value::unknown().with(c.*part, stays).masked(kLow);
  }
}

}  // namespace baton::verify
