// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does an expression of the language stand for?
//
// A Value has a type and, when it is known, a content. Three degrees of knowledge share one shape: a
// *known* value (0x4000000), a *pending* one whose type is known and whose content comes later (the
// address of a segment that is not placed yet, a machine attribute while a convention is checked by
// itself), and a *symbol* that only the running machine knows (`cpu.physical_id`, the giver's byte order).
//
//   Value::of(Address{0x1000}), Value::pending(Type::kSize, "kernel.size"), Value::symbol("cpu.physical_id")
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/range.h"

namespace baton::model {

enum class Type {
  kInt,
  kAddress,
  kSize,
  kString,
  kPath,
  kBool,
  kRange,   // one range of addresses
  kRanges,  // any number of ranges
  kIds,     // hardware ids of CPUs
  kTree,    // a device tree
  kWord,    // a word of the vocabulary: an arrival state, `any`, `giver`, an encoding
  kStack,   // stack(size: N) or stack(size: unknown)
  kCells,   // bytes for a device tree property: u32(...), u64(...)
  kSet,     // { a, b }
  kError    // reported already; stays silent in every use
};

const char* to_text(Type type);

class Value {
 public:
  struct Pending {
    std::string what;  // the name that is not known yet
    bool operator==(const Pending&) const = default;
  };
  struct Symbol {
    std::string name;
    bool operator==(const Symbol&) const = default;
  };
  struct Stack {
    bool known = false;
    Size size;
    bool operator==(const Stack&) const = default;
  };

  static Value of_int(Wide v) { return Value(Type::kInt, v); }
  static Value of(Address a) { return Value(Type::kAddress, a.wide()); }
  static Value of(Size s) { return Value(Type::kSize, s.wide()); }
  static Value of(bool b) { return Value(Type::kBool, static_cast<Wide>(b)); }
  static Value of(const Range& r) { return Value(Type::kRange, r); }
  static Value of(const RangeSet& r) { return Value(Type::kRanges, r); }
  static Value of_string(std::string s) { return Value(Type::kString, std::move(s)); }
  static Value of_path(std::string s) { return Value(Type::kPath, std::move(s)); }
  static Value of_word(std::string s) { return Value(Type::kWord, std::move(s)); }
  static Value of_ids(std::vector<uint32_t> ids) { return Value(Type::kIds, std::move(ids)); }
  static Value of_cells(std::vector<uint8_t> bytes) { return Value(Type::kCells, std::move(bytes)); }
  static Value of_stack(Stack s) { return Value(Type::kStack, s); }
  static Value of_set(std::vector<Value> members) { return Value(Type::kSet, std::move(members)); }
  static Value tree(std::string name) { return Value(Type::kTree, std::move(name)); }
  static Value pending(Type type, std::string what) { return Value(type, Pending{std::move(what)}); }
  static Value symbol(std::string name, Type type = Type::kInt) { return Value(type, Symbol{std::move(name)}); }
  static Value error() { return Value(Type::kError, std::monostate{}); }

  Type type() const { return type_; }
  bool is_error() const { return type_ == Type::kError; }
  bool is_pending() const { return std::holds_alternative<Pending>(content_); }
  bool is_symbol() const { return std::holds_alternative<Symbol>(content_); }
  bool is_known() const { return !is_error() && !is_pending() && !is_symbol(); }
  bool is_number() const {
    return type_ == Type::kInt || type_ == Type::kAddress || type_ == Type::kSize;
  }

  Wide number() const { return std::get<Wide>(content_); }
  Address address() const { return Address{number()}; }
  Size size() const { return Size{number()}; }
  bool boolean() const { return number() != 0; }
  const std::string& text() const { return std::get<std::string>(content_); }
  const Range& range() const { return std::get<Range>(content_); }
  /// A range or ranges, as a set.
  RangeSet ranges() const {
    if (type_ == Type::kRange) return RangeSet{range()};
    return std::get<RangeSet>(content_);
  }
  const std::vector<uint32_t>& ids() const { return std::get<std::vector<uint32_t>>(content_); }
  const std::vector<uint8_t>& cells() const { return std::get<std::vector<uint8_t>>(content_); }
  const Stack& stack() const { return std::get<Stack>(content_); }
  const std::vector<Value>& members() const { return std::get<std::vector<Value>>(content_); }
  const Symbol& as_symbol() const { return std::get<Symbol>(content_); }
  const Pending& as_pending() const { return std::get<Pending>(content_); }

  bool operator==(const Value&) const = default;

 private:
  using Content = std::variant<std::monostate, Wide, std::string, Range, RangeSet,
                               std::vector<uint32_t>, std::vector<uint8_t>, std::vector<Value>, Stack,
                               Pending, Symbol>;
  Value(Type type, Content content) : type_(type), content_(std::move(content)) {}

  Type type_ = Type::kError;
  Content content_;
};

/// What a device tree holds for it: four bytes for an integer, eight for an address or a size, big-endian; a string with its
/// NUL; cells as they are. nullopt for anything else, and for what is not known.
std::optional<std::vector<uint8_t>> property_bytes(const Value& value);

/// For messages and reports: "0x4000000", "64KiB", "cpu.physical_id", "{ 0x0, 0x1000 }".
std::string to_text(const Value& value);

}  // namespace baton::model
