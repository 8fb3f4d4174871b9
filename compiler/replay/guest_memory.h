// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is in the memory of a machine that somebody else emulates, and what has changed there?
//
// The machine's whole memory is one anonymous file that QEMU maps too: it is filled in no time, costs only the pages that
// are touched, and what the machine wrote is seen by looking. Addresses are real ones, from 0 on.
//
//   auto memory = GuestMemory::create(1 << 30); memory->put(0x4000000, code); ...; memory->changes(as_it_was)
#pragma once

#include <functional>
#include <map>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "replay/child.h"

namespace baton::replay {

class GuestMemory {
 public:
  static constexpr uint64_t kPage = 4096;

  /// `size`: a multiple of kPage.
  static Result<GuestMemory> create(uint64_t size);
  GuestMemory(GuestMemory&& other) noexcept;
  GuestMemory& operator=(GuestMemory&&) = delete;
  ~GuestMemory();

  int descriptor() const { return file_.number(); }
  uint64_t size() const { return bytes_.size(); }
  /// Zeros everywhere, whatever was there.
  Result<Done> clear();
  /// What does not fit is left out.
  void put(uint64_t at, ByteView bytes);

  /// Fills a page with what stood there.
  using Before = std::function<void(uint64_t page, std::span<uint8_t> into)>;
  /// Bytes that are not what they were, at most `most` of them.
  std::map<uint64_t, uint8_t> changes(const Before& before, size_t most) const;

 private:
  GuestMemory() = default;

  Descriptor file_;
  std::span<uint8_t> bytes_;
};

}  // namespace baton::replay
