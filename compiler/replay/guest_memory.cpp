// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An anonymous file, mapped. Pages that nobody touched are holes in it. See guest_memory.h.
#include "replay/guest_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace baton::replay {
namespace {

Failure refused(const char* what) { return {Failure::Kind::kEnvironment, std::string(what) + ": " + std::strerror(errno)}; }

}  // namespace

Result<GuestMemory> GuestMemory::create(uint64_t size) {
  GuestMemory memory;
  memory.file_ = Descriptor(::memfd_create("guest", MFD_CLOEXEC));
  if (!memory.file_ || ::ftruncate(memory.file_.number(), static_cast<off_t>(size)) != 0) return refused("no memory for a machine");
  void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory.file_.number(), 0);
  if (mapped == MAP_FAILED) return refused("no memory for a machine");
  memory.bytes_ = {static_cast<uint8_t*>(mapped), size};
  return memory;
}

GuestMemory::GuestMemory(GuestMemory&& other) noexcept : file_(std::move(other.file_)), bytes_(other.bytes_) { other.bytes_ = {}; }

GuestMemory::~GuestMemory() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

Result<Done> GuestMemory::clear() {
  if (::fallocate(file_.number(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes_.size())) != 0)
    return refused("the machine's memory cannot be cleared");
  return Done{};
}

void GuestMemory::put(uint64_t at, ByteView bytes) {
  if (at >= bytes_.size()) return;
  std::copy_n(bytes.begin(), std::min<uint64_t>(bytes.size(), bytes_.size() - at), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
}

std::map<uint64_t, uint8_t> GuestMemory::changes(const Before& before, size_t most) const {
  std::map<uint64_t, uint8_t> found;
  std::array<uint8_t, kPage> was{};
  for (off_t at = 0; static_cast<uint64_t>(at) < bytes_.size();) {
    const off_t data = ::lseek(file_.number(), at, SEEK_DATA);
    if (data < 0) break;  // the rest is a hole
    const off_t end = ::lseek(file_.number(), data, SEEK_HOLE);
    for (uint64_t page = static_cast<uint64_t>(data) / kPage * kPage; page < static_cast<uint64_t>(end); page += kPage) {
      was.fill(0);
      before(page, was);
      const auto now = bytes_.subspan(page, kPage);
      if (std::equal(now.begin(), now.end(), was.begin())) continue;
      for (uint64_t i = 0; i < kPage; ++i) {
        if (now[i] == was[i]) continue;
        if (found.size() == most) return found;
        found.emplace(page + i, now[i]);
      }
    }
    at = end;
  }
  return found;
}

}  // namespace baton::replay
