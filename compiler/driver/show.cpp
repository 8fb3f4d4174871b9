// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Printing. See show.h.
#include "driver/show.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "diagnostics/render.h"
#include "driver/version.h"

namespace baton::driver {
namespace {

void print_error(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void Findings::show(const diagnostics::Sink& sink, const source::SourceSet& sources) {
  if (options_.format == "json") return print_error(diagnostics::render_json(sink.all(), sources));
  if (options_.format == "sarif" || options_.format == "github") {
    auto annotations = diagnostics::annotate(sink.all(), sources);
    if (options_.format == "github") return print_error(diagnostics::render_github(annotations));
    gathered_.insert(gathered_.end(), annotations.begin(), annotations.end());
    return;
  }
  // Colour only on a terminal that wants it.
  diagnostics::TextStyle style;
  style.colour = ::isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  print_error(diagnostics::render_text(sink.all(), sources, style));
}

void Findings::finish() {
  if (options_.format == "sarif") print_error(diagnostics::render_sarif(gathered_, kVersion));
}

}  // namespace baton::driver
