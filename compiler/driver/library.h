// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where is the library, and which file of it declares this convention or loader?
//
// The folders of --stdlib come first, then the shipped library, beside the program as built or installed.
//
//   find_in_library("linux.kexec@2013", options) -> "linux/kexec.baton"
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "driver/options.h"

namespace baton::driver {

std::vector<std::filesystem::path> library_folders(const Options& options);

/// What to `use` for a name with its version. Of several files that declare it, the first by folder, then by name.
std::optional<std::string> find_in_library(const std::string& versioned_name, const Options& options);

}  // namespace baton::driver
