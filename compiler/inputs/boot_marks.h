// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which CPU does a device tree blob say it was booted on, and where would one word make it say another?
//
// A blob of version 1 has no field for that in its header: a kernel of 2004 looks for the cpu node with the
// empty property `linux,boot-cpu` and takes the first cell of its `reg` for the id. emit/tree_blob.h gives each
// cpu node a property of length 0 under another name; a stub renames one of them by its name's offset. This
// reader finds them in the bytes of any version from 1 to 17, and knows nothing of how they were written.
//
//   cpu@0 { baton,other-cpu; reg = <0>; }  ->  cpus {{id 0, name_at 0x9c}}, boot_name 0, other_name 15
//
// Source: Linux 2.6.12-rc2 arch/ppc64/kernel/prom.c, early_init_dt_scan_cpus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace baton::inputs {

inline constexpr std::string_view kBootCpuProperty = "linux,boot-cpu";
inline constexpr std::string_view kOtherCpuProperty = "baton,other-cpu";
/// Of a property that each other CPU's node has and the boot CPU's must not have: before its name, there.
inline constexpr std::string_view kParkedPrefix = "baton,";

/// The name of the property by which a node is the boot CPU's, and the one it has in the node of any other CPU.
struct MarkNames {
  std::string boot{kBootCpuProperty}, other{kOtherCpuProperty};
};

/// A node of device_type "cpu".
struct CpuMark {
  uint32_t id = 0;                      // the first cell of `reg`; 0 without, as kernels take it
  bool boots = false;                   // has the boot CPU's property
  std::optional<uint64_t> name_at = {}; // offset in the blob of the word that names its other property
};

struct BootMarks {
  std::vector<CpuMark> cpus;               // in the blob's order
  std::optional<uint32_t> boot_name = {};  // offset of the boot CPU's property among the strings
  std::optional<uint32_t> other_name = {};

  /// The CPU that a kernel would take: nullopt where no node says so, or several do.
  std::optional<uint32_t> boot_cpu() const;
};

/// Fails with kMalformed for what does not end within its own bounds.
Result<BootMarks> read_boot_marks(ByteView blob, const MarkNames& names = {});

}  // namespace baton::inputs
