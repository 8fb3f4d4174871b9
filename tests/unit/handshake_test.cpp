// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handshakes whose verdict follows from Book II: which barriers new code needs, which ways to overwrite a waiting loop
// are sound. And the explorer itself: traces, its third answer, symmetry, models that mean nothing.
#include <doctest/doctest.h>

#include <string>

#include "handshake/explore.h"
#include "handshake_models.h"

using namespace baton;
using namespace baton::handshake;

namespace {

Verdict verdict_of(const Model& model, size_t states = Limits{}.states) {
  const Result<Verdict> verdict = explore(model, {states});
  REQUIRE_MESSAGE(verdict, verdict.failure().message);
  return *verdict;
}
Answer answer_of(const Model& model) { return verdict_of(model).answer; }

/// One CPU that stores code and executes it.
Model own_code(std::vector<Event> between) {
  Model m;
  m.words = {{"code", 0, "line"}};
  between.insert(between.begin(), store("code", 1));
  between.push_back(fetch("code", {1}));
  m.cpus = {{"cpu", between}};
  return m;
}

/// The publication with other programs.
Model programs(std::vector<Event> master, std::vector<Event> slave) {
  Model m = publication(kComplete, 1);
  m.cpus[0].program = std::move(master);
  m.cpus[1].program = std::move(slave);
  return m;
}

std::string failure_of(const Model& model) {
  const Result<Verdict> verdict = explore(model);
  REQUIRE_FALSE(verdict);
  return verdict.failure().message;
}

}  // namespace

TEST_CASE("new code needs all three barriers, for one slave, two and three") {
  for (size_t slaves = 1; slaves <= 3; ++slaves)
    for (unsigned barriers = 0; barriers <= kComplete; ++barriers) {
      const Verdict verdict = verdict_of(publication(barriers, slaves));
      CAPTURE(slaves);
      CAPTURE(barriers);
      CAPTURE(trace_text(verdict));
      CHECK(verdict.answer == (barriers == kComplete ? Answer::kHolds : Answer::kViolated));
      if (barriers != kComplete) CHECK(verdict.reason.find("executes code: 0, where only 1 may be") != std::string::npos);
    }
}

TEST_CASE("a waiting loop is overwritten after acknowledgements or by its own bytes, and not after a delay") {
  for (size_t slaves = 1; slaves <= 3; ++slaves) {
    CHECK(answer_of(overlay(Overlay::kDelay, slaves)) == Answer::kViolated);
    CHECK(answer_of(overlay(Overlay::kAcknowledged, slaves)) == Answer::kHolds);
    CHECK(answer_of(overlay(Overlay::kIdentical, slaves)) == Answer::kHolds);
  }
}

TEST_CASE("a CPU's own stores become its code by the whole sequence only") {
  const std::vector<Event> whole = {dcbst("line"), sync(), icbi("line"), sync(), isync()};
  CHECK(answer_of(own_code(whole)) == Answer::kHolds);
  for (size_t left_out = 0; left_out < whole.size(); ++left_out) {
    std::vector<Event> events = whole;
    events.erase(events.begin() + static_cast<ptrdiff_t>(left_out));
    CAPTURE(text(whole[left_out]));
    CHECK(answer_of(own_code(events)) == Answer::kViolated);
  }
  CHECK(answer_of(own_code({icbi("line"), sync(), dcbst("line"), sync(), isync()})) == Answer::kViolated);
  CHECK(answer_of(own_code({dcbst("line"), lwsync(), icbi("line"), lwsync(), isync()})) == Answer::kViolated);
}

TEST_CASE("what publishes new code, and what does not") {
  const std::vector<Event> slave = {poll("flag", 1), isync(), fetch("code", {1})};
  CHECK(answer_of(programs({store("code", 1), dcbst("line"), sync(), icbi("line"), sync(), store("flag", 1)}, slave)) == Answer::kHolds);
  // lwsync orders neither dcbst nor icbi.
  CHECK(answer_of(programs({store("code", 1), dcbst("line"), lwsync(), icbi("line"), sync(), store("flag", 1)}, slave)) == Answer::kViolated);
  CHECK(answer_of(programs({store("code", 1), dcbst("line"), sync(), icbi("line"), lwsync(), store("flag", 1)}, slave)) == Answer::kViolated);
  // No cache instruction at all, or one of them.
  CHECK(answer_of(programs({store("code", 1), sync(), store("flag", 1)}, slave)) == Answer::kViolated);
  CHECK(answer_of(programs({store("code", 1), sync(), icbi("line"), sync(), store("flag", 1)}, slave)) == Answer::kViolated);
  CHECK(answer_of(programs({store("code", 1), dcbst("line"), sync(), store("flag", 1)}, slave)) == Answer::kViolated);
  // The flag first.
  CHECK(answer_of(programs({store("flag", 1), store("code", 1), dcbst("line"), sync(), icbi("line"), sync()}, slave)) == Answer::kViolated);
  // In the slave: sync does not order fetching, an isync before the flag comes too early, a loop is as good as a poll.
  const std::vector<Event> master = {store("code", 1), dcbst("line"), sync(), icbi("line"), sync(), store("flag", 1)};
  CHECK(answer_of(programs(master, {poll("flag", 1), sync(), fetch("code", {1})})) == Answer::kViolated);
  CHECK(answer_of(programs(master, {isync(), poll("flag", 1), fetch("code", {1})})) == Answer::kViolated);
  CHECK(answer_of(programs(master, {load("r", "flag"), branch_unless("r", 1, 0), isync(), fetch("code", {1})})) == Answer::kHolds);
  CHECK(answer_of(programs(master, {load("r", "flag"), branch_unless("r", 1, 0), fetch("code", {1})})) == Answer::kViolated);
  // The branch is what isync waits for: a load alone is not decided by it.
  CHECK(answer_of(programs(master, {load("r", "flag"), isync(), branch_unless("r", 1, 4), fetch("code", {1})})) == Answer::kViolated);
  // Skipped where the flag is not set: no fetch, no fault.
  CHECK(answer_of(programs(master, {load("r", "flag"), branch_unless("r", 1, 4), isync(), fetch("code", {1})})) == Answer::kHolds);
  // The slave cleans up for itself what the master has only stored and pushed out.
  CHECK(answer_of(programs({store("code", 1), lwsync(), store("flag", 1)},
                           {poll("flag", 1), isync(), dcbst("line"), sync(), icbi("line"), sync(), isync(), fetch("code", {1})})) == Answer::kHolds);
}

TEST_CASE("words of one line may be fetched from different fills") {
  Model m;
  m.words = {{"low", 0, "line"}, {"high", 0, "line"}};
  m.cpus = {{"master", {store("low", 1), sync(), store("high", 1)}}, {"slave", {fetch("low", {}, "a"), fetch("high", {}, "b")}}};
  for (uint8_t a = 0; a <= 1; ++a)
    for (uint8_t b = 0; b <= 1; ++b) {
      m.never = {{"slave", "a", a}, {"slave", "b", b}};
      CHECK(answer_of(m) == Answer::kViolated);
    }
}

TEST_CASE("who arrives late finds the handshake whole, and who never arrives stops only those who wait for it") {
  Model m = overlay(Overlay::kAcknowledged, 2);
  CHECK(answer_of(m) == Answer::kHolds);
  for (Arrival arrival : {Arrival::kNever, Arrival::kPerhaps}) {
    m.cpus[2].arrival = arrival;
    const Verdict verdict = verdict_of(m);
    CHECK(verdict.answer == Answer::kViolated);
    CHECK(verdict.reason == "master waits for ever");
    CHECK(verdict.trace.front() == Step{"slave2", "never arrives", "", false});
    Model code = publication(kComplete, 2);
    code.cpus[2].arrival = arrival;
    CHECK(answer_of(code) == Answer::kHolds);
  }
  Model asleep = publication(kComplete, 1);
  asleep.cpus[0].arrival = Arrival::kNever;
  CHECK(verdict_of(asleep).reason == "slave1 waits for ever");
}

TEST_CASE("acknowledgements are counted once each") {
  Model m;
  m.words = {{"acks", 0, ""}};
  m.cpus = {{"master", {poll("acks", 3)}, Arrival::kSometime, true}};
  add_slaves(m, 3, {add("acks")});
  CHECK(answer_of(m) == Answer::kHolds);
  m.cpus[0].program = {poll("acks", 4)};
  CHECK(verdict_of(m).reason == "master waits for ever");
  m.cpus[0].program = {load("r", "acks")};
  m.never = {{"", "acks", 3}};
  CHECK(answer_of(m) == Answer::kViolated);
  for (uint8_t other : {0, 1, 2, 4}) {
    m.never = {{"", "acks", other}};
    CHECK(answer_of(m) == Answer::kHolds);
  }
}

TEST_CASE("a trace is short, readable and always the same") {
  const Verdict verdict = verdict_of(publication(kComplete & ~kAfterFlag, 2));
  const std::string shown = trace_text(verdict);
  CHECK(shown == trace_text(verdict_of(publication(kComplete & ~kAfterFlag, 2))));
  CHECK(shown ==
        "violated: slave1 executes code: 0, where only 1 may be (64 states)\n"
        "   1  master  store code = 1\n"
        "   2  master  dcbst line\n"
        "   3  slave1  fetch code, before what stands before it is decided  0, as at the start\n"
        "   4  slave2  `store code = 1` of master arrives                   1, stored by master\n"
        "   5  slave1  `store code = 1` of master arrives                   1, stored by master\n"
        "   6  slave1  `dcbst line` of master arrives\n"
        "   7  slave2  `dcbst line` of master arrives\n"
        "   8  master  sync                                                 done: all of it has reached everybody\n"
        "   9  master  icbi line\n"
        "  10  slave2  `icbi line` of master arrives\n"
        "  11  slave1  `icbi line` of master arrives\n"
        "  12  master  sync                                                 done: all of it has reached everybody\n"
        "  13  master  store flag = 1\n"
        "  14  slave1  `store flag = 1` of master arrives                   1, stored by master\n"
        "  15  slave1  poll flag until 1                                    1, stored by master\n"
        "  16  slave1  executes code                                        0, where only 1 may be\n");
}

TEST_CASE("too many states are an answer of their own") {
  const Verdict all = verdict_of(publication(kComplete, 2));
  REQUIRE(all.answer == Answer::kHolds);
  const Verdict some = verdict_of(publication(kComplete, 2), all.states - 1);
  CHECK(some.answer == Answer::kUndecided);
  CHECK(some.reason == "not decided within " + std::to_string(all.states - 1) + " states");
  CHECK(some.states == all.states - 1);
  CHECK(verdict_of(publication(kComplete, 2), all.states + 1).answer == Answer::kHolds);
}

TEST_CASE("slaves that are alike are looked at once, with the same verdict") {
  for (unsigned barriers = 0; barriers <= kComplete; ++barriers) {
    const Model alike = publication(barriers, 2);
    Model distinct = alike;
    distinct.cpus[2].program.push_back(lwsync());  // orders nothing any more, and tells it from the other
    const Verdict a = verdict_of(alike), b = verdict_of(distinct);
    CHECK(a.answer == b.answer);
    if (a.answer == Answer::kHolds) CHECK(a.states < b.states);
  }
}

TEST_CASE("a model that means nothing is refused in words") {
  Model m = publication(kComplete, 1);
  auto with = [&](std::vector<Event> program) {
    Model other = m;
    other.cpus[1].program = std::move(program);
    return failure_of(other);
  };
  CHECK(with({poll("flog", 1)}) == "`slave1`, `poll flog until 1`: no word is called `flog`");
  CHECK(with({fetch("flag", {1})}) == "`slave1`, `fetch flag`: a word that is fetched lies in a line");
  CHECK(with({icbi("lime")}) == "`slave1`, `icbi lime`: no word lies in line `lime`");
  CHECK(with({store_register("flag", "r")}) == "`slave1`, `store flag = r`: nothing before it writes register `r`");
  CHECK(with({load("r", "flag", "s")}) == "`slave1`, `load r = flag (address from s)`: nothing before it writes register `s`");
  CHECK(with({load("r", "flag"), load("r", "code")}) == "`slave1`, `load r = code`: register `r` is written twice");
  CHECK(with({load("", "flag")}) == "`slave1`, `load  = flag`: a load names its register");
  CHECK(with({load("r", "flag"), branch_if("r", 1, 9)}) == "`slave1`, `branch to 9 if r = 1`: the program has 2 events");
  CHECK(with({load("r", "flag"), store("flag", 1), branch_unless("r", 1, 0)}) ==
        "`slave1`, `branch to 0 unless r = 1`: a loop may load and fetch, not `store flag = 1`");
  CHECK(with({load("r", "flag"), load("s", "flag"), branch_unless("r", 1, 1)}) ==
        "`slave1`, `branch to 1 unless r = 1`: the loop does not write the register it ends by");
  CHECK(with({load("q", "flag"), branch_if("q", 1, 3), load("r", "flag"), load("s", "flag"), branch_unless("s", 1, 2)}) ==
        "`slave1`, `branch to 2 unless s = 1`: `branch to 3 if q = 1` enters the loop in its middle");
  CHECK(with(std::vector<Event>(kMostEvents + 1, sync())) == "a handshake may have 64 events; with those of `slave1` it has " + std::to_string(m.cpus[0].program.size() + kMostEvents + 1));
  CHECK(with({add("flag")}) == "word `flag` is both stored to and added to");
  CHECK(with(std::vector<Event>(kMostStores, store("flag", 1))) == "word `flag` may be written by 8 events");
  Model other = m;
  other.cpus.push_back(m.cpus[1]);
  CHECK(failure_of(other) == "cpu `slave1` has no name of its own");
  other = m;
  add_slaves(other, 4, {});
  CHECK(failure_of(other) == "a handshake has 1 to 4 CPUs, not 6");
  other.cpus.clear();
  CHECK(failure_of(other) == "a handshake has 1 to 4 CPUs, not 0");
  other = m;
  other.words.push_back({"flag", 0, ""});
  CHECK(failure_of(other) == "word `flag` has no name of its own");
  other = m;
  for (const char* name : {"a", "b", "c", "d"}) other.words.push_back({name, 0, "line"});
  CHECK(failure_of(other) == "line `line` may have 4 words");
  other.words.resize(9);
  CHECK(failure_of(other) == "a handshake may have 8 words");
  for (const auto& [condition, sentence] : std::vector<std::pair<Condition, std::string>>{
           {{"", "flog", 1}, "no word is called `flog`"},
           {{"slave9", "r", 1}, "no cpu is called `slave9`"},
           {{"slave1", "r", 1}, "`slave1` has no register `r`"}}) {
    other = m;
    other.never = {condition};
    CHECK(failure_of(other) == sentence);
  }
}
