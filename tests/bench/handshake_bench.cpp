// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How long does it take to look at every run of the handshakes with three slaves, and how many states is that a second?
//
// Each row is the best of some rounds. A publication is named by the barriers it has; only the complete one holds, and
// of the overlays the acknowledged one and that of identical bytes. That is checked; the time is not.
//
//   handshake_bench [--rounds 3]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../unit/handshake_models.h"
#include "handshake/explore.h"

using namespace baton;
using namespace baton::handshake;

namespace {

double total = 0;
size_t states = 0;

void row(const char* name, const Model& model, bool holds, int rounds) {
  double least = 1e300;
  size_t count = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const Result<Verdict> verdict = explore(model);
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    if (!verdict || verdict->answer != (holds ? Answer::kHolds : Answer::kViolated)) {
      std::printf("%s: not the verdict that was expected\n", name);
      std::exit(1);
    }
    count = verdict->states;
  }
  std::printf("%-46s %-9s %9zu %9.1f\n", name, holds ? "holds" : "violated", count, least * 1e3);
  total += least;
  states += count;
}

}  // namespace

int main(int count, char** words) {
  int rounds = 3;
  if (count == 3 && std::strcmp(words[1], "--rounds") == 0) rounds = std::max(1, std::atoi(words[2]));
  std::printf("%-46s %-9s %9s %9s\n", "three slaves", "", "states", "ms");
  for (unsigned barriers = 0; barriers <= kComplete; ++barriers) {
    std::string name;
    for (const auto& [bit, text] : {std::pair{kAfterDcbst, "dcbst;sync"}, {kAfterIcbi, "icbi;sync"}, {kAfterFlag, "flag;isync"}})
      if (barriers & bit) name += (name.empty() ? "" : " ") + std::string(text);
    row(name.empty() ? "no barrier" : name.c_str(), publication(barriers, 3), barriers == kComplete, rounds);
  }
  row("overwritten after a delay", overlay(Overlay::kDelay, 3), false, rounds);
  row("overwritten when acknowledged", overlay(Overlay::kAcknowledged, 3), true, rounds);
  row("overwritten by the same bytes", overlay(Overlay::kIdentical, 3), true, rounds);
  std::printf("%zu states in %.3f s: %.0f a second (target: the table under 5 s)\n", states, total,
              static_cast<double>(states) / total);
  return 0;
}
