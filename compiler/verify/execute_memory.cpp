// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads, stores, reservations, and what orders them or moves them between caches (Power ISA 3.0B, Book I 3.3.2 to 3.3.4,
// Book II 4). See execution.h; what caches hold is coherence.h's business.
#include "base/address.h"
#include "verify/execution.h"

namespace baton::verify {

namespace msr = ppc64::msr;

/// The effective address of the operands after the first: displacement(base) or base, index.
std::optional<uint64_t> Execution::effective_address() {
  auto total_by = [&](auto plus) {
    Value total;
    for (size_t k = 0, operands = row_.operand_count(); k < operands; ++k) {
      switch (row_.fields[k]) {
        case Field::kD:
        case Field::kDs: total = plus(total, number(k)); break;
        case Field::kRaBase0: total = plus(total, base(k)); break;
        case Field::kRaUpdate:
        case Field::kRaUpdateStore:
        case Field::kRb: total = plus(total, gpr(k)); break;
        default: break;
      }
    }
    return total;
  };
  const Value total = total_by([](const Value& a, const Value& b) { return add(a, b); });
  auto address = total.constant();
  if (!address) {
    // By its name, so that it can be told what it is made of.
    unknown("accesses memory at an address that is not known", total_by([&](const Value& a, const Value& b) { return sum(a, b); }));
    return std::nullopt;
  }
  if (!m_.linear_map && !is_known(msr::kDr, false)) {
    unknown("accesses memory, and data translation is not known to be off");
    return std::nullopt;
  }
  if (m_.is_unmapped(*address, msr::kDr)) {
    wrong("accesses memory at " + hex(Wide{*address}) + ", where translation shows nothing");
    return std::nullopt;
  }
  return address;
}

/// Whether there is anything to load. Where something is stored that nobody reaches, it is judged by what may be written.
bool Execution::reaches(uint64_t address) {
  // Four high bits are not looked at with translation off (Power ISA 3.0B, Book III 5.7.3).
  const uint64_t real = address & ~(uint64_t{0xf} << 60);
  if (!m_.reach || m_.reach->contains(Range::at(Address{real}, Size{1}))) return true;
  wrong("loads from " + hex(Wide{address}) + (m_.linear_map ? ", where nothing is" : ", which no CPU of this guest reaches with translation off (machine.rma)"));
  result_.unreached = true;
  return false;
}

/// Update forms: the base register takes the address, after a store has taken its value.
void Execution::update(uint64_t address) {
  for (size_t k = 0; k < row_.operand_count(); ++k)
    if (row_.fields[k] == Field::kRaUpdate || row_.fields[k] == Field::kRaUpdateStore) gpr(k) = Value(address);
}

void Execution::load(bool sign, Endian order) {
  auto address = effective_address();
  if (!address || !reaches(*address)) return;
  unsigned width = ppc64::access_width(i_.mnemonic);
  m_.coherence.load(m_.place_of(*address), width);
  const uint64_t looks = m_.memory.nobodys_looks();
  Value value = m_.resolve(m_.memory.load(m_.place_of(*address), width, order));
  if (looks != m_.memory.nobodys_looks() && m_.undescribed.empty())
    m_.undescribed = where() + " loads " + std::to_string(width) + (width == 1 ? " byte" : " bytes") + " at " + hex(Wide{*address}) + ", which nobody described";
  update(*address);
  gpr(0) = sign ? value.sign_extended(8 * width) : value;
}

void Execution::store(Endian order) {
  auto address = effective_address();
  if (!address) return;
  put(m_.place_of(*address), ppc64::access_width(i_.mnemonic), gpr(0), order);
  update(*address);
}

void Execution::put(uint64_t at, unsigned width, const Value& value, Endian order) {
  m_.coherence.store(at, width, m_.memory.store(at, width, value, order), here_);
}

/// The block of an address that is not known is none that anything is missing of.
void Execution::of_block(void (Coherence::*what)(uint64_t)) {
  auto address = add(base(0), gpr(1)).constant();
  if (address && m_.is_unmapped(*address, msr::kDr)) return wrong("is about " + hex(Wide{*address}) + ", where translation shows nothing");
  if (address && (m_.linear_map || is_known(msr::kDr, false))) (m_.coherence.*what)(m_.place_of(*address));
}

void Execution::reserve() {
  auto address = effective_address();
  if (!address) return;
  const unsigned width = ppc64::access_width(i_.mnemonic);
  if (*address % width != 0) return wrong("reserves what is not aligned");
  m_.reservation = Access{*address, width, false};
  load(false, order_);
}

/// To what was reserved. One thread cannot tell whether another one stores in between: taken not to, and counted.
void Execution::store_conditional() {
  auto address = effective_address();
  if (!address) return;
  if (!m_.reservation || m_.reservation->address != *address || m_.reservation->width != ppc64::access_width(i_.mnemonic))
    return unknown("stores conditionally to what was not reserved");
  m_.reservation.reset();
  const bool fails = m_.failing_stores != 0;
  if (fails)
    --m_.failing_stores;
  else
    store(order_), ++m_.conditional_stores;
  set_cr_field(0, Order{Bit::constant(false), Bit::constant(false), Bit::constant(!fails)});
}

bool Execution::memory() {
  switch (i_.mnemonic) {
    case Mnemonic::kLbz: case Mnemonic::kLhz: case Mnemonic::kLwz: case Mnemonic::kLd:
    case Mnemonic::kLbzu: case Mnemonic::kLhzu: case Mnemonic::kLwzu: case Mnemonic::kLdu:
    case Mnemonic::kLbzx: case Mnemonic::kLhzx: case Mnemonic::kLwzx: case Mnemonic::kLdx:
    case Mnemonic::kLbzux: case Mnemonic::kLhzux: case Mnemonic::kLwzux: case Mnemonic::kLdux:
      load(false, order_);
      return true;
    case Mnemonic::kLha: case Mnemonic::kLhau: case Mnemonic::kLhax: case Mnemonic::kLhaux:
    case Mnemonic::kLwa: case Mnemonic::kLwax: case Mnemonic::kLwaux:
      load(true, order_);
      return true;
    case Mnemonic::kStb: case Mnemonic::kSth: case Mnemonic::kStw: case Mnemonic::kStd:
    case Mnemonic::kStbu: case Mnemonic::kSthu: case Mnemonic::kStwu: case Mnemonic::kStdu:
    case Mnemonic::kStbx: case Mnemonic::kSthx: case Mnemonic::kStwx: case Mnemonic::kStdx:
    case Mnemonic::kStbux: case Mnemonic::kSthux: case Mnemonic::kStwux: case Mnemonic::kStdux:
      store(order_);
      return true;
    case Mnemonic::kLhbrx: case Mnemonic::kLwbrx: case Mnemonic::kLdbrx: load(false, other(order_)); return true;
    case Mnemonic::kSthbrx: case Mnemonic::kStwbrx: case Mnemonic::kStdbrx: store(other(order_)); return true;
    case Mnemonic::kLwarx: case Mnemonic::kLdarx: reserve(); return true;
    case Mnemonic::kStwcxDot: case Mnemonic::kStdcxDot: store_conditional(); return true;

    case Mnemonic::kSync: case Mnemonic::kPtesync: m_.coherence.sync(); return true;
    case Mnemonic::kLwsync: case Mnemonic::kEieio: return true;
    case Mnemonic::kIsync: m_.coherence.isync(); return true;
    case Mnemonic::kDcbst: case Mnemonic::kDcbf: of_block(&Coherence::write_back); return true;
    case Mnemonic::kIcbi: of_block(&Coherence::invalidate); return true;
    case Mnemonic::kDcbt: case Mnemonic::kDcbtst: return true;  // a hint
    case Mnemonic::kDcbz: unknown("clears a cache block, whose size is the CPU's"); return true;
    default: return false;
  }
}

}  // namespace baton::verify
