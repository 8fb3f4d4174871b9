// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How do bytes come in from the file system and how do they leave? In one read and one write.
//
// Files are mapped (or read, where they cannot be), so that a payload of 100 MB costs no copy. Outputs
// are written beside their place under a temporary name and renamed: a reader sees the old file or the
// new one, and a failed build leaves nothing behind.
//
//   auto kernel = MappedFile::open("vmlinux"); if (!kernel) return kernel.failure();
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace baton {

/// A regular file's bytes, read-only, for as long as the object or a copy of it lives.
class MappedFile {
 public:
  /// Fails with kNotFound for what is missing, unreadable or no regular file.
  static Result<MappedFile> open(const std::filesystem::path& path);
  /// The same shape over bytes in memory: for tests and for generated content.
  static MappedFile from_bytes(ByteBuffer bytes, std::filesystem::path name);

  ByteView bytes() const { return bytes_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  ByteView bytes_;
  std::shared_ptr<const void> owner_;  // unmaps or frees
};

/// Collects the outputs of one build and puts all of them in place, or none.
class OutputSet {
 public:
  explicit OutputSet(std::filesystem::path directory) : directory_(std::move(directory)) {}
  OutputSet(const OutputSet&) = delete;
  OutputSet& operator=(const OutputSet&) = delete;
  ~OutputSet();  // removes the temporary files of an uncommitted set

  /// Writes one file under a temporary name: the pieces in order, each once.
  Result<Done> add(const std::string& name, const std::vector<ByteView>& pieces);
  Result<Done> add(const std::string& name, const std::string& text) {
    return add(name, std::vector<ByteView>{view_of(text)});
  }
  /// Renames every file into its place. kRefuse fails for a name that is taken, in the same step: nobody's file
  /// is lost to a race.
  enum class Existing { kReplace, kRefuse };
  Result<Done> commit(Existing existing = Existing::kReplace);
  const std::vector<std::string>& names() const { return names_; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
  std::vector<std::string> names_;
  std::vector<std::filesystem::path> temporary_;
};

}  // namespace baton
