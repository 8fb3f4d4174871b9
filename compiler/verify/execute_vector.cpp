// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Instructions of the vector facility (Power ISA 3.0B, Book I 6): whether it is there, memory and CR. What they make of
// the registers' values is in vector.h.
#include "verify/execution.h"

namespace baton::verify {

namespace msr = ppc64::msr;

bool Execution::vectors_available() {
  if (is_known(msr::kVec, true)) return true;
  if (is_known(msr::kVec, false))
    wrong("needs MSR[VEC], which is off");
  else
    unknown("needs MSR[VEC], which is not known to be on", m_.msr.masked(msr::kVec));
  return false;
}

void Execution::load_vector() {
  auto address = effective_address();
  if (!address || !reaches(*address)) return;
  uint64_t at = m_.place_of(*address) & ~uint64_t{15};
  // As one number of 128 bits: in little-endian the first byte in memory is the last of the register.
  Value first = m_.resolve(m_.memory.load(at, 8, order_)), second = m_.resolve(m_.memory.load(at + 8, 8, order_));
  vr(0) = order_ == Endian::kBig ? Vector{first, second} : Vector{second, first};
}

void Execution::store_vector() {
  auto address = effective_address();
  if (!address) return;
  uint64_t at = m_.place_of(*address) & ~uint64_t{15};
  const auto& [high, low] = vr(0);
  put(at, 8, order_ == Endian::kBig ? high : low, order_);
  put(at + 8, 8, order_ == Endian::kBig ? low : high, order_);
}

void Execution::compare_words() {
  WordEquality equality = equal_words(vr(1), vr(2));
  vr(0) = equality.mask;
  // CR6: all true, 0, all false, 0.
  m_.cr.set_bit(7, equality.all);
  m_.cr.set_bit(6, Bit::constant(false));
  m_.cr.set_bit(5, equality.none);
  m_.cr.set_bit(4, Bit::constant(false));
}

bool Execution::vector() {
  if (row_.fields[0] != Field::kVt) return false;
  if (!vectors_available()) return true;
  switch (i_.mnemonic) {
    case Mnemonic::kLvx: load_vector(); return true;
    case Mnemonic::kStvx: store_vector(); return true;
    case Mnemonic::kVadduwm: vr(0) = add_words(vr(1), vr(2)); return true;
    case Mnemonic::kVmrghw: vr(0) = merge_first_words(vr(1), vr(2)); return true;
    case Mnemonic::kVor: vr(0) = {vr(1)[0] | vr(2)[0], vr(1)[1] | vr(2)[1]}; return true;
    case Mnemonic::kVxor: vr(0) = {vr(1)[0] ^ vr(2)[0], vr(1)[1] ^ vr(2)[1]}; return true;
    case Mnemonic::kVcmpequwDot: compare_words(); return true;
    case Mnemonic::kVspltisw: vr(0) = splat_word(o_[1]); return true;
    case Mnemonic::kVsel: vr(0) = verify::select(vr(1), vr(2), vr(3)); return true;
    case Mnemonic::kVperm: vr(0) = permute(vr(1), vr(2), vr(3)); return true;
    case Mnemonic::kVsldoi: vr(0) = shift_bytes(vr(1), vr(2), count(3)); return true;
    case Mnemonic::kVshasigmaw: vr(0) = sha_sigmas(vr(1), o_[2] != 0, count(3)); return true;
    default: return false;
  }
}

}  // namespace baton::verify
