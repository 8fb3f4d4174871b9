// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program: one command, one exit code. What each command does stands in commands.cpp.
#include "driver/commands.h"
#include "driver/options.h"

int main(int argc, char** argv) {
  baton::driver::Options options;
  if (auto code = baton::driver::parse_options(argc, argv, options)) return *code;
  return baton::driver::run(options);
}
