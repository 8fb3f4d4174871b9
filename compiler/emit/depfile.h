// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which files must change before a build must run again, in the form that Make and Ninja read?
//
// One rule without a recipe: outputs, a colon, inputs. Both programs read the same few escapes; a name that
// they would read differently, or not as a name, is refused rather than written wrong. No input is listed
// twice; the order is the caller's.
//
//   depfile({"out/boot.bundle"}, {"boot.baton", "my kernel"})
//     -> "out/boot.bundle: \\\n  boot.baton \\\n  my\ kernel\n"
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace baton::emit {

/// NAME.d. Fails with kUnsuitable for a name with a character that no depfile can hold.
Result<std::string> depfile(const std::vector<std::filesystem::path>& outputs,
                            const std::vector<std::filesystem::path>& inputs);

}  // namespace baton::emit
