// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What did the user ask for on the command line?
//
// One struct per run, filled by CLI11 in options.cpp and read by everyone else. Exit codes are those of
// README.md: 0 ok, 1 findings, 2 changes present, 64 usage, 66 input missing, 70 internal.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/range.h"

namespace baton::driver {

enum ExitCode { kOk = 0, kFindings = 1, kChanges = 2, kUsage = 64, kNoInput = 66, kInternal = 70 };

/// The phases of a build, in order; each can be the last one, and each can be dumped.
enum class Phase { kParse, kCheck, kPlace, kSynthesize, kEmit, kVerify };

struct Options {
  std::string command;  // build check plan verify trace explain dump diff fmt doc import init
  std::vector<std::string> files;
  std::string handoff;                         // --handoff
  std::string output = ".";                    // -o
  std::map<std::string, std::string> defines;  // -D name=value
  std::vector<std::string> warnings;           // -W
  std::vector<std::string> stdlib;             // --stdlib, before the built-in place
  bool json = false;                           // --format json
  std::string format = "text";                 // --format
  std::optional<Phase> stop_after;
  std::vector<Phase> dump;
  bool verify = true;
  bool fmt_check = false, fmt_diff = false;
  bool clauses_reference = false;              // dump clauses
  bool lints = false;                          // explain --lints
  std::string topic;                           // explain CODE, dump WHAT, init convention or handoff
  std::optional<std::string> live;             // --live: a facts file, or a copy of /proc and /sys
  std::string machine;                         // dump machine --machine NAME, init --machine DTB
  std::string file = "-";                      // import, init: the program that is written
  bool force = false;                          // import, init: replace it
  std::string name;                            // import --name, init NAME
  std::string kernel, initrd, from, to, via;   // init handoff
  std::string against;                         // diff --against git:REF
  std::string strict;                          // diff --strict; empty: by the convention's status
  std::vector<std::string> handoff_files;      // diff --handoffs
  bool all = false, rules = false, builds = false;  // diff
  bool allow_changes = false;                       // diff --allow-changes
  // verify and trace, of a stub that others wrote: files[0]
  std::string program;                              // --in: the handoff that it stands in
  std::vector<std::string> convention_files;        // --convention
  std::vector<std::string> contract_files;          // --contract
  std::optional<uint64_t> at;                       // --at
  std::string entry, giver, order, image_order;     // --entry --giver --order --image-order
  std::map<std::string, uint64_t> places;           // --place ROLE=ADDRESS
  std::map<std::string, std::string> sets;          // --set SYMBOL=VALUE
  std::vector<std::string> relies;                  // --relies-on
  std::optional<uint64_t> cache_block;              // --cache-block SIZE
  std::vector<Range> scratch;                       // --scratch ADDRESS+SIZE
  std::string head_from;                            // --head-from
  bool listing = false;                             // --listing
  std::string solver = "auto";                      // --solver, of build too
  std::string replay = "auto";                      // --replay: auto, off, require
  std::string qemu = "qemu-system-ppc64";           // --qemu
};

/// Parses; answers an exit code when the run is over (help, version, usage error).
std::optional<int> parse_options(int argc, const char* const* argv, Options& options);

}  // namespace baton::driver
