// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What value does a literal's text stand for?
//
// Numbers are decimal or `0x` hexadecimal, with `_` between digits; a size has a binary unit. Strings are
// bytes: `\" \\ \n \t \0 \xHH` are the escapes. Nothing is reported here: the callers know the place.
//
//   integer_value("0x7c0_0000") == 0x7c00000;  size_value("64KiB") == 0x10000
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"

namespace baton::syntax {

/// nullopt past 2^64 - 1, and for what is no integer.
std::optional<Wide> integer_value(std::string_view text);
/// In bytes; nullopt past 2^64.
std::optional<Wide> size_value(std::string_view text);

struct StringValue {
  std::string text;
  /// The first escape that does not exist, as offsets into the literal; empty when all do.
  size_t bad_begin = 0;
  size_t bad_end = 0;
};
/// From the literal with its quotes. A bad escape stands for its own characters.
StringValue string_value(std::string_view literal);
/// The literal, with quotes and escapes, that stands for these bytes.
std::string string_literal(std::string_view bytes);

}  // namespace baton::syntax
