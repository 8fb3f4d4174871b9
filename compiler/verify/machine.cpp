// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory behind machine.h: a byte is what was stored last, else what a region describes, else unknown.
#include "verify/machine.h"

#include <algorithm>

namespace baton::verify {

void Memory::describe(std::string name, uint64_t start, ByteView bytes, uint64_t size) {
  add(Region{std::move(name), start, bytes, std::max<uint64_t>(size, bytes.size())});
}

void Memory::describe_unknown(std::string name, uint64_t start, uint64_t size, unsigned first) {
  add(Region{std::move(name), start, {}, size, first});
}

void Memory::add(Region region) {
  regions_.push_back(std::move(region));
  seen_ = {};
}

const Memory::Seen& Memory::seen(uint64_t address) const {
  for (const Seen& seen : seen_)
    if (seen.has(address, 1)) return seen;
  Seen found{0, ~uint64_t{0}};
  for (size_t i = regions_.size(); i-- > 0 && !found.region;) {
    const Region& region = regions_[i];
    if (region.size == 0) continue;
    // Addresses wrap, and so may a region: then this address is looked up by itself.
    const uint64_t first = region.start, last = region.start + (region.size - 1);
    const bool wraps = last < first, inside = address - first < region.size;
    if (inside) found.region = i;
    if (wraps) found.first = found.last = address;
    else if (inside) found = {std::max(found.first, first), std::min(found.last, last), i};
    else if (address < first) found.last = std::min(found.last, first - 1);
    else found.first = std::max(found.first, last + 1);
  }
  return seen_[replaced_++ % seen_.size()] = found;
}

const uint8_t* Memory::described(uint64_t address, uint64_t width) const {
  const Seen& seen = this->seen(address);
  if (!seen.region || !seen.has(address, width)) return nullptr;
  const Region& region = regions_[*seen.region];
  const uint64_t offset = address - region.start;
  return offset < region.bytes.size() && region.bytes.size() - offset >= width ? region.bytes.data() + offset : nullptr;
}

std::string Memory::name_at(uint64_t address) const {
  const auto region = seen(address).region;
  return region ? regions_[*region].name : std::string();
}

Value Memory::byte(uint64_t address) const {
  if (auto stored = stored_.byte(address)) return *stored;
  const CopiedBytes::Piece* piece = copied_.at(address);
  return piece ? byte_of(*piece, address) : at_entry(address);
}

Value Memory::byte_of(const CopiedBytes::Piece& piece, uint64_t address) const {
  if (piece.byte) return Value(*piece.byte);
  return piece.by ? at_entry(address - *piece.by) : Value::unknown().masked(0xff);
}

/// What was stored there before is no more; it stays among what is stored, since nothing is ever taken from that.
void Memory::put(const CopiedBytes::Piece& piece) {
  stored_.each_in(piece.at, [&](uint64_t at) { stored_.put(at, 1, byte_of(piece, at)); });
  copied_.put(piece);
}

void Memory::copy(const Range& from, const Range& to) {
  const Memory before = *this;
  const uint64_t by = to.begin.value() - from.begin.value(), end = from.end.value();
  for (uint64_t at = from.begin.value(); at < end;) {
    const uint64_t stored = std::min(before.stored_.next(at).value_or(end), end);
    if (stored == at) {
      stored_.put(at + by, 1, before.byte(at));
      ++at;
      continue;
    }
    // Up to where something else begins it is from one place.
    const CopiedBytes::Piece* piece = before.copied_.next(at);
    const bool is_copied = piece && piece->at.contains(Address{at});
    const uint64_t other = !piece ? end : is_copied ? piece->at.end.value() : piece->at.begin.value(), last = std::min(stored, other);
    CopiedBytes::Piece copied{Range::from_to(Wide{at + by}, Wide{at + by} + (last - at)), by, {}};
    if (is_copied) {
      copied.by = piece->by ? std::optional(*piece->by + by) : std::nullopt;
      copied.byte = piece->byte;
    }
    put(copied);
    at = last;
  }
}

uint64_t Memory::bytes_written() const {
  uint64_t bytes = stored_.size();
  for (const CopiedBytes::Piece& piece : copied_.pieces()) {
    bytes += piece.at.size().bytes();
    stored_.each_in(piece.at, [&](uint64_t) { --bytes; });
  }
  return bytes;
}

/// A byte that nobody described.
Value Memory::nobodys(uint64_t address) const {
  ++nobodys_looks_;
  if (!fills_rest_ && !(fills_ && fills_->contains(Range::at(Address{address}, Size{1})))) return Value::unknown().masked(0xff);
  const uint64_t place = address & ~uint64_t{7}, number = chosen_->of_memory(place);
  filled_[place] = number;
  return Value(number >> (56 - 8 * (address % 8)) & 0xff);
}

Value Memory::at_entry(uint64_t address) const {
  const auto seen = this->seen(address).region;
  if (!seen) return nobodys(address);
  const Region& region = regions_[*seen];
  uint64_t offset = address - region.start;
  if (region.symbols) {
    unsigned symbol = *region.symbols + static_cast<unsigned>(offset / 8);
    Value whole = chosen_ ? Value(chosen_->of(symbol)) : Value::symbol(symbol);
    return whole.rotate_left(8 + 8 * (offset % 8)).masked(0xff);
  }
  return Value(offset < region.bytes.size() ? region.bytes[offset] : uint64_t{0});
}

bool Memory::was_stored(uint64_t address, unsigned width) const {
  const CopiedBytes::Piece* piece = copied_.next(address);
  return stored_.any(address, width) || (piece && piece->at.begin.wide() < Wide{address} + width);
}

Value Memory::number_at_entry(uint64_t address, unsigned width) const {
  if (const uint8_t* from = described(address, width)) {
    uint64_t number = 0;
    for (unsigned i = 0; i < width; ++i) number = number << 8 | from[i];
    return Value(number);
  }
  if (const Seen seen = this->seen(address); seen.has(address, width)) {
    if (!seen.region) {
      if (!fills_rest_ && !fills_) return ++nobodys_looks_, Value::unknown().masked(low_bytes(width));
    } else if (const Region& region = regions_[*seen.region]; region.symbols) {
      const uint64_t offset = address - region.start;
      const unsigned symbol = *region.symbols + static_cast<unsigned>(offset / 8);
      if (width == 8 && offset % 8 == 0) return chosen_ ? Value(chosen_->of(symbol)) : Value::symbol(symbol);
    }
  }
  Value value;
  for (unsigned i = 0; i < width; ++i) value = value.rotate_left(8).masked(~uint64_t{0xff}) | at_entry(address + i);
  return value;
}

Value Memory::number(uint64_t address, unsigned width) const {
  if (stored_.empty() && copied_.empty()) return number_at_entry(address, width);
  if (address % 8 + width <= 8)
    if (auto stored = stored_.number(address, width)) return *stored;
  if (!was_stored(address, width)) return number_at_entry(address, width);
  const CopiedBytes::Piece* piece = copied_.at(address);
  if (piece && piece->by && piece->at.contains(Address{address + width - 1}) && !stored_.any(address, width))
    return number_at_entry(address - *piece->by, width);
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
    // What nobody described needs no number for that: it may have been another.
    const Seen& before = seen(address + done);
    const bool nobodys = !before.region && before.has(address + done, here) && !was_stored(address + done, here);
    const uint64_t same = nobodys ? 0 : part.same_bits(number(address + done, here));
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
