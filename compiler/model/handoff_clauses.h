// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What did somebody write for this handoff, word by word, inherited clauses as well?
//
// For who looks at the text of a handoff and not at what it means: lints of names, pages of documentation. The syntax
// trees must outlive this.
//
//   HandoffClauses(files).of(program.handoffs.at("kdump"))  ->  from linux.crash@2020; ... enter stub;
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "model/program.h"
#include "syntax/ast.h"

namespace baton::model {

class HandoffClauses {
 public:
  explicit HandoffClauses(const std::vector<syntax::File>& files);
  const std::vector<syntax::Clause>& of(const Handoff& handoff) const;

 private:
  std::map<std::pair<source::FileId, uint32_t>, const syntax::Declaration*> written_;  // by where the name stands
};

}  // namespace baton::model
