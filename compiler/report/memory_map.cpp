// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The picture of memory_map.h in three steps: cut the address space at every border, give each stretch its
// owner and merge neighbours with the same one, then fold and draw.
#include "report/memory_map.h"

#include <algorithm>
#include <map>
#include <set>

#include "report/text_layout.h"

namespace baton::report {
namespace {

enum class Owner { kNoRam, kFree, kReserve, kRunningKernel, kSegment };

struct Stretch {
  Range range;
  Owner owner = Owner::kFree;
  std::string label;   // inside the box
  std::string beside;  // to its right
  size_t folded = 0;   // how many stretches this one stands for; 0: itself
};

/// Names of borders, by address.
using Borders = std::map<Address, std::vector<std::string>>;

void name_borders(const PlanReport& plan, Borders& borders) {
  for (const PlanArea& area : plan.areas) {
    if (area.kind != PlanArea::Kind::kRegion || area.ranges.count() > 4) continue;
    for (const Range& range : area.ranges) {
      if (range.begin != Address{}) borders[range.begin].push_back(area.name + " begins");
      borders[range.end].push_back(area.name + " ends");
    }
  }
  if (plan.entry) borders[*plan.entry].push_back("entry");
}

std::vector<Address> cuts_of(const PlanReport& plan, const Borders& borders) {
  std::set<Address> cuts;
  auto cut = [&](const Range& range) {
    cuts.insert(range.begin);
    cuts.insert(range.end);
  };
  for (const Range& range : plan.ram) cut(range);
  for (const PlanArea& area : plan.areas)
    for (const Range& range : area.ranges) cut(range);
  for (const PlanSegment& segment : plan.segments)
    if (segment.start) cut(segment.extent);
  // An entry inside a segment is named beside it, not by a line of its own.
  for (const auto& [address, names] : borders)
    if (names != std::vector<std::string>{"entry"}) cuts.insert(address);
  return {cuts.begin(), cuts.end()};
}

Stretch stretch_at(const PlanReport& plan, const Range& range) {
  Stretch stretch;
  stretch.range = range;
  for (const PlanSegment& segment : plan.segments) {
    if (!segment.start || !segment.extent.overlaps(range)) continue;
    stretch.owner = Owner::kSegment;
    stretch.label = segment.name;
    stretch.beside = segment.kind + ", " + human(segment.size);
    // Where rounding to the granule shows, say what is occupied.
    if (human(segment.size) != human(segment.extent.size()))
      stretch.beside += " of " + human(segment.extent.size());
    if (plan.entry && segment.extent.contains(*plan.entry) && *plan.entry != segment.extent.begin)
      stretch.beside += ", entry " + hex(*plan.entry);
    return stretch;
  }
  for (PlanArea::Kind kind : {PlanArea::Kind::kRunningKernel, PlanArea::Kind::kReserve}) {
    for (const PlanArea& area : plan.areas)
      if (area.kind == kind && area.ranges.overlaps(range))
        stretch.label += (stretch.label.empty() ? "" : ", ") + area.name;
    if (stretch.label.empty()) continue;
    const bool kernel = kind == PlanArea::Kind::kRunningKernel;
    stretch.owner = kernel ? Owner::kRunningKernel : Owner::kReserve;
    if (!plan.ram.empty() && !plan.ram.overlaps(range)) stretch.beside = "no RAM";
    return stretch;
  }
  stretch.owner = plan.ram.overlaps(range) ? Owner::kFree : Owner::kNoRam;
  if (stretch.owner == Owner::kNoRam) stretch.label = plan.ram.empty() ? "not described" : "no RAM";
  return stretch;
}

std::vector<Stretch> stretches_of(const PlanReport& plan, const Borders& borders) {
  std::vector<Stretch> stretches;
  const std::vector<Address> cuts = cuts_of(plan, borders);
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    Stretch next = stretch_at(plan, Range{cuts[i], cuts[i + 1]});
    if (!stretches.empty() && !borders.count(cuts[i]) && stretches.back().owner == next.owner &&
        stretches.back().label == next.label && stretches.back().beside == next.beside)
      stretches.back().range.end = next.range.end;
    else
      stretches.push_back(std::move(next));
  }
  return stretches;
}

/// Folds long runs of what is neither a segment, nor beside one, nor at a named border.
std::vector<Stretch> fold(const std::vector<Stretch>& all, const Borders& borders) {
  static constexpr size_t kUnfolded = 24, kShortestRun = 4;
  if (all.size() <= kUnfolded) return all;
  auto plain = [&](size_t i) {
    auto owner = [&](size_t at) { return all[at].owner; };
    const bool named = borders.count(all[i].range.begin) || borders.count(all[i].range.end);
    return !named && owner(i) != Owner::kSegment && owner(i) != Owner::kRunningKernel && i > 0 &&
           i + 1 < all.size() && owner(i - 1) != Owner::kSegment && owner(i + 1) != Owner::kSegment;
  };
  std::vector<Stretch> folded;
  for (size_t i = 0; i < all.size();) {
    size_t end = i;
    while (end < all.size() && plain(end)) ++end;
    if (end - i < kShortestRun) {
      folded.push_back(all[i++]);
      continue;
    }
    Stretch run;
    run.range = Range{all[i].range.begin, all[end - 1].range.end};
    run.folded = end - i;
    Size free;
    for (; i < end; ++i)
      if (all[i].owner == Owner::kFree) free = free + all[i].range.size();
    run.label = std::to_string(run.folded) + " stretches";
    run.beside = human(run.range.size()) + ", " + (free == Size{} ? "none" : human(free)) + " of it free";
    folded.push_back(std::move(run));
  }
  return folded;
}

size_t height_of(const Stretch& stretch) {
  if (stretch.folded || stretch.owner == Owner::kNoRam) return 1;
  const Wide size = stretch.range.size().wide();
  return size >= (Wide{1} << 30) ? 3 : size >= (Wide{1} << 26) ? 2 : 1;
}

char fill_of(const Stretch& stretch) {
  if (stretch.folded) return '~';
  switch (stretch.owner) {
    case Owner::kRunningKernel: return '#';
    case Owner::kReserve: return '/';
    case Owner::kNoRam: return '.';
    default: return ' ';
  }
}

constexpr size_t kBox = 36;  // between the bars

std::string inside(const Stretch& stretch, bool with_label) {
  const char fill = fill_of(stretch);
  if (!with_label || stretch.label.empty()) return std::string(kBox, fill);
  std::string label = " " + ascii(stretch.label) + " ";
  if (label.size() > kBox) label = label.substr(0, kBox - 4) + "... ";
  std::string line((kBox - label.size()) / 2, fill);
  line += label;
  line.resize(kBox, fill);
  return line;
}

std::string beside(const Stretch& stretch) {
  if (stretch.owner == Owner::kSegment || stretch.folded) return stretch.beside;
  std::string text = human(stretch.range.size());
  if (stretch.owner == Owner::kFree) text += " free";
  return stretch.beside.empty() ? text : text + ", " + stretch.beside;
}

}  // namespace

std::string memory_map(const PlanReport& plan, size_t indent) {
  Borders borders;
  name_borders(plan, borders);
  const std::vector<Stretch> stretches = fold(stretches_of(plan, borders), borders);
  if (stretches.empty()) return {};
  const size_t width = hex(stretches.back().range.end).size();
  std::string text;
  auto put = [&](std::string line) {
    line.insert(0, indent, ' ');
    if (line.size() > kWidth) line = line.substr(0, kWidth - 3) + "...";
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  auto border = [&](Address at, bool heavy) {
    std::string address = hex(at);
    std::string line = std::string(width - address.size(), ' ') + address + "  +" +
                       std::string(kBox, heavy ? '=' : '-') + "+";
    auto named = borders.find(at);
    if (named != borders.end())
      for (size_t i = 0; i < named->second.size(); ++i) line += (i ? ", " : "  <- ") + named->second[i];
    put(line);
  };
  bool heavy_above = false;
  for (const Stretch& stretch : stretches) {
    const bool heavy = stretch.owner == Owner::kSegment;
    border(stretch.range.begin, heavy || heavy_above);
    const size_t height = height_of(stretch);
    for (size_t line = 0; line < height; ++line) {
      const bool middle = line == (height - 1) / 2;
      put(std::string(width + 2, ' ') + "|" + inside(stretch, middle) + "|" +
          (middle ? "  " + ascii(beside(stretch)) : ""));
    }
    heavy_above = heavy;
  }
  border(stretches.back().range.end, heavy_above);
  return text;
}

}  // namespace baton::report
