// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of encodings, listings and the assembler: three ways to the same bytes.
#include <ostream>

#include <random>
#include <set>

#include <doctest/doctest.h>

#include "ppc64/assemble.h"
#include "ppc64/disassemble.h"
#include "ppc64/stub.h"

using namespace baton;
using namespace baton::ppc64;

TEST_CASE("names of the state") {
  CHECK(find_gpr("r31") == reg::r31);
  for (const char* name : {"r32", "r03", "R3", "r", "3", "r-1", "r100", ""}) CHECK_FALSE(find_gpr(name));
  CHECK(find_msr_field("LE")->mask == 1);
  CHECK(find_msr_field("SF")->mask == uint64_t{1} << 63);
  CHECK(find_msr_field("le") == nullptr);
  CHECK(msr_fields_to_text(0x8000000000001002) == "SF ME RI");
  CHECK(find_spr("hsrr0")->spr == Spr::kHsrr0);
  CHECK(find_spr(static_cast<Spr>(999)) == nullptr);
  std::set<std::string_view> names;
  for (const MsrField& field : kMsrFields) {
    CHECK((field.mask & (field.mask - 1)) == 0);
    CHECK(names.insert(field.name).second);
  }
}

TEST_CASE("no two rows of the table take the same word") {
  auto rows = encodings();
  CHECK(rows.size() > 100);
  for (size_t i = 0; i < rows.size(); ++i) {
    CHECK(static_cast<size_t>(rows[i].mnemonic) == i);
    CHECK((rows[i].match & ~rows[i].mask) == 0);
    for (size_t k = 0; k < i; ++k) {
      bool overlap = ((rows[i].match ^ rows[k].match) & rows[i].mask & rows[k].mask) == 0;
      // mtcrf and mtocrf are told apart by a bit that both rows fix; nothing else may overlap.
      if (overlap) MESSAGE(rows[i].name << " " << rows[k].name);
      CHECK_FALSE(overlap);
    }
  }
}

TEST_CASE("decode and encode are each other's inverse on random words") {
  std::mt19937 random(1991);
  size_t accepted = 0;
  for (const Encoding& row : encodings())
    for (int round = 0; round < 400; ++round) {
      uint32_t word = row.match | (static_cast<uint32_t>(random()) & ~row.mask);
      auto instruction = decode(word);
      if (!instruction) continue;
      ++accepted;
      CHECK(instruction->mnemonic == row.mnemonic);
      auto again = encode(*instruction);
      REQUIRE(again.ok());
      CHECK(*again == word);
    }
  CHECK(accepted > encodings().size() * 150);
}

TEST_CASE("a word that the table does not hold has the name that LLVM knows") {
  const std::pair<uint32_t, const char*> known[] = {
      {0x7c0003e4, "`slbia`"},       {0x7c003264, "`tlbie 6`"},
      {0x7c0042aa, "`lwax 0, 0, 8`"}, {0xc0230000, "`lfs 1, 0(3)`"},
      {0x00000200, "`attn`"},        {0x04000000, "the first half of an instruction of 8 bytes"},
      {0x00000000, ""},              {0x44000003, ""},
  };
  for (const auto& [word, name] : known) CHECK(name_elsewhere(word) == name);
  // What is here LLVM knows too; the word that a row matches may be an invalid form of it.
  size_t named = 0;
  for (const Encoding& row : encodings()) named += name_elsewhere(row.match).empty() ? 0 : 1;
  CHECK(named > encodings().size() * 9 / 10);
}

TEST_CASE("reserved bits and invalid forms are no instructions") {
  CHECK(decode(0x7c000378).has_value());
  CHECK_FALSE(decode(0x00000000));
  CHECK_FALSE(decode(0x4c000025));  // rfid with its reserved low bit
  CHECK_FALSE(decode(0x4c200024));  // rfid with a reserved high bit
  CHECK_FALSE(decode(0x7c6000a7));  // mfmsr with Rc
  CHECK_FALSE(decode(0x44000000));  // sc without its one
  CHECK_FALSE(decode(0x44000003));  // scv
  CHECK_FALSE(decode(0x2c400000));  // cmpi with the reserved bit beside L
  CHECK_FALSE(decode(0xe8630001));  // ldu r3, 0(r3)
  CHECK_FALSE(decode(0xe8600001));  // ldu r3, 0(0)
  CHECK_FALSE(decode(0xf8600001));  // stdu r3, 0(0)
  CHECK_FALSE(decode(0x40200000));  // bc with BO = 00001
  CHECK_FALSE(decode(0x4e000420));  // bcctr that counts CTR down
  CHECK_FALSE(decode(0x7c07fba6));  // mtspr 999
  // CTRL is read by one number and written by another (Power ISA 3.0B, Book III 5.4.4).
  CHECK(to_text(*decode(0x7c6822a6)) == "mfspr\t%r3, 136");
  CHECK(to_text(*decode(0x7c7823a6)) == "mtspr\t152, %r3");
  CHECK_FALSE(decode(0x7c7822a6));  // mfspr 152
  CHECK_FALSE(decode(0x7c6823a6));  // mtspr 136
  CHECK_FALSE(decode(0x4a000002));  // ba to a negative address
  CHECK_FALSE(decode(0x7c6c42e6));  // mftb: an opcode of its own
  CHECK_FALSE(decode(0x1000042c));  // vsldoi with its reserved bit
  CHECK_FALSE(decode(0x10000b8c));  // vspltisw with a reserved bit
  CHECK_FALSE(decode(0x7c080120));  // mtcrf of one field: written as mtocrf
}

TEST_CASE("instructions read as people write them") {
  CHECK(to_text(ins::stw(reg::r3, 28, reg::r7)) == "stw\t%r3, 0x1c(%r7)");
  CHECK(to_text(ins::li(reg::r5, 0)) == "li\t%r5, 0");
  CHECK(to_text(ins::mr(reg::r3, reg::r7)) == "mr\t%r3, %r7");
  CHECK(to_text(ins::or_(reg::r1, reg::r1, reg::r1)) == "or\t%r1, %r1, %r1");
  CHECK(to_text(ins::mthsrr0(reg::r3)) == "mtspr\t314, %r3");
  CHECK(to_text(ins::mtsrr0(reg::r3)) == "mtsrr0\t%r3");
  CHECK(to_text(ins::stwbrx(reg::r3, std::nullopt, reg::r7)) == "stwbrx\t%r3, 0, %r7");
  CHECK(to_text(ins::ld(reg::r7, Displacement("literal"), reg::r4)) == "ld\t%r7, literal-start(%r4)");
  CHECK(to_text(ins::b(Displacement("start", 0x10000))) == "b\tstart+0x10000");
  CHECK(to_text(ins::b(-8)) == "b\t.-8");
  CHECK(to_text(ins::sldi(reg::r3, reg::r3, 32)) == "sldi\t%r3, %r3, 32");
  CHECK(to_text(ins::lvx(Vr{3}, std::nullopt, reg::r4)) == "lvx\t%v3, 0, %r4");
  CHECK(to_text(ins::vshasigmaw(Vr{1}, Vr{31}, 1, 15)) == "vshasigmaw\t%v1, %v31, 1, 15");
  CHECK(to_text(ins::vspltisw(Vr{9}, -1)) == "vspltisw\t%v9, -1");
  CHECK(to_text(ins::clrrdi(reg::r3, reg::r3, 1)) == "clrrdi\t%r3, %r3, 1");
}

namespace {

/// A head that runs in both byte orders, a body in each, literals in each.
Stub example(Endian unit_order) {
  Stub stub;
  stub.unit_order = unit_order;
  stub.title = {"a stub */ with a hostile title", "and it's quoted"};
  stub.code(ins::b(Displacement("big")), "from: giver in either byte order", Endian::kBig)
      .code(ins::b(Displacement("little")), "from: giver in either byte order", Endian::kLittle)
      .bytes({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}, "kernel's bytes")
      .org(0x60)
      .code(ins::b(Displacement("start", 0x10000)), "landing", Endian::kBig)
      .align(16)
      .comment("the body */ for a big-endian giver")
      .label("big")
      .code(ins::ld(reg::r7, Displacement("literal"), reg::r4), "to: r3 = tree.address", Endian::kBig)
      .code(ins::addi(reg::r8, reg::r4, Displacement("literal", 4, "big")), "", Endian::kBig)
      .code(ins::bctr(), "to: enter image.entry", Endian::kBig)
      .label("little")
      .code(ins::beq(Displacement("little")), "", Endian::kLittle)
      .code(ins::rfid(), "to: msr LE = 0", Endian::kLittle)
      .align(8)
      .label("literal")
      .doubleword(0x123456789abcdef0, Endian::kBig, "tree")
      .word(0xcafe0000, Endian::kLittle);
  return stub;
}

}  // namespace

TEST_CASE("one listing is the same bytes in either unit order, by the assembler and by the table") {
  auto expected = encode(example(Endian::kBig));
  REQUIRE(expected.ok());
  CHECK(load<uint32_t>(*expected, 0, Endian::kBig) == 0x48000070u);
  CHECK(load<uint32_t>(*expected, 4, Endian::kLittle) == 0x48000078u);
  CHECK(load<uint32_t>(*expected, 0x60, Endian::kBig) == 0x4800ffa0u);
  CHECK(load<uint32_t>(*expected, 0x70, Endian::kBig) == 0xe8e40088u);
  for (Endian unit : {Endian::kBig, Endian::kLittle}) {
    Stub stub = example(unit);
    auto text = print(stub);
    REQUIRE(text.ok());
    auto assembled = assemble(*text, unit);
    if (!assembled) FAIL(assembled.failure().message << "\n" << *text);
    CHECK(assembled->text == *expected);
    CHECK(assembled->object.size() > assembled->text.size());
    CHECK(assembled->object[5] == (unit == Endian::kLittle ? 1 : 2));
    CHECK(assemble(*text, unit)->object == assembled->object);
  }
}

TEST_CASE("listings that cannot be laid out say why") {
  auto problem = [](Stub stub) { return print(stub).failure().message; };
  CHECK(problem(Stub().label("a").label("a")) == "label `a` is defined twice");
  CHECK(problem(Stub().label("start")) == "label `start` is defined twice");
  CHECK(problem(Stub().label("two words")) == "`two words` is no name for a label");
  CHECK(problem(Stub().code(ins::b(Displacement("nowhere")), "")) == "label `nowhere` is not defined");
  CHECK(problem(Stub().word(0, Endian::kBig).org(2)) == ".org 0x2 cannot follow offset 0x4");
  CHECK(problem(Stub().bytes({1}).code(ins::nop(), "")) == "`nop` lies at 0x1");
  CHECK(problem(Stub().align(3)) == "3 is no alignment");
  CHECK(problem(Stub().code(ins::b(Displacement("start", 1 << 26)), "")) ==
        "`b` cannot be encoded: operand 1 is 67108864, outside -33554432 .. 33554431");
  CHECK(problem(Stub().code(ins::li(reg::r3, 0x8000), "")) ==
        "`addi` cannot be encoded: operand 3 is 32768, outside -32768 .. 32767");
  CHECK(problem(Stub().org(~uint64_t{0})) == ".org 0xffffffffffffffff cannot follow offset 0x0");
  Stub named;
  named.symbol = "no symbol";
  CHECK(problem(named) == "`no symbol` is no name for the symbol of a stub");
}

TEST_CASE("text that is no stub is refused with its line") {
  auto problem = [](const char* text) {
    auto assembled = assemble(text, Endian::kBig);
    return assembled ? std::string("accepted") : assembled.failure().message;
  };
  CHECK(problem("\tnop\n\tfrobnicate %r3\n").substr(0, 7) == "line 2:");
  CHECK(problem("\tb elsewhere\n") ==
        "the listing leaves a relocation in `.rela.text`, and a stub is loaded as it is");
  CHECK(problem("\t.data\n\t.long 1\n") ==
        "the listing puts contents into `.data`, and a stub is one section, .text");
  CHECK(assemble("", Endian::kLittle)->text.empty());
}

TEST_CASE("text that others wrote becomes an object with sections and relocations") {
  const std::string text = "\t.globl outside\n\tbl outside\n\t.data\n\t.quad outside\n";
  for (Endian order : {Endian::kBig, Endian::kLittle}) {
    auto object = assemble_object(text, order, "stub.S");
    REQUIRE(object.ok());
    CHECK(load<uint16_t>(*object, 16, order) == 1);  // ET_REL
    CHECK(load<uint32_t>(*object, 48, order) == 0u);  // the text names no ABI
    auto first = assemble_object("\t.abiversion 2\n" + text, order, "stub.S");
    CHECK(load<uint32_t>(*first, 48, order) == 2u);
    CHECK_FALSE(assemble(text, order).ok());
  }
}

TEST_CASE("an error in text that others wrote is told by the file and line that it came from") {
  auto message = [](const std::string& text) {
    auto object = assemble_object(text, Endian::kBig, "stub.s");
    REQUIRE_FALSE(object.ok());
    return object.failure().message;
  };
  CHECK(message("\tnop\n\tbogus 3\n") == "stub.s, line 2: invalid instruction, at `bogus 3`");
  CHECK(message("# 7 \"inner.h\" 1\n\tnop\n\tbogus 3\n\tbogus 4\n") ==
        "inner.h, line 8: invalid instruction, at `bogus 3` (and 1 error after it)");
  // Found when the object is written, long after the parser is through.
  CHECK(message("# 7 \"inner.h\"\n\tnop\n# 1 \"stub.S\"\n\t.quad .text-outside\n").starts_with("stub.S, line 1: "));
}
