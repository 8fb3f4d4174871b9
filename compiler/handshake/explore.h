// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does every run of a handshake do what it must?
//
// All states that the machine can reach (machine.h) are looked at, breadth first, so that a trace is as short as any.
// States that differ only in the names of like CPUs count once. There are three answers: it holds; it does not, with a
// trace; or that was not decided within so many states. Nothing is random: the same model gives the same answer, trace
// and count. A CPU that must finish is found waiting where nothing more can happen, so in a poll, not in a loop that
// is written with a branch.
//
//   Result<Verdict> v = explore(model);  if (v && v->answer == Answer::kViolated) std::cout << trace_text(*v);
//
//   violated: slave1 executes code: 0, where only 1 may be (9 states)
//      1  master  store code = 1
//      2  slave1  fetch code, before what stands before it is decided  0, as at the start
//      ...
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "handshake/machine.h"
#include "handshake/model.h"

namespace baton::handshake {

enum class Answer : uint8_t { kHolds, kViolated, kUndecided };

struct Verdict {
  Answer answer = Answer::kUndecided;
  std::string reason;       // what is violated, or why nothing was decided; empty where it holds
  std::vector<Step> trace;  // violated: the way there
  size_t states = 0;        // looked at
};

struct Limits {
  size_t states = 4'000'000;
};

/// The failure is a model that means nothing; its sentence says why.
Result<Verdict> explore(const Model& model, const Limits& limits = {});

std::string trace_text(const Verdict& verdict);

}  // namespace baton::handshake
