// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Edited trees: what goes, what is set, what the reserve map says, and that sizes follow lengths only.
#include <doctest/doctest.h>

#include <random>

#include "emit/devicetree.h"
#include "tree_builder.h"

using namespace baton;
using namespace baton::emit;
using baton::inputs::DeviceTree;
using baton::inputs::read_tree;
using baton::tests::TreeBuilder;

namespace {

ByteBuffer text(const std::string& s) { return ByteBuffer(s.c_str(), s.c_str() + s.size() + 1); }

DeviceTree parsed(ByteBuffer blob) {
  auto tree = read_tree(MappedFile::from_bytes(std::move(blob), "t.dtb"));
  REQUIRE_MESSAGE(tree.ok(), (tree.ok() ? "" : tree.failure().message));
  return *tree;
}

ByteBuffer edited(const DeviceTree& base, const TreeEdits& edits) {
  auto blob = edit_tree(base, edits);
  REQUIRE_MESSAGE(blob.ok(), (blob.ok() ? "" : blob.failure().message));
  return *blob;
}

std::string refused(const DeviceTree& base, const TreePropertyEdit& edit) {
  auto blob = edit_tree(base, TreeEdits{{edit}});
  REQUIRE_FALSE(blob.ok());
  CHECK(blob.failure().kind == Failure::Kind::kUnsuitable);
  return blob.failure().message;
}

DeviceTree sample() {
  TreeBuilder t({{0x7000, 0x800}, {0x5000000, 0x123}});
  t.begin("memory@0").text("device_type", "memory").wide("reg", {0, 1 << 30}).wide("linux,usable-memory", {0, 1}).end();
  t.begin("ibm,dynamic-reconfiguration-memory").wide("ibm,lmb-size", {1 << 28}).wide("linux,drconf-usable-memory", {0}).end();
  t.begin("cpus").wide("linux,kernel-end", {1}).begin("cpu@0").end().begin("cpu@8").end().end();
  t.begin("chosen").text("bootargs", "old").wide("linux,initrd-start", {0x5000000}).wide("linux,initrd-end", {0x5000123});
  t.text("stdout-path", "/vty").wide("linux,elfcorehdr", {1, 2}).wide("linux,crashkernel-base", {3});
  t.wide("linux,crashkernel-size", {4}).wide("linux,usable-memory-range", {0, 1}).wide("linux,kernel-end", {5});
  t.wide("linux,memory-limit", {1 << 28}).wide("linux,htab-base", {6}).wide("linux,htab-size", {7}).end();
  // What a live tree has since the bridge was given another window: a kernel reads it from the tree of the next boot.
  t.begin("pci@800000020000000").cells("ibm,dma-window", {0x80000000, 0, 0, 0, 0x40000000});
  t.cells("linux,direct64-ddr-window-info", {1, 2, 3}).cells("linux,dma64-ddr-window-info", {4, 5, 6}).end();
  t.begin("baton,facts").cells("page-size", {0x10000}).begin("deeper").end().end();
  return parsed(t.blob());
}

bool has(const DeviceTree& tree, const char* path, const char* property) {
  auto id = tree.find(path);
  return id && tree.property(*id, property);
}

}  // namespace

TEST_CASE("without edits only what belonged to the base's boot goes") {
  DeviceTree base = sample();
  DeviceTree out = parsed(edited(base, {}));
  CHECK(out.version() == 17);
  CHECK(load<uint32_t>(out.blob(), 24, Endian::kBig) == 16);
  CHECK(out.blob().size() == out.file().bytes().size());
  CHECK_FALSE(has(out, "/chosen", "linux,initrd-start"));
  CHECK_FALSE(has(out, "/chosen", "linux,initrd-end"));
  CHECK_FALSE(out.find("/baton,facts"));
  for (const char* stale : {"linux,elfcorehdr", "linux,crashkernel-base", "linux,crashkernel-size", "linux,usable-memory-range",
                            "linux,kernel-end", "linux,memory-limit", "linux,htab-base", "linux,htab-size"}) {
    CAPTURE(stale);
    CHECK(has(base, "/chosen", stale));
    CHECK_FALSE(has(out, "/chosen", stale));
  }
  CHECK_FALSE(has(out, "/memory@0", "linux,usable-memory"));
  CHECK_FALSE(has(out, "/ibm,dynamic-reconfiguration-memory", "linux,drconf-usable-memory"));
  CHECK(has(out, "/ibm,dynamic-reconfiguration-memory", "ibm,lmb-size"));
  for (const char* window : {"ibm,dma-window", "linux,direct64-ddr-window-info", "linux,dma64-ddr-window-info"})
    CHECK(has(out, "/pci@800000020000000", window));
  const auto& cpus = out.node(*out.find("/cpus")).children;
  REQUIRE(cpus.size() == 2);
  CHECK(out.node(cpus[0]).name == "cpu@0");  // in the base's order, which is by number in a facts file
  CHECK(out.node(cpus[1]).name == "cpu@8");
  CHECK(has(out, "/cpus", "linux,kernel-end"));  // only /chosen speaks of the boot
  CHECK(out.says(*out.find("/chosen"), "bootargs", "old"));
  CHECK(out.reserve_map() == std::vector<Range>{Range::from_to(0x7000, 0x7800)});
  CHECK(out.nodes().size() == base.nodes().size() - 2);
  CHECK(edited(out, {}) == edited(base, {}));  // nothing is left to go
}

TEST_CASE("properties are set in place, added last, dropped") {
  TreeEdits edits;
  edits.properties = {{"/chosen", "bootargs", text("new and longer")},
                      {"/chosen", "fresh", ByteBuffer{1, 2, 3}},
                      {"/chosen", "stdout-path"},
                      {"/chosen", "never-there"},
                      {"/cpus/cpu@8", "empty", ByteBuffer{}},
                      {"/", "model", text("m")},
                      {"/memory", "x", ByteBuffer{9}},
                      {"/new/deep@1", "y", ByteBuffer{7}, true}};
  edits.boot_cpuid_phys = 0x55;
  edits.booted_from_kexec = true;
  DeviceTree out = parsed(edited(sample(), edits));
  auto chosen = *out.find("/chosen");
  CHECK(out.node(chosen).properties.front().name == "bootargs");
  CHECK(out.says(chosen, "bootargs", "new and longer"));
  CHECK(out.property(chosen, "fresh")->size() == 3);
  CHECK_FALSE(has(out, "/chosen", "stdout-path"));
  CHECK(out.property(*out.find("/cpus/cpu@8"), "empty")->empty());
  CHECK(out.says(0, "model", "m"));
  CHECK(has(out, "/memory@0", "x"));
  CHECK(has(out, "/new/deep@1", "y"));
  CHECK(out.node(chosen).properties.back().name == "linux,booted-from-kexec");
  CHECK(out.property(chosen, "linux,booted-from-kexec")->empty());
  CHECK(out.boot_cpuid_phys() == 0x55);
  TreeEdits none;
  CHECK(parsed(edited(out, none)).boot_cpuid_phys() == 0x55);
}

TEST_CASE("a tree without /chosen gets one when it must say that it was kexeced") {
  TreeEdits edits;
  edits.booted_from_kexec = true;
  CHECK(has(parsed(edited(parsed(TreeBuilder().blob()), edits)), "/chosen", "linux,booted-from-kexec"));
}

TEST_CASE("what is written instead of something stale stays") {
  TreeEdits edits;
  edits.properties = {{"/memory@0", "linux,usable-memory", ByteBuffer(16)}, {"/chosen", "linux,memory-limit", ByteBuffer(8)}};
  DeviceTree out = parsed(edited(sample(), edits));
  CHECK_FALSE(has(out, "/chosen", "linux,elfcorehdr"));
  CHECK(out.property(*out.find("/chosen"), "linux,memory-limit")->size() == 8);
  CHECK(out.property(*out.find("/memory@0"), "linux,usable-memory")->size() == 16);
}

TEST_CASE("edits that cannot be made are refused with both sides") {
  DeviceTree base = sample();
  CHECK(refused(base, {"/chosne", "a", ByteBuffer{}}) == "`t.dtb` has no node /chosne: the root has no `chosne`");
  CHECK(refused(base, {"/cpus/cpu@4", "a"}) == "`t.dtb` has no node /cpus/cpu@4: `cpus` has no `cpu@4`");
  CHECK(refused(base, {"/cpus/cpu", "a"}) ==
        "`t.dtb` has no node /cpus/cpu: `cpus` has 2 nodes `cpu@...`; name one with its unit address");
  CHECK(refused(base, {"/cpus/cpu", "a", ByteBuffer{}, true}) ==  // not made beside them: which one is meant?
        "`t.dtb` has no node /cpus/cpu: `cpus` has 2 nodes `cpu@...`; name one with its unit address");
  CHECK(refused(base, {"chosen", "a"}) == "`chosen` is no path: a path begins with /");
  CHECK(refused(base, {"/a b", "a", ByteBuffer{}, true}) == "`/a b` is no path of node names");
  CHECK(refused(base, {"/a//b", "a", ByteBuffer{}, true}) == "`/a//b` is no path of node names");
  CHECK(refused(base, {"/chosen", "a b", ByteBuffer{}}) == "`a b` is no property name (in /chosen)");
  CHECK(refused(base, {"/chosen", "", ByteBuffer{}}) == "`` is no property name (in /chosen)");
  CHECK(refused(base, {"/baton,facts", "a"}) == "`t.dtb` has no node /baton,facts: the root has no `baton,facts`");
}

TEST_CASE("reservations: added once, empty ones never, the blob itself last") {
  DeviceTree base = sample();
  Range initrd = Range::from_to(0x6000000, 0x6000400);
  TreeEdits edits;
  edits.reserve = {initrd, Range::from_to(0x7000, 0x7800), Range{}, initrd, Range::from_to(0x100, 0x200)};
  edits.own = OwnReservation{Address{0x4000000}, Size{0x10000}};
  DeviceTree out = parsed(edited(base, edits));
  Address end{0x4000000 + out.blob().size()};
  CHECK(out.reserve_map() == std::vector<Range>{Range::from_to(0x7000, 0x7800), initrd, Range::from_to(0x100, 0x200),
                                                Range{Address{0x4000000}, end}, Range{end, Address{0x4010000}}});
  // The next handoff drops the pair and keeps the rest.
  CHECK(out.lasting_reservations() ==
        std::vector<Range>{Range::from_to(0x7000, 0x7800), initrd, Range::from_to(0x100, 0x200)});
  CHECK(parsed(edited(out, {})).reserve_map() == out.lasting_reservations());

  edits.own->granule = Size{1};
  CHECK(parsed(edited(base, edits)).reserve_map().back().size() == Size{out.blob().size()});
  edits.own->start = Address{kTwoTo64 - 0x1000};
  edits.own->granule = Size{0x10000};
  CHECK(edit_tree(base, edits).failure().message.find("runs past 2^64") != std::string::npos);
  edits.own->start = Address::limit();
  CHECK(edit_tree(base, edits).failure().message.find("runs past 2^64") != std::string::npos);
  edits.own.reset();
  edits.reserve = {Range::from_to(0, kTwoTo64)};
  CHECK(edit_tree(base, edits).failure().message == "a reserve map entry cannot hold all 2^64 bytes");
}

TEST_CASE("the size depends on lengths only") {
  DeviceTree base = sample();
  auto make = [&](uint64_t a, uint64_t b, uint64_t own) {
    TreeEdits edits;
    ByteBuffer start, end;
    append<uint64_t>(start, a, Endian::kBig);
    append<uint64_t>(end, b, Endian::kBig);
    edits.properties = {{"/chosen", "linux,initrd-start", start}, {"/chosen", "linux,initrd-end", end}};
    edits.reserve = {Range::from_to(a, a + 0x1000), Range::from_to(b, b + 0x1000), Range::from_to(0x7000, 0x7800)};
    edits.own = OwnReservation{Address{own}, Size{0x10000}};
    return edited(base, edits);
  };
  ByteBuffer measured = make(0, 0, 0), placed = make(0x10000000, 0x20000000, 0x30000000);
  CHECK(measured.size() == placed.size());
  CHECK(placed == make(0x10000000, 0x20000000, 0x30000000));
  CHECK(has(parsed(placed), "/chosen", "linux,initrd-start"));
  std::mt19937_64 random(3);
  for (int i = 0; i < 50; ++i) CHECK(make(random() >> 12, random() >> 40, random() >> 1).size() == measured.size());
}

TEST_CASE("a base of version 16 or of padded, unshared strings gives the same blob") {
  DeviceTree base = sample();
  ByteBuffer once = edited(base, {});
  ByteBuffer padded(base.blob().begin(), base.blob().end());
  padded.resize(padded.size() + 0x400);
  store<uint32_t>(padded, 4, static_cast<uint32_t>(padded.size()), Endian::kBig);
  CHECK(edited(parsed(padded), {}) == once);
  store<uint32_t>(padded, 20, 16, Endian::kBig);
  CHECK(edited(parsed(padded), {}) == once);
}

TEST_CASE("pairs are written in the cells of the place they stand in") {
  TreeBuilder t;
  t.begin("chosen").end();
  t.begin("reserved-memory").cells("#address-cells", {1}).cells("#size-cells", {1}).end();
  t.begin("bus").cells("#address-cells", {3}).end();
  DeviceTree base = parsed(t.blob());
  std::vector<Range> ranges{Range::from_to(0x1000, 0x3000), Range::from_to(0x8000, 0x9000)};
  auto cells = [&](const char* node, const char* property, std::vector<Range> r) {
    return pair_cells(base, node, property, r);
  };
  auto wide = cells("/memory@0", "reg", ranges);
  REQUIRE(wide->size() == 32);
  CHECK(load<uint64_t>(*wide, 8, Endian::kBig) == 0x2000);
  CHECK(*cells("/memory@0", "linux,usable-memory", ranges) == *wide);
  CHECK(*cells("/chosen", "linux,usable-memory-range", ranges) == *wide);
  CHECK(*cells("/", "reserved-ranges", ranges) == *wide);
  auto narrow = cells("/reserved-memory/a@1000", "reg", ranges);
  REQUIRE(narrow->size() == 16);
  CHECK(load<uint32_t>(*narrow, 4, Endian::kBig) == 0x2000);
  CHECK(load<uint32_t>(*narrow, 8, Endian::kBig) == 0x8000);
  CHECK(cells("/memory@0", "reg", {})->empty());
  CHECK(cells("/reserved-memory/a", "reg", {Range::from_to(kTwoTo64 / 2, kTwoTo64 / 2 + 1)}).failure().message ==
        "/reserved-memory/a reg cannot hold 0x8000000000000000 ..< 0x8000000000000001: addresses have 1 cells there, sizes 1");
  CHECK(cells("/memory@0", "reg", {Range::from_to(0, kTwoTo64)}).failure().message.find("cannot hold") != std::string::npos);
  CHECK(cells("/chosen", "bootargs", ranges).failure().message == "/chosen bootargs is no list of (address, size) pairs");
  CHECK(cells("/no/such", "reg", ranges).failure().message == "`t.dtb` has no node above /no/such");
  CHECK(cells("/bus/x", "reg", ranges).failure().message.find("/bus #address-cells is 3") != std::string::npos);
}

TEST_CASE("random trees survive: every node and property, in order") {
  std::mt19937 random(4);
  for (int round = 0; round < 40; ++round) {
    TreeBuilder t;
    int open = 0;
    for (int i = 0; i < 60; ++i) {
      if (random() % 3 != 0 || open == 0) {
        t.begin("n" + std::to_string(random() % 50) + "@" + std::to_string(i));
        ++open;
        for (unsigned p = 0, count = random() % 4; p < count; ++p)
          t.bytes("p" + std::to_string(random() % 9) + "-" + std::to_string(p), ByteBuffer(random() % 30, static_cast<uint8_t>(i)));
      } else {
        t.end();
        --open;
      }
    }
    while (open-- > 0) t.end();
    DeviceTree base = parsed(t.blob()), out = parsed(edited(base, {}));
    REQUIRE(out.nodes().size() == base.nodes().size());
    for (inputs::NodeId id = 0; id < base.nodes().size(); ++id) {
      const auto &a = base.node(id), &b = out.node(id);
      CHECK(a.name == b.name);
      CHECK(a.parent == b.parent);
      REQUIRE(a.properties.size() == b.properties.size());
      for (size_t p = 0; p < a.properties.size(); ++p) {
        CHECK(a.properties[p].name == b.properties[p].name);
        CHECK(std::equal(a.properties[p].bytes.begin(), a.properties[p].bytes.end(), b.properties[p].bytes.begin(),
                         b.properties[p].bytes.end()));
      }
    }
  }
}
