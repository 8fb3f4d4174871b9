// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints one finding of every code with every part filled, as JSON or with `--sarif` as SARIF: what the published
// schemas are held to.
#include <cstdio>
#include <string_view>

#include "diagnostics/annotation.h"
#include "diagnostics/render.h"

using namespace baton;
using namespace baton::diagnostics;

int main(int argc, char** argv) {
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
  bool sarif = argc > 1 && std::string_view(argv[1]) == "--sarif";
  std::fputs((sarif ? render_sarif(annotate(sink.all(), sources), "0.0.0") : render_json(sink.all(), sources)).c_str(), stdout);
  return 0;
}
