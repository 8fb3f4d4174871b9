// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory first, by what the registers hold at the call; then the registers. See foreign_call.h.
#include "verify/foreign_call.h"

#include <algorithm>

#include "base/address.h"
#include "verify/machine.h"

namespace baton::verify {
namespace {

/// More than this at once is no function of a stub.
constexpr uint64_t kMostBytes = 1 << 20;
/// Of the caller's frame: links, saved CR and LR, and room for eight parameters, in the first ABI, which has more of it.
constexpr uint64_t kCallersFrame = 112;

constexpr const char* kVolatile[] = {"r0", "r3", "r4",  "r5",  "r6",  "r7",  "r8",  "r9",  "r10", "r11", "r12", "lr",
                                     "ctr", "xer", "cr0", "cr1", "cr5", "cr6", "cr7", "v0",  "v1",  "v2",  "v3",  "v4",
                                     "v5",  "v6",  "v7",  "v8",  "v9",  "v10", "v11", "v12", "v13", "v14", "v15", "v16",
                                     "v17", "v18", "v19"};
/// A hypervisor comes back by itself, and neither LoPAPR nor Linux counts on a field of CR.
constexpr const char* kVolatileOfHypervisor[] = {"r0",  "r3",  "r4",  "r5", "r6", "r7", "r8", "r9", "r10",
                                                 "r11", "r12", "ctr", "xer", "cr", "v0", "v1", "v2", "v3",
                                                 "v4",  "v5",  "v6",  "v7", "v8", "v9", "v10", "v11", "v12",
                                                 "v13", "v14", "v15", "v16", "v17", "v18", "v19"};

/// Of "cr3" or "v12" the number, below `count`.
std::optional<unsigned> numbered(const std::string& name, const char* kind, unsigned count) {
  const std::string prefix = kind;
  const size_t digits = name.size() - std::min(name.size(), prefix.size());
  if (name.rfind(prefix, 0) != 0 || digits == 0 || digits > 2) return std::nullopt;
  unsigned number = 0;
  for (char c : name.substr(prefix.size())) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  const bool leading_zero = digits == 2 && name[prefix.size()] == '0';
  return number < count && !leading_zero ? std::optional(number) : std::nullopt;
}

void clobber(Machine& m, const std::string& name) {
  if (auto field = numbered(name, "cr", 8))
    m.cr = m.cr.with(Value::unknown(), uint64_t{15} << 4 * (7 - *field));
  else if (auto vector = numbered(name, "v", 32))
    m.vr[*vector] = {Value::unknown(), Value::unknown()};
  else if (name == "cr")
    m.cr = Value::unknown().masked(0xffffffff);
  else if (name == "xer")
    m.xer = Value::unknown().masked(0xe00c007f);
  else if (Value* value = m.find(name))
    *value = Value::unknown();
}

class Call {
 public:
  Call(Machine& m, const CallContract& contract) : m_(m), contract_(contract) {}

  std::optional<std::string> touch_memory() {
    for (const auto& region : contract_.reads)
      if (auto trouble = read(region)) return trouble;
    if (contract_.stack != 0) {
      auto stack = m_.gpr[1].constant();
      if (!stack) return "calls " + contract_.name + ", and where its stack is is not known";
      if (auto trouble = write(*stack - contract_.stack, contract_.stack + kCallersFrame)) return trouble;
    }
    for (const auto& region : contract_.writes) {
      auto at = number(region.at), size = number(region.size);
      if (!at || !size) return "calls " + contract_.name + ", and where that writes is not known";
      if (auto trouble = write(*at, *size)) return trouble;
    }
    return std::nullopt;
  }

  template <typename Names>
  void leave_registers(const Names& standard) {
    if (contract_.clobbers)
      for (const std::string& name : *contract_.clobbers) clobber(m_, name);
    else
      for (const char* name : standard) clobber(m_, name);
    if (contract_.result) m_.gpr[3] = Value(*contract_.result);
    m_.reservation.reset();
    m_.called.insert(contract_.name);
  }

 private:
  std::optional<uint64_t> number(const CallContract::Operand& operand) const {
    return operand.gpr ? m_.gpr[*operand.gpr].constant() : operand.number;
  }
  std::string bytes(uint64_t at, uint64_t size) const { return std::to_string(size) + " bytes at " + hex(Wide{at}); }
  std::optional<std::string> too_much(uint64_t at, uint64_t size) const {
    if (size <= kMostBytes && Wide{at} + Wide{size} <= kTwoTo64) return std::nullopt;
    return "calls " + contract_.name + " for " + bytes(at, size) + ", which is more than is followed";
  }

  std::optional<std::string> read(const CallContract::Region& region) {
    auto at = number(region.at), size = number(region.size);
    if (!at || !size) return "calls " + contract_.name + ", and where that reads is not known";
    if (auto trouble = too_much(*at, *size)) return trouble;
    for (uint64_t i = 0; i < *size; ++i) {
      const uint64_t place = m_.place_of(*at + i);
      if (m_.memory.name_at(place).empty() && !m_.memory.was_stored(place, 1))
        return "calls " + contract_.name + ", which reads " + bytes(*at, *size) + ", and nobody described what is there";
    }
    return std::nullopt;
  }
  std::optional<std::string> write(uint64_t at, uint64_t size) {
    if (auto trouble = too_much(at, size)) return trouble;
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t place = m_.place_of(at + i);
      m_.coherence.store(place, 1, m_.memory.store(place, 1, Value::unknown(), Endian::kBig), m_.pc);
    }
    return std::nullopt;
  }

  Machine& m_;
  const CallContract& contract_;
};

}  // namespace

bool can_clobber(const std::string& name) {
  Machine any;
  return name == "cr" || name == "xer" || numbered(name, "cr", 8) || numbered(name, "v", 32) || any.find(name) != nullptr;
}

std::optional<std::string> call_function(Machine& m, const CallContract& contract) {
  auto back = m.lr.constant();
  if (!back) return "calls " + contract.name + ", and where that returns to is not known";
  Call call(m, contract);
  if (auto trouble = call.touch_memory()) return trouble;
  call.leave_registers(kVolatile);
  m.pc = *back & ~uint64_t{3};
  return std::nullopt;
}

std::optional<std::string> call_hypervisor(Machine& m, const CallContract& contract) {
  Call call(m, contract);
  if (auto trouble = call.touch_memory()) return trouble;
  call.leave_registers(kVolatileOfHypervisor);
  return std::nullopt;
}

}  // namespace baton::verify
