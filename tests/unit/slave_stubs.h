// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Masters and slaves as instructions, right and with one thing left out: what the judge of meetings is tried on.
//
//   Encountered e = publication_code(kComplete & ~kAfterIcbi);  slaves::meet(e.of())
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "handshake_models.h"
#include "ppc64/instruction.h"
#include "slaves/meeting.h"

namespace baton::slaves {

namespace ins = ppc64::ins;
namespace reg = ppc64::reg;

/// A master at 0x10000 that goes to 0x30000; slaves that land at 0x60 and go to `target`.
class Encountered {
 public:
  Address target{0x40};
  RangeSet window{Range::from_to(0x40, 0x44)};
  size_t count = 3, together = 1;
  bool must_enter = false;

  void put(uint64_t at, const std::vector<ppc64::Instruction>& code) {
    for (const auto& instruction : code) {
      auto word = ppc64::encode(instruction);
      BATON_CHECK(static_cast<bool>(word), "an instruction of a test has an encoding");
      put_word(at, *word);
      at += 4;
    }
  }
  void put_word(uint64_t at, uint32_t word) {
    ByteBuffer& memory = at < kHigh ? low_ : high_;
    for (unsigned i = 0; i < 4; ++i) memory[(at < kHigh ? at : at - kHigh) + i] = static_cast<uint8_t>(word >> (24 - 8 * i));
  }

  MeetingOf of() {
    master_.segments = {{"stub", Address{kHigh}, high_, Size{high_.size()}}};
    master_.entry = Address{kHigh};
    slave_ = master_;
    slave_.entry = Address{0x60};
    state_.memory = {{"the low copy", Address{0}, low_, Size{low_.size()}}};
    state_.msr_known = ppc64::msr::kSf | ppc64::msr::kPr | ppc64::msr::kIr | ppc64::msr::kDr | ppc64::msr::kEe;
    state_.msr_value = ppc64::msr::kSf;
    master_goals_.target = Address{0x30000};
    slave_goals_.target = target;
    slave_goals_.comes_back = target == slave_.entry;
    slave_goals_.may_execute = {Range::from_to(0, 0x100), Range::at(Address{kHigh}, Size{high_.size()})};
    return {{{master_, state_, master_goals_, Endian::kBig}}, {{slave_, state_, slave_goals_, Endian::kBig}}, count, together, must_enter, window};
  }
  Meeting meet() { return slaves::meet(of()); }

 private:
  static constexpr uint64_t kHigh = 0x10000;
  ByteBuffer low_ = ByteBuffer(0x100), high_ = ByteBuffer(0x1000);
  verify::Loaded master_, slave_;
  verify::EntryState state_;
  verify::Goals master_goals_, slave_goals_;
};

inline constexpr int64_t kHere = 0, kFlag = 0xe0, kCount = 0xe8;

/// The master stores the taker's first instruction at 0x40 and then sets a flag that slaves wait for. As in
/// handshake::publication, the set names the barriers that are there.
inline Encountered publication_code(unsigned barriers, uint64_t flag = kFlag) {
  Encountered e;
  std::vector<ppc64::Instruction> master = {ins::li(reg::r5, 0x40), ins::lis(reg::r6, 0x6000), ins::stw(reg::r6, kHere, reg::r5),
                                            ins::dcbst(std::nullopt, reg::r5)};
  if (barriers & handshake::kAfterDcbst) master.push_back(ins::sync());
  master.push_back(ins::icbi(std::nullopt, reg::r5));
  if (barriers & handshake::kAfterIcbi) master.push_back(ins::sync());
  for (auto& i : std::vector<ppc64::Instruction>{ins::li(reg::r7, 1), ins::stw(reg::r7, static_cast<int64_t>(flag) - 0x40, reg::r5), ins::ba(0x30000)}) master.push_back(i);
  e.put(0x10000, master);
  std::vector<ppc64::Instruction> slave = {ins::li(reg::r10, 0), ins::lwz(reg::r9, kFlag, reg::r10), ins::cmpwi(0, reg::r9, 0), ins::beq(-8)};
  if (barriers & handshake::kAfterFlag) slave.push_back(ins::isync());
  slave.push_back(ins::ba(0x40));
  e.put(0x60, slave);
  return e;
}

enum class Leaving { kDelay, kAcknowledged, kAcknowledgedByTooFew, kIdentical };

/// Slaves wait at 0x60 to be let go to 0x10800; the master lets them go and stores over their loop.
inline Encountered overlay_code(Leaving how, size_t slaves = 3) {
  Encountered e;
  e.count = slaves;
  e.target = Address{0x10900};
  e.window = {};
  const std::vector<ppc64::Instruction> acknowledge = {ins::li(reg::r8, kCount), ppc64::Instruction{ppc64::Mnemonic::kLwarx, {9, 0, 8}}, ins::addi(reg::r9, reg::r9, 1),
                                                       ppc64::Instruction{ppc64::Mnemonic::kStwcxDot, {9, 0, 8}}, ins::bne(-12)};
  // Four words: more of a block are not in one model.
  std::vector<ppc64::Instruction> loop = {ppc64::Instruction{ppc64::Mnemonic::kLwz, {9, kFlag, 0}}, ins::cmpwi(0, reg::r9, 0), ins::beq(-8)};
    loop.push_back(ins::ba(0x10800));
  const size_t length = loop.size();
  e.put(0x40 + 0x20, loop);
  std::vector<ppc64::Instruction> away;
  if (how != Leaving::kIdentical && how != Leaving::kDelay) away = acknowledge;
  away.push_back(ins::ba(0x10900));
  e.put(0x10800, away);
  std::vector<ppc64::Instruction> master = {ins::li(reg::r10, 0), ins::li(reg::r7, 1), ins::stw(reg::r7, kFlag, reg::r10)};
  auto add = [&](std::vector<ppc64::Instruction> more) { master.insert(master.end(), more.begin(), more.end()); };
  if (how == Leaving::kDelay) add({ins::li(reg::r7, 100), ins::mtctr(reg::r7), ins::bdnz(kHere)});
  if (how == Leaving::kAcknowledged || how == Leaving::kAcknowledgedByTooFew)
    add({ins::lwz(reg::r9, kCount, reg::r10), ins::cmpwi(0, reg::r9, static_cast<int64_t>(how == Leaving::kAcknowledged ? slaves : slaves - 1)), ins::bne(-8)});
  for (size_t i = 0; i < length; ++i) {
    const auto at = static_cast<int64_t>(0x60 + 4 * i);
    if (how == Leaving::kIdentical) {
      add({ins::lwz(reg::r6, at, reg::r10)});
    } else {
      add({ins::lis(reg::r6, 0x7fe0), ins::ori(reg::r6, reg::r6, 8)});  // trap
    }
    add({ins::stw(reg::r6, at, reg::r10)});
  }
  add({ins::ba(0x30000)});
  e.put(0x10000, master);
  return e;
}

/// Whoever fetches the old branch at 0x60 goes away; whoever fetches the new instruction is where the taker's code is,
/// of which the word at 0x40 was stored before. With the barriers between that the set names.
inline Encountered window_code(unsigned barriers, bool landing_last = true) {
  Encountered e;
  e.target = Address{0x60};
  e.put(0x60, {ins::ba(0x10800)});
  e.put(0x10800, {ins::b(kHere)});
  std::vector<ppc64::Instruction> master = {ins::lis(reg::r6, 0x6000)};
  for (int64_t at : landing_last ? std::vector<int64_t>{0x40, 0x60} : std::vector<int64_t>{0x60, 0x40}) {
    master.push_back(ins::li(reg::r5, at));
    master.push_back(ins::stw(reg::r6, kHere, reg::r5));
    master.push_back(ins::dcbst(std::nullopt, reg::r5));
    if (barriers & handshake::kAfterDcbst) master.push_back(ins::sync());
    master.push_back(ins::icbi(std::nullopt, reg::r5));
    if (barriers & handshake::kAfterIcbi) master.push_back(ins::sync());
  }
  master.push_back(ins::ba(0x30000));
  e.put(0x10000, master);
  return e;
}

}  // namespace baton::slaves
