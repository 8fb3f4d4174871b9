// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading one side of a comparison. See diff_side.h.
#include "driver/diff_side.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "check/check.h"
#include "driver/library.h"
#include "driver/pipeline.h"

namespace baton::driver {

using diagnostics::Code;
namespace fs = std::filesystem;

namespace {

bool within(source::Span inner, source::Span outer) {
  return inner.valid() && inner.file == outer.file && inner.begin >= outer.begin && inner.end <= outer.end;
}

std::string as_text(const diagnostics::Diagnostic& d) {
  return to_text(d.code) + " " + std::string(diagnostics::entry(d.code).slug) + ": " + d.message;
}

/// Sorts the errors of one program into those of a handoff and those of everything else.
void check_file(ProgramSide& side, SideFile& file, bool report) {
  diagnostics::Sink found;
  file.program = check::check(side.sources, file.id, found);
  for (const auto& d : found.all()) {
    if (d.severity != diagnostics::Severity::kError) continue;
    bool placed = false;
    for (const auto& [name, handoff] : file.program.handoffs)
      if (within(d.span, handoff.span)) {
        file.refused.emplace(name, as_text(d));
        placed = true;
      }
    // A machine or a loader is no part of any convention: what is wrong with it stops the handoffs that use it.
    for (const auto& [name, handoff] : file.program.handoffs) {
      auto machine = file.program.machines.find(handoff.machine);
      auto loader = file.program.loaders.find(handoff.loader);
      if ((machine != file.program.machines.end() && within(d.span, machine->second.span)) ||
          (loader != file.program.loaders.end() && within(d.span, loader->second.span))) {
        file.refused.emplace(name, as_text(d));
        placed = true;
      }
    }
    if (placed) continue;
    for (const auto& [name, handoff] : file.program.handoffs) file.refused.emplace(name, as_text(d));
    // Several programs may use one file that is wrong.
    bool known = std::any_of(side.sink.all().begin(), side.sink.all().end(), [&](const auto& other) {
      return other.code == d.code && other.span == d.span && other.message == d.message;
    });
    if (report && !known) side.sink.report(d.code, d.span, d.message) = d;
  }
}

void collect_conventions(ProgramSide& side, bool with_library) {
  for (const SideFile& file : side.files)
    for (const auto& [name, convention] : file.program.conventions) {
      if (!with_library && side.sources.is_library(convention.span.file)) continue;
      auto [at, added] = side.conventions.emplace(name, contract::Subject{&convention, &file.program.lets});
      if (added || at->second.convention->span == convention.span) continue;
      bool known = std::any_of(side.sink.all().begin(), side.sink.all().end(),
                               [&](const auto& d) { return d.span == convention.name_span; });
      if (!known)
        side.sink.report(Code::duplicate_declaration, convention.name_span,
                         "convention `" + name + "` is declared in two of the files that are compared")
            .label(at->second.convention->name_span, "the other one");
    }
}

bool read_files(ProgramSide& side, const std::vector<std::pair<fs::path, std::string>>& paths) {
  // All are read before the first is checked: what one of them uses is then known as one of them, not as shipped.
  for (const auto& [path, relative] : paths) {
    auto id = side.sources.read(path);
    if (!id) {
      side.sink.report(Code::program_missing, {}, id.failure());
      continue;
    }
    SideFile file;
    file.id = *id;
    file.relative = relative;
    side.files.push_back(std::move(file));
  }
  for (SideFile& file : side.files) check_file(side, file, true);
  return !side.sink.has_errors();
}

/// Where `use` looks: what the user named, the compared folder itself, then what is shipped.
void add_libraries(ProgramSide& side, const fs::path& root, const Options& options) {
  for (const auto& directory : options.stdlib) side.sources.add_library(directory);
  if (!root.empty()) side.sources.add_library(root);
  side.sources.add_library(shipped_stdlib());
}

}  // namespace

std::string first_error(const diagnostics::Sink& sink) {
  for (const auto& d : sink.all())
    if (d.severity == diagnostics::Severity::kError) return as_text(d);
  return {};
}

std::vector<fs::path> programs_at(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<fs::path> found;
  fs::recursive_directory_iterator each(path, fs::directory_options::skip_permission_denied, error), end;
  while (!error && each != end) {
    std::string name = each->path().filename().string();
    bool hidden = !name.empty() && name[0] == '.';
    std::error_code unknown;
    if (hidden && each->is_directory(unknown)) each.disable_recursion_pending();
    if (!hidden && each->path().extension() == ".baton" && each->is_regular_file(unknown)) found.push_back(each->path());
    each.increment(error);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.generic_string() < b.generic_string(); });
  return found;
}

bool read_side(ProgramSide& side, const fs::path& path, const GitTree* tree, const Options& options, bool may_be_absent) {
  std::error_code error;
  std::vector<std::pair<fs::path, std::string>> files;
  bool folder = false;
  if (tree && (side.old_tree || fs::is_directory(path, error))) {
    auto inside = fs::weakly_canonical(path, error).lexically_relative(tree->root());
    bool one = side.old_tree && tree->exists(inside);
    folder = !one;
    std::vector<fs::path> listed;
    if (side.old_tree) {
      listed = tree->list(inside, ".baton");
    } else if (auto found = tree->list_work_tree(inside, ".baton")) {
      listed = *found;
    } else {
      side.sink.report(Code::program_missing, {}, found.failure());
      return false;
    }
    if (one)
      files.emplace_back(path, "");
    else
      for (const auto& each : listed) {
        auto relative = inside == "." ? each : each.lexically_relative(inside);
        files.emplace_back((path / relative).lexically_normal(), relative.generic_string());
      }
  } else {
    folder = fs::is_directory(path, error);
    if (folder || fs::exists(path, error) || !may_be_absent)
      for (const auto& each : programs_at(path))
        files.emplace_back(each, folder ? each.lexically_relative(path).generic_string() : "");
  }
  if (files.empty() && !may_be_absent) {
    side.sink.report(Code::program_missing, {}, "there is no file whose name ends in `.baton` in `" + path.string() + "`");
    return false;
  }
  add_libraries(side, folder ? path : fs::path(), options);
  if (!read_files(side, files)) return false;
  collect_conventions(side, false);
  return !side.sink.has_errors();
}

bool read_library_side(ProgramSide& side, const std::vector<fs::path>& paths, const Options& options) {
  std::vector<std::pair<fs::path, std::string>> files;
  for (const auto& path : paths)
    for (const auto& each : programs_at(path)) files.emplace_back(each, each.generic_string());
  add_libraries(side, {}, options);
  // What a library holds is named as `use` names it, and the first library that has a name has it.
  if (paths.empty())
    for (const auto& library : library_folders(options))
      for (const auto& each : programs_at(library)) {
        auto id = side.sources.read_library(each.lexically_relative(library).generic_string());
        bool known = id && std::any_of(side.files.begin(), side.files.end(), [&](const SideFile& f) { return f.id == *id; });
        if (!id || known) continue;
        SideFile file;
        file.id = *id;
        file.relative = side.sources.name(*id);
        side.files.push_back(std::move(file));
      }
  if (!read_files(side, files)) return false;
  collect_conventions(side, true);
  return !side.sink.has_errors();
}

SideFile* read_further(ProgramSide& side, const fs::path& path, bool shipped) {
  auto id = side.sources.read(path);
  if (!id) return nullptr;
  for (auto* list : {&side.files, &side.further})
    for (SideFile& file : *list)
      if (file.id == *id) return &file;
  SideFile file;
  file.id = *id;
  file.relative = path.generic_string();
  file.shipped = shipped;
  side.further.push_back(std::move(file));
  check_file(side, side.further.back(), false);
  return &side.further.back();
}

}  // namespace baton::driver
