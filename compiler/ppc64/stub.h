// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is a stub before it is bytes: an ordered listing of labels, instructions and literals?
//
// Each instruction carries the clause that it discharges; print() writes that beside it. The listing is the
// source of truth: the text is assembled, not this structure. An instruction may be in the other byte order
// than the unit (the head of a stub that must run in both): it is then printed as `.long` with the readable
// instruction beside it, so that one unchanged .S serves any assembler for the unit's byte order.
// No padding is left to the assembler's taste: gaps are `.org` filled with zero bytes.
//
//   Stub s; s.label("body").code(ins::mr(reg::r3, reg::r7), "to: r3 = tree.address"); print(s)
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ppc64/instruction.h"

namespace baton::ppc64 {

struct LabelItem {
  std::string name;
};
struct CodeItem {
  Instruction instruction;
  Endian order;
  std::string clause;  // which obligation it discharges
};
struct WordItem {  // four bytes
  uint32_t value;
  Endian order;
  std::string remark;
};
struct DoublewordItem {  // eight bytes
  uint64_t value;
  Endian order;
  std::string remark;
};
struct BytesItem {
  ByteBuffer bytes;
  std::string remark;
};
struct OrgItem {  // zero bytes up to this offset from the start of the stub
  uint64_t offset;
};
struct AlignItem {  // zero bytes up to a multiple of this power of two, counted from the start
  uint64_t alignment;
};
struct CommentItem {  // a full line
  std::string text;
};
using Item = std::variant<LabelItem, CodeItem, WordItem, DoublewordItem, BytesItem, OrgItem, AlignItem,
                          CommentItem>;

struct Stub {
  std::string symbol = "baton_stub";  // the global symbol at its first byte
  Endian unit_order = Endian::kBig;   // the byte order of the assembly unit, and of code() without one
  std::vector<std::string> title;     // comment lines at the head of the file
  std::vector<Item> items;

  Stub& label(std::string name);
  Stub& code(Instruction instruction, std::string clause);
  Stub& code(Instruction instruction, std::string clause, Endian order);
  Stub& word(uint32_t value, Endian order, std::string remark = {});
  Stub& doubleword(uint64_t value, Endian order, std::string remark = {});
  Stub& bytes(ByteBuffer bytes, std::string remark = {});
  Stub& org(uint64_t offset);
  Stub& align(uint64_t alignment);
  Stub& comment(std::string text);
};

/// Where everything lies, in bytes from the start of the stub.
struct Layout {
  std::vector<uint64_t> offsets;  // one per item; for gaps, where the zero bytes begin
  std::map<std::string, uint64_t, std::less<>> labels;  // kStartLabel included
  uint64_t size = 0;
};

/// Fails on a label defined twice or not at all, an .org that goes back, and misaligned code.
Result<Layout> lay_out(const Stub& stub);
/// The instruction with its label replaced by a number, for the item at `offset`.
Result<Instruction> resolve(const Instruction& instruction, uint64_t offset, const Layout& layout);
/// The commented .S. A Failure names the item that cannot be written.
Result<std::string> print(const Stub& stub);
/// The bytes by our own encoder, for comparison with what the assembler made of the text.
Result<ByteBuffer> encode(const Stub& stub);

}  // namespace baton::ppc64
