// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Master and slaves as bytes: which of them get along? The same verdicts must come out as of the handshakes that were
// written down as events by hand.
#include <doctest/doctest.h>

#include "handshake/explore.h"
#include "slave_stubs.h"

using namespace baton;
using namespace baton::slaves;
using verify::Outcome;

namespace {

handshake::Answer by_hand(const handshake::Model& model) {
  auto verdict = handshake::explore(model);
  REQUIRE(verdict);
  return verdict->answer;
}

}  // namespace

TEST_CASE("slaves are let into new code by all three barriers only, as of the events written by hand") {
  for (size_t slaves = 1; slaves <= 3; ++slaves)
    for (unsigned barriers = 0; barriers <= handshake::kComplete; ++barriers) {
      CAPTURE(slaves);
      CAPTURE(barriers);
      auto code = publication_code(barriers);
      code.together = slaves;
      const Meeting meeting = code.meet();
      CAPTURE(meeting.detail);
      CAPTURE(meeting.trace);
      CHECK((meeting.outcome == Outcome::kProved) == (by_hand(handshake::publication(barriers, slaves)) == handshake::Answer::kHolds));
      if (barriers == handshake::kComplete) continue;
      CHECK(meeting.outcome == Outcome::kRefuted);
      CHECK(meeting.detail == "slave1 executes 0x40: 0, where only 1 may be");
      CHECK(meeting.trace.find("executes 0x40") != std::string::npos);
    }
}

TEST_CASE("what is extracted of a publication is what one would write") {
  const Meeting meeting = publication_code(handshake::kComplete).meet();
  REQUIRE(meeting.models.size() == 1);
  std::string text;
  for (const auto& cpu : meeting.models[0].cpus)
    for (const auto& event : cpu.program) text += cpu.name + ": " + handshake::text(event) + "\n";
  CHECK(text ==
        "master: store 0x40 = 1\n"
        "master: dcbst block 0x40\n"
        "master: sync\n"
        "master: icbi block 0x40\n"
        "master: sync\n"
        "master: store 0xe0 = 1\n"
        "slave1: poll 0xe0 until 1\n"
        "slave1: isync\n"
        "slave1: fetch 0x40\n");
}

TEST_CASE("a slave that nobody lets go is lost, where it is needed") {
  auto code = publication_code(handshake::kComplete, kFlag + 8);
  code.must_enter = true;
  const Meeting lost = code.meet();
  CAPTURE(lost.detail);
  CHECK(lost.outcome == Outcome::kRefuted);
  CHECK(lost.detail.find("for ever, whatever the others do") != std::string::npos);
  code.must_enter = false;
  CHECK(code.meet().outcome == Outcome::kProved);
  // And one that is let go by what it does not wait for.
  auto opposite = publication_code(handshake::kComplete);
  opposite.put(0x1001c, {ins::li(reg::r7, 0)});
  opposite.must_enter = true;
  const Meeting waits = opposite.meet();
  CAPTURE(waits.detail);
  CHECK(waits.outcome == Outcome::kRefuted);
  CHECK(waits.detail == "a slave that comes early waits at 0x64 for ever: what it looks at at 0xe0 does not let it go, as the master leaves it");
  // One that is let go does not wait for ever, whatever it does in between.
  auto let_go = publication_code(handshake::kComplete);
  let_go.must_enter = true;
  CHECK(let_go.meet().outcome == Outcome::kProved);
}

TEST_CASE("a loop that slaves run is replaced after they have said that they left it, or by its own bytes") {
  Meeting delay = overlay_code(Leaving::kDelay).meet();
  CHECK(delay.outcome == Outcome::kRefuted);
  CAPTURE(delay.detail);
  CHECK(delay.detail.find("traps") != std::string::npos);
  Meeting acknowledged = overlay_code(Leaving::kAcknowledged).meet();
  CAPTURE(acknowledged.detail);
  CAPTURE(acknowledged.trace);
  CHECK(acknowledged.outcome == Outcome::kAssumed);
  CHECK(acknowledged.detail.find("acknowledged relay: ") == 0);
  CHECK(acknowledged.detail.find("waits for ever for a slave that never comes") != std::string::npos);
  Meeting early = overlay_code(Leaving::kAcknowledgedByTooFew).meet();
  CAPTURE(early.detail);
  CHECK(early.outcome == Outcome::kRefuted);
  CHECK(early.detail.find("traps") != std::string::npos);
  Meeting identical = overlay_code(Leaving::kIdentical).meet();
  CAPTURE(identical.detail);
  CHECK(identical.outcome == Outcome::kProved);
}

TEST_CASE("a window of one branch is a matter of the order in which a CPU fetches, and of nothing else") {
  using handshake::kAfterDcbst;
  using handshake::kAfterIcbi;
  for (unsigned barriers : {0u, unsigned{kAfterDcbst}, unsigned{kAfterIcbi}, kAfterDcbst | kAfterIcbi}) {
    CAPTURE(barriers);
    const Meeting meeting = window_code(barriers).meet();
    CAPTURE(meeting.detail);
    CAPTURE(meeting.trace);
    CHECK(meeting.outcome == (barriers == (kAfterDcbst | kAfterIcbi) ? Outcome::kAssumed : Outcome::kRefuted));
    if (meeting.outcome == Outcome::kAssumed) CHECK(meeting.detail.find("single-branch window at 0x60: ") == 0);
    CHECK(window_code(barriers, false).meet().outcome == Outcome::kRefuted);
  }
}

TEST_CASE("who saw the master while it was judged knows what slaves meet") {
  std::vector<Encountered> all;
  for (unsigned barriers = 0; barriers <= handshake::kComplete; ++barriers) {
    all.push_back(publication_code(barriers));
    all.push_back(window_code(barriers));
  }
  for (Leaving leaving : {Leaving::kDelay, Leaving::kAcknowledged, Leaving::kIdentical}) all.push_back(overlay_code(leaving));
  size_t arrived = 0;
  for (Encountered& code : all) {
    MeetingOf of = code.of();
    const Thread& master = of.masters.front();
    Witness witness(master.to);
    verify::EntryState watched = master.from;
    watched.observer = &witness.observer();
    // One that waits for its slaves does not arrive alone, and is not what a witness is asked about.
    if (verify::verify_entry(master.loaded, watched, master.to, Endian::kBig).obligations.front().outcome > Outcome::kAssumed) continue;
    ++arrived;
    of.seen = {witness.runs()};
    CHECK(of.seen.front().runs == shared_runs(master, {}).runs);
    const Meeting seen = slaves::meet(of), ran = code.meet();
    CHECK(seen.outcome == ran.outcome);
    CHECK(seen.detail == ran.detail);
    CHECK(seen.trace == ran.trace);
  }
  CHECK(arrived == all.size() - 1);
}
