// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which instructions close the gap?
//
// A stub is a head and one body per byte order the giver may arrive in. The head is what the giver copies
// to address 0, where slaves run it: under overlay it is the taker's own head but for the first one or two
// words, which are ours because the master is entered there; under relay it sends them to a
// pen (relay.h). A body checks digests first, where they are asked for (digest.h), and then copies memory
// (copy.h). Then it stores what must be stored while the id is still in its register, moves registers, changes the MSR
// if it must, and jumps. Every choice that does
// not matter to the contract (which of the allowed values, which base, near or far jump) is searched for
// the fewest instructions; ties are broken by a fixed order, so the same gap gives the same bytes.
//
//   kexec@2013 -> bootblock@17, big-endian giver:
//     b body | addis r9,r4,.. ; stw r3,28(r9) ; mr r3,r9 ; addis r4,r4,.. ; b kernel
#pragma once

#include "base/result.h"
#include "ppc64/stub.h"
#include "trampoline/copy.h"
#include "trampoline/digest.h"
#include "trampoline/goals.h"
#include "trampoline/pen.h"
#include "trampoline/relay.h"

namespace baton::trampoline {

/// Bytes of the head that belong to the taker.
struct HeadBytes {
  uint64_t offset = 0;
  ByteBuffer bytes;
  std::string clause;
};

struct StubRequest {
  std::string name;                  // the handoff: the stub's title
  uint64_t start = 0;                // where it is placed
  std::vector<MasterGoals> masters;  // one, or two: big-endian first
  bool overlay = false;              // the head is copied to 0 and slaves run the taker's code there
  std::vector<HeadBytes> head;
  std::string landing_clause;        // which clause of the giver the head branch discharges
  std::optional<Digest> digest = {};  // what is checked before anything is stored
  std::vector<MemoryCopy> copies = {};  // what is copied then
  bool vectors = false;                 // the machine has them, for copies
  std::optional<Relay> relay = {};   // instead of overlay: slaves go to a pen until the taker's head is in place
  std::optional<SlavePen> pen = {};  // or wait in one, each at its slot, until the taker lets them go
};

struct BodyCount {
  Endian giver = Endian::kBig;
  uint64_t instructions = 0;  // from entry to the jump, the head branch included
  size_t lower_bound = 0;   // nobody can do with fewer (bound.h); 0 where other parts are in the way
  size_t set_up = 0, set_up_bound = 0;  // of these, registers, the store of the id and the jump; and their bound
  bool calls_firmware = false;
};

/// A loop that copies, where it stands in the stub.
struct StubLoop {
  Endian giver = Endian::kBig;
  uint64_t offset = 0;
  uint64_t turns = 0, bytes = 0;
};

struct SynthesizedStub {
  ppc64::Stub stub;
  std::vector<BodyCount> counts;
  std::vector<StubLoop> loops = {};
};

Result<SynthesizedStub> synthesize(const StubRequest& request);

/// The length of the head that an overlay copies.
inline constexpr uint64_t kHeadSize = 0x100;

}  // namespace baton::trampoline
