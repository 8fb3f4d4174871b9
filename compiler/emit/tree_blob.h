// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is a device tree written as bytes, in each version that a kernel reads?
//
// Nodes and a reserve map become one packed blob: header, reserve map, structure, strings. Versions 16 and
// 17 are what the devicetree specification describes; kernels of 2004 and 2005 read 1 to 3, where a node
// carries its full path and a `name` property, and a value of 8 bytes or more stands at a multiple of 8.
// Numbers are big-endian in every version. The same nodes give the same bytes; nodes and properties keep
// their order. Where the boot CPU is told by a property (version 1) and is known at run time only, the cpu nodes
// are prepared for one store: see Node::may_boot and inputs/boot_marks.h.
//
//   auto blob = write_blob({root, reserved, 0, 12}, *find_blob_format(2));
//
// Sources: devicetree specification 0.4, chapter 5; for 1 to 3 the readers of their time (Linux 2.6.9 and
// 2.6.12 arch/ppc64/kernel/prom.c) and dtc's flattree.c, which the differential tests hold this against.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/range.h"
#include "base/result.h"

namespace baton::emit {

struct BlobFormat {
  uint32_t version;
  uint32_t last_compatible;
  uint32_t header_size;
  bool boot_cpu_id;  // the header says which CPU boots; version 1 does not
  bool full_paths;   // begin-node tokens carry "/cpus/cpu@0", not "cpu@0"; each node has a `name` property;
                     // values of 8 bytes and more are aligned to 8

  /// Where the reserve map begins: the first multiple of 8 after the header.
  size_t reserve_map_offset() const { return (header_size + 7) & ~size_t{7}; }
};

/// In rising order: 1, 2, 3, 16, 17.
const std::vector<BlobFormat>& blob_formats();
const BlobFormat* find_blob_format(uint64_t version);

/// A node to be written. The bytes of values belong to others.
struct Node {
  std::string name;  // with its unit address; empty for the root
  struct Property {
    std::string name;
    ByteView bytes;
  };
  std::vector<Property> properties;
  std::vector<std::unique_ptr<Node>> children;
  /// A stub may make this the boot CPU's node: its first property is `baton,other-cpu`, of length 0, whose name
  /// differs from `linux,boot-cpu` in the last byte of its offset only. Nodes of equal content that follow each
  /// other have it at equal distances in every version.
  bool may_boot = false;
};

struct BlobContents {
  const Node& root;
  std::vector<Range> reserved;
  size_t spare_reservations = 0;  // room after the map's end, as zeros
  uint32_t boot_cpuid_phys = 0;
  /// First among the strings, where offsets differ in their last byte only: properties that a stub renames by one.
  std::vector<std::string> first_names = {};
};

/// Fails with kUnsuitable for a blob past 1 GiB and for a reservation of 2^64 bytes.
Result<ByteBuffer> write_blob(const BlobContents& contents, const BlobFormat& format);

}  // namespace baton::emit
