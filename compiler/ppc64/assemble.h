// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes does a listing stand for? LLVM's assembler, in process, answers.
//
// The text is what GNU as would read too; tests hold the two equal. A stub of ours is loaded as it is, so a
// relocation in it is a failure, and so is any section with contents besides .text; what others wrote becomes
// an object file with both. The C preprocessor is not here.
//
//   auto a = assemble("\tli %r5, 0\n", Endian::kBig);  a->text == { 0x38, 0xa0, 0x00, 0x00 }
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace baton::ppc64 {

struct Assembled {
  ByteBuffer object;  // ELF64 relocatable object
  ByteBuffer text;    // the contents of .text
};

/// What becomes of the object: a stub is loaded as it is; code of a caller is linked, so that sections besides .text
/// may have contents and relocations. Nothing of .text itself is relocated in either.
enum class Use { kLoaded, kLinked };

Result<Assembled> assemble(const std::string& text, Endian order, Use use = Use::kLoaded);

/// An object file of text that others wrote, sections and relocations and all: GNU syntax after the C preprocessor, whose
/// line marks (`# 12 "stub.S"`) say where an error is; `name` is the file of a text without them. e_flags name an ABI
/// only where the text does, by `.abiversion` or `.localentry`.
Result<ByteBuffer> assemble_object(const std::string& text, Endian order, const std::string& name);

}  // namespace baton::ppc64
