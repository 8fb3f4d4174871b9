// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does a machine that was read from somewhere look when it is written out in the language?
//
// One clause for each fact, in the order of the reference, with a comment that names the node and property it
// came from; what nobody stated stands in comments below. Sizes have units where they are exact. The text is a
// whole program, not laid out yet: syntax/format.h does that. What a tree holds in names and strings comes in
// as printable ASCII or `?`, on the line it belongs to, so that no tree can write a clause.
//
//   machine_text(machine, {.doc = {"PowerNV 8335-GTG"}})
//     -> "language 1;\n/// PowerNV 8335-GTG\nmachine p9 {\n  ram = 0x0 +: 256GiB;  // /memory@0 reg\n ..."
#pragma once

#include <string>
#include <vector>

#include "model/machine.h"

namespace baton::report {

struct MachineNotes {
  std::vector<std::string> doc = {};      // what the machine is: its documentation
  std::vector<std::string> remarks = {};  // after the facts: what a reader should know besides
};

/// The machine under its own name, which must be a name of the language.
std::string machine_text(const model::Machine& machine, const MachineNotes& notes);

/// "0x3fff_0000": hexadecimal, digits in groups of four.
std::string grouped_hex(Wide value);
/// A range as an expression of the language: `0x0 +: 1GiB`, or `0x3000 ..< 0x3123` where no unit is exact.
std::string range_text(const Range& range);

}  // namespace baton::report
