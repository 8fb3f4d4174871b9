// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs are repeated from the entry with one more choice made. See shared_run.h.
#include "slaves/shared_run.h"

#include <algorithm>
#include <memory>
#include <set>

#include "base/address.h"
#include "ppc64/instruction.h"
#include "verify/machine.h"
#include "verify/semantics.h"

namespace baton::slaves {

using ppc64::Mnemonic;
using verify::Machine;
using verify::Registers;
using Kind = SharedEvent::Kind;
using End = SharedRun::End;

Writes::Cell& Writes::cell_of(const SharedEvent& event) {
  auto [at, fresh] = cells_.try_emplace(event.place.begin.value());
  Cell& cell = at->second;
  if (fresh) {
    cell.place = event.place;
    cell.versions.push_back(event.initial);
    // One store is seen at once only where its place is a multiple of its size (Power ISA 3.0B, Book II 1.4).
    cell.mixed = event.place.begin.value() % event.place.size().bytes() != 0;
  }
  if (cell.place != event.place) cell.mixed = true;
  if (at != cells_.begin() && std::prev(at)->second.place.overlaps(event.place)) std::prev(at)->second.mixed = cell.mixed = true;
  if (auto next = std::next(at); next != cells_.end() && next->second.place.overlaps(event.place)) next->second.mixed = cell.mixed = true;
  return cell;
}

void Writes::add(SharedEvent& event) {
  Cell& cell = cell_of(event);
  size_t version = cell.versions.size();
  if (event.left.known) version = static_cast<size_t>(std::find(cell.versions.begin(), cell.versions.end(), event.left) - cell.versions.begin());
  if (version == cell.versions.size()) cell.versions.push_back(event.left);
  event.version = cell.last = version;
}

void Writes::add_counts(const SharedEvent& addition, size_t cpus, Endian order) {
  Cell& cell = cell_of(addition);
  Content content = cell.versions.front();
  // A count that begins elsewhere, or is stored to as well.
  if (!content.known || content != Content{true, content.size, {}} || cell.versions.size() != 1) cell.mixed = true;
  for (size_t i = 1; i <= cpus; ++i) {
    const uint64_t number = i * addition.version;
    for (size_t k = 0; k < content.size; ++k)
      content.bytes[order == Endian::kBig ? content.size - 1 - k : k] = static_cast<uint8_t>(number >> 8 * k);
    cell.versions.push_back(content);
  }
  cell.last = cell.versions.size() - 1;
}

void Writes::add(const RangeSet& not_followed) {
  not_followed_ = not_followed_.unite(not_followed);
}

std::vector<const Writes::Cell*> Writes::touched(const Range& read) const {
  std::vector<const Cell*> found;
  auto at = cells_.lower_bound(read.begin.value());
  while (at != cells_.begin() && std::prev(at)->second.place.end > read.begin) --at;
  for (; at != cells_.end() && at->second.place.begin < read.end; ++at)
    if (at->second.place.overlaps(read)) found.push_back(&at->second);
  return found;
}

namespace {

/// The events on the way to here.
struct Trail {
  std::vector<SharedEvent> events;
  std::vector<std::pair<size_t, Registers>> reads;  // of reads: when each was about to be executed
  size_t met = 0;                                   // of the events: how many the others could tell, or tell something by
};

/// Steps without meeting anybody, after which it is looked for a state that comes again; then twice as many, and so on.
constexpr uint64_t kFirstQuiet = 64;

class Recorder : public verify::Observer {
 public:
  Recorder(const verify::Goals& to, const Writes& others, std::vector<size_t> script)
      : to_(to), others_(others), script_(std::move(script)) {}

  void follows(const std::string&) override {
    stopped_ = other_way_ = false;
    ending_ = {};
    quiet_.reset();
    quiet_met_ = quiet_steps_ = 0;
    quiet_limit_ = kFirstQuiet;
  }

  bool goes_on() const override { return !stopped_; }

  void before(Machine& m) override {
    m.memory.note_accesses(nullptr);
    accesses_.clear();
    if (stopped_) return;
    auto order = m.order();
    if (order && begin_step(m)) note_instruction(m, *order);
    if (!stopped_) m.memory.note_accesses(&accesses_);
  }

  void after(const Machine& m, const verify::SymbolNames&) override {
    const std::vector<verify::Access> accesses = accesses_;  // looking at memory is an access too
    accesses_.clear();
    for (const verify::Access& access : accesses)
      if (access.stores) note_store(m, access);
  }

  void ends(const Machine& m, const verify::Obligation& arrival) override {
    if (!stopped_) {
      if (m.pc == to_.target.value() && arrival.outcome <= verify::Outcome::kAssumed) return arrive(m);
      finish(arrival.outcome == verify::Outcome::kRefuted ? End::kWrong : End::kUnknown, arrival.detail);
    }
    close(m);
  }

  const std::vector<SharedRun>& runs() const { return runs_; }
  /// Choices that were not made, each as a script of its own.
  const std::set<std::vector<size_t>>& open() const { return open_; }

 private:
  static const Trail& trail(const Machine& m) {
    static const Trail kNone;
    return m.trail ? *static_cast<const Trail*>(m.trail.get()) : kNone;
  }
  /// To be changed: this way's own from here on, if others share it.
  static Trail& own_trail(const Machine& m) {
    if (!m.trail) m.trail = std::make_shared<Trail>();
    else if (m.trail.use_count() > 1) m.trail = std::make_shared<Trail>(trail(m));
    return *static_cast<Trail*>(m.trail.get());
  }
  void push(const Machine& m, SharedEvent event) {
    if (trail(m).events.size() >= kMostEvents) return finish(End::kUnknown, "it stores more than " + std::to_string(kMostEvents) + " times");
    event.by = m.pc;
    Trail& own = own_trail(m);
    own.met += event.reads() || event.writes() ? 1 : 0;
    own.events.push_back(std::move(event));
  }

  void finish(End end, std::string reason, size_t back_to = 0) {
    stopped_ = true;
    ending_.end = end;
    ending_.reason = std::move(reason);
    ending_.back_to = back_to;
  }
  void wait_for_ever(const Machine& m) { finish(End::kWaits, "it waits at " + hex(Wide{m.pc}) + " for ever, whatever the others do"); }
  void close(const Machine& m) {
    if (other_way_) return;
    ending_.events = trail(m).events;
    ending_.not_followed = m.coherence.not_followed().unite(m.stored_at_once);
    runs_.push_back(std::move(ending_));
  }

  /// Puts one of the values there that the place may have. False: the run ends here.
  bool choose(Machine& m, const Writes::Cell& cell, Kind kind, size_t& version) {
    const std::string where = hex(cell.place.begin);
    if (cell.mixed) return finish(End::kUnknown, "stores of different widths change what it reads at " + where), false;
    if (m.memory.was_stored(cell.place.begin.value(), static_cast<unsigned>(cell.place.size().bytes())))
      return finish(End::kUnknown, "it reads at " + where + " what it and another CPU store"), false;
    const Trail& trail = this->trail(m);
    Registers now = m;
    for (size_t k = trail.reads.size(); k-- > 0;) {
      const auto& [index, registers] = trail.reads[k];
      const SharedEvent& earlier = trail.events[index];
      const bool changed = std::any_of(trail.events.begin() + static_cast<std::ptrdiff_t>(index), trail.events.end(), [](const SharedEvent& e) { return e.writes(); });
      if (changed) break;
      if (earlier.kind == kind && earlier.place == cell.place && registers == now) return finish(End::kRepeats, {}, index), false;
    }
    std::vector<size_t> choices;
    for (const auto& [index, registers] : trail.reads) choices.push_back(trail.events[index].version);
    if (choices.size() >= kMostReads)
      return finish(End::kUnknown, "it reads more than " + std::to_string(kMostReads) + " times what others store"), false;
    version = 0;
    if (script_.size() > choices.size()) {
      version = script_[choices.size()];
      // Made for another way, which reads something else here.
      if (version >= cell.versions.size()) return stopped_ = other_way_ = true, false;
    } else {
      for (size_t v = 1; v < cell.versions.size(); ++v) {
        auto other = choices;
        other.push_back(v);
        open_.insert(std::move(other));
      }
    }
    const Content& content = cell.versions[version];
    const size_t index = trail.events.size();
    push(m, {kind, cell.place, version});
    if (stopped_) return false;
    own_trail(m).reads.emplace_back(index, std::move(now));
    if (!content.known && kind == Kind::kFetch && version == 0 && m.memory.name_at(cell.place.begin.value()).empty())
      return finish(End::kWrong, "it executes at " + where + " what was there at entry, and nobody put there"), false;
    if (!content.known) return finish(End::kUnknown, "it reads at " + where + " what is no number"), false;
    m.memory.describe("what another CPU stores", cell.place.begin.value(), ByteView(content.bytes).first(content.size), content.size);
    return true;
  }

  /// What others store there is known: no turn of a loop that stores there was left out.
  bool is_followed(const Range& place) {
    if (!others_.not_followed().overlaps(place)) return true;
    return finish(End::kUnknown, "it reads at " + hex(place.begin) + " what another CPU stores in a turn that was not run"), false;
  }

  /// Of turns that were done at once nobody has seen what they found.
  bool others_left_alone(const RangeSet& loaded) {
    for (const Range& range : loaded) {
      if (!is_followed(range)) return false;
      if (const auto touched = others_.touched(range); !touched.empty())
        return finish(End::kUnknown, "it copies what another CPU stores at " + hex(touched.front()->place.begin)), false;
    }
    return true;
  }

  /// The fetch; and whether it goes around without meeting anybody.
  bool begin_step(Machine& m) {
    const Range fetch = Range::at(Address{m.place_of(m.pc)}, Size{4});
    bool is_last = true;
    if (!is_followed(fetch) || !others_left_alone(m.loaded_at_once)) return false;
    for (const Writes::Cell* cell : others_.touched(fetch)) {
      size_t version = 0;
      if (!choose(m, *cell, Kind::kFetch, version)) return false;
      is_last = is_last && version == cell->last;
    }
    // Where it lands is where the taker's code is: it is there if that is what it found.
    if (m.pc == to_.target.value() && is_last) return finish(End::kEnters, {}), false;
    if (quiet_met_ != trail(m).met) {
      quiet_met_ = trail(m).met;
      quiet_.reset();
      quiet_steps_ = 0;
      quiet_limit_ = kFirstQuiet;
    }
    if (quiet_ && quiet_->pc == m.pc && *quiet_ == m) return wait_for_ever(m), false;
    if (++quiet_steps_ == quiet_limit_) {
      quiet_ = std::make_shared<const Registers>(m);
      quiet_limit_ *= 2;
    }
    return true;
  }

  void note_instruction(Machine& m, Endian order) {
    conditional_ = false;
    auto word = m.memory.load(m.place_of(m.pc), 4, order).constant();
    auto instruction = word ? ppc64::decode(static_cast<uint32_t>(*word)) : std::nullopt;
    if (!instruction) return;
    const auto& o = instruction->operands;
    auto of_block = [&](Kind kind) {
      verify::Value total = verify::add(o[0] == 0 ? verify::Value() : m.gpr[static_cast<size_t>(o[0])], m.gpr[static_cast<size_t>(o[1])]);
      if (auto address = total.constant()) {
        const uint64_t block = m.coherence.block();
        push(m, {kind, Range::at(Address{m.place_of(*address) & ~(block - 1)}, Size{block})});
      }
    };
    switch (instruction->mnemonic) {
      case Mnemonic::kSync:
      case Mnemonic::kPtesync: return push(m, {Kind::kSync});
      case Mnemonic::kLwsync: return push(m, {Kind::kLwsync});
      case Mnemonic::kIsync:
      case Mnemonic::kRfid:
      case Mnemonic::kHrfid: return push(m, {Kind::kIsync});
      case Mnemonic::kDcbst:
      case Mnemonic::kDcbf: return of_block(Kind::kDcbst);
      case Mnemonic::kIcbi: return of_block(Kind::kIcbi);
      case Mnemonic::kB:
        if (o[0] == 0) wait_for_ever(m);
        return;
      case Mnemonic::kBa:
        if (static_cast<uint64_t>(o[0]) == m.pc) wait_for_ever(m);
        return;
      case Mnemonic::kBc:
      case Mnemonic::kBca:
      case Mnemonic::kBcl:
      case Mnemonic::kBclr:
      case Mnemonic::kBclrl:
      case Mnemonic::kBcctr:
      case Mnemonic::kBcctrl:
        // Whether it depends on what was read is seen from where the runs part.
        if ((o[0] & 16) == 0 && !trail(m).reads.empty()) push(m, {Kind::kBranch});
        return;
      default: break;
    }
    conditional_ = instruction->mnemonic == Mnemonic::kStwcxDot || instruction->mnemonic == Mnemonic::kStdcxDot;
    if (others_.empty() || ppc64::access_width(instruction->mnemonic) == 0) return;
    // Which bytes it reads, it tells on a copy.
    std::vector<verify::Access> probed;
    Machine probe = m;
    probe.memory.note_accesses(&probed);
    verify::step(probe);
    for (size_t i = 1; i < probed.size() && !stopped_; ++i) {
      if (probed[i].stores) continue;
      const Range loaded = Range::at(Address{probed[i].address}, Size{probed[i].width});
      if (!is_followed(loaded)) return;
      for (const Writes::Cell* cell : others_.touched(loaded)) {
        size_t version = 0;
        if (!choose(m, *cell, Kind::kLoad, version)) return;
      }
    }
  }

  static Content content_at(const Machine& m, const Range& place, bool at_entry) {
    Content content{true, static_cast<uint8_t>(place.size().bytes())};
    const uint64_t start = place.begin.value();
    auto number = (at_entry ? m.memory.number_at_entry(start, content.size) : m.resolve(m.memory.number(start, content.size))).constant();
    if (!number) return {};
    for (size_t i = content.size; i-- > 0; *number >>= 8) content.bytes[i] = static_cast<uint8_t>(*number);
    return content;
  }

  void note_store(const Machine& m, const verify::Access& access) {
    SharedEvent event{conditional_ ? Kind::kAdd : Kind::kStore, Range::at(Address{access.address}, Size{access.width})};
    event.initial = content_at(m, event.place, true);
    event.left = content_at(m, event.place, false);
    push(m, std::move(event));
  }

  void arrive(const Machine& m) {
    const auto cells = others_.touched(Range::at(Address{m.place_of(m.pc)}, Size{4}));
    if (to_.comes_back && !cells.empty()) {
      // What it finds there now is as it was when it began, or it is the taker's.
      finish(End::kRepeats, {}, 0);
    } else {
      for (const Writes::Cell* cell : cells) push(m, {Kind::kFetch, cell->place, cell->last, m.pc, true});
      finish(End::kEnters, {});
    }
    close(m);
  }

  const verify::Goals& to_;
  const Writes& others_;
  std::vector<size_t> script_;
  bool stopped_ = false, other_way_ = false, conditional_ = false;
  std::vector<verify::Access> accesses_;
  std::shared_ptr<const Registers> quiet_;
  size_t quiet_met_ = 0;
  uint64_t quiet_steps_ = 0, quiet_limit_ = kFirstQuiet;
  SharedRun ending_;
  std::vector<SharedRun> runs_;
  std::set<std::vector<size_t>> open_;
};

void add_new(const std::vector<SharedRun>& runs, std::vector<SharedRun>& all) {
  for (const SharedRun& run : runs)
    if (std::find(all.begin(), all.end(), run) == all.end()) all.push_back(run);
}

}  // namespace

SharedRuns shared_runs(const Thread& thread, const Writes& of_others) {
  SharedRuns all;
  std::set<std::vector<size_t>> done, open{{}};
  while (!open.empty()) {
    auto script = *open.begin();
    open.erase(open.begin());
    if (!done.insert(script).second) continue;
    if (done.size() > kMostRuns) {
      all.incomplete = "it can go more than " + std::to_string(kMostRuns) + " ways among what others store";
      break;
    }
    Recorder recorder(thread.to, of_others, script);
    const size_t left = verify::walk_entry(thread.loaded, thread.from, thread.to, thread.order, recorder);
    add_new(recorder.runs(), all.runs);
    if (left != 0) all.incomplete = "it has more than " + std::to_string(verify::kMostPaths) + " ways to go";
    open.insert(recorder.open().begin(), recorder.open().end());
  }
  return all;
}

/// The judge goes on where it would not.
class Witness::Notes : public Recorder {
 public:
  explicit Notes(const verify::Goals& to) : Recorder(to, kNobodys, {}) {}
  bool goes_on() const override { return true; }

 private:
  static inline const Writes kNobodys;
};

Witness::Witness(const verify::Goals& to) : notes_(std::make_unique<Notes>(to)) {}
Witness::~Witness() = default;
verify::Observer& Witness::observer() { return *notes_; }

SharedRuns Witness::runs() const {
  SharedRuns all;
  add_new(notes_->runs(), all.runs);
  return all;
}

}  // namespace baton::slaves
