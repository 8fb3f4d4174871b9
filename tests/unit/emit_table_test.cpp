// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text and binary forms of the segment table, byte for byte; what does not fit is refused by name.
// Whether a C compiler reads the same is tests/differential/table_layout_test.py's question.
#include <ostream>

#include <doctest/doctest.h>

#include "emit/bundle.h"
#include "emit/depfile.h"
#include "emit/map.h"
#include "emit/table.h"

using namespace baton;
using namespace baton::emit;

namespace {

SegmentTable sample_table() {
  SegmentTable table;
  table.handoff = "boot";
  table.machine = "lab";
  table.from = "linux.kexec@2013";
  table.to = "linux.bootblock@17";
  table.giver = "both";
  table.entry = Address{0x4000000};
  table.granule = Size{0x10000};
  table.segments = {{"kernel", "elf", Address{0x5000000}, Size{0x12345}, Size{0x11111}, Size{0x20000},
                     std::string(64, 'a'), 0x3c0},
                    {"stub", "trampoline", Address{0x4000000}, Size{0x180}, Size{0x17c}, Size{0x10000},
                     std::string(64, '0'), 0x114d8}};
  return table;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the binary tables are four words a segment in the caller's size and order") {
  SegmentTable table = sample_table();
  table.segments.pop_back();
  auto native = native64_table(table, Endian::kBig);
  REQUIRE(native);
  CHECK(*native == ByteBuffer{0, 0, 0, 0, 0, 0, 3, 0xc0, 0, 0, 0, 0, 0, 1, 0x11, 0x11,
                              0, 0, 0, 0, 5, 0, 0, 0,    0, 0, 0, 0, 0, 2, 0,    0});
  auto compat = compat32_table(table, Endian::kLittle);
  REQUIRE(compat);
  CHECK(*compat == ByteBuffer{0xc0, 3, 0, 0, 0x11, 0x11, 1, 0, 0, 0, 0, 5, 0, 0, 2, 0});
  CHECK(native64_table(sample_table(), Endian::kLittle)->size() == 2 * kNativeSegmentSize);
  CHECK(compat32_table(sample_table(), Endian::kBig)->size() == 2 * kCompatSegmentSize);
}

TEST_CASE("what a caller's word cannot hold is refused with segment and field") {
  SegmentTable table = sample_table();
  auto refused = [&](const char* message) {
    auto compat = compat32_table(table, Endian::kBig);
    REQUIRE_FALSE(compat);
    CHECK(compat.failure().kind == Failure::Kind::kUnsuitable);
    CHECK(compat.failure().message == message);
    CHECK(compat.failure().way_out == "everything must lie below 0x100000000");
    CHECK(native64_table(table, Endian::kBig));
  };
  SUBCASE("start") {
    table.segments[1].start = Address{Wide{1} << 32};
    refused("a segment table for a 32-bit caller cannot hold the start 0x100000000 of segment `stub`");
  }
  SUBCASE("the end, although start and size fit") {
    table.segments[0].start = Address{0xffff0000};
    refused("a segment table for a 32-bit caller cannot hold the end 0x100010000 of segment `kernel`");
  }
  SUBCASE("offset in the bundle") {
    table.segments[0].payload_offset = 0x123456789a;
    refused("a segment table for a 32-bit caller cannot hold the bundle offset 0x123456789a of segment `kernel`");
  }
  SUBCASE("entry") {
    table.entry = Address{Wide{5} << 32};
    refused("a 32-bit caller cannot name the entry 0x500000000");
  }
  SUBCASE("the last granule of 32 bits is too high by one byte, the one below fits") {
    table.segments[1].start = Address{0xfffe0000};
    CHECK(compat32_table(table, Endian::kBig));
    table.segments[1].start = Address{0xffff0000};
    refused("a segment table for a 32-bit caller cannot hold the end 0x100000000 of segment `stub`");
  }
}

TEST_CASE("64 bits have an end, too") {
  SegmentTable table = sample_table();
  table.segments[0].start = Address{kTwoTo64 - 0x20000};
  auto native = native64_table(table, Endian::kBig);
  REQUIRE_FALSE(native);
  CHECK(has(native.failure().message, "the end 0x10000000000000000 of segment `kernel`"));
}

TEST_CASE("the JSON form") {
  SegmentTable table = sample_table();
  table.segments.pop_back();
  table.machine = "l\"ab\n";
  CHECK(table_json(table) == R"({
  "format": 1,
  "handoff": "boot",
  "machine": "l\"ab\n",
  "from": "linux.kexec@2013",
  "to": "linux.bootblock@17",
  "giver": "both",
  "entry": "0x4000000",
  "on_crash": false,
  "granule": "0x10000",
  "segments": [
    {
      "name": "kernel",
      "kind": "elf",
      "start": "0x5000000",
      "size": "0x12345",
      "bufsz": "0x11111",
      "memsz": "0x20000",
      "sha256": ")" + std::string(64, 'a') + R"("
    }
  ]
}
)");
}

TEST_CASE("names become macro names, and stay apart") {
  CHECK(macro_name("boot_debian") == "BOOT_DEBIAN");
  CHECK(macro_name("a.b-c") == "A_B_C");
  CHECK(macro_name("9p") == "N9P");
  CHECK(macro_name("") == "N");
  SegmentTable table = sample_table();
  table.segments[1].name = "Kernel";
  std::string header = table_header(table);
  CHECK(has(header, "#define BOOT_KERNEL_START                    BATON_U64(0x5000000)\n"));
  CHECK(has(header, "#define BOOT_KERNEL_2_START                  BATON_U64(0x4000000)\n"));
  table.machine = "x */ int oops; /* \n y";
  CHECK_FALSE(has(table_header(table), "*/ int"));
  table.segments.clear();
  CHECK_FALSE(has(table_header(table), "#define BOOT_EACH_SEGMENT"));
}

TEST_CASE("a header for what lies above 4 GiB has no array for 32-bit pointers") {
  SegmentTable table = sample_table();
  CHECK_FALSE(has(table_header(table), "__SIZEOF_POINTER__"));
  table.segments[0].start = Address{Wide{1} << 33};
  CHECK(has(table_header(table), "#if !defined(__SIZEOF_POINTER__) || __SIZEOF_POINTER__ >= 8\n#define BOOT_KEXEC"));
}

TEST_CASE("the map is sorted by address, symbols where they fall") {
  CHECK(map_text(sample_table(), {{"kernel.entry", Address{0x500000c}}, {"low", Address{0x60}},
                                  {"beyond", Address{0x6000000}}}) ==
        "# boot on lab: linux.kexec@2013 to linux.bootblock@17\n"
        "# granule 0x10000; end = start + size, extent = what the loader occupies from start on\n"
        "# start    end        size     extent   name    kind\n"
        "0x0000060                               low\n"
        "0x4000000  0x4000180  0x00180  0x10000  stub    trampoline\n"
        "0x4000000                               . entry\n"
        "0x5000000  0x5012345  0x12345  0x20000  kernel  elf\n"
        "0x500000c                               . kernel.entry\n"
        "0x6000000                               beyond\n");
}

TEST_CASE("the depfile escapes what both readers unescape and refuses the rest") {
  CHECK(*depfile({"out/a.bundle", "out/a.h"}, {"a.baton", "my kernel#1$", "6.1~x", "a.baton"}) ==
        "out/a.bundle out/a.h: \\\n  a.baton \\\n  my\\ kernel\\#1$$ \\\n  6.1~x\n");
  CHECK(*depfile({"a"}, {}) == "a:\n");
  for (const char* name : {"a;b", "a\nb", "a:", "50%", "a\\b", "~x"}) {
    CAPTURE(name);
    auto text = depfile({"out"}, {name});
    REQUIRE_FALSE(text);
    CHECK(has(text.failure().message, "no common spelling"));
  }
  CHECK(has(depfile({"x\ty"}, {}).failure().message, "the control character 0x9"));
}

TEST_CASE("payload offsets are where the bundle has the bytes") {
  const ByteBuffer first(13, 0x11), second(5, 0x22);
  BundleContents contents;
  contents.handoff = "boot";
  contents.entry = Address{0x4000000};
  contents.granule = contents.facts.page = Size{0x10000};
  auto segment = [](const char* name, uint64_t start, const ByteBuffer* bytes) {
    BundleSegment s;
    s.name = name;
    s.kind = bytes ? BundleKind::kFile : BundleKind::kReserve;
    s.start = Address{start};
    s.memsz = Size{0x10000};
    if (bytes) s.pieces = {*bytes};
    return s;
  };
  contents.segments = {segment("a", 0x4000000, &first), segment("r", 0x4010000, nullptr),
                       segment("b", 0x4020000, &second)};
  auto bundle = lay_out_bundle(contents);
  REQUIRE(bundle);
  const std::vector<uint64_t> offsets = payload_offsets(*bundle);
  REQUIRE(offsets.size() == 3);
  const ByteBuffer file = bundle->bytes();
  CHECK(ByteBuffer(file.begin() + static_cast<long>(offsets[0]), file.begin() + static_cast<long>(offsets[0]) + 13) == first);
  CHECK(ByteBuffer(file.begin() + static_cast<long>(offsets[2]), file.end()) == second);
}

TEST_CASE("the JSON of an earlier build is read back as it was written") {
  SegmentTable table = sample_table();
  std::string text = table_json(table);
  auto read = read_table_json(view_of(text));
  REQUIRE(read);
  CHECK(table_json(*read) == text);
}

TEST_CASE("a table that is damaged is refused with the place, whatever it holds") {
  auto refused = [](const std::string& text, const char* part) {
    auto read = read_table_json(view_of(text));
    REQUIRE_FALSE(read);
    CHECK(read.failure().kind == Failure::Kind::kMalformed);
    CHECK_MESSAGE(has(read.failure().message, part), read.failure().message);
  };
  auto with = [](const std::string& was, const std::string& is) {
    std::string text = table_json(sample_table());
    size_t at = text.find(was);
    REQUIRE(at != text.npos);
    return text.replace(at, was.size(), is);
  };
  refused("", "not JSON");
  refused("[]", "not an object");
  refused(std::string(100000, '['), "nests too deep");
  refused("\"" + std::string(2 << 20, '['), "bytes");
  refused(with("\"format\": 1", "\"format\": 2"), "`format` is not 1");
  refused(with("\"0x4000000\"", "67108864"), "`entry` of the table");
  refused(with("\"0x4000000\"", "\"0x12345678123456789\""), "`entry` of the table");
  refused(with("\"0x5000000\"", "\"0X5000000\""), "`start` of segment 0");
  refused(with("\"on_crash\": false", "\"on_crash\": 0"), "`on_crash`");
  refused(with("\"name\": \"stub\"", "\"name\": \"kernel\""), "two segments `kernel`");
  // Every prefix is refused; none reads past its end.
  std::string whole = table_json(sample_table());
  for (size_t n = 0; n + 2 < whole.size(); ++n) {
    std::string part = whole.substr(0, n);
    CHECK_FALSE(read_table_json(view_of(part)));
  }
}
