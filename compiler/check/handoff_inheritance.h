// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a handoff say that extends another?
//
// Clauses are merged as they were written, before anybody asks what they mean: a handoff that inherits is checked, linted
// and built as if all of it stood in one place. A clause is found again by its *key*: its head, for `segment`, `param`,
// `bind`, `poke` and `node` with the name behind it, for `relies`, `assert` and `allow` all of its text, in a tree node the
// property. `override` takes the place of an inherited clause, `drop KEY` takes it away, and a new key is added. Of what may
// stand several times in a segment (`within`, `reserve`, ...) a further one is added, and `override` and `drop` mean all.
// `segment NAME { ... }` adds to an inherited segment in the same way, `node` to the edits of an inherited node.
//
//   handoff base@1 { segment k = elf f { align 64KiB; } }
//   handoff h extends base@1 on m { segment k { override align 1MiB; } }     k is  elf f { align 1MiB; }
#pragma once

#include <optional>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "source/source.h"
#include "syntax/ast.h"

namespace baton::check {

/// A handoff as it is read further.
struct WholeHandoff {
  const syntax::Declaration& written;
  std::optional<syntax::Declaration> merged;  // with what it inherits and without modifiers; nothing where that is no other

  const syntax::Declaration& declaration() const { return merged ? *merged : written; }
};

/// Each handoff of `declared`, in the same order. One that extends what is not there, or itself, is reported and left out:
/// what it would have been is not known.
std::vector<WholeHandoff> inherit_handoffs(const std::vector<const syntax::Declaration*>& declared,
                                           const source::SourceSet& sources, diagnostics::Sink& sink);

}  // namespace baton::check
