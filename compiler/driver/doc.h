// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `baton doc`: conventions and loaders as pages of Markdown, from a program or by name from the library.
//
//   baton doc linux.kexec@2013            the page, on standard output
//   baton doc convention.baton -o pages   one file each, pages/NAME.md
#pragma once

#include "driver/options.h"

namespace baton::driver {

int doc(const Options& options);

}  // namespace baton::driver
