// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a blob that was written here say, and where in it?
//
// For who changes one word of a placed tree, and for who judges it: the bytes are read again, by the reader that reads
// trees from outside, and whatever wrote them is not asked. Places are offsets from the blob's start.
//
//   property_offset(blob, "/chosen", "fdtbootcpu")  ->  0x1b4, where its four bytes begin
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "inputs/tree.h"

namespace baton::inputs {

/// Of any version from 1 to 17. Fails as read_tree does.
Result<DeviceTree> read_written_tree(ByteView blob);

/// Where the value of a property begins; nullopt where there is no such node or property.
std::optional<uint64_t> property_offset(ByteView blob, std::string_view path, std::string_view name);

}  // namespace baton::inputs
