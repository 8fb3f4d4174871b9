// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan: what the picture of memory says of every byte, that the width holds for hostile words, that
// nothing is lost on the way to JSON.
#include <ostream>

#include <algorithm>
#include <random>
#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <llvm/Support/JSON.h>

#include "report/memory_map.h"
#include "report/plan.h"
#include "report/text_layout.h"
#include "report_sample.h"

using namespace baton;
using namespace baton::report;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void check_lines(const std::string& text) {
  for (const std::string& line : lines_of(text)) {
    CAPTURE(line);
    CHECK(line.size() <= kWidth);
    CHECK((line.empty() || line.back() != ' '));
    CHECK(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  }
}

/// The addresses of the picture's borders, in order.
std::vector<Wide> borders_of(const std::string& map) {
  std::vector<Wide> borders;
  for (const std::string& line : lines_of(map)) {
    size_t at = line.find("0x");
    if (at == std::string::npos || at > line.find('|')) continue;
    Wide value = 0;
    for (at += 2; at < line.size() && std::isxdigit(static_cast<unsigned char>(line[at])); ++at)
      value = value * 16 + static_cast<unsigned>(std::stoul(line.substr(at, 1), nullptr, 16));
    borders.push_back(value);
  }
  return borders;
}

}  // namespace

TEST_CASE("the picture of memory") {
  CHECK(memory_map(sample_plan(), 2) ==
        R"(          0x0  +------------------------------------+
               |######## the running kernel ########|  58.5MiB
    0x3a80000  +====================================+
               |               kernel               |  elf, 42.2MiB
    0x64c0000  +====================================+  <- entry
               |                stub                |  trampoline, 284 bytes of 64KiB
    0x64d0000  +====================================+
               |                                    |  395.1MiB free
               |                                    |
   0x1eff0000  +------------------------------------+
               |/////////// machine.rtas ///////////|  64KiB
   0x1f000000  +------------------------------------+
               |                                    |  15.9MiB free
   0x1fff0000  +====================================+
               |                tree                |  devicetree, 26.5KiB of 64KiB
   0x20000000  +====================================+  <- machine.rma ends
               |                                    |  352MiB free
               |                                    |
   0x36000000  +====================================+
               |               initrd               |  file, 159.6MiB of 159.7MiB
               |                                    |
   0x3ffc0000  +====================================+
               |                                    |  256KiB free
   0x40000000  +------------------------------------+
               |/////////// reserve dma ////////////|  128MiB
               |////////////////////////////////////|
   0x48000000  +------------------------------------+
               |                                    |
               |                                    |  2.8GiB free
               |                                    |
  0x100000000  +------------------------------------+
)");
}

TEST_CASE("holes in RAM, an entry inside a segment, and a reserve beyond RAM are shown") {
  PlanReport plan;
  plan.ram = RangeSet{Range::from_to(0, 0x10000), Range::from_to(0x20000, 0x30000)};
  plan.entry = Address{0x2c};
  PlanSegment image;
  image.name = "image";
  image.kind = "elf";
  image.start = Address{0};
  image.size = Size{0x9000};
  image.extent = Range::from_to(0, 0x10000);
  plan.segments = {image};
  plan.areas = {{"low", PlanArea::Kind::kReserve, RangeSet{Range::from_to(0x20000, 0x28000)}},
                {"high", PlanArea::Kind::kReserve, RangeSet{Range::from_to(0x24000, 0x28000), Range::from_to(0x30000, 0x40000)}}};
  CHECK(memory_map(plan, 0) ==
        R"(    0x0  +====================================+
         |               image                |  elf, 36KiB of 64KiB, entry 0x2c
0x10000  +====================================+
         |.............. no RAM ..............|  64KiB
0x20000  +------------------------------------+
         |/////////////// low ////////////////|  16KiB
0x24000  +------------------------------------+
         |//////////// low, high /////////////|  16KiB
0x28000  +------------------------------------+
         |                                    |  32KiB free
0x30000  +------------------------------------+
         |/////////////// high ///////////////|  64KiB, no RAM
0x40000  +------------------------------------+
)");
  CHECK(memory_map(PlanReport{}, 2).empty());
}

TEST_CASE("many stretches are folded, and the fold counts what it hides") {
  PlanReport plan = sample_plan();
  plan.ram = RangeSet{Range::from_to(0, 0x40000000)};
  plan.areas.push_back({"lmb", PlanArea::Kind::kReserve, {}});
  for (Wide i = 0; i < 300; ++i) {
    Wide base = (i + 8) << 28;
    plan.ram.add(Range::from_to(base, base + 0x8000000));
    plan.areas.back().ranges.add(Range::from_to(base, base + 0x1000000));
  }
  std::string map = memory_map(plan, 2);
  CHECK(lines_of(map).size() < 45);
  // `reserve dma` and what is above it, 299 times lmb, free (112MiB each) and no RAM, then the last lmb.
  CHECK(has(map, "~~~~~~~~~~ 900 stretches ~~~~~~~~~~~|  75.7GiB, 32.7GiB of it free"));
  check_lines(map);
}

TEST_CASE("borders ascend and begin and end where memory does, whatever the layout") {
  std::mt19937 random(64);
  for (int round = 0; round < 500; ++round) {
    PlanReport plan;
    std::set<Wide> must;  // borders of segments are never folded away
    for (unsigned i = random() % 40; i > 0; --i) {
      Wide begin = random() % 1000, end = begin + 1 + random() % 60;
      PlanArea::Kind kind = random() % 8 == 0 ? PlanArea::Kind::kRunningKernel : PlanArea::Kind::kReserve;
      if (random() % 2)
        plan.ram.add(Range::from_to(begin, end));
      else
        plan.areas.push_back({"area" + std::to_string(i), kind, RangeSet{Range::from_to(begin, end)}});
    }
    for (Wide at = random() % 200; at < 900 && plan.segments.size() < 5; at += 1 + random() % 300) {
      PlanSegment segment;
      segment.name = "s" + std::to_string(plan.segments.size());
      segment.start = Address{at};
      segment.size = Size{1};
      segment.extent = Range::from_to(at, at + 1);
      must.insert({at, at + 1});
      plan.segments.push_back(segment);
    }
    std::string map = memory_map(plan, 0);
    check_lines(map);
    std::vector<Wide> borders = borders_of(map);
    CHECK(std::is_sorted(borders.begin(), borders.end()));
    CHECK(std::adjacent_find(borders.begin(), borders.end()) == borders.end());
    CHECK(std::includes(borders.begin(), borders.end(), must.begin(), must.end()));
    RangeSet all = plan.ram;
    for (const auto& area : plan.areas) all = all.unite(area.ranges);
    for (const auto& segment : plan.segments) all.add(segment.extent);
    REQUIRE(borders.empty() == all.empty());
    if (all.empty()) continue;
    CHECK(borders.front() == all.front().begin.wide());
    CHECK(borders.back() == all.back().end.wide());
  }
}

TEST_CASE("the text has every part, in ASCII and 100 columns") {
  const PlanReport plan = sample_plan();
  const std::string text = plan_text(plan);
  check_lines(text);
  for (const char* line :
       {"  from    linux.kexec@2013, stable: arch/powerpc/kernel/misc_64.S kexec_sequence\n",
        "  rma             0x0 ..< 0x20000000 (512MiB)        /memory@0 reg, first pair\n",
        "  stub    trampoline   0x64c0000   0x64c011c  284 bytes     64KiB  bottom_up\n",
        "  kernel = vmlinux-6.1.0-50-powerpc64le; 40.7MiB are loaded, the rest is zero\n",
        "      0x48000000 ..< 0x100000000  2.8GiB  outside `within machine.rma`\n",
        "    r3 = tree.address                          stub, 1 instruction\n"
        "                                                 addis r3, r4, 0x189c\n",
        "                                                    big: stw r3, 0x1c(r9)\n"
        "                                                 little: li r10, 0x1c\n"
        "                                                 little: stwbrx r3, r10, r9\n",
        "    r5 = 0                                     promised\n",
        "    6 instructions from entry to jump for a big-endian giver, the fewest there can be\n",
        "    8 instructions from entry to jump for a little-endian giver; not known to be the fewest:\n      nobody can do with less than 7\n",
        "  ok     ETXTBSY             segment.start >= machine.running_kernel.end\n",
        "  FAILS  (it does not look)  segment.extent within machine.ram; here",
        "Assumed, not checked (2)\n",
        "  boot_debian.bundle  202.2MiB  everything, as baton-load takes it\n"}) {
    CAPTURE(line);
    CHECK(has(text, line));
  }
}

TEST_CASE("clauses of one section stand together, wherever they come up") {
  PlanReport plan = sample_plan();
  plan.clauses.push_back({"master", "linux.bootblock@17", "ile = 0", PlanClause::Answer::kVacuous, "any will do", {}});
  const std::string text = plan_text(plan);
  CHECK(has(text, "    r5 = 0                                     promised\n"
                  "    ile = 0                                    not needed: any will do\n\n  slaves,"));
  CHECK(text.find("  master, linux") == text.rfind("  master, linux"));
}

TEST_CASE("a segment without a place, and no stub at all, are said") {
  PlanReport plan = sample_plan();
  plan.segments[0].start.reset();
  plan.stub = false;
  const std::string text = plan_text(plan);
  CHECK(has(text, "not placed: bottom_up"));
  CHECK(has(text, "No stub: nothing that the taker needs is missing"));
  CHECK_FALSE(has(memory_map(plan, 0), "kernel  "));
}

TEST_CASE("holes refused for one reason are one line, and no trace is endless") {
  PlanReport plan = sample_plan();
  placement::Rejection outside;
  outside.cause = placement::Cause::kOutside;
  outside.constraint = "within machine.rma";
  outside.missing = Size{1};
  auto& rejected = plan.segments[0].rejected;
  for (Wide i = 1; i <= 50; ++i) {
    outside.hole = Range::from_to(i << 30, (i << 30) + 0x10000000);
    rejected.push_back(outside);
  }
  std::string text = plan_text(plan);
  CHECK(has(text, "50 holes refused before it"));
  CHECK(has(text, "outside `within machine.rma`, and 49 more holes likewise"));
  CHECK_FALSE(has(text, hex(Wide{2} << 30) + " ..<"));
  for (auto& each : rejected) each.cause = placement::Cause::kTooSmall;
  text = plan_text(plan);
  CHECK(has(text, "      and 34 more holes\n"));
}

TEST_CASE("hostile words keep neither the width nor the character set from holding") {
  PlanReport plan = sample_plan();
  const std::string hostile = std::string(150, 'x') + "\n\x1b[31m\xc3\xa9\xff\ttail " + std::string(90, 'y');
  plan.handoff = plan.machine = plan.loader = plan.from.source = plan.entered = hostile;
  plan.doc = {hostile};
  plan.facts.push_back({hostile, hostile, hostile});
  plan.remarks = {hostile};
  plan.areas[1].name = plan.areas[3].name = hostile;
  auto& segment = plan.segments[2];
  segment.name = segment.kind = segment.content = segment.placing = hostile;
  segment.within = segment.avoid = {hostile, hostile};
  segment.rejected[0].constraint = hostile;
  plan.clauses.push_back({hostile, hostile, hostile, PlanClause::Answer::kStub, hostile, {{"big", hostile}}});
  plan.checks.push_back({hostile, hostile, false, hostile});
  plan.assumptions.push_back({hostile, hostile});
  plan.outputs.push_back({hostile, Size{1}, hostile});
  check_lines(plan_text(plan));
  auto parsed = llvm::json::parse(plan_json(plan));
  CHECK(static_cast<bool>(parsed));
  if (!parsed) llvm::consumeError(parsed.takeError());
}

TEST_CASE("the JSON has every number as the struct has it") {
  const PlanReport plan = sample_plan();
  auto parsed = llvm::json::parse(plan_json(plan));
  REQUIRE(static_cast<bool>(parsed));
  const llvm::json::Object& root = *parsed->getAsObject();
  CHECK(root.getString("entry") == "0x64c0000");
  CHECK(root.getObject("machine")->getArray("facts")->size() == plan.facts.size());
  CHECK(root.getObject("machine")->getArray("areas")->size() == plan.areas.size());
  CHECK(root.getArray("clauses")->size() == plan.clauses.size());
  CHECK(root.getArray("checks")->size() == plan.checks.size());
  CHECK(root.getArray("assumptions")->size() == plan.assumptions.size());
  CHECK(root.getArray("outputs")->size() == plan.outputs.size());
  const llvm::json::Array& segments = *root.getArray("segments");
  REQUIRE(segments.size() == plan.segments.size());
  for (size_t i = 0; i < segments.size(); ++i) {
    const llvm::json::Object& segment = *segments[i].getAsObject();
    CHECK(segment.getString("start") == hex(*plan.segments[i].start));
    CHECK(segment.getObject("extent")->getString("end") == hex(plan.segments[i].extent.end));
    CHECK(segment.getArray("rejected")->size() == plan.segments[i].rejected.size());
    CHECK(segment.getArray("avoid")->size() == plan.segments[i].avoid.size());
  }
  const llvm::json::Object& body = *(*root.getObject("stub")->getArray("bodies"))[1].getAsObject();
  CHECK(body.getInteger("instructions") == 8);
  CHECK(body.getInteger("lower_bound") == 7);
  CHECK(body.getObject("set_up")->getInteger("instructions") == 7);
  CHECK(body.getObject("set_up")->getInteger("lower_bound") == 6);
  CHECK(body.getObject("set_up")->getBoolean("known_shortest") == false);
}

TEST_CASE("ranges for people") {
  CHECK(shown_ranges({}) == "nothing");
  CHECK(shown_ranges(RangeSet{Range::from_to(0, 0x10000)}) == "0x0 ..< 0x10000 (64KiB)");
  RangeSet many;
  for (Wide i = 0; i < 5; ++i) many.add(Range::from_to(i << 20, (i << 20) + 0x1000));
  CHECK(shown_ranges(many, 1) == "0x0 ..< 0x1000 (4KiB) and 4 more, 20KiB in all");
}

TEST_CASE("tables and wrapped text") {
  CHECK(ascii("a\xc3\xa9z\x01\n\xff") == "a?z? ?");
  CHECK(wrap("one two", 2, 4) == "  one two\n");
  CHECK(break_lines("aa bb cc", 5) == std::vector<std::string>{"aa bb", "cc"});
  CHECK(break_lines("abcdefgh i", 3) == std::vector<std::string>{"abc", "def", "gh", "i"});
  CHECK(break_lines("", 5) == std::vector<std::string>{""});
  TextTable table({Align::kLeft, Align::kRight, Align::kLeft});
  table.row({"a", "1", "x"}).row({"bbb", "22", ""}).row({"longer than it may be", "3", "z"});
  CHECK(table.print(1, 5) == " a     1  x\n bbb  22\n longer than it may be\n       3  z\n");
}
