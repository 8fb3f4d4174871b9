// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The algebra of promises and needs: order, claims as one handoff values them, the gap. Entailment is held
// against a brute-force model, in which a promise is the set of states that it allows.
#include <ostream>

#include <random>
#include <set>

#include <doctest/doctest.h>

#include "check/check.h"
#include "contract/gap.h"
#include "contract/order.h"

using namespace baton;
using namespace baton::contract;
using model::ClauseKind;
using model::Section;
using model::Type;
using model::Value;

namespace {

/// What a handoff would say of the names in a convention.
class Facts : public model::Scope {
 public:
  std::vector<uint32_t> cpus{0, 8};
  std::string slaves = "arriving";
  Wide hypervisor = 0;

  std::optional<Value> lookup(std::string_view name) const override {
    if (name == "machine.cpus") return Value::of_ids(cpus);
    if (name == "machine.kexec_slaves") return Value::of_word(slaves);
    if (name == "machine.hypervisor") return Value::of_int(hypervisor);
    if (name == "image.entry" || name == "image.base") return Value::of(Address{0x4000000});
    if (name == "image.order") return Value::of_int(1);
    return contract_word(name);
  }
  std::vector<std::string> names() const override { return {}; }
};

struct Program {
  source::SourceSet sources;
  diagnostics::Sink sink;
  model::Program program;
  explicit Program(const std::string& text) {
    program = check::check(sources, sources.add("main.baton", "language 1;\n" + text), sink);
    for (const auto& d : sink.all()) FAIL(d.message << "\n" << text);
  }
};

std::string convention(const std::string& name, const std::string& master,
                       const std::string& slaves = "arrival arriving;", const std::string& rest = "") {
  return "convention " + name + " {\n source \"s\"; role image : loadable;\n ensures master { enter image.entry; " + master +
         " }\n ensures slaves { " + slaves + " }\n " + rest + "\n}\n";
}

/// The gap between `demo.from@1` and `demo.to@1`, with what it points into.
struct Handoff {
  Program p;
  Boundary from, to;
  Gap gap;
  Handoff(const std::string& text, const Facts& facts = {}, Endian giver = Endian::kBig,
          std::vector<std::string> relies = {})
      : p(text) {
    from = resolve(p.program.conventions.at("demo.from@1"), facts, {Side::kFrom, giver, std::move(relies)}, p.sink);
    to = resolve(p.program.conventions.at("demo.to@1"), facts, {Side::kTo, giver, {}}, p.sink);
    for (const auto& d : p.sink.all()) FAIL(d.message);
    gap = find_gap(from, to);
  }
  Answer answer(Section section, ClauseKind kind, const std::string& subject) const {
    for (const auto& o : gap.obligations)
      if (o.need && o.need->section == section && o.need->kind == kind && o.need->subject == subject) return o.answer;
    FAIL("no obligation about " << subject);
    return Answer::kGap;
  }
};

Handoff pair(const std::string& promise, const std::string& need, const Facts& facts = {},
             Endian giver = Endian::kBig, std::vector<std::string> relies = {}) {
  return Handoff(convention("demo.from@1", promise) + convention("demo.to@1", need), facts, giver, std::move(relies));
}

Answer r5(const std::string& promise, const std::string& need, Endian giver = Endian::kBig,
          std::vector<std::string> relies = {}, const Facts& facts = {}) {
  return pair(promise, need, facts, giver, std::move(relies)).answer(Section::kMaster, ClauseKind::kRegister, "r5");
}

Answer field(const std::string& name, const std::string& promise, const std::string& need,
             Endian giver = Endian::kBig, const Facts& facts = {}) {
  return pair(promise, need, facts, giver).answer(Section::kMaster, ClauseKind::kMsr, name);
}

}  // namespace

TEST_CASE("an order entails its transitive closure and nothing else; a cycle is drawn") {
  std::mt19937 random(3);
  for (unsigned round = 0; round < 300; ++round) {
    constexpr unsigned kEvents = 6;
    bool reach[kEvents][kEvents] = {};
    PartialOrder order;
    for (unsigned i = random() % 9; i > 0; --i) {
      unsigned a = random() % kEvents, b = random() % kEvents;
      order.add(std::to_string(a), std::to_string(b));
      reach[a][b] = true;
    }
    auto edge = [&, direct = std::vector<std::vector<bool>>{}]() mutable {
      for (auto& row : reach) direct.emplace_back(std::begin(row), std::end(row));
      return direct;
    }();
    for (unsigned k = 0; k < kEvents; ++k)
      for (unsigned i = 0; i < kEvents; ++i)
        for (unsigned j = 0; j < kEvents; ++j) reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
    bool circular = false;
    for (unsigned i = 0; i < kEvents; ++i) {
      circular = circular || reach[i][i];
      for (unsigned j = 0; j < kEvents; ++j)
        CHECK(order.entails(std::to_string(i), std::to_string(j)) == reach[i][j]);
    }
    auto cycle = order.cycle();
    CHECK(cycle.empty() == !circular);
    if (cycle.empty()) continue;
    CHECK(cycle.front() == cycle.back());
    REQUIRE(cycle.size() >= 2);
    for (size_t i = 1; i < cycle.size(); ++i) CHECK(edge[std::stoul(cycle[i - 1])][std::stoul(cycle[i])]);
  }
}

TEST_CASE("a need of a register") {
  CHECK(r5("r5 = 0;", "r5 = 0;") == Answer::kEntailed);
  CHECK(r5("r5 = 1;", "r5 = 0;") == Answer::kGap);
  CHECK(r5("", "r5 = 0;") == Answer::kGap);
  CHECK(r5("r5 in { 0, 1 };", "r5 = 0;") == Answer::kGap);
  CHECK(r5("r5 = 0;", "r5 in { 0, 1 };") == Answer::kEntailed);
  CHECK(r5("r5 = image.entry;", "r5 = image.base;") == Answer::kEntailed);  // by value, not by name
  CHECK(r5("r5 = cpu.physical_id;", "r5 = master.physical_id;") == Answer::kEntailed);
  CHECK(r5("r5 = cpu.physical_id;", "r5 = 0;") == Answer::kGap);
  Facts single;
  single.cpus = {0};
  CHECK(r5("r5 = cpu.physical_id;", "r5 = 0;", Endian::kBig, {}, single) == Answer::kEntailed);
  CHECK(r5("r5 = 0;", "r5 = cpu.physical_id;", Endian::kBig, {}, single) == Answer::kEntailed);
  CHECK(field("LE", "msr LE = giver;", "msr LE = 1;", Endian::kLittle) == Answer::kEntailed);
  CHECK(field("LE", "msr LE = giver;", "msr LE = 1;", Endian::kBig) == Answer::kGap);
  CHECK(field("LE", "msr LE = 0;", "msr LE = giver;", Endian::kLittle) == Answer::kEntailed);  // takes any
  CHECK(r5("r5 = stack(size: 16KiB);", "r5 = stack(size: 4KiB);") == Answer::kEntailed);
  CHECK(r5("r5 = stack(size: 4KiB);", "r5 = stack(size: 16KiB);") == Answer::kGap);
  CHECK(r5("r5 = stack(size: unknown);", "r5 = stack(size: 4KiB);") == Answer::kGap);
  CHECK(r5("r5 = stack(size: unknown);", "r5 = stack(size: unknown);") == Answer::kEntailed);
}

TEST_CASE("what is incidental is a promise only for who relies on it, and never a need") {
  CHECK(r5("incidental r5 = 0;", "r5 = 0;") == Answer::kGap);
  CHECK(r5("incidental r5 = 0;", "r5 = 0;", Endian::kBig, {"r5"}) == Answer::kEntailed);
  CHECK(r5("incidental r5 = 0;", "r5 = 0;", Endian::kBig, {"r6"}) == Answer::kGap);
  CHECK(r5("r5 in { 0, 1 }; incidental r5 = 0;", "r5 = 0;", Endian::kBig, {"r5"}) == Answer::kEntailed);
  CHECK(r5("incidental r5 = 0; r5 in { 0, 1 };", "r5 = 0;", Endian::kBig, {"r5"}) == Answer::kEntailed);
  CHECK(pair("", "incidental r5 = 0;").to.find(Section::kMaster, ClauseKind::kRegister, "r5") == nullptr);
}

TEST_CASE("modes are MSR bits, byte orders are the giver's") {
  for (const char* bit : {"IR", "DR", "PR"}) {
    CHECK(field(bit, "mode real;", "mode real;") == Answer::kEntailed);
    CHECK(field(bit, "", "mode real;") == Answer::kGap);
  }
  CHECK(field("IR", "mode virtual;", "mode real;") == Answer::kGap);
  CHECK(field("PR", "mode virtual;", "mode real;") == Answer::kEntailed);
  CHECK(field("IR", "mode real;", "msr IR = 0;") == Answer::kEntailed);
  for (Endian giver : {Endian::kBig, Endian::kLittle}) {
    bool big = giver == Endian::kBig;
    CHECK(field("LE", "msr LE = giver;", "msr LE = any;", giver) == Answer::kEntailed);
    CHECK(field("LE", "msr LE = giver;", "msr LE = 0;", giver) == (big ? Answer::kEntailed : Answer::kGap));
    CHECK(field("LE", "msr LE = giver;", "msr LE = giver;", giver) == Answer::kEntailed);
  }
  CHECK(field("LE", "msr LE = any;", "msr LE = 0;") == Answer::kGap);
  Facts metal;
  metal.hypervisor = 1;
  CHECK(field("HV", "msr HV = machine.hypervisor;", "msr HV = 1;", Endian::kBig, metal) == Answer::kEntailed);
  CHECK(field("HV", "msr HV = machine.hypervisor;", "msr HV = 1;") == Answer::kImpossible);
  CHECK(field("HV", "", "msr HV = 1;") == Answer::kImpossible);
  // No guest changes MSR[ME].
  const std::string kHv = "msr HV = machine.hypervisor; ";
  CHECK(field("ME", kHv + "msr ME = 1;", "msr ME = 1;") == Answer::kEntailed);
  CHECK(field("ME", kHv, "msr ME = 1;") == Answer::kImpossible);
  CHECK(field("ME", "", "msr ME = 1;") == Answer::kImpossible);
  CHECK(field("ME", kHv, "msr ME = 1;", Endian::kBig, metal) == Answer::kGap);
}

TEST_CASE("slaves: what they need is the giver's doing, or nobody's") {
  auto slaves = [](const std::string& from, const std::string& to, const std::string& state = "arriving") {
    Facts facts;
    facts.slaves = state;
    return Handoff(convention("demo.from@1", "", from) + convention("demo.to@1", "", to), facts);
  };
  auto arrival = [&](const std::string& from, const std::string& to) {
    return slaves("arrival " + from + ";", "arrival " + to + ";").answer(Section::kSlaves, ClauseKind::kArrival, "");
  };
  CHECK(arrival("arriving", "arriving") == Answer::kEntailed);
  CHECK(arrival("held", "arriving") == Answer::kEntailed);
  CHECK(arrival("arriving", "held") == Answer::kImpossible);
  CHECK(arrival("absent", "any") == Answer::kEntailed);
  CHECK(arrival("unknown", "absent") == Answer::kImpossible);
  auto r3 = [&](const std::string& from, const std::string& to, const std::string& state = "arriving") {
    return slaves("arrival machine.kexec_slaves; " + from, "arrival any; " + to, state)
        .answer(Section::kSlaves, ClauseKind::kRegister, "r3");
  };
  CHECK(r3("r3 = cpu.physical_id;", "r3 = cpu.physical_id;") == Answer::kEntailed);
  CHECK(r3("", "r3 = cpu.physical_id;") == Answer::kImpossible);
  // A slave is itself: its id is not the master's.
  CHECK(r3("r3 = cpu.physical_id;", "r3 = master.physical_id;") == Answer::kImpossible);
  CHECK(r3("", "r3 = cpu.physical_id;", "absent") == Answer::kVacuous);
  CHECK(r3("", "r3 = cpu.physical_id;", "firmware") == Answer::kVacuous);
  CHECK(slaves("arrival absent;", "arrival any;").gap.slaves_may_arrive == false);
  CHECK(slaves("arrival unknown;", "arrival any;").gap.slaves_may_arrive);
}

TEST_CASE("facts and order are promised or missing") {
  auto handoff = [](const std::string& from, const std::string& to, const std::string& state = "arriving") {
    return Handoff(convention("demo.from@1", "", "arrival " + state + ";", from) +
                   convention("demo.to@1", "", "arrival any;", to));
  };
  auto fact = [&](const std::string& from) {
    return handoff(from, "ensures memory { fact icache_coherent; }")
        .answer(Section::kMemory, ClauseKind::kFact, "icache_coherent");
  };
  CHECK(fact("ensures memory { fact icache_coherent; }") == Answer::kEntailed);
  CHECK(fact("ensures memory { fact segments_placed; }") == Answer::kGap);
  // Loader and giver do this whoever the giver is.
  CHECK(handoff("", "ensures memory { fact segments_placed; }")
            .answer(Section::kMemory, ClauseKind::kFact, "segments_placed") == Answer::kEntailed);
  auto edge = [&](const std::string& from, const std::string& to, const std::string& state = "arriving") {
    Handoff h = handoff(from, to, state);
    REQUIRE(h.gap.obligations.back().edge);
    return h.gap.obligations.back().answer;
  };
  const std::string kNeed = "order head_copied < slaves_released;";
  CHECK(edge("order head_copied < real_mode < slaves_released;", kNeed) == Answer::kEntailed);
  CHECK(edge("order slaves_released < head_copied;", kNeed) == Answer::kImpossible);
  CHECK(edge("", kNeed) == Answer::kImpossible);
  CHECK(edge("", kNeed, "absent") == Answer::kVacuous);
  CHECK(edge("", "order head_copied < master_enters;", "absent") == Answer::kImpossible);
}

namespace {

/// A random statement about one register over the values 0 .. 3, and the states it allows.
struct Statement {
  std::string text;
  std::set<unsigned> states;
};

Statement statement(std::mt19937& random, const std::string& name) {
  Statement s;
  for (unsigned v = 0; v < 4; ++v)
    if (random() % 2 == 0) s.states.insert(v);
  if (s.states.empty() || s.states.size() == 4) {
    s.states = {0, 1, 2, 3};  // silence: nothing is known
    return s;
  }
  std::string list;
  for (unsigned v : s.states) list += (list.empty() ? "" : ", ") + std::to_string(v);
  s.text = s.states.size() == 1 ? name + " = " + list + "; " : name + " in { " + list + " }; ";
  return s;
}

}  // namespace

TEST_CASE("a need is entailed exactly when every state that the promise allows will do") {
  std::mt19937 random(9);
  unsigned entailed = 0, gaps = 0;
  for (unsigned round = 0; round < 150; ++round) {
    std::string promise, need;
    std::vector<std::pair<std::set<unsigned>, std::set<unsigned>>> states;
    for (unsigned n = 5; n < 12; ++n) {
      Statement p = statement(random, "r" + std::to_string(n)), q = statement(random, "r" + std::to_string(n));
      promise += p.text;
      need += q.text;
      states.emplace_back(p.states, q.text.empty() ? std::set<unsigned>{} : q.states);
    }
    Handoff h = pair(promise, need);
    for (unsigned n = 5; n < 12; ++n) {
      const auto& [allowed, wanted] = states[n - 5];
      if (wanted.empty()) continue;
      bool subset = std::includes(wanted.begin(), wanted.end(), allowed.begin(), allowed.end());
      Answer answer = h.answer(Section::kMaster, ClauseKind::kRegister, "r" + std::to_string(n));
      CHECK(answer == (subset ? Answer::kEntailed : Answer::kGap));
      ++(subset ? entailed : gaps);
    }
    // Reflexive: a convention meets its own needs, the giver's words aside.
    Handoff same = pair(need, need);
    for (const auto& o : same.gap.obligations) CHECK((o.answer == Answer::kEntailed || o.answer == Answer::kElsewhere));
    CHECK(same.gap.closed());
    // Monotone: whoever promises more still meets what was met.
    Handoff more = pair(promise + "r20 = 1; ", need);
    for (size_t i = 0; i < h.gap.obligations.size(); ++i)
      if (h.gap.obligations[i].answer == Answer::kEntailed)
        CHECK(more.gap.obligations[i].answer == Answer::kEntailed);
  }
  CHECK(entailed > 20);
  CHECK(gaps > 20);
}
