// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Waivers first, then every check that is wanted, then what the waivers did. See lint.h.
#include "lint/lint.h"

#include <algorithm>
#include <set>

#include "lint/lints.h"
#include "lint/waivers.h"

namespace baton::lint {

using diagnostics::Code;
using diagnostics::Diagnostic;

void run(const Subject& subject, diagnostics::SeverityPolicy& policy, diagnostics::Sink& sink) {
  Findings found(subject, policy);
  const size_t earlier = policy.waivers().size();
  read_waivers(subject, policy, found);
  std::set<Code> complete;  // where a waiver that silences nothing is needless
  for (const Lint& lint : lints()) {
    if (lint.find == nullptr || !policy.wants(lint.code, lint.by_default)) continue;
    found.incomplete = false;
    lint.find(subject, found);
    if (!found.incomplete) complete.insert(lint.code);
  }
  for (size_t i = earlier; i < policy.waivers().size(); ++i) {
    const diagnostics::Waiver w = policy.waivers()[i];
    if (w.used || !complete.contains(w.code)) continue;
    found.report(Code::unused_waiver, w.place,
                 "this waiver silences nothing: there is no `" + std::string(diagnostics::entry(w.code).slug) +
                     "` here");
  }
  // Files in the order they were read, and from top to bottom: the order in which they are mended.
  std::map<source::FileId, size_t> order;
  for (size_t i = 0; i < subject.files.size(); ++i) order[subject.files[i].id] = i;
  std::vector<Diagnostic> sorted = found.kept();
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Diagnostic& a, const Diagnostic& b) {
    auto place = [&](const Diagnostic& d) { return std::make_tuple(order[d.span.file], d.span.begin, d.code); };
    return place(a) < place(b);
  });
  if (found.more() != 0)
    sorted.back().note(std::to_string(found.more()) + " more findings are not shown; `-W no-SLUG` drops a check");
  for (Diagnostic& d : sorted) sink.add(std::move(d));
  sink.apply(policy);
}

}  // namespace baton::lint
