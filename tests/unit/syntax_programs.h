// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs for the syntax tests: one that uses every clause, those the project ships, and random ones.
//
// A random program is a list of words that follow the grammar; `spell` sets it with random blanks, line
// ends and comments, so that one program has many spellings.
#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "source/source.h"

namespace baton::syntax_test {

inline constexpr const char* kEveryClause = R"(language 1;
use "other.baton";

/// What the firmware promises.
/// Two lines of it.
convention acme.boot@3 extends acme.boot@2 {
  status experimental;
  source "ACME firmware manual, \"boot\" chapter";
  supersedes acme.boot@2;
  role image : elf64;
  role tree : devicetree optional;

  ensures master {
    enter image.entry;
    mode real;
    msr SF = 1, EE = 0, LE = giver, HV = machine.hypervisor;
    override ile in { 0, giver };
    incidental ile = 0;
    r1 = stack(size: unknown);
    /// The id, as the hardware numbers it.
    r3 = cpu.physical_id;
    r4 in { image.base, 0 };
    drop r5;
    incidental lr = image.entry;
    argument pages = r6 : pagelist;
  }
  ensures slaves {
    arrival in { arriving, held };
    enter absolute 0x60;
    bytes 0x8 +: 0x54 = bytes image.base + 0x8 +: 0x54;  // the spin word
    drop bytes 0x4 +: 0xfc;
    pen slot 64 while 0x1 at offset 0x0;
    field at offset 0x14 size 4 named pir default cpu.physical_id;
    tree.property cpu "enable-method" = "spin-table";
  }
  ensures memory {
    bytes 0x0 +: 0x100 = bytes image.entry +: 0x100 because "the head is copied";
    unspecified bytes machine.ram except machine.crashkernel;
    fact icache_coherent;
    place image within machine.rma;
    place others disjoint image.overwrites;
    tree.format in { 16, 17 };
    tree.boot_cpuid_phys = master.physical_id;
    tree.reserves tree.extent;
    tree.boot_cpu_node = 0;
    tree.property "/chosen" "linux,booted-from-kexec";
  }
  override order segments_placed < real_mode < head_copied, slaves_released < master_enters;
  expects image {
    head 0x100 runs_at_zero;
    landing slaves at offset 0x60;
    word at offset 0x5c named run_at_load default 0x7275_6e30;
    order_neutral entry;
    within machine.rma;
    disjoint machine.running_kernel, 0x0 ..< 4KiB;
    align 64KiB;
  }
  breaking allowed ENTRY_MOVED because "nobody used it";
}

loader acme.load@1 {
  source "manual";
  table native64, compat32, json;
  granule = machine.page;
  segments <= 16;
  check on_crash machine.crashkernel.size > 0 error EADDRNOTAVAIL;
  check segment.extent.size * 2 <= machine.ram.size and not (entry within machine.rtas) error EINVAL;
  check segment.extent within machine.ram error none because "nobody looks";
}

machine board {
  ram = 0x0 ..< 4GiB, 0x1_0000_0000 +: 4GiB;
  opal.base = 0x3000_0000;
  reserve rtas_area = machine.rtas;
  region low = 0x0 ..< 32MiB;
  cpus = 0, 1, 2, 3;
  page = 4KiB;
}
machine server from dtb "server.dtb" {}

let low = 64KiB;
let most = machine.ram except machine.rtas except 0x0 ..< 64KiB;

handoff boot on board via acme.load@1 {
  from acme.boot@2;
  to acme.boot@3;
  giver both;
  load on_crash;
  relies on incidental ile;
  param kernel : path = "vmlinux";
  param cmdline : string;
  param cpus : int in 1 ..< 16 = 2;
  segment kernel = elf kernel {
    place bottom_up;
    align 64KiB;
    within machine.rma, 0x0 ..< 32MiB;
    avoid region.low;
    poke run_at_load = 1;
  }
  segment stub = trampoline {
    place at 0x10_0000;
    size <= 4KiB;
    digest sha256 of kernel, tree;
    before enter copy 0x0 +: low to spare.start;
  }
  segment initrd = file "initrd.img" { place top_down; }
  segment spare = reserve low { place top_down; }
  segment core = elfcorehdr {
    cover machine.ram, machine.rtas;
    except machine.crashkernel;
    remap 0x0 +: low to spare.start;
    ranges <= 100;
  }
  segment tree = devicetree machine.tree {
    version 17;
    node "/chosen" {
      "bootargs" = cmdline ++ " mem=" ++ hex(spare.start);
      "linux,initrd-start" = u64(initrd.start), u32(1);
      "empty";
      drop "linux,stdout-path";
    }
    usable 0x0 ..< 64KiB, machine.crashkernel;
    reserve initrd, stub, 0x0 + low ..< machine.crashkernel.start;
  }
  bind image = kernel;
  bind tree = giver.tree;
  slaves by overlay;
  enter stub;
  assert kernel.start - machine.crashkernel.start <= 32MiB else "too far";
  assert (kernel.end <= 1GiB or kernel.start in { 0x0, 0x1000 }) and kernel.extent within machine.rma;
  allow delay-as-barrier because "x";
}
)";

struct Program {
  std::string name;
  std::string text;
};

/// kEveryClause and every .baton file of the standard library and the examples.
std::vector<Program> shipped_programs();

/// Words of a program that follows the grammar; `///` words end a line.
std::vector<std::string> random_program(std::mt19937& random);
/// The words with random blanks between them, and comments where `comments` says so.
std::string spell(const std::vector<std::string>& words, std::mt19937& random, bool comments);

}  // namespace baton::syntax_test
