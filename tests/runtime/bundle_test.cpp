// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does the compiler write bundles that are read back as they were meant, and refuse the impossible?
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "bundle_lies.h"

using namespace baton;
using namespace baton::emit;

namespace {

ByteBuffer joined(const BundleSegment& segment) {
  ByteBuffer all;
  for (ByteView piece : segment.pieces) all.insert(all.end(), piece.begin(), piece.end());
  return all;
}

}  // namespace

TEST_CASE("what is written is read back") {
  SampleContents sample;
  auto image = lay_out_bundle(sample.contents);
  REQUIRE(image);
  ByteBuffer bytes = image->bytes();
  CHECK(bytes.size() == image->total_size());
  CHECK(verdict(bytes) == kBatonRuleNone);

  auto read = read_bundle(bytes);
  REQUIRE(read);
  const BundleContents& want = sample.contents;
  CHECK(read->handoff == want.handoff);
  CHECK(read->machine == want.machine);
  CHECK(read->entry == want.entry);
  CHECK(read->granule == want.granule);
  CHECK(read->on_crash == want.on_crash);
  CHECK(read->giver == want.giver);
  CHECK(read->facts.page == want.facts.page);
  CHECK(read->facts.ram == want.facts.ram);
  CHECK(read->facts.kernel_end == want.facts.kernel_end);
  CHECK(read->facts.rma_end == want.facts.rma_end);
  CHECK(read->facts.hypervisor == want.facts.hypervisor);
  CHECK(read->facts.crashkernel == want.facts.crashkernel);
  CHECK(read->facts.crash_notes == want.facts.crash_notes);
  CHECK(read->facts.vmcoreinfo == want.facts.vmcoreinfo);
  REQUIRE(read->segments.size() == want.segments.size());
  for (size_t i = 0; i < want.segments.size(); ++i) {
    CHECK(read->segments[i].name == want.segments[i].name);
    CHECK(read->segments[i].kind == want.segments[i].kind);
    CHECK(read->segments[i].start == want.segments[i].start);
    CHECK(read->segments[i].memsz == want.segments[i].memsz);
    CHECK(joined(read->segments[i]) == joined(want.segments[i]));
    CHECK(read->segments[i].digest == sha256(want.segments[i].pieces));
  }
}

TEST_CASE("facts that are not known stay unknown, names and orders go both ways") {
  SampleContents sample;
  sample.contents.facts = BundleFacts{.page = Size{4096}};
  sample.contents.machine = "";
  sample.contents.on_crash = true;
  sample.contents.giver = BundleGiver::kLittle;
  auto image = lay_out_bundle(sample.contents);
  REQUIRE(image);
  ByteBuffer bytes = image->bytes();
  auto read = read_bundle(bytes);
  REQUIRE(read);
  CHECK(!read->facts.kernel_end);
  CHECK(!read->facts.rma_end);
  CHECK(!read->facts.hypervisor);
  CHECK(!read->facts.crashkernel);
  CHECK(read->facts.crash_notes.empty());
  CHECK(!read->facts.vmcoreinfo);
  CHECK(read->facts.ram.empty());
  CHECK(read->machine.empty());
  CHECK(read->on_crash);
  CHECK(read->giver == BundleGiver::kLittle);
}

TEST_CASE("payload is not copied: the pieces are the caller's bytes") {
  SampleContents sample;
  auto image = lay_out_bundle(sample.contents);
  REQUIRE(image);
  for (const BundleSegment& segment : sample.contents.segments) {
    if (segment.pieces.empty()) continue;
    CHECK(std::any_of(image->pieces().begin(), image->pieces().end(), [&](ByteView piece) {
      return piece.data() == segment.pieces[0].data() && piece.size() == segment.pieces[0].size();
    }));
  }
}

TEST_CASE("a digest that the caller brings is believed by the writer and checked by the reader") {
  SampleContents sample;
  const ByteBuffer plain = sample_bytes();
  sample.contents.segments[1].digest = sha256(sample.contents.segments[1].pieces);
  auto image = lay_out_bundle(sample.contents);
  REQUIRE(image);
  CHECK(image->bytes() == plain);
  sample.contents.segments[1].digest = Sha256Digest{};
  image = lay_out_bundle(sample.contents);
  REQUIRE(image);
  CHECK(verdict(image->bytes()) == kBatonRuleSegmentDigest);
}

TEST_CASE("the writer refuses what no bundle can hold") {
  struct Case {
    const char* text;  // part of the message
    std::function<void(BundleContents&)> change;
  };
  static const ByteBuffer kBytes(100, 1);
  const Case cases[] = {
      {"17 segments", [](auto& c) { c.segments.resize(17, c.segments[0]); }},
      {"0 segments", [](auto& c) { c.segments.clear(); }},
      {"has 56 bytes", [](auto& c) { c.segments[0].name = std::string(56, 'x'); }},
      {"name is empty", [](auto& c) { c.segments[0].name = ""; }},
      {"one name", [](auto& c) { c.segments[1].name = c.segments[0].name; }},
      {"leaves the address space", [](auto& c) { c.segments[0].start = Address::limit(); }},
      {"leaves the address space", [](auto& c) { c.segments[0].start = Address{kTwoTo64 - 0x10000}; }},
      {"no multiple of the granule", [](auto& c) { c.segments[0].start = Address{0x4001000}; }},
      {"no multiple of the granule", [](auto& c) { c.segments[0].memsz = Size{0x1000}; }},
      {"overlap", [](auto& c) { c.segments[1].start = c.segments[0].start; }},
      {"bytes for a place of 0", [](auto& c) { c.segments[3].pieces = {ByteView(kBytes)}; }},
      {"lies in no segment", [](auto& c) { c.entry = Address{0x100}; }},
      {"no multiple of 4", [](auto& c) { c.entry = c.entry + Size{2}; }},
      {"is 2^64", [](auto& c) { c.entry = Address::limit(); }},
      {"end of the address space",
       [](auto& c) { c.facts.ram.add(Range::from_to(kTwoTo64 - 4096, kTwoTo64)); }},
      {"longer than 55", [](auto& c) { c.handoff = std::string(56, 'h'); }},
      {"no power of two", [](auto& c) { c.granule = Size{0x30000}; }},
      {"page size", [](auto& c) { c.facts.page = Size{1 << 20}; }},
      {"a page of 4GiB", [](auto& c) { c.facts.page = Size{Wide{1} << 32}; }},
      {"empty or backwards", [](auto& c) { c.facts.crashkernel = Range::from_to(5, 5); }},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    SampleContents sample;
    c.change(sample.contents);
    auto image = lay_out_bundle(sample.contents);
    REQUIRE(!image);
    CAPTURE(image.failure().message);
    CHECK(image.failure().kind == Failure::Kind::kUnsuitable);
    CHECK(image.failure().message.find(c.text) != std::string::npos);
  }
}
