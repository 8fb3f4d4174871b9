// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A walk over the head as it runs at address 0, with just enough values to follow it.
//
// Slave code is a few dozen instructions: an order switch by rfid, a store of the own id, a wait loop, a
// jump. Where it goes depends on few values only: constants, LR after `bcl 20,31`, the MSR read and
// written back with LE changed, a word loaded from below the limit. Everything else is unknown. The walk
// keeps one state per (address, byte order) and joins: what differs becomes unknown, so it ends.
#include "ppc64/head.h"

#include <array>
#include <deque>
#include <map>
#include <optional>

#include "base/address.h"
#include "ppc64/instruction.h"

namespace baton::ppc64 {
namespace {

/// A value as far as the walk needs it.
struct Known {
  enum class Kind : uint8_t {
    kUnknown,
    kConstant,  // `bits`
    kMsr,       // made from the MSR; LE is bits & 1, the rest does not matter
    kLoaded,    // loaded from below the limit, from address `bits`
  };
  Kind kind = Kind::kUnknown;
  uint64_t bits = 0;
  bool operator==(const Known&) const = default;

  static Known constant(uint64_t bits) { return {Kind::kConstant, bits}; }
  bool is_constant() const { return kind == Kind::kConstant; }
};

struct Thread {
  std::array<Known, 32> gpr;
  Known lr, ctr, srr0, srr1;
  bool operator==(const Thread&) const = default;

  /// Keeps what both agree on; true when that changed this.
  bool join(const Thread& other) {
    bool changed = false;
    auto one = [&](Known& mine, const Known& theirs) {
      if (mine == theirs || mine.kind == Known::Kind::kUnknown) return;
      mine = Known{};
      changed = true;
    };
    for (size_t i = 0; i < gpr.size(); ++i) one(gpr[i], other.gpr[i]);
    one(lr, other.lr);
    one(ctr, other.ctr);
    one(srr0, other.srr0);
    one(srr1, other.srr1);
    return changed;
  }
};

struct Place {
  uint64_t address;
  Endian order;
  auto operator<=>(const Place&) const = default;
};

std::string readable(const Instruction& i) {
  std::string text = to_text(i);
  for (char& c : text)
    if (c == '\t') c = ' ';
  return text;
}

/// An instruction word with all its digits, as a disassembler shows it.
std::string word_text(uint32_t word) {
  static const char* const kDigits = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text += kDigits[(word >> shift) & 15];
  return text;
}

class Walk {
 public:
  Walk(ByteView head, uint64_t limit) : head_(head), limit_(limit) {}

  HeadAnswer run(uint64_t landing, Endian arrival) {
    go_to(Place{landing, arrival}, Thread{}, landing, "the landing");
    while (!pending_.empty() && !refused_) {
      Place place = pending_.front();
      pending_.pop_front();
      step(place, Thread(states_.at(place)));
    }
    if (refused_) return *refused_;
    if (assumed_) return *assumed_;
    if (left_) return *left_;
    return HeadAnswer{Answer::kChecked, landing, "it never leaves the head"};
  }

 private:
  void refuse(uint64_t at, std::string reason) {
    if (!refused_) refused_ = HeadAnswer{Answer::kRefused, at, std::move(reason)};
  }
  void assume(uint64_t at, std::string reason) {
    if (!assumed_ || at < assumed_->offset) assumed_ = HeadAnswer{Answer::kAssumed, at, std::move(reason)};
  }

  void go_to(Place place, Thread thread, uint64_t from, const std::string& how) {
    if (place.address >= limit_ || limit_ - place.address < 4)
      return refuse(from, how + " goes to " + hex(Wide{place.address}) + ", not below " + hex(Wide{limit_}));
    if (!load<uint32_t>(head_, place.address, place.order))
      return refuse(from, how + " goes to " + hex(Wide{place.address}) + ", where the image has no bytes");
    auto [state, is_new] = states_.emplace(place, thread);
    if (is_new || state->second.join(thread)) pending_.push_back(place);
  }

  /// The effective address of a load or store, when it is known.
  static Known effective_address(const Instruction& i, const Thread& t) {
    const Encoding& encoding = encoding_of(i.mnemonic);
    uint64_t sum = 0;
    for (size_t k = 1; k < encoding.operand_count(); ++k) {
      Known part = Known::constant(static_cast<uint64_t>(i.operands[k]));
      Field field = encoding.fields[k];
      if (field != Field::kD && field != Field::kDs) {
        if (field == Field::kRaBase0 && i.operands[k] == 0) continue;
        part = t.gpr[static_cast<size_t>(i.operands[k])];
      }
      if (!part.is_constant()) return Known{};
      sum += part.bits;
    }
    return Known::constant(sum);
  }

  /// True when the access may go on; a load's result is then `loaded`.
  bool access(uint64_t at, const Instruction& i, const Thread& t, unsigned width, const char* verb, Known* loaded) {
    Known address = effective_address(i, t);
    if (!address.is_constant()) {
      assume(at, "`" + readable(i) + "` at " + hex(Wide{at}) + " " + verb + " at an address that is not known");
      return true;
    }
    if (address.bits >= limit_ || limit_ - address.bits < width) {
      refuse(at, "`" + readable(i) + "` at " + hex(Wide{at}) + " " + verb + " at " + hex(Wide{address.bits}) +
                     ", not below " + hex(Wide{limit_}));
      return false;
    }
    if (loaded) *loaded = Known{Known::Kind::kLoaded, address.bits};
    return true;
  }

  void leave(uint64_t at, const Instruction& i, const Known& to, Endian order, const Thread& t, const char* through) {
    std::string where = "`" + readable(i) + "` at " + hex(Wide{at});
    if (to.is_constant()) return go_to(Place{to.bits & ~uint64_t{3}, order}, t, at, where);
    if (to.kind == Known::Kind::kLoaded) {
      if (!left_ || at < left_->offset)
        left_ = HeadAnswer{Answer::kChecked, at,
                           where + " leaves through " + through + ", to an address that it loads at " +
                               hex(Wide{to.bits})};
      return;
    }
    assume(at, where + " leaves through " + through + ", whose value is not known");
  }

  void step(Place place, Thread t) {
    const uint64_t at = place.address;
    uint32_t word = *load<uint32_t>(head_, at, place.order);
    auto decoded = decode(word);
    if (!decoded)
      return assume(at, "the word " + word_text(word) + " at " + hex(Wide{at}) + " is outside the decoded subset");
    const Instruction& i = *decoded;
    const auto& o = i.operands;
    auto gpr = [&](int64_t n) -> Known& { return t.gpr[static_cast<size_t>(n)]; };
    auto base = [&](int64_t n) { return n == 0 ? Known::constant(0) : gpr(n); };
    auto next = [&] { go_to(Place{at + 4, place.order}, t, at, "`" + readable(i) + "` at " + hex(Wide{at})); };
    auto branch = [&](uint64_t to) {
      go_to(Place{to, place.order}, t, at, "`" + readable(i) + "` at " + hex(Wide{at}));
    };
    switch (i.mnemonic) {
      case Mnemonic::kB: return branch(at + static_cast<uint64_t>(o[0]));
      case Mnemonic::kBa: return branch(static_cast<uint64_t>(o[0]));
      case Mnemonic::kBl:
      case Mnemonic::kBla:
        t.lr = Known::constant(at + 4);
        return branch(i.mnemonic == Mnemonic::kBl ? at + static_cast<uint64_t>(o[0]) : static_cast<uint64_t>(o[0]));
      case Mnemonic::kBc:
      case Mnemonic::kBcl:
      case Mnemonic::kBca: {
        if (i.mnemonic == Mnemonic::kBcl) t.lr = Known::constant(at + 4);
        if ((o[0] & 4) == 0) t.ctr = Known{};
        uint64_t to = static_cast<uint64_t>(o[2]) + (i.mnemonic == Mnemonic::kBca ? 0 : at);
        branch(to);
        if (o[0] != 20) next();
        return;
      }
      case Mnemonic::kBclr:
      case Mnemonic::kBclrl:
      case Mnemonic::kBcctr:
      case Mnemonic::kBcctrl: {
        bool to_lr = i.mnemonic == Mnemonic::kBclr || i.mnemonic == Mnemonic::kBclrl;
        Known to = to_lr ? t.lr : t.ctr;
        if (i.mnemonic == Mnemonic::kBclrl || i.mnemonic == Mnemonic::kBcctrl) t.lr = Known::constant(at + 4);
        if ((o[0] & 4) == 0) t.ctr = Known{};
        leave(at, i, to, place.order, t, to_lr ? "lr" : "ctr");
        if (o[0] != 20) next();
        return;
      }
      case Mnemonic::kRfid:
        if (t.srr1.kind != Known::Kind::kMsr)
          return assume(at, "`rfid` at " + hex(Wide{at}) + " sets a byte order that is not known");
        return leave(at, i, t.srr0, (t.srr1.bits & 1) != 0 ? Endian::kLittle : Endian::kBig, t, "srr0");
      case Mnemonic::kHrfid:
        return assume(at, "`hrfid` at " + hex(Wide{at}) + " leaves the head");
      case Mnemonic::kTw:
      case Mnemonic::kTd:
      case Mnemonic::kTdi:
      case Mnemonic::kTwi:
        if (o[0] == 31) return refuse(at, "`" + readable(i) + "` at " + hex(Wide{at}) + " traps");
        if (o[0] != 0) assume(at, "`" + readable(i) + "` at " + hex(Wide{at}) + " may trap");
        return next();
      case Mnemonic::kSc:
        assume(at, "`" + readable(i) + "` at " + hex(Wide{at}) + " calls firmware");
        for (Known& value : t.gpr) value = Known{};
        t.lr = t.ctr = t.srr0 = t.srr1 = Known{};
        return next();
      case Mnemonic::kAddi:
      case Mnemonic::kAddis: {
        Known from = base(o[1]);
        uint64_t add = static_cast<uint64_t>(o[2]) << (i.mnemonic == Mnemonic::kAddis ? 16 : 0);
        gpr(o[0]) = from.is_constant() ? Known::constant(from.bits + add) : Known{};
        return next();
      }
      case Mnemonic::kOri:
      case Mnemonic::kOris:
      case Mnemonic::kXori:
      case Mnemonic::kXoris: {
        bool high = i.mnemonic == Mnemonic::kOris || i.mnemonic == Mnemonic::kXoris;
        bool flips = i.mnemonic == Mnemonic::kXori || i.mnemonic == Mnemonic::kXoris;
        uint64_t bits = static_cast<uint64_t>(o[2]) << (high ? 16 : 0);
        Known from = gpr(o[1]);
        if (from.is_constant())
          gpr(o[0]) = Known::constant(flips ? from.bits ^ bits : from.bits | bits);
        else if (from.kind == Known::Kind::kMsr)
          gpr(o[0]) = Known{Known::Kind::kMsr, flips ? from.bits ^ (bits & 1) : from.bits | (bits & 1)};
        else if (bits == 0)
          gpr(o[0]) = from;
        else
          gpr(o[0]) = Known{};
        return next();
      }
      case Mnemonic::kOr:
        gpr(o[0]) = o[1] == o[2] ? gpr(o[1]) : Known{};
        return next();
      case Mnemonic::kMfmsr:
        gpr(o[0]) = Known{Known::Kind::kMsr, place.order == Endian::kLittle ? uint64_t{1} : 0};
        return next();
      case Mnemonic::kMfspr:
        gpr(o[0]) = o[1] == static_cast<int64_t>(Spr::kLr)    ? t.lr
                    : o[1] == static_cast<int64_t>(Spr::kCtr) ? t.ctr
                                                              : Known{};
        return next();
      case Mnemonic::kMtspr:
        if (o[0] == static_cast<int64_t>(Spr::kLr)) t.lr = gpr(o[1]);
        if (o[0] == static_cast<int64_t>(Spr::kCtr)) t.ctr = gpr(o[1]);
        if (o[0] == static_cast<int64_t>(Spr::kSrr0)) t.srr0 = gpr(o[1]);
        if (o[0] == static_cast<int64_t>(Spr::kSrr1)) t.srr1 = gpr(o[1]);
        return next();
      case Mnemonic::kDcbz:
      case Mnemonic::kLbzu: case Mnemonic::kLhzu: case Mnemonic::kLhau: case Mnemonic::kLwzu: case Mnemonic::kLdu:
      case Mnemonic::kLbzux: case Mnemonic::kLhzux: case Mnemonic::kLhaux: case Mnemonic::kLwzux:
      case Mnemonic::kLwaux: case Mnemonic::kLdux:
      case Mnemonic::kStbu: case Mnemonic::kSthu: case Mnemonic::kStwu: case Mnemonic::kStdu:
      case Mnemonic::kStbux: case Mnemonic::kSthux: case Mnemonic::kStwux: case Mnemonic::kStdux:
      case Mnemonic::kLvx:
      case Mnemonic::kStvx:
        return assume(at, "`" + readable(i) + "` at " + hex(Wide{at}) + " is not followed");
      case Mnemonic::kLbz:
      case Mnemonic::kLhz:
      case Mnemonic::kLha:
      case Mnemonic::kLwz:
      case Mnemonic::kLwa:
      case Mnemonic::kLd:
      case Mnemonic::kLbzx:
      case Mnemonic::kLhzx:
      case Mnemonic::kLhax:
      case Mnemonic::kLwzx:
      case Mnemonic::kLwax:
      case Mnemonic::kLdx:
      case Mnemonic::kLhbrx:
      case Mnemonic::kLwbrx:
      case Mnemonic::kLdbrx:
      case Mnemonic::kLwarx:
      case Mnemonic::kLdarx: {
        Known loaded;
        if (!access(at, i, t, access_width(i.mnemonic), "loads", &loaded)) return;
        gpr(o[0]) = loaded;
        return next();
      }
      case Mnemonic::kStb:
      case Mnemonic::kSth:
      case Mnemonic::kStw:
      case Mnemonic::kStd:
      case Mnemonic::kStbx:
      case Mnemonic::kSthx:
      case Mnemonic::kStwx:
      case Mnemonic::kStdx:
      case Mnemonic::kSthbrx:
      case Mnemonic::kStwbrx:
      case Mnemonic::kStdbrx:
      case Mnemonic::kStwcxDot:
      case Mnemonic::kStdcxDot:
        if (!access(at, i, t, access_width(i.mnemonic), "stores", nullptr)) return;
        return next();
      default:
        if (auto written = written_register(i)) t.gpr[written->number()] = Known{};
        return next();
    }
  }

  ByteView head_;
  uint64_t limit_;
  std::map<Place, Thread> states_;
  std::deque<Place> pending_;
  std::optional<HeadAnswer> refused_, assumed_, left_;
};

}  // namespace

const char* to_text(Answer answer) {
  switch (answer) {
    case Answer::kChecked: return "checked";
    case Answer::kAssumed: return "assumed";
    case Answer::kRefused: return "refused";
  }
  return "";
}

HeadAnswer check_order_neutral(ByteView head, uint64_t offset, Endian image_order) {
  auto word = load<uint32_t>(head, offset, image_order);
  if (!word) return {Answer::kRefused, offset, "the image has no bytes at " + hex(Wide{offset})};
  if (*word != kNeutralWord)
    return {Answer::kRefused, offset,
            "the word at " + hex(Wide{offset}) + " is " + word_text(*word) + ", not " + word_text(kNeutralWord)};
  // What the other order skips and what it then executes must be there too.
  if (!load<uint32_t>(head, offset + 4, image_order) || !load<uint32_t>(head, offset + 8, image_order))
    return {Answer::kRefused, offset, "the image ends behind the neutral word at " + hex(Wide{offset})};
  return {Answer::kChecked, offset, "the word at " + hex(Wide{offset}) + " is " + word_text(kNeutralWord)};
}

HeadAnswer check_landing(ByteView head, uint64_t offset, Endian arrival) {
  auto word = load<uint32_t>(head, offset, arrival);
  if (!word || offset % 4 != 0)
    return {Answer::kRefused, offset, "the image has no instruction at " + hex(Wide{offset})};
  if (*word == 0) return {Answer::kRefused, offset, "the word at " + hex(Wide{offset}) + " is zero"};
  auto instruction = decode(*word);
  if (!instruction)
    return {Answer::kRefused, offset,
            "the word " + word_text(*word) + " at " + hex(Wide{offset}) + " is no instruction for slaves that arrive " +
                to_text(arrival) + "-endian"};
  bool is_trap = instruction->mnemonic == Mnemonic::kTw || instruction->mnemonic == Mnemonic::kTd ||
                 instruction->mnemonic == Mnemonic::kTwi || instruction->mnemonic == Mnemonic::kTdi;
  std::string where = "`" + readable(*instruction) + "` at " + hex(Wide{offset});
  if (is_trap && instruction->operands[0] != 0) return {Answer::kRefused, offset, where + " traps"};
  return {Answer::kChecked, offset, "slaves land on " + where};
}

HeadAnswer check_runs_at_zero(ByteView head, uint64_t landing, uint64_t limit, Endian arrival) {
  return Walk(head, limit).run(landing, arrival);
}

}  // namespace baton::ppc64
