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
  auto it = stored_.find(address);
  return it != stored_.end() ? it->second : at_entry(address);
}

Value Memory::at_entry(uint64_t address) const {
  const Region* region = find(address);
  if (!region) return Value::unknown().masked(0xff);
  uint64_t offset = address - region->start;
  if (region->symbols) {
    unsigned symbol = *region->symbols + static_cast<unsigned>(offset / 8);
    Value whole = chosen_ ? Value(chosen_->of(symbol)) : Value::symbol(symbol);
    return whole.rotate_left(8 + 8 * (offset % 8)).masked(0xff);
  }
  return Value(offset < region->bytes.size() ? region->bytes[offset] : uint64_t{0});
}

bool Memory::was_stored(uint64_t address, unsigned width) const {
  auto first = stored_.lower_bound(address);
  return first != stored_.end() && first->first - address < width;
}

Value Memory::load(uint64_t address, unsigned width, Endian order) const {
  if (accesses_) accesses_->push_back({address, width, false});
  // Nearly all loads are of bytes that one region describes and nobody stored to.
  if (const uint8_t* from = was_stored(address, width) ? nullptr : described(address, width)) {
    uint64_t number = 0;
    for (unsigned i = 0; i < width; ++i) number = number << 8 | from[order == Endian::kBig ? i : width - 1 - i];
    return Value(number);
  }
  Value value;
  for (unsigned i = 0; i < width; ++i) {
    unsigned at = order == Endian::kBig ? i : width - 1 - i;
    value = value.rotate_left(8).masked(~uint64_t{0xff}) | byte(address + at);
  }
  return value;
}

/// Whether the byte there was certainly this before anything was stored.
bool Memory::is_at_entry(uint64_t address, const Value& byte) const {
  const Region* region = find(address);
  if (!region) return false;
  if (region->symbols) return byte.same_as(at_entry(address));
  uint64_t offset = address - region->start;
  return byte.is_constant() && byte.bits() == (offset < region->bytes.size() ? region->bytes[offset] : uint64_t{0});
}

unsigned Memory::store(uint64_t address, unsigned width, const Value& value, Endian order) {
  if (accesses_) accesses_->push_back({address, width, true});
  unsigned changed = 0;
  for (unsigned i = 0; i < width; ++i) {
    unsigned at = order == Endian::kBig ? width - 1 - i : i;
    Value byte = value.rotate_left(64 - 8 * i).masked(0xff);
    auto [place, is_new] = stored_.try_emplace(address + at, byte);
    if (!(is_new ? is_at_entry(address + at, byte) : byte.same_as(place->second))) changed |= 1u << at;
    if (!is_new) place->second = byte;
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
