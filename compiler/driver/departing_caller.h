// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where has the caller of a trial its things, what does its page list make of memory, and what is its hook?
//
// Departing code is run in a few settings that are made up here. Their addresses differ in every bit that an address may
// have, so that code which drops a bit of one comes elsewhere; pages are as small as they may be, so that a run is short
// and all bits above the tags are an address's. The hook writes down what has happened when it is called, and then
// changes every register that a C function may change. Nothing is judged here.
//
//   PageList list = list_pages(kPlaces[0], 64, Endian::kBig, true);  list.after.at(kPlaces[0].image) is the first page
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace baton::driver {

/// Real addresses; with translation on memory is seen under `high`. The first page of an image, of a list and of what is
/// copied lie before the end of 64 KiB.
struct Places {
  uint64_t high;  // four bits
  uint64_t code, stack, lists, sources, image, elsewhere;
  uint64_t hook, hook_code, witness;  // `hook` is what the call passes, but for `high`
  uint64_t pattern;                   // what else is passed is this and the register's number

  /// r1 when the stack is changed to, without `high`.
  uint64_t frame() const;
  /// The first page of an image, and of what else is copied.
  uint64_t image_of(uint64_t page) const;
  uint64_t elsewhere_of(uint64_t page) const;
};

/// Each bit of an address is 0 in one of them and 1 in the other. The second stack begins at a multiple of 16; the second
/// hook has an address whose low word is 0.
inline constexpr Places kPlaces[] = {
    {uint64_t{0xc} << 60, 0x05a5'a5a5'a5a5'0000, 0x0f0f'0f0f'0f0f'3f3f, 0x0333'3333'3333'0000, 0x0555'5555'5555'0000, 0x0666'6666'6fff'0000,
     0x00ff'00ff'00ff'0000, 0x0123'4567'89ab'8a90, 0x0321'7654'ba98'4560, 0x0012'3456'789a'bcd0, 0x0369'c369'c369'c360},
    {uint64_t{0x3} << 60, 0x0a5a'5a5a'5a5a'0000, 0x00f0'f0f0'f0f0'c0c0, 0x0ccc'cccc'cccc'0000, 0x0aaa'aaaa'aaaa'0000, 0x0999'9999'9999'0000,
     0x0f00'ff00'ff00'0000, 0x0edc'ba98'0000'0000, 0x0cde'89ab'4567'baa0, 0x0fed'cba9'8765'4320, 0x0c96'3c96'3c96'3c90}};

/// The bytes of a page where a call passes no size, and where it does not matter.
inline constexpr uint64_t kUsualPage = 4096, kHugePage = uint64_t{1} << 40;

/// The bytes of a page, or of more; other ones for each number.
ByteBuffer made_up_bytes(uint64_t number, uint64_t size);

struct PageList {
  uint64_t first = 0;                      // what the call passes
  std::map<uint64_t, ByteBuffer> entries;  // the pages of the list itself
  std::map<uint64_t, ByteBuffer> sources;
  std::map<uint64_t, ByteBuffer> after;    // pages at their destinations
};

/// Lists that go on elsewhere, one of them at once, and have entries that do nothing; or, not `long`, one page alone. The image
/// has its first four pages from them; two more are at `elsewhere`.
PageList list_pages(const Places& places, uint64_t page, Endian order, bool is_long);
/// Two lists, in pages that are as large as none is, without a page that is copied.
PageList list_no_page(const Places& places, Endian order);

/// A C function, with what it was called by and what it saw as doublewords from `places.witness` on.
class Hook {
 public:
  Hook(const Places& places, Endian order, bool has_descriptor) : places_(places), order_(order), has_descriptor_(has_descriptor) {}

  /// The word at this address, when it is called: which doubleword it becomes.
  size_t sees(uint64_t address);
  /// Its code, and where there is one its descriptor.
  ByteBuffer code() const;
  ByteBuffer descriptor() const;

  /// The doublewords that are there always: interrupts and translation, the stack, and what the ABI passes.
  static constexpr size_t kMsr = 0, kStack = 1, kToc = 2, kEnvironment = 3, kEntry = 4;
  static constexpr uint64_t kMsrBits = 0x8030, kFrame = 112, kSavedLr = 16;
  uint64_t toc() const { return places_.pattern ^ 0x1110; }
  uint64_t environment() const { return places_.pattern ^ 0x2220; }
  uint64_t size_of_witness() const { return 8 * (kEntry + 1 + seen_.size()); }

 private:
  const Places& places_;
  Endian order_;
  bool has_descriptor_;
  std::vector<uint64_t> seen_;
};

}  // namespace baton::driver
