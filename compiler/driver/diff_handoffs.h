// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which handoffs use a convention that changed, and what becomes of them?
//
// Each is compiled on either side as far as the stub: then it gains instructions, loses some, or stops compiling.
// Where its images or parameters are not at hand, or it has a clause that is not built yet, what is left is to compare
// which needs its giver does not promise; the report says so. Input files are those of the disk on both sides: an old commit gives programs only.
// Handoffs are those of the compared files, of files the user named, and of the examples that are shipped.
//
//   affected_handoffs(before, after, {{"linux.kexec@2013", "linux.kexec@2013"}}, options)
#pragma once

#include <map>
#include <string>
#include <vector>

#include "driver/diff_side.h"
#include "report/contract_diff.h"

namespace baton::driver {

/// `changed`: the old convention's name to the new one's. Where they differ, the new side of a handoff is its text
/// with the one name in the place of the other. The two sides may be the same object.
std::vector<report::DiffHandoff> affected_handoffs(ProgramSide& before, ProgramSide& after,
                                                   const std::map<std::string, std::string>& changed,
                                                   const Options& options);

}  // namespace baton::driver
