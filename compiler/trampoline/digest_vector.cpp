// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SHA-256 with the vector instructions of ISA 2.07. For a newcomer, why it looks as it does:
//
// vshasigmaw computes a sigma of four words at once, so the schedule goes four words at a time: the second half
// of each four needs the first half, which is therefore done twice over with zeros in the other places. Rounds cannot be done
// four at a time; each working variable has a register of which only word 0 counts, and a round takes 11
// instructions. The four sums of schedule and round constant that one vector holds come to word 0 one
// after the other by vsldoi. General registers are plenty: nothing of the master's is touched but MSR[VEC], which is
// set for the time and put back.
//
// A little-endian vector load turns 16 bytes around; one vperm a load makes the registers the same in both orders.
#include <algorithm>

#include "trampoline/digest_parts.h"
#include "trampoline/sha256_constants.h"

namespace baton::trampoline {

using ppc64::Displacement;
using ppc64::Gpr;
using ppc64::Vr;
namespace ins = ppc64::ins;

namespace {

constexpr unsigned kQuads = 4;  // of a block, four words each
constexpr Vr kTurn{24}, kZero{25}, kSums{20}, kTemp{21}, kOther{22}, kNext{23};
constexpr unsigned kLastOfLarge = 15;  // of vshasigmaw: the second function in all four words

Vr word_register(size_t quad) { return Vr{static_cast<unsigned>(quad % kQuads)}; }
Vr chain_register(unsigned i) { return Vr{4 + i}; }
Vr state_register(unsigned i) { return Vr{12 + i}; }

class Vectors {
 public:
  Vectors(const Digest& digest, const MasterGoals& goals)
      : digest_(digest), goals_(goals), order_(goals.giver), before_(order_, ""), behind_(order_, "") {}

  Result<DigestCheck> run() {
    auto keep = registers_to_keep(goals_);
    for (const auto& known : goals_.known) keep.push_back(known.gpr);
    std::vector<Gpr> free;
    for (unsigned n = 31; n > 0; --n)
      if (std::find(keep.begin(), keep.end(), Gpr{n}) == keep.end()) free.push_back(Gpr{n});
    if (free.size() < std::size(gpr_))
      return Failure{Failure::Kind::kUnsuitable, "digests cannot be checked: the master's registers leave none to count with"};
    std::copy_n(free.begin(), std::size(gpr_), gpr_);
    block();
    tables();
    before_.clause = digest_.inputs.front().clause;
    before_.code(ins::mfmsr(msr()));
    before_.code(ins::oris(work(), msr(), ppc64::msr::kVec >> 16));
    before_.code(ins::mtmsrd(work(), 0));
    before_.code(ins::isync());
    before_.code(ppc64::materialize(table(), digest_.start, goals_.known));
    before_.code(ins::addi(table(), table(), Displacement(digest_label("rounds", order_))));
    for (unsigned i = 1; i < kQuads; ++i) before_.code(ins::li(index(i), 16 * i));
    before_.code(ins::vspltisw(kZero, 0));
    if (order_ == Endian::kLittle) load_from_table(kTurn, digest_label("turn", order_));
    for (size_t i = 0; i < digest_.inputs.size(); ++i) input(i);
    before_.code(ins::mtmsrd(msr(), 0));
    before_.code(ins::isync());
    add_differences(behind_, digest_, table(), digest_label("rounds", order_), 0);
    return DigestCheck{std::move(before_.stub), std::move(behind_.stub), before_.executed};
  }

 private:
  Gpr table() const { return gpr_[0]; }
  Gpr msr() const { return gpr_[1]; }
  Gpr data() const { return gpr_[2]; }
  Gpr work() const { return gpr_[3]; }
  Gpr rounds() const { return gpr_[4]; }
  Gpr index(unsigned i) const { return gpr_[4 + i]; }  // 16, 32, 48

  void load(Listing& l, Vr to, Gpr base, unsigned quad) {
    if (quad == 0)
      l.code(ins::lvx(to, std::nullopt, base));
    else
      l.code(ins::lvx(to, index(quad), base));
  }
  void load_from_table(Vr to, const std::string& label) {
    before_.code(ins::addi(work(), table(), Displacement(label, 0, digest_label("rounds", order_))));
    before_.code(ins::lvx(to, std::nullopt, work()));
  }
  void load_data(Vr to, unsigned quad) {
    load(before_, to, data(), quad);
    if (order_ == Endian::kLittle) before_.code(ins::vperm(to, to, to, kTurn));
  }

  // ---- one block, as a subroutine: the words are in their registers

  void schedule(Listing& l, unsigned quad) {
    Vr words = word_register(quad), last = word_register(quad + 3);
    l.code(ins::vsldoi(kTemp, words, word_register(quad + 1), 4));  // one word on
    l.code(ins::vshasigmaw(kTemp, kTemp, 0, 0));
    l.code(ins::vadduwm(words, words, kTemp));
    l.code(ins::vsldoi(kTemp, word_register(quad + 2), last, 4));  // nine words on
    l.code(ins::vadduwm(words, words, kTemp));
    l.code(ins::vsldoi(kTemp, last, kZero, 8));  // fourteen on: two words that are there
    l.code(ins::vshasigmaw(kTemp, kTemp, 0, kLastOfLarge));
    l.code(ins::vadduwm(words, words, kTemp));
    l.code(ins::vsldoi(kTemp, kZero, words, 8));  // and two that were just made
    l.code(ins::vshasigmaw(kTemp, kTemp, 0, kLastOfLarge));
    l.code(ins::vadduwm(words, words, kTemp));
  }

  /// `fresh`: variables that were not written yet are read where the chaining value is.
  void round(Listing& l, unsigned i, Vr sum, bool fresh) {
    auto number = [&](unsigned n) { return (n + 64 - i) % 8; };
    // Each round writes one of the upper and one of the lower four, from the highest down.
    auto read = [&](unsigned n) {
      unsigned k = number(n);
      bool written = !fresh || k % 4 + i >= 4;
      return written ? state_register(k) : chain_register(k);
    };
    Vr h = state_register(number(7)), d = state_register(number(3));
    Vr a = read(0), b = read(1), c = read(2), e = read(4), f = read(5), g = read(6);
    l.code(ins::vadduwm(h, read(7), sum));
    l.code(ins::vshasigmaw(kTemp, e, 1, kLastOfLarge));
    l.code(ins::vsel(kOther, g, f, e));
    l.code(ins::vadduwm(h, h, kTemp));
    l.code(ins::vadduwm(h, h, kOther));
    l.code(ins::vadduwm(d, read(3), h));
    l.code(ins::vshasigmaw(kTemp, a, 1, 0));
    l.code(ins::vxor(kOther, a, b));
    l.code(ins::vsel(kOther, b, c, kOther));
    l.code(ins::vadduwm(h, h, kTemp));
    l.code(ins::vadduwm(h, h, kOther));
  }
  void quad_of_rounds(Listing& l, unsigned quad, bool fresh) {
    load(l, kSums, rounds(), quad);
    l.code(ins::vadduwm(kSums, kSums, word_register(quad)));
    for (unsigned n = 0; n < 4; ++n) {
      if (n != 0) l.code(ins::vsldoi(kNext, kSums, kSums, 4 * n));
      round(l, 4 * quad + n, n == 0 ? kSums : kNext, fresh);
    }
  }
  void block() {
    Listing& l = behind_;
    l.clause = "digest: one block of SHA-256";
    l.stub.comment("SHA-256 of one block, " + std::string(to_text(order_)) +
                   "-endian: words in v0-v3, state in word 0 of v12-v19, chaining value in word 0 of v4-v11.");
    l.stub.label(digest_label("block", order_));
    l.code(ins::mr(rounds(), table()));
    for (unsigned quad = 0; quad < kQuads; ++quad) quad_of_rounds(l, quad, true);
    l.code(ins::addi(rounds(), rounds(), 64));
    uint64_t first = l.executed;
    l.stub.label(digest_label("more", order_));
    for (unsigned quad = 0; quad < kQuads; ++quad) {
      schedule(l, quad);
      quad_of_rounds(l, quad, false);
    }
    l.code(ins::addi(rounds(), rounds(), 64));
    // The table lies at a multiple of its size: its end shows in the address.
    l.code(ins::andi_dot(work(), rounds(), 0xff));
    l.code(ins::bne(Displacement(digest_label("more", order_))));
    l.executed += 2 * (l.executed - first);
    for (unsigned i = 0; i < 8; ++i) l.code(ins::vadduwm(chain_register(i), chain_register(i), state_register(i)));
    l.code(ins::blr());
    block_executed_ = l.executed;
  }

  // ---- what is read

  void tables() {
    Listing& l = behind_;
    l.stub.align(0x100);
    l.stub.label(digest_label("rounds", order_));
    for (size_t i = 0; i < kSha256Rounds.size(); i += 4)
      l.vector({kSha256Rounds[i], kSha256Rounds[i + 1], kSha256Rounds[i + 2], kSha256Rounds[i + 3]});
    l.stub.label(digest_label("first", order_));
    halves([](size_t i) { return kSha256Start[i]; }, "the first chaining value");
    if (order_ == Endian::kLittle) {
      l.stub.label(digest_label("turn", order_));
      l.vector({0x0f0e0d0c, 0x0b0a0908, 0x07060504, 0x03020100}, "all bytes in the other order");
    }
    for (size_t i = 0; i < digest_.inputs.size(); ++i) {
      const DigestInput& in = digest_.inputs[i];
      l.stub.label(digest_label("sha256", order_, i));
      halves([&](size_t k) { return *baton::load<uint32_t>(ByteView(in.sha256), 4 * k, Endian::kBig); }, "sha256 of " + in.name);
      PaddedTail tail(in.size);
      for (size_t quad = 0; quad < tail.words.size() / 4; ++quad) {
        if (!is_read(tail, quad)) continue;
        l.stub.label(padding_label(i, quad));
        l.vector({tail.words[4 * quad], tail.words[4 * quad + 1], tail.words[4 * quad + 2], tail.words[4 * quad + 3]},
                 "padding of " + in.name);
      }
      if (unsigned bytes = tail.data % 16; bytes != 0) {
        std::array<uint32_t, 4> mask{};
        for (unsigned n = 0; n < bytes; ++n) mask[n / 4] |= 0xff000000u >> 8 * (n % 4);
        l.stub.label(digest_label("mask", order_, i));
        l.vector(mask, "which bytes of it are data");
      }
    }
  }
  template <typename F>
  void halves(F word, const std::string& remark) {
    behind_.vector({word(0), word(1), word(2), word(3)}, remark);
    behind_.vector({word(4), word(5), word(6), word(7)});
  }
  std::string padding_label(size_t input, size_t quad) const {
    return digest_label("padding", order_, input) + "_" + std::to_string(quad);
  }
  static bool is_zero(const PaddedTail& tail, size_t quad) {
    return std::all_of(&tail.words[4 * quad], &tail.words[4 * quad] + 4, [](uint32_t word) { return word == 0; });
  }
  /// Whether padding of these four words is loaded.
  static bool is_read(const PaddedTail& tail, size_t quad) {
    return tail.data_in(16 * quad, 16) < 16 && !is_zero(tail, quad);
  }

  // ---- one input

  void call_block() {
    before_.code(ins::bl(Displacement(digest_label("block", order_))));
    before_.executed += block_executed_;
  }
  void spread(unsigned first) {
    for (unsigned n = 1; n < 4; ++n)
      before_.code(ins::vsldoi(chain_register(first + n), chain_register(first), chain_register(first), 4 * n));
  }

  void input(size_t number) {
    const DigestInput& in = digest_.inputs[number];
    uint64_t blocks = in.size / kShaBlock;
    before_.clause = in.clause;
    before_.stub.comment("SHA-256 of `" + in.name + "`: " + std::to_string(in.size) + " bytes at " + hex(Wide{in.start}) + ".");
    load_from_table(chain_register(0), digest_label("first", order_));
    before_.code(ins::lvx(chain_register(4), index(1), work()));
    spread(0);
    spread(4);
    before_.code(ppc64::materialize(data(), in.start));
    if (blocks != 0) {
      before_.code(ppc64::materialize(work(), blocks));
      before_.code(ins::mtctr(work()));
      before_.stub.label(digest_loop_label(order_, number));
      uint64_t already = before_.executed;
      for (unsigned quad = 0; quad < kQuads; ++quad) load_data(word_register(quad), quad);
      before_.code(ins::addi(data(), data(), static_cast<int64_t>(kShaBlock)));
      call_block();
      before_.code(ins::bdnz(Displacement(digest_loop_label(order_, number))));
      before_.executed += (blocks - 1) * (before_.executed - already);
    }
    tail(number);
    compare(number);
  }

  void tail(size_t number) {
    PaddedTail tail(digest_.inputs[number].size);
    for (size_t quad = 0; quad < tail.words.size() / 4; ++quad) {
      Vr words = word_register(quad);
      unsigned bytes = tail.data_in(16 * quad, 16);
      if (bytes != 0) load_data(words, static_cast<unsigned>(quad));
      if (bytes == 0 && is_zero(tail, quad)) {
        before_.code(ins::vmr(words, kZero));
      } else if (bytes == 0) {
        load_from_table(words, padding_label(number, quad));
      } else if (bytes < 16) {
        load_from_table(kTemp, padding_label(number, quad));
        load_from_table(kOther, digest_label("mask", order_, number));
        before_.code(ins::vsel(words, kTemp, words, kOther));
      }
      if (quad % kQuads == kQuads - 1) call_block();
    }
  }

  void compare(size_t number) {
    load_from_table(kNext, digest_label("sha256", order_, number));
    for (unsigned first : {0u, 4u}) {
      if (first != 0) before_.code(ins::lvx(kNext, index(1), work()));
      before_.code(ins::vmrghw(kTemp, chain_register(first), chain_register(first + 2)));
      before_.code(ins::vmrghw(kOther, chain_register(first + 1), chain_register(first + 3)));
      before_.code(ins::vmrghw(kTemp, kTemp, kOther));
      before_.code(ins::vcmpequw_dot(kTemp, kTemp, kNext));
      before_.code(ins::bc(4, 24, Displacement(digest_differs_label(order_, number))));  // not all of CR6
    }
  }

  const Digest& digest_;
  const MasterGoals& goals_;
  Endian order_;
  Listing before_, behind_;
  Gpr gpr_[8] = {Gpr{31}, Gpr{30}, Gpr{29}, Gpr{28}, Gpr{27}, Gpr{26}, Gpr{25}, Gpr{24}};
  uint64_t block_executed_ = 0;
};

}  // namespace

Result<DigestCheck> vector_check(const Digest& digest, const MasterGoals& goals) { return Vectors(digest, goals).run(); }

}  // namespace baton::trampoline
