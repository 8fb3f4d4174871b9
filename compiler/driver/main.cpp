// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program: one command, one exit code. What each command does stands in commands.cpp.
#include <cstdio>
#include <exception>

#include "driver/commands.h"
#include "driver/options.h"

int main(int argc, char** argv) {
  // No part of ours throws; what a library throws (no memory left) is not the user's program's fault.
  try {
    baton::driver::Options options;
    if (auto code = baton::driver::parse_options(argc, argv, options)) return *code;
    int code = baton::driver::run(options);
    // A full disk behind `> FILE` must not look like success.
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    std::fprintf(stderr, "baton: cannot write to standard output\n");
    return code == baton::driver::kOk ? baton::driver::kFindings : code;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "baton: internal error: %s\n", e.what());
    return baton::driver::kInternal;
  }
}
