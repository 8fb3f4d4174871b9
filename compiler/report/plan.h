// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What will happen at this handoff, and why is it so? The plan, for people and as JSON.
//
// A plain struct goes in, filled by whoever has the facts; nothing is decided here. The text has the
// conventions and the machine with the origin of each fact, the segments with what was refused before
// each, a picture of memory (memory_map.h), each clause of the taker with what meets it, the loader's
// checks, what is assumed rather than checked, and the files. At most 100 columns of ASCII.
//
//   PlanReport plan; plan.handoff = "boot"; ...; plan_text(plan)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/range.h"
#include "placement/holes.h"

namespace baton::report {

struct PlanConvention {
  std::string name;    // "linux.kexec@2013"
  std::string status;  // "stable"
  std::string source;
};

struct PlanFact {
  std::string name;    // "rma"
  std::string value;   // shown_ranges() for ranges
  std::string origin;  // "/memory@0 reg", "clause"
};

/// Something in memory that is there before the handoff.
struct PlanArea {
  enum class Kind {
    kRunningKernel,
    kReserve,  // nothing may be placed there
    kRegion    // only a border to know: the RMA, the crash reservation of a crash handoff
  };
  std::string name;  // "machine.rtas", "reserve dma"
  Kind kind = Kind::kReserve;
  RangeSet ranges;
};

struct PlanSegment {
  std::string name;
  std::string kind;                     // "elf"
  std::string content;                  // "vmlinux", or empty
  std::optional<Address> start;         // absent: no place was found
  Size size;                            // content in memory
  Range extent;                         // when there is a start
  Size bufsz;                           // bytes that are loaded from the bundle
  Size align;                           // in force
  std::string placing;                  // "bottom_up", "top_down", "at 0x4000000"
  std::vector<std::string> holds;       // what its bytes say, where only they say it: a core header's ranges
  std::vector<std::string> within;      // constraint texts as applied: all of these hold it
  std::vector<std::string> avoid;       // and it touches none of these
  std::vector<placement::Rejection> rejected;
  size_t more_rejected = 0;             // after those, only counted
};

struct PlanInstruction {
  std::string giver;  // "big", "little"; empty where it is the same for every giver
  std::string text;   // "addis r4, r4, 0x100"
};

/// One need of the taker, or one clause that the giver expects of the image.
struct PlanClause {
  enum class Answer {
    kPromised,  // `by` is the giver's promise
    kStub,      // `instructions` bring it about; `by` may add what they are part of
    kPlaced,    // met by where something stands or what bytes it has; `by` says which
    kVacuous,   // `by` says why nothing is needed
    kAssumed,   // nobody checked it; `by` says why
  };
  std::string section;     // "master", "slaves", "memory", "order", "image"; "entered": the giver's expectation
  std::string convention;  // who wrote it
  std::string clause;      // "r3 = tree.address"
  Answer answer = Answer::kPromised;
  std::string by;
  std::vector<PlanInstruction> instructions;
};
const char* to_text(PlanClause::Answer answer);

/// The stub's way for a giver of one byte order.
struct PlanBody {
  std::string giver;
  uint64_t instructions = 0;
  size_t lower_bound = 0;  // 0: none is known for the whole
  size_t set_up = 0, set_up_bound = 0;  // its end: registers, the store of the id, the jump
};

/// What the stub compares before it stores anything.
/// What the stub copies before it enters the taker.
struct PlanCopy {
  Range from;
  Address to;
  bool executed = false;  // and makes the instruction caches see it
};

struct PlanDigest {
  std::string segment;
  Size size;
  std::string sha256;
};

/// Where CPUs go.
struct PlanCpus {
  std::vector<uint32_t> possible;    // ids of the machine, where it says them; any may be the master
  std::vector<std::string> arrival;  // states the others may be in: "arriving", "firmware", ..
  std::string others;                // what becomes of them, in words; empty where there are none
};

struct PlanCheck {
  std::string text;   // "segment.start >= machine.running_kernel.end"
  std::string error;  // what the loader would answer, "ETXTBSY"; "none": it does not look
  bool holds = true;
  std::string detail; // the values; shown where it does not hold
};

struct PlanAssumption {
  std::string text;
  std::string why;  // or empty
};

struct PlanOutput {
  std::string name;  // "boot.bundle"
  Size size;
  std::string what;  // "everything the loader program needs"
};

struct PlanReport {
  std::string handoff;
  std::vector<std::string> doc;  // the handoff's own words
  std::string machine;
  std::string loader;            // empty: no table
  PlanConvention from, to;
  std::string giver;             // "both", "big", "little"
  bool on_crash = false;
  Size granule{1};
  std::optional<Address> entry;
  std::string entered;           // the segment that is entered

  std::vector<PlanFact> facts;
  std::vector<std::string> remarks;  // what the machine's description lacks
  RangeSet ram;
  std::vector<PlanArea> areas;
  std::vector<PlanSegment> segments;  // in source order

  std::optional<PlanCpus> cpus;  // not of a call without slaves

  std::vector<PlanClause> clauses;
  bool stub = false;
  Size stub_size;
  std::vector<PlanBody> bodies;
  std::vector<PlanCopy> copies;
  std::vector<PlanDigest> digests;
  std::string digest_by;  // "general registers", "vector instructions"

  std::vector<PlanCheck> checks;  // in the loader's order
  std::vector<PlanAssumption> assumptions;
  std::vector<PlanOutput> outputs;
};

std::string plan_text(const PlanReport& plan);
/// One object; numbers of 64 bits are hex strings, as in every other JSON of ours. Nothing is left out.
std::string plan_json(const PlanReport& plan);

/// "0x0 ..< 0x100000000 (4GiB), 0x... and 12 more, 64GiB in all".
std::string shown_ranges(const RangeSet& ranges, size_t most = 3);

}  // namespace baton::report
