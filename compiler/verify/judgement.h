// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does the user see of a stub that was judged?
//
// Which bytes were looked at, where everything lies, and every obligation with its answer, for each byte order that the
// giver may have. In the order in which the judge gave them.
//
//   judgement_text(j)  ->  "stub.o: ELFv2, ...\n\nbig-endian giver: 2 ways, at most 33 instructions\n  proved ..."
#pragma once

#include <string>
#include <vector>

#include "base/range.h"
#include "verify/verify.h"

namespace baton::verify {

struct NamedRange {
  std::string name;
  Range range;
};

struct JudgedOrder {
  Endian giver = Endian::kBig;
  const Verdict* verdict = nullptr;
};

struct Judgement {
  std::string stub, kind, entry;
  std::vector<NamedRange> pieces;
  std::string from, to;
  std::vector<NamedRange> around;
  std::vector<std::string> remarks;
  std::vector<JudgedOrder> ways;
};

std::string judgement_text(const Judgement& judgement);
/// "tree + 0x10 = 0x...: r3 = 0x5, not certainly 0x0"
std::string example_text(const Example& example);
/// "confirmed in QEMU: r3 = 0x5, not certainly 0x0", "QEMU can not show this: ...", "not replayed: ...", "QEMU disagrees: ..."
std::string replayed_text(const Replayed& replayed);

}  // namespace baton::verify
