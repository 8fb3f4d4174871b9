// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How do the programs that scripts ask here end when something is wrong? With a sentence and 1.
//
//   auto image = must(inputs::read_elf(file));
#pragma once

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "base/result.h"

namespace baton {

[[noreturn]] inline void stop(const std::string& message) {
  std::cerr << message << '\n';
  std::exit(1);
}

/// The way out, where there is one, on a second line.
template <typename T>
T must(Result<T> result) {
  if (!result)
    stop(result.failure().message + (result.failure().way_out.empty() ? "" : "\n  " + result.failure().way_out));
  return std::move(*result);
}

}  // namespace baton
