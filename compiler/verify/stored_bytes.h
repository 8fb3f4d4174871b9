// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What was stored, byte by byte, and where?
//
// Kept by doublewords, since that is how nearly all is stored and read again, on pages that copies of a memory share until
// one of them stores there. A byte that was not stored has no value here.
//
//   StoredBytes s; s.put(0x100, 8, value); s.byte(0x101)
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "base/range.h"
#include "verify/value.h"

namespace baton::verify {

class StoredBytes {
 public:
  bool empty() const { return size_ == 0; }
  /// In bytes.
  size_t size() const { return size_; }
  /// Pages of kPage bytes that were made on the way to here, those that others still have in another state included.
  uint64_t pages_made() const { return pages_made_; }
  bool contains(uint64_t address) const { return (mask_at(address) >> (address % 8) & 1) != 0; }
  bool any(uint64_t address, unsigned width) const;
  /// Nothing where it was not stored.
  std::optional<Value> byte(uint64_t address) const;
  /// Bytes of one doubleword as a number, the first the most significant; nothing unless all of them were stored.
  std::optional<Value> number(uint64_t address, unsigned width) const;
  /// The low bytes of a value to as many bytes of one doubleword.
  void put(uint64_t address, unsigned width, const Value& value);

  /// The first stored byte, in order of addresses, that is so.
  template <typename Is>
  std::optional<uint64_t> first(Is is) const {
    return first(is, [](uint64_t) { return true; });
  }
  /// Of the pages, by their first addresses, of which `looks_at` says so.
  template <typename Is, typename LooksAt>
  std::optional<uint64_t> first(Is is, LooksAt looks_at) const {
    for (const auto& [number, page] : pages_) {
      if (!looks_at(number * kPage)) continue;
      for (size_t k = 0; k < kWords; ++k)
        for (unsigned i = 0; i < 8 && page->stored[k] >> i != 0; ++i)
          if (const uint64_t address = number * kPage + 8 * k + i; (page->stored[k] >> i & 1) != 0 && is(address)) return address;
    }
    return std::nullopt;
  }
  /// The same, of bytes that do not lie in `allowed`.
  template <typename Is>
  std::optional<uint64_t> first_outside(const RangeSet& allowed, Is is) const {
    return first(
        [&](uint64_t address) { return !allowed.contains(Range::at(Address{address}, Size{1})) && is(address); },
        [&](uint64_t page) {
          const auto range = Range::checked(Address{page}, Size{kPage});
          return !range || !allowed.contains(*range);
        });
  }
  /// The first one at this address or behind it.
  std::optional<uint64_t> next(uint64_t address) const;
  /// visit(address) for each one of these, in order; it may store another value there.
  template <typename Visit>
  void each_in(const Range& range, Visit visit) const {
    for (auto at = next(range.begin.value()); at && range.contains(Address{*at}); at = next(*at + 1)) visit(*at);
  }
  /// visit(address, value) for each stored byte, in order.
  template <typename Visit>
  void each(Visit visit) const {
    first([&](uint64_t address) {
      visit(address, *byte(address));
      return false;
    });
  }
  /// The same bytes with the same descriptions.
  friend bool operator==(const StoredBytes& a, const StoredBytes& b);

 private:
  static constexpr uint64_t kPage = 512, kWords = kPage / 8;
  struct Page {
    std::array<uint8_t, kWords> stored = {};  // bit n: the byte n of the doubleword, in order of addresses
    std::array<Value, kWords> words;          // zero in bytes that were not stored
    bool operator==(const Page&) const = default;
  };
  const Page* page_at(uint64_t address) const;
  uint8_t mask_at(uint64_t address) const;
  Page& page_to_change(uint64_t number);

  std::map<uint64_t, std::shared_ptr<Page>> pages_;
  // The page that was stored to last, which is the one that is wanted next: a second owner, beside the map.
  std::shared_ptr<Page> last_;
  uint64_t last_number_ = ~uint64_t{0};  // of no page
  size_t size_ = 0;
  uint64_t pages_made_ = 0;
};

/// All bits of the low `width` bytes.
constexpr uint64_t low_bytes(unsigned width) { return width >= 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * width) - 1; }

}  // namespace baton::verify
