// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SHA-256 with general registers, in every PowerPC of 64 bits. For a newcomer, why it looks as it does:
//
// A block needs 16 words of schedule and 8 of working state in registers, and the 8 of the chaining value must
// survive it. With nothing stored anywhere, 32 registers are barely enough: the chaining value is kept in four, two
// words each; the message's address is in CTR, the way back in LR, and what the master must not lose waits in
// SRR0 and SRR1, which nothing but an interrupt writes. That leaves three to compute with and one that walks over
// the round constants.
//
// Values are 32 bits wide; what additions carry above them is garbage that rotates cut off. A round takes 24
// instructions: each large sigma is five, because rotr6 ^ rotr11 ^ rotr25 of e is
// rotr6(e ^ rotr5(e ^ rotr14(e))); Maj is three, because a ^ b of one round is b ^ c of the next.
#include "trampoline/digest_parts.h"
#include "trampoline/sha256_constants.h"

namespace baton::trampoline {

using ppc64::Displacement;
using ppc64::Gpr;
namespace ins = ppc64::ins;
namespace reg = ppc64::reg;

namespace {

constexpr Gpr kTable = reg::r3;  // one word before the next round's constant
constexpr std::array<Gpr, 4> kChain{reg::r4, reg::r5, reg::r6, reg::r7};
constexpr std::array<Gpr, 8> kState{reg::r8, reg::r9, reg::r10, reg::r11, reg::r13, reg::r14, reg::r15, reg::r1};
constexpr Gpr kTemp = reg::r12, kOther = reg::r0, kMajority = reg::r2;
constexpr unsigned kRoundsPerTurn = 16;

Gpr word_register(size_t i) { return Gpr{static_cast<unsigned>(16 + i % 16)}; }

class Scalar {
 public:
  Scalar(const Digest& digest, const MasterGoals& goals)
      : digest_(digest), goals_(goals), order_(goals.giver), before_(order_, ""), behind_(order_, "") {}

  Result<DigestCheck> run() {
    auto keep = registers_to_keep(goals_);
    if (keep.size() > 2)
      return Failure{Failure::Kind::kUnsuitable,
                     "digests cannot be checked: " + std::to_string(keep.size()) +
                         " registers of the master are needed later, and this way keeps two",
                     "say `isa = 207;` of a machine that has vectors"};
    block();
    tables();
    before_.clause = digest_.inputs.front().clause;
    if (!keep.empty()) before_.code(ins::mtsrr0(keep[0]));
    if (keep.size() > 1) before_.code(ins::mtsrr1(keep[1]));
    before_.code(ppc64::materialize(kTable, digest_.start, goals_.known));
    before_.code(ins::addi(kTable, kTable, Displacement(digest_label("rounds", order_), -4)));
    for (size_t i = 0; i < digest_.inputs.size(); ++i) input(i);
    if (!keep.empty()) before_.code(ins::mfsrr0(keep[0]));
    if (keep.size() > 1) before_.code(ins::mfsrr1(keep[1]));
    std::vector<ppc64::KnownRegister> again;
    for (const auto& known : goals_.known) {
      before_.code(ppc64::materialize(known.gpr, known.value, again));
      again.push_back(known);
    }
    add_differences(behind_, digest_, kTable, digest_label("rounds", order_), -4);
    return DigestCheck{std::move(before_.stub), std::move(behind_.stub), before_.executed};
  }

 private:
  Displacement in_table(const std::string& label, int64_t offset = 0) const {
    return Displacement(label, offset + 4, digest_label("rounds", order_));
  }

  // ---- one block, as a subroutine: the words are in their registers

  void rotate(Listing& l, Gpr to, Gpr from, unsigned right) { l.code(ins::rlwinm(to, from, 32 - right, 0, 31)); }
  /// to = rotr_last(x ^ rotr_second(x ^ rotr_first(x))), without the last rotate when it is 0.
  void nested(Listing& l, Gpr to, Gpr x, unsigned first, unsigned second, unsigned last) {
    rotate(l, to, x, first);
    l.code(ins::xor_(to, to, x));
    if (second != 0) {
      rotate(l, to, to, second);
      l.code(ins::xor_(to, to, x));
    }
    rotate(l, to, to, last);
  }
  /// word += rotr(x, a) ^ rotr(x, a + b) ^ (x >> c).
  void add_small_sigma(Listing& l, Gpr word, Gpr x, unsigned a, unsigned b, unsigned c) {
    nested(l, temp_, x, b, 0, a);
    l.code(ins::rlwinm(kOther, x, 32 - c, c, 31));
    l.code(ins::xor_(temp_, temp_, kOther));
    l.code(ins::add(word, word, temp_));
  }
  void schedule(Listing& l, unsigned i) {
    Gpr word = word_register(i);
    add_small_sigma(l, word, word_register(i + 1), 7, 11, 3);
    l.code(ins::add(word, word, word_register(i + 9)));
    add_small_sigma(l, word, word_register(i + 14), 17, 2, 10);
  }
  void round(Listing& l, unsigned i) {
    auto at = [&](unsigned n) { return kState[(n + 64 - i) % 8]; };
    Gpr a = at(0), b = at(1), d = at(3), e = at(4), f = at(5), g = at(6), h = at(7);
    l.code(ins::lwzu(temp_, 4, kTable));
    l.code(ins::add(h, h, temp_));
    l.code(ins::add(h, h, word_register(i)));
    nested(l, temp_, e, 14, 5, 6);
    l.code(ins::add(h, h, temp_));
    l.code(ins::xor_(kOther, f, g));
    l.code(ins::and_(kOther, kOther, e));
    l.code(ins::xor_(kOther, kOther, g));
    l.code(ins::add(h, h, kOther));
    l.code(ins::add(d, d, h));
    nested(l, temp_, a, 9, 11, 2);
    l.code(ins::add(h, h, temp_));
    l.code(ins::xor_(temp_, a, b));
    l.code(ins::and_(majority_, majority_, temp_));
    l.code(ins::xor_(majority_, majority_, b));
    l.code(ins::add(h, h, majority_));
    std::swap(temp_, majority_);  // a ^ b is the next round's b ^ c
  }

  void block() {
    Listing& l = behind_;
    l.clause = "digest: one block of SHA-256";
    l.stub.comment("SHA-256 of one block, " + std::string(to_text(order_)) +
                   "-endian: words in r16-r31, state in r8-r11, r13-r15 and r1, and in pairs in r4-r7.");
    l.stub.label(digest_label("block", order_));
    l.code(ins::xor_(majority_, kState[1], kState[2]));
    for (unsigned i = 0; i < kRoundsPerTurn; ++i) round(l, i);
    uint64_t first = l.executed;
    l.stub.label(digest_label("more", order_));
    for (unsigned i = 0; i < kRoundsPerTurn; ++i) {
      schedule(l, i);
      round(l, i);
    }
    // The table begins 4 bytes behind a multiple of 0x100, so that its end shows in the address.
    l.code(ins::andi_dot(temp_, kTable, 0xff));
    l.code(ins::bne(Displacement(digest_label("more", order_))));
    l.executed += 2 * (l.executed - first);
    l.code(ins::addi(kTable, kTable, -static_cast<int64_t>(4 * kSha256Rounds.size())));
    for (size_t pair = 0; pair < kChain.size(); ++pair) {
      Gpr high = kState[2 * pair], low = kState[2 * pair + 1];
      l.code(ins::srdi(temp_, kChain[pair], 32));
      l.code(ins::add(high, high, temp_));
      l.code(ins::add(low, low, kChain[pair]));
      l.code(ins::mr(kChain[pair], low));
      l.code(ins::rldimi(kChain[pair], high, 32, 0));
    }
    l.code(ins::blr());
    block_executed_ = l.executed;
  }

  void tables() {
    Listing& l = behind_;
    l.stub.align(0x100);
    l.word(0, "the table begins 4 bytes behind a multiple of 0x100");
    l.stub.label(digest_label("rounds", order_));
    for (uint32_t k : kSha256Rounds) l.word(k);
    l.stub.align(8);
    l.stub.label(digest_label("first", order_));
    pairs([](size_t i) { return kSha256Start[i]; }, "the first chaining value");
    for (size_t i = 0; i < digest_.inputs.size(); ++i) {
      const auto& sha256 = digest_.inputs[i].sha256;
      l.stub.label(digest_label("sha256", order_, i));
      pairs([&](size_t k) { return *load<uint32_t>(ByteView(sha256), 4 * k, Endian::kBig); },
            "sha256 of " + digest_.inputs[i].name);
    }
  }
  template <typename F>
  void pairs(F word, const std::string& remark) {
    for (size_t i = 0; i < 8; i += 2)
      behind_.stub.doubleword(uint64_t{word(i)} << 32 | word(i + 1), order_, i == 0 ? remark : std::string());
  }

  // ---- one input

  void call_block() {
    before_.code(ins::bl(Displacement(digest_label("block", order_))));
    before_.executed += block_executed_;
  }

  /// The first `count` words at the address in kTemp; little-endian moves the address on, two words at a time.
  void load_words(unsigned count) {
    if (order_ == Endian::kBig) {
      for (unsigned i = 0; i < count; ++i) before_.code(ins::lwz(word_register(i), 4 * i, kTemp));
      return;
    }
    before_.code(ins::li(kOther, 4));
    for (unsigned i = 0; i < count; ++i) {
      before_.code(ins::lwbrx(word_register(i), i % 2 == 0 ? std::nullopt : std::optional<Gpr>(kTemp),
                              i % 2 == 0 ? kTemp : kOther));
      if (i % 2 != 0) before_.code(ins::addi(kTemp, kTemp, 8));
    }
  }

  void input(size_t index) {
    const DigestInput& in = digest_.inputs[index];
    uint64_t blocks = in.size / kShaBlock, whole = blocks * kShaBlock;
    before_.clause = in.clause;
    before_.stub.comment("SHA-256 of `" + in.name + "`: " + std::to_string(in.size) + " bytes at " + hex(Wide{in.start}) + ".");
    for (size_t pair = 0; pair < 4; ++pair)
      before_.code(ins::ld(kChain[pair], in_table(digest_label("first", order_), 8 * static_cast<int64_t>(pair)), kTable));
    for (size_t pair = 0; pair < 4; ++pair) {
      before_.code(ins::srdi(kState[2 * pair], kChain[pair], 32));
      before_.code(ins::mr(kState[2 * pair + 1], kChain[pair]));
    }
    if (blocks != 0) {
      before_.code(ppc64::materialize(kTemp, in.start));
      before_.code(ins::mtctr(kTemp));
      before_.stub.label(digest_loop_label(order_, index));
      uint64_t already = before_.executed;
      before_.code(ins::mfspr(kTemp, ppc64::Spr::kCtr));
      load_words(16);
      if (order_ == Endian::kBig) before_.code(ins::addi(kTemp, kTemp, static_cast<int64_t>(kShaBlock)));
      before_.code(ins::mtctr(kTemp));
      call_block();
      before_.code(ins::mfspr(kTemp, ppc64::Spr::kCtr));
      before_.code(ppc64::materialize(kOther, in.start + whole));
      before_.code(ins::cmpld(0, kTemp, kOther));
      before_.code(ins::bne(Displacement(digest_loop_label(order_, index))));
      before_.executed += (blocks - 1) * (before_.executed - already);
    }
    tail(in, in.start + whole);
    for (size_t pair = 0; pair < 4; ++pair) {
      before_.code(ins::ld(kTemp, in_table(digest_label("sha256", order_, index), 8 * static_cast<int64_t>(pair)), kTable));
      before_.code(ins::cmpld(0, kTemp, kChain[pair]));
      before_.code(ins::bne(Displacement(digest_differs_label(order_, index))));
    }
  }

  void tail(const DigestInput& in, uint64_t from) {
    PaddedTail tail(in.size);
    for (size_t block = 0; block < tail.blocks(); ++block) {
      unsigned data = tail.data_in(block * kShaBlock, static_cast<unsigned>(kShaBlock));
      unsigned loaded = (data + 3) / 4;
      if (loaded != 0) {
        before_.code(ppc64::materialize(kTemp, from + block * kShaBlock));
        load_words(loaded);
      }
      for (unsigned i = 0; i < 16; ++i) {
        Gpr word = word_register(i);
        uint32_t padding = tail.words[16 * block + i];
        unsigned bytes = tail.data_in(block * kShaBlock + 4 * i, 4);
        if (bytes == 0) {
          // Bits above the word are cut off; sign bits are as good as zeros, and cheaper.
          before_.code(ppc64::materialize(word, static_cast<uint64_t>(int64_t{static_cast<int32_t>(padding)})));
        } else if (bytes < 4) {
          before_.code(ins::rlwinm(word, word, 0, 0, 8 * bytes - 1));
          before_.code((padding >> 16) != 0 ? ins::oris(word, word, padding >> 16) : ins::ori(word, word, padding));
        }
      }
      call_block();
    }
  }

  const Digest& digest_;
  const MasterGoals& goals_;
  Endian order_;
  Listing before_, behind_;
  Gpr temp_ = kTemp, majority_ = kMajority;
  uint64_t block_executed_ = 0;
};

}  // namespace

Result<DigestCheck> scalar_check(const Digest& digest, const MasterGoals& goals) { return Scalar(digest, goals).run(); }

}  // namespace baton::trampoline
