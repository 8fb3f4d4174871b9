// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folders of programs. See library.h.
#include "driver/library.h"

#include <algorithm>

#include "driver/pipeline.h"
#include "syntax/parse.h"

namespace baton::driver {
std::vector<std::filesystem::path> library_folders(const Options& options) {
  std::vector<std::filesystem::path> folders(options.stdlib.begin(), options.stdlib.end());
  folders.push_back(shipped_stdlib());
  return folders;
}

std::optional<std::string> find_in_library(const std::string& versioned_name, const Options& options) {
  for (const auto& folder : library_folders(options)) {
    std::vector<std::string> programs;
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
      if (it->path().extension() == ".baton") programs.push_back(it->path().lexically_relative(folder).generic_string());
    std::sort(programs.begin(), programs.end());
    for (const std::string& program : programs) {
      source::SourceSet sources;
      diagnostics::Sink ignored;  // whoever uses the file is told what is wrong with it
      auto id = sources.read(folder / program);
      if (!id) continue;
      for (const auto& declaration : syntax::parse(*id, sources, ignored).declarations)
        if (declaration.full_name() == versioned_name) return program;
    }
  }
  return std::nullopt;
}

}  // namespace baton::driver
