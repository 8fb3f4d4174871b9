// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What do others call a word that the table of encodings does not hold?
//
// LLVM's disassembler answers, in its own syntax and for all levels that it knows, in whichever state or mode a word is an
// instruction. It is for sentences alone: what is an instruction to Baton, and what it does, the table says (decode). LLVM takes
// some words that the books call reserved, and some instructions it does not know.
//
//   name_elsewhere(0xc0230000)  ->  "`lfs 1, 0(3)`"
//   name_elsewhere(0)           ->  ""
#pragma once

#include <cstdint>
#include <string>

namespace baton::ppc64 {

/// As a sentence has it; empty where there is none. The first word of an instruction of eight bytes is called that.
std::string name_elsewhere(uint32_t word);

}  // namespace baton::ppc64
