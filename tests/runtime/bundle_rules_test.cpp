// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does the bundle check refuse every bundle but a right one?
//
// Method: a sample is written by emit/bundle.cpp, then lied about. Each case changes one field of the
// sample, makes the digest right again where the lie is to get past it, and names the rule that must
// refuse it; at the end no rule may be left without a case. Cuts and flips are tried at every place.
#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <random>
#include <set>
#include <string>

#include "bundle_lies.h"

using namespace baton;
using namespace baton::emit;

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
      {kBatonRuleRamCount, true, header32(92, kBatonBundleMaxRamRanges + 1)},
      {kBatonRuleRamCount, true, header32(92, 0xffffffff)},
      {kBatonRuleNoteCount, true, header32(140, 65537)},
      {kBatonRuleNoteCount, true, header32(140, 0xffffffff)},
      {kBatonRuleMetaSize, false, header64(24, 0)},
      {kBatonRuleMetaSize, false, header64(24, kTop)},
      {kBatonRuleMetaSize, true, header32(88, 4)},  // one segment fewer, same meta_size
      {kBatonRuleMetaSize, true, header32(92, 3)},
      {kBatonRuleMetaSize, false,  // tables past the end of the file, meta_size says so too
       [=](auto& b) {
         put32(b.data() + 92, 65536);
         put64(b.data() + 24, 320 + 5 * 128 + (65536 + 4) * 16);
       }},
      {kBatonRuleMetaDigest, false, header64(64, 0x4000004)},
      {kBatonRuleMetaDigest, false, [](auto& b) { b[32] ^= 1; }},
      {kBatonRuleMetaDigest, false, segment(0, [](auto& s) { s.start[0] ^= 1; })},
      {kBatonRuleMetaSize, true, header32(140, 5)},
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
      {kBatonRuleFacts, true, header32(96, 63)},
      {kBatonRuleFacts, true, header32(96, kBatonFactsAll - kBatonFactKernelEnd)},
      {kBatonRuleFacts, true, header32(96, kBatonFactsAll - kBatonFactRmaEnd)},
      {kBatonRuleFacts, true,
       [=](auto& b) {
         put32(b.data() + 136, 1);
         put32(b.data() + 96, kBatonFactsAll - kBatonFactHypervisor);
       }},
      {kBatonRuleFacts, true, header32(96, kBatonFactsAll - kBatonFactCrashRegion)},
      {kBatonRuleFacts, true,  // vmcoreinfo is the last note, and there is none
       [=](auto& b) {
         put32(b.data() + 140, 0);
         put64(b.data() + 24, baton_be64(b.data() + 24) - 64);
       }},
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
      {kBatonRuleNoteRange, true, [=](auto& b) { put64(range_of(b, 2).end, 0x3f000000); }},
      {kBatonRuleNoteRange, true, [=](auto& b) { put64(range_of(b, 5).end, 0); }},
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
