// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does the machine say that the compiler runs on?
//
// The same as a facts file that `baton-load --facts` would write there and then: /proc/device-tree flattened,
// with the reserve map and boot CPU of the blob it was booted with (/sys/firmware/fdt) and a node /baton,facts
// for what is in no tree (live_facts.h). `machine NAME from live` is therefore `from dtb` of that blob, and
// nothing behind this file knows the difference. Nothing is written. On another machine such a facts file stands for
// it, or a copy of its /proc and /sys: then architecture, kernel release and page size come from
// proc/sys/kernel/arch, proc/sys/kernel/osrelease and proc/self/smaps of the copy, as in `baton-load --root`.
//
//   auto blob = read_live_machine({}); auto tree = read_tree(*blob);
#pragma once

#include <filesystem>
#include <optional>

#include "base/file.h"
#include "base/result.h"

namespace baton::inputs {

/// The blob. Fails with kUnsuitable where the machine is no 64-bit PowerPC, with kNotFound for what is missing or
/// may not be read, with kMalformed for what is there and is not what it should be. `elsewhere` is a facts file, or the
/// folder of a copy.
Result<MappedFile> read_live_machine(const std::optional<std::filesystem::path>& elsewhere);

}  // namespace baton::inputs
