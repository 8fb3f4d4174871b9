// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Do the judge and QEMU make the same of the same instruction, with the same registers and memory?
//
// Random words of every row that problem state may execute, a number of each, on random registers. They become one
// static program: a loop that loads a case's state from its record, goes to the case's slot, and stores what it finds
// afterwards into the record. QEMU runs it, and its output, the records, is compared with what one step of the judge
// makes of each. Every bit must agree; a bit that the judge does not know must be one that the books leave undefined.
//
//   semantics_tool make ORDER COUNT FILE       the program
//   semantics_tool compare ORDER COUNT FILE    the records that it wrote, against ours
//
// Not here: instructions of privileged state (privileged_tool.cpp), system calls, clocks, and dcbz, of which every CPU
// makes something else.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "ppc64/assemble.h"
#include "random_state.h"
#include "tool.h"
#include "verify/semantics.h"

using namespace baton;
using namespace baton::differential;
using namespace baton::ppc64;
using verify::Value;

namespace {

// Low enough for absolute branches and for displacements from nothing.
constexpr uint64_t kBuffer = 0x2000, kBufferSize = 64, kCode = 0x3000;
// A slot has eight words: four that set LR, one before the word in question, this, and the ways out.
constexpr uint64_t kSlots = 0x100000, kSlotSize = 32, kBeforeAt = 16, kWordAt = 20, kNextAt = 24, kTakenAt = 28;
// A record: the registers, how it came back, the slot, the buffer, v0..v31.
constexpr uint64_t kRecords = 0x10000000, kWay = kRegistersSize, kSlot = 296, kMemory = 304, kVectors = 368, kRecordSize = 880;
static_assert(kVectors % 16 == 0 && kRecordSize % 16 == 0);
constexpr uint64_t kStack = 0x20000, kStackSize = 0x8000;  // of the handler of traps
enum Way : uint64_t { kWent = 1, kTaken = 2, kTrapped = 3 };
constexpr uint32_t kNop = 0x60000000;
constexpr unsigned kReserved = 31;  // the register that holds the record's address

struct Case {
  Instruction instruction;
  uint32_t word = 0, before = kNop;
  Registers registers;
  std::array<uint64_t, 64> vr{};
  std::array<uint8_t, kBufferSize> memory{};
};

bool is_register(Field field) {
  switch (field) {
    case Field::kRt: case Field::kRs: case Field::kRa: case Field::kRaBase0: case Field::kRaUpdate:
    case Field::kRaUpdateStore: case Field::kRb: return true;
    default: return false;
  }
}

/// Where memory is touched, and only there, addresses have to be made.
bool has_address(const Encoding& row) {
  if (row.mnemonic == Mnemonic::kIsel) return false;
  return std::any_of(row.fields.begin(), row.fields.end(),
                     [](Field f) { return f == Field::kD || f == Field::kDs || f == Field::kRaUpdate || f == Field::kRaUpdateStore; }) ||
         (std::count(row.fields.begin(), row.fields.end(), Field::kRaBase0) != 0 &&
          std::count(row.fields.begin(), row.fields.end(), Field::kRb) != 0);
}

bool is_conditional_store(Mnemonic m) { return m == Mnemonic::kStwcxDot || m == Mnemonic::kStdcxDot; }
bool reserves(Mnemonic m) { return m == Mnemonic::kLwarx || m == Mnemonic::kLdarx || is_conditional_store(m); }

class Maker {
 public:
  Maker(Endian order, unsigned per_row) : dice_(order == Endian::kBig ? 1994 : 2013), per_row_(per_row) {}

  std::vector<Case> all() {
    std::vector<Case> cases;
    for (const Encoding& row : encodings()) {
      if (row.rights != Rights::kAnyone || row.mnemonic == Mnemonic::kSc || row.mnemonic == Mnemonic::kDcbz) continue;
      unsigned made = 0;
      for (unsigned tries = 0; made < per_row_ && tries < 200 * per_row_; ++tries)
        if (auto one = make(row, cases.size())) {
          cases.push_back(*one);
          ++made;
        }
      if (made < per_row_ / 2) stop("too few words of `" + std::string(row.name) + "` can be run");
    }
    return cases;
  }

 private:
  std::optional<Case> make(const Encoding& row, uint64_t index) {
    auto drawn = decode(row.match | (static_cast<uint32_t>(dice_.bits()) & ~row.mask));
    if (!drawn) return std::nullopt;
    Case c;
    c.instruction = *drawn;
    auto& operands = c.instruction.operands;
    for (size_t k = 0; k < row.operand_count(); ++k)
      if (is_register(row.fields[k]) && operands[k] == kReserved) return std::nullopt;
    if (row.mnemonic == Mnemonic::kMtspr || row.mnemonic == Mnemonic::kMfspr) {
      constexpr int64_t kOpen[] = {1, 8, 9};  // XER LR CTR
      operands[row.mnemonic == Mnemonic::kMtspr ? 0 : 1] = kOpen[dice_.below(3)];
    }
    c.registers = Registers::draw(dice_);
    // A signal that comes when r1 is in the handler's stack is put below r1.
    while (c.registers.gpr[1] - kStack <= kStackSize) c.registers.gpr[1] = dice_.number();
    for (uint64_t& half : c.vr) half = dice_.below(3) == 0 ? (dice_.bits() & 0xffffffff) * 0x100000001 : dice_.bits();
    for (unsigned n = 0; n < 12; ++n) {  // equal words must come up
      uint64_t from = dice_.below(32), to = dice_.below(32);
      c.vr[2 * to] = c.vr[2 * from];
      if (dice_.below(2) == 0) c.vr[2 * to + 1] = c.vr[2 * from + 1];
    }
    for (uint8_t& byte : c.memory) byte = static_cast<uint8_t>(dice_.bits());
    if (has_address(row) && !make_address(row, c)) return std::nullopt;
    make_target(row, c, kSlots + index * kSlotSize + kTakenAt);
    auto word = encode(c.instruction);
    if (!word) return std::nullopt;
    c.word = *word;
    if (is_conditional_store(row.mnemonic)) reserve_first(row, c);
    return c;
  }

  bool make_address(const Encoding& row, Case& c) {
    auto& operands = c.instruction.operands;
    uint64_t at = kBuffer + 16 + dice_.below(32);
    if (reserves(row.mnemonic)) at &= ~uint64_t{7};
    size_t base = 0, index = 0, displacement = 0;  // an operand after the first, or 0 for none
    bool aligned = false;
    for (size_t k = 0; k < row.operand_count(); ++k) {
      Field f = row.fields[k];
      if (f == Field::kRaBase0 || f == Field::kRaUpdate || f == Field::kRaUpdateStore) base = k + 1;
      if (f == Field::kRb) index = k + 1;
      if (f == Field::kD || f == Field::kDs) displacement = k + 1;
      aligned = aligned || f == Field::kDs;
    }
    const int64_t ra = operands[base - 1];
    auto gpr = [&](int64_t n) -> uint64_t& { return c.registers.gpr[static_cast<size_t>(n)]; };
    if (displacement != 0) {
      if (aligned) at &= ~uint64_t{3};
      if (ra == 0)
        operands[displacement - 1] = static_cast<int64_t>(at);
      else
        gpr(ra) = at - static_cast<uint64_t>(operands[displacement - 1]);
      return true;
    }
    const int64_t rb = operands[index - 1];
    const bool from_zero = ra == 0 && row.fields[base - 1] == Field::kRaBase0;
    if (from_zero) {
      gpr(rb) = at;
    } else if (ra == rb) {
      gpr(rb) = (at & ~uint64_t{1}) / 2 | (dice_.below(2) << 63);  // the sum goes around
      if (reserves(row.mnemonic) && (at & 7) != 0) return false;
    } else {
      gpr(ra) = at - gpr(rb);
    }
    return true;
  }

  void make_target(const Encoding& row, Case& c, uint64_t taken) {
    for (size_t k = 0; k < row.operand_count(); ++k) {
      int64_t& operand = c.instruction.operands[k];
      if (row.fields[k] == Field::kLi || row.fields[k] == Field::kBd) operand = kTakenAt - kWordAt;
      if (row.fields[k] == Field::kLiAbsolute || row.fields[k] == Field::kBdAbsolute) operand = kCode;
    }
    const uint64_t with_low_bits = taken + dice_.below(4);
    if (row.mnemonic == Mnemonic::kBclr || row.mnemonic == Mnemonic::kBclrl) c.registers.lr = with_low_bits;
    if (row.mnemonic == Mnemonic::kBcctr || row.mnemonic == Mnemonic::kBcctrl) c.registers.ctr = with_low_bits;
  }

  /// The same address and size, into a register that the store does not use.
  void reserve_first(const Encoding& row, Case& c) {
    Instruction load;
    load.mnemonic = row.mnemonic == Mnemonic::kStwcxDot ? Mnemonic::kLwarx : Mnemonic::kLdarx;
    load.operands = c.instruction.operands;
    const auto& used = c.instruction.operands;
    for (int64_t r = 3; r < 8; ++r)
      if (r != used[0] && r != used[1] && r != used[2]) load.operands[0] = r;
    c.before = must(encode(load));
  }

  Dice dice_;
  unsigned per_row_;
};

// ---- the program

std::string harness(uint64_t cases) {
  Code code;
  auto line = [&](const std::string& l) { code.line(l); };
  auto vectors = [&](const char* what) {
    for (unsigned v = 0; v < 32; ++v) {
      line("li %r0, " + std::to_string(kVectors + 16 * v));
      line(std::string(what) + " %v" + std::to_string(v) + ", %r31, %r0");
    }
  };
  code.label("start");
  line("b taken");
  // sigaltstack(2), rt_sigaction(2): a trap is a signal, whose handler never returns.
  code.number("%r3", kCode);
  line("addi %r3, %r3, stack-start");
  line("li %r4, 0");
  line("li %r0, 185");
  line("sc");
  line("li %r3, 5");
  code.number("%r4", kCode);
  line("addi %r4, %r4, action-start");
  line("li %r5, 0");
  line("li %r6, 8");
  line("li %r0, 173");
  line("sc");
  code.number("%r31", kRecords);
  code.label("next");
  for (uint64_t at = 0; at < kBufferSize; at += 8) {
    line("ld %r0, " + std::to_string(kMemory + at) + "(%r31)");
    line("std %r0, " + std::to_string(kBuffer + at) + "(0)");
  }
  vectors("lvx");
  code.load_special("mtcrf 0xff, %r0", kCr);
  code.load_special("mtxer %r0", kXer);
  code.load_special("mtctr %r0", kCtr);
  code.load_special("mtlr %r0", kSlot);
  code.each("ld", 31);
  line("blr");
  code.label("taken");
  line("std %r0, 0(%r31)");
  line("li %r0, " + std::to_string(kTaken));
  line("b back");
  code.label("went");
  line("std %r0, 0(%r31)");
  line("li %r0, " + std::to_string(kWent));
  code.label("back");
  line("std %r0, " + std::to_string(kWay) + "(%r31)");
  code.each("std", 31, 1);
  code.store_special("mfcr %r0", kCr);
  code.store_special("mfxer %r0", kXer);
  code.store_special("mflr %r0", kLr);
  code.store_special("mfctr %r0", kCtr);
  vectors("stvx");
  for (uint64_t at = 0; at < kBufferSize; at += 8) {
    line("ld %r0, " + std::to_string(kBuffer + at) + "(0)");
    line("std %r0, " + std::to_string(kMemory + at) + "(%r31)");
  }
  code.label("done");
  line("addi %r31, %r31, " + std::to_string(kRecordSize));
  code.number("%r0", kRecords + cases * kRecordSize);
  line("cmpld %r31, %r0");
  line("blt next");
  // write(2) until all is written; exit(2).
  code.number("%r4", kRecords);
  code.number("%r5", cases * kRecordSize);
  code.label("again");
  for (const char* l : {"li %r3, 1", "li %r0, 4", "sc", "add %r4, %r4, %r3", "subf. %r5, %r3, %r5", "bgt again", "li %r3, 0", "li %r0, 1", "sc"})
    line(l);
  code.label("trapped");
  line("li %r0, " + std::to_string(kTrapped));
  line("std %r0, " + std::to_string(kWay) + "(%r31)");
  line("b done");
  line(".balign 16");
  // struct sigaction: handler, SA_ONSTACK | SA_NODEFER, restorer, mask. stack_t: base, flags, size.
  code.label("action");
  line(".8byte " + std::to_string(kCode) + "+trapped-start, 0x48000000, 0, 0");
  code.label("stack");
  line(".8byte " + std::to_string(kStack) + ", 0, " + std::to_string(kStackSize));
  return code.text();
}

struct Part {
  uint64_t address;
  ByteBuffer bytes;
};

/// A static program of ABI version 2, entered at the second word of the first part.
ByteBuffer elf(const std::vector<Part>& parts, Endian order) {
  constexpr uint64_t kPage = 0x10000;
  ByteBuffer file{0x7f, 'E', 'L', 'F', 2, static_cast<uint8_t>(order == Endian::kBig ? 2 : 1), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  auto half = [&](uint16_t n) { append(file, n, order); };
  auto word = [&](uint32_t n) { append(file, n, order); };
  auto wide = [&](uint64_t n) { append(file, n, order); };
  half(2);   // ET_EXEC
  half(21);  // EM_PPC64
  word(1);
  wide(kCode + 4);
  wide(64);
  wide(0);
  word(2);
  half(64);
  half(56);
  half(static_cast<uint16_t>(parts.size()));
  half(64);
  half(0);
  half(0);
  uint64_t at = 0;
  std::vector<uint64_t> offsets;
  for (const Part& part : parts) {
    at = (at / kPage + 1) * kPage + part.address % kPage;
    offsets.push_back(at);
    word(1);  // PT_LOAD
    word(7);
    wide(at);
    wide(part.address);
    wide(part.address);
    wide(part.bytes.size());
    wide(part.bytes.size());
    wide(kPage);
    at += part.bytes.size();
  }
  file.resize(at);
  for (size_t i = 0; i < parts.size(); ++i) std::copy(parts[i].bytes.begin(), parts[i].bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(offsets[i]));
  return file;
}

ByteBuffer record_of(const Case& c, uint64_t slot, Endian order) {
  ByteBuffer record;
  c.registers.append_to(record, order);
  for (uint64_t n : {uint64_t{0}, slot}) append(record, n, order);
  record.insert(record.end(), c.memory.begin(), c.memory.end());
  for (size_t v = 0; v < 32; ++v)  // a vector is one number of 128 bits
    for (size_t half : {0u, 1u}) append(record, c.vr[2 * v + (order == Endian::kBig ? half : 1 - half)], order);
  return record;
}

int make(Endian order, unsigned per_row, const std::string& path) {
  const auto cases = Maker(order, per_row).all();
  auto code = must(assemble(harness(cases.size()), order)).text;
  // Where the ways out are: found by the first word that loads their number.
  auto place_of_way = [&](uint64_t way) {
    const uint32_t li = must(encode(ins::li(reg::r0, static_cast<int64_t>(way))));
    for (uint64_t at = 4; at < code.size(); at += 4)
      if (*load<uint32_t>(code, at, order) == li) return kCode + at - 4;
    stop("the harness has no such way out");
  };
  const uint64_t went = place_of_way(kWent), taken = place_of_way(kTaken);
  Part low{kBuffer, ByteBuffer(kCode - kBuffer)}, slots{kSlots, {}}, records{kRecords, {}};
  low.bytes.insert(low.bytes.end(), code.begin(), code.end());
  Part stack{kStack, ByteBuffer(kStackSize)};
  for (size_t i = 0; i < cases.size(); ++i) {
    const uint64_t slot = kSlots + i * kSlotSize, record = kRecords + i * kRecordSize;
    auto put = [&](const Instruction& instruction) { append(slots.bytes, must(encode(instruction)), order); };
    put(ins::ld(reg::r31, Displacement(static_cast<int64_t>(kLr)), reg::r31));
    put(ins::mtlr(reg::r31));
    put(ins::lis(reg::r31, static_cast<int64_t>(record >> 16)));
    put(ins::ori(reg::r31, reg::r31, record & 0xffff));
    append(slots.bytes, cases[i].before, order);
    append(slots.bytes, cases[i].word, order);
    put(ins::b(static_cast<int64_t>(went) - static_cast<int64_t>(slot + kNextAt)));
    put(ins::b(static_cast<int64_t>(taken) - static_cast<int64_t>(slot + kTakenAt)));
    ByteBuffer bytes = record_of(cases[i], slot, order);
    records.bytes.insert(records.bytes.end(), bytes.begin(), bytes.end());
  }
  const ByteBuffer file = elf({low, stack, slots, records}, order);
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  return out.flush() ? 0 : 1;
}

// ---- the comparison

/// The bits of the first operand that the books leave undefined.
uint64_t undefined_result(const Case& c) {
  const auto& o = c.instruction.operands;
  const uint64_t high = 0xffffffff00000000, all = ~uint64_t{0};
  auto a = [&] { return c.registers.gpr[static_cast<size_t>(o[1])]; };
  auto b = [&] { return c.registers.gpr[static_cast<size_t>(o[2])]; };
  auto word = [](uint64_t n) { return n & 0xffffffff; };
  switch (c.instruction.mnemonic) {
    case Mnemonic::kMulhw: case Mnemonic::kMulhwDot: case Mnemonic::kMulhwu: case Mnemonic::kMulhwuDot: return high;
    case Mnemonic::kDivw: case Mnemonic::kDivwDot: case Mnemonic::kModsw:
      return word(b()) == 0 || (word(a()) == 0x80000000 && word(b()) == 0xffffffff) ? all : high;
    case Mnemonic::kDivwu: case Mnemonic::kDivwuDot: case Mnemonic::kModuw: return word(b()) == 0 ? all : high;
    case Mnemonic::kDivd: case Mnemonic::kDivdDot: case Mnemonic::kModsd:
      return b() == 0 || (a() == uint64_t{1} << 63 && b() == all) ? all : 0;
    case Mnemonic::kDivdu: case Mnemonic::kDivduDot: case Mnemonic::kModud: return b() == 0 ? all : 0;
    case Mnemonic::kMfocrf: return ~(uint64_t{15} << 4 * static_cast<unsigned>(__builtin_ctz(static_cast<unsigned>(o[1]))));
    default: return 0;
  }
}

bool sets_carry(Mnemonic m) {
  switch (m) {
    case Mnemonic::kAddic: case Mnemonic::kAddicDot: case Mnemonic::kSubfic:
    case Mnemonic::kAddc: case Mnemonic::kAddcDot: case Mnemonic::kAdde: case Mnemonic::kAddeDot:
    case Mnemonic::kAddme: case Mnemonic::kAddmeDot: case Mnemonic::kAddze: case Mnemonic::kAddzeDot:
    case Mnemonic::kSubfc: case Mnemonic::kSubfcDot: case Mnemonic::kSubfe: case Mnemonic::kSubfeDot:
    case Mnemonic::kSubfme: case Mnemonic::kSubfmeDot: case Mnemonic::kSubfze: case Mnemonic::kSubfzeDot:
    case Mnemonic::kSraw: case Mnemonic::kSrawDot: case Mnemonic::kSrawi: case Mnemonic::kSrawiDot:
    case Mnemonic::kSrad: case Mnemonic::kSradDot: case Mnemonic::kSradi: case Mnemonic::kSradiDot: return true;
    default: return false;
  }
}

class Comparison {
 public:
  Comparison(const Case& c, uint64_t slot, ByteView record, Endian order) : c_(c), slot_(slot), record_(record), order_(order) {}

  /// What differs, or empty.
  std::string run() {
    verify::Machine m;
    ByteBuffer code;
    append(code, c_.before, order_);
    append(code, c_.word, order_);
    m.memory.describe("code", slot_ + kBeforeAt, code, code.size());
    m.memory.describe("buffer", kBuffer, ByteView(c_.memory), kBufferSize);
    c_.registers.give(m);
    for (size_t v = 0; v < 64; ++v) m.vr[v / 2][v % 2] = Value(c_.vr[v]);
    m.msr = Value(msr::kSf | msr::kVec | (order_ == Endian::kLittle ? msr::kLe : 0));
    m.pc = slot_ + kBeforeAt;
    verify::Step first = verify::step(m);
    if (first.kind != verify::Step::Kind::kWent) return first.reason;
    verify::Step result = verify::step(m);
    const bool traps = result.kind == verify::Step::Kind::kWrong && result.reason.ends_with(" traps");
    if (result.kind != verify::Step::Kind::kWent && !traps) return result.reason;
    const uint64_t way = traps ? kTrapped : m.pc == slot_ + kNextAt ? kWent : kTaken;
    if (way == kTaken && m.pc != slot_ + kTakenAt && m.pc != kCode) return "goes to " + hex(Wide{m.pc});
    same("way", Value(way), kWay, 0);
    if (traps) return differing_.text();
    const Encoding& row = encoding_of(c_.instruction.mnemonic);
    const uint64_t undefined = undefined_result(c_);
    for (size_t r = 0; r < kReserved; ++r)
      same("r" + std::to_string(r), m.gpr[r], 8 * r, static_cast<int64_t>(r) == c_.instruction.operands[0] ? undefined : 0);
    // With an undefined sign so is CR0: but for SO, and for EQ where what is defined is not 0.
    const bool may_be_zero = row.records && m.gpr[static_cast<size_t>(c_.instruction.operands[0])].bits() == 0;
    same("cr", m.cr, kCr, !row.records || undefined == 0 ? 0 : may_be_zero ? 0xe0000000 : 0xc0000000);
    const bool writes_xer = c_.instruction.mnemonic == Mnemonic::kMtspr && c_.instruction.operands[0] == 1;
    same("xer", m.xer, kXer,
         sets_carry(c_.instruction.mnemonic) ? 1u << 18
         : writes_xer                        ? c_.registers.gpr[static_cast<size_t>(c_.instruction.operands[1])] & ~uint64_t{0xe000007f}
                                             : 0);
    same("lr", m.lr, kLr, 0);
    same("ctr", m.ctr, kCtr, 0);
    for (size_t v = 0; v < 32; ++v)
      for (size_t half : {0u, 1u})
        same("v" + std::to_string(v), m.vr[v][half], kVectors + 16 * v + 8 * (order_ == Endian::kBig ? half : 1 - half), 0);
    for (uint64_t at = 0; at < kBufferSize; ++at) {
      Value byte = m.memory.byte(kBuffer + at);
      if (!byte.is_constant() || byte.bits() != record_[kMemory + at]) differing_.add("memory+" + std::to_string(at));
    }
    return differing_.text();
  }

 private:
  void same(const std::string& name, const Value& ours, uint64_t at, uint64_t undefined) {
    differing_.same(name, ours, *load<uint64_t>(record_, at, order_), undefined);
  }

  const Case& c_;
  uint64_t slot_;
  ByteView record_;
  Endian order_;
  Differences differing_;
};

int compare(Endian order, unsigned per_row, const std::string& path) {
  const auto cases = Maker(order, per_row).all();
  std::ifstream in(path, std::ios::binary);
  const ByteBuffer records(std::istreambuf_iterator<char>(in), {});
  if (records.size() != cases.size() * kRecordSize)
    stop("QEMU wrote " + std::to_string(records.size()) + " bytes instead of " + std::to_string(cases.size() * kRecordSize));
  std::set<Mnemonic> rows;
  unsigned differences = 0;
  std::map<uint64_t, unsigned> ways;
  for (size_t i = 0; i < cases.size(); ++i) {
    ByteView record = ByteView(records).subspan(i * kRecordSize, kRecordSize);
    std::string differing = Comparison(cases[i], kSlots + i * kSlotSize, record, order).run();
    rows.insert(cases[i].instruction.mnemonic);
    ++ways[*load<uint64_t>(record, kWay, order)];
    if (differing.empty() || ++differences > 40) continue;
    std::fprintf(stderr, "`%s` (%08x):%s\n", to_text(cases[i].instruction).c_str(), cases[i].word, differing.c_str());
  }
  if (differences != 0) stop(std::to_string(differences) + " of " + std::to_string(cases.size()) + " cases differ");
  std::printf("%zu %zu %u %u\n", cases.size(), rows.size(), ways[kTaken], ways[kTrapped]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 5 ? argv[1] : "";
  const Endian order = argc == 5 && std::string(argv[2]) == "little" ? Endian::kLittle : Endian::kBig;
  if (mode == "make") return make(order, static_cast<unsigned>(std::stoul(argv[3])), argv[4]);
  if (mode == "compare") return compare(order, static_cast<unsigned>(std::stoul(argv[3])), argv[4]);
  std::fprintf(stderr, "usage: semantics_tool make|compare ORDER COUNT FILE\n");
  return 64;
}
