// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does this file say, and where does it not follow the grammar?
//
// One text becomes one File. Every independent mistake is reported once, in the words of the language;
// what could be read is in the File, so a phase after this one may look at it, but a File with reported
// errors lacks the clauses that had them. Nothing is resolved here: `use` names a file and opens none.
//
//   File file = parse(sources.add("a.baton", "language 1; let a = 64KB;"), sources, sink);
//   // sink: BT0011 decimal-unit at `KB`, fix-it `KiB`
#pragma once

#include "diagnostics/diagnostic.h"
#include "source/source.h"
#include "syntax/ast.h"

namespace baton::syntax {

/// The language versions this compiler reads.
inline constexpr uint64_t kLanguageVersion = 1;

File parse(source::FileId file, const source::SourceSet& sources, diagnostics::Sink& sink);

/// The same, each clause parsed by itself, as it is done for a file with mistakes. For a file without any
/// the answer is the same; tests hold the two against each other.
File parse_piecewise(source::FileId file, const source::SourceSet& sources, diagnostics::Sink& sink);

/// How many decisions the parser found ambiguous in exact LL mode: none, or the grammar is wrong. A
/// syntax error counts as one. Slow; for tests.
size_t count_ambiguities(source::FileId file, const source::SourceSet& sources);

}  // namespace baton::syntax
