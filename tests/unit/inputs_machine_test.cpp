// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine of a tree: each attribute with its origin, what is absent, and what is refused.
#include <doctest/doctest.h>

#include <algorithm>

#include "inputs/tree_machine.h"
#include "tree_builder.h"

using namespace baton;
using namespace baton::inputs;
using baton::model::Machine;
using baton::tests::TreeBuilder;

namespace {

constexpr uint64_t kMiB = 1 << 20, kGiB = 1 << 30, kLmb = 256 * kMiB;
constexpr uint32_t kPower7 = 0x003f0201, kPower8 = 0x004d0200, kPower9 = 0x004e1200;

Result<Machine> derive(TreeBuilder& t) {
  auto tree = read_tree(t.file());
  REQUIRE_MESSAGE(tree.ok(), (tree.ok() ? "" : tree.failure().message));
  return machine_from_tree(*tree, "m");
}

Machine good(TreeBuilder& t) {
  auto machine = derive(t);
  REQUIRE_MESSAGE(machine.ok(), (machine.ok() ? "" : machine.failure().message));
  return *machine;
}

std::string refused(TreeBuilder& t) {
  auto machine = derive(t);
  REQUIRE_FALSE(machine.ok());
  CHECK(machine.failure().kind == Failure::Kind::kMalformed);
  return machine.failure().message;
}

std::string origin(const Machine& machine, const char* attribute) {
  auto fact = machine.find(attribute);
  return fact ? fact->origin : "absent";
}

bool remarks(const Machine& machine, const std::string& text) {
  return std::any_of(machine.remarks.begin(), machine.remarks.end(),
                     [&](const std::string& remark) { return remark.find(text) != std::string::npos; });
}

TreeBuilder& add_cpus(TreeBuilder& t, const std::vector<std::vector<uint32_t>>& cores, uint32_t version) {
  t.begin("cpus").cells("#address-cells", {1}).cells("#size-cells", {0});
  for (const auto& threads : cores) t.cpu("PowerPC,CPU@" + hex(threads[0]).substr(2), threads, version);
  return t.end();
}

RangeSet set(std::initializer_list<std::pair<uint64_t, uint64_t>> ends) {
  RangeSet ranges;
  for (auto [begin, end] : ends) ranges.add(Range::from_to(begin, end));
  return ranges;
}

}  // namespace

TEST_CASE("a guest with everything that a running kernel adds") {
  TreeBuilder t({{0x3000000, 0x10000}});  // nobody's but firmware's: not the tree's own
  t.wide("reserved-ranges", {0x8000000, 0x1000});
  t.memory("memory@0", {0, 256 * kMiB}).memory("memory@10000000", {256 * kMiB, 256 * kMiB, kGiB, kGiB});
  add_cpus(t, {{8, 9}, {0, 1}}, kPower9);
  t.begin("chosen").wide("linux,kernel-end", {0x2f00000}).wide("linux,crashkernel-base", {0x8000000});
  t.wide("linux,crashkernel-size", {0x4000000}).cells("linux,initrd-start", {0x5000000}).wide("linux,initrd-end", {0x5800000});
  t.wide("linux,htab-base", {0x7000000}).wide("linux,htab-size", {0x100000}).end();
  t.begin("rtas").cells("linux,rtas-base", {0xfe00000}).cells("rtas-size", {0x20000}).end();
  t.begin("pci@1").text("device_type", "pci").wide("linux,tce-base", {0x6000000}).cells("linux,tce-size", {0x80000}).end();
  t.begin("reserved-memory").cells("#address-cells", {2}).cells("#size-cells", {1});
  t.begin("r@9000000").cells("reg", {0, 0x9000000, 0x1000}).end().begin("later").wide("size", {4096}).end().end();
  Machine m = good(t);
  CHECK(m.name == "m");
  CHECK(m.ranges("ram") == set({{0, 512 * kMiB}, {kGiB, 2 * kGiB}}));
  CHECK(origin(m, "ram") == "/memory@0 reg, /memory@10000000 reg");
  CHECK(m.ranges("rma") == set({{0, 256 * kMiB}}));
  CHECK(origin(m, "rma") == "/memory@0 reg");
  CHECK(m.number("hypervisor") == 0);
  CHECK(origin(m, "hypervisor") == "no /ibm,opal");
  CHECK(m.find("kexec_slaves")->value.text() == "arriving");
  CHECK(m.find("cpus")->value.ids() == std::vector<uint32_t>{0, 1, 8, 9});
  CHECK(origin(m, "cpus") == "/cpus/* ibm,ppc-interrupt-server#s");
  CHECK(m.number("isa") == 300);
  CHECK(origin(m, "isa") == "/cpus/PowerPC,CPU@8 cpu-version 0x4e1200");
  CHECK(m.ranges("running_kernel") == set({{0, 0x2f00000}}));
  CHECK(m.find("running_kernel")->value.type() == model::Type::kRange);
  CHECK(m.ranges("crashkernel") == set({{0x8000000, 0xc000000}}));
  CHECK(m.ranges("initrd") == set({{0x5000000, 0x5800000}}));
  CHECK(m.ranges("hash_table") == set({{0x7000000, 0x7100000}}));
  CHECK(m.ranges("rtas") == set({{0xfe00000, 0xfe20000}}));
  CHECK(origin(m, "rtas") == "/rtas linux,rtas-base, rtas-size");
  CHECK(m.ranges("tce") == set({{0x6000000, 0x6080000}}));
  CHECK(m.ranges("reserved") == set({{0x3000000, 0x3010000}, {0x8000000, 0x8001000}, {0x9000000, 0x9001000}}));
  CHECK(origin(m, "reserved") == "reserve map, /reserved-memory, / reserved-ranges");
  CHECK(remarks(m, "/reserved-memory/later has no reg"));
  CHECK_FALSE(m.find("page"));
  CHECK(m.find("tree")->value.type() == model::Type::kTree);
  CHECK(m.tree.has_value());
  CHECK_FALSE(m.find("opal.base"));
  // No attribute goes by another name than the table's.
  for (const auto& [name, fact] : m.facts) {
    const auto* attribute = model::find_machine_attribute(name);
    REQUIRE_MESSAGE(attribute, name);
    CHECK(attribute->type == fact.value.type());
  }
}

TEST_CASE("bare metal under OPAL") {
  TreeBuilder t;
  t.memory("memory@0", {0, 2 * kGiB}).memory("memory@200000000", {8 * kGiB, 2 * kGiB});
  add_cpus(t, {{0}, {4}}, kPower8);
  t.begin("ibm,opal").wide("opal-base-address", {0x30000000}).wide("opal-entry-address", {0x30000300});
  t.wide("opal-runtime-size", {0x1a00000}).end();
  Machine m = good(t);
  CHECK(m.number("hypervisor") == 1);
  CHECK(m.find("kexec_slaves")->value.text() == "firmware");
  CHECK(m.ranges("rma") == set({{0, 10 * kGiB}}));
  CHECK(m.find("opal.base")->value == model::Value::of(Address{0x30000000}));
  CHECK(m.find("opal.entry")->value == model::Value::of(Address{0x30000300}));
  CHECK(m.ranges("opal.memory") == set({{0x30000000, 0x31a00000}}));
  CHECK(m.number("isa") == 207);
}

TEST_CASE("what the tree does not say is absent and remarked") {
  TreeBuilder t;
  t.memory("memory@0", {0, kGiB}).begin("ibm,opal").end().begin("rtas").cells("rtas-size", {0x1000}).end();
  Machine m = good(t);
  for (const char* attribute : {"running_kernel", "crashkernel", "rtas", "opal.base", "opal.entry", "opal.memory", "tce",
                                "hash_table", "initrd", "reserved", "cpus", "isa"}) {
    CAPTURE(attribute);
    CHECK_FALSE(m.find(attribute));
    CHECK(remarks(m, "`" + std::string(attribute) + "` is not known: "));
  }
  CHECK(remarks(m, "there is an RTAS, but /rtas has no linux,rtas-base"));
  TreeBuilder empty;
  Machine none = good(empty);
  CHECK_FALSE(none.find("ram"));
  CHECK_FALSE(none.find("rma"));
  CHECK(remarks(none, "`ram` is not known"));
  CHECK(remarks(none, "`rma` is not known"));
  CHECK(remarks(none, "`opal.memory` is not known: there is no /ibm,opal"));
  CHECK(remarks(none, "`rtas` is not known: there is no /rtas"));
}

TEST_CASE("the real mode area of a guest") {
  auto rma = [](uint32_t version, std::vector<uint64_t> reg) {
    TreeBuilder t;
    t.memory("memory@100000000", {4 * kGiB, kGiB}).memory("memory@0", reg);
    add_cpus(t, {{0}, {1}}, version);
    Machine m = good(t);
    return std::pair(m.ranges("rma"), origin(m, "rma"));
  };
  CHECK(rma(kPower7, {0, 512 * kMiB}).first == set({{0, 512 * kMiB}}));
  CHECK(rma(kPower8, {0, 2 * kGiB}) == std::pair(set({{0, kGiB}}), std::string("/memory@0 reg, at most 1GiB before ISA 3.0")));
  CHECK(rma(kPower9, {0, 2 * kGiB}) == std::pair(set({{0, 2 * kGiB}}), std::string("/memory@0 reg")));
  CHECK(rma(kPower9, {0, 64 * kMiB, 64 * kMiB, kGiB}).first == set({{0, 64 * kMiB}}));  // the first pair only
  CHECK(rma(kPower9, {0, 0, 0, kGiB}).first == set({{0, kGiB}}));                       // an empty socket is none
  CHECK(rma(0x12345678, {0, 2 * kGiB}).second == "/memory@0 reg, at most 1GiB as the ISA level is not known");
}

TEST_CASE("root cells of 1, and cells nobody can hold memory in") {
  TreeBuilder one({}, {1, 1});
  one.begin("memory@0").text("device_type", "memory").cells("reg", {0, 0x8000000, 0x10000000, 0x8000000}).end();
  CHECK(good(one).ranges("ram") == set({{0, 128 * kMiB}, {256 * kMiB, 384 * kMiB}}));
  TreeBuilder three({}, {3, 2});
  CHECK(refused(three) == "`tree.dtb`: / #address-cells is 3; addresses and sizes of memory have 1 or 2 cells");
  TreeBuilder none({}, {2, 0});
  CHECK(refused(none) == "`tree.dtb`: / #size-cells is 0; memory has a size");
  TreeBuilder unsaid({}, {});  // 2 and 1
  unsaid.begin("memory@0").text("device_type", "memory").cells("reg", {0, 0, 0x8000000}).end();
  CHECK(good(unsaid).ranges("ram") == set({{0, 128 * kMiB}}));
}

TEST_CASE("memory that is wrong, or not there") {
  auto with = [](std::vector<uint64_t> reg) {
    TreeBuilder t;
    t.memory("memory@0", reg);
    return refused(t);
  };
  CHECK(with({0, kGiB, 512 * kMiB, kGiB}) ==
        "`tree.dtb`: /memory@0 reg descends: 0x20000000 ..< 0x60000000 stands after 0x0 ..< 0x40000000");
  CHECK(with({~uint64_t{0}, 2}) == "`tree.dtb`: /memory@0 reg runs past 2^64: address 0xffffffffffffffff, size 0x2");
  CHECK(with({0, kGiB, 1}) ==
        "`tree.dtb`: /memory@0 reg has 24 bytes, which is no number of (address, size) pairs of 2 and 2 cells");
  TreeBuilder t;
  t.begin("memory@0").text("device_type", "memory").wide("reg", {0, kGiB}).text("status", "okay").end();
  t.begin("memory@40000000").text("device_type", "memory").wide("reg", {kGiB, kGiB}).text("status", "disabled").end();
  t.begin("memory@80000000").text("device_type", "memory").end();
  t.begin("memory@c0000000").wide("reg", {3 * kGiB, kGiB}).end();  // no device_type: a name means nothing
  Machine m = good(t);
  CHECK(m.ranges("ram") == set({{0, kGiB}}));
  CHECK(remarks(m, "/memory@40000000 is disabled"));
  CHECK(remarks(m, "/memory@80000000 has no reg"));
}

TEST_CASE("memory of a device is not the machine's, and none is described twice") {
  TreeBuilder gpu;
  gpu.memory("memory@0", {0, kGiB});
  gpu.begin("memory@400000000").text("device_type", "memory").text("compatible", "ibm,coherent-device-memory");
  gpu.wide("reg", {16 * kGiB, kGiB}).end();
  Machine m = good(gpu);
  CHECK(m.ranges("ram") == set({{0, kGiB}}));
  CHECK(remarks(m, "/memory@400000000 is a device's own memory"));

  TreeBuilder twice;
  twice.memory("memory@0", {0, kGiB}).memory("memory@30000000", {768 * kMiB, kGiB});
  CHECK(refused(twice) == "`tree.dtb`: 0x30000000 ..< 0x40000000 is described twice, in 0x0 ..< 0x40000000 and in 0x30000000 ..< 0x70000000");
  TreeBuilder block;
  block.memory("memory@0", {0, 2 * kLmb});
  block.begin("ibm,dynamic-reconfiguration-memory").wide("ibm,lmb-size", {kLmb});
  block.cells("ibm,dynamic-memory-v2", {1, 2, 0, 0x10000000, 1, 0, 8}).end();
  CHECK(refused(block) == "`tree.dtb`: 0x10000000 ..< 0x20000000 is described twice, in 0x0 ..< 0x20000000 and in 0x10000000 ..< 0x30000000");
}

TEST_CASE("logical memory blocks count when assigned and not reserved") {
  auto v1 = [](uint64_t base, uint32_t flags) {
    return std::vector<uint32_t>{static_cast<uint32_t>(base >> 32), static_cast<uint32_t>(base), 0x8000, 0, 0, flags};
  };
  TreeBuilder t;
  t.memory("memory@0", {0, kLmb});
  std::vector<uint32_t> blocks{4};
  for (auto block : {v1(0, 0x88), v1(kLmb, 0x8), v1(2 * kLmb, 0), v1(16 * kGiB, 0x108)})
    blocks.insert(blocks.end(), block.begin(), block.end());
  t.begin("ibm,dynamic-reconfiguration-memory").wide("ibm,lmb-size", {kLmb}).cells("ibm,dynamic-memory", blocks).end();
  Machine m = good(t);
  CHECK(m.ranges("ram") == set({{0, 2 * kLmb}, {16 * kGiB, 16 * kGiB + kLmb}}));
  CHECK(origin(m, "ram") == "/memory@0 reg, /ibm,dynamic-reconfiguration-memory");
  CHECK(m.ranges("rma") == set({{0, kLmb}}));
  CHECK(remarks(m, "256MiB of memory are marked as removable"));

  auto v2 = [&](std::vector<uint32_t> cells, uint64_t lmb = kLmb) {
    TreeBuilder t;
    t.memory("memory@0", {0, kLmb});
    t.begin("ibm,dynamic-reconfiguration-memory").wide("ibm,lmb-size", {lmb}).cells("ibm,dynamic-memory-v2", cells).end();
    return derive(t);
  };
  CHECK(v2({2, 3, 0, 0x10000000, 1, 0, 8, 5, 4, 0, 9, 0, 0})->ranges("ram") == set({{0, 4 * kLmb}}));
  CHECK(v2({1, 0xffffffff, 0, 0x10000000, 1, 0, 0})->ranges("ram") == set({{0, kLmb}}));
  CHECK(v2({2, 3, 0, 0, 1, 0, 8}).failure().message ==
        "`tree.dtb`: /ibm,dynamic-reconfiguration-memory ibm,dynamic-memory-v2 has 28 bytes, which do not hold the 2 "
        "entries of 24 bytes it announces");
  CHECK(v2({}).failure().message.find("do not hold the unknown number of entries") != std::string::npos);
  CHECK(v2({1, 1, 0, 0, 1, 0, 8}, 0).failure().message.find("blocks of no known size") != std::string::npos);
  CHECK(v2({1, 2, 0xffffffff, 0xf0000000, 1, 0, 8}).failure().message ==
        "`tree.dtb`: /ibm,dynamic-reconfiguration-memory ibm,dynamic-memory-v2 runs past 2^64: 2 blocks of 0x10000000 "
        "from 0xfffffffff0000000");
}

TEST_CASE("ids of CPUs") {
  TreeBuilder one;
  add_cpus(one, {{3}}, kPower9);
  Machine alone = good(one);
  CHECK(alone.find("kexec_slaves")->value.text() == "absent");
  CHECK(origin(alone, "kexec_slaves") == "one thread in /cpus");

  TreeBuilder reg;  // without interrupt servers: reg, in the cells of /cpus
  reg.begin("cpus").cells("#address-cells", {2}).cells("#size-cells", {0});
  reg.begin("cpu@1").text("device_type", "cpu").cells("reg", {0, 0x155}).end().begin("l2").end().end();
  CHECK(good(reg).find("cpus")->value.ids() == std::vector<uint32_t>{0x155});

  TreeBuilder wide;
  wide.begin("cpus").cells("#address-cells", {2}).begin("cpu@1").text("device_type", "cpu").cells("reg", {1, 0}).end().end();
  CHECK(refused(wide) == "`tree.dtb`: /cpus/cpu@1 reg has the id 0x100000000, which no 32 bits hold");
  TreeBuilder odd;
  odd.begin("cpus").begin("cpu@1").text("device_type", "cpu").bytes("ibm,ppc-interrupt-server#s", {0, 0, 1}).end().end();
  CHECK(refused(odd) == "`tree.dtb`: /cpus/cpu@1 ibm,ppc-interrupt-server#s has 3 bytes; ids have 4 each");
  TreeBuilder nameless;
  nameless.begin("cpus").begin("cpu@1").text("device_type", "cpu").end().end();
  CHECK(refused(nameless) == "`tree.dtb`: /cpus/cpu@1 reg is missing, and so is ibm,ppc-interrupt-server#s: the CPU has no id");
  TreeBuilder twins;
  add_cpus(twins, {{0, 1}, {1, 2}}, kPower9);
  CHECK(refused(twins) == "`tree.dtb`: /cpus ibm,ppc-interrupt-server#s gives two threads the id 1");
}

TEST_CASE("a cache block is known where every processor says both, and they make sense") {
  auto block = [](std::vector<std::pair<uint32_t, uint32_t>> cpus) {
    TreeBuilder t;
    t.begin("cpus").cells("#address-cells", {1}).cells("#size-cells", {0});
    uint32_t id = 0;
    for (auto [data, instructions] : cpus) {
      t.begin("cpu@" + std::to_string(id)).text("device_type", "cpu").cells("reg", {id});
      t.cells("d-cache-block-size", {data}).cells("i-cache-block-size", {instructions}).end();
      ++id;
    }
    return good(t.end()).number("cache_block");
  };
  CHECK(block({{128, 128}}) == 128);
  CHECK(block({{128, 128}, {128, 64}}) == 64);
  CHECK_FALSE(block({{128, 0}}));
  CHECK_FALSE(block({{128, 128}, {96, 128}}));
  CHECK_FALSE(block({{0x80000000, 0x80000000}}));
}

TEST_CASE("the ISA level is what every processor has") {
  CHECK(isa_of_cpu_version(0x00390202) == 201);
  CHECK(isa_of_cpu_version(0x003b0201) == 203);
  CHECK(isa_of_cpu_version(kPower7) == 206);
  CHECK(isa_of_cpu_version(0x00801200) == 310);
  CHECK(isa_of_cpu_version(0x0f000004) == 207);
  CHECK(isa_of_cpu_version(0x0f000005) == 300);
  CHECK(isa_of_cpu_version(0x0f100003) == 206);
  CHECK_FALSE(isa_of_cpu_version(0x0f0000ff));
  CHECK_FALSE(isa_of_cpu_version(0));
  TreeBuilder mixed;
  mixed.begin("cpus").cpu("a@0", {0}, kPower9).cpu("b@1", {1}, kPower8).end();
  CHECK(good(mixed).number("isa") == 207);
  TreeBuilder unknown;
  unknown.begin("cpus").cpu("a@0", {0}, kPower9).cpu("b@1", {1}, 0x11110000).end();
  Machine m = good(unknown);
  CHECK_FALSE(m.number("isa"));
  CHECK(remarks(m, "cpu-version 0x11110000 is no processor of the table"));
}

TEST_CASE("facts of a running system fill what /chosen does not say") {
  TreeBuilder t;
  t.memory("memory@0", {0, kGiB}).begin("chosen").end();
  t.begin("baton,facts").cells("page-size", {0x1000});
  t.text("iomem", "00000000-3fffffff : System RAM\n  00000000-01ffffff : Kernel code\n  02000000-02efffff : Kernel bss\n"
                  "  08000000-0bffffff : Crash kernel\n").end();
  Machine m = good(t);
  CHECK(m.find("page")->value.size() == Size{0x1000});
  CHECK(origin(m, "page") == "/baton,facts page-size");
  CHECK(m.ranges("running_kernel") == set({{0, 0x2f00000}}));
  CHECK(origin(m, "running_kernel") == "/baton,facts iomem, Kernel lines");
  CHECK(m.ranges("crashkernel") == set({{0x8000000, 0xc000000}}));

  TreeBuilder both;  // /chosen is the kernel's own word
  both.begin("chosen").wide("linux,kernel-end", {0x3000000}).end();
  both.begin("baton,facts").text("iomem", "0-ffff : Kernel code\n").end();
  CHECK(good(both).ranges("running_kernel") == set({{0, 0x3000000}}));
  TreeBuilder wrong;
  wrong.begin("baton,facts").cells("page-size", {3}).end();
  CHECK(refused(wrong).find("/baton,facts page-size is 0x3") != std::string::npos);
}

TEST_CASE("memory that `mem=` takes from a kernel is not its memory") {
  auto limited = [](uint64_t limit, const std::string& iomem = {}) {
    TreeBuilder t;
    t.memory("memory@0", {0, kGiB}).memory("memory@80000000", {2 * kGiB, kGiB, 4 * kGiB, kGiB});
    t.begin("chosen").wide("linux,memory-limit", {limit}).end();
    if (!iomem.empty()) t.begin("baton,facts").text("iomem", iomem).end();
    return derive(t);
  };
  const RangeSet all = set({{0, kGiB}, {2 * kGiB, 3 * kGiB}, {4 * kGiB, 5 * kGiB}});
  CHECK(limited(0)->ranges("ram") == all);  // as every kernel without a limit says
  CHECK(origin(*limited(0), "ram") == "/memory@0 reg, /memory@80000000 reg");
  CHECK(limited(kGiB / 2)->ranges("ram") == set({{0, kGiB / 2}}));
  // Bytes are counted, not addresses.
  CHECK(limited(kGiB + 64 * kMiB)->ranges("ram") == set({{0, kGiB}, {2 * kGiB, 2 * kGiB + 64 * kMiB}}));
  CHECK(origin(*limited(kGiB), "ram") == "/memory@0 reg, /memory@80000000 reg, up to /chosen linux,memory-limit");
  CHECK(remarks(*limited(kGiB), "2GiB of memory are left alone by the running kernel (`mem=`)"));
  CHECK(limited(16 * kGiB)->ranges("ram") == all);
  CHECK_FALSE(remarks(*limited(16 * kGiB), "left alone"));
  // The kernel's own list knows what was plugged since.
  auto plugged = limited(kGiB, "00000000-3fffffff : System RAM\n  00000000-01ffffff : Kernel code\n100000000-10fffffff : System RAM\n");
  CHECK(plugged->ranges("ram") == set({{0, kGiB}, {4 * kGiB, 4 * kGiB + 256 * kMiB}}));
  CHECK(origin(*plugged, "ram") ==
        "/memory@0 reg, /memory@80000000 reg, of it /baton,facts iomem, System RAM, up to /chosen linux,memory-limit");
  CHECK(limited(kGiB, "40000000-7fffffff : System RAM\n").failure().message ==
        "`tree.dtb`: /chosen linux,memory-limit leaves no memory: /baton,facts iomem has no System RAM where the tree has memory");
  CHECK(limited(kGiB)->ranges("rma") == set({{0, kGiB}}));  // the processor's reach is not the kernel's to limit
  TreeBuilder odd;
  odd.memory("memory@0", {0, kGiB}).begin("chosen").wide("linux,memory-limit", {1, 2}).end();
  CHECK(refused(odd) == "`tree.dtb`: /chosen linux,memory-limit has 16 bytes; a number has 4 or 8");
}

TEST_CASE("what is left of a crash reservation, and what a crash kernel gets besides") {
  auto facts = [](const std::string& name, const std::string& text) {
    TreeBuilder t;
    t.memory("memory@0", {0, kGiB}).begin("chosen").wide("linux,crashkernel-base", {0x10000000}).wide("linux,crashkernel-size", {0x10000000}).end();
    t.begin("baton,facts").wide("crash-notes", {0x3000000, 0x158, 0x3000200, 0x158}).wide("vmcoreinfo", {0x3010000, 0x1000});
    if (!name.empty()) t.text(name, text);
    t.end();
    return derive(t);
  };
  CHECK(facts("", "")->ranges("crashkernel") == set({{0x10000000, 0x20000000}}));
  CHECK(facts("", "")->ranges("crash_cma").empty());
  CHECK(facts("crash-size", "268435456\n")->ranges("crashkernel") == set({{0x10000000, 0x20000000}}));
  CHECK(origin(*facts("crash-size", "268435456\n"), "crashkernel") == "/chosen linux,crashkernel-base");
  CHECK(facts("crash-size", "134217728\n")->ranges("crashkernel") == set({{0x10000000, 0x18000000}}));
  CHECK(origin(*facts("crash-size", "134217728\n"), "crashkernel") == "/chosen linux,crashkernel-base, of it /baton,facts crash-size");
  CHECK_FALSE(facts("crash-size", "0\n")->find("crashkernel"));
  CHECK(remarks(*facts("crash-size", "0\n"), "`crashkernel` is not known: all of it was given back"));
  CHECK(facts("crash-size", "much\n").failure().message == "`tree.dtb`: /baton,facts crash-size is no number of bytes");

  CHECK(facts("crash-cma-ranges", "38000000-38ffffff\n30000000-31ffffff\n")->ranges("crash_cma") == set({{0x30000000, 0x32000000}, {0x38000000, 0x39000000}}));
  CHECK(origin(*facts("crash-cma-ranges", "0-f\n"), "crash_cma") == "/baton,facts crash-cma-ranges");
  for (const char* wrong : {"30000000\n", "30000000-2fffffff\n", "x-y\n", "0-f trailing\n", "\n"})
    CHECK(facts("crash-cma-ranges", wrong).failure().message.find("/baton,facts crash-cma-ranges has the line") != std::string::npos);

  CHECK_FALSE(remarks(*facts("cpus-possible", "0-1\n"), "are possible"));
  CHECK(remarks(*facts("cpus-possible", "0-3,8\n"), "5 CPUs are possible (/baton,facts cpus-possible), and 2 have a crash note"));
  CHECK_FALSE(remarks(*facts("cpus-possible", "some\n"), "are possible"));
  CHECK_FALSE(remarks(*facts("cpus-possible", "3-1\n"), "are possible"));
  TreeBuilder bare;
  bare.begin("baton,facts").wide("crash-notes", {0x3000000, 0x158}).end();
  CHECK(remarks(good(bare), "vmcoreinfo is not known"));
}

TEST_CASE("halves and nonsense in /chosen and firmware nodes are refused by name") {
  auto chosen = [](const char* name, std::vector<uint64_t> value) {
    TreeBuilder t;
    t.begin("chosen").wide(name, value).end();
    return refused(t);
  };
  CHECK(chosen("linux,kernel-end", {1, 2}) == "`tree.dtb`: /chosen linux,kernel-end has 16 bytes; a number has 4 or 8");
  CHECK(chosen("linux,crashkernel-base", {1}) ==
        "`tree.dtb`: /chosen linux,crashkernel-base stands alone: there is no linux,crashkernel-size");
  CHECK(chosen("linux,initrd-end", {1}) == "`tree.dtb`: /chosen linux,initrd-end stands alone: there is no linux,initrd-start");
  TreeBuilder rtas;
  rtas.begin("rtas").cells("linux,rtas-base", {0x1000}).end();
  CHECK(refused(rtas) == "`tree.dtb`: /rtas linux,rtas-base stands alone: there is no rtas-size");
  TreeBuilder opal;
  opal.begin("ibm,opal").wide("opal-base-address", {~uint64_t{0}}).wide("opal-runtime-size", {2}).end();
  CHECK(refused(opal) ==
        "`tree.dtb`: /ibm,opal opal-base-address runs past 2^64: 0xffffffffffffffff, with opal-runtime-size 0x2");
  TreeBuilder tce;
  tce.begin("pci@1").text("device_type", "pci").wide("linux,tce-base", {1}).end();
  CHECK(refused(tce) == "`tree.dtb`: /pci@1 linux,tce-base stands alone: there is no linux,tce-size");
  TreeBuilder reserved;
  reserved.begin("reserved-memory").cells("#size-cells", {3}).end();
  CHECK(refused(reserved).find("/reserved-memory #size-cells is 3") != std::string::npos);
  TreeBuilder ranges;
  ranges.cells("reserved-ranges", {1, 2, 3});
  CHECK(refused(ranges).find("/ reserved-ranges has 12 bytes") != std::string::npos);
}

TEST_CASE("kernels of 2004 write RTAS into /chosen, and an empty crash reservation is none") {
  TreeBuilder t;
  t.begin("chosen").wide("linux,rtas-base", {0x7c00000}).cells("linux,rtas-size", {0x100000});
  t.wide("linux,crashkernel-base", {0}).wide("linux,crashkernel-size", {0}).end();
  Machine m = good(t);
  CHECK(m.ranges("rtas") == set({{0x7c00000, 0x7d00000}}));
  CHECK(origin(m, "rtas") == "/chosen linux,rtas-base, linux,rtas-size");
  CHECK_FALSE(m.find("crashkernel"));
}
