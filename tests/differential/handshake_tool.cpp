// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handshakes for another model checker: what we say of each, and the same handshake as Promela.
//
// The Promela is not our machine written twice. Here instruction caches have contents, which are filled and dropped, where
// ours keeps what a cache may hold; each CPU has a view of memory where ours orders stores; instructions are executed in
// order, apart from fetching. That is enough for handshakes in which each word is stored once, and adds are seen at
// once; anything else is refused.
//
//   handshake_tool list                      publication-0-1 ... overlay-same-2
//   handshake_tool verdict publication-7-2   holds 17
//   handshake_tool promela publication-7-2   its text
#include <cstdio>
#include <cstring>
#include <iostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "../unit/handshake_models.h"
#include "../unit/slave_stubs.h"
#include "handshake/explore.h"
#include "handshake/program.h"

using namespace baton;
using namespace baton::handshake;

namespace {

void add(std::vector<std::pair<std::string, Model>>& all, const std::string& name, slaves::Encountered code) {
  const auto meeting = code.meet();
  for (size_t i = 0; i < meeting.models.size(); ++i) all.emplace_back(name + (i == 0 ? "" : "." + std::to_string(i)), meeting.models[i]);
}

std::vector<std::pair<std::string, Model>> models() {
  std::vector<std::pair<std::string, Model>> all;
  for (size_t slaves = 1; slaves <= 2; ++slaves) {
    const std::string end = "-" + std::to_string(slaves);
    for (unsigned barriers = 0; barriers <= kComplete; ++barriers)
      all.emplace_back("publication-" + std::to_string(barriers) + end, publication(barriers, slaves));
    all.emplace_back("overlay-delay" + end, overlay(Overlay::kDelay, slaves));
    all.emplace_back("overlay-acknowledged" + end, overlay(Overlay::kAcknowledged, slaves));
    all.emplace_back("overlay-same" + end, overlay(Overlay::kIdentical, slaves));
    // The same as instructions, with the events that are taken from them.
    for (unsigned barriers = 0; barriers <= kComplete; ++barriers) {
      auto code = slaves::publication_code(barriers);
      code.together = slaves;
      add(all, "bytes-publication-" + std::to_string(barriers) + end, code);
    }
  }
  add(all, "bytes-overlay-delay", slaves::overlay_code(slaves::Leaving::kDelay));
  add(all, "bytes-overlay-acknowledged", slaves::overlay_code(slaves::Leaving::kAcknowledged, 2));
  add(all, "bytes-overlay-acknowledged-by-one", slaves::overlay_code(slaves::Leaving::kAcknowledgedByTooFew, 2));
  for (unsigned barriers = 0; barriers < kAfterFlag; ++barriers) add(all, "bytes-window-" + std::to_string(barriers), slaves::window_code(barriers));
  add(all, "bytes-window-first", slaves::window_code(kAfterDcbst | kAfterIcbi, false));
  return all;
}

[[noreturn]] void refuse(const std::string& sentence) {
  std::cerr << "handshake_tool: " << sentence << '\n';
  std::exit(1);
}

class Promela {
 public:
  explicit Promela(const Program& program) : p_(program), words_(program.model.words.size()), cpus_(program.ops.size()) {}

  void print() {
    check();
    out("byte view[" + n(cpus_ * words_) + "], behind[" + n(cpus_ * words_) + "], cached[" + n(cpus_ * words_) + "];");
    out("byte early[" + n(p_.events()) + "], pc[" + n(cpus_) + "], finished;");
    out("bool issued[" + n(p_.events()) + "], arrived[" +
        n(p_.events() * cpus_) + "];");
    for (size_t cpu = 0; cpu < cpus_; ++cpu) {
      world(cpu);
      program(cpu);
    }
    out("init { atomic {");
    for (size_t cpu = 0; cpu < cpus_; ++cpu)
      for (size_t w = 0; w < words_; ++w)
        for (const std::string& place : {view(cpu, w), behind(cpu, w), cached(cpu, w)}) out("  " + place + " = " + n(p_.model.words[w].initial) + ";");
    for (size_t cpu = 0; cpu < cpus_; ++cpu) out("  run world" + n(cpu) + "(); run cpu" + n(cpu) + "();");
    out("} }");
  }

 private:
  static std::string n(size_t number) { return std::to_string(number); }
  static void out(const std::string& line) { std::cout << line << '\n'; }
  std::string view(size_t cpu, size_t w) const { return "view[" + n(cpu * words_ + w) + "]"; }
  std::string behind(size_t cpu, size_t w) const { return "behind[" + n(cpu * words_ + w) + "]"; }
  std::string cached(size_t cpu, size_t w) const { return "cached[" + n(cpu * words_ + w) + "]"; }
  std::string early(size_t cpu, size_t i) const { return "early[" + n(p_.id_of(cpu, i)) + "]"; }
  std::string issued(size_t cpu, size_t i) const { return "issued[" + n(p_.id_of(cpu, i)) + "]"; }
  std::string arrived(size_t cpu, size_t i, size_t at) const { return "arrived[" + n(p_.id_of(cpu, i) * cpus_ + at) + "]"; }
  bool fetches(size_t cpu) const {
    for (const Op& o : p_.ops[cpu])
      if (o.act == Act::kFetch) return true;
    return false;
  }

  void check() const {
    std::set<uint8_t> stored;
    for (const auto& ops : p_.ops)
      for (const Op& o : ops) {
        if (o.act == Act::kStore && (o.source >= 0 || !stored.insert(o.word).second)) refuse("a word is stored once, a constant");
        if (o.act == Act::kLwsync || o.address >= 0) refuse("no lwsync, no computed address");
      }
    if (!p_.never.empty()) refuse("no demand on how runs end");
  }

  /// What happens to a CPU without its doing: arrivals, fills of its cache, fetches ahead.
  void world(size_t cpu) {
    out("proctype world" + n(cpu) + "() { do");
    for (size_t from = 0; from < cpus_; ++from)
      for (size_t i = 0; i < p_.ops[from].size(); ++i) {
        const Op& o = p_.ops[from][i];
        const std::string due = ":: atomic { " + issued(from, i) + " && !" + arrived(from, i, cpu);
        const std::string then = " -> " + arrived(from, i, cpu) + " = 1; ";
        if (o.act == Act::kStore && from != cpu) out(due + then + view(cpu, o.word) + " = " + n(o.value) + " }");
        if (!fetches(cpu)) continue;
        if (o.act == Act::kDcbst) {
          std::string guard, push;
          for (size_t j = 0; j < i; ++j)
            if (p_.ops[from][j].act == Act::kStore && in_line(p_.ops[from][j].word, o.line)) {
              if (from != cpu) guard += " && " + arrived(from, j, cpu);
              push += behind(cpu, p_.ops[from][j].word) + " = " + n(p_.ops[from][j].value) + "; ";
            }
          out(due + guard + then + push + "skip }");
        }
        if (o.act == Act::kIcbi) {
          std::string drop;
          for (uint8_t w : p_.lines[o.line]) drop += cached(cpu, w) + " = " + behind(cpu, w) + "; ";
          out(due + then + drop + "skip }");
        }
      }
    // Caches have lines in sectors: words of one line may come from different fills, at any time.
    for (const auto& line : p_.lines)
      for (uint8_t w : line) {
        if (!fetches(cpu)) continue;
        for (const std::string& from : {view(cpu, w), behind(cpu, w)})
          out(":: atomic { " + cached(cpu, w) + " != " + from + " -> " + cached(cpu, w) + " = " + from + " }");
      }
    for (size_t i = 0; i < p_.ops[cpu].size(); ++i) {
      const Op& o = p_.ops[cpu][i];
      if (o.act != Act::kFetch) continue;
      size_t past = 0;
      for (size_t j = 0; j < i; ++j)
        if (p_.ops[cpu][j].act == Act::kIsync) past = j + 1;
      out(":: atomic { " + early(cpu, i) + " == 0 && pc[" + n(cpu) + "] >= " + n(past) + " && pc[" + n(cpu) + "] <= " + n(i) + " -> " +
          early(cpu, i) + " = 1 + " + cached(cpu, o.word) + " }");
      out(":: atomic { " + early(cpu, i) + " != 0 && pc[" + n(cpu) + "] < " + n(i) + " -> " + early(cpu, i) + " = 0 }");
    }
    out(":: finished == " + n(cpus_) + " -> break\nod }");
  }

  void program(size_t cpu) {
    out("proctype cpu" + n(cpu) + "() {");
    for (size_t i = 0; i < p_.ops[cpu].size(); ++i) out("  byte r" + n(i) + ";");
    for (size_t i = 0; i < p_.ops[cpu].size(); ++i) {
      const Op& o = p_.ops[cpu][i];
      out("L" + n(i) + ": " + step(cpu, i, o));
    }
    out("L" + n(p_.ops[cpu].size()) + ": atomic { pc[" + n(cpu) + "] = " + n(p_.ops[cpu].size()) + "; finished++ }\n}");
  }
  std::string step(size_t cpu, size_t i, const Op& o) const {
    const std::string on = "; pc[" + n(cpu) + "] = " + n(i + 1) + " };";
    switch (o.act) {
      case Act::kLoad: {
        std::string assertion;
        for (uint8_t v : o.must_be) assertion += (assertion.empty() ? "" : " || ") + view(cpu, o.word) + " == " + n(v);
        return "atomic { " + (assertion.empty() ? "" : "assert(" + assertion + "); ") + "r" + n(i) + " = " + view(cpu, o.word) + on;
      }
      case Act::kPoll: return "atomic { " + view(cpu, o.word) + " == " + n(o.value) + on;
      case Act::kStore: return "atomic { " + view(cpu, o.word) + " = " + n(o.value) + "; " + issued(cpu, i) + " = 1" + on;
      case Act::kAdd: {
        std::string all;
        for (size_t other = 0; other < cpus_; ++other) all += view(other, o.word) + " = " + view(other, o.word) + " + " + n(o.value) + "; ";
        return "atomic { " + all + "skip" + on;
      }
      case Act::kBranch: {
        const std::string to = "pc[" + n(cpu) + "] = ", test = "r" + n(static_cast<size_t>(o.source)) + (o.unless ? " != " : " == ") + n(o.value);
        return "if :: atomic { " + test + " -> " + to + n(o.target) + " }; goto L" + n(o.target) + " :: atomic { else -> " + to + n(i + 1) + " } fi;";
      }
      case Act::kFetch: {
        std::string assertion;
        for (uint8_t v : o.must_be) assertion += (assertion.empty() ? "" : " || ") + early(cpu, i) + " == " + n(v + 1u);
        return "atomic { " + early(cpu, i) + " != 0; " + (assertion.empty() ? "skip" : "assert(" + assertion + ")") + "; r" + n(i) +
               " = " + early(cpu, i) + " - 1; " + early(cpu, i) + " = 0" + on;
      }
      case Act::kIsync: {
        std::string drop;
        for (size_t j = 0; j < p_.ops[cpu].size(); ++j)
          if (p_.ops[cpu][j].act == Act::kFetch) drop += early(cpu, j) + " = 0; ";
        return "atomic { " + drop + "skip" + on;
      }
      case Act::kSync: {
        std::string all = "true";
        for (size_t j = 0; j < i; ++j)
          for (size_t other = 0; other < cpus_; ++other) {
            const Act act = p_.ops[cpu][j].act;
            if ((act == Act::kStore && other != cpu) || ((act == Act::kDcbst || act == Act::kIcbi) && fetches(other)))
              all += " && " + arrived(cpu, j, other);
          }
        return "atomic { " + all + on;
      }
      case Act::kDcbst:
      case Act::kIcbi: return "atomic { " + issued(cpu, i) + " = 1" + on;
      case Act::kLwsync: break;
    }
    refuse("an event that has no Promela");
  }
  bool in_line(uint8_t word, size_t line) const { return line_of(word) == line; }
  size_t line_of(uint8_t word) const {
    for (size_t line = 0; line < p_.lines.size(); ++line)
      for (uint8_t w : p_.lines[line])
        if (w == word) return line;
    return p_.lines.size();
  }

  const Program& p_;
  size_t words_, cpus_;
};

}  // namespace

int main(int count, char** words) {
  if (count == 2 && std::strcmp(words[1], "list") == 0) {
    for (const auto& [name, model] : models()) std::cout << name << '\n';
    return 0;
  }
  if (count != 3) refuse("list | verdict NAME | promela NAME");
  for (const auto& [name, model] : models()) {
    if (name != words[2]) continue;
    if (std::strcmp(words[1], "promela") == 0) {
      const Result<Program> program = resolve(model);
      if (!program) refuse(program.failure().message);
      Promela(*program).print();
      return 0;
    }
    const Result<Verdict> verdict = explore(model);
    if (!verdict) refuse(verdict.failure().message);
    static constexpr const char* kAnswers[] = {"holds", "violated", "undecided"};
    std::cout << kAnswers[static_cast<size_t>(verdict->answer)] << ' ' << verdict->states << '\n';
    return 0;
  }
  refuse("no handshake is called `" + std::string(words[2]) + "`");
}
