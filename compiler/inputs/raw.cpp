// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files taken as they are. See raw.h.
#include "inputs/raw.h"

namespace baton::inputs {

Result<MappedFile> read_raw(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (file && file->bytes().empty())
    return Failure{Failure::Kind::kUnsuitable, "`" + path.string() + "` is empty: there is nothing to place",
                   "give the file that was meant"};
  return file;
}

}  // namespace baton::inputs
