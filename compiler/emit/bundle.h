// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One handoff as one file that the runtime loads: how is it written, and what does it say when read?
//
// The format is runtime/include/baton/bundle.h, and its rules are the runtime's own check: what the
// writer hands out has passed it. Payload bytes are never copied: the writer answers with pieces
// (views) in file order, made for OutputSet::add. They are read once more for their digest, unless
// the caller has it already (the segment table names it too).
//
//   auto bundle = lay_out_bundle(contents);
//   if (!bundle) return bundle.failure();
//   outputs.add("boot.bundle", bundle->pieces());
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/range.h"
#include "base/result.h"
#include "baton/bundle.h"

namespace baton::emit {

using Sha256Digest = std::array<uint8_t, kBatonBundleDigestSize>;
Sha256Digest sha256(const std::vector<ByteView>& pieces);

enum class BundleKind : uint32_t {
  kElf = kBatonKindElf,
  kFile = kBatonKindFile,
  kDevicetree = kBatonKindDevicetree,
  kReserve = kBatonKindReserve,
  kTrampoline = kBatonKindTrampoline,
  kElfcorehdr = kBatonKindElfcorehdr
};

enum class BundleGiver : uint32_t {
  kBig = kBatonGiverBig,
  kLittle = kBatonGiverLittle,
  kBoth = kBatonGiverBoth
};

struct BundleSegment {
  std::string name;
  BundleKind kind = BundleKind::kFile;
  Address start;
  Size memsz;
  std::vector<ByteView> pieces = {};           // in order; the caller keeps them alive; none for a reserve
  std::optional<Sha256Digest> digest = {};     // of the pieces, when the caller has it already

  uint64_t length() const;
};

/// What the compiler took for granted; what it did not know is absent and is not compared.
struct BundleFacts {
  Size page;
  RangeSet ram = {};
  std::optional<Address> kernel_end = {};  // first byte after the running kernel
  std::optional<Address> rma_end = {};     // first byte that real mode cannot reach
  std::optional<bool> hypervisor = {};
  std::optional<Range> crashkernel = {};
  /// Where a core header finds them: they are the running kernel's, and of this boot.
  std::vector<Range> crash_notes = {};  // of CPUs
  std::optional<Range> vmcoreinfo = {};
};

struct BundleContents {
  std::string handoff;
  std::string machine;
  Address entry;
  Size granule;
  bool on_crash = false;
  BundleGiver giver = BundleGiver::kBoth;
  BundleFacts facts;
  std::vector<BundleSegment> segments;  // in the order of the segment table
};

/// A bundle ready to be written: header and tables are its own, payloads stay where they are.
class BundleImage {
 public:
  BundleImage(BundleImage&&) = default;
  BundleImage& operator=(BundleImage&&) = default;
  BundleImage(const BundleImage&) = delete;  // the first piece views meta_
  BundleImage& operator=(const BundleImage&) = delete;

  /// The file's bytes in order; valid while this object and the contents' bytes live.
  const std::vector<ByteView>& pieces() const { return pieces_; }
  uint64_t total_size() const { return total_size_; }
  /// Everything in one buffer: for tests and small bundles.
  ByteBuffer bytes() const;

 private:
  friend Result<BundleImage> lay_out_bundle(const BundleContents& contents);
  BundleImage() = default;

  ByteBuffer meta_;
  std::vector<ByteView> pieces_;
  uint64_t total_size_ = 0;
};

/// Fails with kUnsuitable for contents that no bundle can hold (a name of 56 bytes, RAM that ends
/// at 2^64, 17 segments, overlap, ...), with the sentence that the runtime would refuse it with.
Result<BundleImage> lay_out_bundle(const BundleContents& contents);

/// Reads and checks a whole bundle; segments view `bytes`. Fails with kMalformed.
Result<BundleContents> read_bundle(ByteView bytes);

}  // namespace baton::emit
