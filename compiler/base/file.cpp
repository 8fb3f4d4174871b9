// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// POSIX behind file.h: open, fstat, mmap; write to a temporary name, fsync-free rename.
#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace baton {
namespace {

Failure system_failure(Failure::Kind kind, const std::string& what,
                       const std::filesystem::path& path, int error) {
  return Failure{kind, what + " `" + path.string() + "`: " + std::strerror(error)};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

/// A rename that never replaces. A filesystem that knows no such rename knows hard links, which do the same.
bool put_beside_others(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  return ::link(from.c_str(), to.c_str()) == 0 && ::unlink(from.c_str()) == 0;
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return system_failure(Failure::Kind::kNotFound, "cannot open", path, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0)
    return system_failure(Failure::Kind::kNotFound, "cannot examine", path, errno);
  if (S_ISDIR(status.st_mode))
    return Failure{Failure::Kind::kNotFound, "`" + path.string() + "` is a directory, not a file"};
  if (!S_ISREG(status.st_mode))
    return Failure{Failure::Kind::kNotFound, "`" + path.string() + "` is not a regular file"};
  size_t length = static_cast<size_t>(status.st_size);
  MappedFile file;
  file.path_ = path;
  if (length == 0) return file;
  void* mapping = ::mmap(nullptr, length, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (mapping == MAP_FAILED)
    return system_failure(Failure::Kind::kEnvironment, "cannot read", path, errno);
  file.owner_ = std::shared_ptr<const void>(
      mapping, [length](const void* p) { ::munmap(const_cast<void*>(p), length); });
  file.bytes_ = ByteView(static_cast<const uint8_t*>(mapping), length);
  return file;
}

MappedFile MappedFile::from_bytes(ByteBuffer bytes, std::filesystem::path name) {
  auto owned = std::make_shared<const ByteBuffer>(std::move(bytes));
  MappedFile file;
  file.path_ = std::move(name);
  file.bytes_ = ByteView(*owned);
  file.owner_ = owned;
  return file;
}

OutputSet::~OutputSet() {
  for (const auto& path : temporary_) ::unlink(path.c_str());
}

Result<Done> OutputSet::add(const std::string& name, const std::vector<ByteView>& pieces) {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error)
    return Failure{Failure::Kind::kEnvironment,
                   "cannot create the folder `" + directory_.string() + "`: " + error.message()};
  auto path = directory_ / ("." + name + ".tmp" + std::to_string(::getpid()));
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (fd.get() < 0)
    return system_failure(Failure::Kind::kEnvironment, "cannot create", path, errno);
  temporary_.push_back(path);
  names_.push_back(name);
  // Asking for the blocks first tells of a full disk before a byte is written. It also keeps the rename cheap:
  // ext4 writes out, there and then, a file that replaces another while its blocks are still to be chosen. A
  // filesystem that cannot do it loses nothing.
  off_t size = 0;
  for (ByteView piece : pieces) size += static_cast<off_t>(piece.size());
  if (size > 0 && ::fallocate(fd.get(), 0, 0, size) < 0 && errno == ENOSPC)
    return system_failure(Failure::Kind::kEnvironment, "cannot write", path, errno);
  for (ByteView piece : pieces) {
    while (!piece.empty()) {
      ssize_t written = ::write(fd.get(), piece.data(), piece.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0)
        return system_failure(Failure::Kind::kEnvironment, "cannot write", path, errno);
      piece = piece.subspan(static_cast<size_t>(written));
    }
  }
  return Done{};
}

Result<Done> OutputSet::commit(Existing existing) {
  for (size_t i = 0; i < names_.size(); ++i) {
    auto final_path = directory_ / names_[i];
    bool done = existing == Existing::kReplace ? ::rename(temporary_[i].c_str(), final_path.c_str()) == 0
                                               : put_beside_others(temporary_[i], final_path);
    if (!done)
      return system_failure(Failure::Kind::kEnvironment, "cannot put in place", final_path, errno);
  }
  temporary_.clear();
  return Done{};
}

}  // namespace baton
