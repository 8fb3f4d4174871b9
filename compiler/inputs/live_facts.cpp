// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The node /baton,facts and the text of /proc/iomem. See live_facts.h.
#include "inputs/live_facts.h"

#include <algorithm>
#include <charconv>

namespace baton::inputs {
namespace {

Failure about(const DeviceTree& tree, NodeId id, std::string_view property, const std::string& what) {
  return Failure{Failure::Kind::kMalformed, place_of(tree, id, property) + " " + what};
}

/// A string property up to its first zero byte; empty when absent.
std::string_view text_of(const DeviceTree& tree, NodeId id, std::string_view property) {
  auto bytes = tree.property(id, property);
  if (!bytes) return {};
  std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  return text.substr(0, text.find('\0'));
}

std::optional<uint64_t> take_hex(std::string_view& text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<IomemLine> read_line(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  auto first = take_hex(line);
  if (!first || !take(line, "-")) return std::nullopt;
  auto last = take_hex(line);
  if (!last || *last < *first || !take(line, " : ")) return std::nullopt;
  return IomemLine{Range::from_to(*first, Wide{*last} + 1), line};
}

/// "0-11,16": how many numbers; 0 for another text.
uint32_t count_list(std::string_view text) {
  uint64_t count = 0;
  while (!text.empty()) {
    std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    auto number = [&] {
      uint32_t value = 0;
      auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), value);
      if (error != std::errc()) return std::optional<uint32_t>();
      item.remove_prefix(static_cast<size_t>(end - item.data()));
      return std::optional(value);
    };
    auto first = number();
    auto last = first && take(item, "-") ? number() : first;
    if (!last || *last < *first || !(item.empty() || item == "\n")) return 0;
    count += uint64_t{*last} - *first + 1;
  }
  return count <= UINT32_MAX ? static_cast<uint32_t>(count) : 0;
}

}  // namespace

std::vector<IomemLine> read_iomem(std::string_view text) {
  std::vector<IomemLine> lines;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    if (auto read = read_line(line)) lines.push_back(*read);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return lines;
}

Result<std::optional<LiveFacts>> read_live_facts(const DeviceTree& tree) {
  auto node = tree.find(kLiveFactsNode);
  if (!node) return std::optional<LiveFacts>();
  LiveFacts facts;

  auto page = read_number(tree, *node, "page-size");
  if (!page) return page.failure();
  if (*page) {
    if (!is_power_of_two(**page) || **page < 0x1000)
      return about(tree, *node, "page-size", "is " + hex(**page) + "; a page is a power of two, at least 4KiB");
    facts.page = Size{**page};
  }
  auto little = read_number(tree, *node, "giver-little-endian");
  if (!little) return little.failure();
  if (*little) {
    if (**little > 1) return about(tree, *node, "giver-little-endian", "is " + hex(**little) + ", neither 0 nor 1");
    facts.giver = **little == 1 ? Endian::kLittle : Endian::kBig;
  }
  facts.kernel_release = text_of(tree, *node, "kernel-release");
  std::vector<Range> memory, reserved;
  for (const IomemLine& line : read_iomem(text_of(tree, *node, "iomem"))) {
    if (line.name.starts_with("Kernel "))
      facts.kernel_end = std::max(facts.kernel_end.value_or(Address{}), line.range.end);
    if (line.name == "System RAM") memory.push_back(line.range);
    if (line.name == "Crash kernel") reserved.push_back(line.range);
  }
  facts.system_ram = RangeSet(std::move(memory));
  facts.crash_kernel = RangeSet(std::move(reserved));
  const CellCounts kWideCells{2, 2};
  auto notes = read_pairs(tree, *node, "crash-notes", kWideCells);
  if (!notes) return notes.failure();
  facts.crash_notes = *notes;
  auto info = read_pairs(tree, *node, "vmcoreinfo", kWideCells);
  if (!info) return info.failure();
  if (info->size() > 1) return about(tree, *node, "vmcoreinfo", "has more than one (address, size) pair");
  if (!info->empty()) facts.vmcoreinfo = info->front();
  facts.possible_cpus = count_list(text_of(tree, *node, "cpus-possible"));

  std::string_view size = text_of(tree, *node, "crash-size");
  if (!size.empty()) {
    uint64_t left = 0;
    auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), left);
    if (error != std::errc() || std::string_view(end, static_cast<size_t>(size.data() + size.size() - end)) .find_first_not_of('\n') != std::string_view::npos)
      return about(tree, *node, "crash-size", "is no number of bytes");
    facts.crash_size = Size{left};
  }
  std::vector<Range> shared;
  for (std::string_view rest = text_of(tree, *node, "crash-cma-ranges"); !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n')), left = line;
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    auto first = take_hex(left);
    auto last = first && take(left, "-") ? take_hex(left) : std::nullopt;
    if (!last || *last < *first || !left.empty())
      return about(tree, *node, "crash-cma-ranges", "has the line `" + std::string(line.substr(0, 80)) + "`, which is no range");
    shared.push_back(Range::from_to(*first, Wide{*last} + 1));
  }
  facts.crash_cma = RangeSet(std::move(shared));
  return std::optional<LiveFacts>(std::move(facts));
}

}  // namespace baton::inputs
