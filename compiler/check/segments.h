// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is one segment of a handoff: its content, its place, and what is edited in it?
#pragma once

#include <optional>

#include "diagnostics/diagnostic.h"
#include "model/evaluate.h"
#include "model/program.h"
#include "syntax/ast.h"

namespace baton::check {

/// `segment NAME = KIND CONTENT`: the head, without the block.
std::optional<model::Segment> declare_segment(const syntax::Clause& clause, const source::SourceSet& sources,
                                              diagnostics::Sink& sink);

/// The block, once every name of the handoff is known.
void read_segment(model::Segment& segment, const syntax::Clause& clause, const model::Scope& types,
                  const source::SourceSet& sources, diagnostics::Sink& sink);

}  // namespace baton::check
