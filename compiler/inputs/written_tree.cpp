// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See written_tree.h.
#include "inputs/written_tree.h"

namespace baton::inputs {

Result<DeviceTree> read_written_tree(ByteView blob) {
  return read_tree(with_later_header(MappedFile::from_bytes(ByteBuffer(blob.begin(), blob.end()), "the tree that was written")));
}

std::optional<uint64_t> property_offset(ByteView blob, std::string_view path, std::string_view name) {
  auto tree = read_written_tree(blob);
  if (!tree) return std::nullopt;
  auto node = tree->find(path);
  auto bytes = node ? tree->property(*node, name) : std::nullopt;
  if (!bytes) return std::nullopt;
  // A header of version 1 was made longer to be read.
  constexpr uint64_t kVersionAt = 20, kMore = 8;
  bool longer = load<uint32_t>(blob, kVersionAt, Endian::kBig) == 1u;
  return static_cast<uint64_t>(bytes->data() - tree->blob().data()) - (longer ? kMore : 0);
}

}  // namespace baton::inputs
