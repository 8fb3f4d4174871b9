// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is no change: clauses in another order, a parent written out, other names for local values. And what
// holds over several changes: who is safe from A to B and from B to C is safe from A to C.
#include <ostream>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include <doctest/doctest.h>

#include "contract_slots.h"

using namespace baton;
using namespace baton::contract;
using namespace baton::contract::test;

namespace {

std::string join(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& p : parts) all += p + " ";
  return all;
}

const char* const kOpening[] = {"", "ensures master { ", "ensures slaves { ", "ensures memory { ", "expects image { "};

/// The clauses of a choice in any order: within their blocks, and the blocks and their parts among each other.
std::string shuffled(const Choice& choice, Random& random) {
  std::vector<std::string> parts;
  for (int where = kHead; where < kWheres; ++where) {
    std::vector<std::string> clauses;
    for (size_t i = 0; i < choice.size(); ++i)
      if (slots()[i].where == where) clauses.push_back(slots()[i].alternatives[choice[i]]);
    std::shuffle(clauses.begin(), clauses.end(), random);
    if (where == kHead) {
      parts.insert(parts.end(), clauses.begin(), clauses.end());
      continue;
    }
    // One section may be written as two blocks.
    auto middle = clauses.begin() + static_cast<long>(random() % clauses.size());
    parts.push_back(kOpening[where] + join({clauses.begin(), middle}) + "}");
    parts.push_back(kOpening[where] + join({middle, clauses.end()}) + "}");
  }
  std::shuffle(parts.begin(), parts.end(), random);
  return "convention demo.a@1 { " + join(parts) + "}";
}

/// The key of a slot's alternatives where all have one; empty: it is inherited as it stands.
std::string key_of(const Slot& slot) {
  static const std::map<std::string, std::string> kKeys = {
      {"enter image.entry;", "enter"},        {"mode real;", "mode"},
      {"ile = 0;", "ile"},                    {"r1 = stack(size: unknown);", "r1"},
      {"r3 = cpu.physical_id;", "r3"},        {"enter absolute 0x60;", "enter"},
      {"tree.format in { 16, 17 };", "tree.format"},
      {"tree.boot_cpuid_phys = master.physical_id;", "tree.boot_cpuid_phys"},
      {"tree.boot_cpu_node = master.physical_id;", "tree.boot_cpu_node"},
      {"tree.reserves tree.extent;", "tree.reserves"},
      {"tree.property \"/chosen\" \"kexec\";", "tree.property \"/chosen\" \"kexec\""},
      {"tree.property cpu \"status\" absent;", "tree.property cpu \"status\""},
      {"pen slot 64 while 0x1 at offset 0x0;", "pen"},
      {"field at offset 0x8 size 8 named value;", "field value"},
      {"place tree within machine.ram;", "place tree within"},
      {"place others disjoint image.overwrites;", "place others disjoint"},
      {"landing slaves at offset 0x60;", "landing slaves"},
      {"head 0x100 runs_at_zero;", "head"},   {"align 4KiB;", "align"}};
  if (slot.alternatives.size() < 2) return "";
  auto it = kKeys.find(slot.alternatives[1]);
  return it == kKeys.end() ? "" : it->second;
}

bool incidental(const std::string& clause) { return clause.find("incidental") != std::string::npos; }

struct Split {
  std::string child;    // a parent and a child that extends it
  std::string inlined;  // the child, written out
  unsigned overridden = 0, dropped = 0, added = 0;
};

Split split(Random& random) {
  Split out;
  Choice parent = any_choice(random), whole = parent;
  std::array<std::vector<std::string>, kWheres> base, own;
  for (size_t i = 0; i < slots().size(); ++i) {
    const Slot& slot = slots()[i];
    const std::string& was = slot.alternatives[parent[i]];
    std::string key = key_of(slot);
    unsigned choice = random() % 3;
    bool source = slot.alternatives[0].rfind("source", 0) == 0;
    if (source) {  // not inherited
      base[slot.where].push_back(was);
      own[slot.where].push_back(was);
    } else if (choice == 0 && slot.alternatives[0].rfind("role", 0) != 0 && slot.alternatives[0].rfind("arrival", 0) != 0 &&
               was.rfind("order", 0) != 0) {
      own[slot.where].push_back(was);
      ++out.added;
    } else if (choice == 1 && !key.empty() && !was.empty() && !incidental(was)) {
      base[slot.where].push_back(was);
      size_t now = random() % slot.alternatives.size();
      if (incidental(slot.alternatives[now])) now = 0;
      whole[i] = now;
      const std::string& is = slot.alternatives[now];
      own[slot.where].push_back(is.empty() ? "drop " + key + ";" : "override " + is);
      ++(is.empty() ? out.dropped : out.overridden);
    } else {
      base[slot.where].push_back(was);
    }
  }
  auto body = [](const std::array<std::vector<std::string>, kWheres>& parts) {
    std::string text = join(parts[kHead]);
    for (int where = kMaster; where < kWheres; ++where) text += kOpening[where] + join(parts[where]) + "} ";
    return text;
  };
  out.child = "convention demo.p@1 { " + body(base) + "} convention demo.a@1 extends demo.p@1 { " + body(own) + "}";
  out.inlined = text_of(whole);
  return out;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

}  // namespace

TEST_CASE("clauses in another order are no change") {
  Random random(31);
  for (unsigned round = 0; round < 200; ++round) {
    Choice choice = any_choice(random);
    std::string before = text_of(choice), after = shuffled(choice, random);
    CAPTURE(before);
    CAPTURE(after);
    Compared c(before, after);
    CHECK(c.diff.changes.empty());
    CHECK(c.diff.same_meaning());
  }
}

TEST_CASE("`extends` with what it adds, overrides and drops is the text written out") {
  Random random(32);
  unsigned overridden = 0, dropped = 0, added = 0;
  for (unsigned round = 0; round < 300; ++round) {
    Split s = split(random);
    CAPTURE(s.child);
    CAPTURE(s.inlined);
    Compared c(s.child, s.inlined);
    CHECK(c.diff.changes.empty());
    CHECK(c.diff.same_meaning());
    overridden += s.overridden;
    dropped += s.dropped;
    added += s.added;
  }
  CHECK(overridden > 200);
  CHECK(dropped > 50);
  CHECK(added > 200);
}

TEST_CASE("other names for local values are no change, other values under one name are") {
  Random random(33);
  unsigned named = 0;
  for (unsigned round = 0; round < 200; ++round) {
    std::string plain = text_of(any_choice(random));
    auto with = [&](const std::string& one, const std::string& two) {
      return "let " + one + " = 4KiB; let " + two + " = 64KiB; " +
             replaced(replaced(plain, " 4KiB", " " + one), " 64KiB", " " + two);
    };
    std::string before = with("one", "two"), after = with("eins", "zwei");
    named += before.find(" one)") != std::string::npos || before.find(" two;") != std::string::npos;
    CAPTURE(before);
    Compared renamed(before, after), written_out(plain, before);
    CHECK(renamed.diff.changes.empty());
    CHECK(written_out.diff.changes.empty());
  }
  CHECK(named > 50);
  auto room = [](const std::string& size) {
    return "let room = " + size + "; convention demo.a@1 { source \"s\"; role image : elf64; "
           "ensures master { r1 = stack(size: room); } ensures slaves { arrival any; } "
           "ensures memory { bytes 0x0 + room +: 16 = bytes image.base +: 16; } expects image { within 0x0 +: room; } }";
  };
  Compared grown(room("4KiB"), room("16KiB"));
  REQUIRE(grown.diff.changes.size() == 3);
  CHECK(grown.diff.changes[0].rule->id == "STACK_PROMISE_STRENGTHENED");
  CHECK(grown.diff.changes[0].before.text == grown.diff.changes[0].after.text);
  CHECK(grown.diff.changes[0].why == "the same words: `stack(size: 0x1000)` before, `stack(size: 0x4000)` now");
  CHECK(grown.diff.changes[1].why == "the same words: `0x1000 = image.base +: 0x10` before, `0x4000 = image.base +: 0x10` now");
  CHECK(grown.diff.changes[2].why == "the same words: `0x0 ..< 0x1000` before, `0x0 ..< 0x4000` now");
}

TEST_CASE("who is safe over two changes is safe over both at once; and another promise breaks no taker") {
  Random random(34);
  unsigned chains = 0, promises = 0;
  for (size_t slot = 0; slot < slots().size(); ++slot) {
    const auto& alternatives = slots()[slot].alternatives;
    size_t count = alternatives.size();
    Choice around = any_choice(random);
    std::vector<std::vector<std::array<bool, 2>>> clean(count, std::vector<std::array<bool, 2>>(count));
    for (size_t a = 0; a < count; ++a)
      for (size_t b = 0; b < count; ++b) {
        Choice before = around, after = around;
        before[slot] = a;
        after[slot] = b;
        Compared c(text_of(before), text_of(after));
        clean[a][b] = {c.diff.taker_clean(), c.diff.giver_clean()};
      }
    for (size_t a = 0; a < count; ++a) {
      CAPTURE(alternatives[a]);
      CHECK((clean[a][a][0] && clean[a][a][1]));
      bool cpus = slots()[slot].where == kMaster || slots()[slot].where == kSlaves;
      bool bytes = alternatives[a].find("bytes") != std::string::npos;  // memory, which silence preserves
      if (cpus && alternatives[0].empty() && !bytes) {
        CHECK(clean[0][a][0]);
        ++promises;
      }
      for (size_t b = 0; b < count; ++b)
        for (size_t c = 0; c < count; ++c)
          for (unsigned whom : {0u, 1u}) {
            if (!clean[a][b][whom] || !clean[b][c][whom]) continue;
            CAPTURE(alternatives[b]);
            CAPTURE(alternatives[c]);
            CHECK(clean[a][c][whom]);
            chains += a != b && b != c && a != c;
          }
    }
  }
  CHECK(chains > 100);
  CHECK(promises > 25);
}
