// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A folder in the shape of /proc/device-tree: its order, what is passed over, and each bound from both sides.
// tests/differential/machine_test.py holds whole folders against dtc and the loader program.
#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "inputs/tree_folder.h"

using namespace baton;
using namespace baton::inputs;

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "baton-folder-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }
  void put(const std::string& name, const std::string& bytes) {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }

 private:
  fs::path path_;
};

std::string refused(const Folder& folder, const FolderBounds& bounds) {
  auto read = read_tree_folder(folder.path(), bounds);
  REQUIRE_FALSE(read.ok());
  CHECK(read.failure().kind == Failure::Kind::kMalformed);
  std::string message = read.failure().message, place = folder.path().string();
  for (size_t at = message.find(place); at != std::string::npos; at = message.find(place)) message.replace(at, place.size(), "F");
  return message;
}

}  // namespace

TEST_CASE("nodes come by name and unit address as a number, properties by name") {
  Folder folder;
  for (const char* node : {"cpu@10", "cpu@8", "cpu@08", "cpu@x", "cpu", "isa@1f,10", "isa@1f,9", "isa@1f", "a@123456789abcdef01"})
    fs::create_directory(folder.path() / node);
  folder.put("zz", "1");
  folder.put("aa", "22");
  folder.put("name", "never");
  fs::create_symlink("/", folder.path() / "loop");
  auto root = read_tree_folder(folder.path());
  REQUIRE(root.ok());
  std::vector<std::string> names;
  for (const FolderNode& child : root->children) names.push_back(child.name);
  CHECK(names == std::vector<std::string>{"a@123456789abcdef01", "cpu", "cpu@08", "cpu@8", "cpu@10", "cpu@x", "isa@1f", "isa@1f,9", "isa@1f,10"});
  REQUIRE(root->properties.size() == 2);
  CHECK(root->properties[0].first == "aa");
  CHECK(root->properties[0].second.size() == 2);
  CHECK(root->properties[0].second.capacity() < 64);  // a tree has tens of thousands of them
  CHECK(root->properties[1].first == "zz");
}

TEST_CASE("a folder within the bounds is read, one step beyond each is refused with a sentence") {
  Folder folder;
  folder.put("a/b/deep", "12345678");
  folder.put("a/other", "1234");
  fs::create_symlink("/", folder.path() / "link");
  const FolderBounds exact = {.depth = 2, .entries = 5, .property = 8, .total = 12};
  REQUIRE(read_tree_folder(folder.path(), exact).ok());
  CHECK(refused(folder, {.depth = 1}) == "`F/a/b` is more than 1 folders deep: that is no device tree");
  CHECK(refused(folder, {.entries = 4}).find("have more than 4 nodes and properties: that is no device tree") != std::string::npos);
  CHECK(refused(folder, {.property = 7}) == "`F/a/b/deep` has more than 7 bytes");
  CHECK(refused(folder, {.total = 11}).find("have more than 11 bytes: that is no device tree") != std::string::npos);
}

TEST_CASE("a small file: to its end, to its limit, or not at all") {
  Folder folder;
  folder.put("five", "12345");
  auto read = read_small_file(folder.path() / "five", 5);
  REQUIRE(read.ok());
  REQUIRE(read->has_value());
  CHECK((*read)->size() == 5);
  CHECK(read_small_file(folder.path() / "five", 4).failure().kind == Failure::Kind::kMalformed);
  CHECK_FALSE(read_small_file(folder.path() / "none", 4)->has_value());
  CHECK_FALSE(read_small_file(folder.path() / "five/none", 4)->has_value());
  CHECK(read_small_file(folder.path(), 4).failure().kind == Failure::Kind::kNotFound);
  fs::create_symlink("b", folder.path() / "a");
  fs::create_symlink("a", folder.path() / "b");
  CHECK(read_small_file(folder.path() / "a", 4).failure().kind == Failure::Kind::kNotFound);
}
