// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a handoff ask for?
//
// Names of machines, loaders, conventions, segments and roles are resolved here, every clause has its shape,
// every expression its type. Values come later, from files and from the command line.
#pragma once

#include "diagnostics/diagnostic.h"
#include "model/evaluate.h"
#include "model/program.h"
#include "syntax/ast.h"

namespace baton::check {

model::Handoff check_handoff(const syntax::Declaration& declaration, const model::Program& program,
                             const source::SourceSet& sources, diagnostics::Sink& sink);

/// The names a handoff's expressions may use, typed and without content.
class HandoffTypes : public model::Scope {
 public:
  HandoffTypes(const model::Handoff& handoff, const model::Program& program)
      : handoff_(handoff), program_(program) {}
  std::optional<model::Value> lookup(std::string_view name) const override;
  std::vector<std::string> names() const override;

 private:
  const model::Handoff& handoff_;
  const model::Program& program_;
};

/// The kind of role whose attributes a segment of this kind has: "elf64", "devicetree", "loadable" or "raw".
const char* role_kind_of(model::SegmentKind kind);

}  // namespace baton::check
