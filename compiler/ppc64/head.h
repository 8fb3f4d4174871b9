// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does an image's head offer to those who enter it: a landing, order neutrality, code that runs at 0?
//
// These are the `expects` answers that need decoding (language reference, "The head"). Each is *checked*
// (proved from the bytes), *assumed* (not refuted, and the reason why it is not proved) or *refused* (the
// bytes contradict it). The head is given as its file-backed bytes from offset 0; what follows is not code.
// Execution beyond what the head's own bytes say (what slaves find after their release) is the taker's.
//
//   check_runs_at_zero(head, 0x60, 0x100, Endian::kBig)  ->  checked, "leaves at 0xcc through ctr, to an
//   address that it loads below 0x100"
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace baton::ppc64 {

enum class Answer { kChecked, kAssumed, kRefused };
/// "checked", "assumed", "refused".
const char* to_text(Answer answer);

struct HeadAnswer {
  Answer answer = Answer::kAssumed;
  uint64_t offset = 0;      // where in the head the reason lies
  std::string reason = {};  // a clause without full stop: names the word or instruction
};

/// No operation in an image's own byte order, a branch over the next word in the other.
inline constexpr uint32_t kNeutralWord = 0x08000048;

/// `order_neutral`: the word at `offset` is kNeutralWord in the image's own order.
HeadAnswer check_order_neutral(ByteView head, uint64_t offset, Endian image_order);

/// `landing slaves at offset N`: the word lies in the head's bytes, is neither zero nor a trap, and is an
/// instruction in the byte order that slaves arrive in.
HeadAnswer check_landing(ByteView head, uint64_t offset, Endian arrival);

/// `head N runs_at_zero`: from the landing, entered at real address `landing` in byte order `arrival`,
/// nothing at or above `limit` is fetched, loaded or stored until the code leaves for an address that it
/// loaded from below `limit`. Both ways of every condition are followed.
HeadAnswer check_runs_at_zero(ByteView head, uint64_t landing, uint64_t limit, Endian arrival);

}  // namespace baton::ppc64
