// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Trees of several CPUs, for the tests of what tells a kernel of 2004 who boots.
//
//   cpu_tree({{0}, {1}}) has /cpus/PowerPC,970@0 and @1, with properties of the kinds that change alignment
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inputs/tree.h"
#include "tree_builder.h"

namespace baton::tests {

struct CpuOfTree {
  uint32_t id = 0;
  size_t more = 0;  // bytes of a property that makes the node longer
};

inline inputs::DeviceTree cpu_tree(const std::vector<CpuOfTree>& cpus) {
  TreeBuilder t;
  t.begin("memory@0").text("device_type", "memory").wide("reg", {0, 1 << 30}).end();
  t.begin("cpus").cells("#address-cells", {1}).cells("#size-cells", {0});
  for (const CpuOfTree& cpu : cpus) {
    t.begin("PowerPC,970@" + hex(Wide{cpu.id}).substr(2)).text("device_type", "cpu").cells("reg", {cpu.id});
    t.cells("d-cache-size", {0x8000}).wide("ibm,pft-size", {1}).text("linux,boot-cpu", "of another boot");
    if (cpu.more != 0) t.bytes("more", ByteBuffer(cpu.more, 0x5a));
    t.end();
  }
  t.begin("l2-cache").text("device_type", "cache").end();
  t.end();
  return *inputs::read_tree(t.file());
}

}  // namespace baton::tests
