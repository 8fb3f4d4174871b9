// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One small bundle's contents, for the tests of the format: five segments, one without bytes, one
// whose length is no multiple of 8, all facts known. bundle_format.py writes the same one in Python.
//
// Segment bytes are (i * 7 + seed) & 0xff, so that both sides make them without sharing a file.
#pragma once

#include "emit/bundle.h"

struct SampleContents {
  static baton::ByteBuffer pattern(size_t length, unsigned seed) {
    baton::ByteBuffer bytes(length);
    for (size_t i = 0; i < length; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + seed);
    return bytes;
  }

  SampleContents() {
    using namespace baton;
    using namespace baton::emit;
    contents.handoff = "boot";
    contents.machine = "guest";
    contents.entry = Address{0x4000000};
    contents.granule = Size{0x10000};
    contents.facts.page = Size{0x10000};
    contents.facts.ram = RangeSet{Range::from_to(0, 0x40000000), Range::from_to(0x50000000, 0x60000000)};
    contents.facts.kernel_end = Address{0x2000000};
    contents.facts.rma_end = Address{0x40000000};
    contents.facts.hypervisor = false;
    contents.facts.crash_notes = {Range::from_to(0x3f000000, 0x3f0001a4), Range::from_to(0x3f000200, 0x3f0003a4),
                                  Range::from_to(0x3f000400, 0x3f0005a4)};
    contents.facts.vmcoreinfo = Range::from_to(0x3a50000, 0x3a51024);
    contents.facts.crashkernel = Range::from_to(0x8000000, 0x18000000);
    contents.segments = {
        {"stub", BundleKind::kTrampoline, Address{0x4000000}, Size{0x10000}, {ByteView(stub)}},
        {"kernel", BundleKind::kElf, Address{0x5000000}, Size{0x20000}, {ByteView(kernel)}},
        {"initrd", BundleKind::kFile, Address{0x6000000}, Size{0x10000}, {ByteView(initrd)}},
        {"backup", BundleKind::kReserve, Address{0x7000000}, Size{0x10000}, {}},
        {"tree", BundleKind::kDevicetree, Address{0x7100000}, Size{0x10000}, {ByteView(tree)}},
    };
  }
  SampleContents(const SampleContents&) = delete;
  SampleContents& operator=(const SampleContents&) = delete;

  const baton::ByteBuffer stub = pattern(259, 1);
  const baton::ByteBuffer kernel = pattern(1001, 2);
  const baton::ByteBuffer initrd = pattern(64, 3);
  const baton::ByteBuffer tree = pattern(77, 4);
  baton::emit::BundleContents contents;
};
