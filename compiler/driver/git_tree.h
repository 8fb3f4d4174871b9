// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What did a folder hold at some commit of its git repository?
//
// The program `git` is asked, without a shell and only to read: rev-parse, ls-tree and ls-files, and one
// `cat-file --batch` that answers for every file. Nothing is checked out; texts are held in memory. A symbolic
// link or a submodule of that tree is not followed. Whether anything in those files changed is not asked here.
//
//   auto tree = GitTree::open("conventions", "v1.0");  sources.mount((*tree)->root(), *tree, "v1.0:");
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "source/source.h"

namespace baton::driver {

class GitTree : public source::FileTree {
 public:
  /// The tree of `ref` in the repository that holds `path`; HEAD before the first commit is an empty one. kEnvironment:
  /// there is no git; kNotFound: no repository, or none of its commits is named so.
  static Result<std::shared_ptr<GitTree>> open(const std::filesystem::path& path, const std::string& ref);
  ~GitTree() override;
  GitTree(const GitTree&) = delete;
  GitTree& operator=(const GitTree&) = delete;

  /// The folder that the tree stands for.
  const std::filesystem::path& root() const { return root_; }
  bool exists(const std::filesystem::path& path) const override;
  Result<std::string> read(const std::filesystem::path& path) override;
  /// Files whose names end so, at or below a path of the tree ("" is all of it); in byte order of their paths.
  std::vector<std::filesystem::path> list(const std::filesystem::path& below, const std::string& ending) const;
  /// The same of the work tree as it is now: what git tracks or would add, and not what it ignores.
  Result<std::vector<std::filesystem::path>> list_work_tree(const std::filesystem::path& below, const std::string& ending) const;

 private:
  struct Entry {
    std::string kind;    // "blob", "commit"
    std::string object;  // its name in the store
    bool link = false;
  };
  GitTree() = default;
  Result<Done> start_reader();
  void stop_reader();

  std::filesystem::path root_;
  std::string ref_;
  std::map<std::string, Entry> entries_;
  int reader_ = -1;  // process id of `cat-file --batch`
  int to_reader_ = -1, from_reader_ = -1;
};

}  // namespace baton::driver
