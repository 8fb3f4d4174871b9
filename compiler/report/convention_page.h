// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does a convention, a loader or a handoff that others extend read as documentation?
//
// A page of Markdown, with everything that holds of it: what it inherits stands beside what it writes, each clause
// with the convention it comes from and the reason that was given. Nothing is evaluated: values are as written.
//
//   convention_page(program.conventions.at("linux.kexec@2013")) -> "# linux.kexec@2013\n\nSince little-endian ..."
#pragma once

#include <string>

#include "model/program.h"
#include "source/source.h"

namespace baton::report {

std::string convention_page(const model::Convention& convention);
std::string loader_page(const model::Loader& loader);
/// `clauses` are all of the handoff, inherited ones as well; they are shown as a program has them, without `//` comments.
std::string handoff_page(const model::Handoff& handoff, const std::vector<syntax::Clause>& clauses, const source::SourceSet& sources);

}  // namespace baton::report
