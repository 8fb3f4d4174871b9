// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does a stub find out that a segment is not what was compiled, before it stores anything?
//
// SHA-256 over the bytes of each named segment, with general registers or with the vector instructions of ISA
// 2.07, compared with the digest known when the stub was made. Nothing is stored: message, schedule and state
// are in registers, and registers that are needed later are put back. The first segment that differs is named on
// the console, and the CPU stays in a loop of the stub.
//
// Of the machine it takes: real mode, data at addresses translation is not needed for, and for vectors a
// facility that firmware does not withhold (HFSCR).
//
//   digest_check({start, {{"kernel", 0x5000000, 0x1234, sha256}}}, goals) -> code for the body; code and tables
//   to stand behind all bodies; how many instructions a check that finds nothing executes
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/result.h"
#include "ppc64/stub.h"
#include "trampoline/goals.h"

namespace baton::trampoline {

struct DigestInput {
  std::string name;    // of the segment
  uint64_t start = 0;  // a multiple of 16
  uint64_t size = 0;   // of its bytes, without what is zero behind them
  std::array<uint8_t, 32> sha256{};
  std::string clause;
};

struct Digest {
  uint64_t start = 0;  // of the stub, a multiple of 256
  std::vector<DigestInput> inputs = {};
  bool vectors = false;
  Firmware console = {};  // prints, when a digest differs
};

struct DigestCheck {
  ppc64::Stub before;  // the first part of the body
  ppc64::Stub behind;  // one block's work, tables, and where a difference leads; anywhere in the stub
  uint64_t instructions = 0;
};

/// For a master that arrives as `goals` says, and is left so: registers, MSR and byte order.
Result<DigestCheck> digest_check(const Digest& digest, const MasterGoals& goals);

/// The end of the way after a difference: it is big-endian, once for all byte orders of the giver.
ppc64::Stub digest_stop(const Digest& digest);

/// The loop over the whole blocks of an input begins here: a label of `before`.
std::string digest_loop_label(Endian giver, size_t input);
/// Where a difference of this input leads: a label of `behind`.
std::string digest_differs_label(Endian giver, size_t input);
/// The doubleword in which OPAL is told how much to write, and tells how much it wrote; where OPAL is the console.
inline constexpr const char* kDigestWrittenLabel = "digest_stop_written";

}  // namespace baton::trampoline
