// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where does a piece of program text stand?
//
// A SourceSet owns the text of every file of one compilation and names places in it by Span: a file
// number and a half-open range of byte offsets. Lines and columns are derived on demand, 1-based, the
// column counted in bytes. Texts may come from disk or from memory (tests, editors); a file read twice
// is one file. `use` resolution is here too: relative to the using file, then the standard library. A folder may
// be replaced as a whole by a FileTree: what a repository had there at some time.
//
//   FileId id = sources.add("a.baton", "language 1;\n"); sources.place(Span{id, 9, 10}) -> a.baton:1:10
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace baton::source {

using FileId = uint32_t;
inline constexpr FileId kNoFile = ~FileId{0};

struct Span {
  FileId file = kNoFile;
  uint32_t begin = 0;
  uint32_t end = 0;

  bool valid() const { return file != kNoFile; }
  bool operator==(const Span&) const = default;
};

/// Whether `inner` begins in `outer`, or right behind it.
bool holds(Span outer, Span inner);

/// From the start of `first` to the end of `last`; both in one file.
Span cover(Span first, Span last);

struct Place {
  std::string_view file;
  uint32_t line = 0;
  uint32_t column = 0;
};

/// Files that lie below a folder in another way than the disk has them now: an old tree of a repository.
class FileTree {
 public:
  virtual ~FileTree() = default;
  /// Paths are relative to where the tree is mounted, without `.` and `..`.
  virtual bool exists(const std::filesystem::path& path) const = 0;
  virtual Result<std::string> read(const std::filesystem::path& path) = 0;
};

class SourceSet {
 public:
  /// From now on everything below `root` is read from the tree, and never from the disk. `label` stands before the
  /// path in what diagnostics print: "v1.0:" for `v1.0:boot.baton`.
  void mount(const std::filesystem::path& root, std::shared_ptr<FileTree> tree, std::string label);
  /// Directories searched, in order, for a `use` that does not resolve beside the using file.
  void add_library(std::filesystem::path directory) { libraries_.push_back(std::move(directory)); }

  /// Text from memory. `name` is what diagnostics print.
  FileId add(std::string name, std::string text);
  /// Reads a file once; the second read of the same file answers the same id.
  Result<FileId> read(const std::filesystem::path& path);
  /// The file that the libraries have under that name.
  Result<FileId> read_library(const std::string& text);
  /// The file that `use "text";` in `from` names.
  Result<FileId> resolve(FileId from, const std::string& text);

  size_t count() const { return files_.size(); }
  const std::string& name(FileId id) const { return files_[id].name; }
  /// Where it was read from; empty for text from memory.
  const std::filesystem::path& path(FileId id) const { return files_[id].identity; }
  /// The folder relative paths in that file are relative to.
  const std::filesystem::path& folder(FileId id) const { return files_[id].folder; }
  /// Whether the file came from a library directory (the shipped conventions).
  bool is_library(FileId id) const { return files_[id].library; }
  std::string_view text(FileId id) const { return files_[id].text; }
  std::string_view text(Span span) const;
  Place place(Span span) const;
  /// The whole line that holds `offset`, without its end.
  std::string_view line(FileId id, uint32_t line_number) const;
  uint32_t line_count(FileId id) const;

 private:
  struct File {
    std::string name;
    std::filesystem::path identity;  // canonical path; empty for memory
    std::filesystem::path folder;
    std::string text;
    std::vector<uint32_t> line_starts;
    bool library = false;
  };
  struct Mount {
    std::filesystem::path root;
    std::shared_ptr<FileTree> tree;
    std::string label;
  };
  Result<FileId> read_as(const std::filesystem::path& path, std::string name, bool library);
  /// The path within the mounted tree; nullopt for what lies outside of it, or where there is none.
  std::optional<std::filesystem::path> mounted(const std::filesystem::path& path) const;
  bool exists(const std::filesystem::path& path) const;
  std::optional<std::filesystem::path> in_library(const std::string& text) const;

  std::optional<Mount> mount_;
  std::vector<File> files_;
  std::vector<std::filesystem::path> libraries_;
};

/// The largest program text that is read; a handoff is a page, a generated one some megabytes.
inline constexpr size_t kMaxSourceBytes = 16u << 20;

}  // namespace baton::source
