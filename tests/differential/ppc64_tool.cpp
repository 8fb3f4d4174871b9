// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of encodings, the assembler and the judge's semantics, on a command line for other programs to
// be held against.
//
//   ppc64_tool words N          N random accepted words per row: word, row, text, operands with their fields
//   ppc64_tool assemble ORDER   a listing from standard input -> its .text, in hexadecimal
//   ppc64_tool stub ORDER       the text of a sample stub with code in both byte orders
//   ppc64_tool run ORDER        lines "word r0..r31 v0..v31 cr xer address bytes" -> "r0..r31 v0..v31 cr xer bytes",
//                               or "unknown: .."; a vector register is two numbers
#include <cstdint>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <random>
#include <sstream>
#include <string>

#include "ppc64/assemble.h"
#include "ppc64/stub.h"
#include "verify/semantics.h"

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

int run(Endian order) {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream in(line);
    in >> std::hex;
    uint64_t word = 0, cr = 0, xer = 0, address = 0, number = 0;
    std::string memory;
    verify::Machine m;
    in >> word;
    for (verify::Value& r : m.gpr) {
      in >> number;
      r = verify::Value(number);
    }
    for (verify::Vector& v : m.vr)
      for (verify::Value& half : v) {
        in >> number;
        half = verify::Value(number);
      }
    in >> cr >> xer >> address >> memory;
    if (!in) {
      std::cerr << "not a case: " << line << "\n";
      return 1;
    }
    m.cr = verify::Value(cr);
    m.xer = verify::Value(xer);
    m.msr = verify::Value(msr::kSf | msr::kVec | (order == Endian::kLittle ? msr::kLe : 0));
    m.pc = 0x1000;
    ByteBuffer code, bytes;
    append(code, static_cast<uint32_t>(word), order);
    for (size_t i = 0; i + 1 < memory.size(); i += 2)
      bytes.push_back(static_cast<uint8_t>(std::stoul(memory.substr(i, 2), nullptr, 16)));
    m.memory.describe("code", 0x1000, code, 4);
    m.memory.describe("buffer", address, bytes, bytes.size());
    verify::Step result = verify::step(m);
    if (result.kind != verify::Step::Kind::kWent) {
      std::cout << "unknown: " << result.reason << "\n";
      continue;
    }
    // Every input was a number, so every result has to be one.
    bool complete = true;
    std::ostringstream out;
    auto write = [&](const verify::Value& value, int width, const char* separator) {
      complete = complete && value.is_constant();
      out << std::hex << std::setfill('0') << std::setw(width) << value.bits() << separator;
    };
    for (const verify::Value& r : m.gpr) write(r, 1, " ");
    for (const verify::Vector& v : m.vr)
      for (const verify::Value& half : v) write(half, 1, " ");
    write(m.cr, 1, " ");
    write(m.xer, 1, " ");
    for (size_t i = 0; i < bytes.size(); ++i) write(m.memory.byte(address + i), 2, "");
    std::cout << (complete ? out.str() : "unknown: a result is not a number");
    std::cout << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string mode = argc > 2 ? argv[1] : "", argument = argc > 2 ? argv[2] : "";
  Endian order = argument == "little" ? Endian::kLittle : Endian::kBig;
  if (mode == "words") return words(static_cast<unsigned>(std::stoul(argument)));
  if (mode == "assemble") return assemble_input(order);
  if (mode == "stub") return sample_stub(order);
  if (mode == "run") return run(order);
  std::cerr << "usage: ppc64_tool words N | assemble ORDER | stub ORDER | run ORDER\n";
  return 64;
}
