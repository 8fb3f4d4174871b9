// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does one side of a comparison say: which programs belong to it, and which conventions do they declare?
//
// A side is a file, a folder of programs, or what either was at a commit of a repository. Each file is checked as a
// program of its own, since two programs of a folder may give one name to two machines; conventions are those of all
// files, less what comes from the standard library. A mistake within a handoff concerns that handoff only: it is
// kept with it. Any other mistake is reported, and there is nothing to compare.
//
//   ProgramSide side; read_side(side, "stdlib", nullptr, options)  ->  side.conventions.at("linux.kexec@2013")
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "contract/diff.h"
#include "diagnostics/diagnostic.h"
#include "driver/git_tree.h"
#include "driver/options.h"

namespace baton::driver {

struct SideFile {
  source::FileId id = source::kNoFile;
  std::string relative;  // within the folder that was named; empty for a file that was named
  bool shipped = false;  // an example of ours, which nobody named
  model::Program program;
  std::map<std::string, std::string> refused;  // handoff -> its first error, as text
};

struct ProgramSide {
  std::string shown;      // "stdlib", "v1.0:stdlib"
  bool old_tree = false;  // read from a commit: its files are not in the work tree; set before it is read
  source::SourceSet sources;
  diagnostics::Sink sink;
  std::deque<SideFile> files;                // of the comparison
  std::deque<SideFile> further;              // whose handoffs are looked at besides
  std::map<std::string, contract::Subject> conventions;
};

/// Reads and checks everything at `path`; with a tree, what the path held there, or what of it git does not ignore
/// when the side is the work tree. A path with nothing at it is a side without conventions when `may_be_absent`.
/// False after a report.
bool read_side(ProgramSide& side, const std::filesystem::path& path, const GitTree* tree, const Options& options,
               bool may_be_absent);

/// All programs of these folders and files as one side, or of the libraries where none are named: where conventions
/// are looked for by name.
bool read_library_side(ProgramSide& side, const std::vector<std::filesystem::path>& paths, const Options& options);

/// Reads and checks one more file for its handoffs; null when it cannot be read. Its mistakes are not reported.
SideFile* read_further(ProgramSide& side, const std::filesystem::path& path, bool shipped);

/// "BT5003 impossible-need: ..." of the first error; empty where there is none.
std::string first_error(const diagnostics::Sink& sink);

/// The files below a folder whose names end in `.baton`, in byte order; a file is itself. Hidden folders are left out.
std::vector<std::filesystem::path> programs_at(const std::filesystem::path& path);

}  // namespace baton::driver
