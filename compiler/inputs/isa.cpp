// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which ISA level has a processor? By its PVR, or by the architected value that a hypervisor shows instead
// (PAPR; 0x0f000005 is "ISA 3.0, whatever the silicon"). See tree_machine.h.
#include "inputs/tree_machine.h"

namespace baton::inputs {
namespace {

struct CpuVersion {
  uint32_t version, mask;
  unsigned isa;
};
// The first match counts. Processor versions are the upper half of the PVR.
constexpr CpuVersion kCpuVersions[] = {
    {0x0f000001, 0xffffffff, 204}, {0x0f000002, 0xffffffff, 205}, {0x0f000003, 0xffffffff, 206},
    {0x0f100003, 0xffffffff, 206}, {0x0f000004, 0xffffffff, 207}, {0x0f000005, 0xffffffff, 300},
    {0x0f000006, 0xffffffff, 310}, {0x0f000007, 0xffffffff, 310},
    {0x00350000, 0xffff0000, 200}, {0x00380000, 0xffff0000, 200},                                 // POWER4, 4+
    {0x00390000, 0xffff0000, 201}, {0x003c0000, 0xffff0000, 201}, {0x00440000, 0xffff0000, 201},  // 970, FX, MP
    {0x00450000, 0xffff0000, 201},                                                                // 970GX
    {0x003a0000, 0xffff0000, 202}, {0x003b0000, 0xffff0000, 203},                                 // POWER5, 5+
    {0x003e0000, 0xffff0000, 205},                                                                // POWER6
    {0x003f0000, 0xffff0000, 206}, {0x004a0000, 0xffff0000, 206},                                 // POWER7, 7+
    {0x004b0000, 0xffff0000, 207}, {0x004c0000, 0xffff0000, 207}, {0x004d0000, 0xffff0000, 207},  // POWER8
    {0x004e0000, 0xffff0000, 300}, {0x004f0000, 0xffff0000, 300},                                 // POWER9
    {0x00800000, 0xffff0000, 310}, {0x00820000, 0xffff0000, 310},                                 // POWER10, 11
};

}  // namespace

std::optional<unsigned> isa_of_cpu_version(uint32_t version) {
  for (const CpuVersion& known : kCpuVersions)
    if ((version & known.mask) == known.version) return known.isa;
  return std::nullopt;
}

}  // namespace baton::inputs
