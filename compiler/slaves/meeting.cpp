// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From runs to models, a place of the taker's code at a time. See meeting.h.
#include "slaves/meeting.h"

#include <algorithm>
#include <set>

#include "base/address.h"
#include "handshake/explore.h"
#include "slaves/cpu_program.h"

namespace baton::slaves {

using handshake::Arrival;
using handshake::Model;
using Kind = SharedEvent::Kind;
using End = SharedRun::End;
using verify::Outcome;

namespace {

/// A master that waits for slaves can be followed once it is known what they store, and they once it is known what it does.
constexpr size_t kMostRounds = 3;
/// More CPUs than that are not in one model (handshake/model.h).
constexpr size_t kMostSlaves = handshake::kMostCpus - 1;

class Encounter {
 public:
  explicit Encounter(const MeetingOf& of) : of_(of), count_(std::min(of.count, kMostSlaves)) {}

  Meeting run() {
    if (follow()) look();
    return std::move(result_);
  }

 private:
  bool unknown(std::string why) {
    result_.outcome = Outcome::kUnknown;
    result_.detail = std::move(why);
    return false;
  }

  /// What everybody does, as far as it depends on what the others do.
  bool follow() {
    for (size_t round = 0; round < kMostRounds; ++round) {
      std::vector<SharedRun> master;
      Writes by_master;
      for (size_t i = 0; i < of_.masters.size(); ++i) {
        const bool is_seen = by_slaves_.empty() && i < of_.seen.size();
        SharedRuns runs = is_seen ? of_.seen[i] : shared_runs(of_.masters[i], by_slaves_);
        if (!runs.incomplete.empty()) return unknown("of the master, " + runs.incomplete);
        for (SharedRun& run : runs.runs) {
          for (SharedEvent& e : run.events)
            if (e.kind == Kind::kStore) by_master.add(e);
          by_master.add(run.not_followed);
          master.push_back(std::move(run));
        }
      }
      std::vector<std::vector<SharedRun>> slaves;
      Writes by_slaves;
      for (const Thread& thread : of_.slaves) {
        SharedRuns runs = shared_runs(thread, by_master);
        if (!runs.incomplete.empty()) return unknown("of a slave, " + runs.incomplete);
        std::set<uint64_t> added;
        for (SharedRun& run : runs.runs) {
          by_slaves.add(run.not_followed);
          if (of_.must_enter && run.end == End::kWaits) run.end = End::kWrong;
          for (SharedEvent& e : run.events) {
            if (e.kind == Kind::kStore) by_slaves.add(e);
            if (e.kind != Kind::kAdd) continue;
            if (!count_up(e)) return unknown("what a slave stores conditionally at " + hex(e.place.begin) + " is no count");
            if (added.insert(e.place.begin.value()).second) by_slaves.add_counts(e, of_.count, thread.order);
          }
        }
        slaves.push_back(std::move(runs.runs));
      }
      const bool settled = same(by_master, by_master_) && same(by_slaves, by_slaves_);
      master_ = std::move(master);
      slaves_ = std::move(slaves);
      by_master_ = std::move(by_master);
      by_slaves_ = std::move(by_slaves);
      if (settled || (by_slaves_.empty() && round == 0)) return arrives();
    }
    return unknown("what master and slaves store depends on each other");
  }
  bool arrives() {
    if (std::any_of(master_.begin(), master_.end(), [](const SharedRun& run) { return run.end == End::kEnters; })) return true;
    result_.slaves_only_look = by_slaves_.empty() && std::none_of(slaves_.begin(), slaves_.end(), [](const auto& runs) {
      return std::any_of(runs.begin(), runs.end(), [](const SharedRun& run) { return run.end == End::kUnknown; });
    });
    const SharedRun& first = master_.front();
    return unknown("the master does not come to its jump" + (first.reason.empty() ? "" : ": " + first.reason));
  }
  static bool same(const Writes& a, const Writes& b) {
    return std::equal(a.cells().begin(), a.cells().end(), b.cells().begin(), b.cells().end(), [](const auto& x, const auto& y) {
      return x.first == y.first && x.second.place == y.second.place && x.second.versions == y.second.versions;
    }) && a.not_followed() == b.not_followed();
  }
  /// An addition to what was there, of which the event gets how much.
  static bool count_up(SharedEvent& e) {
    if (!e.left.known || !e.initial.known) return false;
    uint64_t before = 0, after = 0;
    for (size_t i = 0; i < e.left.size; ++i) before = before << 8 | e.initial.bytes[i], after = after << 8 | e.left.bytes[i];
    e.version = after - before;
    return e.version == 1;
  }

  static void add_read(const std::vector<SharedRun>& runs, std::set<uint64_t>& read, std::set<uint64_t>& fetched) {
    for (const SharedRun& run : runs)
      for (const SharedEvent& e : run.events) {
        if (e.reads()) read.insert(e.place.begin.value());
        if (e.kind == Kind::kFetch) fetched.insert(e.place.begin.value());
      }
  }

  void look() {
    std::set<uint64_t> read, fetched;
    add_read(master_, read, fetched);
    for (const auto& runs : slaves_) add_read(runs, read, fetched);
    if (of_.window.overlaps(by_master_.not_followed()))
      return void(unknown("the master stores where they may land, in turns of a loop that were not run"));
    std::vector<std::optional<uint64_t>> needs;
    for (const auto& [place, cell] : by_master_.cells())
      if (cell.versions.size() > 1 && of_.window.overlaps(RangeSet{cell.place}) && read.count(place) == 0) needs.emplace_back(place);
    if (read.empty() && needs.empty()) return overlay();
    if (leaves_one()) return;
    if (needs.empty()) needs.emplace_back(std::nullopt);
    if (!explore_all(read, fetched, needs, Fetching::kAnyOrder)) {
      if (result_.outcome != Outcome::kRefuted) return;
      // What is wrong even then is what is to be told.
      result_ = {};
      if (!explore_all(read, fetched, needs, Fetching::kInOrder)) return;
      in_order_ = true;
    }
    say(fetched);
  }

  /// A slave that comes before anything is stored, and from some moment on finds all as it is stored last, goes around for ever.
  const SharedEvent* wait_of(const SharedRun& run) const {
    if (run.end != End::kRepeats) return nullptr;
    const SharedEvent* looks = nullptr;
    bool all_stored = false;
    for (size_t i = 0; i < run.events.size(); ++i) {
      const SharedEvent& e = run.events[i];
      if (!e.reads()) continue;
      auto cell = by_master_.cells().find(e.place.begin.value());
      if (cell == by_master_.cells().end()) return nullptr;
      all_stored = all_stored || i >= run.back_to || e.version != 0;
      if (e.version != (all_stored ? cell->second.last : 0)) return nullptr;
      if (i >= run.back_to && !looks) looks = &e;
    }
    return looks;
  }

  /// Whether one is left waiting, by the last of what a master stores that goes one way.
  bool leaves_one() {
    if (!of_.must_enter || master_.size() != 1 || !by_slaves_.empty()) return false;
    for (const auto& runs : slaves_)
      for (const SharedRun& run : runs)
        if (const SharedEvent* looks = wait_of(run)) {
          result_.outcome = Outcome::kRefuted;
          result_.detail = "a slave that comes early waits at " + hex(Address{looks->by}) + " for ever: what it looks at at " + hex(looks->place.begin) +
                           " does not let it go, as the master leaves it";
          return true;
        }
    return false;
  }

  /// False: the result says why not.
  bool explore_all(const std::set<uint64_t>& read, const std::set<uint64_t>& fetched, const std::vector<std::optional<uint64_t>>& needs,
                   Fetching fetching) {
    std::set<std::string> seen;
    result_.outcome = Outcome::kProved;
    for (const auto& need : needs) {
      Scene scene(of_.block, {&by_master_, &by_slaves_}, read, need);
      for (uint64_t place : fetched) scene.is_fetched(place);
      for (const auto& master : master_programs(scene)) {
        if (!master) return unknown("of the master, " + master.failure().message);
        auto model = model_of(scene, *master, fetching);
        if (!model) return unknown(model.failure().message);
        if (!seen.insert(shape(*model, need)).second) continue;
        if (!explore(*model, need)) return false;
      }
    }
    return true;
  }

  /// A master that reads what slaves store is one program; one that does not, one for each way that it can go.
  std::vector<Result<CpuProgram>> master_programs(const Scene& scene) const {
    std::vector<Result<CpuProgram>> programs;
    auto reads = [](const SharedRun& run) { return std::any_of(run.events.begin(), run.events.end(), [](const auto& e) { return e.reads(); }); };
    if (std::any_of(master_.begin(), master_.end(), reads)) {
      programs.push_back(cpu_program(master_, scene, false, Fetching::kAnyOrder));
    } else {
      for (const SharedRun& run : master_)
        if (run.end == End::kEnters) programs.push_back(cpu_program({run}, scene, false, Fetching::kAnyOrder));
    }
    return programs;
  }

  Result<Model> model_of(const Scene& scene, const CpuProgram& master, Fetching fetching) {
    Model model;
    model.words = scene.words();
    model.cpus.push_back({"master", master.events, Arrival::kSometime});
    reasons_ = master.reasons;
    std::vector<CpuProgram> programs;
    for (const auto& runs : slaves_) {
      auto program = cpu_program(runs, scene, true, fetching);
      if (!program) return Failure{Failure::Kind::kUnsuitable, "of a slave, " + program.failure().message, {}};
      programs.push_back(std::move(*program));
    }
    // Slaves that store nothing are not seen by anybody: each is as one that is alone.
    const size_t count = by_slaves_.empty() ? std::min(of_.together, kMostSlaves) : count_;
    for (size_t i = 0; i < count; ++i) {
      const CpuProgram& program = programs[i % programs.size()];
      model.cpus.push_back({"slave" + std::to_string(i + 1), program.events, Arrival::kSometime});
      reasons_.insert(reasons_.end(), program.reasons.begin(), program.reasons.end());
    }
    const bool all = !master.leaves_turns_out && std::none_of(programs.begin(), programs.end(), [](const CpuProgram& p) { return p.leaves_turns_out; });
    for (handshake::Cpu& cpu : model.cpus) cpu.must_finish = all;
    return model;
  }

  /// Equal for models that differ in the place that is needed only.
  static std::string shape(const Model& model, const std::optional<uint64_t>& need) {
    const std::string place = need ? hex(Address{*need}) : "";
    auto name = [&](const std::string& n) { return n == place ? std::string("needed") : n; };
    std::map<std::string, std::string> lines;
    auto line = [&](const std::string& l) { return l.empty() ? l : lines.try_emplace(l, "line" + std::to_string(lines.size())).first->second; };
    std::string text;
    for (const auto& word : model.words)
      if (name(word.name) != "needed") text += word.name + " in " + line(word.line) + "\n";
    for (const auto& word : model.words)
      if (name(word.name) == "needed") text += "needed in " + line(word.line) + "\n";
    for (const auto& cpu : model.cpus) {
      text += cpu.name + "\n";
      for (const auto& e : cpu.program) {
        text += std::to_string(static_cast<int>(e.act)) + " " + (lines.count(e.place) ? lines.at(e.place) : name(e.place)) + " " + e.reg + " " +
                std::to_string(e.value) + " " + std::to_string(e.target) + (e.unless ? "!" : "");
        for (uint8_t v : e.must_be) text += " must " + std::to_string(v);
        text += "\n";
      }
    }
    return text;
  }

  bool explore(const Model& model, const std::optional<uint64_t>& need) {
    auto verdict = handshake::explore(model);
    if (!verdict) return unknown("this is more than can be explored: " + verdict.failure().message);
    result_.models.push_back(model);
    result_.states += verdict->states;
    if (verdict->answer == handshake::Answer::kHolds) return true;
    if (verdict->answer == handshake::Answer::kUndecided) return unknown(verdict->reason);
    const bool not_followed = verdict->reason.find(kNotFollowed) != std::string::npos;
    std::string why;
    for (const auto& [word, reason] : reasons_)
      if (verdict->reason.find(" " + word + ": ") != std::string::npos && why.find(reason) == std::string::npos)
        why += (why.empty() ? "" : ", or ") + reason;
    result_.outcome = not_followed ? Outcome::kUnknown : Outcome::kRefuted;
    // Those words are ours; what stands behind them is what is to be told.
    const bool named = !not_followed && verdict->reason.find(kNoWayOn) == std::string::npos;
    const std::string who = verdict->reason.substr(0, verdict->reason.find(' '));
    result_.detail = (named ? verdict->reason + (why.empty() ? "" : ": ") : who + ": ") + why;
    if (need && verdict->reason.find(hex(Address{*need})) != std::string::npos) result_.detail += ", which is the taker's code";
    result_.trace = handshake::trace_text(*verdict);
    return false;
  }

  void overlay() {
    result_.outcome = Outcome::kProved;
    result_.detail = "identical-bytes overlay: the master changes nothing that they execute or read";
  }
  void say(const std::set<uint64_t>& fetched) {
    const bool acknowledged = std::any_of(master_.begin(), master_.end(), [](const SharedRun& run) {
      return std::any_of(run.events.begin(), run.events.end(), [](const SharedEvent& e) { return e.reads(); });
    });
    std::string how = acknowledged ? "acknowledged relay" : fetched.size() == 1 ? "single-branch window at " + hex(Address{*fetched.begin()})
                                                                              : "published before they are let go";
    result_.detail = how + ": every order that is possible ends well, in " + std::to_string(result_.states) + " states of " +
                     std::to_string(result_.models.size()) + (result_.models.size() == 1 ? " model" : " models");
    if (in_order_) {
      result_.outcome = Outcome::kAssumed;
      result_.detail += ", if a CPU that fetches the new instruction there fetches what is behind it no earlier; Book II does not say so";
    }
    if (!acknowledged && by_slaves_.empty()) return;
    if (of_.count > kMostSlaves) {
      result_.outcome = Outcome::kUnknown;
      result_.detail += ", for " + std::to_string(kMostSlaves) + " slaves; there are " + std::to_string(of_.count);
    } else if (acknowledged) {
      result_.outcome = Outcome::kAssumed;
      result_.detail += "; the master waits for ever for a slave that never comes";
    }
  }

  const MeetingOf& of_;
  const size_t count_;
  std::vector<SharedRun> master_;
  std::vector<std::vector<SharedRun>> slaves_;
  Writes by_master_, by_slaves_;
  std::vector<std::pair<std::string, std::string>> reasons_;
  bool in_order_ = false;
  Meeting result_;
};

}  // namespace

Meeting meet(const MeetingOf& of) { return Encounter(of).run(); }

}  // namespace baton::slaves
