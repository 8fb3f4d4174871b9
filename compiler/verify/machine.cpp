// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory behind machine.h: a byte is what was stored last, else what a region describes, else unknown.
#include "verify/machine.h"

#include <algorithm>

namespace baton::verify {
void Memory::describe(std::string name, uint64_t start, ByteView bytes, uint64_t size) {
  regions_.push_back(Region{std::move(name), start, bytes, std::max<uint64_t>(size, bytes.size())});
}

void Memory::describe_unknown(std::string name, uint64_t start, uint64_t size, unsigned first) {
  regions_.push_back(Region{std::move(name), start, {}, size, first});
}

const Memory::Region* Memory::find(uint64_t address) const {
  for (auto region = regions_.rbegin(); region != regions_.rend(); ++region)
    if (address >= region->start && address - region->start < region->size) return &*region;
  return nullptr;
}

const uint8_t* Memory::described(uint64_t address, uint64_t width) const {
  for (auto region = regions_.rbegin(); region != regions_.rend(); ++region) {
    uint64_t offset = address - region->start, to_start = region->start - address;
    if (offset < region->bytes.size() && region->bytes.size() - offset >= width) return region->bytes.data() + offset;
    if (offset < region->size || to_start < width) return nullptr;  // in part, or in its zeros
  }
  return nullptr;
}

std::string Memory::name_at(uint64_t address) const {
  const Region* region = find(address);
  return region ? region->name : std::string();
}

Value Memory::byte(uint64_t address) const {
  auto stored = stored_.byte(address);
  return stored ? *stored : at_entry(address);
}

/// A byte that nobody described.
Value Memory::nobodys(uint64_t address) const {
  ++nobodys_looks_;
  if (!fills_rest_) return Value::unknown().masked(0xff);
  const uint64_t place = address & ~uint64_t{7}, number = chosen_->of_memory(place);
  filled_[place] = number;
  return Value(number >> (56 - 8 * (address % 8)) & 0xff);
}

Value Memory::at_entry(uint64_t address) const {
  const Region* region = find(address);
  if (!region) return nobodys(address);
  uint64_t offset = address - region->start;
  if (region->symbols) {
    unsigned symbol = *region->symbols + static_cast<unsigned>(offset / 8);
    Value whole = chosen_ ? Value(chosen_->of(symbol)) : Value::symbol(symbol);
    return whole.rotate_left(8 + 8 * (offset % 8)).masked(0xff);
  }
  return Value(offset < region->bytes.size() ? region->bytes[offset] : uint64_t{0});
}

bool Memory::was_stored(uint64_t address, unsigned width) const { return stored_.any(address, width); }

bool Memory::is_described(uint64_t address, unsigned width) const {
  return std::any_of(regions_.begin(), regions_.end(), [&](const Region& region) {
    return address - region.start < region.size || region.start - address < width;
  });
}

/// Of eight bytes that are one name, and that no other region is seen in.
std::optional<unsigned> Memory::name_of(uint64_t address, unsigned width) const {
  for (auto region = regions_.rbegin(); region != regions_.rend(); ++region) {
    const uint64_t offset = address - region->start, to_start = region->start - address;
    if (offset >= region->size && to_start >= width) continue;
    if (!region->symbols || width != 8 || offset % 8 != 0 || offset >= region->size || region->size - offset < 8) return std::nullopt;
    return *region->symbols + static_cast<unsigned>(offset / 8);
  }
  return std::nullopt;
}

Value Memory::number_at_entry(uint64_t address, unsigned width) const {
  if (const uint8_t* from = described(address, width)) {
    uint64_t number = 0;
    for (unsigned i = 0; i < width; ++i) number = number << 8 | from[i];
    return Value(number);
  }
  if (!fills_rest_ && !is_described(address, width)) {
    ++nobodys_looks_;
    return Value::unknown().masked(low_bytes(width));
  }
  if (auto symbol = name_of(address, width)) return chosen_ ? Value(chosen_->of(*symbol)) : Value::symbol(*symbol);
  Value value;
  for (unsigned i = 0; i < width; ++i) value = value.rotate_left(8).masked(~uint64_t{0xff}) | at_entry(address + i);
  return value;
}

Value Memory::number(uint64_t address, unsigned width) const {
  if (stored_.empty()) return number_at_entry(address, width);
  if (address % 8 + width <= 8)
    if (auto stored = stored_.number(address, width)) return *stored;
  if (!stored_.any(address, width)) return number_at_entry(address, width);
  Value value;
  for (unsigned i = 0; i < width; ++i) value = value.rotate_left(8).masked(~uint64_t{0xff}) | byte(address + i);
  return value;
}

RangeSet Memory::described_ranges() const {
  RangeSet all;
  for (const Region& region : regions_)
    all.add(Range::from_to(region.start, std::min(Wide{region.start} + region.size, kTwoTo64)));
  return all;
}

void Memory::write_entry(uint64_t start, std::span<uint8_t> into) const {
  for (const Region& region : regions_) {
    // Where the region and what is asked for begin to overlap, as offsets into each.
    const uint64_t skipped = start > region.start ? start - region.start : 0, ahead = region.start > start ? region.start - start : 0;
    if (skipped >= region.size || ahead >= into.size()) continue;
    std::span<uint8_t> part = into.subspan(ahead, std::min<uint64_t>(into.size() - ahead, region.size - skipped));
    if (region.symbols) {
      BATON_CHECK(chosen_ != nullptr, "memory that is known by name has bytes once its names have numbers");
      uint64_t word = 0;
      for (uint64_t i = 0; i < part.size(); ++i) {
        const uint64_t offset = skipped + i;
        if (i == 0 || offset % 8 == 0) word = chosen_->of(*region.symbols + static_cast<unsigned>(offset / 8));
        part[i] = static_cast<uint8_t>(word >> (56 - 8 * (offset % 8)));
      }
    } else {
      const uint64_t have = region.bytes.size() > skipped ? std::min<uint64_t>(region.bytes.size() - skipped, part.size()) : 0;
      std::copy_n(region.bytes.begin() + static_cast<std::ptrdiff_t>(have == 0 ? 0 : skipped), have, part.begin());
      std::fill(part.begin() + static_cast<std::ptrdiff_t>(have), part.end(), uint8_t{0});
    }
  }
}

Value Memory::load(uint64_t address, unsigned width, Endian order) const {
  if (accesses_) accesses_->push_back({address, width, false});
  Value value;
  for (unsigned done = 0; done < width;) {
    const unsigned here = std::min(width - done, 8 - static_cast<unsigned>((address + done) % 8));
    const Value part = number(address + done, here);
    value = here == 8 ? part : value.rotate_left(8 * here).masked(~low_bytes(here)) | part;
    done += here;
  }
  return order == Endian::kBig ? value : value.bytes_reversed(width);
}

unsigned Memory::store(uint64_t address, unsigned width, const Value& value, Endian order) {
  if (accesses_) accesses_->push_back({address, width, true});
  const Value in_order = order == Endian::kBig ? value.masked(low_bytes(width)) : value.bytes_reversed(width);
  unsigned changed = 0;
  for (unsigned done = 0; done < width;) {
    const unsigned here = std::min(width - done, 8 - static_cast<unsigned>((address + done) % 8));
    const Value part = here == width ? in_order : in_order.rotate_left(64 - 8 * (width - done - here)).masked(low_bytes(here));
    const uint64_t same = part.same_bits(number(address + done, here));
    for (unsigned i = 0; i < here; ++i)
      if ((same >> 8 * (here - 1 - i) & 0xff) != 0xff) changed |= 1u << (done + i);
    stored_.put(address + done, here, part);
    done += here;
  }
  return changed;
}

const CallContract* Machine::contract_here() const {
  if (!calls) return nullptr;
  auto found = calls->functions.find(pc);
  return found == calls->functions.end() ? nullptr : &found->second;
}

Bit Machine::resolve(Bit bit) const {
  if (decisions.empty() || bit.is_constant) return bit;
  auto decided = decisions.find(bit.atom & ~kInverse);
  return decided == decisions.end() ? bit : Bit::constant(decided->second != ((bit.atom & kInverse) != 0));
}

Value Machine::resolve(const Value& value) const {
  if (decisions.empty() || value.is_constant()) return value;
  Value result = value;
  for (unsigned n = 0; n < 64; ++n) {
    if ((value.known() >> n & 1) == 0) result.set_bit(n, resolve(value.bit(n)));
  }
  return result;
}

void Machine::decide(Atom atom, bool one) {
  decisions[atom & ~kInverse] = one != ((atom & kInverse) != 0);
  // An order's three bits decide each other; and where two are equal, so are their bits.
  unsigned symbol = (atom & ~kInverse) / 64 - 1;
  const Definition* d = definitions->find(symbol);
  if (d && is_order(d->operation)) {
    const Atom first = (symbol + 1) * 64;
    auto is = [&](unsigned bit, bool value) {
      auto found = decisions.find(first + bit);
      return found != decisions.end() && found->second == value;
    };
    constexpr unsigned kParts[] = {kLessBit, kGreaterBit, kEqualBit};
    for (unsigned part : kParts) {
      unsigned others = 0;
      for (unsigned other : kParts) others += other != part && is(other, false) ? 1 : 0;
      if (others == 2) decisions[first + part] = true;
    }
    for (unsigned part : kParts)
      for (unsigned other : kParts)
        if (is(part, true) && other != part) decisions[first + other] = false;
    if (is(kEqualBit, true))
      for (unsigned n = 0; n < 64; ++n) {
        Bit x = d->a.bit(n), y = d->b.bit(n);
        if (y.is_constant) std::swap(x, y);
        if (x.is_constant && !y.is_constant) decisions[y.atom & ~kInverse] = x.one != ((y.atom & kInverse) != 0);
      }
  }
  for (Value& value : gpr) value = resolve(value);
  for (Vector& vector : vr)
    for (Value& half : vector) half = resolve(half);
  for (Value* value : {&lr, &ctr, &xer, &msr, &srr0, &srr1, &hsrr0, &hsrr1, &cr}) *value = resolve(*value);
}

Value* Machine::find(std::string_view name) {
  if (auto number = ppc64::find_gpr(name)) return &gpr[number->number()];
  if (name == "lr") return &lr;
  if (name == "ctr") return &ctr;
  if (name == "cr") return &cr;
  if (name == "xer") return &xer;
  return nullptr;
}

std::optional<Endian> Machine::order() const {
  Bit le = msr.bit(0);
  if (!le.is_constant) return std::nullopt;
  return le.one ? Endian::kLittle : Endian::kBig;
}

}  // namespace baton::verify
