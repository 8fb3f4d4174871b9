// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the images that elf_fuzz starts from, two PT_LOADs and a section each, one entered through a function
// descriptor; and the objects that foreign_fuzz starts from, with relocations.  elf_seed FOLDER
#include <fstream>
#include <iostream>

#include "../unit/elf_builder.h"
#include "../unit/object_builder.h"

using namespace baton;

namespace {

bool write(const std::string& path, const ByteBuffer& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
  return static_cast<bool>(out);
}

ByteBuffer object(Endian order) {
  tests::ObjectBuilder object(order);
  // bl callee; nop; ld 4, 8(2); bctr; callee: blr
  const uint16_t text = object.add_code(".text", {0x48000001, 0x60000000, 0xe8820000, 0x4e800420, 0x4e800020});
  const uint16_t data = object.add_data(".data", ByteBuffer(32));
  object.add_zeros(".bss", 64);
  const uint32_t callee = object.add_symbol("callee", text, 16, tests::ObjectBuilder::kFunction);
  const uint32_t kernel = object.add_symbol("kernel", data, 8, tests::ObjectBuilder::kObject);
  object.relocate(text, 0, 10, callee);  // R_PPC64_REL24
  object.relocate(text, order == Endian::kBig ? 10 : 8, 63, kernel);  // R_PPC64_TOC16_DS
  object.relocate(data, 16, 38, callee, 4);  // R_PPC64_ADDR64
  return object.bytes();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: elf_seed FOLDER\n";
    return 64;
  }
  for (Endian order : {Endian::kBig, Endian::kLittle}) {
    tests::ElfBuilder elf(order);
    ByteBuffer code(0x80);
    store<uint32_t>(code, 0x5c, 0x72756e30, order);
    elf.add_load(0x1000, code, 0x100);
    ByteBuffer descriptor(16);
    store<uint64_t>(descriptor, 0, 0x1010, order);
    elf.add_load(0x2000, descriptor);
    elf.entry = order == Endian::kBig ? 0x2000 : 0x1000;
    elf.sections = {{}, {6, 0x1000, 0x100}, {2, 0x2000, 16}};
    const std::string stem = std::string(arguments[1]) + "/" + to_text(order);
    if (!write(stem + ".elf", elf.bytes()) || !write(stem + ".o", object(order))) return 1;
  }
}
