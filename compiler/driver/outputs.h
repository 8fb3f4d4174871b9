// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which files does a build leave, and in which order do their bytes come about?
//
// All of them are made first and put in place together: a failed build leaves nothing. Payload bytes are
// hashed once and written once.
#pragma once

#include "driver/options.h"
#include "driver/pipeline.h"
#include "emit/table.h"

namespace baton::driver {

/// The segment table of a compiled handoff; payload offsets are those of its bundle.
struct Tables {
  emit::SegmentTable table;
  emit::BundleContents contents;
};
Tables make_tables(const Compilation& c);

/// Writes NAME.{S,o,bin,json,h,dtb,map,d,bundle} and the binary tables; false after a report.
bool write_outputs(Compilation& c, const Options& options);

}  // namespace baton::driver
