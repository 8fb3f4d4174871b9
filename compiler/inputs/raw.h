// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes does a file stand for that is taken as it is: an initial RAM disk, a flat payload?
//
// All of them, as they are. A file without bytes is refused: a segment of size 0 has no place, and an
// empty file is what a failed download leaves behind.
//
//   auto initrd = read_raw("initrd.img"); if (!initrd) return initrd.failure();
#pragma once

#include <filesystem>

#include "base/file.h"
#include "base/result.h"

namespace baton::inputs {

/// Fails as MappedFile::open does, and with kUnsuitable for an empty file.
Result<MappedFile> read_raw(const std::filesystem::path& path);

}  // namespace baton::inputs
