// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does the bundle check refuse every bundle but a right one, and does the writer write right ones?
//
// Method: a sample is written by emit/bundle.cpp, then lied about. Each case changes one field of the
// sample, makes the digest right again where the lie is to get past it, and names the rule that must
// refuse it; at the end no rule may be left without a case. Cuts and flips are tried at every place.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <set>
#include <string>

#include "baton/bundle_check.h"
#include "baton/sha256.h"
#include "emit/bundle.h"
#include "sample_contents.h"

using namespace baton;
using namespace baton::emit;

namespace {

std::string hex_digest(const Sha256Digest& digest) {
  static const char* const kDigits = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string hex_digest(const std::string& text) { return hex_digest(sha256(view_of(text))); }

ByteBuffer sample_bytes() {
  SampleContents sample;
  auto image = lay_out_bundle(sample.contents);
  REQUIRE(image);
  return image->bytes();
}

BatonBundleHeader& header_of(ByteBuffer& bytes) {
  return *reinterpret_cast<BatonBundleHeader*>(bytes.data());
}
BatonBundleSegment& segment_of(ByteBuffer& bytes, size_t index) {
  return reinterpret_cast<BatonBundleSegment*>(bytes.data() + kBatonBundleHeaderSize)[index];
}
BatonBundleRange& range_of(ByteBuffer& bytes, size_t index) {
  auto count = baton_be32(header_of(bytes).segment_count);
  return reinterpret_cast<BatonBundleRange*>(bytes.data() + kBatonBundleHeaderSize +
                                             count * kBatonBundleSegmentSize)[index];
}

/// Makes the digest of header and tables right again: the work of a writer that lies.
void seal(ByteBuffer& bytes) {
  BatonBundleHeader& header = header_of(bytes);
  uint64_t meta_size = baton_be64(header.meta_size);
  REQUIRE(meta_size <= bytes.size());
  baton_bundle_meta_digest(bytes.data(), meta_size, header.digest);
}

/// The rule that refuses these bytes, or kBatonRuleNone. Checks a copy of the exact size, so that a
/// read past the end is seen by AddressSanitizer, and that a fault can be put in words.
BatonRule verdict(const ByteBuffer& bytes) {
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

}  // namespace

TEST_CASE("sha256: the vectors of FIPS 180-4 and its examples") {
  CHECK(hex_digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hex_digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
                   "klmnopqrlmnopqrsmnopqrstnopqrstu") ==
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(hex_digest(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256: any way of cutting the input gives the same digest") {
  std::mt19937 random(1);
  for (size_t length = 0; length < 200; ++length) {
    std::string text(length, 0);
    for (char& c : text) c = static_cast<char>(random());
    BatonSha256 hash;
    baton_sha256_begin(&hash);
    for (size_t at = 0; at < length;) {
      size_t piece = std::min<size_t>(length - at, random() % 80);
      baton_sha256_add(&hash, text.data() + at, piece);
      at += piece;
    }
    Sha256Digest digest;
    baton_sha256_end(&hash, digest.data());
    CHECK(digest == sha256(view_of(text)));
  }
}

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
  REQUIRE(read->segments.size() == want.segments.size());
  for (size_t i = 0; i < want.segments.size(); ++i) {
    CHECK(read->segments[i].name == want.segments[i].name);
    CHECK(read->segments[i].kind == want.segments[i].kind);
    CHECK(read->segments[i].start == want.segments[i].start);
    CHECK(read->segments[i].memsz == want.segments[i].memsz);
    CHECK(std::equal(read->segments[i].bytes.begin(), read->segments[i].bytes.end(),
                     want.segments[i].bytes.begin(), want.segments[i].bytes.end()));
    CHECK(read->segments[i].digest == sha256(want.segments[i].bytes));
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
    if (segment.bytes.empty()) continue;
    CHECK(std::any_of(image->pieces().begin(), image->pieces().end(), [&](ByteView piece) {
      return piece.data() == segment.bytes.data() && piece.size() == segment.bytes.size();
    }));
  }
}

TEST_CASE("a digest that the caller brings is believed by the writer and checked by the reader") {
  SampleContents sample;
  const ByteBuffer plain = sample_bytes();
  sample.contents.segments[1].digest = sha256(sample.contents.segments[1].bytes);
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
      {"bytes for a place of 0", [](auto& c) { c.segments[3].bytes = kBytes; }},
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

TEST_CASE("each rule refuses its own lie, and no rule is without a case") {
  struct Case {
    BatonRule rule;
    bool sealed;  // the digest of header and tables is made right after the lie
    std::function<void(ByteBuffer&)> lie;
  };
  auto put32 = [](uint8_t* at, uint32_t value) { baton_put_be32(at, value); };
  auto put64 = [](uint8_t* at, uint64_t value) { baton_put_be64(at, value); };
  auto header32 = [=](size_t offset, uint32_t value) {
    return [=](ByteBuffer& b) { put32(b.data() + offset, value); };
  };
  auto header64 = [=](size_t offset, uint64_t value) {
    return [=](ByteBuffer& b) { put64(b.data() + offset, value); };
  };
  auto segment = [](size_t index, std::function<void(BatonBundleSegment&)> lie) {
    return [=](ByteBuffer& b) { lie(segment_of(b, index)); };
  };
  const uint64_t kTop = ~uint64_t{0};
  const Case cases[] = {
      {kBatonRuleTooShort, false, [](auto& b) { b.resize(kBatonBundleHeaderSize - 1); }},
      {kBatonRuleTooShort, false, [](auto& b) { b.clear(); }},
      {kBatonRuleMagic, true, [](auto& b) { b[7] = 'l'; }},
      {kBatonRuleMagic, true, [](auto& b) { b[0] = 0; }},
      {kBatonRuleVersion, true, header32(8, 0)},
      {kBatonRuleVersion, true, header32(8, 2)},
      {kBatonRuleVersion, true, header32(8, 0x01000000)},  // little-endian 1
      {kBatonRuleHeaderSize, true, header32(12, 0)},
      {kBatonRuleHeaderSize, true, header32(12, 328)},
      {kBatonRuleTruncated, true, header64(16, kTop)},
      {kBatonRuleTruncated, true, [](auto& b) { b.pop_back(); }},
      {kBatonRuleTrailing, true, header64(16, 0)},
      {kBatonRuleTrailing, true, [](auto& b) { b.push_back(0); }},
      {kBatonRuleSegmentCount, true, header32(88, 0)},
      {kBatonRuleSegmentCount, true, header32(88, 17)},
      {kBatonRuleSegmentCount, true, header32(88, 0xffffffff)},
      {kBatonRuleRamCount, true, header32(92, 65537)},
      {kBatonRuleRamCount, true, header32(92, 0xffffffff)},
      {kBatonRuleMetaSize, false, header64(24, 0)},
      {kBatonRuleMetaSize, false, header64(24, kTop)},
      {kBatonRuleMetaSize, true, header32(88, 4)},  // one segment fewer, same meta_size
      {kBatonRuleMetaSize, true, header32(92, 3)},
      {kBatonRuleMetaSize, false,  // tables past the end of the file, meta_size says so too
       [=](auto& b) {
         put32(b.data() + 92, 65536);
         put64(b.data() + 24, 320 + 5 * 128 + 65536 * 16);
       }},
      {kBatonRuleMetaDigest, false, header64(64, 0x4000004)},
      {kBatonRuleMetaDigest, false, [](auto& b) { b[32] ^= 1; }},
      {kBatonRuleMetaDigest, false, segment(0, [](auto& s) { s.start[0] ^= 1; })},
      {kBatonRuleReserved, true, header32(140, 1)},
      {kBatonRuleReserved, true, [](auto& b) { b[256] = 1; }},
      {kBatonRuleReserved, true, [](auto& b) { b[319] = 1; }},
      {kBatonRuleFlags, true, header32(80, 2)},
      {kBatonRuleFlags, true, header32(80, 0x80000000)},
      {kBatonRuleGiver, true, header32(84, 0)},
      {kBatonRuleGiver, true, header32(84, 4)},
      {kBatonRuleGranule, true, header64(72, 0)},
      {kBatonRuleGranule, true, header64(72, 2048)},
      {kBatonRuleGranule, true, header64(72, 0x18000)},
      {kBatonRulePageSize, true, header32(100, 0)},
      {kBatonRulePageSize, true, header32(100, 12288)},
      {kBatonRulePageSize, true, header32(100, 0x20000)},  // larger than the granule
      {kBatonRuleFacts, true, header32(96, 31)},
      {kBatonRuleFacts, true, header32(96, 15 - kBatonFactKernelEnd)},
      {kBatonRuleFacts, true, header32(96, 15 - kBatonFactRmaEnd)},
      {kBatonRuleFacts, true,
       [=](auto& b) {
         put32(b.data() + 136, 1);
         put32(b.data() + 96, 15 - kBatonFactHypervisor);
       }},
      {kBatonRuleFacts, true, header32(96, 15 - kBatonFactCrashRegion)},
      {kBatonRuleHypervisor, true, header32(136, 2)},
      {kBatonRuleCrashRegion, true, header64(128, 0)},
      {kBatonRuleCrashRegion, true, header64(120, kTop)},
      {kBatonRuleHandoffName, true, [](auto& b) { std::memset(b.data() + 144, 0, 56); }},
      {kBatonRuleHandoffName, true, [](auto& b) { std::memset(b.data() + 144, 'a', 56); }},
      {kBatonRuleHandoffName, true, [](auto& b) { b[144] = ' '; }},
      {kBatonRuleHandoffName, true, [](auto& b) { b[144 + 55] = 'x'; }},  // after the NUL
      {kBatonRuleMachineName, true, [](auto& b) { b[200] = 0x7f; }},
      {kBatonRuleMachineName, true, [](auto& b) { std::memset(b.data() + 200, 'a', 56); }},
      {kBatonRuleRamOrder, true, [=](auto& b) { put64(range_of(b, 0).end, 0); }},
      {kBatonRuleRamOrder, true, [=](auto& b) { put64(range_of(b, 1).begin, 0x40000000); }},
      {kBatonRuleRamOrder, true, [](auto& b) { std::swap(range_of(b, 0), range_of(b, 1)); }},
      {kBatonRuleSegmentName, true, segment(0, [](auto& s) { s.name[0] = 0; })},
      {kBatonRuleSegmentName, true, segment(2, [](auto& s) { std::memset(s.name, 'x', 56); })},
      {kBatonRuleSegmentName, true, segment(1, [](auto& s) { s.name[0] = 0x1b; })},
      {kBatonRuleSegmentName, true, segment(1, [](auto& s) { s.name[55] = 1; })},
      {kBatonRuleSegmentReserved, true, segment(4, [](auto& s) { s.reserved_zero[3] = 1; })},
      {kBatonRuleSegmentKind, true, segment(0, [=](auto& s) { put32(s.kind, 0); })},
      {kBatonRuleSegmentKind, true, segment(0, [=](auto& s) { put32(s.kind, 7); })},
      {kBatonRuleSegmentStart, true, segment(0, [=](auto& s) { put64(s.start, 0x4008000); })},
      {kBatonRuleSegmentStart, true, segment(0, [=](auto& s) { put64(s.start, kTop); })},
      {kBatonRuleSegmentMemsz, true, segment(0, [=](auto& s) { put64(s.memsz, 0); })},
      {kBatonRuleSegmentMemsz, true, segment(0, [=](auto& s) { put64(s.memsz, 0x10001); })},
      {kBatonRuleSegmentEnd, true, segment(0, [=](auto& s) { put64(s.start, 0xffffffffffff0000); })},
      {kBatonRuleSegmentEnd, true, segment(0, [=](auto& s) { put64(s.memsz, 0xffffffffffff0000); })},
      {kBatonRuleSegmentLength, true, segment(0, [=](auto& s) { put64(s.length, kTop); })},
      {kBatonRuleSegmentLength, true, segment(1, [=](auto& s) { put64(s.length, 0x20001); })},
      {kBatonRuleSegmentLength, true, segment(3, [=](auto& s) { put64(s.length, 1); })},
      {kBatonRuleSegmentOffset, true, segment(0, [=](auto& s) { put64(s.offset, 0); })},
      {kBatonRuleSegmentOffset, true, segment(1, [=](auto& s) { put64(s.offset, kTop); })},
      {kBatonRuleSegmentOffset, true, segment(3, [](auto& s) { s.offset[7] ^= 8; })},
      {kBatonRuleSegmentTruncated, true, segment(4, [=](auto& s) { put64(s.length, 0x10000); })},
      {kBatonRulePayloadEnd, true, segment(4, [=](auto& s) { put64(s.length, 1); })},
      {kBatonRulePayloadEnd, true,
       [=](auto& b) {
         b.resize(b.size() + 8);
         put64(b.data() + 16, b.size());
       }},
      {kBatonRuleSegmentNameTwice, true,
       [](auto& b) { std::memcpy(segment_of(b, 3).name, segment_of(b, 1).name, 56); }},
      {kBatonRuleSegmentOverlap, true,
       [](auto& b) { std::memcpy(segment_of(b, 1).start, segment_of(b, 0).start, 8); }},
      {kBatonRuleSegmentOverlap, true, segment(0, [=](auto& s) { put64(s.memsz, 0x1000000000); })},
      {kBatonRuleEntryAlignment, true, header64(64, 0x4000002)},
      {kBatonRuleEntryOutside, true, header64(64, 0)},
      {kBatonRuleEntryOutside, true, header64(64, kTop - 3)},
      {kBatonRuleEntryOutside, true, header64(64, 0x4010000)},  // one past the end of the stub
      {kBatonRulePadding, false,
       [](auto& b) { b[baton_be64(segment_of(b, 1).offset) - 1] = 1; }},
      {kBatonRuleSegmentDigest, false, [](auto& b) { b.back() ^= 1; }},
      {kBatonRuleSegmentDigest, false, [](auto& b) { b[baton_be64(segment_of(b, 0).offset)] ^= 1; }},
      {kBatonRuleSegmentDigest, true, segment(2, [](auto& s) { s.digest[31] ^= 1; })},
  };
  std::set<BatonRule> seen;
  size_t index = 0;
  for (const Case& c : cases) {
    CAPTURE(index++);
    CAPTURE(baton_rule_name(c.rule));
    ByteBuffer bytes = sample_bytes();
    c.lie(bytes);
    if (c.sealed) seal(bytes);
    BatonRule rule = verdict(bytes);
    CAPTURE(baton_rule_name(rule));
    CHECK(rule == c.rule);
    seen.insert(c.rule);
  }
  for (int rule = kBatonRuleNone + 1; rule < kBatonRuleCount; ++rule) {
    CAPTURE(baton_rule_name(static_cast<BatonRule>(rule)));
    CHECK(seen.count(static_cast<BatonRule>(rule)) == 1);
  }
}

TEST_CASE("rule names are distinct words") {
  std::set<std::string> names;
  for (int rule = 0; rule < kBatonRuleCount; ++rule)
    CHECK(names.insert(baton_rule_name(static_cast<BatonRule>(rule))).second);
}

TEST_CASE("every cut is refused") {
  const ByteBuffer whole = sample_bytes();
  for (size_t length = 0; length < whole.size(); length += 64)
    CHECK(verdict(ByteBuffer(whole.begin(), whole.begin() + static_cast<long>(length))) !=
          kBatonRuleNone);
  for (size_t cut = 1; cut <= 64; ++cut)
    CHECK(verdict(ByteBuffer(whole.begin(), whole.end() - static_cast<long>(cut))) !=
          kBatonRuleNone);
}

TEST_CASE("every changed byte is refused, in header, tables, padding and payload") {
  const ByteBuffer whole = sample_bytes();
  std::mt19937 random(2);
  for (size_t at = 0; at < whole.size(); ++at) {
    ByteBuffer bytes = whole;
    bytes[at] ^= static_cast<uint8_t>(1 + random() % 255);
    CAPTURE(at);
    CHECK(verdict(bytes) != kBatonRuleNone);
  }
}

TEST_CASE("sealed random lies never read past the end and never pass with a misplaced segment") {
  const ByteBuffer whole = sample_bytes();
  const uint64_t meta_size = baton_be64(reinterpret_cast<const BatonBundleHeader*>(whole.data())->meta_size);
  std::mt19937_64 random(3);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    ByteBuffer bytes = whole;
    for (unsigned changes = 1 + random() % 3; changes != 0; --changes)
      bytes[64 + random() % (meta_size - 64)] = static_cast<uint8_t>(random());
    seal(bytes);
    std::vector<uint8_t> exact(bytes.begin(), bytes.end());
    BatonBundle bundle;
    BatonFault fault;
    if (!baton_bundle_check(exact.data(), exact.size(), &bundle, &fault)) continue;
    ++accepted;  // names, facts and the like may be anything that is well formed
    for (uint32_t i = 0; i < bundle.segment_count; ++i) {
      const BatonSegment& s = bundle.segments[i];
      CHECK(s.start % bundle.granule == 0);
      CHECK(s.memsz <= UINT64_MAX - s.start);
      CHECK(s.bytes >= exact.data());
      CHECK(s.bytes + s.length <= exact.data() + exact.size());
    }
    CHECK(baton_bundle_segment_at(&bundle, bundle.entry, 4) >= 0);
  }
  CHECK(accepted > 0);
}

TEST_CASE("segment_at: edges and wrap-around") {
  SampleContents sample;
  const ByteBuffer bytes = sample_bytes();
  BatonBundle bundle;
  BatonFault fault;
  REQUIRE(baton_bundle_check(bytes.data(), bytes.size(), &bundle, &fault));
  CHECK(baton_bundle_segment_at(&bundle, 0x4000000, 0x10000) == 0);
  CHECK(baton_bundle_segment_at(&bundle, 0x4000000, 0x10001) == -1);
  CHECK(baton_bundle_segment_at(&bundle, 0x3ffffff, 1) == -1);
  CHECK(baton_bundle_segment_at(&bundle, 0x4000004, UINT64_MAX) == -1);
  CHECK(baton_bundle_segment_at(&bundle, UINT64_MAX, 4) == -1);
}
