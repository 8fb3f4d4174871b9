// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// POSIX, since a folder that somebody else writes must not lead elsewhere by a link put in place while it is
// read: each name is opened relative to its folder, and never through a link. See tree_folder.h.
#include "inputs/tree_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <tuple>

namespace baton::inputs {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Failure cannot(const std::string& what, const std::string& path, int error) {
  Failure failure{Failure::Kind::kNotFound, "cannot " + what + " `" + path + "`: " + std::strerror(error)};
  if (error == EACCES || error == EPERM) failure.way_out = "some properties are readable by root only: run it as root, or copy the folder as root";
  return failure;
}

Result<ByteBuffer> read_all(int fd, const std::string& path, size_t most) {
  ByteBuffer bytes;
  for (;;) {
    size_t length = bytes.size();
    // One byte more than allowed tells too much from exactly enough.
    size_t room = std::min(std::max<size_t>(length, 4096), most + 1 - length);
    if (room == 0)
      return Failure{Failure::Kind::kMalformed, "`" + path + "` has more than " + human(Size{most})};
    bytes.resize(length + room);
    ssize_t got;
    do got = ::read(fd, bytes.data() + length, room);
    while (got < 0 && errno == EINTR);
    if (got < 0) return cannot("read", path, errno);
    bytes.resize(length + static_cast<size_t>(got));
    if (got != 0) continue;
    bytes.shrink_to_fit();  // of most properties a page is a thousand times too much
    return bytes;
  }
}

/// "1f,0" as numbers; nullopt for a unit address that is not hexadecimal numbers of up to 64 bits with commas.
std::optional<std::vector<uint64_t>> numbers_of(std::string_view unit) {
  std::vector<uint64_t> numbers;
  for (;;) {
    std::string_view digits = unit.substr(0, unit.find(','));
    if (digits.empty() || digits.size() > 16) return std::nullopt;
    uint64_t value = 0;
    for (char c : digits) {
      int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (digit < 0) return std::nullopt;
      value = value << 4 | static_cast<uint64_t>(digit);
    }
    numbers.push_back(value);
    if (digits.size() == unit.size()) return numbers;
    unit.remove_prefix(digits.size() + 1);
  }
}

/// `cpu@8` before `cpu@10`, numbers before what is none, equal numbers ("8", "08") as text.
bool comes_before(const FolderNode& left, const FolderNode& right) {
  auto key = [](const std::string& name) {
    size_t at = name.find('@');
    std::string_view unit = at == std::string::npos ? std::string_view() : std::string_view(name).substr(at + 1);
    auto numbers = at == std::string::npos ? std::nullopt : numbers_of(unit);
    return std::tuple(std::string_view(name).substr(0, at), at != std::string::npos, !numbers,
                      numbers.value_or(std::vector<uint64_t>()), unit);
  };
  return key(left.name) < key(right.name);
}

class FolderReader {
 public:
  explicit FolderReader(const FolderBounds& bounds) : bounds_(bounds) {}

  Result<FolderNode> read(const std::filesystem::path& path) {
    return node(Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), path.string(), "", 0);
  }

 private:
  Result<FolderNode> node(Descriptor fd, const std::string& path, std::string name, size_t depth) {
    if (depth > bounds_.depth)
      return Failure{Failure::Kind::kMalformed,
                     "`" + path + "` is more than " + std::to_string(bounds_.depth) + " folders deep: that is no device tree"};
    if (fd.get() < 0) return cannot("open the folder", path, errno);
    int owner = fd.release();
    std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(owner), ::closedir);
    if (!folder) {
      int error = errno;
      ::close(owner);
      return cannot("open the folder", path, error);
    }
    FolderNode made;
    made.name = std::move(name);
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(folder.get());
      if (!entry && errno != 0) return cannot("list the folder", path, errno);
      if (!entry) break;
      std::string item = entry->d_name;
      if (item == "." || item == ".." || item == "name") continue;
      if (++entries_ > bounds_.entries)
        return Failure{Failure::Kind::kMalformed,
                       "`" + path + "` and what stands before it have more than " + std::to_string(bounds_.entries) +
                           " nodes and properties: that is no device tree"};
      if (auto failure = add(made, ::dirfd(folder.get()), path + "/" + item, item, depth)) return *failure;
    }
    std::sort(made.properties.begin(), made.properties.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::sort(made.children.begin(), made.children.end(), comes_before);
    return made;
  }

  std::optional<Failure> add(FolderNode& parent, int folder, const std::string& path, const std::string& item, size_t depth) {
    struct stat status {};
    if (::fstatat(folder, item.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return cannot("examine", path, errno);
    if (S_ISDIR(status.st_mode)) {
      auto child = node(Descriptor(::openat(folder, item.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)), path, item, depth + 1);
      if (!child) return child.failure();
      parent.children.push_back(std::move(*child));
    } else if (S_ISREG(status.st_mode)) {
      Descriptor fd(::openat(folder, item.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
      if (fd.get() < 0) return cannot("open", path, errno);
      auto bytes = read_all(fd.get(), path, bounds_.property);
      if (!bytes) return bytes.failure();
      total_ += bytes->size();
      if (total_ > bounds_.total)
        return Failure{Failure::Kind::kMalformed,
                       "`" + path + "` and what stands before it have more than " + human(Size{bounds_.total}) + ": that is no device tree"};
      parent.properties.emplace_back(item, std::move(*bytes));
    }
    return std::nullopt;
  }

  const FolderBounds bounds_;
  size_t entries_ = 0, total_ = 0;
};

// The form of a blob: Devicetree Specification 0.4, chapter 5.
constexpr uint32_t kMagic = 0xd00dfeed, kVersion = 17, kLastCompatible = 16, kHeaderSize = 40;
constexpr uint32_t kBeginNode = 1, kEndNode = 2, kProperty = 3, kEnd = 9;

class Flattener {
 public:
  ByteBuffer flatten(const FolderNode& root, const BlobExtras& extras) {
    put_node(root);
    put(kEnd);
    ByteBuffer reserve;
    for (auto [address, size] : extras.reserve) {
      append<uint64_t>(reserve, address, Endian::kBig);
      append<uint64_t>(reserve, size, Endian::kBig);
    }
    reserve.resize(reserve.size() + 16);
    size_t structure_at = kHeaderSize + reserve.size(), strings_at = structure_at + structure_.size();
    size_t total = strings_at + strings_.size();
    BATON_CHECK(total <= UINT32_MAX, "the bounds of a folder keep its blob below 4 GiB");
    ByteBuffer blob;
    for (size_t word : {size_t{kMagic}, total, structure_at, strings_at, size_t{kHeaderSize}, size_t{kVersion}, size_t{kLastCompatible},
                        size_t{extras.boot_cpuid_phys}, strings_.size(), structure_.size()})
      append<uint32_t>(blob, static_cast<uint32_t>(word), Endian::kBig);
    for (const ByteBuffer* part : {&reserve, &structure_, &strings_}) blob.insert(blob.end(), part->begin(), part->end());
    return blob;
  }

 private:
  void put(uint32_t word) { append<uint32_t>(structure_, word, Endian::kBig); }
  void put(ByteView bytes) {
    structure_.insert(structure_.end(), bytes.begin(), bytes.end());
    structure_.resize((structure_.size() + 3) & ~size_t{3});
  }
  void put_node(const FolderNode& node) {
    put(kBeginNode);
    put(ByteView(reinterpret_cast<const uint8_t*>(node.name.c_str()), node.name.size() + 1));
    for (const auto& [name, bytes] : node.properties) {
      put(kProperty);
      put(static_cast<uint32_t>(bytes.size()));
      put(string_at(name));
      put(ByteView(bytes));
    }
    for (const FolderNode& child : node.children) put_node(child);
    put(kEndNode);
  }
  uint32_t string_at(const std::string& name) {
    auto [it, added] = offsets_.emplace(name, static_cast<uint32_t>(strings_.size()));
    if (added) strings_.insert(strings_.end(), name.c_str(), name.c_str() + name.size() + 1);
    return it->second;
  }

  ByteBuffer structure_, strings_;
  std::map<std::string, uint32_t> offsets_;
};

}  // namespace

Result<FolderNode> read_tree_folder(const std::filesystem::path& path, const FolderBounds& bounds) {
  return FolderReader(bounds).read(path);
}

Result<std::optional<ByteBuffer>> read_small_file(const std::filesystem::path& path, size_t most) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<ByteBuffer>();
    return cannot("open", path.string(), errno);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return cannot("examine", path.string(), errno);
  if (!S_ISREG(status.st_mode))
    return Failure{Failure::Kind::kNotFound, "`" + path.string() + "` is not a regular file"};
  auto bytes = read_all(fd.get(), path.string(), most);
  if (!bytes) return bytes.failure();
  return std::optional<ByteBuffer>(std::move(*bytes));
}

ByteBuffer flatten(const FolderNode& root, const BlobExtras& extras) { return Flattener().flatten(root, extras); }

Result<DeviceTree> read_tree_at(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    auto file = MappedFile::open(path);
    if (!file) return file.failure();
    return read_tree(*file);
  }
  // Before somebody's disk is read for its properties.
  constexpr const char* kOfEveryRoot[] = {"#address-cells", "compatible", "model"};
  bool is_root = std::any_of(std::begin(kOfEveryRoot), std::end(kOfEveryRoot),
                             [&](const char* property) { return std::filesystem::is_regular_file(path / property, error); });
  if (!is_root && error != std::errc::permission_denied)
    return Failure{Failure::Kind::kUnsuitable,
                   "`" + path.string() + "` is no device tree: it has none of the properties #address-cells, compatible and model"};
  auto root = read_tree_folder(path);
  if (!root) return root.failure();
  return read_tree(MappedFile::from_bytes(flatten(*root, {}), path));
}

}  // namespace baton::inputs
