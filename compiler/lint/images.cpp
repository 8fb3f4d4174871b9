// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does code that a handoff enters wait by burning time?
//
// A stub that is given as a file (`elf` or `file`, and entered) is followed from its entry and from its landing,
// through branches whose target is in the word, in each byte order it may be entered in. A loop that nothing
// but a counter or the time base ends, and that touches no memory, is a delay: whoever wrote it hopes that
// other CPUs have moved on by then. Code that is reached through a register is not looked at, nor is an image
// that a trampoline of ours enters: its loops are its own business. A file that is not there is not looked at.
//
//   lis 9,1 ; mtctr 9 ; bdnz .     ->  delay-as-barrier (the purgatories of two loaders have this loop)
//   1: lwz 9,0x5c(8); cmpwi 9,1; bne 1b  ->  nothing: it waits for memory to say so
#include <algorithm>
#include <set>

#include "inputs/elf.h"
#include "inputs/raw.h"
#include "lint/expressions.h"
#include "lint/lints.h"
#include "ppc64/instruction.h"

namespace baton::lint {

using diagnostics::Code;
using model::ClauseKind;
using model::Handoff;
using model::SegmentKind;
using ppc64::Mnemonic;

namespace {

/// Code from a head on: how to fetch a word at an offset from it.
struct CodeBytes {
  ByteView bytes;      // of the file, from the head on
  Endian order = Endian::kBig;

  std::optional<uint32_t> word(int64_t offset) const {
    if (offset < 0 || offset % 4 != 0) return std::nullopt;
    return load<uint32_t>(bytes, static_cast<uint64_t>(offset), order);
  }
};

constexpr size_t kMostInstructions = 4096;  // heads are some hundred; a kernel's are not followed to its end
constexpr int64_t kLongestDelay = 16 * 4;

bool is_time_base(uint32_t word) {
  // mfspr rX, 268 and mftb rX: the forms differ in one bit of the opcode. Not in the table of encodings.
  uint32_t fixed = word & 0xfc1fffff;
  return fixed == 0x7c0c42a6 || fixed == 0x7c0c42e6;
}

/// What one instruction of a loop adds to the question "does it only pass time?".
enum class Step { kNothing, kCount, kOther };

Step step_of(uint32_t word) {
  auto decoded = ppc64::decode(word);
  if (!decoded) return Step::kOther;
  const auto& o = decoded->operands;
  switch (decoded->mnemonic) {
    case Mnemonic::kOri: return o[0] == o[1] && o[2] == 0 ? Step::kNothing : Step::kOther;
    case Mnemonic::kOr: return o[0] == o[1] && o[1] == o[2] ? Step::kNothing : Step::kOther;  // priorities
    case Mnemonic::kAddi:
    case Mnemonic::kAddic:
    case Mnemonic::kAddicDot: return o[0] == o[1] ? Step::kCount : Step::kOther;
    case Mnemonic::kCmpwi:
    case Mnemonic::kCmpdi:
    case Mnemonic::kCmplwi:
    case Mnemonic::kCmpldi: return Step::kNothing;
    default: return Step::kOther;
  }
}

/// Whether the backward branch at `end` to `start` closes a loop that only passes time.
bool is_delay(const CodeBytes& code, int64_t start, int64_t end, int64_t bo) {
  bool counts_down = (bo & 0b10110) == 0b10000;  // bdnz, whatever its hint
  bool tests_bit = (bo & 0b10100) == 0b00100;
  bool counted = false, timed = false, arithmetic = false;
  for (int64_t at = start; at < end; at += 4) {
    uint32_t word = *code.word(at);
    if (is_time_base(word)) {
      timed = true;
      continue;
    }
    Step step = step_of(word);
    counted = counted || step == Step::kCount;
    if (step != Step::kOther) continue;
    auto decoded = ppc64::decode(word);
    bool computes = decoded && (decoded->mnemonic == Mnemonic::kSubf || decoded->mnemonic == Mnemonic::kCmpd ||
                                decoded->mnemonic == Mnemonic::kCmpld);
    if (!computes) return false;
    arithmetic = true;
  }
  if (counts_down) return !counted && !arithmetic;
  return tests_bit && (timed || (counted && !arithmetic));
}

/// The offset of a delay loop that is reached from `entry`.
std::optional<int64_t> find_delay(const CodeBytes& code, int64_t entry) {
  std::set<int64_t> seen;
  std::vector<int64_t> open = {entry};
  while (!open.empty() && seen.size() < kMostInstructions) {
    int64_t at = open.back();
    open.pop_back();
    auto word = code.word(at);
    if (!word || !seen.insert(at).second) continue;
    auto decoded = ppc64::decode(*word);
    if (!decoded) {
      // What the table does not have (a time base, a cache instruction) goes on to the next word; zeros, data
      // and system calls do not.
      if ((*word >> 26) == 31) open.push_back(at + 4);
      continue;
    }
    const auto& o = decoded->operands;
    switch (decoded->mnemonic) {
      case Mnemonic::kB: open.push_back(at + o[0]); break;
      case Mnemonic::kBl:
        open.push_back(at + 4);
        open.push_back(at + o[0]);
        break;
      case Mnemonic::kBc:
      case Mnemonic::kBcl: {
        int64_t target = at + o[2];
        if (decoded->mnemonic == Mnemonic::kBc && target <= at && at - target <= kLongestDelay && target >= 0 &&
            is_delay(code, target, at, o[0]))
          return target;
        open.push_back(at + 4);
        open.push_back(target);
        break;
      }
      case Mnemonic::kBclr:
      case Mnemonic::kBcctr:
        if ((o[0] & 0b10100) != 0b10100) open.push_back(at + 4);  // conditional
        break;
      case Mnemonic::kBa:
      case Mnemonic::kRfid:
      case Mnemonic::kHrfid: break;
      default: open.push_back(at + 4);
    }
  }
  return std::nullopt;
}

/// The file of a segment, as far as it can be told before a build.
std::optional<std::string> path_of(const Subject& s, const Handoff& handoff, const syntax::Expr& e) {
  auto beside = [&](source::Span span, const std::string& path) {
    return (s.sources.folder(span.file) / path).lexically_normal().string();
  };
  if (e.kind == syntax::Expr::Kind::kString) return beside(e.span, e.text);
  if (e.kind != syntax::Expr::Kind::kName) return std::nullopt;
  for (const auto& p : handoff.parameters) {
    if (p.name != e.text) continue;
    if (auto given = s.defines.find(p.name); given != s.defines.end()) return given->second;
    if (p.initial && p.initial->kind == syntax::Expr::Kind::kString) return beside(p.initial->span, p.initial->text);
  }
  return std::nullopt;
}

std::optional<int64_t> landing_of(const Subject& s, const Handoff& handoff) {
  const auto* from = s.convention(handoff.from);
  if (!from) return std::nullopt;
  for (const auto& clause : from->clauses)
    if (clause.kind == ClauseKind::kLanding && !clause.values.empty())
      if (auto n = known_number(*clause.values[0], s.program.lets); n && *n < (1u << 20)) return static_cast<int64_t>(*n);
  return std::nullopt;
}

void look_at(const Subject& s, const Handoff& handoff, const model::Segment& segment, Findings& out) {
  auto path = segment.content ? path_of(s, handoff, *segment.content) : std::nullopt;
  auto file = path ? inputs::read_raw(*path) : Result<MappedFile>(Failure{Failure::Kind::kNotFound, ""});
  if (!file) {
    out.incomplete = true;
    return;
  }
  ByteView head = file->bytes();
  std::vector<Endian> orders = {Endian::kBig, Endian::kLittle};
  std::optional<inputs::ElfImage> image;
  if (segment.kind == SegmentKind::kElf) {
    auto read = inputs::read_elf(*file);
    if (!read) {
      out.incomplete = true;
      return;
    }
    image = std::move(*read);
    orders = {image->order()};
    head = {};
    for (const auto& piece : image->pieces()) {
      if (image->entry_offset() < piece.offset) continue;
      uint64_t skip = image->entry_offset().bytes() - piece.offset.bytes();
      if (skip < piece.bytes.size()) head = piece.bytes.subspan(skip);
    }
  } else if (handoff.giver != model::GiverOrder::kBoth) {
    orders = {handoff.giver == model::GiverOrder::kBig ? Endian::kBig : Endian::kLittle};
  }
  std::vector<std::pair<int64_t, Endian>> entries;
  for (Endian order : orders) entries.emplace_back(0, order);
  if (auto landing = landing_of(s, handoff)) entries.emplace_back(*landing, Endian::kBig);
  for (const auto& [entry, order] : entries) {
    auto found = find_delay(CodeBytes{head, order}, entry);
    if (!found) continue;
    out.report(Code::delay_as_barrier, handoff.enter_span,
                    "`" + segment.name + "` passes time at its entry + " + hex(static_cast<Wide>(*found)) +
                        " and waits for nothing: other CPUs may be anywhere when it goes on")
        .note("only a word that each CPU writes tells that it has moved on");
    return;
  }
}

}  // namespace

void find_delay_loops(const Subject& s, Findings& out) {
  for (const auto& [name, handoff] : s.program.handoffs) {
    if (!s.judged(handoff.span)) continue;
    const auto* entered = handoff.find_segment(handoff.enter);
    if (entered && (entered->kind == SegmentKind::kElf || entered->kind == SegmentKind::kFile))
      look_at(s, handoff, *entered, out);
  }
}

}  // namespace baton::lint
