// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blobs as nodes: look-ups, cells, the reserve map, versions, and every kind of damage.
#include <doctest/doctest.h>

#include <random>

#include "inputs/live_facts.h"
#include "inputs/tree.h"
#include "tree_builder.h"

using namespace baton;
using namespace baton::inputs;
using baton::tests::TreeBuilder;

namespace {

DeviceTree good(MappedFile file) {
  auto tree = read_tree(std::move(file));
  REQUIRE_MESSAGE(tree.ok(), (tree.ok() ? "" : tree.failure().message));
  return *tree;
}

Failure refused(ByteBuffer bytes) {
  auto tree = read_tree(MappedFile::from_bytes(std::move(bytes), "t.dtb"));
  REQUIRE_FALSE(tree.ok());
  return tree.failure();
}

ByteBuffer small_blob() {
  TreeBuilder t({{0x1000, 0x2000}});
  return t.begin("chosen").text("bootargs", "quiet").end().begin("cpus").begin("cpu@0").end().end().blob();
}

/// A blob of version 2 written by hand: full paths, an 8-aligned value, a `name` property.
ByteBuffer version_2_blob() {
  ByteBuffer structure, strings;
  auto word = [&](uint32_t v) { append<uint32_t>(structure, v, Endian::kBig); };
  auto text = [&](const std::string& s) {
    structure.insert(structure.end(), s.begin(), s.end());
    structure.resize((structure.size() + 4) & ~size_t{3});
  };
  std::string names = std::string("name\0reg\0", 9);
  strings.assign(names.begin(), names.end());
  word(1), text("/");
  word(1), text("/memory@0");
  word(3), word(7), word(0);
  text("memory");
  word(3), word(16), word(5);
  if (structure.size() % 8 != 0) structure.resize(structure.size() + 4);
  append<uint64_t>(structure, 0, Endian::kBig);
  append<uint64_t>(structure, 0x10000000, Endian::kBig);
  word(2), word(2), word(9);
  ByteBuffer blob;
  constexpr uint32_t kMap = 32, kStructure = 48;
  for (uint32_t v : {0xd00dfeedu, static_cast<uint32_t>(kStructure + structure.size() + strings.size()), kStructure,
                     static_cast<uint32_t>(kStructure + structure.size()), kMap, 2u, 1u, 7u})
    append<uint32_t>(blob, v, Endian::kBig);
  blob.resize(kStructure);
  blob.insert(blob.end(), structure.begin(), structure.end());
  blob.insert(blob.end(), strings.begin(), strings.end());
  return blob;
}

}  // namespace

TEST_CASE("nodes are found by path, with or without unit address") {
  TreeBuilder t;
  t.begin("memory@0").end().begin("cpus").begin("cpu@0").end().begin("cpu@8").cells("reg", {8}).end().end();
  t.begin("rtas").text("device_type", "rtas").end();
  DeviceTree tree = good(t.file());
  CHECK(tree.find("/") == kRootNode);
  CHECK(tree.path(*tree.find("/cpus/cpu@8")) == "/cpus/cpu@8");
  CHECK(tree.path(*tree.find("/memory")) == "/memory@0");
  CHECK(tree.find("/memory@0/") == tree.find("/memory"));
  CHECK_FALSE(tree.find("/cpus/cpu"));  // two of them
  CHECK_FALSE(tree.find("/cpu"));
  CHECK_FALSE(tree.find("cpus"));
  CHECK_FALSE(tree.find(""));
  CHECK_FALSE(tree.find("//cpus"));
  CHECK(tree.says(*tree.find("/rtas"), "device_type", "rtas"));
  CHECK_FALSE(tree.says(*tree.find("/rtas"), "device_type", "rta"));
  CHECK_FALSE(tree.says(*tree.find("/rtas"), "compatible", "rtas"));
  CHECK(tree.property(*tree.find("/cpus/cpu@8"), "reg")->size() == 4);
  CHECK(tree.version() == 17);
}

TEST_CASE("numbers have one or two cells") {
  TreeBuilder t;
  t.cells("one", {0x12345678}).wide("two", {0x123456789abcdef0}).cells("three", {1, 2, 3}).bytes("none", {});
  DeviceTree tree = good(t.file("m.dtb"));
  CHECK(**read_number(tree, kRootNode, "one") == 0x12345678);
  CHECK(**read_number(tree, kRootNode, "two") == 0x123456789abcdef0);
  CHECK_FALSE(read_number(tree, kRootNode, "absent")->has_value());
  CHECK(read_number(tree, kRootNode, "three").failure().message ==
        "`m.dtb`: / three has 12 bytes; a number has 4 or 8");
  CHECK(read_number(tree, kRootNode, "none").failure().message == "`m.dtb`: / none has 0 bytes; a number has 4 or 8");
}

TEST_CASE("cells of 1 and 2 are counted, others refused") {
  TreeBuilder t;
  t.begin("a").cells("#address-cells", {1}).cells("#size-cells", {0}).end();
  t.begin("b").end();
  t.begin("c").cells("#address-cells", {3}).end();
  t.begin("d").cells("#size-cells", {1, 1}).end();
  t.begin("e").cells("#address-cells", {0}).end();
  DeviceTree tree = good(t.file());
  auto counts = [&](const char* path) { return cell_counts(tree, *tree.find(path)); };
  CHECK(counts("/")->address == 2);
  CHECK(counts("/")->size == 2);
  CHECK(counts("/a")->address == 1);
  CHECK(counts("/a")->size == 0);
  CHECK(counts("/b")->address == 2);
  CHECK(counts("/b")->size == 1);
  CHECK(counts("/c").failure().message ==
        "`tree.dtb`: /c #address-cells is 3; addresses and sizes of memory have 1 or 2 cells");
  CHECK(counts("/d").failure().message == "`tree.dtb`: /d #size-cells has 8 bytes; a number of cells has 4");
  CHECK(counts("/e").failure().message.find("#address-cells is 0") != std::string::npos);
}

TEST_CASE("pairs in every width") {
  TreeBuilder t;
  t.cells("reg11", {0x1000, 0x10, 0x2000, 0x20}).cells("reg21", {1, 0, 0x10}).cells("reg12", {0x10, 1, 0});
  t.wide("wrap", {~uint64_t{0}, 2}).wide("top", {~uint64_t{0}, 1}).cells("odd", {1, 2, 3});
  DeviceTree tree = good(t.file());
  auto pairs = [&](const char* name, unsigned a, unsigned s) { return read_pairs(tree, kRootNode, name, {a, s}); };
  CHECK(*pairs("reg11", 1, 1) == std::vector<Range>{Range::from_to(0x1000, 0x1010), Range::from_to(0x2000, 0x2020)});
  CHECK(*pairs("reg21", 2, 1) == std::vector<Range>{Range::from_to(0x100000000, 0x100000010)});
  CHECK(*pairs("reg12", 1, 2) == std::vector<Range>{Range::from_to(0x10, 0x100000010)});
  CHECK(pairs("absent", 2, 2)->empty());
  CHECK(*pairs("top", 2, 2) == std::vector<Range>{Range::from_to(kTwoTo64 - 1, kTwoTo64)});
  CHECK(pairs("wrap", 2, 2).failure().message ==
        "`tree.dtb`: / wrap runs past 2^64: address 0xffffffffffffffff, size 0x2");
  CHECK(pairs("odd", 1, 1).failure().message ==
        "`tree.dtb`: / odd has 12 bytes, which is no number of (address, size) pairs of 1 and 1 cells");
}

TEST_CASE("a range of two properties needs both") {
  TreeBuilder t;
  t.cells("base", {0x1000}).wide("size", {0x100}).wide("end", {0xfff}).wide("all", {~uint64_t{0}});
  DeviceTree tree = good(t.file());
  auto range = [&](const char* a, const char* b, SecondIs m, bool lone = false) {
    return read_range(tree, kRootNode, a, b, m, lone);
  };
  CHECK(**range("base", "size", SecondIs::kSize) == Range::from_to(0x1000, 0x1100));
  CHECK_FALSE(range("x", "y", SecondIs::kSize)->has_value());
  CHECK(range("base", "y", SecondIs::kSize).failure().message == "`tree.dtb`: / base stands alone: there is no y");
  CHECK(range("x", "size", SecondIs::kSize).failure().message == "`tree.dtb`: / size stands alone: there is no x");
  CHECK_FALSE(range("x", "size", SecondIs::kSize, true)->has_value());
  CHECK(range("base", "end", SecondIs::kEnd).failure().message == "`tree.dtb`: / end 0xfff lies below base 0x1000");
  CHECK(range("base", "all", SecondIs::kSize).failure().message ==
        "`tree.dtb`: / base runs past 2^64: 0x1000, with all 0xffffffffffffffff");
}

TEST_CASE("the reserve map, and what of it lasts") {
  ByteBuffer blob = small_blob();
  CHECK(good(MappedFile::from_bytes(blob, "t")).reserve_map() == std::vector<Range>{Range::from_to(0x1000, 0x3000)});

  // In `reserve`, a size of 1 stands for the blob's own, a begin of 1 for the end of 0x9000 +: own.
  auto lasting = [](std::vector<std::pair<uint64_t, uint64_t>> reserve) {
    auto make = [&](uint64_t own) {
      auto entries = reserve;
      for (auto& [begin, size] : entries) {
        if (begin == 1) begin = 0x9000 + own;
        if (size == 1) size = own;
      }
      TreeBuilder t(entries);
      t.begin("chosen").wide("linux,initrd-start", {0x100100}).cells("linux,initrd-end", {0x180200}).end();
      return t.blob();
    };
    uint64_t own = make(0x1234).size();
    return good(MappedFile::from_bytes(make(own), "t")).lasting_reservations();
  };
  using Ranges = std::vector<Range>;
  Ranges kept{Range::from_to(0x7000, 0x7800)};
  CHECK(lasting({{0x7000, 0x800}}) == kept);
  CHECK(lasting({{0x9000, 1}, {0x7000, 0x800}}) == kept);
  CHECK(lasting({{0x9000, 1}, {0x7000, 0x800}, {1, 0x123}}) == kept);      // and what rounds it up
  CHECK(lasting({{1, 0x123}, {0x7000, 0x800}}).size() == 2);               // which is nothing alone
  CHECK(lasting({{0x90000, 0x10000}, {0x7000, 0x800}}).size() == 2);       // somebody's 64KiB
  CHECK(lasting({{0x100100, 0x80100}, {0x7000, 0x800}}) == kept);
  CHECK(lasting({{0x100000, 0x81000}, {0x7000, 0x800}}) == kept);
  CHECK(lasting({{0x100000, 0x90000}, {0x7000, 0x800}}) == kept);
  CHECK(lasting({{0x100100, 0x80000}, {0x7000, 0x800}}).size() == 2);  // another end: not the initrd's

  // A blob of whole pages: an entry of that size may be anybody's.
  ByteBuffer padded = TreeBuilder({{0x9000, 0x10000}}).blob();
  padded.resize(0x10000);
  store<uint32_t>(padded, 4, 0x10000, Endian::kBig);
  CHECK(good(MappedFile::from_bytes(padded, "t")).lasting_reservations().size() == 1);

  // A tree taken from a running system has another size than the blob that was booted.
  TreeBuilder facts({{0x9000, 0x4321}, {0x7000, 0x800}});
  facts.begin("baton,facts").cells("boot-tree-size", {0x4321}).end();
  CHECK(good(facts.file()).lasting_reservations() == kept);
}

TEST_CASE("version 2 with full paths and aligned values") {
  DeviceTree tree = good(MappedFile::from_bytes(version_2_blob(), "old.dtb"));
  CHECK(tree.version() == 2);
  CHECK(tree.boot_cpuid_phys() == 7);
  auto memory = tree.find("/memory@0");
  REQUIRE(memory);
  CHECK(tree.says(*memory, "name", "memory"));
  CHECK(*read_pairs(tree, *memory, "reg", {2, 2}) == std::vector<Range>{Range::from_to(0, 0x10000000)});
}

TEST_CASE("what is no blob says so") {
  CHECK(refused({}).message == "`t.dtb` is empty, not a device tree blob");
  CHECK(refused({0xd0, 0x0d}).message == "`t.dtb` is not a device tree blob: it does not begin with d0 0d fe ed");
  std::string source = "/dts-v1/;\n/ { };\n";
  CHECK(refused(ByteBuffer(source.begin(), source.end())).way_out ==
        "this is source text: compile it with `dtc -O dtb`");
  ByteBuffer blob = small_blob();
  CHECK(refused(ByteBuffer(blob.begin(), blob.begin() + 20)).message ==
        "`t.dtb` ends inside its header: it has 20 bytes");
  CHECK(refused(ByteBuffer(blob.begin(), blob.end() - 1)).message ==
        "`t.dtb` is truncated: its totalsize is " + hex(blob.size()) + ", and the file has " + hex(blob.size() - 1) + " bytes");
  ByteBuffer longer = blob;
  longer.resize(blob.size() + 100);
  CHECK(good(MappedFile::from_bytes(longer, "t")).blob().size() == blob.size());
}

TEST_CASE("versions that are not read") {
  ByteBuffer blob = small_blob();
  store<uint32_t>(blob, 20, 1, Endian::kBig);
  store<uint32_t>(blob, 24, 1, Endian::kBig);
  CHECK(refused(blob).message == "`t.dtb` is a device tree blob of version 1; versions 2 to 17 are read");
  CHECK(refused(blob).kind == Failure::Kind::kUnsuitable);
  store<uint32_t>(blob, 20, 20, Endian::kBig);
  store<uint32_t>(blob, 24, 18, Endian::kBig);
  CHECK(refused(blob).message ==
        "`t.dtb` needs a reader of device tree version 18 (last_comp_version); versions 2 to 17 are read");
}

TEST_CASE("a reserve map past the top of memory is refused") {
  CHECK(refused(TreeBuilder({{~uint64_t{0} - 1, 0x10}}).blob()).message ==
        "`t.dtb` has a reserve map entry that runs past 2^64: 0xfffffffffffffffe, size 0x10");
}

TEST_CASE("trees deeper than any machine's are refused, not followed") {
  TreeBuilder t;
  for (int i = 0; i < 300; ++i) t.begin("n");
  for (int i = 0; i < 300; ++i) t.end();
  CHECK(refused(t.blob()).message == "`t.dtb` has nodes more than 256 deep");
}

TEST_CASE("lengths and tags of the structure block are checked before they are followed") {
  TreeBuilder t;
  t.begin("a").cells("x", {1, 2}).end();
  ByteBuffer blob = t.blob();
  uint32_t start = *load<uint32_t>(blob, 8, Endian::kBig);
  size_t at = start;
  while (*load<uint32_t>(blob, at, Endian::kBig) != 1 || blob[at + 4] != 'a') at += 4;  // the node
  at += 8;                                                                              // its property
  auto with = [&](size_t offset, uint32_t value) {
    ByteBuffer changed = blob;
    store<uint32_t>(changed, offset, value, Endian::kBig);
    return refused(changed).message;
  };
  // -12 leads back to the property itself.
  CHECK(with(at + 4, 0xfffffff4) == "`t.dtb` is a damaged device tree blob: the property at offset " + hex(at) +
                                        " has 0xfffffff4 bytes, past the end of the structure block");
  CHECK(with(at, 0x77) == "`t.dtb` is a damaged device tree blob: there is no tag 0x77 (at offset " + hex(at) + ")");
  CHECK(with(36, 8) == "`t.dtb` is a damaged device tree blob: its structure block has no end");
  CHECK(with(8, 0x10000000).find("is not in the " + hex(blob.size()) + " bytes of its totalsize") != std::string::npos);
  CHECK(with(36, 0xfffffff0).find("is not in the") != std::string::npos);
  CHECK(with(36, static_cast<uint32_t>(at - 3 - start)) ==
        "`t.dtb` is a damaged device tree blob: the name of the node at offset " + hex(at - 8) + " has no end");
  CHECK(with(4, 0x80000000).find("is truncated") != std::string::npos);
}

TEST_CASE("damage anywhere is refused or harmless") {
  ByteBuffer blob = small_blob();
  std::mt19937 random(2);
  size_t refusals = 0;
  for (size_t at = 0; at < blob.size(); ++at)
    for (int i = 0; i < 8; ++i) {
      ByteBuffer changed = blob;
      changed[at] = static_cast<uint8_t>(random());
      auto tree = read_tree(MappedFile::from_bytes(changed, "t"));
      refusals += !tree.ok();
      if (!tree) continue;
      for (NodeId id = 0; id < tree->nodes().size(); ++id) CHECK_FALSE(tree->path(id).empty());
      CHECK(tree->lasting_reservations().size() <= tree->reserve_map().size());
    }
  CHECK(refusals > 100);
}

TEST_CASE("iomem lines, nested ones too; what has no such form is passed over") {
  auto lines = read_iomem(
      "00000000-3fffffff : System RAM\n"
      "  00000000-00ffffff : Kernel code\n"
      "nonsense\n"
      "10-f : backwards\n"
      "11111111111111111-22222222222222222 : too large\n"
      "fffffffffffff000-ffffffffffffffff : top");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].range == Range::from_to(0, 0x40000000));
  CHECK(lines[0].name == "System RAM");
  CHECK(lines[1].range == Range::from_to(0, 0x1000000));
  CHECK(lines[2].range.end == Address::limit());
  CHECK(read_iomem("").empty());
  CHECK(read_iomem("\n\n").empty());
}

TEST_CASE("the facts of a running system") {
  CHECK_FALSE(read_live_facts(good(TreeBuilder().file()))->has_value());
  TreeBuilder t;
  t.begin("baton,facts").cells("page-size", {0x10000}).cells("giver-little-endian", {1});
  t.text("kernel-release", "6.1.0").text("iomem", "0-fff : System RAM\n 0-7f : Kernel code\n 80-ff : Kernel bss\n 800-8ff : Crash kernel\n");
  t.wide("crash-notes", {0x1000, 0x1a4, 0x2000, 0x1a4}).wide("vmcoreinfo", {0x3000, 0x1024}).end();
  auto facts = **read_live_facts(good(t.file()));
  CHECK(facts.page == Size{0x10000});
  CHECK(facts.giver == Endian::kLittle);
  CHECK(facts.kernel_release == "6.1.0");
  CHECK(facts.kernel_end == Address{0x100});
  CHECK(facts.crash_kernel == RangeSet{Range::from_to(0x800, 0x900)});
  CHECK(facts.crash_notes == std::vector<Range>{Range::from_to(0x1000, 0x11a4), Range::from_to(0x2000, 0x21a4)});
  CHECK(facts.vmcoreinfo == Range::from_to(0x3000, 0x4024));

  auto wrong = [](const char* name, std::vector<uint32_t> cells) {
    TreeBuilder t;
    t.begin("baton,facts").cells(name, cells).end();
    auto facts = read_live_facts(good(t.file()));
    REQUIRE_FALSE(facts.ok());
    return facts.failure().message;
  };
  CHECK(wrong("page-size", {0x3000}) ==
        "`tree.dtb`: /baton,facts page-size is 0x3000; a page is a power of two, at least 4KiB");
  CHECK(wrong("giver-little-endian", {2}) == "`tree.dtb`: /baton,facts giver-little-endian is 0x2, neither 0 nor 1");
  CHECK(wrong("crash-notes", {0, 1, 2}).find("/baton,facts crash-notes has 12 bytes") != std::string::npos);
  CHECK(wrong("vmcoreinfo", {0, 1, 0, 2, 0, 3, 0, 4}).find("more than one") != std::string::npos);
}
