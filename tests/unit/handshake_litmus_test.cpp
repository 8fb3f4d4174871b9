// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does the explorer give each litmus test the verdict that is known of it?
//
// Names, and the verdicts of MP, SB, WRC, IRIW, ISA2 and their kin: Sarkar, Sewell, Alglave, Maranget, Williams,
// "Understanding POWER Multiprocessors" (PLDI 2011); Maranget, Sarkar, Sewell, "A Tutorial Introduction to the ARM and
// POWER Relaxed Memory Models"; for acquire by ctrl+isync and release by lwsync, McKenney and Silvera, "Example POWER
// Implementation for C/C++ Memory Model" (WG21 N2745). Those of R, RWC, 2+2W with two kinds of barriers, RSW, RDW and
// blw-w-006 follow from that model as it is understood here; nobody has read them off its tables yet. `po` is nothing
// between two accesses, `ctrl` a branch on what was loaded, `addr` and `data` a computed address or value. A test is
// allowed when a run ends with all of its conditions.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "handshake/explore.h"

using namespace baton;
using namespace baton::handshake;

namespace {

using Events = std::vector<Event>;

struct Litmus {
  const char* name;
  bool allowed;
  std::vector<Events> cpus;
  std::vector<Condition> end;
};

Events operator+(Events a, const Events& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
/// What stands between two accesses; `at` is the place of the branch in its program.
Events ctrl(const char* reg, size_t at) { return {branch_if(reg, 1, at + 1)}; }
Events ctrlisync(const char* reg, size_t at) { return {branch_if(reg, 1, at + 1), isync()}; }

Model model_of(const Litmus& test) {
  Model m;
  m.words = {{"x", 0, ""}, {"y", 0, ""}, {"z", 0, ""}};
  for (const Events& program : test.cpus) m.cpus.push_back({"t" + std::to_string(m.cpus.size()), program});
  m.never = test.end;
  return m;
}

const Events kPo = {}, kLwsync = {lwsync()}, kSync = {sync()};

Litmus mp(const char* name, bool allowed, const Events& writer, const Events& between, const char* after = "") {
  return {name, allowed, {Events{store("x", 1)} + writer + Events{store("y", 1)},
                          Events{load("a", "y")} + between + Events{load("b", "x", after)}},
          {{"t1", "a", 1}, {"t1", "b", 0}}};
}
Litmus sb(const char* name, bool allowed, const Events& left, const Events& right) {
  return {name, allowed, {Events{store("x", 1)} + left + Events{load("a", "y")},
                          Events{store("y", 1)} + right + Events{load("b", "x")}},
          {{"t0", "a", 0}, {"t1", "b", 0}}};
}
Litmus lb(const char* name, bool allowed, const Events& between, bool data, const char* after = "") {
  auto half = [&](const char* from, const char* to) {
    return Events{load("a", from)} + between + Events{data ? store_register(to, "a") : store(to, 1, after)};
  };
  return {name, allowed, {half("x", "y"), half("y", "x")}, {{"t0", "a", 1}, {"t1", "a", 1}}};
}
Litmus two_writes(const char* name, bool allowed, const Events& left, const Events& right) {
  return {name, allowed, {Events{store("x", 1)} + left + Events{store("y", 2)},
                          Events{store("y", 1)} + right + Events{store("x", 2)}},
          {{"", "x", 1}, {"", "y", 1}}};
}
Litmus r(const char* name, bool allowed, const Events& left, const Events& right) {
  return {name, allowed, {Events{store("x", 1)} + left + Events{store("y", 1)},
                          Events{store("y", 2)} + right + Events{load("a", "x")}},
          {{"", "y", 2}, {"t1", "a", 0}}};
}
Litmus s(const char* name, bool allowed, const Events& left, const Events& right, bool data) {
  return {name, allowed, {Events{store("x", 2)} + left + Events{store("y", 1)},
                          Events{load("a", "y")} + right + Events{data ? store_register("x", "a") : store("x", 1)}},
          {{"t1", "a", 1}, {"", "x", 2}}};
}
Litmus wrc(const char* name, bool allowed, const Events& middle, bool data, const Events& last, const char* after = "") {
  return {name, allowed, {{store("x", 1)},
                          Events{load("a", "x")} + middle + Events{data ? store_register("y", "a") : store("y", 1)},
                          Events{load("b", "y")} + last + Events{load("c", "x", after)}},
          {{"t1", "a", 1}, {"t2", "b", 1}, {"t2", "c", 0}}};
}
Litmus rwc(const char* name, bool allowed, const Events& middle, const Events& last) {
  return {name, allowed, {{store("x", 1)}, Events{load("a", "x")} + middle + Events{load("b", "y")},
                          Events{store("y", 1)} + last + Events{load("c", "x")}},
          {{"t1", "a", 1}, {"t1", "b", 0}, {"t2", "c", 0}}};
}
Litmus isa2(const char* name, bool allowed, const Events& first, bool data, const char* after) {
  return {name, allowed, {Events{store("x", 1)} + first + Events{store("y", 1)},
                          {load("a", "y"), data ? store_register("z", "a") : store("z", 1)},
                          {load("b", "z"), load("c", "x", after)}},
          {{"t1", "a", 1}, {"t2", "b", 1}, {"t2", "c", 0}}};
}
Litmus iriw(const char* name, bool allowed, const Events& between, const char* after = "") {
  auto reader = [&](const char* first, const char* second) {
    return Events{load("a", first)} + between + Events{load("b", second, after)};
  };
  return {name, allowed, {{store("x", 1)}, {store("y", 1)}, reader("x", "y"), reader("y", "x")},
          {{"t2", "a", 1}, {"t2", "b", 0}, {"t3", "a", 1}, {"t3", "b", 0}}};
}
/// Two stores on one CPU, and on the other a chain through a word that the first CPU does not touch.
Litmus chain(const char* name, bool allowed, const Events& between, std::vector<Condition> more) {
  more.insert(more.end(), {{"t1", "a", 1}, {"t1", "d", 0}});
  return {name, allowed, {{store("x", 1), sync(), store("y", 1)}, Events{load("a", "y")} + between + Events{load("d", "x", "c")}}, more};
}

std::vector<Litmus> table() {
  return {
      mp("MP", true, kPo, kPo),
      mp("MP+lwsync+po", true, kLwsync, kPo),
      mp("MP+po+lwsync", true, kPo, kLwsync),
      mp("MP+po+addr", true, kPo, kPo, "a"),
      mp("MP+po+ctrlisync", true, kPo, ctrlisync("a", 1)),
      mp("MP+lwsync+ctrl", true, kLwsync, ctrl("a", 1)),
      mp("MP+sync+ctrl", true, kSync, ctrl("a", 1)),
      mp("MP+lwsync+ctrlisync", false, kLwsync, ctrlisync("a", 1)),
      mp("MP+sync+ctrlisync", false, kSync, ctrlisync("a", 1)),
      mp("MP+lwsync+addr", false, kLwsync, kPo, "a"),
      mp("MP+lwsyncs", false, kLwsync, kLwsync),
      mp("MP+syncs", false, kSync, kSync),
      mp("MP+sync+lwsync", false, kSync, kLwsync),
      sb("SB", true, kPo, kPo),
      sb("SB+lwsyncs", true, kLwsync, kLwsync),
      sb("SB+lwsync+sync", true, kLwsync, kSync),
      sb("SB+syncs", false, kSync, kSync),
      lb("LB", true, kPo, false),
      lb("LB+addrs", false, kPo, false, "a"),
      lb("LB+datas", false, kPo, true),
      lb("LB+ctrls", false, ctrl("a", 1), false),
      lb("LB+lwsyncs", false, kLwsync, false),
      two_writes("2+2W", true, kPo, kPo),
      two_writes("2+2W+lwsync+po", true, kLwsync, kPo),
      two_writes("2+2W+lwsyncs", false, kLwsync, kLwsync),
      two_writes("2+2W+lwsync+sync", false, kLwsync, kSync),
      two_writes("2+2W+syncs", false, kSync, kSync),
      r("R", true, kPo, kPo),
      r("R+lwsync+sync", true, kLwsync, kSync),
      r("R+syncs", false, kSync, kSync),
      s("S", true, kPo, kPo, false),
      s("S+lwsync+po", true, kLwsync, kPo, false),
      s("S+lwsync+data", false, kLwsync, kPo, true),
      s("S+lwsync+ctrl", false, kLwsync, ctrl("a", 1), false),
      wrc("WRC", true, kPo, false, kPo),
      wrc("WRC+data+addr", true, kPo, true, kPo, "b"),
      wrc("WRC+lwsync+po", true, kLwsync, false, kPo),
      wrc("WRC+lwsync+ctrl", true, kLwsync, false, ctrl("b", 1)),
      wrc("WRC+lwsync+addr", false, kLwsync, false, kPo, "b"),
      wrc("WRC+lwsync+ctrlisync", false, kLwsync, false, ctrlisync("b", 1)),
      wrc("WRC+lwsyncs", false, kLwsync, false, kLwsync),
      wrc("WRC+sync+addr", false, kSync, false, kPo, "b"),
      rwc("RWC+lwsync+sync", true, kLwsync, kSync),
      rwc("RWC+syncs", false, kSync, kSync),
      isa2("ISA2", true, kPo, false, ""),
      isa2("ISA2+po+data+addr", true, kPo, true, "b"),
      isa2("ISA2+lwsync+po+addr", true, kLwsync, false, "b"),
      isa2("ISA2+lwsync+data+addr", false, kLwsync, true, "b"),
      isa2("ISA2+sync+data+addr", false, kSync, true, "b"),
      iriw("IRIW", true, kPo),
      iriw("IRIW+addrs", true, kPo, "a"),
      iriw("IRIW+lwsyncs", true, kLwsync),
      iriw("IRIW+syncs", false, kSync),
      // A store that waits for a branch is read by its own CPU already; one whose address is not known yet is not.
      chain("PPOCA", true, {branch_if("a", 1, 2), store("z", 1), load("c", "z")}, {{"t1", "c", 1}}),
      chain("PPOAA", false, {store("z", 1, "a"), load("c", "z")}, {{"t1", "c", 1}}),
      // Two loads of one word may change places where both read the same store, and only there.
      chain("RSW", true, {load("b", "z", "a"), load("c", "z")}, {{"t1", "b", 0}, {"t1", "c", 0}}),
      {"RDW", false,
       {{store("x", 1), sync(), store("y", 1)}, {load("a", "y"), load("b", "z", "a"), load("c", "z"), load("d", "x", "c")},
        {store("z", 1)}},
       {{"t1", "a", 1}, {"t1", "b", 0}, {"t1", "c", 1}, {"t1", "d", 0}}},
      {"blw-w-006", true,
       {{store("x", 1), lwsync(), store("y", 1)}, {store("y", 2), lwsync(), store("z", 1)}, {load("a", "z"), load("b", "x", "a")}},
       {{"", "y", 2}, {"t2", "a", 1}, {"t2", "b", 0}}},
      {"CoRR", false, {{store("x", 1)}, {load("a", "x"), load("b", "x")}}, {{"t1", "a", 1}, {"t1", "b", 0}}},
      {"CoWW", false, {{store("x", 1), store("x", 2)}}, {{"", "x", 1}}},
      {"CoRW", false, {{load("a", "x"), store("x", 1)}}, {{"t0", "a", 1}}},
      {"CoRW2", false, {{load("a", "x"), store("x", 1)}, {store("x", 2)}}, {{"t0", "a", 2}, {"", "x", 2}}},
      {"CoWR", false, {{store("x", 1), load("a", "x")}, {store("x", 2)}}, {{"t0", "a", 2}, {"", "x", 1}}},
      {"CoRR2", false,
       {{store("x", 1)}, {store("x", 2)}, {load("a", "x"), load("b", "x")}, {load("a", "x"), load("b", "x")}},
       {{"t2", "a", 1}, {"t2", "b", 2}, {"t3", "a", 2}, {"t3", "b", 1}}},
  };
}

}  // namespace

TEST_CASE("litmus tests have their verdicts") {
  CHECK(table().size() == 64);
  for (const Litmus& test : table()) {
    const Result<Verdict> verdict = explore(model_of(test));
    CAPTURE(std::string(test.name));
    REQUIRE(verdict);
    CAPTURE(trace_text(*verdict));
    CHECK(verdict->answer == (test.allowed ? Answer::kViolated : Answer::kHolds));
    if (test.allowed) CHECK_FALSE(verdict->trace.empty());
  }
}

TEST_CASE("every litmus test can end otherwise than its conditions say") {
  // A forbidden test says nothing where its programs cannot end at all.
  for (const Litmus& test : table()) {
    bool found = false;
    unsigned choices = 1;
    for (size_t i = 0; i < test.end.size(); ++i) choices *= 3;
    for (unsigned choice = 0; choice < choices && !found; ++choice) {
      Model m = model_of(test);
      unsigned rest = choice;
      for (Condition& condition : m.never) {
        condition.value = static_cast<uint8_t>((condition.value + rest % 3) % 3);
        rest /= 3;
      }
      if (choice == 0) continue;  // the test itself
      const Result<Verdict> verdict = explore(m);
      REQUIRE(verdict);
      found = verdict->answer == Answer::kViolated;
    }
    CAPTURE(std::string(test.name));
    CHECK(found);
  }
}
