// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Standard output, standard error, one file. See program_file.h.
#include "driver/program_file.h"

#include <cstdio>

#include "base/file.h"
#include "driver/show.h"

namespace baton::driver {

using diagnostics::Code;

void show_findings(Compilation& c, const Options& options) {
  c.sink.apply(c.policy);
  Findings findings(options);
  findings.show(c.sink, c.sources);
  findings.finish();
}

bool write_program(Compilation& c, const Options& options, const std::string& text) {
  if (options.file == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return true;
  }
  std::filesystem::path path(options.file);
  std::error_code error;
  if (!path.has_filename() || std::filesystem::is_directory(path, error)) {
    c.sink.report(Code::cannot_write, {}, "`" + options.file + "` names no file: give a file's name with `-o FILE`");
    return false;
  }
  if (!options.force && std::filesystem::exists(std::filesystem::symlink_status(path, error))) {
    c.sink.report(Code::output_exists, {}, "`" + options.file + "` is there already, and nothing was written")
        .note("give another name with `-o FILE`, or replace it with --force");
    return false;
  }
  OutputSet output(path.has_parent_path() ? path.parent_path() : ".");
  auto written = output.add(path.filename().string(), text);
  if (written) written = output.commit(options.force ? OutputSet::Existing::kReplace : OutputSet::Existing::kRefuse);
  if (written) return true;
  c.sink.report(Code::cannot_write, {}, written.failure());
  return false;
}

}  // namespace baton::driver
