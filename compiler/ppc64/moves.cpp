// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search of move_search.h for the real machine, and its steps as instructions.
#include "ppc64/moves.h"

#include <set>

#include "ppc64/move_search.h"

namespace baton::ppc64 {
namespace {

Failure unsuitable(std::string message) { return Failure{Failure::Kind::kUnsuitable, std::move(message)}; }

}  // namespace

Result<std::vector<Move>> parallel_moves(std::span<const Assignment> assignments,
                                         std::span<const KnownRegister> live,
                                         std::span<const Gpr> scratch) {
  std::set<unsigned> targets, sources;
  std::vector<WantedRegister> wanted;
  for (const Assignment& a : assignments) {
    if (!targets.insert(a.target.number()).second)
      return unsuitable("register `" + to_text(a.target) + "` is set twice");
    if (const Gpr* from = std::get_if<Gpr>(&a.source)) {
      sources.insert(from->number());
      wanted.push_back({a.target.number(), StartValue{from->number()}});
    } else {
      wanted.push_back({a.target.number(), std::get<uint64_t>(a.source)});
    }
  }
  std::vector<unsigned> free;
  for (Gpr gpr : scratch) {
    if (targets.count(gpr.number()) != 0 || sources.count(gpr.number()) != 0)
      return unsuitable("scratch register `" + to_text(gpr) + "` is part of the assignment");
    free.push_back(gpr.number());
  }
  std::vector<HeldConstant> held;
  for (const KnownRegister& known : live) held.push_back({known.gpr.number(), known.value});
  auto steps = MoveSearch<16>(wanted, held, free).run();
  if (!steps) return unsuitable("the registers are set in a cycle, and no register is free to open it");
  std::vector<Move> moves;
  for (const RegisterStep& step : *steps)
    moves.push_back({instruction_of(step.step, Gpr{step.target}, Gpr{step.source}), step.assignment});
  return moves;
}

}  // namespace baton::ppc64
