// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See stored_bytes.h.
#include "verify/stored_bytes.h"

#include <algorithm>
#include <bit>

namespace baton::verify {
namespace {

/// The bytes of a doubleword that `width` bytes from `address` on take, bit 0 the first.
uint8_t bytes_of(uint64_t address, unsigned width) { return static_cast<uint8_t>(((1u << width) - 1) << (address % 8)); }

}  // namespace

const StoredBytes::Page* StoredBytes::page_at(uint64_t address) const {
  if (address / kPage == last_number_) return last_.get();
  auto page = pages_.find(address / kPage);
  return page == pages_.end() ? nullptr : page->second.get();
}

uint8_t StoredBytes::mask_at(uint64_t address) const {
  const Page* page = page_at(address);
  return page ? page->stored[address % kPage / 8] : 0;
}

bool StoredBytes::any(uint64_t address, unsigned width) const {
  if (pages_.empty()) return false;
  while (width != 0) {
    const unsigned here = std::min<unsigned>(width, 8 - static_cast<unsigned>(address % 8));
    if ((mask_at(address) & bytes_of(address, here)) != 0) return true;
    address += here;
    width -= here;
  }
  return false;
}

std::optional<uint64_t> StoredBytes::next(uint64_t address) const {
  for (auto page = pages_.lower_bound(address / kPage); page != pages_.end(); ++page)
    for (uint64_t at = std::max(address, page->first * kPage); at / kPage == page->first; ++at) {
      if ((page->second->stored[at % kPage / 8] >> (at % 8) & 1) != 0) return at;
      if (at == ~uint64_t{0}) break;
    }
  return std::nullopt;
}

std::optional<Value> StoredBytes::byte(uint64_t address) const { return number(address, 1); }

std::optional<Value> StoredBytes::number(uint64_t address, unsigned width) const {
  const Page* page = page_at(address);
  const uint64_t k = address % kPage / 8;
  const uint8_t wanted = bytes_of(address, width);
  if (!page || (page->stored[k] & wanted) != wanted) return std::nullopt;
  if (width == 8) return page->words[k];
  return page->words[k].rotate_left(8 * (static_cast<unsigned>(address % 8) + width)).masked(low_bytes(width));
}

StoredBytes::Page& StoredBytes::page_to_change(uint64_t number) {
  const bool again = number == last_number_;
  // Its owners are the map, and last_; more are another state's.
  if (!again || last_.use_count() != 2) {
    auto& page = pages_[number];
    if (!page || page.use_count() > (again ? 2 : 1)) {
      page = page ? std::make_shared<Page>(*page) : std::make_shared<Page>();
      ++pages_made_;
    }
    last_ = page;
    last_number_ = number;
  }
  return *last_;
}

void StoredBytes::put(uint64_t address, unsigned width, const Value& value) {
  Page& page = page_to_change(address / kPage);
  const uint64_t k = address % kPage / 8;
  const unsigned shift = 8 * (8 - static_cast<unsigned>(address % 8) - width);
  if (width == 8) page.words[k] = value;
  else page.words[k] = page.words[k].with(value.masked(low_bytes(width)).rotate_left(shift), low_bytes(width) << shift);
  const uint8_t now = page.stored[k] | bytes_of(address, width);
  size_ += static_cast<size_t>(std::popcount(now) - std::popcount(page.stored[k]));
  page.stored[k] = now;
}

bool operator==(const StoredBytes& a, const StoredBytes& b) {
  return a.size_ == b.size_ && std::equal(a.pages_.begin(), a.pages_.end(), b.pages_.begin(), b.pages_.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && (x.second == y.second || *x.second == *y.second);
  });
}

}  // namespace baton::verify
