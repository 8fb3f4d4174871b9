// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which outputs of an earlier build are named, and what do they say?
//
// A folder that holds NAME.json beside NAME.map is what `baton build -o` wrote; a segment table or a bundle may also
// be named itself. Beside a table, NAME.S gives the stub and NAME.dtb the tree; a bundle has the tree, and of the stub
// its bytes. How they are compared is report/build_diff.h.
//
//   baton diff out.old out --handoff boot
#pragma once

#include <string>

#include "driver/options.h"

namespace baton::driver {

/// Whether the path names outputs of a build. A folder with programs in it is one of programs, unless --builds is said.
bool is_build(const std::string& path, const Options& options);

/// kOk: the builds are the same; kChanges: they are not.
int diff_builds(const Options& options);

}  // namespace baton::driver
