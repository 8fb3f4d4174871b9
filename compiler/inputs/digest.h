// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is the SHA-256 of these bytes, wherever they lie?
//
// A segment's bytes are pieces of a file with zeros between them, so the digest is taken over a list of
// views, as if they were one.
//
//   to_text(sha256({view_of("abc")})) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace baton::inputs {

using Sha256 = std::array<uint8_t, 32>;

Sha256 sha256(const std::vector<ByteView>& pieces);
/// 64 lower-case hexadecimal digits.
std::string to_text(const Sha256& digest);

}  // namespace baton::inputs
