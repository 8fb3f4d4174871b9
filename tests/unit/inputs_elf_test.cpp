// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Good images of both byte orders, each way an image can be wrong, raw files and digests.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include <unistd.h>

#include "elf_builder.h"
#include "inputs/digest.h"
#include "inputs/elf.h"
#include "inputs/raw.h"

using namespace baton;
using namespace baton::inputs;
using baton::tests::ElfBuilder;

namespace {

constexpr uint64_t kVirtual = 0xc000000000000000;
constexpr uint64_t kExecutable = 4, kAllocated = 2;  // SHF_EXECINSTR, SHF_ALLOC

ByteBuffer counted(size_t size) {
  ByteBuffer bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + 1);
  return bytes;
}

ElfBuilder kernel(Endian order) {
  ElfBuilder elf(order);
  elf.entry = kVirtual;
  elf.add_load(kVirtual, counted(0x200), 0x1000);
  return elf;
}

ElfImage good(const ElfBuilder& elf) {
  auto image = read_elf(elf.file());
  REQUIRE_MESSAGE(image.ok(), (image.ok() ? "" : image.failure().message));
  return *image;
}

Failure refused(const ElfBuilder& elf) {
  auto image = read_elf(elf.file());
  REQUIRE_FALSE(image.ok());
  return image.failure();
}

Failure refused(ByteBuffer bytes) {
  auto image = read_elf(MappedFile::from_bytes(std::move(bytes), "image"));
  REQUIRE_FALSE(image.ok());
  return image.failure();
}

using Kind = Failure::Kind;

}  // namespace

TEST_CASE("an image of either byte order") {
  for (Endian order : {Endian::kBig, Endian::kLittle}) {
    CAPTURE(to_text(order));
    ElfBuilder elf = kernel(order);
    ElfImage image = good(elf);
    CHECK(image.order() == order);
    CHECK(image.base() == Address{kVirtual});
    CHECK(image.size() == Size{0x1000});
    CHECK(image.file_backed_size() == Size{0x200});
    CHECK(image.entry_offset() == Size{0});
    CHECK(image.warnings().empty());
    REQUIRE(image.pieces().size() == 1);
    CHECK(image.pieces()[0].bytes.size() == 0x200);
    CHECK(image.word_at(Size{0x10}) == load<uint32_t>(elf.loads[0].bytes, 0x10, order));
    CHECK(image.word_at(Size{0x1fc}).has_value());
    CHECK_FALSE(image.word_at(Size{0x1fd}));
    CHECK_FALSE(image.word_at(Size{0x200}));
    CHECK_FALSE(image.word_at(Size{kTwoTo64}));
    CHECK(image.bytes_at(Size{0}, Size{0x200})->size() == 0x200);
    CHECK_FALSE(image.bytes_at(Size{0}, Size{0x201}));
  }
}

TEST_CASE("program headers in any order keep the distances of p_vaddr") {
  ElfBuilder elf(Endian::kLittle);
  elf.entry = kVirtual + 0x3004;
  elf.add_load(kVirtual + 0x3000, counted(0x20));
  elf.add_load(kVirtual + 0x1000, counted(0x10), 0x800);
  elf.add_load(kVirtual + 0x1800, counted(0x30));
  elf.add_load(kVirtual + 0x5000, {}, 0x100);  // all of it bss
  ElfImage image = good(elf);
  CHECK(image.base() == Address{kVirtual + 0x1000});
  CHECK(image.entry_offset() == Size{0x2004});
  CHECK(image.size() == Size{0x4100});
  CHECK(image.file_backed_size() == Size{0x2020});
  REQUIRE(image.loads().size() == 4);
  auto pieces = image.pieces();
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[0].offset == Size{0});
  CHECK(pieces[1].offset == Size{0x800});
  CHECK(pieces[2].offset == Size{0x2000});
  CHECK(image.is_file_backed(Size{0x800}, Size{0x30}));
  CHECK_FALSE(image.is_file_backed(Size{0x800}, Size{0x31}));
  CHECK_FALSE(image.is_file_backed(Size{0xf}, Size{2}));
  CHECK(image.is_file_backed(Size{0x4000}, Size{0}));

  // The views are the image's first bytes, gaps and all.
  ByteBuffer flat(0x2020);
  for (const ElfPiece& piece : pieces)
    std::copy(piece.bytes.begin(), piece.bytes.end(), flat.begin() + static_cast<long>(piece.offset.bytes()));
  ByteBuffer joined;
  for (ByteView view : image.views()) joined.insert(joined.end(), view.begin(), view.end());
  CHECK(joined == flat);
  CHECK(sha256(image.views()) == sha256({flat}));
}

TEST_CASE("pieces that touch are file-backed together, and a view stays within one") {
  ElfBuilder elf(Endian::kBig);
  elf.add_load(0x0, counted(0x100));
  elf.add_load(0x100, counted(0x100));
  ElfImage image = good(elf);
  CHECK(image.is_file_backed(Size{0}, Size{0x200}));
  CHECK(image.is_file_backed(Size{0xfe}, Size{4}));
  CHECK_FALSE(image.bytes_at(Size{0xfe}, Size{4}));
  CHECK(image.bytes_at(Size{0x100}, Size{4}));
}

TEST_CASE("gaps larger than the page of zeros are complete") {
  ElfBuilder elf(Endian::kBig);
  elf.add_load(0x0, counted(4));
  elf.add_load(0x50000, counted(4));
  Wide total = 0;
  for (ByteView view : good(elf).views()) total += view.size();
  CHECK(total == 0x50004);
}

TEST_CASE("p_paddr that disagrees is a warning and changes nothing") {
  ElfBuilder elf(Endian::kBig);
  elf.add_load(0x1000, counted(8)).paddr = 0x9000;
  elf.add_load(0x2000, counted(8)).paddr = 0xb000;
  elf.entry = 0x1000;
  ElfImage image = good(elf);
  REQUIRE(image.warnings().size() == 1);
  CHECK(image.warnings()[0].find("p_paddr 0xb000 of program header 1") != std::string::npos);
  CHECK(image.pieces()[1].offset == Size{0x1000});
  elf.loads[1].paddr = 0xa000;
  CHECK(good(elf).warnings().empty());
}

TEST_CASE("the entry of the first ABI may be a function descriptor") {
  ElfBuilder elf(Endian::kBig);
  elf.flags = 0;
  ByteBuffer bytes(0x100);
  store<uint64_t>(bytes, 0x80, 0x1040, Endian::kBig);
  elf.add_load(0x1000, bytes, 0x200);
  elf.entry = 0x1080;
  CHECK(good(elf).entry_offset() == Size{0x80});  // no sections: code
  elf.sections = {{}, {kAllocated | kExecutable, 0x1000, 0x80}, {kAllocated, 0x1080, 0x10}};
  CHECK(good(elf).entry_offset() == Size{0x40});
  elf.flags = 1;
  CHECK(good(elf).entry_offset() == Size{0x40});
  elf.flags = 2;  // the second ABI has none
  CHECK(good(elf).entry_offset() == Size{0x80});
  elf.flags = 1;
  elf.sections[2].flags |= kExecutable;
  CHECK(good(elf).entry_offset() == Size{0x80});
  elf.sections[2].flags = 0;  // not in memory: not what e_entry is about
  CHECK(good(elf).entry_offset() == Size{0x80});

  elf.sections[2] = {kAllocated, 0x1180, 0x10};  // a descriptor in bss
  elf.entry = 0x1180;
  CHECK(refused(elf).message == "`image` has a function descriptor at e_entry 0x1180 whose bytes are not in the file");
  elf.entry = 0x1080;
  elf.sections[2] = {kAllocated, 0x1080, 0x10};
  store<uint64_t>(elf.loads[0].bytes, 0x80, 0x5000, Endian::kBig);
  CHECK(refused(elf).message ==
        "`image` is entered outside of what it loads: the entry 0x5000 in the function descriptor at e_entry 0x1080 "
        "lies in no PT_LOAD (p_vaddr 0x1000 ..< 0x1200)");
  elf.lie_shoff = 0x100000;
  Failure failure = refused(elf);
  CHECK(failure.message.find("unreadable section headers") != std::string::npos);
  CHECK(failure.way_out == "strip the section headers if e_entry is code");
  elf.lie_shoff = 0x101;
  CHECK(refused(elf).message == "`image` has its section headers at offset 0x101 (e_shoff), no multiple of 8");
  elf.flags = 2;  // nobody needs them
  CHECK(good(elf).entry_offset() == Size{0x80});
}

TEST_CASE("a Linux kernel is known by its run-at-load word, else by its banner") {
  for (Endian order : {Endian::kBig, Endian::kLittle}) {
    ElfBuilder elf = kernel(order);
    CHECK_FALSE(good(elf).moves_itself_to_zero());
    store<uint32_t>(elf.loads[0].bytes, 0x5c, 0x72756e30, order);
    CHECK(good(elf).moves_itself_to_zero());
    store<uint32_t>(elf.loads[0].bytes, 0x5c, 0x72756e30, other(order));
    CHECK_FALSE(good(elf).moves_itself_to_zero());
    elf.entry = kVirtual + 0x40;
    store<uint32_t>(elf.loads[0].bytes, 0x9c, 0x72756e30, order);
    CHECK(good(elf).moves_itself_to_zero());
  }
  ElfBuilder old = kernel(Endian::kBig);
  std::string banner = "Linux version 2.6.10";
  std::copy(banner.begin(), banner.end(), old.loads[0].bytes.end() - static_cast<long>(banner.size()));
  CHECK(good(old).moves_itself_to_zero());
}

TEST_CASE("what is no ELF image says what it is") {
  CHECK(refused(ByteBuffer{}).message == "`image` is empty, not an ELF file");
  CHECK(refused(ByteBuffer{0x7f, 'E'}).message ==
        "`image` is not an ELF file: it begins with 7f 45, not with 7f 45 4c 46");
  CHECK(refused(ByteBuffer{0x1f, 0x8b, 8, 0}).way_out == "this is gzip data: unpack it first");
  ByteBuffer bytes = kernel(Endian::kBig).bytes();
  CHECK(refused(ByteBuffer(bytes.begin(), bytes.begin() + 63)).message ==
        "`image` ends inside its ELF header: it has 63 bytes, the header 64");
  bytes[4] = 1;
  CHECK(refused(bytes).kind == Kind::kUnsuitable);
  CHECK(refused(bytes).message == "`image` is a 32-bit ELF file (EI_CLASS 1); a ppc64 image is 64-bit (EI_CLASS 2)");
  bytes[4] = 3;
  CHECK(refused(bytes).message == "`image` has EI_CLASS 3; 2 is a 64-bit file");
  bytes[4] = 2;
  bytes[5] = 0;
  CHECK(refused(bytes).message == "`image` has EI_DATA 0; 1 is little-endian, 2 big-endian");
  bytes[5] = 2;
  bytes[6] = 2;
  CHECK(refused(bytes).message == "`image` has ELF version 2 (EI_VERSION); 1 is the only one");
}

TEST_CASE("images of other kinds are unsuitable, not malformed") {
  ElfBuilder elf = kernel(Endian::kLittle);
  elf.machine = 62;
  CHECK(refused(elf).kind == Kind::kUnsuitable);
  CHECK(refused(elf).message == "`image` is for x86-64 (e_machine 62), not for 64-bit PowerPC (21)");
  elf.machine = 21;
  elf.type = 1;
  CHECK(refused(elf).message == "`image` is an object file (ET_REL), which has no place in memory yet");
  elf.type = 4;
  CHECK(refused(elf).message == "`image` is a core dump (ET_CORE), not an image to boot");
  elf.type = 0;
  CHECK(refused(elf).message == "`image` has e_type 0; an image is ET_EXEC (2) or ET_DYN (3)");
  elf.type = 3;
  CHECK(good(elf).size() == Size{0x1000});
  elf.loads[0].type = 4;
  CHECK(refused(elf).message == "`image` has no PT_LOAD among its 1 program headers, so nothing of it is loaded");
  elf.lie_phnum = 0;
  CHECK(refused(elf).message == "`image` has no program headers (e_phnum 0), so nothing of it is loaded");
  CHECK(refused(elf).kind == Kind::kUnsuitable);
}

TEST_CASE("lies in the program headers are found before they are believed") {
  ElfBuilder elf = kernel(Endian::kBig);
  size_t size = elf.bytes().size();
  elf.lie_phnum = 20;
  CHECK(refused(elf).message == "`image` ends before its program headers do: 20 of them from offset 0x40 (e_phoff), and the file has " +
                                    hex(size) + " bytes");
  elf.lie_phnum = 0xffff;
  CHECK(refused(elf).kind == Kind::kUnsuitable);
  elf.lie_phnum.reset();
  elf.lie_phoff = ~uint64_t{0};
  CHECK(refused(elf).message.find("ends before its program headers do") != std::string::npos);
  elf.lie_phoff = 0x42;
  CHECK(refused(elf).message == "`image` has its program headers at offset 0x42 (e_phoff), no multiple of 8");
  elf.lie_phoff.reset();
  elf.phentsize = 32;
  CHECK(refused(elf).message == "`image` has program headers of 32 bytes (e_phentsize); 64-bit ones have 56");
  elf.phentsize = 56;

  auto& load = elf.loads[0];
  load.memsz = 0x1ff;
  CHECK(refused(elf).message == "`image` has more bytes in the file than in memory in program header 0: p_filesz 0x200, p_memsz 0x1ff");
  load.memsz = ~uint64_t{0};
  CHECK(refused(elf).message ==
        "`image` runs past the end of the address space in program header 0: p_vaddr 0xc000000000000000, p_memsz 0xffffffffffffffff");
  load.memsz = 0x1000;
  load.lie_offset = ~uint64_t{0} - 8;
  CHECK(refused(elf).message.find("`image` is truncated or lies: program header 0 needs bytes 0xfffffffffffffff7 ..< "
                                  "0x100000000000001f7 (p_offset, p_filesz)") == 0);
  load.lie_offset.reset();
  ByteBuffer cut = elf.bytes();
  cut.resize(cut.size() - 1);
  CHECK(refused(cut).way_out == "copy the file again");

  elf.add_load(kVirtual + 0xfff, counted(4));
  CHECK(refused(elf).message ==
        "`image` has overlapping PT_LOADs: program header 0 at p_vaddr 0xc000000000000000 with p_memsz 0x1000, and "
        "program header 1 at p_vaddr 0xc000000000000fff");
  elf.loads[1].vaddr = kVirtual + 0x1000;
  CHECK(good(elf).size() == Size{0x1004});
}

TEST_CASE("an image at the very top of the address space") {
  ElfBuilder elf(Endian::kBig);
  elf.entry = ~uint64_t{0} - 7;
  elf.add_load(~uint64_t{0} - 7, counted(8));
  CHECK(good(elf).size() == Size{8});
}

TEST_CASE("the entry must be an instruction of the image") {
  ElfBuilder elf = kernel(Endian::kLittle);
  for (uint64_t entry : {kVirtual - 4, kVirtual + 0x1000, uint64_t{0}}) {
    elf.entry = entry;
    CHECK(refused(elf).message.find("`image` is entered outside of what it loads: e_entry " + hex(entry)) == 0);
  }
  elf.entry = kVirtual + 2;
  CHECK(refused(elf).message == "`image` is entered between two instructions: e_entry 0xc000000000000002 is no multiple of 4");
  elf.entry = kVirtual + 0xffc;  // in bss: well-formed, and someone else's finding
  CHECK(good(elf).entry_offset() == Size{0xffc});
}

TEST_CASE("every truncation and every single changed byte of the headers is survived") {
  ElfBuilder elf = kernel(Endian::kBig);
  elf.add_load(kVirtual + 0x2000, counted(0x40));
  elf.sections = {{}, {kAllocated, kVirtual, 0x1000}};
  ByteBuffer bytes = elf.bytes();
  size_t accepted = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    ByteBuffer cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
    accepted += read_elf(MappedFile::from_bytes(cut, "image")).ok();
  }
  CHECK(accepted == 0);  // the section headers are last, and this image needs them
  std::mt19937 random(1);
  for (size_t at = 0; at < 64 + 2 * 56; ++at)
    for (int i = 0; i < 8; ++i) {
      ByteBuffer changed = bytes;
      changed[at] = static_cast<uint8_t>(random());
      auto image = read_elf(MappedFile::from_bytes(changed, "image"));
      if (!image) continue;
      CHECK(image->entry_offset() < image->size());
      CHECK(image->file_backed_size() <= image->size());
      for (const ElfPiece& piece : image->pieces())
        CHECK(piece.offset.wide() + piece.bytes.size() <= image->file_backed_size().wide());
    }
}

TEST_CASE("digests of pieces are digests of their bytes in a row") {
  CHECK(to_text(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_text(sha256({view_of("abc")})) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256({view_of("a"), ByteView(), view_of("bc")}) == sha256({view_of("abc")}));
}

TEST_CASE("raw files") {
  auto folder = std::filesystem::temp_directory_path() / ("baton-inputs-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "empty");
  std::ofstream(folder / "two") << "ab";
  CHECK(read_raw(folder / "two")->bytes().size() == 2);
  auto empty = read_raw(folder / "empty");
  REQUIRE_FALSE(empty.ok());
  CHECK(empty.failure().kind == Kind::kUnsuitable);
  CHECK(empty.failure().message.find("empty` is empty: there is nothing to place") != std::string::npos);
  auto missing = read_raw(folder / "none");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.failure().kind == Kind::kNotFound);
  CHECK(read_raw(folder).failure().kind == Kind::kNotFound);
  std::filesystem::remove_all(folder);
}
