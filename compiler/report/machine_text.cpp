// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Facts as clauses. See machine_text.h.
#include "report/machine_text.h"

#include "report/text_layout.h"

namespace baton::report {
namespace {

using model::Type;
using model::Value;

// More digits than these before a unit say less than the end of the range does.
constexpr Wide kLargestCount = 9999;
constexpr size_t kWidestLine = 100, kLongestCode = 50, kCommentWidth = 93;

struct Unit {
  const char* name;
  unsigned shift;
};
constexpr Unit kUnits[] = {{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}};

/// "64KiB"; empty where no unit is exact or the count says nothing to a reader.
std::string size_in_units(Wide size) {
  for (const Unit& unit : kUnits) {
    Wide count = size >> unit.shift;
    if (count == 0 || count << unit.shift != size) continue;
    return count <= kLargestCount ? std::to_string(static_cast<unsigned>(count)) + unit.name : std::string();
  }
  return {};
}

std::string size_text(Size size) {
  std::string text = size_in_units(size.wide());
  return text.empty() ? hex(size) : text;
}

std::string value_text(const Value& value) {
  switch (value.type()) {
    case Type::kRange: return range_text(value.range());
    case Type::kRanges: {
      std::string text;
      for (const Range& range : value.ranges()) text += (text.empty() ? "" : ", ") + range_text(range);
      return text;
    }
    case Type::kAddress: return grouped_hex(value.number());
    case Type::kSize: return size_text(value.size());
    default: return to_text(value);  // numbers, ids and words are written as they are shown
  }
}

/// `text` as comment lines of a machine's block, the first after `- ` where it is one of a list.
std::string comment(std::string_view text, std::string_view first, std::string_view rest) {
  std::string lines;
  for (const std::string& line : break_lines(ascii(text), kCommentWidth)) {
    lines += (lines.empty() ? "  //" + std::string(first) : "  //" + std::string(rest)) + " " + line + "\n";
  }
  return lines;
}

/// With its origin behind it, or above it where that leaves no room for the comments of the lines around.
std::string clause(std::string_view name, const std::string& value, const std::string& origin) {
  std::string line = "  " + std::string(name) + " = " + value + ";", source = ascii(origin);
  if (line.size() <= kLongestCode && line.size() + 4 + source.size() <= kWidestLine) return line + "  // " + source + "\n";
  return comment("`" + std::string(name) + "` is from " + source, "", "  ") + line + "\n";
}

}  // namespace

std::string grouped_hex(Wide value) {
  std::string text = hex(value);
  for (size_t at = text.size(); at > 2 + 4; text.insert(at, "_")) at -= 4;
  return text;
}

std::string range_text(const Range& range) {
  Wide begin = range.begin.wide(), end = range.end.wide(), size = end - begin;
  std::string units = size_in_units(size);
  if (!units.empty()) return grouped_hex(begin) + " +: " + units;
  if (end < kTwoTo64) return grouped_hex(begin) + " ..< " + grouped_hex(end);
  // 2^64 has no literal: neither as an end nor, from 0, as a size.
  return begin == 0 ? "0x0 +: 8388608TiB * 2" : grouped_hex(begin) + " +: " + grouped_hex(size);
}

std::string machine_text(const model::Machine& machine, const MachineNotes& notes) {
  std::string text = "language 1;\n\n";
  for (const std::string& line : notes.doc)
    for (const std::string& part : break_lines(ascii(line), kCommentWidth)) text += "/// " + part + "\n";
  text += "machine " + machine.name + " {\n";
  for (const auto& attribute : model::machine_attributes()) {
    const auto* fact = machine.find(attribute.name);
    // The tree is a file and is not stated; an empty list says what saying nothing says.
    if (!fact || attribute.type == Type::kTree) continue;
    std::string value = value_text(fact->value);
    if (!value.empty()) text += clause(attribute.name, value, fact->origin);
  }
  for (const auto& named : machine.named) {
    std::string name = (named.reserve ? "reserve " : "region ") + named.name;
    text += clause(name, value_text(Value::of(named.ranges)), named.origin);
  }
  std::vector<std::string> remarks = machine.remarks;
  remarks.insert(remarks.end(), notes.remarks.begin(), notes.remarks.end());
  if (!remarks.empty()) text += "\n  // Not stated here, and why:\n";
  for (const std::string& remark : remarks) text += comment(remark, " -", "  ");
  return text + "}\n";
}

}  // namespace baton::report
