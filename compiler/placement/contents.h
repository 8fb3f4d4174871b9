// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which files does a handoff put in memory, and how large is each segment?
//
// Parameters get their values, files named by segments are read, pokes are made. Sizes are known when this
// is done, addresses are not. A relative path is relative to the program that writes it; one from the
// command line is relative to where the command runs.
//
//   read_contents(layout, {{"kernel_file", "vmlinux"}}, ...)  ->  payloads["kernel"], sizes in the layout
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "diagnostics/diagnostic.h"
#include "inputs/payload.h"
#include "inputs/tree.h"
#include "placement/layout.h"

namespace baton::placement {

struct Contents {
  std::map<std::string, inputs::Payload, std::less<>> payloads;   // elf and file segments
  std::map<std::string, inputs::DeviceTree, std::less<>> trees;   // what devicetree segments start from
  std::map<std::string, std::string, std::less<>> names;          // the file each segment comes from
  std::vector<std::filesystem::path> inputs;                      // every file read: the depfile
  std::vector<std::string> warnings;                              // oddities of the files that change nothing
};

/// Gives every parameter of the handoff its value; false after a report.
bool read_parameters(Layout& layout, const std::map<std::string, std::string>& defines,
                     const source::SourceSet& sources, diagnostics::Sink& sink);

/// Reads every file and fills in Content; a devicetree is measured when it is placed. False after a report.
bool read_contents(Layout& layout, const source::SourceSet& sources, Contents& contents,
                   diagnostics::Sink& sink);

/// Pokes named words of images, which only placement of nothing can change. False after a report.
bool poke_words(Layout& layout, Contents& contents, diagnostics::Sink& sink);

}  // namespace baton::placement
