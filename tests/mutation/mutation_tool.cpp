// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does the judge notice every small change of a stub that was built?
//
// Builds a handoff as `baton build` does, and then has its stub judged with one change after the other: each bit of each
// instruction flipped, each instruction replaced by one that does nothing, each two neighbours swapped (branches still go
// where they went). Data and the taker's own code in the stub are left as they are. A line for each change that is not
// refuted, tab-separated:
//
//   equivalent  0x118  flip 31  b .-0x30118  bl .-0x30118  lr
//
// its answer, the place in the stub, the change, the instruction before and after, and what is otherwise when the CPUs come
// to their ends, of which the judge says that nobody needs it. The last line counts: "refuted N", "undecodable N", ...
//
// With --every N only each Nth change is judged. With --replay what is refuted is repeated in QEMU: a line for each, from
// "replay" to "confirmed: it comes to 0x40".
//
//   mutation_tool [--every N] [--replay] build handoffs.baton --handoff near_big
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "driver/options.h"
#include "driver/outputs.h"
#include "driver/pipeline.h"
#include "driver/program_file.h"
#include "driver/replays.h"
#include "driver/verification.h"
#include "ppc64/stub.h"
#include "verify/machine.h"
#include "verify/trace.h"

namespace baton {
namespace {

using ppc64::Instruction;
using verify::Outcome;

/// More than a stub of ours needs, and soon over for one that never ends.
constexpr uint64_t kMostInstructions = 200'000;
constexpr uint32_t kNop = 0x6000'0000;

/// In which states the CPUs end, and on which ways.
class Ends : public verify::Observer {
 public:
  struct End {
    verify::Registers registers;
    verify::StoredBytes stored;
    std::vector<uint64_t> way;
  };

  void follows(const std::string&) override { way_.clear(); }
  void before(verify::Machine& m) override { way_.push_back(m.pc); }
  void after(const verify::Machine&, const verify::SymbolNames&) override {}
  void ends(const verify::Machine& m, const verify::Obligation&) override {
    executed_.insert(way_.begin(), way_.end());
    ends_.push_back({m, m.memory.stored(), std::move(way_)});
    way_.clear();
  }

  bool executed(uint64_t address) const { return executed_.count(address) != 0; }

  /// "lr, r9; on another way".
  static std::string difference(const Ends& a, const Ends& b) {
    if (a.ends_.size() != b.ends_.size()) return "on other ways";
    std::set<std::string> registers;
    bool other_bytes = false, other_way = false;
    for (size_t i = 0; i < a.ends_.size(); ++i) {
      const verify::Registers &x = a.ends_[i].registers, &y = b.ends_[i].registers;
      for (size_t r = 0; r < x.gpr.size(); ++r)
        if (x.gpr[r] != y.gpr[r]) registers.insert("r" + std::to_string(r));
      for (const auto& [name, part] : verify::kOtherRegisters)
        if (x.*part != y.*part) registers.insert(name);
      if (x.vr != y.vr) registers.insert("vr");
      other_bytes = other_bytes || !(a.ends_[i].stored == b.ends_[i].stored);
      other_way = other_way || a.ends_[i].way != b.ends_[i].way;
    }
    std::string text;
    for (const std::string& name : registers) text += (text.empty() ? "" : ", ") + name;
    if (other_bytes) text += std::string(text.empty() ? "" : "; ") + "stores other bytes";
    if (other_way) text += std::string(text.empty() ? "" : "; ") + "on another way";
    return text.empty() ? "nothing" : text;
  }

 private:
  std::vector<uint64_t> way_;
  std::set<uint64_t> executed_;
  std::vector<End> ends_;
};

struct Place {
  uint64_t offset = 0;
  Endian order = Endian::kBig;
  Instruction instruction;
};

struct Change {
  std::string name;
  std::vector<std::pair<const Place*, uint32_t>> words;
};

std::string text_of(uint32_t word) {
  auto instruction = ppc64::decode(word);
  std::string text = instruction ? ppc64::to_text(*instruction) : "no instruction of the table";
  for (char& c : text)
    if (c == '\t') c = ' ';
  return text;
}

class Mutation {
 public:
  Mutation(driver::Compilation& c, const driver::Options& options, size_t every, bool replays)
      : c_(c), options_(options), every_(every), replays_(replays), layout_(*ppc64::lay_out(c.gap->stub->stub)) {
    const auto& items = c.gap->stub->stub.items;
    for (size_t i = 0; i < items.size(); ++i)
      if (const auto* code = std::get_if<ppc64::CodeItem>(&items[i])) places_.push_back({layout_.offsets[i], code->order, code->instruction});
  }

  /// False when what was built is not proved itself.
  bool run(driver::Outputs& outputs) {
    for (auto& segment : outputs.contents.segments)
      if (segment.kind == emit::BundleKind::kTrampoline) segment_ = &segment;
    stub_ = c_.stub->code.text;
    const Outcome right = judge(outputs, stub_, right_);
    if (right > Outcome::kAssumed) return false;
    size_t number = 0;
    for (const Change& change : changes()) {
      if (number++ % every_ != 0) continue;
      ByteBuffer wrong = stub_;
      for (const auto& [place, word] : change.words) store<uint32_t>(wrong, place->offset, word, place->order);
      if (wrong != stub_) judge_change(outputs, change, wrong);
    }
    std::printf("%zu instructions", places_.size());
    for (const auto& [answer, count] : counts_) std::printf(", %s %zu", answer.c_str(), count);
    std::printf("\n");
    return true;
  }

 private:
  uint32_t word_at(const Place& place) const { return *load<uint32_t>(ByteView(stub_), place.offset, place.order); }
  /// As it would be at another place.
  uint32_t moved(const Place& place, uint64_t offset) const {
    auto word = ppc64::encode(*ppc64::resolve(place.instruction, offset, layout_));
    BATON_CHECK(word.ok(), "an instruction of a stub has an encoding beside its place");
    return *word;
  }

  std::vector<Change> changes() const {
    std::vector<Change> all;
    for (size_t i = 0; i < places_.size(); ++i) {
      const Place& place = places_[i];
      for (unsigned bit = 0; bit < 32; ++bit) all.push_back({"flip " + std::to_string(bit), {{&place, word_at(place) ^ 0x8000'0000 >> bit}}});
      all.push_back({"drop", {{&place, kNop}}});
      if (i + 1 == places_.size() || places_[i + 1].offset != place.offset + 4 || places_[i + 1].order != place.order) continue;
      const Place& next = places_[i + 1];
      all.push_back({"swap", {{&place, moved(next, place.offset)}, {&next, moved(place, next.offset)}}});
    }
    return all;
  }

  Outcome judge(driver::Outputs& outputs, const ByteBuffer& stub, Ends& ends) {
    if (segment_)
      segment_->pieces = {ByteView(stub)};
    else
      c_.stub->code.text = stub;  // of departing code no segment is written
    c_.sink = diagnostics::Sink{};
    c_.verdicts.clear();
    c_.observer = &ends;
    // Anew for each change, since one build repeats no more than some.
    if (replays_) driver::set_up_replays(c_, options_);
    driver::verify_outputs(c_, outputs);
    Outcome worst = Outcome::kProved;
    for (const auto& order : c_.verdicts) worst = std::max(worst, order.verdict.outcome());
    return worst;
  }

  void judge_change(driver::Outputs& outputs, const Change& change, const ByteBuffer& wrong) {
    Ends ends;
    const Outcome outcome = judge(outputs, wrong, ends);
    std::string answer = outcome == Outcome::kRefuted ? "refuted" : outcome == Outcome::kUnknown ? "unknown" : "equivalent", why;
    if (outcome == Outcome::kUnknown) {
      for (const auto& order : c_.verdicts)
        for (const auto& o : order.verdict.obligations)
          if (why.empty() && o.outcome == Outcome::kUnknown) why = o.clause + ": " + o.detail;
      // The word is none, or what it leads to is: data, and what lies behind the stub.
      if (why.find(" is outside the verified subset") != std::string::npos) answer = "undecodable";
    } else if (outcome != Outcome::kRefuted) {
      why = Ends::difference(right_, ends);
      if (std::none_of(change.words.begin(), change.words.end(), [&](const auto& word) { return is_executed(ends, *word.first); })) why = "it is never executed";
    }
    ++counts_[answer];
    if (replays_) return print_replays(change);
    if (answer == "refuted" || answer == "undecodable") return;
    std::string before, after;
    for (const auto& [place, word] : change.words) {
      before += (before.empty() ? "" : "; ") + text_of(word_at(*place));
      after += (after.empty() ? "" : "; ") + text_of(word);
    }
    std::printf("%s\t%#llx\t%s\t%s\t%s\t%s\n", answer.c_str(), static_cast<unsigned long long>(change.words.front().first->offset), change.name.c_str(),
                before.c_str(), after.c_str(), why.c_str());
  }

  void print_replays(const Change& change) const {
    for (const auto& order : c_.verdicts)
      for (const auto& o : order.verdict.obligations)
        if (o.replayed || o.outcome == Outcome::kRefuted)
          std::printf("replay\t%#llx\t%s\t%s\t%s\t%s\n", static_cast<unsigned long long>(change.words.front().first->offset), change.name.c_str(),
                      (o.clause + ": " + o.detail).c_str(), o.replayed ? verify::to_text(o.replayed->answer) : "left out", o.replayed ? o.replayed->detail.c_str() : "");
  }

  /// In the stub, or in the copy of its head that slaves run.
  bool is_executed(const Ends& ends, const Place& place) const {
    const uint64_t start = segment_ ? segment_->start.value() : 0;
    const auto executed = [&](uint64_t at) { return right_.executed(at) || ends.executed(at); };
    return !segment_ || executed(start + place.offset) || (place.offset < 0x100 && executed(place.offset));
  }

  driver::Compilation& c_;
  const driver::Options& options_;
  const size_t every_;
  const bool replays_;
  ppc64::Layout layout_;
  std::vector<Place> places_;
  ByteBuffer stub_;
  emit::BundleSegment* segment_ = nullptr;
  Ends right_;
  std::map<std::string, size_t> counts_;
};

int run(int argc, char** argv) {
  size_t every = 1;
  bool replays = false;
  for (int taken = 1; taken != 0; argc -= taken, argv += taken) {
    const std::string option = argc > 2 ? argv[1] : "";
    taken = option == "--every" ? 2 : option == "--replay" ? 1 : 0;
    if (taken == 2) every = std::max<size_t>(1, std::strtoul(argv[2], nullptr, 10));
    replays = replays || taken == 1;
  }
  driver::Options options;
  if (auto code = driver::parse_options(argc, argv, options)) return *code;
  driver::Compilation c;
  c.solver = driver::solver_use(options);
  c.most_instructions = kMostInstructions;
  bool good = driver::open_program(c, options, options.files[0]) && driver::compile(c, options, driver::Phase::kVerify);
  if (good && !c.stub) {
    std::fprintf(stderr, "nothing was synthesized\n");
    return 1;
  }
  auto outputs = good ? driver::make_outputs(c) : std::nullopt;
  if (outputs && Mutation(c, options, every, replays).run(*outputs)) return 0;
  driver::show_findings(c, options);
  return 1;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) { return baton::run(argc, argv); }
