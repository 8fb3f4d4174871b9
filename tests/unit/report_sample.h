// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plan as a POWER9 guest's handoff has it: Debian's kernel, an initrd above the RMA, two reserves.
#pragma once

#include "report/plan.h"

inline baton::report::PlanReport sample_plan() {
  using namespace baton;
  using namespace baton::report;
  using Answer = PlanClause::Answer;
  using AreaKind = PlanArea::Kind;
  constexpr Wide kMiB = 1 << 20;
  PlanReport plan;
  plan.handoff = "boot_debian";
  plan.doc = {"Boots Debian's kernel from whatever runs now.", "The command line is the caller's."};
  plan.machine = "lab_p9";
  plan.loader = "linux.kexec_load@2005";
  plan.from = {"linux.kexec@2013", "stable", "arch/powerpc/kernel/misc_64.S kexec_sequence"};
  plan.to = {"linux.bootblock@17", "stable", "Documentation/arch/powerpc/booting.rst; arch/powerpc/kernel/head_64.S"};
  plan.giver = "both";
  plan.granule = Size{0x10000};
  plan.entry = Address{0x6400000};
  plan.entered = "stub";
  plan.ram = RangeSet{Range::from_to(0, 4096 * kMiB)};
  plan.facts = {{"ram", shown_ranges(plan.ram), "/memory@0 reg"},
                {"rma", "0x0 ..< 0x20000000 (512MiB)", "/memory@0 reg, first pair"},
                {"running_kernel", "0x0 ..< 0x3a80000 (58.5MiB)", "/chosen linux,kernel-end"},
                {"rtas", "0x1eff0000 ..< 0x1f000000 (64KiB)", "/rtas linux,rtas-base, rtas-size"},
                {"kexec_slaves", "arriving", "rule: no /ibm,opal"},
                {"cpus", "0, 8, 16, 24", "/cpus/*/ibm,ppc-interrupt-server#s"},
                {"page", "64KiB", "default: 64KiB unless written"}};
  plan.remarks = {"the tree has no /reserved-memory: nothing is kept for it"};
  plan.areas = {{"the running kernel", AreaKind::kRunningKernel, RangeSet{Range::from_to(0, 0x3a80000)}},
                {"machine.rtas", AreaKind::kReserve, RangeSet{Range::from_to(0x1eff0000, 0x1f000000)}},
                {"reserve dma", AreaKind::kReserve, RangeSet{Range::from_to(0x40000000, 0x48000000)}},
                {"machine.rma", AreaKind::kRegion, RangeSet{Range::from_to(0, 0x20000000)}}};

  auto add = [&](const char* name, const char* kind, const char* content, Size size, Size bufsz, Size align,
                 placement::Direction direction, std::vector<placement::Constraint> within,
                 std::vector<placement::Constraint> avoid) {
    placement::HoleRequest request{name, size, plan.granule, align, direction, std::move(within), std::move(avoid)};
    request.within.insert(request.within.begin(), {plan.ram, "within machine.ram", {}});
    for (const PlanArea& area : plan.areas)
      if (area.kind != AreaKind::kRegion) request.avoid.push_back({area.ranges, area.name, {}});
    for (const PlanSegment& other : plan.segments)
      if (other.start) request.avoid.push_back({RangeSet{other.extent}, "segment " + other.name, {}});
    placement::HoleSearch search = find_hole(request);
    PlanSegment segment;
    segment.name = name;
    segment.kind = kind;
    segment.content = content;
    segment.start = search.start;
    segment.size = size;
    segment.extent = search.extent;
    segment.bufsz = bufsz;
    segment.align = request.alignment_in_force();
    segment.placing = to_text(direction);
    for (const auto& constraint : request.within) segment.within.push_back(constraint.text);
    for (const auto& constraint : request.avoid) segment.avoid.push_back(constraint.text);
    segment.rejected = search.rejected;
    plan.segments.push_back(segment);
  };
  const placement::Constraint rma{RangeSet{Range::from_to(0, 0x20000000)}, "within machine.rma", {}};
  const placement::Constraint zero{RangeSet{Range::from_to(0, 0x2a40000)},
                                   "linux.bootblock@17: place others disjoint image.overwrites", {}};
  using placement::Direction;
  add("kernel", "elf", "vmlinux-6.1.0-50-powerpc64le", Size{0x2a3f2a8}, Size{0x28bc3d8}, Size{0x10000},
      Direction::kBottomUp, {rma}, {});
  add("stub", "trampoline", "", Size{0x11c}, Size{0x11c}, Size{0x10000}, Direction::kBottomUp, {rma}, {zero});
  add("tree", "devicetree", "machine.tree", Size{0x6a3e}, Size{0x6a3e}, Size{0x10000}, Direction::kTopDown, {rma},
      {zero});
  add("initrd", "file", "initrd.img-6.1.0-50-powerpc64le", Size{0x9fb1234}, Size{0x9fb1234}, Size{0x100000},
      Direction::kTopDown, {{RangeSet{Range::from_to(0, 0x45000000)}, "within low_gigabyte", {}}}, {zero});
  plan.entry = plan.segments[1].start;

  auto clause = [&](const char* section, const char* text, Answer answer, const char* by,
                    std::vector<PlanInstruction> instructions = {}) {
    plan.clauses.push_back({section, section == std::string("image") ? "linux.kexec@2013" : "linux.bootblock@17",
                            text, answer, by, std::move(instructions)});
  };
  clause("master", "enter image.entry", Answer::kStub, "", {{"big", "b 0x3a80000"}, {"little", "b 0x3a80000"}});
  clause("master", "mode real", Answer::kPromised, "mode real");
  clause("master", "msr SF = 1", Answer::kPromised, "msr SF = 1, EE = 0, LE = giver");
  clause("master", "r3 = tree.address", Answer::kStub, "", {{"big", "addis r3, r4, 0x189c"}, {"little", "addis r3, r4, 0x189c"}});
  clause("master", "r4 = image.base", Answer::kStub, "", {{"", "addis r4, r4, -0x2a5"}});
  clause("master", "r5 = 0", Answer::kPromised, "r5 = 0");
  clause("slaves", "bytes 0x8 +: 0x54 = bytes image.base + 0x8 +: 0x54", Answer::kPlaced,
         "overlay: the stub's head is the kernel's but for its first word");
  clause("slaves", "arrival any", Answer::kPromised, "arrival machine.kexec_slaves");
  clause("memory", "tree.boot_cpuid_phys = master.physical_id", Answer::kStub, "stored big-endian",
         {{"big", "stw r3, 0x1c(r9)"}, {"little", "li r10, 0x1c"}, {"little", "stwbrx r3, r10, r9"}});
  clause("memory", "place tree within machine.rma", Answer::kPlaced, "tree at 0x1efe0000");
  clause("image", "landing slaves at offset 0x60", Answer::kPlaced, "the kernel's own word, a branch");
  clause("image", "head 0x100 runs_at_zero", Answer::kAssumed, "the code at 0x60 was not followed through mtctr");
  plan.stub = true;
  plan.stub_size = Size{0x11c};
  plan.bodies = {{"big", 6, 6, 5, 5}, {"little", 8, 7, 7, 6}};
  plan.checks = {{"segment.extent disjoint segments.others", "EINVAL", true, ""},
                 {"segment.start >= machine.running_kernel.end", "ETXTBSY", true, ""},
                 {"segment.extent within machine.ram", "none", false,
                  "initrd.extent = 0xfff00000 ..< 0x100010000, machine.ram = 0x0 ..< 0x100000000"}};
  plan.assumptions = {{"head 0x100 runs_at_zero", "the code at 0x60 was not followed through mtctr"},
                      {"every slave leaves the giver's memory before the image overwrites it", ""}};
  plan.outputs = {{"boot_debian.bundle", Size{0xca3f000}, "everything, as baton-load takes it"},
                  {"boot_debian.S", Size{5321}, "the stub as commented assembly"}};
  return plan;
}
