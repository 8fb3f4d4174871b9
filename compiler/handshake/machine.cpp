// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules, one function each. See machine.h for what they mean and what they leave out.
#include "handshake/machine.h"

#include <algorithm>
#include <utility>

namespace baton::handshake {
namespace {

template <typename F>
void each_bit(uint64_t mask, F f) {
  for (; mask; mask &= mask - 1) f(static_cast<size_t>(__builtin_ctzll(mask)));
}

}  // namespace

struct Machine::Turn {
  const Program& program;
  State s;
  bool with_log = false;
  Log log = {};

  size_t cpus() const { return program.ops.size(); }
  uint8_t everybody() const { return static_cast<uint8_t>((1u << cpus()) - 1); }
  size_t id_of(size_t cpu, size_t i) const { return program.id_of(cpu, i); }
  size_t cpu_of(size_t id) const { return program.cpu_of(id); }
  const Op& op(size_t id) const { return program.ops[cpu_of(id)][program.place_of(id)]; }
  Status status(size_t cpu, size_t i) const { return s.status[id_of(cpu, i)]; }
  bool over(size_t cpu, size_t i) const { return status(cpu, i) >= Status::kDone; }
  bool has_value(size_t cpu, int8_t i) const { return i < 0 || status(cpu, static_cast<size_t>(i)) != Status::kWaiting; }
  bool is_final(size_t cpu, int8_t i) const { return i < 0 || over(cpu, static_cast<size_t>(i)); }

  // --- words and their orders

  uint8_t value(EventId id) const {
    if (id == kNothing) return 0;
    if (id >= kInitial) return program.model.words[id - kInitial].initial;
    const Op& o = op(id);
    if (o.act == Act::kAdd) return static_cast<uint8_t>(value(s.read[id]) + o.value);
    return o.source < 0 ? o.value : value(s.read[id_of(cpu_of(id), static_cast<size_t>(o.source))]);
  }
  EventId at(size_t word, int place) const {
    return place < 0 ? static_cast<EventId>(kInitial + word) : s.order[word][static_cast<size_t>(place)];
  }
  int place(size_t word, EventId id) const {
    for (int i = 0; i < s.stored[word]; ++i)
      if (s.order[word][static_cast<size_t>(i)] == id) return i;
    return -1;
  }
  int newest(size_t cpu, size_t word) const {
    int i = s.stored[word] - 1;
    while (i >= 0 && !(s.reached[at(word, i)] & cpu_bit(cpu))) --i;
    return i;
  }
  bool everywhere(size_t id) const { return s.reached[id] == everybody(); }

  // --- what people read

  void say(size_t cpu, std::string event, std::string saw = {}, bool wrong = false) {
    if (with_log) log.push_back({program.model.cpus[cpu].name, std::move(event), std::move(saw), wrong});
  }
  std::string name(size_t id) const { return text(program.model.cpus[cpu_of(id)].program[program.place_of(id)]); }
  std::string seen(EventId id) const {
    if (id == kNothing) return "nothing";
    const std::string number = std::to_string(value(id));
    return id >= kInitial ? number + ", as at the start" : number + ", stored by " + program.model.cpus[cpu_of(id)].name;
  }

  // --- one CPU's program

  /// Whether some way that is still open leads to event i and meets no barrier that holds a load (or a fetch) back.
  bool open(size_t cpu, size_t i, bool is_fetch) const {
    uint64_t way = 1;  // leads to which events
    for (size_t j = 0; j < i; ++j) {
      if ((way & bit(j)) == 0) continue;
      const Op& o = program.ops[cpu][j];
      if (!over(cpu, j)) {
        const bool holds = o.act == Act::kIsync || (!is_fetch && (o.act == Act::kSync || o.act == Act::kLwsync));
        if (holds) continue;
        if (o.act == Act::kBranch && o.target > j && o.target <= i) way |= bit(o.target);
      }
      way |= bit(j + 1);
    }
    return (way & bit(i)) != 0;
  }
  /// Every branch, poll and fetch before event i is final: it will be executed.
  bool certain(size_t cpu, size_t i) const {
    for (size_t j = 0; j < i; ++j) {
      const Act act = program.ops[cpu][j].act;
      if (!over(cpu, j) && (act == Act::kBranch || act == Act::kPoll || act == Act::kFetch)) return false;
    }
    return true;
  }
  bool is_barrier(Act act) const { return act == Act::kSync || act == Act::kLwsync || act == Act::kIsync; }

  /// A load or store is final, as far as those before it are concerned.
  bool may_finish(size_t cpu, size_t i) const {
    const Op& o = program.ops[cpu][i];
    if (!certain(cpu, i) || !is_final(cpu, o.address) || !is_final(cpu, o.source)) return false;
    for (size_t j = 0; j < i; ++j) {
      const Op& before = program.ops[cpu][j];
      if (over(cpu, j)) continue;
      if (is_barrier(before.act)) return false;
      if ((before.reads() || before.writes()) && before.word == o.word) return false;
      if (o.writes() && !has_value(cpu, before.address)) return false;
    }
    return true;
  }
  bool all_before(size_t cpu, size_t i) const {
    for (size_t j = 0; j < i; ++j)
      if (!over(cpu, j)) return false;
    return true;
  }
  void finish(size_t id) {
    s.status[id] = Status::kDone;
    const Op& o = op(id);
    if (!o.must_be.empty() && std::find(o.must_be.begin(), o.must_be.end(), value(s.read[id])) == o.must_be.end()) {
      s.wrong = true;
      std::string allowed;
      for (uint8_t v : o.must_be) allowed += (allowed.empty() ? "" : " or ") + std::to_string(v);
      say(cpu_of(id), (o.act == Act::kFetch ? "executes " : "uses ") + program.model.words[o.word].name,
          std::to_string(value(s.read[id])) + ", where only " + allowed + " may be", true);
    }
    if (!o.kept && o.act != Act::kAdd) s.read[id] = kNothing;
  }

  /// Takes back what was read early and cannot stand: in program order, so that what rests on it falls with it.
  void take_back(size_t cpu) {
    const auto& ops = program.ops[cpu];
    for (size_t i = 0; i < ops.size(); ++i) {
      const size_t id = id_of(cpu, i);
      const Op& o = ops[i];
      if (s.status[id] != Status::kEarly || o.act == Act::kSync) continue;
      bool stands = open(cpu, i, o.act == Act::kFetch) && has_value(cpu, o.address);
      const EventId from = s.read[id];
      if (from < kInitial && cpu_of(from) == cpu && o.reads()) {
        const Status writer = s.status[from];
        const bool known = has_value(cpu, op(from).source) && has_value(cpu, op(from).address);
        if (writer == Status::kSkipped || (writer == Status::kWaiting && !known)) stands = false;
      }
      if (!stands) {
        s.status[id] = Status::kWaiting;
        s.read[id] = kNothing;
      }
    }
  }

  /// Loads of one word in program order may not go back in its order: a later one that read something else is redone.
  void read(size_t cpu, size_t i, EventId from) {
    const size_t id = id_of(cpu, i);
    s.status[id] = Status::kEarly;
    s.read[id] = from;
    const auto& ops = program.ops[cpu];
    for (size_t j = i + 1; j < ops.size(); ++j) {
      const size_t later = id_of(cpu, j);
      if (ops[j].reads() && ops[j].word == ops[i].word && s.status[later] == Status::kEarly && s.read[later] != from &&
          !(s.read[later] < kInitial && cpu_of(s.read[later]) == cpu && s.read[later] > id)) {
        s.status[later] = Status::kWaiting;
        s.read[later] = kNothing;
      }
    }
    take_back(cpu);
  }

  /// What a load gets now: kNothing if it has to wait.
  EventId source_of(size_t cpu, size_t i) const {
    const Op& o = program.ops[cpu][i];
    if (!has_value(cpu, o.address) || !open(cpu, i, false)) return kNothing;
    for (size_t j = i; j-- > 0;) {
      const Op& before = program.ops[cpu][j];
      if (!before.writes() || before.word != o.word || status(cpu, j) == Status::kSkipped) continue;
      if (status(cpu, j) == Status::kDone) break;
      if (before.act == Act::kAdd || !has_value(cpu, before.source) || !has_value(cpu, before.address)) return kNothing;
      for (size_t k = 0; k < j; ++k)  // it may be branched over: wait for the branch
        if (program.ops[cpu][k].act == Act::kBranch && program.ops[cpu][k].target > j && !over(cpu, k)) return kNothing;
      return static_cast<EventId>(id_of(cpu, j));
    }
    return at(o.word, newest(cpu, o.word));
  }

  void decide(size_t cpu, size_t i) {
    const Op& o = program.ops[cpu][i];
    const auto& ops = program.ops[cpu];
    const bool taken = (value(s.read[id_of(cpu, static_cast<size_t>(o.source))]) == o.value) != o.unless;
    s.status[id_of(cpu, i)] = Status::kDone;
    if (taken && o.target > i) {
      for (size_t j = i + 1; j < o.target; ++j) {
        s.status[id_of(cpu, j)] = Status::kSkipped;
        s.read[id_of(cpu, j)] = kNothing;
      }
      if (o.target > i + 1) say(cpu, name(id_of(cpu, i)), "taken");
    } else if (taken) {
      for (size_t j = o.target; j < ops.size(); ++j) {
        if (j > i && s.status[id_of(cpu, j)] != Status::kEarly) continue;
        s.status[id_of(cpu, j)] = Status::kWaiting;
        s.read[id_of(cpu, j)] = kNothing;
      }
      say(cpu, name(id_of(cpu, i)), "taken, once more");
    }
    take_back(cpu);
  }

  // --- stores, and what travels

  /// Whether a store of this CPU may stand there in its word's order. The orders of all words and the barriers between
  /// stores together have no cycle: there is one order in which stores become irrevocable (the paper's coherence points).
  bool may_stand(size_t cpu, size_t word, int where) const {
    uint64_t earlier = 0, fresh = s.earlier[cpu];
    while (fresh) {
      earlier |= fresh;
      uint64_t before = 0;
      each_bit(fresh, [&](size_t id) {
        before |= s.before[id];
        for (int k = place(op(id).word, static_cast<EventId>(id)) - 1; k >= 0; --k) before |= bit(at(op(id).word, k));
      });
      fresh = before & ~earlier;
    }
    for (int k = where; k < s.stored[word]; ++k)
      if (earlier & bit(at(word, k))) return false;
    return true;
  }
  /// Puts the store at this place in its word's order; CPUs that know a later one will never see it.
  void commit(size_t cpu, size_t i, int where) {
    const size_t id = id_of(cpu, i);
    const Op& o = program.ops[cpu][i];
    auto& order = s.order[o.word];
    uint8_t& count = s.stored[o.word];
    uint8_t reached = cpu_bit(cpu);
    for (int k = count; k > where; --k) {
      order[static_cast<size_t>(k)] = order[static_cast<size_t>(k - 1)];
      reached |= s.reached[order[static_cast<size_t>(k)]];
    }
    const bool before_another = where < count;
    order[static_cast<size_t>(where)] = static_cast<EventId>(id);
    ++count;
    s.reached[id] = reached;
    s.need[id] = s.behind[cpu];
    s.before[id] = s.earlier[cpu];
    if (o.act == Act::kAdd) s.read[id] = at(o.word, where - 1);
    s.status[id] = Status::kDone;
    std::string saw;
    if (before_another) saw = "before " + seen(at(o.word, where + 1));
    else if (o.act == Act::kAdd) saw = "makes " + std::to_string(value(static_cast<EventId>(id)));
    say(cpu, name(id), saw);
    tidy();
  }
  /// What has reached everybody constrains nobody.
  void tidy() {
    uint64_t gone = 0;
    for (size_t cpu = 0; cpu < cpus(); ++cpu)
      for (size_t i = 0; i < program.ops[cpu].size(); ++i) {
        const size_t id = id_of(cpu, i);
        if (!program.ops[cpu][i].travels() || s.status[id] != Status::kDone || !everywhere(id)) continue;
        gone |= bit(id);
        s.need[id] = 0;
        s.pushed[id].fill(kNothing);
      }
    for (uint64_t& need : s.need) need &= ~gone;
    for (uint64_t& behind : s.behind) behind &= ~gone;
  }
  bool may_arrive(size_t id, size_t cpu) const {
    if (s.status[id] != Status::kDone || (s.reached[id] & cpu_bit(cpu))) return false;
    const Op& o = op(id);
    bool may = true;
    if (o.writes()) each_bit(s.need[id], [&](size_t other) { may = may && (s.reached[other] & cpu_bit(cpu)); });
    if (o.act == Act::kDcbst)
      for (EventId pushed : s.pushed[id])
        if (pushed < kInitial && !(s.reached[pushed] & cpu_bit(cpu))) may = false;
    return may;
  }
  /// Whether the rest of a CPU's program can tell that this has arrived.
  bool matters(size_t id, size_t cpu) const {
    if (s.absent & cpu_bit(cpu)) return false;
    const Op& what = op(id);
    const auto& ops = program.ops[cpu];
    size_t from = ops.size();  // the first event that is to come, once more perhaps
    for (size_t j = ops.size(); j-- > 0;) {
      if (over(cpu, j)) continue;
      from = std::min(from, j);
      if (ops[j].act == Act::kBranch) from = std::min<size_t>(from, ops[j].target);
    }
    for (size_t j = from; j < ops.size(); ++j) {
      const Op& o = ops[j];
      if (!what.writes()) {
        const auto& words = program.lines[what.line];
        if (o.act == Act::kFetch && std::find(words.begin(), words.end(), o.word) != words.end()) return true;
      } else if (o.writes() || o.act == Act::kSync || o.act == Act::kLwsync || o.act == Act::kDcbst) {
        return true;
      } else if ((o.reads() || o.act == Act::kFetch) && o.word == what.word) {
        return true;
      }
    }
    return false;
  }
  void arrive(size_t id, size_t cpu, bool told) {
    const Op& o = op(id);
    s.reached[id] |= cpu_bit(cpu);
    const std::string from = with_log ? " of " + program.model.cpus[cpu_of(id)].name : "";
    if (o.writes()) {
      for (int k = place(o.word, static_cast<EventId>(id)) - 1; k >= 0; --k) s.reached[at(o.word, k)] |= cpu_bit(cpu);
      s.behind[cpu] |= s.need[id];
      s.earlier[cpu] |= s.before[id];
    } else {
      const auto& words = program.lines[o.line];
      for (size_t k = 0; k < words.size(); ++k) {
        EventId& oldest = s.stale[cpu][words[k]];
        if (o.act == Act::kIcbi) s.held[cpu][words[k]] = oldest;
        else if (place(words[k], s.pushed[id][k]) > place(words[k], oldest)) oldest = s.pushed[id][k];
      }
    }
    if (with_log && told) say(cpu, "`" + name(id) + "`" + from + " arrives", o.writes() ? seen(static_cast<EventId>(id)) : "");
    tidy();
  }

  // --- what is done at once

  bool settle_one(size_t cpu, size_t i) {
    const Op& o = program.ops[cpu][i];
    const size_t id = id_of(cpu, i);
    const Status now = s.status[id];
    if (now >= Status::kDone) return false;
    switch (o.act) {
      case Act::kLoad:
      case Act::kPoll:
        if (now != Status::kEarly || !may_finish(cpu, i)) return false;
        finish(id);
        return true;
      case Act::kFetch:
        if (now != Status::kEarly || !certain(cpu, i)) return false;
        finish(id);
        return true;
      case Act::kBranch:
        if (!certain(cpu, i) || !is_final(cpu, o.source)) return false;
        decide(cpu, i);
        return true;
      case Act::kStore: {
        if (!may_finish(cpu, i) || newest(cpu, o.word) + 1 != s.stored[o.word]) return false;
        commit(cpu, i, s.stored[o.word]);
        return true;
      }
      case Act::kAdd: return false;
      case Act::kLwsync:
        if (!barrier_ready(cpu, i)) return false;
        s.status[id] = Status::kDone;
        s.behind[cpu] |= known(cpu, false);
        if (program.meets) s.earlier[cpu] |= known(cpu, true);
        say(cpu, name(id));
        return true;
      case Act::kSync:
        if (now == Status::kWaiting) {
          if (!barrier_ready(cpu, i)) return false;
          s.status[id] = Status::kEarly;
          s.need[id] = known(cpu, false) | own_cache_events(cpu);
          if (program.meets) s.earlier[cpu] |= known(cpu, true);
        }
        if (s.need[id]) return now == Status::kWaiting;
        s.status[id] = Status::kDone;
        say(cpu, name(id), "done: all of it has reached everybody");
        return true;
      case Act::kIsync:
        if (!certain(cpu, i)) return false;
        for (size_t j = 0; j < i; ++j) {
          const Act act = program.ops[cpu][j].act;
          if (!over(cpu, j) && (act == Act::kSync || act == Act::kIsync)) return false;
          if (!over(cpu, j) && !has_value(cpu, program.ops[cpu][j].address)) return false;
        }
        s.status[id] = Status::kDone;
        say(cpu, name(id));
        return true;
      case Act::kDcbst:
      case Act::kIcbi: {
        if (!certain(cpu, i)) return false;
        const auto& words = program.lines[o.line];
        for (size_t j = 0; j < i; ++j) {
          const Op& before = program.ops[cpu][j];
          if (over(cpu, j)) continue;
          if (before.act == Act::kSync || before.act == Act::kIsync) return false;
          if (before.writes() && std::find(words.begin(), words.end(), before.word) != words.end()) return false;
        }
        s.status[id] = Status::kDone;
        s.reached[id] = 0;
        s.pushed[id].fill(kNothing);
        for (size_t k = 0; o.act == Act::kDcbst && k < words.size(); ++k)
          s.pushed[id][k] = at(words[k], newest(cpu, words[k]));
        say(cpu, name(id));
        return true;
      }
    }
    return false;
  }
  bool barrier_ready(size_t cpu, size_t i) const { return all_before(cpu, i); }
  /// Stores that have reached this CPU: those that somebody lacks, or all.
  uint64_t known(size_t cpu, bool all) const {
    uint64_t mask = 0;
    for (size_t w = 0; w < program.model.words.size(); ++w)
      for (int k = 0; k < s.stored[w]; ++k)
        if ((s.reached[at(w, k)] & cpu_bit(cpu)) && (all || !everywhere(at(w, k)))) mask |= bit(at(w, k));
    return mask;
  }
  uint64_t own_cache_events(size_t cpu) const {
    uint64_t mask = 0;
    for (size_t i = 0; i < program.ops[cpu].size(); ++i) {
      const Act act = program.ops[cpu][i].act;
      const size_t id = id_of(cpu, i);
      if ((act == Act::kDcbst || act == Act::kIcbi) && s.status[id] == Status::kDone && !everywhere(id)) mask |= bit(id);
    }
    return mask;
  }
  void settle() {
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t cpu = 0; cpu < cpus(); ++cpu) {
        if (s.absent & cpu_bit(cpu)) continue;
        for (size_t i = 0; i < program.ops[cpu].size(); ++i) changed |= settle_one(cpu, i);
      }
      for (size_t from = 0; from < cpus(); ++from)
        for (size_t i = 0; i < program.ops[from].size(); ++i) {
          const size_t id = id_of(from, i);
          if (!program.ops[from][i].travels() || s.status[id] != Status::kDone || everywhere(id)) continue;
          for (size_t cpu = 0; cpu < cpus(); ++cpu)
            if (may_arrive(id, cpu) && !matters(id, cpu)) {
              arrive(id, cpu, false);
              changed = true;
            }
        }
    }
  }
};

void Machine::begin(bool with_log, const Visit& visit) const {
  State s;
  s.read.fill(kNothing);
  for (auto& pushed : s.pushed) pushed.fill(kNothing);
  for (size_t cpu = 0; cpu < kMostCpus; ++cpu)
    for (size_t w = 0; w < kMostWords; ++w) s.stale[cpu][w] = s.held[cpu][w] = static_cast<EventId>(kInitial + w);
  unsigned never = 0, perhaps = 0;
  for (size_t cpu = 0; cpu < program_.ops.size(); ++cpu) {
    if (program_.model.cpus[cpu].arrival == Arrival::kNever) never |= cpu_bit(cpu);
    if (program_.model.cpus[cpu].arrival == Arrival::kPerhaps) perhaps |= cpu_bit(cpu);
  }
  for (unsigned some = perhaps;; some = (some - 1) & perhaps) {
    Turn turn{program_, s, with_log};
    turn.s.absent = static_cast<uint8_t>(never | some);
    for (size_t cpu = 0; cpu < program_.ops.size(); ++cpu)
      if (turn.s.absent & cpu_bit(cpu)) turn.say(cpu, "never arrives");
    turn.settle();
    visit(turn.s, turn.log);
    if (some == 0) break;
  }
}

void Machine::next(const State& state, bool with_log, const Visit& visit) const {
  const Turn now{program_, state};
  auto with = [&](auto change) {
    Turn turn{program_, state, with_log};
    change(turn);
    turn.settle();
    visit(turn.s, turn.log);
  };
  for (size_t cpu = 0; cpu < program_.ops.size(); ++cpu) {
    const bool absent = state.absent & cpu_bit(cpu);
    for (size_t i = 0; !absent && i < program_.ops[cpu].size(); ++i) {
      const Op& o = program_.ops[cpu][i];
      const size_t id = program_.id_of(cpu, i);
      if (state.status[id] != Status::kWaiting) continue;
      if (o.reads()) {
        const EventId from = now.source_of(cpu, i);
        if (from == kNothing || (o.act == Act::kPoll && now.value(from) != o.value)) continue;
        with([&](Turn& t) {
          t.say(cpu, t.name(id) + (t.certain(cpu, i) ? "" : ", before what stands before it is decided"), t.seen(from));
          t.read(cpu, i, from);
        });
      } else if (o.act == Act::kFetch && now.open(cpu, i, true)) {
        const int newest = now.newest(cpu, o.word);
        uint64_t values[4] = {};
        for (int k = now.place(o.word, state.held[cpu][o.word]); k <= newest; ++k) {
          const EventId from = now.at(o.word, k);
          const uint8_t value = now.value(from);
          if (values[value / 64] >> (value % 64) & 1) continue;
          values[value / 64] |= uint64_t{1} << (value % 64);
          with([&](Turn& t) {
            t.say(cpu, t.name(id) + (t.certain(cpu, i) ? "" : ", before what stands before it is decided"),
                  t.seen(from) + (k < newest ? " (a copy that the instruction cache may still hold)" : ""));
            t.read(cpu, i, value == now.value(now.at(o.word, -1)) ? now.at(o.word, -1) : from);  // only the value counts
          });
        }
      } else if (o.act == Act::kAdd && now.may_finish(cpu, i) && now.newest(cpu, o.word) + 1 == state.stored[o.word]) {
        with([&](Turn& t) { t.commit(cpu, i, state.stored[o.word]); });
      } else if (o.act == Act::kStore && now.may_finish(cpu, i)) {
        for (int k = now.newest(cpu, o.word) + 1; k <= state.stored[o.word]; ++k)
          if (now.may_stand(cpu, o.word, k)) with([&](Turn& t) { t.commit(cpu, i, k); });
      }
    }
  }
  for (size_t from = 0; from < program_.ops.size(); ++from)
    for (size_t i = 0; i < program_.ops[from].size(); ++i) {
      const size_t id = program_.id_of(from, i);
      if (!program_.ops[from][i].travels()) continue;
      for (size_t cpu = 0; cpu < program_.ops.size(); ++cpu)
        if (now.may_arrive(id, cpu)) with([&](Turn& t) { t.arrive(id, cpu, true); });
    }
}

bool Machine::finished(const State& s, size_t cpu) const {
  for (size_t i = 0; i < program_.ops[cpu].size(); ++i)
    if (s.status[program_.id_of(cpu, i)] < Status::kDone) return false;
  return true;
}

bool Machine::ends_as_never(const State& s) const {
  if (program_.never.empty()) return false;
  for (size_t cpu = 0; cpu < program_.ops.size(); ++cpu)
    if (!(s.absent & cpu_bit(cpu)) && !finished(s, cpu)) return false;
  const Turn now{program_, s};
  for (const End& end : program_.never) {
    const EventId id = end.cpu >= 0 ? s.read[program_.id_of(static_cast<size_t>(end.cpu), end.number)]
                                    : now.at(end.number, s.stored[end.number] - 1);
    if (now.value(id) != end.value) return false;
  }
  return true;
}

int Machine::waits_for_ever(const State& s) const {
  for (size_t cpu = 0; cpu < program_.ops.size(); ++cpu)
    if (program_.model.cpus[cpu].must_finish && !(s.absent & cpu_bit(cpu)) && !finished(s, cpu))
      return static_cast<int>(cpu);
  return -1;
}

}  // namespace baton::handshake
