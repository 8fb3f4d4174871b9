// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search, and the way back from what it found. Only keys and parents are kept; a trace is made by going the way
// once more, with the CPUs under their own names. See explore.h.
#include "handshake/explore.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "handshake/program.h"

namespace baton::handshake {
namespace {

/// Keys in the order in which they were found, each once.
class Keys {
 public:
  Keys() : slots_(1024, kEmpty) {}
  size_t size() const { return ends_.size(); }
  std::string operator[](size_t i) const { return std::string(view(i)); }

  bool add(std::string_view key) {
    if (2 * (size() + 1) > slots_.size()) grow();
    const size_t slot = find(key, std::hash<std::string_view>{}(key));
    if (slots_[slot] != kEmpty) return false;
    slots_[slot] = static_cast<uint32_t>(size());
    bytes_.append(key);
    ends_.push_back(bytes_.size());
    return true;
  }

 private:
  static constexpr uint32_t kEmpty = ~uint32_t{0};
  std::string_view view(size_t i) const {
    const size_t begin = i ? ends_[i - 1] : 0;
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }
  size_t find(std::string_view key, size_t hash) const {
    size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot] != kEmpty && view(slots_[slot]) != key) slot = (slot + 1) & (slots_.size() - 1);
    return slot;
  }
  void grow() {
    slots_.assign(slots_.size() * 2, kEmpty);
    for (size_t i = 0; i < size(); ++i)
      slots_[find(view(i), std::hash<std::string_view>{}(view(i)))] = static_cast<uint32_t>(i);
  }

  std::string bytes_;
  std::vector<size_t> ends_;
  std::vector<uint32_t> slots_;
};

constexpr size_t kStart = ~size_t{0};

class Search {
 public:
  Search(const Program& program, const Limits& limits) : program_(program), machine_(program), limits_(limits) {}

  Verdict run() {
    machine_.begin(false, [&](const State& s, const Log&) { found(s, kStart); });
    for (size_t at = 0; at < keys_.size() && !decided_; ++at) {
      bool moves = false;
      const State state = machine_.from_key(keys_[at]);
      machine_.next(state, false, [&](const State& s, const Log&) {
        moves = true;
        found(s, at);
      });
      if (decided_ || moves) continue;
      if (const int cpu = machine_.waits_for_ever(state); cpu >= 0) violated(at);
    }
    verdict_.states = keys_.size();
    if (!decided_) verdict_.answer = Answer::kHolds;
    return std::move(verdict_);
  }

 private:
  void found(const State& s, size_t from) {
    if (decided_ || !keys_.add(machine_.key(s))) return;
    parents_.push_back(from);
    if (s.wrong || machine_.ends_as_never(s)) violated(keys_.size() - 1);
    else if (keys_.size() >= limits_.states) {
      decided_ = true;
      verdict_.answer = Answer::kUndecided;
      verdict_.reason = "not decided within " + std::to_string(limits_.states) + " states";
    }
  }

  void violated(size_t at) {
    decided_ = true;
    verdict_.answer = Answer::kViolated;
    std::vector<size_t> way;
    for (size_t i = at; i != kStart; i = parents_[i]) way.push_back(i);
    std::reverse(way.begin(), way.end());
    State now;
    for (size_t k = 0; k < way.size(); ++k) {
      const std::string wanted = keys_[way[k]];
      bool taken = false;
      State next_state;
      auto visit = [&](const State& s, const Log& log) {
        if (taken || machine_.key(s) != wanted) return;
        taken = true;
        next_state = s;
        verdict_.trace.insert(verdict_.trace.end(), log.begin(), log.end());
      };
      if (k == 0) machine_.begin(true, visit);
      else machine_.next(now, true, visit);
      BATON_CHECK(taken, "a way that was found is not there any more");
      now = next_state;
    }
    verdict_.reason = reason(now);
  }

  std::string reason(const State& s) const {
    for (const Step& step : verdict_.trace)
      if (step.wrong) return step.cpu + " " + step.event + ": " + step.saw;
    if (machine_.ends_as_never(s)) {
      std::string all;
      for (const Condition& c : program_.model.never)
        all += (all.empty() ? "" : " and ") + (c.cpu.empty() ? "" : c.cpu + "'s ") + c.name + " = " +
               std::to_string(c.value);
      return "a run ends with " + all;
    }
    const auto cpu = static_cast<size_t>(machine_.waits_for_ever(s));
    return program_.model.cpus[cpu].name + " waits for ever";
  }

  const Program& program_;
  Machine machine_;
  Limits limits_;
  Keys keys_;
  std::vector<size_t> parents_;
  Verdict verdict_;
  bool decided_ = false;
};

}  // namespace

Result<Verdict> explore(const Model& model, const Limits& limits) {
  Result<Program> program = resolve(model);
  if (!program) return program.failure();
  return Search(*program, limits).run();
}

std::string trace_text(const Verdict& verdict) {
  static constexpr const char* kAnswers[] = {"holds", "violated", "undecided"};
  std::string out = kAnswers[static_cast<size_t>(verdict.answer)];
  if (!verdict.reason.empty()) out += ": " + verdict.reason;
  out += " (" + std::to_string(verdict.states) + (verdict.states == 1 ? " state)\n" : " states)\n");
  size_t cpu = 0, event = 0;
  for (const Step& step : verdict.trace) {
    cpu = std::max(cpu, step.cpu.size());
    event = std::max(event, step.saw.empty() ? 0 : step.event.size());
  }
  for (size_t i = 0; i < verdict.trace.size(); ++i) {
    const Step& step = verdict.trace[i];
    const std::string number = std::to_string(i + 1);
    out += std::string(number.size() < 4 ? 4 - number.size() : 0, ' ') + number + "  " + step.cpu +
           std::string(cpu - step.cpu.size(), ' ') + "  " + step.event;
    if (!step.saw.empty()) out += std::string(event - step.event.size() + 2, ' ') + step.saw;
    out += '\n';
  }
  return out;
}

}  // namespace baton::handshake
