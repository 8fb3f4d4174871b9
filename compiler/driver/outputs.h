// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which files does a build leave, and in which order do their bytes come about?
//
// All of them are made first and put in place together: a failed build leaves nothing. Payload bytes are
// hashed once and written once; in between they are views into mapped files.
#pragma once

#include <deque>
#include <optional>

#include "driver/options.h"
#include "driver/pipeline.h"
#include "emit/table.h"

namespace baton::driver {

struct OutputFile {
  std::string name;
  std::string what;              // for the plan: "everything the loader program needs"
  std::vector<ByteView> pieces;  // in order
  uint64_t size() const;
};

/// Every output of a compiled handoff but the depfile, which names the folder they go to.
struct Outputs {
  Outputs() = default;
  Outputs(Outputs&&) = default;
  emit::SegmentTable table;
  emit::BundleContents contents;
  std::optional<emit::BundleImage> bundle;
  std::deque<ByteBuffer> owned;  // what the pieces of generated files view; a deque never moves them
  std::vector<OutputFile> files;
};

/// nullopt after a report.
std::optional<Outputs> make_outputs(Compilation& c);
/// Writes all of it, and the depfile, into options.output; false after a report.
bool write_outputs(Compilation& c, const Outputs& outputs, const Options& options);

}  // namespace baton::driver
