// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Digests by LLVM's SHA-256. See digest.h.
#include "inputs/digest.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/SHA256.h"

namespace baton::inputs {

Sha256 sha256(const std::vector<ByteView>& pieces) {
  llvm::SHA256 state;
  for (ByteView piece : pieces) state.update(llvm::ArrayRef<uint8_t>(piece.data(), piece.size()));
  return state.final();
}

std::string to_text(const Sha256& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace baton::inputs
