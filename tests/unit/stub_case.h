// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does a test have a few instructions judged?
//
// They are entered at one address and must come to another, with r3 an id of 16 bits and r4 the address of 64 bytes of
// which nothing is known. What they must bring about is the test's to say.
//
//   Case c(std::string("\tli %r5, 0\n") + kGo); c.to.registers = {{"r5", {Term::number(0)}, "r5 = 0"}}; c.judge()
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "ppc64/assemble.h"
#include "ppc64/registers.h"
#include "verify/verify.h"

namespace baton::verify {

inline constexpr uint64_t kCode = 0x10000, kTaker = 0x20000, kWord = 0x30000;

/// Enters `text` at kCode with r3 = id (16 bits) and r4 = kWord, of whose memory nothing is known.
struct Case {
  ByteBuffer code;
  EntryState from;
  Goals to;

  explicit Case(const std::string& text) {
    auto result = ppc64::assemble(text, Endian::kBig);
    if (!result) FAIL(result.failure().message << "\n" << text);
    code = result->text;
    from.registers = {{"r3", Term::named("id")}, {"r4", Term::number(kWord)}};
    from.symbol_bits["id"] = 0xffff;
    from.msr_known = ppc64::msr::kSf | ppc64::msr::kPr | ppc64::msr::kIr | ppc64::msr::kDr | ppc64::msr::kEe | ppc64::msr::kLe;
    from.msr_value = ppc64::msr::kSf;
    from.unknown = {{Range::at(Address{kWord}, Size{64}), "word"}};
    to.target = Address{kTaker};
  }
  Verdict judge(Observer* observer = nullptr) const {
    EntryState watched = from;
    watched.observer = observer;
    return verify_entry(Loaded{{{"code", Address{kCode}, code, Size{0x1000}}}, Address{kCode}}, watched, to, Endian::kBig);
  }
};

inline const Obligation& find(const Verdict& verdict, const std::string& clause) {
  for (const Obligation& o : verdict.obligations)
    if (o.clause == clause) return o;
  FAIL("no obligation " << clause);
  return verdict.obligations.front();
}

/// Goes to kTaker.
inline const char* const kGo = "\tlis %r9, 2\n\tmtctr %r9\n\tbctr\n";

}  // namespace baton::verify
