// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the images that elf_fuzz starts from: two PT_LOADs and a section each, one entered through a
// function descriptor.  elf_seed FOLDER
#include <fstream>
#include <iostream>

#include "../unit/elf_builder.h"

using namespace baton;

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
    ByteBuffer bytes = elf.bytes();
    std::ofstream out(std::string(arguments[1]) + "/" + to_text(order) + ".elf", std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
    if (!out) return 1;
  }
}
