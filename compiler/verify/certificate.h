// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What did the judge say of these very bytes, as a file to keep beside them?
//
// NAME.proof.json, described by proof.schema.json: every obligation with its outcome, what was taken on trust where one is
// assumed, and the digests of the bytes that it all speaks of. Whoever has other bytes has no proof of them. Numbers of 64
// bits are lower-case hex strings.
//
//   certificate_json({"boot", "guest", "linux.kexec@2013", "linux.bootblock@17", entry, bytes, ways})
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "verify/verify.h"

namespace baton::verify {

struct JudgedBytes {
  std::string name;
  std::optional<Address> start;  // nothing: linked by its caller, and placed there
  Size size;
  std::string sha256;  // in hex
};

/// What was said of a giver in this byte order.
struct JudgedWay {
  Endian giver = Endian::kBig;
  const Verdict& verdict;
};

struct Certificate {
  std::string handoff, machine, from, to;
  std::optional<Address> entry;
  std::vector<JudgedBytes> bytes;
  std::vector<JudgedWay> ways;
};

std::string certificate_json(const Certificate& certificate);

}  // namespace baton::verify
