// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The version of the program, from the project's CMakeLists.txt.
#pragma once

namespace baton::driver {
inline constexpr const char* kVersion = BATON_VERSION;
}  // namespace baton::driver
