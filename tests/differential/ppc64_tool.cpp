// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of encodings and the assembler, on a command line for other programs to be held against.
//
//   ppc64_tool words N          N random accepted words per row: word, row, text, operands with their fields
//   ppc64_tool decode N         N random words, and N / 200 for each row, half of them with one more bit flipped: each with
//                               row and operands, or with nothing where it is no instruction
//   ppc64_tool assemble ORDER   a listing from standard input -> its .text, in hexadecimal
//   ppc64_tool stub ORDER       the text of a sample stub with code in both byte orders
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <random>
#include <string>

#include "ppc64/assemble.h"
#include "ppc64/stub.h"

using namespace baton;
using namespace baton::ppc64;

namespace {

const char* field_name(Field field) {
  switch (field) {
    case Field::kRt: return "rt";
    case Field::kRs: return "rs";
    case Field::kRa: return "ra";
    case Field::kRaBase0: return "base";
    case Field::kRaUpdate:
    case Field::kRaUpdateStore: return "update";
    case Field::kRb: return "rb";
    case Field::kD:
    case Field::kDs: return "d";
    default: return "other";
  }
}

int words(unsigned per_row) {
  std::mt19937 random(1993);
  for (const Encoding& row : encodings()) {
    unsigned accepted = 0;
    for (unsigned tries = 0; accepted < per_row && tries < 100 * per_row; ++tries) {
      uint32_t word = row.match | (static_cast<uint32_t>(random()) & ~row.mask);
      auto instruction = decode(word);
      if (!instruction) continue;
      ++accepted;
      std::printf("%08x|%s|%s|", word, std::string(row.name).c_str(), to_text(*instruction).c_str());
      for (size_t i = 0; i < row.operand_count(); ++i)
        std::printf("%s%s=%lld", i == 0 ? "" : ",", field_name(row.fields[i]),
                    static_cast<long long>(instruction->operands[i]));
      std::printf("|%u|%u\n", access_width(row.mnemonic), is_privileged(*instruction) ? 1u : 0u);
    }
    if (accepted == 0) {
      std::fprintf(stderr, "no word of `%s` is accepted\n", std::string(row.name).c_str());
      return 1;
    }
  }
  return 0;
}

void print_decoded(uint32_t word) {
  auto instruction = decode(word);
  std::printf("%08x|", word);
  if (instruction) {
    const Encoding& row = encoding_of(instruction->mnemonic);
    std::printf("%s|", std::string(row.name).c_str());
    for (size_t i = 0; i < row.operand_count(); ++i)
      std::printf("%s%lld", i == 0 ? "" : ",", static_cast<long long>(instruction->operands[i]));
    std::string text = to_text(*instruction);
    std::printf("|%s", text.c_str());
  }
  std::printf("\n");
}

int decoded(unsigned count) {
  std::mt19937 random(2030);
  for (unsigned n = 0; n < count; ++n) print_decoded(static_cast<uint32_t>(random()));
  for (const Encoding& row : encodings())
    for (unsigned n = 0; n < count / 200; ++n) {
      uint32_t word = row.match | (static_cast<uint32_t>(random()) & ~row.mask);
      print_decoded(n % 2 == 0 ? word : word ^ (1u << random() % 32));
    }
  return 0;
}

int assemble_input(Endian order) {
  std::string text(std::istreambuf_iterator<char>(std::cin), {});
  auto assembled = assemble(text, order);
  if (!assembled) {
    std::cerr << assembled.failure().message << "\n";
    return 1;
  }
  for (uint8_t byte : assembled->text) std::printf("%02x", byte);
  std::printf("\n");
  return 0;
}

int sample_stub(Endian order) {
  Stub stub;
  stub.unit_order = order;
  stub.title = {"both byte orders in one section"};
  stub.code(ins::b(Displacement("big")), "entered big-endian", Endian::kBig)
      .code(ins::b(Displacement("little")), "entered little-endian", Endian::kLittle)
      .bytes({0xde, 0xad, 0xbe, 0xef, 0x01}, "somebody else's bytes")
      .org(0x100)
      .label("big");
  for (Endian body : {Endian::kBig, Endian::kLittle}) {
    if (body == Endian::kLittle) stub.align(32).label("little");
    for (const Instruction& i :
         {ins::addis(reg::r7, reg::r4, -1), ins::ld(reg::r8, Displacement("literal"), reg::r4),
          ins::stwbrx(reg::r3, std::nullopt, reg::r7), ins::mfmsr(reg::r11), ins::clrrdi(reg::r11, reg::r11, 1),
          ins::mthsrr0(reg::r4), ins::hrfid(), ins::bne(Displacement("big")), ins::b(Displacement("start", 0x100000)),
          ins::ba(0x60), ins::bcl_20_31(), ins::tdi(0, reg::r0, 0x48), ins::trap()})
      stub.code(i, "a clause of the taker", body);
  }
  stub.align(8).label("literal").doubleword(0x0123456789abcdef, Endian::kBig).word(28, Endian::kLittle, "a word");
  auto text = print(stub);
  if (!text) {
    std::cerr << text.failure().message << "\n";
    return 1;
  }
  std::cout << *text;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string mode = argc > 2 ? argv[1] : "", argument = argc > 2 ? argv[2] : "";
  Endian order = argument == "little" ? Endian::kLittle : Endian::kBig;
  if (mode == "words") return words(static_cast<unsigned>(std::stoul(argument)));
  if (mode == "decode") return decoded(static_cast<unsigned>(std::stoul(argument)));
  if (mode == "assemble") return assemble_input(order);
  if (mode == "stub") return sample_stub(order);
  std::cerr << "usage: ppc64_tool words N | decode N | assemble ORDER | stub ORDER\n";
  return 64;
}
