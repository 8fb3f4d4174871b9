// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First only what the scene is about, then a walk over all runs at once. See cpu_program.h.
#include "slaves/cpu_program.h"

#include <algorithm>

#include "base/address.h"

namespace baton::slaves {

using Kind = SharedEvent::Kind;
using End = SharedRun::End;
using handshake::Event;

Scene::Scene(uint64_t block, const std::vector<const Writes*>& writes, std::set<uint64_t> places, std::optional<uint64_t> must_be_last)
    : block_(block), needed_(must_be_last) {
  if (needed_) places.insert(*needed_);
  for (const Writes* of : writes)
    for (uint64_t place : places) {
      auto cell = of->cells().find(place);
      if (cell == of->cells().end()) continue;
      words_[place] = {hex(Address{place}), 0, {}};
      if (needed_ == place) needed_version_ = static_cast<uint8_t>(cell->second.last);
    }
  if (needed_) is_fetched(*needed_);
}

void Scene::is_fetched(uint64_t place) {
  const uint64_t block = place & ~(block_ - 1);
  words_.at(place).line = "block " + hex(Address{block});
}

std::vector<handshake::Word> Scene::words() const {
  std::vector<handshake::Word> words;
  for (const auto& [place, word] : words_) words.push_back(word);
  words.push_back({kNoWayOn, 0, {}});
  words.push_back({kNotFollowed, 0, {}});
  return words;
}

std::string Scene::line(const Range& block) const {
  for (const auto& [place, word] : words_)
    if (!word.line.empty() && block.contains(Address{place})) return word.line;
  return {};
}

namespace {

std::string text(const SharedEvent& e, bool with_version) {
  std::string text = std::to_string(static_cast<int>(e.kind)) + "@" + hex(e.place.begin);
  if (with_version || e.writes()) text += "=" + std::to_string(e.version);
  return text;
}

/// Without what is not needed by the stores that are left, of a CPU that reads nothing: leaving out a barrier allows more.
std::vector<SharedEvent> without_repeats(std::vector<SharedEvent> events, const Scene& scene) {
  enum Stage { kStored, kLeaving, kWritten, kDropping, kReady };
  std::map<std::string, int> lines;  // that were stored to
  std::vector<SharedEvent> kept;
  bool synced = true;  // nothing to be ordered before the next event
  for (SharedEvent& e : events) {
    bool keep = true;
    auto advance = [&](Stage from, Stage to) {
      auto line = lines.find(scene.line(e.place));
      keep = line != lines.end() && line->second == from;
      if (keep) line->second = to;
    };
    switch (e.kind) {
      case Kind::kStore:
      case Kind::kAdd:
        if (const std::string& line = scene.word(e.place).line; !line.empty()) lines[line] = kStored;
        break;
      case Kind::kDcbst: advance(kStored, kLeaving); break;
      case Kind::kIcbi: advance(kWritten, kDropping); break;
      case Kind::kSync:
        keep = !synced;
        for (auto& [line, stage] : lines)
          if (stage == kLeaving || stage == kDropping) ++stage;
        break;
      case Kind::kLwsync: keep = !synced; break;
      default: break;
    }
    if (!keep) continue;
    synced = e.kind == Kind::kSync;
    kept.push_back(std::move(e));
  }
  return kept;
}

/// Without turns of a loop before the last one that only looked: they order nothing, nor does anything depend on them.
void leave_last_turns(SharedRun& run) {
  auto& events = run.events;
  for (size_t begin = 0; begin < events.size(); ++begin) {
    if (!events[begin].reads()) continue;
    for (size_t next = begin + 1; next < events.size() && (events[next].reads() || events[next].kind == Kind::kBranch); ++next) {
      if (events[next].kind != events[begin].kind || events[next].place != events[begin].place || events[next].by != events[begin].by) continue;
      std::vector<SharedEvent> rest;
      if (run.end == End::kRepeats && run.back_to > begin) {
        // Back into the turn that is left out: to its end, and on to the one that stays.
        for (size_t i = run.back_to; i < next; ++i) rest.push_back(events[i]);
        run.back_to = run.back_to < next ? begin : run.back_to - (next - begin);
      }
      events.erase(events.begin() + static_cast<std::ptrdiff_t>(begin), events.begin() + static_cast<std::ptrdiff_t>(next));
      events.insert(events.end(), rest.begin(), rest.end());
      next = begin;
    }
  }
}

/// What is left of a run.
SharedRun seen_in(const SharedRun& run, const Scene& scene) {
  SharedRun seen = run;
  seen.events.clear();
  const bool any_reads = std::any_of(run.events.begin(), run.events.end(), [](const SharedEvent& e) { return e.reads(); });
  std::vector<SharedEvent> events;
  std::vector<size_t> from;  // of those that were kept
  for (size_t i = 0; i < run.events.size(); ++i) {
    const SharedEvent& e = run.events[i];
    bool keep = true;
    switch (e.kind) {
      case Kind::kFetch:
      case Kind::kLoad:
      case Kind::kStore:
      case Kind::kAdd: keep = scene.has(e.place); break;
      case Kind::kDcbst:
      case Kind::kIcbi: keep = !scene.line(e.place).empty(); break;
      case Kind::kIsync: keep = any_reads; break;
      // Right behind a sync there is nothing more to be ordered.
      case Kind::kSync:
      case Kind::kLwsync: keep = seen.events.empty() || seen.events.back().kind != Kind::kSync; break;
      default: break;
    }
    if (!keep) continue;
    from.push_back(i);
    seen.events.push_back(e);
  }
  if (run.end == End::kRepeats)
    seen.back_to = static_cast<size_t>(std::lower_bound(from.begin(), from.end(), run.back_to) - from.begin());
  leave_last_turns(seen);
  if (!any_reads) seen.events = without_repeats(std::move(seen.events), scene);
  return seen;
}

class Writer {
 public:
  Writer(const std::vector<SharedRun>& runs, const Scene& scene, bool is_slave, Fetching fetching)
      : scene_(scene), is_slave_(is_slave), fetching_(fetching) {
    for (const SharedRun& run : runs) {
      SharedRun seen = seen_in(run, scene);
      if (std::find(runs_.begin(), runs_.end(), seen) == runs_.end()) runs_.push_back(std::move(seen));
    }
  }

  Result<CpuProgram> write() {
    Group all;
    for (const SharedRun& run : runs_) all.push_back(&run);
    if (!all.empty()) go(all, 0, {}, {});
    if (!failure_.empty()) return Failure{Failure::Kind::kUnsuitable, failure_, {}};
    for (size_t branch : to_end_) out_.events[branch].target = out_.events.size();
    return std::move(out_);
  }

 private:
  using Group = std::vector<const SharedRun*>;
  using Undecided = std::vector<std::pair<size_t, std::string>>;  // a read of the runs, and its register

  using Written = std::map<size_t, size_t>;  // event of the runs -> where it is in the program

  static std::string future(const SharedRun& run, size_t from) {
    std::string all;
    for (size_t i = from; i < run.events.size(); ++i) all += text(run.events[i], true) + " ";
    return all + "end " + std::to_string(static_cast<int>(run.end)) + " " + std::to_string(run.back_to) + " " + run.reason;
  }
  static std::map<size_t, Group> by_version(const Group& group, size_t read) {
    std::map<size_t, Group> parts;
    for (const SharedRun* run : group) parts[run->events[read].version].push_back(run);
    return parts;
  }

  void add(Event event) { out_.events.push_back(std::move(event)); }

  /// All runs of the group are alike before `at`, but for what they found in reads that are `undecided`.
  void go(Group group, size_t at, Undecided undecided, Written written) {
    while (failure_.empty()) {
      written[at] = out_.events.size();
      const SharedRun& first = *group.front();
      const bool ended = first.events.size() == at;
      for (const SharedRun* run : group)
        if ((run->events.size() == at) != ended || (ended ? future(*run, at) != future(first, at) : text(run->events[at], false) != text(first.events[at], false)))
          return fail();
      if (ended) return finish(first);
      const SharedEvent& e = first.events[at];
      switch (e.kind) {
        case Kind::kFetch: {
          if (e.must_be_last) {
            add(handshake::fetch(word(e), {static_cast<uint8_t>(e.version)}));
            ++at;
            continue;
          }
          const std::string reg = name();
          add(handshake::fetch(word(e), without_wrong(group, at), reg));
          if (fetching_ == Fetching::kInOrder) add(handshake::isync());
          ++at;
          Undecided this_one{{at - 1, reg}};
          if (part(group, at, this_one, undecided, written)) return;
          continue;
        }
        case Kind::kLoad: {
          if (wait_for_one(group, at)) {
            ++at;
            continue;
          }
          const std::string reg = name();
          add(handshake::load(reg, word(e)));
          ++at;
          undecided.emplace_back(at - 1, reg);
          continue;
        }
        case Kind::kBranch: {
          ++at;
          Undecided here;
          std::swap(here, undecided);
          if (part(group, at, here, undecided, written)) return;
          continue;
        }
        case Kind::kStore: add(handshake::store(word(e), static_cast<uint8_t>(e.version))); break;
        case Kind::kAdd: add(handshake::add(word(e), static_cast<uint8_t>(e.version))); break;
        case Kind::kSync: add(handshake::sync()); break;
        case Kind::kLwsync: add(handshake::lwsync()); break;
        case Kind::kIsync: add(handshake::isync()); break;
        case Kind::kDcbst: add(handshake::dcbst(scene_.line(e.place))); break;
        case Kind::kIcbi: add(handshake::icbi(scene_.line(e.place))); break;
      }
      ++at;
    }
  }

  /// The values with which it goes on, where it does not with others: those are not followed.
  std::vector<uint8_t> without_wrong(Group& group, size_t at) {
    std::vector<uint8_t> good;
    Group left;
    std::vector<std::string> reasons;
    for (const auto& [version, part] : by_version(group, at)) {
      if (std::all_of(part.begin(), part.end(), [&](const SharedRun* run) { return run->end == End::kWrong && run->events.size() == at + 1; })) {
        reasons.push_back(part.front()->reason);
        continue;
      }
      good.push_back(static_cast<uint8_t>(version));
      left.insert(left.end(), part.begin(), part.end());
    }
    if (reasons.empty() || left.empty()) return {};
    for (std::string& reason : reasons) out_.reasons.emplace_back(word(group.front()->events[at]), std::move(reason));
    group = std::move(left);
    return good;
  }

  /// A load that all but one value only repeat: it waits for that one. The group is then of those that found it.
  bool wait_for_one(Group& group, size_t at) {
    auto waits = [&](const SharedRun* run) {
      size_t next = at + 1;
      while (next < run->events.size() && run->events[next].kind == Kind::kBranch) ++next;
      return next == run->events.size() && run->end == End::kRepeats && run->back_to == at;
    };
    auto parts = by_version(group, at);
    std::vector<size_t> left;
    for (const auto& [version, part] : parts)
      if (!std::all_of(part.begin(), part.end(), waits)) left.push_back(version);
    if (left.size() != 1 || parts.size() < 2) return false;
    add(handshake::poll(word(group.front()->events[at]), static_cast<uint8_t>(left[0])));
    group = parts.at(left[0]);
    return true;
  }

  /// Who only looks, and looks again if this is what it found: a loop, where the explorer has such loops.
  bool go_back(const Group& group, size_t at, const std::string& reg, const std::vector<size_t>& versions, const Written& written) {
    const SharedRun& first = *group.front();
    for (const SharedRun* run : group)
      if (run->events.size() != at || run->end != End::kRepeats || run->back_to != first.back_to) return false;
    const size_t target = written.at(first.back_to);
    bool writes_reg = false;
    for (size_t i = target; i < out_.events.size(); ++i) {
      const Event& e = out_.events[i];
      if (e.act != handshake::Act::kLoad && e.act != handshake::Act::kFetch) return false;
      writes_reg = writes_reg || e.reg == reg;
    }
    if (!writes_reg || versions.size() != 1) return false;
    add(handshake::branch_if(reg, static_cast<uint8_t>(versions.front()), target));
    return true;
  }

  /// By what was found in one of `reads`, where that makes a difference from `at` on. True: all is written. Reads of
  /// which nothing depends any more are forgotten; the others stay undecided.
  bool part(Group& group, size_t at, Undecided& reads, Undecided& undecided, const Written& written) {
    while (!reads.empty()) {
      const auto [read, reg] = reads.front();
      reads.erase(reads.begin());
      auto parts = by_version(group, read);
      // Values with the same future are one.
      std::vector<std::pair<std::set<std::string>, std::vector<size_t>>> classes;
      for (const auto& [version, runs] : parts) {
        std::set<std::string> futures;
        for (const SharedRun* run : runs) futures.insert(future(*run, at));
        auto same = std::find_if(classes.begin(), classes.end(), [&](const auto& c) { return c.first == futures; });
        if (same == classes.end()) classes.push_back({futures, {version}});
        else same->second.push_back(version);
      }
      if (classes.size() == 1) {
        group = parts.begin()->second;
        continue;
      }
      std::erase_if(classes, [&](const auto& c) { return go_back(parts.at(c.second.front()), at, reg, c.second, written); });
      if (classes.empty()) return true;
      std::vector<std::vector<size_t>> jumps(classes.size());
      for (size_t c = 1; c < classes.size(); ++c)
        for (size_t version : classes[c].second) {
          jumps[c].push_back(out_.events.size());
          add(handshake::branch_if(reg, static_cast<uint8_t>(version), 0));
        }
      for (size_t c = 0; c < classes.size(); ++c) {
        for (size_t jump : jumps[c]) out_.events[jump].target = out_.events.size();
        Group body = parts.at(classes[c].second.front());
        Undecided more = reads, still = undecided;
        if (!part(body, at, more, still, written)) go(body, at, still, written);
        if (c + 1 == classes.size()) break;
        for (size_t version : classes[c].second) {
          to_end_.push_back(out_.events.size());
          add(handshake::branch_if(reg, static_cast<uint8_t>(version), 0));
        }
      }
      return true;
    }
    return false;
  }

  void finish(const SharedRun& run) {
    switch (run.end) {
      case End::kEnters:
        if (is_slave_ && scene_.needed()) add(handshake::fetch(scene_.needed()->name, {scene_.needed_version()}));
        return;
      case End::kRepeats:
        // This turn is not the last, and the last one is looked at as if it were the first.
        out_.leaves_turns_out = true;
        return;
      case End::kWaits: return;
      case End::kWrong:
      case End::kUnknown: {
        const char* word = run.end == End::kWrong ? kNoWayOn : kNotFollowed;
        Event event = handshake::load(name(), word);
        event.must_be = {1};
        add(std::move(event));
        out_.reasons.emplace_back(word, run.reason);
        return;
      }
    }
  }
  void fail() {
    failure_ = "what it does next depends on what it read, and no branch stands between";
  }
  std::string word(const SharedEvent& e) const { return scene_.word(e.place).name; }
  std::string name() const { return "r" + std::to_string(out_.events.size()); }

  const Scene& scene_;
  const bool is_slave_;
  const Fetching fetching_;
  std::vector<SharedRun> runs_;
  CpuProgram out_;
  std::vector<size_t> to_end_;
  std::string failure_;
};

}  // namespace

Result<CpuProgram> cpu_program(const std::vector<SharedRun>& runs, const Scene& scene, bool is_slave, Fetching fetching) {
  return Writer(runs, scene, is_slave, fetching).write();
}

}  // namespace baton::slaves
