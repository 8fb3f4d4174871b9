// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints one finding of every code as JSON, with every part filled: what the published schema is held to.
#include <cstdio>

#include "diagnostics/render.h"

using namespace baton;
using namespace baton::diagnostics;

int main() {
  source::SourceSet sources;
  source::FileId file = sources.add("sample.baton", "language 1;\nlet a = 1;\n");
  Sink sink;
  bool placed = false;
  for (const CatalogEntry& e : catalog()) {
    placed = !placed;
    auto span = placed ? source::Span{file, 0, 8} : source::Span{};
    sink.report(e.code, span, std::string(e.title))
        .at("here")
        .label(source::Span{file, 12, 15}, "and here")
        .note("a note")
        .fix(source::Span{file, 22, 23}, "");
  }
  std::fputs(render_json(sink.all(), sources).c_str(), stdout);
  return 0;
}
