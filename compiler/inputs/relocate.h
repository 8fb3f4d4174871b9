// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does one relocation write into one field?
//
// The types of ppc64 that occur in stubs, in both byte orders and of both ABIs (ELFv1 1.9 section 4.5.1, ELFv2 1.5
// section 3.5): what is computed from symbol, place and TOC, which bits of it go where, and which values do not fit. Which
// symbol is meant, and which of its two entries a call goes to, is known to the caller (relocatable.h).
//
//   relocate({.type = R_PPC64_REL24, .target = 0x1020, .place = 0x1000}, bytes, 0, Endian::kBig)   48000001 -> 48000021
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"

namespace baton::inputs {

struct Relocation {
  uint32_t type = 0;
  uint64_t target = 0;  // S + A
  uint64_t place = 0;   // P, the address of the field
  uint64_t toc = 0;     // .TOC.
};

/// "R_PPC64_REL24", or "type 245" for what is not known here.
std::string relocation_name(uint32_t type);
bool is_known_relocation(uint32_t type);
/// Of a branch: its target is code, and not a function descriptor.
bool is_branch_relocation(uint32_t type);
/// Says something about the code and changes nothing.
bool is_marker_relocation(uint32_t type);

struct Relocated {
  std::string fault = {};  // why nothing was written; empty when it was
  bool cut = false;        // the value has more bits than @h and @ha of the second ABI have room for
};

/// Writes the field at `offset` of `bytes`. The type is known.
Relocated relocate(const Relocation& relocation, std::span<uint8_t> bytes, uint64_t offset, Endian order);

}  // namespace baton::inputs
