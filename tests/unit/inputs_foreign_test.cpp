// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stubs of others: what each kind of file puts where, and each way in which it can be wrong. That the bytes are those
// of a linker is differential.foreign's question.
#include <doctest/doctest.h>

#include <array>

#include "elf_builder.h"
#include "inputs/foreign_code.h"
#include "object_builder.h"

using namespace baton;
using namespace baton::inputs;
using baton::tests::ElfBuilder;
using baton::tests::ObjectBuilder;

namespace {

constexpr uint32_t kNop = 0x60000000, kBl = 0x48000001, kBlr = 0x4e800020;
constexpr uint32_t kAddr64 = 38, kRel24 = 10, kRel24NoToc = 116, kToc = 51, kRelative = 22;
constexpr Address kAt{0x10000};
const std::array kOrders = {Endian::kBig, Endian::kLittle};

ForeignCode good(const MappedFile& file, const ForeignRequest& request = {.at = kAt}) {
  auto code = read_foreign(file, request);
  REQUIRE_MESSAGE(code.ok(), (code.ok() ? "" : code.failure().message));
  return *code;
}
ForeignCode good(const ObjectBuilder& object, const ForeignRequest& request = {.at = kAt}) {
  return good(object.file(), request);
}

/// The message and the way out of what is refused.
std::string refused(const MappedFile& file, const ForeignRequest& request = {.at = kAt}) {
  auto code = read_foreign(file, request);
  REQUIRE_FALSE(code.ok());
  CHECK(code.failure().message.starts_with("`" + file.path().string() + "` "));
  return code.failure().message + " / " + code.failure().way_out;
}
std::string refused(const ObjectBuilder& object, const ForeignRequest& request = {.at = kAt}) {
  return refused(object.file(), request);
}
bool says(const std::string& text, const std::string& part) {
  bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE(text);
  return found;
}

uint32_t word_at(const ForeignCode& code, size_t piece, uint64_t offset) {
  return *load<uint32_t>(code.pieces.at(piece).bytes, offset, *code.order);
}
uint64_t wide_at(const ForeignCode& code, size_t piece, uint64_t offset) {
  return *load<uint64_t>(code.pieces.at(piece).bytes, offset, *code.order);
}

/// Code that calls a function past its global entry, data that points to it, zeros.
ObjectBuilder sample(Endian order) {
  ObjectBuilder object(order);
  object.flags = 2;
  auto text = object.add_code(".text", {kBl, kBlr, kNop, kNop, kBlr});
  auto data = object.add_data(".data", ByteBuffer(24));
  auto bss = object.add_zeros(".bss", 0x100);
  object.add_symbol("_start", text, 4);
  auto routine = object.add_symbol("routine", text, 8, ObjectBuilder::kFunction);
  object.symbols.back().other = 3 << 5;  // 8 bytes
  object.add_symbol("kernel", data, 8, ObjectBuilder::kObject);
  object.add_symbol("stack", bss, 0x80);
  object.relocate(text, 0, kRel24, routine);
  object.relocate(data, 0, kAddr64, routine, 4);
  return object;
}

/// A function of the first ABI and a call of it.
ObjectBuilder first_abi() {
  ObjectBuilder object(Endian::kBig);
  auto text = object.add_code(".text", {kBl, kBlr, kBlr});
  auto opd = object.add_data(".opd", ByteBuffer(24));
  auto code = object.add_symbol("", text, 0, 0x03);
  auto routine = object.add_symbol("routine", opd, 0, ObjectBuilder::kFunction);
  object.relocate(text, 0, kRel24, routine);  // before the descriptors: they come first all the same
  object.relocate(opd, 0, kAddr64, code, 8);
  object.relocate(opd, 8, kToc, 0);
  return object;
}

}  // namespace

TEST_CASE("an object is laid out, relocated and entered in either order") {
  for (Endian order : kOrders) {
    ForeignCode code = good(sample(order));
    REQUIRE(code.pieces.size() == 3);
    CHECK(code.order == order);
    CHECK(code.abi == 2);
    CHECK(code.pieces[0].name == ".text");
    CHECK(code.pieces[0].start == kAt);
    CHECK(code.pieces[0].executable);
    CHECK_FALSE(code.pieces[0].writable);
    CHECK(code.pieces[1].start == Address{0x10018});  // at a multiple of 8
    CHECK(code.pieces[1].writable);
    CHECK(code.pieces[2].start == Address{0x10030});
    CHECK(code.pieces[2].size == Size{0x100});
    CHECK(code.pieces[2].bytes.empty());
    CHECK(word_at(code, 0, 0) == 0x48000011);      // past the two instructions at its global entry
    CHECK(wide_at(code, 1, 0) == 0x1000c);
    CHECK(code.symbols.at("routine").address == Address{0x10008});
    CHECK(code.symbols.at("routine").function);
    CHECK(code.symbols.at("routine").local_entry == 8);
    CHECK(code.symbols.at(".TOC.").address == Address{0x18000});  // 0x10018, on a multiple of 256, and 32 KiB
    CHECK(code.entry == Address{0x10004});
    CHECK(code.entry_name == "_start");
    CHECK(code.remarks.empty());
  }
}

TEST_CASE("an object goes to an address of ours when none is given") {
  ForeignCode code = good(sample(Endian::kBig), {});
  CHECK(code.pieces[0].start == kForeignAddress);
  REQUIRE(code.remarks.size() == 1);
  CHECK(says(code.remarks[0], "loaded at 0x4000000 because no address was given"));
}

TEST_CASE("an entry is a symbol, a number, or where the code begins") {
  ObjectBuilder object = sample(Endian::kLittle);
  CHECK(good(object, {.at = kAt, .entry = "routine"}).entry == Address{0x10008});
  CHECK(good(object, {.at = kAt, .entry = "0x10010"}).entry == Address{0x10010});
  object.symbols[0].name = "other";
  ForeignCode code = good(object);
  CHECK(code.entry == kAt);
  CHECK(code.entry_name == ".text");
  CHECK(says(refused(object, {.at = kAt, .entry = "routin"}), "no symbol `routin` to enter / did you mean `routine`?"));
  CHECK(says(refused(object, {.at = kAt, .entry = "0x10002"}), "no multiple of 4"));
  CHECK(says(refused(object, {.at = kAt, .entry = "kernel"}), "in `.data`, which is no code"));
  CHECK(says(refused(object, {.at = kAt, .entry = "0x20000"}), "where it puts nothing"));
  ObjectBuilder zeros(Endian::kBig);
  zeros.add({".text", 8, ObjectBuilder::kAlloc | ObjectBuilder::kExecute, {}, 64, 4});
  CHECK(says(refused(zeros), "no instruction from the file"));
  ObjectBuilder data(Endian::kBig);
  data.add_data(".data", ByteBuffer(8));
  CHECK(says(refused(data), "has no code"));
}

TEST_CASE("descriptors of the first ABI lead to code") {
  ForeignCode code = good(first_abi(), {.at = kAt, .entry = "routine"});
  CHECK(code.abi == 1);
  CHECK(word_at(code, 0, 0) == 0x48000009);
  CHECK(wide_at(code, 1, 0) == 0x10008);
  CHECK(wide_at(code, 1, 8) == 0x18000);
  CHECK(code.symbols.at("routine").address == Address{0x10010});
  CHECK(code.symbols.at("routine").code == Address{0x10008});
  CHECK(code.entry == Address{0x10008});

  ObjectBuilder dotted = first_abi();
  dotted.relocations.erase(1);
  dotted.relocate(1, 0, kRel24, dotted.add_symbol(".routine", 0));
  CHECK(word_at(good(dotted), 0, 0) == 0x48000009);

  ObjectBuilder outside = first_abi();
  outside.relocations.erase(1);
  outside.relocate(1, 0, kRel24, 2, 24);
  CHECK(says(refused(outside), "outside of .opd"));
}

TEST_CASE("calls that need what a linker makes are refused") {
  ObjectBuilder object = sample(Endian::kLittle);
  object.relocations.erase(1);
  object.relocate(1, 0, kRel24NoToc, 2);
  CHECK(says(refused(object), "a linker would put a stub between them / link the object"));
  object.symbols[1].other = 1 << 5;
  CHECK(word_at(good(object), 0, 0) == 0x48000009);
  object.relocations.erase(1);
  object.relocate(1, 0, kRel24, 2);
  ForeignCode code = good(object);
  REQUIRE(code.remarks.size() == 1);
  CHECK(says(code.remarks[0], "may change r2"));
  object.symbols[1].other = 7 << 5;
  CHECK(says(refused(object), "reserved distance to the local entry of `routine`"));
}

TEST_CASE("what a relocation refers to must be there") {
  auto with = [](uint64_t offset, uint32_t type, uint32_t symbol, uint64_t addend = 0) {
    ObjectBuilder object = sample(Endian::kBig);
    object.add_symbol("outside", 0);
    object.add_symbol("maybe", 0, 0, ObjectBuilder::kWeak);
    object.relocate(2, offset, type, symbol, addend);
    return object;
  };
  CHECK(says(refused(with(8, kAddr64, 5)), "has a relocation R_PPC64_ADDR64 at .data+0x8 to `outside`, which is defined "
                                           "nowhere / link it in, give its address (--set outside=0x...), or, of a function, what it does (--contract FILE)"));
  CHECK(wide_at(good(with(8, kAddr64, 6, 3)), 1, 8) == 3);
  CHECK(says(refused(with(8, kAddr64, 7)), "names symbol 7 of 7"));
  CHECK(says(refused(with(0x11, kAddr64, 2)), "its field of 8 bytes reaches beyond the 0x18 bytes"));
  CHECK(says(refused(with(~uint64_t{0}, kAddr64, 2)), "reaches beyond"));
  CHECK(says(refused(with(8, 200, 2)), "type 200 at .data+0x8 to `routine`, which is not known here"));
  CHECK(says(refused(with(8, 133, 2)), "needs a table of addresses"));
  CHECK(says(refused(with(8, 12, 2)), "sets a prediction besides"));
  ObjectBuilder zeros = sample(Endian::kBig);
  zeros.relocate(3, 0, kAddr64, 2);
  CHECK(says(refused(zeros), "R_PPC64_ADDR64 at .bss+0x0 to `routine`: its field of 8 bytes reaches beyond the 0x0 bytes"));
  CHECK(says(refused(with(8, 1, 2, 0xfffffff8)), "does not fit in 32 bits / load it nearer"));

  ForeignRequest request{.at = kAt, .sets = {{"outside", {.number = 0x20, .relative_to = "stack"}}}};
  ForeignCode code = good(with(8, kAddr64, 5), request);
  CHECK(wide_at(code, 1, 8) == 0x100d0);
  CHECK(code.symbols.at("outside").absolute);
  request.sets["outside"] = {.relative_to = "nobody"};
  CHECK(says(refused(with(8, kAddr64, 5), request), "has no symbol `nobody`"));
  request.sets["outside"] = {.bytes = {1}};
  CHECK(says(refused(with(8, kAddr64, 5), request), "bytes are no address"));
}

TEST_CASE("@h of high addresses is cut with a remark, in the second ABI only") {
  for (uint32_t flags : {1u, 2u}) {
    ObjectBuilder object = sample(Endian::kBig);
    object.flags = flags;
    object.relocate(2, 10, 5, 2);
    object.relocate(2, 12, 6, 2);
    ForeignCode code = good(object, {.at = Address{0x123480000}});
    CHECK(*load<uint16_t>(code.pieces[1].bytes, 10, Endian::kBig) == 0x2348);
    CHECK(code.remarks.size() == (flags == 2 ? 1 : 0));
    if (flags == 2) CHECK(says(code.remarks[0], "2 fields of @h or @ha cannot hold all upper bits, as R_PPC64_ADDR16_HI at .data+0xa"));
  }
}

TEST_CASE("values are stored at symbols, in their size and the file's order") {
  for (Endian order : kOrders) {
    ObjectBuilder object = sample(order);
    ForeignRequest request{.at = kAt, .sets = {{"kernel", {0x1122334455667788}}}};
    CHECK(wide_at(good(object, request), 1, 8) == 0x1122334455667788);
    for (uint64_t size : {1u, 2u, 4u}) {
      object.symbols[2].size = size;
      request.sets["kernel"] = {(uint64_t{1} << (8 * size)) - 2};
      ForeignCode code = good(object, request);
      uint64_t expected = 0;
      for (uint64_t i = 0; i < size; ++i)
        expected |= uint64_t{code.pieces[1].bytes[8 + (order == Endian::kBig ? size - 1 - i : i)]} << (8 * i);
      CHECK(expected == request.sets["kernel"].number);
      CHECK(code.pieces[1].bytes[8 + size] == 0);
      request.sets["kernel"].number += 2;
      CHECK(says(refused(object, request), std::to_string(size) + " bytes for `kernel`, and the value 0x1" ));
    }
    object.symbols[2].size = 3;
    CHECK(says(refused(object, request), "with 0x3 bytes; a number has 1, 2, 4 or 8 / give its bytes"));
    request.sets["kernel"] = {.bytes = {7, 8, 9}};
    CHECK(good(object, request).pieces[1].bytes[9] == 8);
    request.sets["kernel"].bytes.push_back(1);
    CHECK(says(refused(object, request), "with 0x3 bytes, and is given 0x4"));
    object.symbols[2].size = 8;
    request.sets["kernel"] = {.number = 16, .relative_to = "stack"};
    CHECK(wide_at(good(object, request), 1, 8) == 0x100c0);
  }
}

TEST_CASE("what is no data cannot be set") {
  ObjectBuilder object = sample(Endian::kBig);
  object.add_symbol("five", 0xfff1, 5);
  object.add_symbol("end", 2, 0x14);
  auto refuses = [&](const std::string& name, const std::string& why) {
    CHECK(says(refused(object, {.at = kAt, .sets = {{name, {1}}}}), why));
  };
  refuses("routine", "as a function");
  refuses("five", "as the number 0x5");
  refuses("kernal", "no symbol `kernal` to set / did you mean `kernel`?");
  refuses("end", "where nothing has 8 bytes");
  refuses(".TOC.", "cannot be set");
}

TEST_CASE("values in zeros take no more bytes than they need") {
  ObjectBuilder object = sample(Endian::kBig);
  object.sections[2].size = uint64_t{1} << 29;
  ForeignRequest request{.at = kAt, .sets = {{"stack", {5}}}};
  ForeignCode code = good(object, request);
  CHECK(code.pieces.size() == 3);
  CHECK(code.pieces[2].bytes.size() == 0x88);
  object.symbols[3].value = uint64_t{1} << 28;
  code = good(object, request);
  REQUIRE(code.pieces.size() == 4);
  CHECK(code.pieces[2].size == Size{1 << 28});
  CHECK(code.pieces[2].bytes.empty());
  CHECK(code.pieces[3].start == code.symbols.at("stack").address);
  CHECK(code.pieces[3].size == Size{1 << 28});
  CHECK(wide_at(code, 3, 0) == 5);
}

TEST_CASE("of names that two have, globals win and locals lose") {
  ObjectBuilder object = sample(Endian::kBig);
  object.add_symbol("loop", 1, 0, ObjectBuilder::kLocal);
  object.add_symbol("loop", 1, 4, ObjectBuilder::kLocal);
  object.add_symbol("kernel", 2, 0, ObjectBuilder::kLocal);
  object.add_symbol("alone", 2, 4, ObjectBuilder::kLocal);
  ForeignCode code = good(object);
  CHECK_FALSE(code.symbols.contains("loop"));
  CHECK(code.symbols.at("kernel").address == Address{0x10020});
  CHECK(code.symbols.at("alone").address == Address{0x1001c});
}

TEST_CASE("common symbols get zeros of their own") {
  ObjectBuilder object = sample(Endian::kBig);
  object.add_symbol("shared", 0xfff2, 32);
  object.symbols.back().size = 40;
  ForeignCode code = good(object);
  REQUIRE(code.pieces.size() == 4);
  CHECK(code.pieces[3].start == Address{0x10140});
  CHECK(code.symbols.at("shared").size == Size{40});
}

TEST_CASE("tables that lie are told from those that do not") {
  auto lying = [](std::function<void(std::vector<ObjectBuilder::Section>&)> lie) {
    ObjectBuilder object = sample(Endian::kBig);
    object.lie = std::move(lie);
    return object;
  };
  // Sections: null .text .data .bss .rela.text .rela.data .symtab .strtab
  CHECK(says(refused(lying([](auto& s) { s[1].size = 0x10000; })), "section 1 has bytes"));
  CHECK(says(refused(lying([](auto& s) { s[1].size = ~uint64_t{0}; })), "is truncated or lies"));
  CHECK(says(refused(lying([](auto& s) { s[1].alignment = 3; })), "asks for an alignment of 0x3"));
  CHECK(says(refused(lying([](auto& s) { s[1].alignment = uint64_t{1} << 40; })), "asks for an alignment"));
  CHECK(says(refused(lying([](auto& s) { s[3].size = (uint64_t{1} << 30) + 1; })), "more than 1GiB of zeros"));
  CHECK(says(refused(lying([](auto& s) { s[3].size = ~uint64_t{0}; })), "does not fit below 2^64"));
  CHECK(says(refused(lying([](auto& s) { s[2].flags |= 0x800; })), "a compressed section"));
  CHECK(says(refused(lying([](auto& s) { s[4].info = 99; })), "relocations of section 99"));
  CHECK(says(refused(lying([](auto& s) { s[4].link = 1; })), "is no symbol table"));
  CHECK(says(refused(lying([](auto& s) { s[4].entry_size = 16; })), "entries of 16"));
  CHECK(says(refused(lying([](auto& s) { s[4].type = 9; })), "no SHT_RELA"));
  CHECK(says(refused(lying([](auto& s) { s[5].type = 2; })), "two symbol tables"));
  CHECK(says(refused(lying([](auto& s) { s[6].entry_size = 25; })), "entries of 25"));
  CHECK(says(refused(lying([](auto& s) { s[6].link = 99; })), "keeps the names of its symbols in section 99"));
  CHECK(says(refused(lying([](auto& s) { s[7].bytes.back() = 'x'; })), "a name without an end"));
  CHECK(says(refused(lying([](auto& s) { s[7].bytes.resize(20); s[7].size = 20; })), "no name for"));
  ObjectBuilder overlap = sample(Endian::kBig);
  overlap.lie_offsets[2] = 64;
  CHECK(says(refused(overlap), "overlapping sections: section"));
  ObjectBuilder symbol = sample(Endian::kBig);
  symbol.symbols[1].section = 77;
  CHECK(says(refused(symbol), "`routine` (symbol 2) is in section 77 of 8"));
  symbol.symbols[1].section = 1;
  symbol.symbols[1].value = 21;
  CHECK(says(refused(symbol), "at 0x15 of section 1 `.text`, which has 0x14 bytes"));
  ObjectBuilder kind = sample(Endian::kBig);
  kind.flags = 3;
  CHECK(says(refused(kind), "ABI version 3"));
  kind.flags = 2;
  kind.type = 4;
  CHECK(says(refused(kind), "core dump"));
}

TEST_CASE("no object is loaded past the end of memory") {
  ObjectBuilder object = sample(Endian::kBig);
  CHECK(says(refused(object, {.at = Address{~uint64_t{0} - 0x20}}), "does not fit below 2^64"));
  CHECK(says(refused(object, {.at = Address::limit()}), "cannot be loaded at 2^64"));
  CHECK(says(refused(MappedFile::from_bytes({1, 2}, "b"), {.at = Address{~uint64_t{0}}}), "does not fit below 2^64"));
}

TEST_CASE("every file that is cut off or has one byte changed is loaded within bounds or refused") {
  for (const ObjectBuilder& object : {sample(Endian::kLittle), first_abi()}) {
    const ByteBuffer whole = object.bytes();
    ForeignRequest request{.at = kAt};
    if (object.flags == 2) request.sets["kernel"] = {1};
    size_t loaded = 0, faults = 0;
    auto look = [&](ByteBuffer bytes) {
      auto code = read_foreign(MappedFile::from_bytes(std::move(bytes), "x"), request);
      ++(code ? loaded : faults);
      if (!code) return;
      Wide end = 0;
      for (const ForeignPiece& piece : code->pieces) {
        REQUIRE(piece.start.wide() >= end);
        REQUIRE(piece.bytes.size() <= piece.size.wide());
        end = piece.start.wide() + piece.size.wide();
      }
      REQUIRE(end < kTwoTo64);
    };
    for (size_t size = 0; size < whole.size(); ++size) look(ByteBuffer(whole.begin(), whole.begin() + static_cast<long>(size)));
    for (size_t at = 0; at < whole.size(); ++at)
      for (uint8_t flip : {0x01, 0x80, 0xff}) {
        ByteBuffer bytes = whole;
        bytes[at] ^= flip;
        look(std::move(bytes));
      }
    CHECK(loaded > 100);
    CHECK(faults > 1000);
  }
}

TEST_CASE("raw bytes go where they are told") {
  MappedFile raw = MappedFile::from_bytes({0x60, 0, 0, 0, 0x4e, 0x80, 0, 0x20}, "stub.bin");
  ForeignCode code = good(raw, {.at = Address{0x3000}});
  REQUIRE(code.pieces.size() == 1);
  CHECK(code.pieces[0].executable);
  CHECK(code.entry == Address{0x3000});
  CHECK(code.entry_name == "raw");
  CHECK_FALSE(code.order);
  CHECK(good(raw, {.at = Address{0x3000}, .entry = "0x3004"}).entry == Address{0x3004});
  CHECK(says(refused(raw, {}), "raw bytes have no address of their own / say where they are loaded: --at 0x..."));
  CHECK(says(refused(raw, {.at = kAt, .entry = "start"}), "/ raw bytes have no symbols"));
  CHECK(says(refused(raw, {.at = kAt, .sets = {{"kernel", {1}}}}), "/ raw bytes have no symbols"));
  CHECK(says(refused(MappedFile::from_bytes({}, "e"), {.at = kAt}), "is empty"));
}

TEST_CASE("linked programs go where they were linked for, or are moved") {
  for (Endian order : kOrders) {
    ElfBuilder elf(order);
    elf.flags = 2;
    elf.entry = 0x20004;
    // Code, a table with one relocation of the doubleword at 0x20028, and that doubleword; then the dynamic section.
    ByteBuffer image, dynamic;
    for (int i = 0; i < 4; ++i) append<uint32_t>(image, kNop, order);
    for (uint64_t n : {uint64_t{0x20028}, uint64_t{kRelative}, uint64_t{0x20008}, uint64_t{0}}) append<uint64_t>(image, n, order);
    for (uint64_t n : {7ull, 0x20010ull, 8ull, 24ull, 9ull, 24ull, 0ull, 0ull}) append<uint64_t>(dynamic, n, order);
    elf.add_load(0x20000, image, 0x1000);
    elf.add_load(0x90000, dynamic).type = 2;  // PT_DYNAMIC
    ForeignCode code = good(elf.file(), {});
    CHECK(code.pieces[0].start == Address{0x20000});
    CHECK(code.pieces[0].size == Size{0x1000});
    CHECK(wide_at(code, 0, 0x28) == 0x20008);
    CHECK(code.entry == Address{0x20004});
    code = good(elf.file(), {.at = Address{0x500000}});
    CHECK(code.remarks.size() == 1);  // ET_EXEC is not made for this
    elf.type = 3;
    code = good(elf.file(), {.at = Address{0x500000}});
    CHECK(code.remarks.empty());
    CHECK(wide_at(code, 0, 0x28) == 0x500008);
    CHECK(code.entry == Address{0x500004});

    auto with = [&](size_t load, uint64_t offset, uint64_t value) {
      ElfBuilder bad = elf;
      store<uint64_t>(bad.loads[load].bytes, offset, value, order);
      return refused(bad.file(), {});
    };
    CHECK(says(with(0, 0x18, 21), "a dynamic relocation of type 21 at 0x20028; without a dynamic linker"));
    CHECK(says(with(0, 0x10, 0x20029), "where no PT_LOAD has eight bytes"));
    CHECK(says(with(0, 0x10, 0x10), "where no PT_LOAD has eight bytes"));
    CHECK(says(with(1, 8, 0x10), "(DT_RELA, DT_RELASZ), which no PT_LOAD has"));
    CHECK(says(with(1, 24, 25), "0x19 bytes (DT_RELASZ) in entries of 24"));
    CHECK(says(with(1, 40, 25), "0x18 bytes (DT_RELASZ) in entries of 25"));
    CHECK(says(with(1, 32, 36), "DT_RELR"));
    CHECK(says(with(1, 32, 17), "DT_REL,"));
    elf.loads[0].memsz = (uint64_t{1} << 30) + 0x1000;
    CHECK(says(refused(elf.file(), {}), "more than 1GiB of zeros"));
    elf.loads[0].memsz = 0x1000;
    elf.entry = 0x30000;
    CHECK(says(refused(elf.file(), {}), "is entered at 0x30000, where it puts nothing"));
    CHECK(good(elf.file(), {.entry = "0x20000"}).entry == Address{0x20000});
    CHECK(says(refused(elf.file(), {.at = Address{~uint64_t{0} - 0xff}}), "does not fit below 2^64"));
  }
}

TEST_CASE("a linked program of the first ABI is entered through its descriptor, where it is loaded") {
  ElfBuilder elf(Endian::kBig);
  elf.type = 3;
  elf.entry = 0x20010;
  ByteBuffer image;
  for (uint32_t n : {kNop, kNop, kNop, kBlr, 0u, 0x20004u}) append<uint32_t>(image, n, Endian::kBig);
  elf.add_load(0x20000, image);
  ForeignRequest request{.at = Address{0x20000}};
  // Sections of the builder have no names: without .opd e_entry is code.
  elf.sections.push_back({2, 0x20010, 8});
  CHECK(good(elf.file(), request).entry == Address{0x20010});
}

TEST_CASE("values are written as numbers, symbols with a distance, or bytes") {
  CHECK(read_foreign_value("0x10")->number == 16);
  CHECK(read_foreign_value("10")->number == 10);
  CHECK(read_foreign_value("stack")->relative_to == "stack");
  CHECK(read_foreign_value("stack+0x10")->number == 16);
  CHECK(read_foreign_value(".TOC.-8")->number == ~uint64_t{7});
  CHECK(read_foreign_value("bytes:00fF")->bytes == ByteBuffer{0, 255});
  for (const char* bad : {"", "0x", "-1", "stack+", "+1", "0x1ffffffffffffffff", "bytes:", "bytes:0", "bytes:0g", "a b", "1x", "stack+-1"})
    CHECK_FALSE(read_foreign_value(bad).has_value());
}
