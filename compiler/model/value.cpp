// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types and values as text. See value.h.
#include "model/value.h"

namespace baton::model {

const char* to_text(Type type) {
  switch (type) {
    case Type::kInt: return "an integer";
    case Type::kAddress: return "an address";
    case Type::kSize: return "a size";
    case Type::kString: return "a string";
    case Type::kPath: return "a path";
    case Type::kBool: return "a condition";
    case Type::kRange: return "a range";
    case Type::kRanges: return "ranges";
    case Type::kIds: return "CPU ids";
    case Type::kTree: return "a device tree";
    case Type::kWord: return "a word";
    case Type::kStack: return "a stack";
    case Type::kCells: return "property cells";
    case Type::kSet: return "a set";
    case Type::kError: return "an error";
  }
  return "";
}

std::optional<std::vector<uint8_t>> property_bytes(const Value& value) {
  if (!value.is_known()) return std::nullopt;
  switch (value.type()) {
    case Type::kCells: return value.cells();
    case Type::kString:
    case Type::kPath: {
      std::vector<uint8_t> bytes(value.text().begin(), value.text().end());
      bytes.push_back(0);
      return bytes;
    }
    case Type::kInt:
    case Type::kAddress:
    case Type::kSize: {
      unsigned width = value.type() == Type::kInt ? 4 : 8;
      if (value.number() >> (8 * width) != 0) return std::nullopt;
      std::vector<uint8_t> bytes;
      for (unsigned i = width; i-- > 0;) bytes.push_back(static_cast<uint8_t>(value.number() >> (8 * i)));
      return bytes;
    }
    default: return std::nullopt;
  }
}

std::string to_text(const Value& value) {
  if (value.is_error()) return "<error>";
  if (value.is_pending()) return value.as_pending().what;
  if (value.is_symbol()) return value.as_symbol().name;
  switch (value.type()) {
    case Type::kInt:
      return value.number() < 1000 ? std::to_string(static_cast<int>(value.number()))
                                 : hex(value.number());
    case Type::kAddress: return hex(value.address());
    case Type::kSize: return human(value.size());
    case Type::kBool: return value.boolean() ? "true" : "false";
    case Type::kString: return '"' + value.text() + '"';
    case Type::kPath:
    case Type::kWord: return value.text();
    case Type::kTree: return value.text();
    case Type::kRange: return baton::to_text(value.range());
    case Type::kRanges: return baton::to_text(value.ranges());
    case Type::kIds: {
      std::string text;
      for (uint32_t id : value.ids()) text += (text.empty() ? "" : ", ") + std::to_string(id);
      return text;
    }
    case Type::kStack:
      return "stack(size: " + (value.stack().known ? human(value.stack().size) : "unknown") + ")";
    case Type::kCells: return std::to_string(value.cells().size()) + " bytes of cells";
    case Type::kSet: {
      std::string text;
      for (const Value& member : value.members())
        text += (text.empty() ? "{ " : ", ") + to_text(member);
      return text + " }";
    }
    case Type::kError: break;
  }
  return "<error>";
}

}  // namespace baton::model
