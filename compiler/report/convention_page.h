// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does a convention or a loader read as documentation?
//
// A page of Markdown, with everything that holds of it: what it inherits stands beside what it writes, each clause
// with the convention it comes from and the reason that was given. Nothing is evaluated: values are as written.
//
//   convention_page(program.conventions.at("linux.kexec@2013")) -> "# linux.kexec@2013\n\nSince little-endian ..."
#pragma once

#include <string>

#include "model/program.h"

namespace baton::report {

std::string convention_page(const model::Convention& convention);
std::string loader_page(const model::Loader& loader);

}  // namespace baton::report
