// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a folder in the shape of /proc/device-tree say: a folder for each node, a file for each property?
//
// It is read once into plain nodes and flattened into a blob of version 17, so that everything behind it reads
// one form only. A folder has no order of its own, and gets one: properties by name, nodes by name up to `@`,
// then by unit address as a number. The property `name`, which repeats the node's, is left out; so is what is
// neither file nor folder, links below the first folder among it. A folder has no reserve map and does not
// know the boot CPU: who knows them gives them to flatten(). The rules are those of `baton-load --facts`
// (runtime/load/tree.c), and the bytes are the same: tests/differential/folder_test.py compares them.
//
//   auto tree = read_tree_at("/proc/device-tree"); tree->find("/chosen")
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "inputs/tree.h"

namespace baton::inputs {

struct FolderNode {
  std::string name;  // with the unit address; empty for the root
  std::vector<std::pair<std::string, ByteBuffer>> properties;
  std::vector<FolderNode> children;
};

/// More than any device tree has, so that a folder which is none ends in a sentence: /, a home, somebody's disk.
struct FolderBounds {
  size_t depth = 32;
  size_t entries = 1u << 18;  // nodes, properties, and what is passed over
  size_t property = 16u << 20, total = 64u << 20;
};

/// Fails with kNotFound for what is missing or may not be read, with kMalformed for what is beyond the bounds.
/// Links are followed up to the folder itself (/proc/device-tree is one), not below it.
Result<FolderNode> read_tree_folder(const std::filesystem::path& path, const FolderBounds& bounds = {});

/// A file of at most `most` bytes, read to its end whatever size the system says it has: files of /proc and
/// /sys say nothing, or a page. nullopt when there is none; fails for what cannot be read or is larger.
Result<std::optional<ByteBuffer>> read_small_file(const std::filesystem::path& path, size_t most);

/// What a blob has besides its nodes.
struct BlobExtras {
  uint32_t boot_cpuid_phys = 0;
  std::vector<std::pair<uint64_t, uint64_t>> reserve;  // (address, size), in order
};
ByteBuffer flatten(const FolderNode& root, const BlobExtras& extras);

/// The tree of a blob, or of a folder when `path` is one.
Result<DeviceTree> read_tree_at(const std::filesystem::path& path);

}  // namespace baton::inputs
