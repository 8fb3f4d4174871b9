// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where in memory does one segment go, and why not anywhere before that?
//
// A request names what must hold its extent (`within`: each constraint is a requirement, all must be
// met) and what it may not touch (`avoid`: any of them forbids). Candidates are the stretches of the
// first `within` constraint, by custom the machine's RAM, that no `avoid` touches; they are tried from
// the chosen end and the first that holds the extent wins. Each candidate that does not is kept with
// the constraint that killed it and by how many bytes. What is avoided is sorted; then the search goes from stretch to
// stretch, and past kMostRejections only to those that are large enough (size_index.h): the number of all of them
// counts by its logarithm. Nothing is rounded into a wrap at 0 or 2^64. It places one segment: order among segments is
// place.h's business.
//
//   20MiB bottom_up, within machine.ram, avoid running_kernel and rtas:
//     0x2000000 ..< 0x2c00000: too small by 8MiB, between running_kernel and rtas
//     0x3000000 ..< 0x100000000: starts there, at 0x3000000
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/range.h"
#include "placement/size_index.h"
#include "source/source.h"

namespace baton::placement {

struct Constraint {
  RangeSet ranges;
  std::string text;   // "within machine.rma", "reserve rtas_area", "segment kernel"
  source::Span span;  // who asks; invalid for what the compiler asks by itself
};

struct HoleRequest {
  std::string name;
  Size size;            // content; nothing at all still takes one granule
  Size granule{1};      // the loader's page: the extent ends on a multiple of it; a power of two
  Size align{1};        // of the start; a power of two. In force is the larger of the two
  Direction direction = Direction::kBottomUp;
  std::vector<Constraint> within;  // none: all of the address space
  std::vector<Constraint> avoid;
  /// Of the ranges of the first `within`, where they are many: it must outlive the search. Without it each is looked at.
  const SizeIndex* sizes = nullptr;

  /// What the start is a multiple of.
  Size alignment_in_force() const;
  /// Size up to the granule. Past 2^64 for a size that no hole can hold.
  Size extent_size() const;
};

/// Why a candidate does not hold the extent.
enum class Cause {
  kTooSmall,   // not even unaligned
  kAlignment,  // unaligned it would: the first aligned address leaves too little
  kOutside,    // `constraint`, a `within`, has no byte of it
  kLimited,    // what `constraint` leaves of it is too small
  kCovered     // a whole stretch of the first `within` is taken: no candidate is left in it
};
const char* to_text(Cause cause);  // "too small", ...

struct Rejection {
  Range hole;
  Cause cause = Cause::kTooSmall;
  std::string constraint;  // of kOutside and kLimited: the text of the one that killed it, or
                           // "A` and `B" where only several of them together do
  source::Span span;       // of that constraint
  Size room;               // the most bytes that an aligned start leaves here
  Size missing;            // extent size - room: more than 0
  std::string below;       // what the hole begins after, "segment kernel" or "the start of machine.ram";
  std::string above;       // what it ends at; of kCovered: the first and the last that cover it
};
/// "0x2000000 ..< 0x2c00000 (12MiB): too small by 8MiB, between running_kernel and rtas"
std::string describe(const Rejection& rejection);
/// The part of it after the colon.
std::string reason_of(const Rejection& rejection);

struct HoleSearch {
  std::optional<Address> start;
  Range extent;                     // when there is a start
  std::vector<Rejection> rejected;  // in search order; when there is no start all candidates, or kMostRejections
  size_t more = 0;                  // stretches of the first `within` that were refused after those

  size_t refused() const { return rejected.size() + more; }
};
/// More than anybody reads. What is refused after so many is counted, and what is too small there not even looked at.
inline constexpr size_t kMostRejections = 256;

HoleSearch find_hole(const HoleRequest& request);

/// One thing that is wrong with a segment that the program puts at an address.
struct Violation {
  enum class Kind {
    kMisaligned,        // the start is no multiple of the alignment in force
    kPastAddressSpace,  // the extent ends above 2^64
    kOutside,           // a `within` does not hold all of it
    kOverlap            // an `avoid` touches it
  };
  Kind kind = Kind::kOverlap;
  std::string constraint;  // its text; of kMisaligned and kPastAddressSpace: empty
  source::Span span;
  Range part;              // the first bytes that are outside or taken; of kMisaligned: empty, the start
  Size bytes;              // how many are, in all; of kMisaligned: past the last aligned address
};
/// "0x7c00000 ..< 0x7d00000 (1MiB) is taken by reserve rtas_area"
std::string describe(const Violation& violation);

struct FixedPlace {
  Range extent;                       // cut off at 2^64
  std::vector<Violation> violations;  // none: it may stand there
};

/// `place at`: every constraint that is violated, in the order of the request: alignment, `within`, `avoid`.
/// The direction is not looked at.
FixedPlace check_fixed(Address at, const HoleRequest& request);

/// "8MiB" where that is exact, "0x1230 (4.5KiB)" where it is not.
std::string exact_text(Size size);

}  // namespace baton::placement
