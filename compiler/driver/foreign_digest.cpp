// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two runs a change at most: one in which nothing may be stored elsewhere, and one that tells where the stub goes if it does.
#include "driver/foreign_digest.h"

#include <algorithm>
#include <set>

#include "driver/replays.h"
#include "verify/end_goals.h"

namespace baton::driver {

using verify::Outcome;

namespace {

struct Changed {
  uint64_t offset;
  const char* which;
};

/// Of these a wrong check most likely leaves one out: it begins late, or ends early.
std::vector<Changed> changes(uint64_t size) {
  std::vector<Changed> all;
  std::set<uint64_t> seen;
  for (const Changed& change : {Changed{0, "its first byte"}, Changed{size - 1, "its last byte"}, Changed{size / 2, "a byte in its middle"}})
    if (seen.insert(change.offset).second) all.push_back(change);
  return all;
}

/// No instruction is at an odd address: whoever leaves goes elsewhere.
constexpr Address kNowhere{1};

verify::Obligation judge_change(const Compilation& c, const verify::Loaded& loaded, const verify::EntryState& state, const verify::Goals& master, Address at,
                                uint8_t was, Endian giver, const std::string& clause) {
  const ByteBuffer other{static_cast<uint8_t>(was ^ 1)};
  verify::EntryState changed = state;
  changed.memory.push_back({"the changed byte", at, ByteView(other), Size{1}});
  verify::Goals goals = master;
  goals.waits_after_stores = true;
  const std::string where = "with " + hex(Wide{other[0]}) + " for " + hex(Wide{was}) + " at " + hex(at) + " ";
  verify::Obligation strict = verify::verify_wait(loaded, changed, goals, giver, clause).obligations.front();
  strict.detail = where + strict.detail;
  if (strict.outcome != Outcome::kRefuted) return strict;
  // It went on, or it stored first: then it may have found it nevertheless.
  verify::Goals stays = verify::detection_goals(kNowhere, clause);
  stays.may_write = goals.may_write;
  stays.may_execute = goals.may_execute;
  goals.may_write.add(Range::from_to(0, kTwoTo64));
  verify::Obligation lax = verify::verify_wait(loaded, changed, goals, giver, clause).obligations.front();
  const bool leaves = lax.outcome == Outcome::kRefuted;
  if (leaves) strict.detail = where + lax.detail;
  else if (lax.outcome <= Outcome::kAssumed) strict.detail = where + lax.detail + ", and has stored elsewhere than in its own memory before";
  repeat_as(c, strict, {loaded, changed, stays, giver}, leaves ? stays.target_clause : verify::kFrameClause);
  return strict;
}

}  // namespace

void judge_digests_of(const Compilation& c, const verify::Loaded& loaded, const verify::EntryState& state, const verify::Goals& goals,
                      Endian giver, verify::Verdict& verdict) {
  const auto& digest = c.layout.entered().declaration->digest;
  if (!digest) return;
  for (const auto& [name, span] : digest->segments) {
    const std::string clause = "digest sha256 of " + name;
    auto payload = c.contents.payloads.find(name);
    const auto* segment = c.layout.find(name);
    if (payload == c.contents.payloads.end() || !segment || payload->second.size() == 0) {
      verdict.obligations.push_back({clause, Outcome::kUnknown, "nobody has read the bytes of `" + name + "`: there is nothing to change"});
      continue;
    }
    Outcome worst = Outcome::kProved;
    for (const Changed& change : changes(payload->second.size())) {
      auto was = payload->second.bytes_at(change.offset, 1);
      BATON_CHECK(was.has_value(), "a payload has its own bytes");
      auto answer = judge_change(c, loaded, state, goals, *segment->start + Size{change.offset}, was->front(), giver,
                                 clause + ": a change of " + change.which + " is found before anything is stored");
      worst = std::max(worst, answer.outcome);
      verdict.obligations.push_back(std::move(answer));
    }
    if (worst == Outcome::kRefuted) continue;
    verdict.obligations.push_back(
        {clause, Outcome::kUnknown,
         worst == Outcome::kUnknown
             ? "not even a change of one byte is known to be found"
             : "these changes are found; that every other is, as by SHA-256, no run of a stub of others shows: the one that `baton build` "
               "writes is judged by the steps of SHA-256"});
  }
}

}  // namespace baton::driver
