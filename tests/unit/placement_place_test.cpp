// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole programs placed: which constraints each segment hears of, what is refused and how it is said. The
// programs are text, the machine's facts and the sizes of files are given here; no file is read.
#include <ostream>

#include <algorithm>

#include <doctest/doctest.h>

#include "check/check.h"
#include "placement/place.h"

using namespace baton;
using namespace baton::placement;
using model::Value;

namespace {

constexpr Wide kMiB = Wide{1} << 20;

/// A guest of 1 GiB with an RMA of 256 MiB, its kernel below 32 MiB.
struct Placed {
  source::SourceSet sources;
  diagnostics::Sink sink;
  model::Program program;
  model::Machine machine;
  Layout layout;
  bool placed = false;

  explicit Placed(const std::string& segments, const std::string& after = "", const std::string& loader = "",
                  bool crash = false) {
    sources.add_library(BATON_SOURCE_DIR "/stdlib");
    auto id = sources.add(
        "main.baton",
        "language 1;\nuse \"linux/kexec.baton\"; use \"linux/bootblock.baton\";\n"
        "loader my.load@1 { source \"s\"; table json; granule = 64KiB; " + loader + " }\n"
        "machine lpar { page = 64KiB; reserve firmware = 0x400_0000 ..< 0x500_0000; }\n"
        "handoff boot on lpar via my.load@1 {\n from linux.kexec@2013; to linux.bootblock@17;\n" +
            std::string(crash ? " load on_crash;\n" : "") + segments + "\n bind image = kernel; enter stub;\n" + after + "\n}\n");
    program = check::check(sources, id, sink);
    for (const auto& d : sink.all()) FAIL(d.message);
    machine.name = "lpar";
    auto fact = [&](const char* name, Value v) { machine.facts[name] = {std::move(v), "test", {}}; };
    fact("ram", Value::of(RangeSet{Range::from_to(0, 1024 * kMiB)}));
    fact("rma", Value::of(Range::from_to(0, 256 * kMiB)));
    fact("running_kernel", Value::of(Range::from_to(0, 32 * kMiB)));
    fact("crashkernel", Value::of(RangeSet{Range::from_to(128 * kMiB, 192 * kMiB)}));
    fact("rtas", Value::of(RangeSet{Range::from_to(250 * kMiB, 256 * kMiB)}));
    fact("page", Value::of(Size{0x10000}));
    machine.named.push_back({"firmware", RangeSet{Range::from_to(64 * kMiB, 80 * kMiB)}, true, "clause", {}});
    layout.program = &program;
    layout.handoff = &program.handoffs.at("boot");
    layout.from = &program.conventions.at("linux.kexec@2013");
    layout.to = &program.conventions.at("linux.bootblock@17");
    layout.loader = &program.loaders.at("my.load@1");
    layout.machine = &machine;
    layout.granule = Size{0x10000};
    for (const auto& s : layout.handoff->segments) {
      PlacedSegment segment;
      segment.declaration = &s;
      segment.content.size = s.kind == model::SegmentKind::kElf ? Size{20 * kMiB} : Size{0x1234};
      if (s.kind == model::SegmentKind::kReserve)
        segment.content.size = evaluate_as(*s.content, model::Type::kSize, HandoffScope(layout), sink).size();
      segment.content.moves_itself_to_zero = s.kind == model::SegmentKind::kElf;
      layout.segments.push_back(std::move(segment));
    }
  }
  Placed& place() {
    placed = placement::place(layout, sources, [](PlacedSegment&) { return true; }, sink);
    return *this;
  }
  std::string start(const std::string& name) const {
    const PlacedSegment* s = layout.find(name);
    return s && s->start ? hex(*s->start) : "nowhere";
  }
  std::string finding() const {
    if (sink.all().size() != 1) return std::to_string(sink.all().size()) + " findings";
    const auto& d = sink.all()[0];
    return std::string(diagnostics::entry(d.code).slug) + ": " + std::string(sources.text(d.span));
  }
  std::string notes() const {
    std::string all;
    for (const auto& d : sink.all())
      for (const auto& note : d.notes) all += note + "\n";
    return all;
  }
};

const std::string kKernel = " segment kernel = elf \"vmlinux\" { place bottom_up; }\n";
const std::string kRest = " segment tree = devicetree machine.tree { place top_down; }\n"
                          " segment stub = trampoline { place top_down; }\n";

bool holds(const std::vector<std::string>& list, const std::string& text) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& s) { return s.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("each segment stands in the first hole that everyone allows") {
  Placed p(kKernel + kRest);
  p.place();
  CHECK(p.finding() == "0 findings");
  REQUIRE(p.placed);
  CHECK(p.start("kernel") == "0x2000000");  // above the running kernel
  CHECK(p.start("tree") == "0xf9f0000");    // below RTAS, in the RMA
  CHECK(p.start("stub") == "0xf9e0000");    // below the tree
  const PlacedSegment& tree = *p.layout.find("tree");
  CHECK(holds(tree.within, "within machine.ram"));
  CHECK(holds(tree.within, "place tree within machine.rma"));
  CHECK(holds(tree.avoid, "place others disjoint image.overwrites"));
  CHECK(holds(tree.avoid, "machine.running_kernel"));
  CHECK(holds(tree.avoid, "reserve firmware"));
  CHECK(holds(tree.avoid, "machine.crashkernel"));
  CHECK(holds(tree.avoid, "segment kernel"));
  CHECK(!holds(p.layout.find("kernel")->avoid, "image.overwrites"));
  CHECK(holds(p.layout.find("stub")->within, "linux.kexec@2005: within machine.rma"));
}

TEST_CASE("a crash kernel stays in its reservation") {
  Placed p(kKernel + kRest, "", "", true);
  p.place();
  REQUIRE(p.placed);
  CHECK(p.start("kernel") == "0x8000000");
  for (const auto& s : p.layout.segments) {
    CHECK(Range::from_to(128 * kMiB, 192 * kMiB).contains(s.extent));
    CHECK(holds(s.within, "load on_crash"));
  }
}

TEST_CASE("what the image overwrites, what is reserved, and what the program asks for") {
  Placed p(kKernel + " segment low = reserve 1MiB { place bottom_up; align 8MiB; avoid 0x0 ..< kernel.end; within 0x0 ..< 96MiB; }\n" + kRest);
  p.place();
  REQUIRE(p.placed);
  CHECK(p.start("low") == "0x3800000");  // 56 MiB: the first multiple of 8 MiB above the kernel's 52
  Placed above(kKernel + " segment low = reserve 9MiB { place bottom_up; align 8MiB; avoid 0x0 ..< kernel.end; }\n" + kRest);
  above.place();
  CHECK(above.start("low") == "0x5000000");  // 9 MiB from 56 would touch the firmware at 64
  // Nothing holds it: each hole is named with what killed it.
  Placed none(kKernel + " segment low = reserve 40MiB { place bottom_up; within 0x0 ..< 96MiB; }\n" + kRest);
  none.place();
  CHECK(!none.placed);
  CHECK(none.finding() == "no-hole: low");
  CHECK(none.notes().find("segment kernel") != std::string::npos);
  CHECK(none.notes().find("reserve firmware") != std::string::npos);
  Placed bad(kKernel + " segment low = reserve 1MiB { place bottom_up; align 3 * 4KiB; }\n" + kRest);
  bad.place();
  CHECK(bad.finding() == "bad-alignment: 3 * 4KiB");
}

TEST_CASE("a place that waits for a later one is refused, with the circle or the way out") {
  auto place = [](const std::string& segments) {
    Placed p(segments + kKernel + kRest);
    p.place();
    CHECK(!p.placed);
    return p.finding() + "\n" + p.notes();
  };
  CHECK(place(" segment a = reserve 64KiB { place bottom_up; avoid 0x0 ..< kernel.end; }\n") ==
        "placement-cycle: 0x0 ..< kernel.end\nsegments are placed in the order written: move `kernel` above `a`\n");
  CHECK(place(" segment a = reserve 64KiB { place at b.end; }\n segment b = reserve 64KiB { place at a.end; }\n") ==
        "placement-cycle: b.end\na -> b -> a: each waits for the other\n");
  CHECK(place(" segment a = reserve 64KiB { place bottom_up; within a.start ..< 1GiB; }\n") ==
        "placement-cycle: a.start ..< 1GiB\na -> a: a segment cannot depend on its own place\n");
  CHECK(place(" segment a = reserve 64KiB { place at b.end; }\n segment b = reserve 64KiB { place at c.end; }\n"
              " segment c = reserve 64KiB { place at a.end; }\n") ==
        "placement-cycle: b.end\na -> b -> c -> a: each waits for the other\n");
}

TEST_CASE("a fixed place hears of all it violates") {
  auto at = [](const std::string& where) {
    Placed p(kKernel + " segment low = reserve 1MiB { place at " + where + "; }\n" + kRest);
    p.place();
    return p.placed ? p.start("low") : p.finding() + "\n" + p.notes();
  };
  CHECK(at("0x5000000") == "0x5000000");
  CHECK(at("kernel.end") == "0x3400000");
  std::string several = at("0x1ff1000");
  CHECK(several.find("bad-place: 0x1ff1000\n") == 0);
  CHECK(several.find("past the last aligned address") != std::string::npos);
  CHECK(several.find("machine.running_kernel") != std::string::npos);
  CHECK(several.find("segment kernel") != std::string::npos);
  CHECK(at("1GiB").find("outside `within machine.ram`") != std::string::npos);
  CHECK(at("0x4f00000").find("reserve firmware") != std::string::npos);
}

TEST_CASE("a loader's checks and the handoff's assertions, valued") {
  auto checked = [](const std::string& loader, const std::string& after = "") {
    Placed p(kKernel + kRest, after, loader);
    p.place();
    REQUIRE(p.placed);
    std::vector<CheckedPredicate> checks;
    bool all = check_placed(p.layout, p.sources, checks, p.sink);
    CHECK(all == p.sink.all().empty());
    if (all) return "holds, " + std::to_string(checks.size()) + " checked";
    return p.finding() + "\n" + p.notes();
  };
  CHECK(checked("check segment.extent within machine.ram error EINVAL; check entry within machine.rma error EINVAL;") ==
        "holds, 2 checked");
  CHECK(checked("check segment.start >= 0x3000000 error ETXTBSY;") ==
        "loader-refuses: kernel\nkernel.start = 0x2000000\n");
  CHECK(checked("check segments.total <= 20MiB error EINVAL;").find("loader-refuses: boot") == 0);
  CHECK(checked("check segment.extent disjoint segments.others error EINVAL;") == "holds, 1 checked");
  CHECK(checked("check on_crash entry within 0x0 ..< 0x0 error EINVAL;") == "holds, 0 checked");
  CHECK(checked("check spare(machine.ram) >= 900MiB error ENOMEM;").find("loader-refuses: boot") == 0);
  CHECK(checked("segments <= 2;").find("too-many-segments: boot") == 0);
  CHECK(checked("", "assert kernel.end <= 64MiB else \"low\";").find("holds") == 0);
  CHECK(checked("", "assert kernel.end <= 48MiB;") ==
        "assertion-failed: kernel.end <= 48MiB\nkernel.end = 0x3400000\n");
}
