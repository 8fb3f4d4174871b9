// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ghost of instruction caches: against a model that keeps each byte by itself, and in stubs that store code and
// leave out one step of showing it to fetches.
#include <ostream>

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include <doctest/doctest.h>

#include "ppc64/assemble.h"
#include "ppc64/registers.h"
#include "verify/fetch_goals.h"
#include "verify/verify.h"

using namespace baton;
using namespace baton::verify;
namespace msr = baton::ppc64::msr;
using Fetched = Coherence::Fetched;

namespace {

enum class Act { kWriteBack, kSync, kInvalidate, kIsync, kContext, kStore };

constexpr uint64_t kAt = 0x1000;

void act(Coherence& ghost, Act what, uint64_t address) {
  switch (what) {
    case Act::kWriteBack: return ghost.write_back(address);
    case Act::kSync: return ghost.sync();
    case Act::kInvalidate: return ghost.invalidate(address);
    case Act::kIsync: return ghost.isync();
    case Act::kContext: return ghost.synchronize_context();
    case Act::kStore: return ghost.store(address, 4, 15, 0x40);
  }
}

bool ready(const Coherence& ghost, uint64_t address, uint64_t size, Fetched by) {
  return !ghost.missing(Range::at(Address{address}, Size{size}), by);
}

/// Each byte by itself, by the book: what happened to it since it was stored.
class Model {
 public:
  explicit Model(uint64_t block) : block_(block) {}

  void act(Act what, uint64_t address) {
    for (auto& [at, byte] : bytes_) {
      bool same_block = at / block_ == address / block_;
      switch (what) {
        case Act::kStore:
          break;
        case Act::kWriteBack:
          if (same_block) byte.written_back = true;
          break;
        case Act::kSync:
          if (byte.written_back) byte.in_memory = true;
          if (byte.dropped) byte.dropped_everywhere = true;
          break;
        case Act::kInvalidate:
          if (same_block && byte.in_memory) byte.dropped = true;
          break;
        case Act::kIsync:
          if (byte.dropped) byte.here = true;
          break;
        case Act::kContext:
          if (byte.dropped_everywhere) byte.here = true;
          break;
      }
    }
    if (what == Act::kStore)
      for (uint64_t i = 0; i < 4; ++i) bytes_[address + i] = {};
  }
  bool ready(uint64_t at, Fetched by) const {
    auto byte = bytes_.find(at);
    return byte == bytes_.end() || (by == Fetched::kHere ? byte->second.here : byte->second.dropped_everywhere);
  }

 private:
  struct Byte {
    bool written_back = false, in_memory = false, dropped = false, dropped_everywhere = false, here = false;
  };
  uint64_t block_;
  std::map<uint64_t, Byte> bytes_;
};

}  // namespace

TEST_CASE("of all orders of the five steps those are enough that the book says") {
  std::array<Act, 5> steps = {Act::kWriteBack, Act::kSync, Act::kInvalidate, Act::kSync, Act::kIsync};
  std::sort(steps.begin(), steps.end());
  unsigned orders = 0, here = 0, elsewhere = 0;
  do {
    Coherence ghost;
    ghost.store(kAt, 4, 15, 0x40);
    for (Act step : steps) act(ghost, step, kAt);
    ++orders;
    here += ready(ghost, kAt, 4, Fetched::kHere);
    elsewhere += ready(ghost, kAt, 4, Fetched::kElsewhere);
  } while (std::next_permutation(steps.begin(), steps.end()));
  CHECK(orders == 60);
  CHECK(elsewhere == 5);  // isync anywhere
  CHECK(here == 4);       // isync behind icbi; where the second sync is does not matter here
}

TEST_CASE("what is missing is named") {
  Coherence ghost;
  CHECK(ready(ghost, kAt, 4, Fetched::kHere));
  auto text = [&](Fetched by) { return ghost.missing(Range::at(Address{kAt}, Size{4}), by).value_or("nothing"); };
  ghost.store(kAt + 2, 2, 3, 0x40);
  CHECK(text(Fetched::kHere) == "the instruction at 0x1000 was stored by the one at 0x40, and `dcbst` of its block is missing");
  ghost.write_back(kAt);
  CHECK(text(Fetched::kHere).find("and `sync` after `dcbst` of its block is missing") != std::string::npos);
  ghost.invalidate(kAt);  // too early: the old bytes may come back
  ghost.sync();
  CHECK(text(Fetched::kElsewhere).find("and `icbi` of its block, after the `sync` that follows `dcbst`, is missing") != std::string::npos);
  ghost.invalidate(kAt);
  CHECK(text(Fetched::kElsewhere).find("and `sync` after `icbi` of its block is missing") != std::string::npos);
  CHECK(text(Fetched::kHere).find("and `sync` and `isync` after `icbi` of its block are missing") != std::string::npos);
  ghost.synchronize_context();  // waits for no icbi
  CHECK(text(Fetched::kHere) != "nothing");
  ghost.sync();
  CHECK(text(Fetched::kElsewhere) == "nothing");
  CHECK(text(Fetched::kHere).find("and `isync`, or what else synchronizes the context, is missing") != std::string::npos);
  ghost.synchronize_context();
  CHECK(text(Fetched::kHere) == "nothing");
}

TEST_CASE("bytes that the caches' instructions miss are missing") {
  for (uint64_t block : {32, 64, 128})
    for (uint64_t stride : {16, 32, 64, 128}) {
      CAPTURE(block);
      CAPTURE(stride);
      Coherence ghost(block);
      for (uint64_t at = 0; at < 256; at += 8) ghost.store(kAt + at, 8, 255, 0x40);
      for (uint64_t at = 0; at < 256; at += stride) ghost.write_back(kAt + at);
      ghost.sync();
      for (uint64_t at = 0; at < 256; at += stride) ghost.invalidate(kAt + at + 4);
      ghost.sync();
      ghost.isync();
      CHECK(ready(ghost, kAt, 256, Fetched::kHere) == (stride <= block));
      CHECK(ready(ghost, kAt, block, Fetched::kHere));
    }
  Coherence two;
  two.store(kAt + 60, 8, 255, 0x40);  // across two blocks
  two.write_back(kAt);
  two.sync();
  two.invalidate(kAt);
  two.sync();
  two.isync();
  CHECK(ready(two, kAt + 60, 4, Fetched::kHere));
  CHECK(!ready(two, kAt + 64, 4, Fetched::kHere));
}

TEST_CASE("only what may have changed is stored, around the end of memory too") {
  Coherence ghost;
  ghost.store(kAt, 8, 0, 0x40);
  CHECK(ready(ghost, kAt, 8, Fetched::kElsewhere));
  ghost.store(kAt, 8, 0b0100'0001, 0x40);
  CHECK(!ready(ghost, kAt, 1, Fetched::kHere));
  CHECK(ready(ghost, kAt + 1, 5, Fetched::kHere));
  CHECK(!ready(ghost, kAt + 6, 1, Fetched::kHere));
  ghost.store(~uint64_t{0} - 3, 8, 255, 0x40);
  CHECK(!ready(ghost, ~uint64_t{0} - 3, 4, Fetched::kHere));
  CHECK(!ready(ghost, 0, 4, Fetched::kHere));
  CHECK(ready(ghost, 4, 4, Fetched::kHere));
}

TEST_CASE("random sequences, against a model of each byte") {
  std::mt19937 random(5);
  uint64_t not_ready = 0, asked = 0;
  for (int round = 0; round < 3000; ++round) {
    const uint64_t block = 16u << random() % 4;
    Coherence ghost(block);
    Model model(block);
    for (int i = 0; i < 40; ++i) {
      Act what = static_cast<Act>(random() % 6);
      uint64_t address = kAt + random() % 160;
      act(ghost, what, address);
      model.act(what, address);
    }
    for (uint64_t at = kAt; at < kAt + 164; ++at)
      for (Fetched by : {Fetched::kHere, Fetched::kElsewhere}) {
        ++asked;
        not_ready += !model.ready(at, by);
        if (ready(ghost, at, 1, by) != model.ready(at, by)) FAIL("round " << round << ", byte " << at);
      }
  }
  CHECK(not_ready > asked / 10);
  CHECK(not_ready < asked);
}

TEST_CASE("turns that are left out are never more than those that are run") {
  std::mt19937 random(6);
  unsigned went_on = 0, ready_after = 0;
  for (int round = 0; round < 1000; ++round) {
    struct Body {
      Act what;
      uint64_t offset;
    };
    std::vector<Body> body;
    if (random() % 2 == 0) {
      for (Act what : {Act::kStore, Act::kWriteBack, Act::kSync, Act::kInvalidate, Act::kSync, Act::kIsync}) body.push_back({what, 0});
      for (unsigned swaps = random() % 3; swaps != 0; --swaps) std::swap(body[random() % 6], body[random() % 6]);
    } else {
      for (unsigned i = 0, n = 1 + random() % 6; i < n; ++i)
        body.push_back({static_cast<Act>(random() % 6), random() % 3 == 0 ? random() % 24 * 4 : 0});
    }
    const uint64_t stride = uint64_t{8} << random() % 4, block = 32, turns = 12, start = kAt + random() % 2 * 64;
    const bool down = random() % 3 == 0;
    auto run = [&](Coherence& ghost, uint64_t turn) {
      uint64_t base = down ? start + 0x1000 - turn * stride : start + turn * stride;
      for (const Body& b : body) act(ghost, b.what, base + b.offset);
    };
    Coherence all(block), most(block);
    for (Coherence* ghost : {&all, &most}) ghost->store(start + 4, 4, 15, 0x44);
    for (uint64_t turn = 0; turn < turns; ++turn) run(all, turn);
    most.begin_turn();
    run(most, 0);
    most.begin_turn();
    run(most, 1);
    if (!most.go_on(turns - 3)) continue;
    run(most, turns - 1);
    ++went_on;
    // What they do afterwards is the same.
    for (Act after : {Act::kSync, Act::kIsync}) {
      act(all, after, 0);
      act(most, after, 0);
    }
    for (uint64_t at = kAt - 64; at < kAt + 0x1200; at += 4)  // all it does is to words
      for (Fetched by : {Fetched::kHere, Fetched::kElsewhere})
        if (ready(most, at, 1, by) && !ready(all, at, 1, by)) {
          std::string text;
          for (const Body& b : body) text += " " + std::to_string(static_cast<int>(b.what)) + "@" + std::to_string(b.offset);
          FAIL("round " << round << ", byte " << at << ", stride " << stride << std::string(down ? " down:" : " up:") << text);
        }
    const RangeSet& left_out = most.not_followed();
    ready_after += !left_out.empty() && !most.missing(left_out, Fetched::kHere);
  }
  CHECK(went_on > 200);
  CHECK(ready_after > 20);
}

TEST_CASE("turns of loops that each do one thing are left out, where they pass over nothing") {
  for (uint64_t stride : {32, 64, 128}) {
    CAPTURE(stride);
    Coherence ghost;
    auto loop = [&](Act what, uint64_t step) {
      for (int turn = 0; turn < 2; ++turn) {
        ghost.begin_turn();
        act(ghost, what, kAt + static_cast<uint64_t>(turn) * step);
      }
      return ghost.go_on(0x1000 / step - 2).has_value();
    };
    CHECK(loop(Act::kStore, 4));
    CHECK(!ready(ghost, kAt + 0x800, 4, Fetched::kHere));
    CHECK(loop(Act::kWriteBack, stride) == (stride <= 64));
    ghost.sync();
    CHECK(loop(Act::kInvalidate, stride) == (stride <= 64));
    ghost.sync();
    ghost.isync();
    CHECK(ready(ghost, kAt, 0x1000, Fetched::kHere) == (stride <= 64));
    CHECK(ghost.not_followed() == RangeSet{Range::from_to(kAt + 8, kAt + 0x1000)});
  }
}

TEST_CASE("other CPUs are let go when their code is ready, and drop what they prefetched") {
  const RangeSet code{Range::at(Address{kAt}, Size{0x80})}, word{Range::at(Address{0x2000}, Size{4})};
  for (bool early : {false, true}) {
    Coherence ghost;
    ghost.watch(code, word);
    ghost.store(kAt + 0x40, 8, 255, 0x40);
    ghost.write_back(kAt + 0x40);
    ghost.sync();
    ghost.invalidate(kAt + 0x40);
    if (early) ghost.store(0x2000, 4, 8, 0x44);
    ghost.sync();
    if (!early) ghost.store(0x2000, 4, 8, 0x44);
    CHECK(ghost.released_early().has_value() == early);
  }
  auto after = [&](std::vector<char> steps) {
    Coherence ghost;
    ghost.wait_for(word);
    for (char step : steps) {
      if (step == 'l') ghost.load(0x2000, 4);
      if (step == 'o') ghost.load(0x2004, 4);
      if (step == 'b') ghost.branch_on_condition();
      if (step == 'i') ghost.isync();
      if (step == 'r') ghost.synchronize_context();
      if (step == 's') ghost.sync();
    }
    return !ghost.missing_after_wait();
  };
  CHECK(after({'l', 'b', 'i'}));
  CHECK(after({'l', 'b', 'r'}));
  CHECK(after({'l', 'b', 'l', 'b', 'i'}));
  CHECK(!after({'l', 'b'}));
  CHECK(!after({'l', 'b', 's'}));
  CHECK(!after({'l', 'i', 'b'}));
  CHECK(!after({'i', 'l', 'b'}));
  CHECK(!after({'l', 'b', 'i', 'l', 'b'}));
  CHECK(!after({'o', 'b', 'i'}));
}

namespace {

constexpr uint64_t kStub = 0x4000000, kTaker = 0x4020000;

/// A stub that stores to the taker's first instructions, at r6, and goes there by `bctr`.
struct Patch {
  std::string show = "\tdcbst 0, %r6\n\tsync\n\ticbi 0, %r6\n\tsync\n\tisync\n";
  std::string before = "\tstw %r7, 0(%r6)\n";
  std::string leave = "\tmtctr %r6\n\tbctr\n";
  uint64_t block = kSmallestBlock, wanted = 0x60000001;
  uint64_t value = 0x60000001;
  bool others = true;  // go there, too

  Verdict judge() const {
    auto code = ppc64::assemble(before + show + leave, Endian::kBig);
    if (!code) FAIL(code.failure().message);
    ByteBuffer taker(0x400, 0x60), wanted_bytes(4);
    store<uint32_t>(taker, 0, 0x60000000, Endian::kBig);
    store<uint32_t>(wanted_bytes, 0, static_cast<uint32_t>(wanted), Endian::kBig);
    Loaded loaded{{{"stub", Address{kStub}, code->text, Size{0x1000}}, {"taker", Address{kTaker}, taker, Size{0x400}}}, Address{kStub}};
    EntryState from;
    from.cache_block = block;
    from.registers = {{"r6", Term::number(kTaker)}, {"r7", Term::number(value)}, {"r8", Term::number(kStub + 8)}};
    from.msr_known = msr::kSf | msr::kPr | msr::kIr | msr::kDr | msr::kEe;
    from.msr_value = msr::kSf;
    Goals to;
    to.target = Address{kTaker};
    to.msr_any = ~uint64_t{0};
    Range all = Range::at(Address{kTaker}, Size{0x400});
    to.code.add(all);
    if (others) to.code_of_others.add(all);
    to.may_write.add(all);
    to.may_write.add(Range::at(Address{kStub}, Size{0x1000}));
    to.bytes = {{Address{kTaker}, ByteView(wanted_bytes), "patched"}};
    return verify_entry(loaded, from, to, Endian::kBig);
  }
};

std::string text_of(const Verdict& verdict) {
  std::string text;
  for (const Obligation& o : verdict.obligations) text += std::string(to_text(o.outcome)) + ": " + o.clause + ": " + o.detail + "\n";
  return text;
}

Obligation fetches(const Verdict& verdict) {
  for (const Obligation& o : verdict.obligations)
    if (o.clause == kFetchClause) return o;
  FAIL("nothing is said of fetches in\n" << text_of(verdict));
  return {};
}

}  // namespace

TEST_CASE("stored code is shown to fetches before it is entered") {
  Patch good;
  INFO(text_of(good.judge()));
  CHECK(good.judge().outcome() == Outcome::kProved);
  Patch flush = good;
  flush.show.replace(flush.show.find("dcbst"), 5, "dcbf");
  CHECK(flush.judge().outcome() == Outcome::kProved);

  std::vector<std::string> lines;
  for (size_t at = 0, end; at < good.show.size(); at = end + 1) {
    end = good.show.find('\n', at);
    lines.push_back(good.show.substr(at, end + 1 - at));
  }
  REQUIRE(lines.size() == 5);
  for (size_t without = 0; without < lines.size(); ++without) {
    Patch mutant;
    mutant.show.clear();
    for (size_t i = 0; i < lines.size(); ++i)
      if (i != without) mutant.show += lines[i];
    Obligation found = fetches(mutant.judge());
    CHECK_MESSAGE(found.outcome == Outcome::kRefuted, lines[without] << found.detail);
    // For its own CPU isync waits for icbi itself.
    mutant.others = false;
    CHECK(fetches(mutant.judge()).outcome == (without == 3 ? Outcome::kProved : Outcome::kRefuted));
    mutant.others = true;
    // Where rfid is what follows, isync is not needed; it cannot stand for anything else.
    mutant.leave = "\tmfmsr %r9\n\tmtsrr1 %r9\n\tmtsrr0 %r6\n\trfid\n";
    CHECK(fetches(mutant.judge()).outcome == (without == 4 ? Outcome::kProved : Outcome::kRefuted));
  }
  for (size_t first = 0; first + 1 < lines.size(); ++first) {
    Patch mutant;
    mutant.show.clear();
    auto swapped = lines;
    std::swap(swapped[first], swapped[first + 1]);
    for (const auto& line : swapped) mutant.show += line;
    // isync before the last sync: enough for this CPU, and for others it is no matter.
    CHECK(fetches(mutant.judge()).outcome == (first == 3 ? Outcome::kProved : Outcome::kRefuted));
  }
  Patch weak = good;
  weak.show = "\tdcbst 0, %r6\n\tlwsync\n\ticbi 0, %r6\n\tlwsync\n\tisync\n";
  CHECK(fetches(weak.judge()).outcome == Outcome::kRefuted);
  Patch heavy = good;
  heavy.show = "\tdcbst 0, %r6\n\tptesync\n\ticbi 0, %r6\n\tptesync\n\tisync\n";
  CHECK(heavy.judge().outcome() == Outcome::kProved);
}

TEST_CASE("mtmsrd synchronizes the context, but for its form that changes EE and RI alone") {
  Patch patch;
  patch.show = "\tdcbst 0, %r6\n\tsync\n\ticbi 0, %r6\n\tsync\n\tmfmsr %r9\n\tmtmsrd %r9, 0\n";
  CHECK(fetches(patch.judge()).outcome == Outcome::kProved);
  patch.show.replace(patch.show.find(", 0\n", patch.show.find("mtmsrd")), 4, ", 1\n");
  CHECK(fetches(patch.judge()).outcome == Outcome::kRefuted);
}

TEST_CASE("another block's instructions show nothing, and blocks may be small") {
  Patch wrong;
  wrong.before += "\taddi %r10, %r6, 64\n";
  wrong.show = "\tdcbst 0, %r6\n\tsync\n\ticbi 0, %r10\n\tsync\n\tisync\n";
  CHECK(fetches(wrong.judge()).outcome == Outcome::kRefuted);
  wrong.block = 128;
  CHECK(fetches(wrong.judge()).outcome == Outcome::kProved);
  // An address that is not known stands for none.
  wrong.show = "\tdcbst 0, %r6\n\tsync\n\ticbi 0, %r11\n\tsync\n\tisync\n";
  CHECK(fetches(wrong.judge()).outcome == Outcome::kRefuted);
  for (uint64_t block : {32, 64, 128}) {
    Patch two;
    two.block = block;
    two.before = "\tstw %r7, 0(%r6)\n\tstw %r7, 32(%r6)\n";
    CHECK(fetches(two.judge()).outcome == (block == 32 ? Outcome::kRefuted : Outcome::kProved));
  }
}

TEST_CASE("a store of what is there already needs nothing") {
  Patch same;
  same.show.clear();
  same.value = same.wanted = 0x60000000;
  CHECK(same.judge().outcome() == Outcome::kProved);
  same.before = "\tstb %r7, 3(%r6)\n\tsth %r7, 2(%r6)\n";
  CHECK(same.judge().outcome() == Outcome::kProved);
  same.before = "\tstb %r5, 3(%r6)\n\tstw %r7, 0(%r6)\n";  // back to what was there: the cache may have either
  CHECK(fetches(same.judge()).outcome == Outcome::kRefuted);
}

TEST_CASE("data in the taker needs no more than to be stored") {
  Patch patch;
  patch.show.clear();
  CHECK(fetches(patch.judge()).outcome == Outcome::kRefuted);
  auto code = ppc64::assemble(patch.before + patch.leave, Endian::kBig);
  REQUIRE(code.ok());
  Coherence ghost;
  Goals to;
  to.target = Address{kTaker};
  to.code.add(Range::at(Address{kTaker}, Size{0x400}));
  to.words = {{Address{kTaker + 0x5c}, 4, Term::number(1), "run at load"}};
  watch_fetches(ghost, EntryState{}, to);
  ghost.store(kTaker + 0x5c, 4, 15, 0x40);
  std::vector<Obligation> said;
  judge_fetches(ghost, to, true, said);
  REQUIRE(said.size() == 1);
  CHECK(said[0].outcome == Outcome::kProved);
  ghost.store(kTaker + 0x60, 4, 15, 0x40);
  judge_fetches(ghost, to, true, said);
  CHECK(said[1].outcome == Outcome::kRefuted);
  CHECK(said[1].detail == "the instruction at 0x4020060 was stored by the one at 0x40, and `dcbst` of its block is missing");
}

TEST_CASE("a stub that changes its own next instruction runs what it stored, once it may") {
  // At 8: `trap`, over which `b .+12` is stored: past the instruction after it, too.
  auto judge = [](const std::string& show) {
    std::string text = "\tlis %r7, 0x4800\n\tori %r7, %r7, 12\n\tstw %r7, 0(%r10)\n" + show;
    auto start = ppc64::assemble(text, Endian::kBig);
    REQUIRE(start.ok());
    Patch patch;
    patch.value = 0x60000000;
    patch.wanted = 0x60000000;
    patch.before = "\taddi %r10, %r8, " + std::to_string(start->text.size() + 4 - 8) + "\n" + text + "\ttrap\n\ttrap\n\ttrap\n";
    patch.show.clear();
    return patch.judge();
  };
  Verdict stale = judge("");
  INFO(text_of(stale));
  CHECK(stale.obligations[0].outcome == Outcome::kRefuted);
  CHECK(stale.obligations[0].detail == "the instruction at 0x4000010 was stored by the one at 0x400000c, and `dcbst` of its block is missing");
  CHECK(judge("\tdcbst 0, %r10\n\tsync\n\ticbi 0, %r10\n\tsync\n").obligations[0].outcome == Outcome::kRefuted);
  Verdict shown = judge("\tdcbst 0, %r10\n\tsync\n\ticbi 0, %r10\n\tsync\n\tisync\n");
  INFO(text_of(shown));
  CHECK(shown.outcome() == Outcome::kProved);
}
