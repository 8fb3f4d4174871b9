// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The way to compute is chosen, and what both ways have in common: padding, labels, and what happens after a
// difference. For a newcomer, that last part:
//
// The CPU that saw a difference has nothing to go back to: the giver's memory is gone. It says which segment it
// was and stays. In a guest, H_PUT_TERM_CHAR takes up to 16 characters in two registers. On bare metal,
// OPAL_CONSOLE_WRITE takes a buffer and the address of its length; its driver sends what the port does not
// take at once when it is polled, so the loop at the end is of polls. Where there is neither, nothing is said.
// Both interfaces are the same in either byte order of the caller but OPAL's entry, which must be big-endian:
// so this part of the stub is big-endian, and a little-endian master changes over.
//
// Source: PAPR 14.5.4.2 (H_PUT_TERM_CHAR; H_Busy is 1); OPAL API (tokens 1 and 10; r0 token, r2 base, real mode,
// big-endian, MSR[EE] = 0).
#include "trampoline/digest.h"

#include <algorithm>

#include "trampoline/digest_parts.h"

namespace baton::trampoline {

using ppc64::Displacement;
using ppc64::Gpr;
using ppc64::Instruction;
namespace ins = ppc64::ins;
namespace reg = ppc64::reg;

namespace {

// From the difference to the end: where the text is, how long it is, and two to work with.
constexpr Gpr kText = reg::r14, kLength = reg::r15, kWork = reg::r16, kThere = reg::r17;
constexpr const char* kStopLabel = "digest_stop";

constexpr uint64_t kPutTermChar = 0x58, kTermChars = 16;
constexpr uint64_t kConsoleWrite = 1, kPollEvents = 10;

std::string text_of(const DigestInput& input) {
  return "\r\nbaton: segment `" + input.name + "` is damaged (its sha256 differs): stopped\r\n";
}

std::string text_label(size_t input) { return "digest_text_" + std::to_string(input); }

/// What the CPU does between two of the text's pieces, and then for ever.
struct StopCode {
  ppc64::Stub& stub;
  const std::string clause = "digest: stop";

  void add(Instruction i) { stub.code(std::move(i), clause, Endian::kBig); }
  void add(const std::vector<Instruction>& instructions) {
    for (const auto& i : instructions) add(i);
  }

  void by_hypervisor() {
    stub.label("digest_stop_piece");
    add(ins::ld(reg::r6, int64_t{0}, kText));
    add(ins::ld(reg::r7, 8, kText));
    add(ins::li(reg::r5, kTermChars));
    add(ins::cmpdi(0, kLength, kTermChars));
    add(ins::bc(4, 0, Displacement("digest_stop_call")));  // not less
    add(ins::mr(reg::r5, kLength));
    stub.label("digest_stop_call");
    add(ins::li(reg::r3, kPutTermChar));
    add(ins::li(reg::r4, 0));
    add(ins::sc(1));
    add(ins::cmpdi(0, reg::r3, 1));
    add(ins::beq("digest_stop_piece"));  // busy
    add(ins::addi(kText, kText, static_cast<int64_t>(kTermChars)));
    add(ins::addi(kLength, kLength, -static_cast<int64_t>(kTermChars)));
    add(ins::cmpdi(0, kLength, 0));
    add(ins::bc(12, 1, Displacement("digest_stop_piece")));  // greater
    halt();
  }

  /// OPAL keeps no register of ours that it need not: all are made anew for each call.
  void call_opal(const Firmware& console, uint64_t token) {
    add(ins::li(reg::r0, static_cast<int64_t>(token)));
    add(ppc64::materialize(reg::r2, console.opal_base));
    add(ppc64::materialize(reg::r12, console.opal_entry));
    add(ins::mtctr(reg::r12));
    add(ins::bctrl());
  }

  void by_opal(const Firmware& console, uint64_t start) {
    add(ins::li(reg::r3, 0));
    add(ppc64::materialize(reg::r4, start));
    add(ins::addi(reg::r4, reg::r4, Displacement(kDigestWrittenLabel)));
    add(ins::std(kLength, int64_t{0}, reg::r4));
    add(ins::mr(reg::r5, kText));
    call_opal(console, kConsoleWrite);
    stub.label("digest_stop_poll");
    add(ins::li(reg::r3, 0));
    call_opal(console, kPollEvents);
    add(ins::b("digest_stop_poll"));
    stub.align(8);
    stub.label(kDigestWrittenLabel);
    stub.doubleword(0, Endian::kBig, "how many characters to write");
  }

  void halt() {
    stub.label("digest_stop_here");
    add(ins::b("digest_stop_here"));
  }
};

}  // namespace

std::string digest_label(const char* what, Endian order) {
  return std::string("digest_") + what + "_" + to_text(order);
}
std::string digest_label(const char* what, Endian order, size_t input) {
  return digest_label(what, order) + "_" + std::to_string(input);
}
std::string digest_loop_label(Endian giver, size_t input) { return digest_label("blocks", giver, input); }
std::string digest_differs_label(Endian giver, size_t input) { return digest_label("differs", giver, input); }

void Listing::vector(const std::array<uint32_t, 4>& words, const std::string& remark) {
  // A little-endian vector load turns all 16 bytes around.
  for (size_t i = 0; i < 4; ++i) word(words[order == Endian::kBig ? i : 3 - i], i == 0 ? remark : std::string());
}

PaddedTail::PaddedTail(uint64_t size) : data(size % kShaBlock) {
  words.resize(data + 9 <= kShaBlock ? 16 : 32);
  words[data / 4] = 0x80000000u >> 8 * (data % 4);
  words[words.size() - 2] = static_cast<uint32_t>(size >> 29);
  words[words.size() - 1] = static_cast<uint32_t>(size << 3);
}

unsigned PaddedTail::data_in(uint64_t at, unsigned width) const {
  return at >= data ? 0 : static_cast<unsigned>(std::min<uint64_t>(data - at, width));
}

std::vector<Gpr> registers_to_keep(const MasterGoals& goals) {
  std::vector<Gpr> keep;
  for (const RegisterGoal& goal : goals.kept) keep.push_back(goal.gpr);
  if (goals.id_register) keep.push_back(*goals.id_register);
  for (const RegisterGoal& goal : goals.registers)
    for (const Source& source : goal.allowed)
      if (const auto* gpr = std::get_if<Gpr>(&source)) keep.push_back(*gpr);
  std::sort(keep.begin(), keep.end());
  keep.erase(std::unique(keep.begin(), keep.end()), keep.end());
  std::erase_if(keep, [&](Gpr gpr) {
    return std::any_of(goals.known.begin(), goals.known.end(), [&](const auto& k) { return k.gpr == gpr; });
  });
  return keep;
}

void add_differences(Listing& behind, const Digest& digest, Gpr base, const std::string& base_label,
                     int64_t base_offset) {
  Endian order = behind.order;
  auto near = [&](const std::string& label) { return Displacement(label, -base_offset, base_label); };
  for (size_t i = 0; i < digest.inputs.size(); ++i) {
    behind.clause = "digest: stop";
    behind.stub.label(digest_differs_label(order, i));
    behind.code(ins::addi(kText, base, near(text_label(i))));
    behind.code(ins::li(kLength, static_cast<int64_t>(text_of(digest.inputs[i]).size())));
    if (order == Endian::kBig) {
      behind.code(ins::b(kStopLabel));
      continue;
    }
    behind.code(ins::mfmsr(kWork));
    behind.code(ins::clrrdi(kWork, kWork, 1));
    behind.code(ins::mtsrr1(kWork));
    behind.code(ins::addi(kThere, base, near(kStopLabel)));
    behind.code(ins::mtsrr0(kThere));
    behind.code(ins::rfid());
  }
}

ppc64::Stub digest_stop(const Digest& digest) {
  ppc64::Stub stub;
  stub.align(4);
  stub.comment("A segment is not what was compiled. Say so, and stay here.");
  stub.label(kStopLabel);
  StopCode code{stub};
  switch (digest.console.kind) {
    case Firmware::Kind::kNone: code.halt(); break;
    case Firmware::Kind::kPapr: code.by_hypervisor(); break;
    case Firmware::Kind::kOpal: code.by_opal(digest.console, digest.start); break;
  }
  for (size_t i = 0; i < digest.inputs.size(); ++i) {
    std::string text = text_of(digest.inputs[i]);
    ByteBuffer bytes(text.begin(), text.end());
    bytes.resize((bytes.size() + kTermChars - 1) / kTermChars * kTermChars);
    stub.align(8);
    stub.label(text_label(i));
    stub.bytes(std::move(bytes), text.substr(2, text.size() - 4));
  }
  return stub;
}

Result<DigestCheck> digest_check(const Digest& digest, const MasterGoals& goals) {
  auto refuse = [](const std::string& why) {
    return Failure{Failure::Kind::kUnsuitable, "digests cannot be checked: " + why};
  };
  if (digest.start % 0x100 != 0)
    return refuse("the stub stands at " + hex(Wide{digest.start}) + ", and its tables need a multiple of 0x100");
  for (const DigestInput& input : digest.inputs)
    if (input.start % 16 != 0)
      return refuse("`" + input.name + "` stands at " + hex(Wide{input.start}) + ", and is read from a multiple of 16");
  return digest.vectors ? vector_check(digest, goals) : scalar_check(digest, goals);
}

}  // namespace baton::trampoline
