// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One step: may it be fetched, which instruction is it, may it be executed here, what does it do. The instructions
// themselves are in execute_*.cpp, by subject; execution.h has what they share. Bit numbers in comments are the books'
// (bit 0 is the most significant); in the code, bit n of a Value counts from the least significant.
#include "verify/semantics.h"

#include <algorithm>

#include "base/address.h"
#include "verify/execution.h"

namespace baton::verify {

namespace msr = ppc64::msr;

std::string isa_text(unsigned level) {
  return "Power ISA " + std::to_string(level / 100) + "." + (level % 100 < 10 ? "0" : "") + std::to_string(level % 100);
}

std::string Execution::where() const {
  std::string text = ppc64::to_text(i_);
  for (char& c : text)
    if (c == '\t') c = ' ';
  return "`" + text + "` at " + hex(Wide{here_});
}

/// Whether this CPU has the instruction, in this state.
bool Execution::may_execute() {
  if (m_.isa && row_.isa > *m_.isa) {
    wrong("is of " + isa_text(row_.isa) + ", and there are CPUs of " + isa_text(*m_.isa));
  } else if (ppc64::is_privileged(i_) && !is_known(msr::kPr, false)) {
    if (is_known(msr::kPr, true))
      wrong("needs privileged state");
    else
      unknown("is privileged, and the MSR does not say that this is privileged state");
  } else if (row_.rights == ppc64::Rights::kHypervisor && !m_.book3e && !is_known(msr::kHv, true)) {
    if (is_known(msr::kHv, false))
      wrong("needs hypervisor state");
    else
      unknown("needs hypervisor state, and MSR[HV] is not known");
  }
  return result_.kind == Step::Kind::kWent;
}

/// Whether a Trace interrupt follows the instruction, which began with these of MSR[SE] and MSR[BE] being 1 (Power ISA
/// 2.07B, Book III-S 6.5.15).
bool Execution::is_traced(uint64_t ones, bool branches) const {
  if (m_.book3e || ones == 0) return false;
  switch (i_.mnemonic) {
    case Mnemonic::kSc: case Mnemonic::kRfid: case Mnemonic::kHrfid: return false;
    default: return branches || (ones & msr::kSe) != 0;
  }
}

Step Execution::run() {
  if (!may_execute()) return result_;
  const uint64_t traced = m_.msr.known() & m_.msr.bits() & (msr::kSe | msr::kBe);
  const bool branches = branch();
  const bool has_meaning = branches || arithmetic() || logic() || memory() || vector() || system();
  BATON_CHECK(has_meaning, "a row of the table has no meaning");
  if (result_.kind != Step::Kind::kWent) return result_;
  if (row_.records) record(gpr(0));
  if (row_.isa > m_.newest_isa) {
    m_.newest_isa = row_.isa;
    m_.newest = where();
  }
  m_.pc = next_;
  if (is_traced(traced, branches)) wrong("is traced: MSR[SE] or MSR[BE] is 1, and nobody handles a Trace interrupt");
  return result_;
}

namespace {

/// That nothing is known of it here, and what it is then.
std::string outside(uint32_t word, std::string (*name)(uint32_t)) {
  std::string text = "the word " + hex(Wide{word}) + " is outside the verified subset";
  if (!name) return text;
  const std::string known = name(word);
  return text + (known.empty() ? "; it is no known instruction" : "; it is known as " + known);
}

/// Code of the other byte order is the usual reason for a word that is no instruction.
std::string in_other_order(uint32_t word, Endian order) {
  auto instruction = ppc64::decode(__builtin_bswap32(word));
  if (!instruction || word == __builtin_bswap32(word)) return {};
  std::string text = ppc64::to_text(*instruction);
  std::replace(text.begin(), text.end(), '\t', ' ');
  return "; it is executed as " + std::string(to_text(order)) + "-endian code, and as " + to_text(other(order)) + "-endian code would be `" + text + "`";
}

}  // namespace

Step step(Machine& m) {
  auto give_up = [&](const std::string& why) {
    return Step{Step::Kind::kUnknown, "at " + hex(Wide{m.pc}) + " " + why};
  };
  auto order = m.order();
  if (!order) return give_up("the byte order is not known");
  if (!m.linear_map && ((m.msr.known() & msr::kIr) == 0 || (m.msr.bits() & msr::kIr) != 0))
    return give_up("instruction translation is not known to be off");
  uint64_t wide = m.book3e ? msr::kCm : msr::kSf;
  if ((m.msr.known() & m.msr.bits() & wide) == 0) return give_up("64-bit mode is not known to be on");
  if (m.firmware.opal_entry && m.pc == m.firmware.opal_entry->value()) {
    auto refused = call_opal(m);
    return refused ? give_up(*refused) : Step{};
  }
  if (const CallContract* contract = m.contract_here()) {
    auto refused = call_function(m, *contract);
    return refused ? give_up(*refused) : Step{};
  }
  if (m.is_unmapped(m.pc, msr::kIr)) return {Step::Kind::kWrong, "an instruction is fetched at " + hex(Wide{m.pc}) + ", where translation shows nothing"};
  const uint64_t place = m.place_of(m.pc);
  const Range fetched = Range::at(Address{place}, Size{4});
  if (auto missing = m.coherence.missing(fetched, Coherence::Fetched::kHere)) {
    Step wrong{Step::Kind::kWrong, *missing};
    wrong.stale = true;
    return wrong;
  }
  if (m.coherence.not_followed().overlaps(fetched)) return give_up("an instruction is fetched that was stored in a turn that was not run");
  auto word = m.memory.load(place, 4, *order).constant();
  if (!word) return give_up("an instruction is fetched from memory that nobody described");
  // The one word of which that is guaranteed; others may be instructions of other processors.
  if (*word == 0) return {Step::Kind::kWrong, "at " + hex(Wide{m.pc}) + " the word 0 is executed, an illegal instruction always (Power ISA, Book I, Illegal Instruction Class)"};
  auto instruction = ppc64::decode(static_cast<uint32_t>(*word));
  if (!instruction)
    return give_up(outside(static_cast<uint32_t>(*word), m.word_name) + in_other_order(static_cast<uint32_t>(*word), *order));
  return Execution(m, *instruction, *order).run();
}

}  // namespace baton::verify
