// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Settings, lists and hook. See departing_caller.h.
//
// Sources: 64-bit ELF ABI (v1) 3.2.2 and 3.2.5, ELFv2 ABI 2.2.1 and 2.2.3: a function's frame, where it saves LR, and which
// registers it may change.
#include "driver/departing_caller.h"

#include "ppc64/instruction.h"
#include "trampoline/departure.h"

namespace baton::driver {

namespace {

constexpr uint64_t kDestination = 1, kIndirection = 2, kDone = 4, kSource = 8;
/// Of an entry: the real address of a page that is nowhere.
constexpr uint64_t kNowhere = (uint64_t{1} << 60) - 1;
constexpr uint64_t kRegion = 0x10000;

}  // namespace

uint64_t Places::frame() const { return (stack & ~uint64_t{15}) - trampoline::kDepartureFrame; }

uint64_t Places::image_of(uint64_t page) const { return image + kRegion - page; }
uint64_t Places::elsewhere_of(uint64_t page) const { return elsewhere + kRegion - page; }

ByteBuffer made_up_bytes(uint64_t number, uint64_t size) {
  ByteBuffer bytes(size);
  for (uint64_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>((number + 1) * 59 + i * 7 + i / 64 * 13 + i / 251);
  return bytes;
}

PageList list_pages(const Places& places, uint64_t page, Endian order, bool is_long) {
  PageList list;
  const auto place = [&](uint64_t base, uint64_t number) { return base + kRegion - (2 * number + 1) * page; };
  uint64_t at = 0, to = 0, offset = 0;
  const auto entry = [&](uint64_t word) {
    store<uint64_t>(list.entries.at(at), offset, word, order);
    offset += 8;
  };
  const auto go_on = [&] {
    const uint64_t next = place(places.lists, list.entries.size());
    if (at == 0)
      list.first = next | kIndirection;
    else
      entry(next | kIndirection);
    list.entries.emplace(at = next, ByteBuffer(page));
    offset = 0;
  };
  const auto copies_to = [&](uint64_t destination) { entry((to = destination) | kDestination); };
  const auto copies = [&] {
    const uint64_t number = list.sources.size(), from = place(places.sources, number);
    list.sources.emplace(from, made_up_bytes(number, page));
    list.after.insert_or_assign(to, list.sources.at(from));
    entry(from | kSource);
    to += page;
  };
  const uint64_t image = places.image_of(page), elsewhere = places.elsewhere_of(page);
  go_on();
  copies_to(image);
  copies();
  if (is_long) {
    copies();
    go_on();
    go_on();
    entry(kNowhere & ~(page - 1));
    copies();
    copies_to(elsewhere);
    go_on();
    copies();
    copies_to(image + 3 * page);
    copies();
    entry(0);
    copies_to(elsewhere + page);
    copies();
  }
  entry(kDone);
  return list;
}

PageList list_no_page(const Places& places, Endian order) {
  const uint64_t list = places.lists & ~(kHugePage - 1), next = places.sources & ~(kHugePage - 1);
  PageList empty;
  empty.first = list | kIndirection;
  const auto put = [&](uint64_t at, uint64_t first, uint64_t second) {
    ByteBuffer& bytes = empty.entries[at];
    append<uint64_t>(bytes, first, order);
    append<uint64_t>(bytes, second, order);
  };
  put(list, (places.elsewhere & ~(kHugePage - 1)) | kDestination, next | kIndirection);
  put(next, 0, kDone);
  return empty;
}

size_t Hook::sees(uint64_t address) {
  seen_.push_back(address);
  return kEntry + seen_.size();
}

ByteBuffer Hook::code() const {
  using namespace ppc64;
  using namespace ppc64::reg;
  std::vector<Instruction> code;
  const auto set = [&](Gpr gpr, uint64_t number) {  // as plainly as it goes: the shortest way would have to be looked for
    code.push_back(ins::lis(gpr, static_cast<int16_t>(number >> 48)));
    code.push_back(ins::ori(gpr, gpr, number >> 32 & 0xffff));
    code.push_back(ins::sldi(gpr, gpr, 32));
    code.push_back(ins::oris(gpr, gpr, number >> 16 & 0xffff));
    code.push_back(ins::ori(gpr, gpr, number & 0xffff));
  };
  const auto keep = [&](Gpr gpr, size_t index) { code.push_back(ins::std(gpr, static_cast<int64_t>(8 * index), r9)); };
  code.push_back(ins::mflr(r0));
  code.push_back(ins::std(r0, static_cast<int64_t>(kSavedLr), r1));
  set(r9, places_.witness);
  keep(r1, kStack);
  keep(r2, kToc);
  keep(r11, kEnvironment);
  keep(r12, kEntry);
  code.push_back(ins::mfmsr(r10));
  code.push_back(ins::andi_dot(r10, r10, kMsrBits));
  keep(r10, kMsr);
  code.push_back(ins::raw(Mnemonic::kStdu, {1, -static_cast<int64_t>(kFrame), 1}));
  for (size_t i = 0; i < seen_.size(); ++i) {
    set(r9, seen_[i]);
    code.push_back(ins::lwz(r10, int64_t{0}, r9));
    set(r9, places_.witness);
    keep(r10, kEntry + 1 + i);
  }
  code.push_back(ins::addi(r1, r1, static_cast<int64_t>(kFrame)));
  code.push_back(ins::ld(r0, static_cast<int64_t>(kSavedLr), r1));
  code.push_back(ins::mtlr(r0));
  for (unsigned number : {0u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 10u, 11u, 12u})
    code.push_back(ins::li(Gpr{number}, -0x5a5b + static_cast<int64_t>(number)));
  code.push_back(ins::mtctr(r3));
  code.push_back(ins::cmpdi(0, r3, 0));
  code.push_back(ins::blr());
  ByteBuffer bytes(code.size() * 4);
  for (size_t i = 0; i < code.size(); ++i) {
    auto word = encode(code[i]);
    BATON_CHECK(word.ok(), "an instruction of the trial's hook");
    store<uint32_t>(bytes, i * 4, *word, order_);
  }
  return bytes;
}

ByteBuffer Hook::descriptor() const {
  ByteBuffer bytes(has_descriptor_ ? 24 : 0);
  if (!has_descriptor_) return bytes;
  store<uint64_t>(bytes, 0, places_.high | places_.hook_code, order_);
  store<uint64_t>(bytes, 8, toc(), order_);
  store<uint64_t>(bytes, 16, environment(), order_);
  return bytes;
}

}  // namespace baton::driver
