// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See stored_numbers.h.
#include "verify/stored_numbers.h"

#include "base/result.h"

namespace baton::verify {

void StoredNumbers::append(uint64_t address, uint8_t byte) {
  auto last = runs_.empty() ? runs_.end() : std::prev(runs_.end());
  if (last != runs_.end()) BATON_CHECK(address - last->first >= last->second.size(), "bytes are appended in order of addresses");
  if (last == runs_.end() || address - last->first != last->second.size()) last = runs_.emplace_hint(runs_.end(), address, ByteBuffer());
  last->second.push_back(byte);
}

std::optional<uint8_t> StoredNumbers::at(uint64_t address) const {
  auto run = runs_.upper_bound(address);
  if (run == runs_.begin() || address - (--run)->first >= run->second.size()) return std::nullopt;
  return run->second[address - run->first];
}

void StoredNumbers::write(uint64_t start, std::span<uint8_t> into) const {
  auto run = runs_.upper_bound(start);
  if (run != runs_.begin()) --run;
  for (; run != runs_.end() && (run->first <= start || run->first - start < into.size()); ++run) {
    const uint64_t skipped = run->first < start ? start - run->first : 0, at = run->first < start ? 0 : run->first - start;
    for (uint64_t i = skipped; i < run->second.size() && at + (i - skipped) < into.size(); ++i) into[at + (i - skipped)] = run->second[i];
  }
}

template <typename Stays>
void StoredNumbers::keep(Stays stays) {
  StoredNumbers kept;
  for (const auto& [start, bytes] : runs_)
    for (uint64_t i = 0; i < bytes.size(); ++i)
      if (stays(start + i, bytes[i])) kept.append(start + i, bytes[i]);
  *this = std::move(kept);
}

void StoredNumbers::keep_common(const StoredNumbers& other) {
  keep([&](uint64_t address, uint8_t byte) { return other.at(address) == byte; });
}

void StoredNumbers::remove(const Range& range) {
  keep([&](uint64_t address, uint8_t) { return !range.contains(Range::at(Address{address}, Size{1})); });
}

}  // namespace baton::verify
