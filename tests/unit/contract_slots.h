// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conventions put together from alternatives of each clause, for the tests that hold comparisons against
// entailment and against what is to be silent. Not a test by itself.
#pragma once

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "check/check.h"
#include "contract/diff.h"

namespace baton::contract::test {

using Random = std::mt19937;

enum Where { kHead, kMaster, kSlaves, kMemory, kExpects, kWheres };

struct Slot {
  Where where;
  std::vector<std::string> alternatives;  // the first is silence where there may be silence
};

inline const std::vector<Slot>& slots() {
  static const std::vector<Slot> kSlots = {
      {kHead, {"source \"s\";", "source \"t\";"}},
      {kHead, {"role image : elf64;", "role image : loadable;"}},
      {kHead, {"role tree : devicetree;", "role tree : devicetree optional;", "role tree : devicetree; role extra : raw;"}},
      {kHead,
       {"", "order head_copied < slaves_released;", "order head_copied < slaves_released < master_enters;",
        "order slaves_released < head_copied < master_enters;", "order real_mode < slaves_released, head_copied < master_enters;",
        "order master_enters < head_copied < slaves_released < real_mode;", "order real_mode < head_copied < slaves_released;"}},
      {kMaster, {"", "enter image.entry;", "enter image.base;", "enter absolute 0x100;"}},
      {kMaster, {"", "mode real;", "mode virtual;"}},
      {kMaster, {"", "msr LE = 0;", "msr LE = 1;", "msr LE = giver;", "incidental msr LE = 0;", "msr LE = 0; incidental msr LE = 0;"}},
      {kMaster, {"", "ile = 0;", "ile in { 0, machine.hypervisor };", "ile = machine.hypervisor;", "ile in { 0, giver };"}},
      {kMaster, {"", "r1 = stack(size: unknown);", "r1 = stack(size: 4KiB);", "r1 = stack(size: 16KiB);", "r1 = 0;"}},
      {kMaster,
       {"", "r5 = 0;", "r5 = 1;", "r5 in { 0, 1 };", "r5 = image.base;", "r5 = image.entry;", "r5 in { image.base, 0 };",
        "incidental r5 = 0;", "incidental r5 = 1;", "r5 in { 0, 1 }; incidental r5 = 0;", "r5 = image.base + 0x8;"}},
      {kSlaves, {"arrival arriving;", "arrival any;", "arrival in { absent, arriving };", "arrival held;", "arrival machine.kexec_slaves;"}},
      {kSlaves, {"", "enter absolute 0x60;", "enter absolute 0x100;"}},
      {kSlaves, {"", "r3 = cpu.physical_id;", "r3 = 0;", "r3 in { 0, 1 };", "incidental r3 = 0;"}},
      {kSlaves,
       {"", "bytes 0x8 +: 0x54 = bytes image.base + 0x8 +: 0x54;", "bytes 0x8 +: 0xf8 = bytes image.base + 0x8 +: 0xf8;",
        "bytes 0x8 +: 0x54 = bytes image.entry + 0x8 +: 0x54;"}},
      {kMemory,
       {"", "bytes 0x0 +: 0x100 = bytes image.entry +: 0x100;", "bytes 0x0 +: 0x200 = bytes image.entry +: 0x200;",
        "bytes 0x0 +: 0x100 = bytes image.base +: 0x100;",
        "bytes 0x0 +: 0x80 = bytes image.entry +: 0x80; bytes 0x80 +: 0x80 = bytes image.entry + 0x80 +: 0x80;"}},
      {kMemory,
       {"", "unspecified bytes 0x1000 +: 0x1000;", "unspecified bytes 0x1000 +: 0x2000;", "unspecified bytes 0x4000 +: 0x1000;",
        "unspecified bytes machine.ram except machine.crashkernel;", "unspecified bytes machine.ram;",
        "unspecified bytes machine.ram except machine.rma;"}},
      {kMemory, {"", "fact icache_coherent;", "fact hash_table_cleared;", "fact segments_placed;"}},
      {kMemory, {"", "tree.format in { 16, 17 };", "tree.format in { 2, 3, 16, 17 };", "tree.format in { 2, 3 };", "tree.format in { 17 };"}},
      {kMemory, {"", "tree.boot_cpuid_phys = master.physical_id;", "tree.boot_cpuid_phys = 0;"}},
      {kMemory, {"", "tree.boot_cpu_node = master.physical_id;", "tree.boot_cpu_node = 0;"}},
      {kMemory,
       {"", "tree.property \"/chosen\" \"kexec\";", "tree.property \"/chosen\" \"kexec\" = 4;", "tree.property \"/chosen\" \"kexec\" = u64(4);",
        "tree.property \"/chosen\" \"kexec\" = \"4\";", "tree.property \"/chosen\" \"kexec\" = image.base;",
        "tree.property \"/chosen\" \"kexec\" = master.physical_id;", "tree.property \"/chosen\" \"kexec\" absent;", "tree.property \"/chosen\" \"kexec\" not 4;", "tree.property \"/chosen\" \"kexec\" not 5;",
        "tree.property \"/chosen\" \"kexec\" at most 4;", "tree.property \"/chosen\" \"kexec\" at most 1KiB;"}},
      {kMaster, {"", "tree.property cpu \"status\" absent;", "tree.property cpu \"status\" = \"okay\";"}},
      {kSlaves, {"", "pen slot 64 while 0x1 at offset 0x0;", "pen slot 32 while 0x1 at offset 0x0;", "pen slot 64 while 0x3 at offset 0x0;"}},
      {kSlaves,
       {"", "field at offset 0x8 size 8 named value;", "field at offset 0x8 size 4 named value;", "field at offset 0x8 size 8 named value default 1;"}},
      {kMemory, {"", "tree.reserves tree.extent;", "tree.reserves tree.extent, 0x0 +: 64KiB;", "tree.reserves 0x0 +: 4KiB;"}},
      {kMemory,
       {"", "place tree within machine.ram;", "place tree within machine.rma;", "place tree within 0x0 ..< 1GiB;",
        "place tree within 0x0 ..< 2GiB;", "place tree within 1GiB ..< 2GiB;", "place tree within machine.rma, 0x0 ..< 1GiB;"}},
      {kMemory, {"", "place others disjoint image.overwrites;", "place others disjoint 0x0 +: 64KiB;", "place others disjoint 0x0 +: 1MiB;"}},
      {kExpects, {"", "landing slaves at offset 0x60;", "landing slaves at offset 0x80;"}},
      {kExpects, {"", "head 0x100 runs_at_zero;", "head 0x80 runs_at_zero;", "head image.size runs_at_zero;"}},
      {kExpects, {"", "order_neutral entry;", "order_neutral landing;"}},
      {kExpects,
       {"", "word at offset 0x5c named flag;", "word at offset 0x5c named flag default 1;", "word at offset 0x5c named flag default 2;",
        "word at offset 0x58 named flag;"}},
      {kExpects, {"", "within machine.rma;", "within machine.ram;", "within 0x0 ..< 1GiB;"}},
      {kExpects, {"", "disjoint machine.running_kernel;", "disjoint 0x0 +: 1MiB;", "disjoint 0x0 +: 2MiB;"}},
      {kExpects, {"", "align 4KiB;", "align 64KiB;", "align 24KiB;"}},
  };
  return kSlots;
}

using Choice = std::vector<size_t>;

inline Choice any_choice(Random& random) {
  Choice c;
  for (const Slot& slot : slots()) c.push_back(random() % slot.alternatives.size());
  return c;
}

inline std::string text_of(const Choice& choice) {
  std::array<std::string, kWheres> parts;
  for (size_t i = 0; i < choice.size(); ++i) parts[slots()[i].where] += slots()[i].alternatives[choice[i]] + " ";
  return "convention demo.a@1 { " + parts[kHead] + "ensures master { " + parts[kMaster] + "} ensures slaves { " + parts[kSlaves] +
         "} ensures memory { " + parts[kMemory] + "} expects image { " + parts[kExpects] + "} }";
}

struct Compared {
  source::SourceSet sources;
  diagnostics::Sink sink;
  model::Program before, after;
  ConventionDiff diff;
  Compared(const std::string& a, const std::string& b) {
    before = check::check(sources, sources.add("old.baton", "language 1;\n" + a), sink);
    after = check::check(sources, sources.add("new.baton", "language 1;\n" + b), sink);
    for (const auto& d : sink.all()) FAIL(d.message << "\n" << a << "\n" << b);
    diff = compare(*find_subject(before, "demo.a@1"), *find_subject(after, "demo.a@1"));
  }
  bool breaks(Effect Change::* whom) const {
    return std::any_of(diff.changes.begin(), diff.changes.end(), [&](const Change& c) { return c.*whom == Effect::kBreaks; });
  }
};

}  // namespace baton::contract::test
