// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes segment tables and depfiles for the scripts beside it: every field of every segment different, so
// that no two can be exchanged unseen.
//
//   table_sample tables DIR              DIR/low.* below 4 GiB, DIR/tall.* with a segment above
//   table_sample depfile OUTPUT INPUT..  a depfile on standard output; exit code 1 and the reason if none
#include <cstdio>
#include <fstream>
#include <iostream>

#include "emit/depfile.h"
#include "emit/map.h"
#include "emit/table.h"

using namespace baton;
using namespace baton::emit;

namespace {

std::string digest(char digit) { return std::string(64, digit); }

SegmentTable low_table() {
  SegmentTable table;
  table.handoff = "low";
  table.machine = "lab";
  table.from = "linux.kexec@2013";
  table.to = "linux.bootblock@17";
  table.giver = "both";
  table.entry = Address{0x4000000};
  table.granule = Size{0x10000};
  table.segments = {
      {"kernel", "elf", Address{0x5000000}, Size{0x1234567}, Size{0x1111222}, Size{0x1240000}, digest('a'), 0x3c0},
      {"initrd.1", "file", Address{0x89ab0000}, Size{0x654321}, Size{0x654321}, Size{0x660000}, digest('b'), 0x11115e8},
      {"initrd_1", "file", Address{0x7fff0000}, Size{0x9}, Size{0x9}, Size{0x10000}, digest('c'), 0x1765910},
      {"pen", "reserve", Address{0x3000000}, Size{0x20000}, Size{0}, Size{0x20000}, digest('d'), 0x1765919},
      {"stub", "trampoline", Address{0x4000000}, Size{0x180}, Size{0x17c}, Size{0x10000}, digest('0'), 0x1765920},
  };
  return table;
}

SegmentTable tall_table() {
  SegmentTable table = low_table();
  table.handoff = "tall";
  table.on_crash = true;
  table.giver = "big";
  table.segments[1].start = Address{0x123456789ab0000};
  table.segments[1].memsz = Size{0xfedc00000000};
  return table;
}

bool write(const std::string& path, const void* bytes, size_t size) {
  std::ofstream file(path, std::ios::binary);
  file.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  return file.good();
}
bool write(const std::string& path, const std::string& text) { return write(path, text.data(), text.size()); }

bool write_table(const std::string& path, const Result<ByteBuffer>& bytes) {
  if (bytes) return write(path, bytes->data(), bytes->size());
  std::cout << bytes.failure().message << "\n";
  return true;
}

bool write_all(const SegmentTable& table, const std::string& folder) {
  const std::string stem = folder + "/" + table.handoff;
  const std::pair<Endian, const char*> orders[] = {{Endian::kBig, "be"}, {Endian::kLittle, "le"}};
  bool good = write(stem + ".json", table_json(table)) && write(stem + ".h", table_header(table)) &&
              write(stem + ".map", map_text(table, {{"kernel.entry", Address{0x500000c}}}));
  for (const auto& [order, suffix] : orders)
    good = good && write_table(stem + ".native64-" + suffix + ".table", native64_table(table, order)) &&
           write_table(stem + ".compat32-" + suffix + ".table", compat32_table(table, order));
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == "tables")
    return write_all(low_table(), words[1]) && write_all(tall_table(), words[1]) ? 0 : 1;
  if (words.size() >= 2 && words[0] == "depfile") {
    auto text = depfile({words[1]}, {words.begin() + 2, words.end()});
    std::cout << (text ? *text : text.failure().message + "\n");
    return text ? 0 : 1;
  }
  std::fprintf(stderr, "usage: table_sample tables DIR | depfile OUTPUT INPUT..\n");
  return 64;
}
