// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of the map, sorted and aligned; see map.h. Addresses are padded to one width with leading zeros, so
// that the file sorts and greps.
#include "emit/map.h"

#include <algorithm>

namespace baton::emit {
namespace {

std::string padded_hex(Wide value, size_t digits) {
  std::string text = hex(value).substr(2);
  if (text.size() < digits) text.insert(0, digits - text.size(), '0');
  return "0x" + text;
}

std::string column(std::string text, size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

}  // namespace

std::string map_text(const SegmentTable& table, std::vector<MapSymbol> symbols) {
  symbols.insert(symbols.begin(), {"entry", table.entry});
  std::vector<const TableSegment*> segments;
  for (const TableSegment& segment : table.segments) segments.push_back(&segment);
  std::stable_sort(segments.begin(), segments.end(),
                   [](const auto* a, const auto* b) { return a->start < b->start; });
  std::stable_sort(symbols.begin(), symbols.end(),
                   [](const auto& a, const auto& b) { return a.address < b.address; });

  Wide highest = table.entry.wide();
  Size largest;
  size_t name_width = 4;
  for (const TableSegment* segment : segments) {
    highest = std::max(highest, segment->start.wide() + segment->memsz.wide());
    largest = std::max({largest, segment->size, segment->memsz});
    name_width = std::max(name_width, segment->name.size());
  }
  for (const MapSymbol& symbol : symbols) highest = std::max(highest, symbol.address.wide());
  const size_t digits = hex(highest).size() - 2;
  const size_t sizes = hex(largest).size() - 2;

  std::string text = "# " + table.handoff + " on " + table.machine + ": " + table.from + " to " + table.to +
                     "\n# granule " + hex(table.granule) + "; end = start + size, extent = what the loader " +
                     "occupies from start on\n";
  const size_t address_width = digits + 2, size_width = sizes + 2;
  text += column("# start", address_width + 2) + column("end", address_width + 2) +
          column("size", size_width + 2) + column("extent", size_width + 2) + column("name", name_width + 2) +
          "kind\n";
  auto symbol = symbols.begin();
  // Symbols stand in the column of names, a dot before those inside a segment.
  const std::string indent(address_width + 2 * size_width + 8, ' ');
  auto symbols_below = [&](Wide limit, const char* mark) {
    for (; symbol != symbols.end() && symbol->address.wide() < limit; ++symbol)
      text += padded_hex(symbol->address.wide(), digits) + indent + mark + symbol->name + "\n";
  };
  for (const TableSegment* segment : segments) {
    symbols_below(segment->start.wide(), "");
    text += padded_hex(segment->start.wide(), digits) + "  " +
            padded_hex(segment->start.wide() + segment->size.wide(), digits) + "  " +
            padded_hex(segment->size.wide(), sizes) + "  " + padded_hex(segment->memsz.wide(), sizes) + "  " +
            column(segment->name, name_width) + "  " + segment->kind + "\n";
    symbols_below(segment->start.wide() + segment->memsz.wide(), ". ");
  }
  symbols_below(kTwoTo64 + 1, "");
  return text;
}

}  // namespace baton::emit
