// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See doc.h.
#include "driver/doc.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "driver/library.h"
#include "driver/pipeline.h"
#include "driver/program_file.h"
#include "model/handoff_clauses.h"
#include "report/convention_page.h"

namespace baton::driver {
namespace {

using Pages = std::map<std::string, std::string>;  // by name: the order of the output

/// The pages of what `file` itself declares, or of `only`.
void add_pages(const Options& options, const std::string& file, const std::string& only, Pages& pages, int& worst) {
  Compilation c;
  bool good = open_program(c, options, file);
  auto wanted = [&](const std::string& name, const source::Span& span) {
    return only.empty() ? span.file == c.main : name == only;
  };
  if (good) {
    for (const auto& [name, convention] : c.program.conventions)
      if (wanted(name, convention.span)) pages[name] = report::convention_page(convention);
    for (const auto& [name, loader] : c.program.loaders)
      if (wanted(name, loader.span)) pages[name] = report::loader_page(loader);
    const model::HandoffClauses clauses(c.files);
    for (const auto& [name, handoff] : c.program.patterns)
      if (wanted(name, handoff.span)) pages[name] = report::handoff_page(handoff, clauses.of(handoff), c.sources);
  }
  show_findings(c, options);
  worst = std::max(worst, exit_code(c));
}

}  // namespace

int doc(const Options& options) {
  Pages pages;
  int worst = kOk;
  for (const std::string& word : options.files) {
    bool by_name = word.find('@') != std::string::npos;
    std::string file = word;
    if (by_name) {
      auto found = find_in_library(word, options);
      if (!found) {
        std::fprintf(stderr, "baton: no file of the library declares `%s`\n", word.c_str());
        return kNoInput;
      }
      for (const auto& folder : library_folders(options))
        if (std::error_code error; std::filesystem::exists(folder / *found, error)) {
          file = (folder / *found).string();
          break;
        }
    }
    add_pages(options, file, by_name ? word : "", pages, worst);
  }
  if (worst != kOk) return worst;
  if (options.output == "-") {
    std::string separator;
    for (const auto& [name, page] : pages) {
      std::fwrite(separator.data(), 1, separator.size(), stdout);
      std::fwrite(page.data(), 1, page.size(), stdout);
      separator = "\n";
    }
    return kOk;
  }
  OutputSet output(options.output);
  Result<Done> written = Done{};
  for (const auto& [name, page] : pages)
    if (written) written = output.add(name + ".md", page);
  if (written) written = output.commit();
  if (written) return kOk;
  std::fprintf(stderr, "baton: %s\n", written.failure().message.c_str());
  return kFindings;
}

}  // namespace baton::driver
