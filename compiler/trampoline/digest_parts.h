// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What do the two ways to compute SHA-256 share?
//
// A listing under construction that counts what will be executed, the tail of a message as it is padded, and the
// labels. Internal to digest*.cpp.
//
//   Listing l(Endian::kBig, "big", clause); l.code(ins::li(r5, 0)); l.executed == 1
#pragma once

#include "trampoline/digest.h"

namespace baton::trampoline {

inline constexpr uint64_t kShaBlock = 64;

/// Code and data in one byte order.
struct Listing {
  ppc64::Stub stub;
  Endian order;
  std::string clause;
  uint64_t executed = 0;  // by code() so far

  Listing(Endian order_of_code, std::string clause_text) : order(order_of_code), clause(std::move(clause_text)) {}
  void code(ppc64::Instruction instruction) {
    stub.code(std::move(instruction), clause, order);
    ++executed;
  }
  void code(const std::vector<ppc64::Instruction>& instructions) {
    for (const auto& i : instructions) code(i);
  }
  void word(uint32_t value, std::string remark = {}) { stub.word(value, order, std::move(remark)); }
  /// Four words that one vector load puts into words 0 to 3, in either byte order.
  void vector(const std::array<uint32_t, 4>& words, const std::string& remark = {});
};

/// "loop_big_0": labels of one byte order.
std::string digest_label(const char* what, Endian order);
std::string digest_label(const char* what, Endian order, size_t input);

/// The last blocks of a message: bytes of it, then 0x80, zeros and the length in bits.
struct PaddedTail {
  uint64_t data = 0;                  // bytes of the message at its front
  std::vector<uint32_t> words;        // 16 or 32, big-endian; zeros where the message is
  explicit PaddedTail(uint64_t size);
  size_t blocks() const { return words.size() / 16; }
  /// How many of `width` bytes from byte `at` on are the message's.
  unsigned data_in(uint64_t at, unsigned width) const;
};

/// The part of `before` and `behind` that computes, each with its way to leave for the differences.
Result<DigestCheck> scalar_check(const Digest& digest, const MasterGoals& goals);
Result<DigestCheck> vector_check(const Digest& digest, const MasterGoals& goals);

/// Registers the body reads later, besides those whose value is a known number.
std::vector<ppc64::Gpr> registers_to_keep(const MasterGoals& goals);

/// Where each input's difference leads: the text into registers, and on to digest_stop in its byte order.
/// `base` holds the address of label `base_label`, plus `base_offset`.
void add_differences(Listing& behind, const Digest& digest, ppc64::Gpr base, const std::string& base_label,
                     int64_t base_offset);

}  // namespace baton::trampoline
