// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What would change, as a unified diff that `patch` takes.
#pragma once

#include <string>

namespace baton::driver {

/// Three lines of context; empty when nothing differs.
std::string unified_diff(const std::string& name, const std::string& before, const std::string& after);

}  // namespace baton::driver
