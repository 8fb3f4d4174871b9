// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search of constant_search.h for the real machine, and its steps as instructions.
#include "ppc64/constants.h"

#include "ppc64/constant_search.h"

namespace baton::ppc64 {

Instruction instruction_of(const ConstantStep& step, Gpr target, Gpr source) {
  uint64_t bits = static_cast<uint64_t>(step.immediate);
  switch (step.op) {
    case ConstantOp::kLi: return ins::li(target, step.immediate);
    case ConstantOp::kLis: return ins::lis(target, step.immediate);
    case ConstantOp::kAddi:
      return bits == 0 ? ins::mr(target, source) : ins::addi(target, source, step.immediate);
    case ConstantOp::kAddis: return ins::addis(target, source, step.immediate);
    case ConstantOp::kOri: return bits == 0 ? ins::mr(target, source) : ins::ori(target, source, bits);
    case ConstantOp::kOris: return ins::oris(target, source, bits);
    case ConstantOp::kXori: return ins::xori(target, source, bits);
    case ConstantOp::kXoris: return ins::xoris(target, source, bits);
    case ConstantOp::kRldicl: return ins::rldicl(target, source, step.shift, step.mask_bound);
    case ConstantOp::kRldicr: return ins::rldicr(target, source, step.shift, step.mask_bound);
    case ConstantOp::kRldic: return ins::rldic(target, source, step.shift, step.mask_bound);
    case ConstantOp::kRldimi: return ins::rldimi(target, source, step.shift, step.mask_bound);
  }
  BATON_CHECK(false, "a step of no kind");
}

std::vector<Instruction> materialize(Gpr target, uint64_t value, std::span<const KnownRegister> live) {
  std::vector<ConstantInput> inputs;
  for (const KnownRegister& known : live)
    inputs.push_back(ConstantInput{known.value, known.gpr.number() != 0, known.gpr == target});
  ConstantSearch<16> search(std::move(inputs), target.number() != 0);
  std::vector<Instruction> instructions;
  for (const ConstantStep& step : search.run(value))
    instructions.push_back(instruction_of(step, target, step.source >= 0 ? live[static_cast<size_t>(step.source)].gpr : target));
  return instructions;
}

}  // namespace baton::ppc64
