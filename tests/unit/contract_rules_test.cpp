// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules held against entailment: conventions are put together from alternatives of each clause, and pairs
// that differ in one or several of them are compared. What a rule declares must be what entailment answers
// for that change alone; and no change breaks anyone of whom entailment says that he is safe.
#include <ostream>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <doctest/doctest.h>

#include "contract_slots.h"

using namespace baton;
using namespace baton::contract;
using namespace baton::contract::test;

TEST_CASE("of each change alone entailment answers what its rule declares") {
  Random random(21);
  std::map<std::string_view, unsigned> fired;
  unsigned silent = 0;
  // Every step from one alternative of a clause to another, each in several surroundings.
  for (size_t slot = 0; slot < slots().size(); ++slot) {
    size_t count = slots()[slot].alternatives.size();
    for (size_t from = 0; from < count; ++from)
      for (size_t to = 0; to < count; ++to)
        for (unsigned round = 0; round < 3; ++round) {
          Choice a = any_choice(random);
          a[slot] = from;
          Choice b = a;
          b[slot] = to;
          std::string before = text_of(a), after = text_of(b);
          CAPTURE(before);
          CAPTURE(after);
          Compared c(before, after);
          if (from == to) CHECK(c.diff.changes.empty());
          silent += c.diff.changes.empty();
          for (const Change& change : c.diff.changes) {
            CAPTURE(change.rule->id);
            ++fired[change.rule->id];
            CHECK(change.taker == change.rule->taker);
            CHECK(change.giver == change.rule->giver);
            CHECK(!change.rule->policy);
          }
          CHECK(c.breaks(&Change::taker) == !c.diff.taker_clean());
          CHECK(c.breaks(&Change::giver) == !c.diff.giver_clean());
        }
  }
  for (const Rule& rule : rules())
    if (!rule.policy && rule.id != "DOC_ONLY") CHECK_MESSAGE(fired[rule.id] > 0, std::string(rule.id) << " never fired");
  CHECK(silent > 100);
}

TEST_CASE("however much changes, a version is clean exactly when none of its changes breaks") {
  Random random(22);
  unsigned clean = 0, broken = 0;
  for (unsigned round = 0; round < 500; ++round) {
    Choice a = any_choice(random), b = a;
    for (unsigned n = 1 + random() % 4; n > 0; --n) {
      size_t slot = random() % slots().size();
      b[slot] = random() % slots()[slot].alternatives.size();
    }
    std::string before = text_of(a), after = text_of(b);
    CAPTURE(before);
    CAPTURE(after);
    Compared c(before, after);
    CHECK(c.breaks(&Change::taker) == !c.diff.taker_clean());
    CHECK(c.breaks(&Change::giver) == !c.diff.giver_clean());
    ++(c.diff.same_meaning() ? clean : broken);
    // The mirror: what the taker loses in one direction the giver loses in the other.
    Compared back(after, before);
    CHECK(back.diff.taker_clean() == c.diff.giver_clean());
    CHECK(back.diff.giver_clean() == c.diff.taker_clean());
  }
  CHECK(clean > 10);
  CHECK(broken > 100);
}
