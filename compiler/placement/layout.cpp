// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scopes over a layout. See layout.h.
#include "placement/layout.h"

#include <algorithm>

#include "contract/claim.h"

namespace baton::placement {

using model::Type;
using model::Value;

RangeSet PlacedSegment::overwrites() const {
  if (!content.moves_itself_to_zero) return {};
  // A kernel that stays where it is still copies its interrupt vectors down: 64 KiB (head_64.S).
  Size reach = content.stays_where_loaded ? Size{64 << 10} : content.size;
  return RangeSet{Range::at(Address{0}, reach)};
}

const PlacedSegment* Layout::find(std::string_view name) const {
  for (const PlacedSegment& s : segments)
    if (s.name() == name) return &s;
  return nullptr;
}

PlacedSegment* Layout::find(std::string_view name) {
  return const_cast<PlacedSegment*>(static_cast<const Layout*>(this)->find(name));
}

const PlacedSegment* Layout::bound(const std::string& role) const {
  if (const model::Binding* b = handoff->find_binding(role))
    return b->to == model::Binding::To::kSegment ? find(b->name) : nullptr;
  return find(role);
}

bool Layout::is_digested(std::string_view name) const {
  const PlacedSegment* stub = find(handoff->enter);
  if (!stub || !stub->declaration->digest) return false;
  const auto& segments = stub->declaration->digest->segments;
  return std::any_of(segments.begin(), segments.end(), [&](const auto& digested) { return digested.first == name; });
}

std::optional<Value> HandoffScope::segment_attribute(const PlacedSegment& s,
                                                     std::string_view attribute) const {
  std::string what = s.name() + "." + std::string(attribute);
  auto address = [&](Size offset) {
    if (!s.start) return Value::pending(Type::kAddress, what);
    auto at = checked_add(*s.start, offset);
    return at ? Value::of(*at) : Value::error();
  };
  if (attribute == "size")
    return s.content.measured ? Value::of(s.content.size) : Value::pending(Type::kSize, what);
  if (attribute == "start" || attribute == "base" || attribute == "address") return address(Size{0});
  if (attribute == "end") return address(s.content.size);
  if (attribute == "entry") return address(s.content.entry_offset);
  if (attribute == "extent")
    return s.start ? Value::of(s.extent) : Value::pending(Type::kRange, what);
  if (attribute == "overwrites") return Value::of(s.overwrites());
  if (attribute == "order" && s.content.order)
    return Value::of_int(*s.content.order == Endian::kLittle ? 1 : 0);
  if (attribute == "format" && s.content.tree_format) return Value::of_int(*s.content.tree_format);
  return std::nullopt;
}

std::optional<Value> HandoffScope::lookup(std::string_view name) const {
  if (auto it = layout_.parameters.find(std::string(name)); it != layout_.parameters.end()) return it->second;
  const auto& lets = layout_.program->lets;
  if (auto it = lets.find(std::string(name)); it != lets.end()) return it->second.value;
  size_t dot = name.find('.');
  std::string_view head = name.substr(0, dot);
  if (head == "machine" && dot != std::string_view::npos) {
    std::string_view attribute = name.substr(dot + 1);
    if (const auto* fact = layout_.machine->find(attribute)) return fact->value;
    for (const auto& named : layout_.machine->named)
      if (named.name == attribute) return Value::of(named.ranges);
    const auto* known = model::find_machine_attribute(attribute);
    if (known && known->type == Type::kRanges) return Value::of(RangeSet{});
    return std::nullopt;
  }
  if (const PlacedSegment* s = layout_.find(head)) {
    if (dot != std::string_view::npos) return segment_attribute(*s, name.substr(dot + 1));
    if (!s->start) return Value::pending(Type::kRange, std::string(name));
    return Value::of(Range::at(*s->start, s->content.size));
  }
  return std::nullopt;
}

std::optional<std::string> HandoffScope::why_absent(std::string_view name) const {
  if (name.substr(0, 8) != "machine." || !model::find_machine_attribute(name.substr(8))) return std::nullopt;
  return layout_.machine->tree ? "the device tree of machine `" + layout_.machine->name + "` does not state it"
                               : "machine `" + layout_.machine->name + "` does not state it";
}

std::vector<std::string> HandoffScope::names() const {
  std::vector<std::string> all;
  for (const auto& [name, value] : layout_.parameters) all.push_back(name);
  for (const auto& [name, let] : layout_.program->lets) all.push_back(name);
  for (const auto& a : model::machine_attributes()) all.push_back("machine." + std::string(a.name));
  for (const auto& named : layout_.machine->named) all.push_back("machine." + named.name);
  for (const PlacedSegment& s : layout_.segments) all.push_back(s.name());
  return all;
}

std::optional<Value> RoleScope::supplied(const model::Role& role, const std::string& giver_role,
                                         std::string_view attribute) {
  if (contract::is_runtime_kind(role.kind)) return Value::pending(Type::kInt, "argument." + giver_role);
  std::string what = "giver." + giver_role;
  if (attribute.empty()) return Value::pending(Type::kRange, what);
  // A tree has one address and two names for it.
  std::string_view shown = attribute == "start" && role.kind == "devicetree" ? "address" : attribute;
  for (const auto& known : contract::role_attributes(role.kind))
    if (known.name == attribute) return Value::pending(known.type, what + "." + std::string(shown));
  return std::nullopt;
}

std::optional<Value> RoleScope::passed(const model::Role& role, const std::string& argument,
                                       std::string_view attribute) {
  std::string what = "argument." + argument;
  if (attribute.empty()) return Value::pending(Type::kRange, what);
  // The value is where the image is entered; it is taken to begin there.
  if (attribute == "start" || attribute == "base" || attribute == "entry" || attribute == "address")
    return Value::pending(Type::kAddress, what);
  for (const auto& known : contract::role_attributes(role.kind))
    if (known.name == attribute) return Value::pending(known.type, what + "." + std::string(attribute));
  return std::nullopt;
}

std::optional<Value> RoleScope::lookup(std::string_view name) const {
  size_t dot = name.find('.');
  std::string role(name.substr(0, dot));
  const PlacedSegment* segment = nullptr;
  std::string_view attribute = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  if (from_) {
    const model::Role* given = layout_.from->find_role(role);
    if (role == "image" && !(given && contract::is_runtime_kind(given->kind)))
      segment = &layout_.entered();
    else if (given)
      return supplied(*given, role, attribute);
  } else if (const model::Role* needed = layout_.to->find_role(role)) {
    const model::Binding* binding = layout_.handoff->find_binding(role);
    if (binding && binding->to == model::Binding::To::kGiver) return supplied(*needed, binding->name, attribute);
    if (binding && binding->to == model::Binding::To::kArgument) return passed(*needed, binding->name, attribute);
    if (contract::is_runtime_kind(needed->kind)) return Value::pending(Type::kInt, "argument." + role);
    segment = layout_.bound(role);
  }
  if (segment) {
    if (dot != std::string_view::npos) return segment_attribute(*segment, name.substr(dot + 1));
    return segment->start ? Value::of(Range::at(*segment->start, segment->content.size))
                          : Value::pending(Type::kRange, std::string(name));
  }
  if (role == "machine" && layout_.from->departs_by_call()) {
    // Whatever machine the caller runs on.
    const auto* fact = model::find_machine_attribute(attribute);
    return fact ? std::optional(Value::pending(fact->type, std::string(name))) : std::nullopt;
  }
  if (role == "machine") return HandoffScope::lookup(name);
  if (auto word = contract::contract_word(name)) return word;
  if ((from_ ? layout_.from : layout_.to)->find_role(role)) return std::nullopt;
  auto let = layout_.program->lets.find(std::string(name));
  return let == layout_.program->lets.end() ? std::nullopt : std::optional(let->second.value);
}

std::optional<std::string> RoleScope::why_absent(std::string_view name) const {
  // Of a giver that is a kernel's or a firmware's own entry, what is entered next is that very file.
  const model::Role* image = from_ ? layout_.from->find_role("image") : nullptr;
  if (name == "image.order" && image && image->kind == "elf64" && !layout_.entered().content.order)
    return "`" + layout_.from->name + "` enters an ELF file, which says its byte order, and `" + layout_.entered().name() +
           "` is of kind " + to_text(layout_.entered().declaration->kind) +
           "; enter one of kind elf, such as the taker's image itself";
  return HandoffScope::why_absent(name);
}

}  // namespace baton::placement
