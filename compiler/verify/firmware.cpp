// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The calls that are known, and their contracts. See firmware.h.
#include "verify/firmware.h"

#include "verify/machine.h"

namespace baton::verify {

namespace msr = ppc64::msr;

namespace {

constexpr uint64_t kSetMode = 0x31c, kResourceLittleEndian = 4;
constexpr uint64_t kPutTermChar = 0x58, kMostChars = 16;
constexpr uint64_t kReinitCpus = 70, kHileBig = 1, kHileLittle = 2;
constexpr uint64_t kConsoleWrite = 1, kPollEvents = 10;

/// What is left of the registers that both conventions give to the callee. Of vector registers neither says that any
/// is kept by firmware.
void clobber(Machine& m) {
  for (Vector& vector : m.vr) vector = {Value::unknown(), Value::unknown()};
  m.gpr[0] = Value::unknown();
  for (unsigned i = 4; i <= 12; ++i) m.gpr[i] = Value::unknown();
  m.ctr = Value::unknown();
  m.xer = Value::unknown().masked(0xe00c007f);
  m.cr = Value::unknown().masked(0xffffffff);
  m.gpr[3] = m.firmware.answer;
}

void set_interrupts(Machine& m, unsigned little) {
  if (m.firmware.answer == Value()) m.interrupts = {little};
}

std::string number(const char* name, const Value& value) {
  auto constant = value.constant();
  return std::string(name) + " = " + (constant ? hex(Wide{*constant}) : "unknown");
}

/// Eight bytes that firmware stores.
void store_anything(Machine& m, uint64_t address) {
  const uint64_t place = m.place_of(address);
  m.coherence.store(place, 8, m.memory.store(place, 8, Value::unknown(), Endian::kBig), m.pc);
}

bool has(const Machine& m, uint64_t mask, bool one) {
  return (m.msr.known() & mask) == mask && (m.msr.bits() & mask) == (one ? mask : 0);
}

}  // namespace

const std::vector<Firmware::Answer>& Firmware::refusals() const {
  // Any number with these bits set; the bits under `open` may be either.
  auto with = [](uint64_t set, uint64_t open) { return Value(set).with(Value::unknown(), open); };
  constexpr uint64_t kSign = uint64_t{1} << 63;
  static const std::vector<Answer> kHypervisor = {{"a negative answer, H_PARAMETER and the like", with(kSign, ~kSign)},
                                                  {"H_BUSY", Value(1)},
                                                  // H_LONG_BUSY_ORDER_1_MSEC, 9900, to H_LONG_BUSY_ORDER_100_SEC, 9905
                                                  {"H_LONG_BUSY", with(0x2600, 0xff)}};
  static const std::vector<Answer> kOpal = {{"a negative answer, OPAL_WRONG_STATE and the like", with(kSign, ~kSign)}};
  return opal_entry ? kOpal : kHypervisor;
}

std::optional<std::string> call_papr(Machine& m) {
  if (!m.firmware.papr) return "calls a hypervisor, and none is known on this machine";
  auto function = m.gpr[3].constant();
  if (!function) return "calls the hypervisor by a number that is not known";
  if (m.calls)
    if (auto contract = m.calls->hypervisor.find(*function); contract != m.calls->hypervisor.end())
      return call_hypervisor(m, contract->second);
  if (*function == kPutTermChar) {
    auto length = m.gpr[5].constant();
    if (!length || *length > kMostChars) return "calls H_PUT_TERM_CHAR, and not for at most 16 characters: " + number("r5", m.gpr[5]);
    clobber(m);
    return std::nullopt;
  }
  if (*function != kSetMode) return "calls the hypervisor, and what " + number("r3", m.gpr[3]) + " does is not known here";
  auto order = m.gpr[4].constant();
  if (!order || *order > 1 || m.gpr[5].constant() != kResourceLittleEndian || m.gpr[6].constant() != uint64_t{0} ||
      m.gpr[7].constant() != uint64_t{0})
    return "calls H_SET_MODE, and not for the byte order of interrupts: " + number("r4", m.gpr[4]) + ", " +
           number("r5", m.gpr[5]) + ", " + number("r6", m.gpr[6]) + ", " + number("r7", m.gpr[7]);
  clobber(m);
  set_interrupts(m, static_cast<unsigned>(*order));
  return std::nullopt;
}

std::optional<std::string> call_opal(Machine& m) {
  if (!has(m, msr::kSf | msr::kHv, true) || !has(m, msr::kLe | msr::kIr | msr::kDr | msr::kEe | msr::kPr, false))
    return "OPAL is entered, and not certainly big-endian, in real mode and in hypervisor state";
  if (m.gpr[2].constant() != m.firmware.opal_base)
    return "OPAL is entered with " + number("r2", m.gpr[2]) + ", and its base is " + hex(Wide{m.firmware.opal_base});
  const auto token = m.gpr[0].constant(), first = m.gpr[3].constant(), second = m.gpr[4].constant();
  const bool reinit = token == kReinitCpus && (first == kHileBig || first == kHileLittle);
  const bool writes = token == kConsoleWrite && second, polls = token == kPollEvents && first;
  if (!reinit && !writes && !polls)
    return "OPAL is called with " + number("r0", m.gpr[0]) + ", " + number("r3", m.gpr[3]) + ", which is not known here";
  auto back = m.lr.constant();
  if (!back) return "OPAL is called, and where it returns to is not known";
  // How many characters it wrote; which events there are, where somebody asks for them.
  if (writes) store_anything(m, *second);
  if (polls && *first != 0) store_anything(m, *first);
  clobber(m);
  m.lr = Value::unknown();
  m.gpr[2] = Value::unknown();
  if (reinit) set_interrupts(m, *first == kHileLittle ? 1 : 0);
  m.pc = *back & ~uint64_t{3};
  return std::nullopt;
}

}  // namespace baton::verify
