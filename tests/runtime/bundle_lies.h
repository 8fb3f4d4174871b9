// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the tests of the bundle check share: the sample as bytes, its fields to lie in, and the verdict.
//
//   ByteBuffer b = sample_bytes(); baton_put_be32(header_of(b).giver, 0); seal(b);
//   verdict(b) == kBatonRuleGiver
#pragma once

#include <doctest/doctest.h>

#include <cstring>

#include "baton/bundle_check.h"
#include "emit/bundle.h"
#include "sample_contents.h"

namespace baton::emit {

inline ByteBuffer sample_bytes() {
  SampleContents sample;
  auto image = lay_out_bundle(sample.contents);
  REQUIRE(image);
  return image->bytes();
}

inline BatonBundleHeader& header_of(ByteBuffer& bytes) {
  return *reinterpret_cast<BatonBundleHeader*>(bytes.data());
}
inline BatonBundleSegment& segment_of(ByteBuffer& bytes, size_t index) {
  return reinterpret_cast<BatonBundleSegment*>(bytes.data() + kBatonBundleHeaderSize)[index];
}
inline BatonBundleRange& range_of(ByteBuffer& bytes, size_t index) {
  auto count = baton_be32(header_of(bytes).segment_count);
  return reinterpret_cast<BatonBundleRange*>(bytes.data() + kBatonBundleHeaderSize +
                                             count * kBatonBundleSegmentSize)[index];
}

/// Makes the digest of header and tables right again: the work of a writer that lies.
inline void seal(ByteBuffer& bytes) {
  BatonBundleHeader& header = header_of(bytes);
  uint64_t meta_size = baton_be64(header.meta_size);
  REQUIRE(meta_size <= bytes.size());
  baton_bundle_meta_digest(bytes.data(), meta_size, header.digest);
}

/// The rule that refuses these bytes, or kBatonRuleNone. Checks a copy of the exact size, so that a
/// read past the end is seen by AddressSanitizer, and that a fault can be put in words.
inline BatonRule verdict(const ByteBuffer& bytes) {
  std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  exact.shrink_to_fit();
  BatonBundle bundle;
  BatonFault fault{};
  if (baton_bundle_check(exact.data(), exact.size(), &bundle, &fault)) return kBatonRuleNone;
  char text[kBatonFaultTextSize];
  CHECK(std::strlen(baton_fault_text(&fault, text)) > 20);
  CHECK(std::strstr(text, "; ") != nullptr);  // the way out
  return fault.rule;
}

}  // namespace baton::emit
