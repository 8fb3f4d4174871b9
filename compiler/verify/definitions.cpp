// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Definitions are looked up by a hash of their operands. See definitions.h.
#include "verify/definitions.h"

#include <algorithm>

#include "base/address.h"
#include "verify/cone.h"

namespace baton::verify {
namespace {

uint64_t mix(uint64_t hash, uint64_t number) {
  hash = (hash ^ number) * 0x9e37'79b9'7f4a'7c15;
  return hash ^ hash >> 29;
}

uint64_t hash_of(const Value& value) {
  uint64_t hash = mix(value.known(), value.bits());
  for (unsigned n = 0; n < 64; ++n)
    if ((value.known() >> n & 1) == 0) hash = mix(hash, value.bit(n).atom);
  return hash;
}

uint64_t hash_of(const Definition& d) {
  uint64_t carry = d.carry.is_constant ? d.carry.one : d.carry.atom + uint64_t{2};
  return mix(mix(mix(static_cast<uint64_t>(d.operation), hash_of(d.a)), hash_of(d.b)), carry);
}

Bit bit_of_symbol(unsigned symbol, unsigned bit) { return Bit::of(static_cast<Atom>((symbol + 1) * 64 + bit)); }

/// A result with the bits of its symbol where Value's operations left it unknown.
Value filled(const Value& result, unsigned symbol) {
  Value value = result;
  for (unsigned n = 0; n < 64; ++n)
    if (result.bit(n).is_unknown()) value.set_bit(n, bit_of_symbol(symbol, n));
  return value;
}

/// Where two values agree in all bits but one, that bit decides.
std::optional<Order> order_by_one_bit(const Value& a, const Value& b, bool is_signed) {
  std::optional<unsigned> open;
  for (unsigned n = 0; n < 64; ++n) {
    if (a.bit(n).same_as(b.bit(n))) continue;
    if (open) return std::nullopt;
    open = n;
  }
  if (!open) return std::nullopt;
  Bit x = a.bit(*open), y = b.bit(*open);
  if (is_signed && *open == 63) std::swap(x, y);
  Order order{~x & y, x & ~y, ~(x ^ y)};
  if (order.less.is_unknown() || order.greater.is_unknown() || order.equal.is_unknown()) return std::nullopt;
  return order;
}

}  // namespace

bool has_unknown_bits(const Value& value) {
  if (value.is_constant()) return false;
  for (unsigned n = 0; n < 64; ++n)
    if (value.bit(n).is_unknown()) return true;
  return false;
}

unsigned Definitions::name(const Definition& definition) {
  uint64_t hash = hash_of(definition);
  auto [begin, end] = by_hash_.equal_range(hash);
  for (auto it = begin; it != end; ++it)
    if (all_[it->second] == definition) return kFirst + it->second;
  unsigned number = static_cast<unsigned>(all_.size());
  BATON_CHECK(kFirst + number < kMostSymbols, "a trial ends before it has defined millions of symbols");
  all_.push_back(definition);
  by_hash_.emplace(hash, number);
  return kFirst + number;
}

const Definition* Definitions::find(unsigned symbol) const {
  return symbol >= kFirst && symbol - kFirst < all_.size() ? &all_[symbol - kFirst] : nullptr;
}

void Definitions::collect(const Value& value, std::set<unsigned>& symbols) const {
  std::vector<Value> open{value};
  while (!open.empty()) {
    const Value next = std::move(open.back());
    open.pop_back();
    unsigned last = kMostSymbols;  // most bits are their neighbours' symbol's, too
    for (unsigned n = 0; n < 64; ++n) {
      const Bit bit = next.bit(n);
      if (bit.is_constant || bit.is_unknown() || symbol_of(bit.atom) == last) continue;
      last = symbol_of(bit.atom);
      if (!symbols.insert(last).second) continue;
      if (const Definition* d = find(last)) open.insert(open.end(), {d->a, d->b, value_of(d->carry)});
    }
  }
}

Value Definitions::complete(Operation operation, const Value& a, const Value& b, const Value& result, Bit carry) {
  if (!has_unknown_bits(result) || has_unknown_bits(a) || has_unknown_bits(b) || carry.is_unknown()) return result;
  if (all_.size() >= kMost) return result;
  if (operation == Operation::kAdd && b.is_constant() && carry.is_constant) {
    const uint64_t number = b.bits() + (carry.one ? 1 : 0);
    const Bit top = a.bit(63);
    const unsigned symbol = top.is_constant ? 0 : symbol_of(top.atom);
    const Definition* inner = find(symbol);
    if (inner && inner->operation == Operation::kAdd && inner->b.is_constant() && inner->carry.is_constant &&
        a.same_as(filled(add(inner->a, inner->b, inner->carry), symbol))) {
      const Value base = inner->a, total(inner->b.bits() + (inner->carry.one ? 1 : 0) + number);
      return complete(Operation::kAdd, base, total, add(base, total));
    }
    if (carry.one) return complete(Operation::kAdd, a, Value(number), add(a, Value(number)));
  }
  return filled(result, name({operation, a, b, carry}));
}

Order Definitions::order(const Value& a, const Value& b, bool is_signed) {
  Order order = compare(a, b, is_signed);
  auto open = [](Bit bit) { return bit.is_unknown(); };
  if (!open(order.less) && !open(order.greater) && !open(order.equal)) return order;
  if (has_unknown_bits(a) || has_unknown_bits(b)) return order;
  if (auto exact = order_by_one_bit(a, b, is_signed)) return *exact;
  if (all_.size() >= kMost) return order;
  unsigned symbol = name({is_signed ? Operation::kSignedOrder : Operation::kUnsignedOrder, a, b, Bit::constant(false)});
  if (open(order.less)) order.less = bit_of_symbol(symbol, kLessBit);
  if (open(order.greater)) order.greater = bit_of_symbol(symbol, kGreaterBit);
  if (open(order.equal)) order.equal = bit_of_symbol(symbol, kEqualBit);
  return order;
}

uint64_t Assignment::of(unsigned symbol) const {
  auto found = chosen_.find(symbol);
  return found != chosen_.end() ? found->second : mix(mix(seed_, symbol), symbol);
}

uint64_t Assignment::of_memory(uint64_t address) const { return mix(mix(~seed_, address), address); }

void Assignment::choose(unsigned symbol, unsigned bit, bool one) {
  uint64_t mask = uint64_t{1} << bit;
  uint64_t& number = chosen_.emplace(symbol, of(symbol)).first->second;
  number = one ? number | mask : number & ~mask;
}

namespace {

/// Chooses bits of symbols that have no definition, so that what is defined by them comes out as wanted. Gives up in silence:
/// whether it did come out so is seen afterwards.
class Search {
 public:
  Search(const Definitions& definitions, Assignment& assignment, Cone& cone, uint64_t most)
      : definitions_(definitions), assignment_(assignment), cone_(cone), most_(most) {}
  void choose(Atom atom, bool one);
  /// Some symbol has another number than before.
  bool has_moved() const { return has_moved_; }

 private:
  void unify(const Value& value, uint64_t wanted) {
    for (unsigned n = 0; n < 64; ++n)
      if ((value.known() >> n & 1) == 0) choose(value.bit(n).atom, (wanted >> n & 1) != 0);
  }

  const Definitions& definitions_;
  Assignment& assignment_;
  Cone& cone_;
  const uint64_t most_;
  uint64_t choices_ = 0;
  bool has_moved_ = false;
};

void Search::choose(Atom atom, bool one) {
  if (atom == kUnknownAtom || ++choices_ > most_) return;
  if ((atom & kInverse) != 0) one = !one;
  unsigned symbol = symbol_of(atom);
  const Definition* d = definitions_.find(symbol);
  if (!d) {
    assignment_.choose(symbol, bit_of(atom), one);
    has_moved_ = cone_.set(symbol, assignment_.of(symbol)) || has_moved_;
    return;
  }
  if (!is_order(d->operation)) {
    // Of a sum with a number, the other operand follows.
    if (d->operation == Operation::kAdd && d->b.is_constant() && d->carry.is_constant) {
      uint64_t now = cone_.of(symbol), mask = uint64_t{1} << bit_of(atom);
      unify(d->a, (one ? now | mask : now & ~mask) - d->b.bits() - (d->carry.one ? 1 : 0));
    }
    return;
  }
  const bool left = d->b.is_constant();  // the one that is moved to the other
  if (!left && !d->a.is_constant()) return;
  uint64_t fixed = (left ? d->b : d->a).bits();
  uint64_t flip = d->operation == Operation::kSignedOrder ? uint64_t{1} << 63 : 0, at = fixed ^ flip;
  unsigned part = bit_of(atom);
  if (!left && part != kEqualBit) part = part == kLessBit ? kGreaterBit : kLessBit;
  uint64_t wanted = fixed;
  if ((part == kLessBit) == one && part != kEqualBit)
    wanted = (at == 0 ? at : at - 1) ^ flip;
  else if ((part == kEqualBit) != one)
    wanted = (at + 1) ^ flip;
  unify(left ? d->a : d->b, wanted);
}

}  // namespace

uint64_t evaluate(const Value& value, const Definitions& definitions, const Assignment& assignment) {
  std::set<unsigned> symbols;
  definitions.collect(value, symbols);
  return Cone(definitions, symbols, assignment).of(value);
}

namespace {

std::set<unsigned> symbols_of(const Decisions& decisions, const Definitions& definitions) {
  std::set<unsigned> symbols;
  for (const auto& [atom, one] : decisions) definitions.collect(value_of(Bit::of(atom)), symbols);
  return symbols;
}

bool holds(const Decisions& decisions, Cone& cone) {
  return std::all_of(decisions.begin(), decisions.end(), [&](const auto& decision) { return cone.is_one(decision.first) == decision.second; });
}

}  // namespace

bool holds(const Decisions& decisions, const Definitions& definitions, const Assignment& assignment) {
  Cone cone(definitions, symbols_of(decisions, definitions), assignment);
  return holds(decisions, cone);
}

std::optional<Assignment> find_assignment(const Decisions& decisions, const Definitions& definitions, uint64_t seed) {
  constexpr unsigned kRounds = 4;  // what a later decision moved, an earlier one may have to move again
  constexpr size_t kMostSymbolsTried = 1u << 13;
  constexpr uint64_t kMostChoices = 1u << 14;  // of a decision: each sum asks for its operand's 64 bits
  constexpr uint64_t kMostEvaluated = 1u << 21;  // symbols, by all choices of a round
  const std::set<unsigned> symbols = symbols_of(decisions, definitions);
  if (symbols.size() > kMostSymbolsTried) return std::nullopt;
  const uint64_t work = std::max<size_t>(1, symbols.size()) * std::max<size_t>(1, decisions.size());
  const uint64_t most = std::clamp<uint64_t>(kMostEvaluated / work, 1, kMostChoices);
  Assignment assignment(seed);
  Cone cone(definitions, symbols, assignment);
  for (unsigned round = 0; round < kRounds; ++round) {
    if (holds(decisions, cone)) return assignment;
    bool has_moved = false;
    auto choose = [&](Atom atom, bool one) {
      Search search(definitions, assignment, cone, most);
      search.choose(atom, one);
      has_moved = has_moved || search.has_moved();
    };
    for (const auto& [atom, one] : decisions)
      if (cone.is_one(atom) != one) choose(atom, one);
    // What has no definition was decided itself, and stays so.
    for (const auto& [atom, one] : decisions)
      if (!definitions.find(symbol_of(atom))) choose(atom, one);
    // The next round would be this one again: what is wrong is made of results that nothing here works back through.
    if (!has_moved) return std::nullopt;
  }
  if (holds(decisions, cone)) return assignment;
  return std::nullopt;
}

std::string to_text(Atom atom, bool one, const Definitions& definitions, const SymbolNames& names) {
  unsigned symbol = symbol_of(atom), bit = bit_of(atom);
  const Definition* d = definitions.find(symbol);
  if (!d || !is_order(d->operation))
    return "bit " + hex(Wide{uint64_t{1} << bit}) + " of " + names(symbol) + " is " + (one ? "1" : "0");
  static constexpr const char* kWords[][2] = {{">=", "<"}, {"<=", ">"}, {"!=", "="}};
  return d->a.to_text(names) + " " + kWords[bit][one ? 1 : 0] + " " + d->b.to_text(names) +
         (d->operation == Operation::kSignedOrder ? " (signed)" : "");
}

}  // namespace baton::verify
