// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Digits and escapes, with checked arithmetic. See literals.h.
#include "syntax/literals.h"

namespace baton::syntax {
namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Wide> integer_value(std::string_view text) {
  unsigned base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  }
  Wide value = 0;
  for (char c : text) {
    if (c == '_') continue;
    int digit = digit_value(c);
    if (digit < 0 || static_cast<unsigned>(digit) >= base) return std::nullopt;
    value = value * base + static_cast<unsigned>(digit);
    if (value >= kTwoTo64) return std::nullopt;
  }
  return value;
}

std::optional<Wide> size_value(std::string_view text) {
  if (text.size() < 3) return std::nullopt;
  std::string_view unit = text.substr(text.size() - 3);
  unsigned shift = unit == "KiB" ? 10 : unit == "MiB" ? 20 : unit == "GiB" ? 30 : 40;
  auto count = integer_value(text.substr(0, text.size() - 3));
  // Both factors are below 2^64: the product fits a Wide.
  if (!count || (*count << shift) > kTwoTo64) return std::nullopt;
  return *count << shift;
}

StringValue string_value(std::string_view literal) {
  StringValue value;
  size_t end = literal.size() - 1;  // the closing quote
  auto bad = [&](size_t from, size_t to) {
    if (value.bad_end == 0) value.bad_begin = from, value.bad_end = to;
    value.text += literal.substr(from, to - from);
  };
  for (size_t i = 1; i < end; ++i) {
    char c = literal[i];
    if (c != '\\') {
      value.text += c;
      continue;
    }
    size_t start = i++;  // a backslash is never the last character before the quote
    switch (literal[i]) {
      case '"': value.text += '"'; break;
      case '\\': value.text += '\\'; break;
      case 'n': value.text += '\n'; break;
      case 't': value.text += '\t'; break;
      case '0': value.text += '\0'; break;
      case 'x': {
        int high = i + 1 < end ? digit_value(literal[i + 1]) : -1;
        int low = i + 2 < end ? digit_value(literal[i + 2]) : -1;
        if (high < 0 || low < 0) {
          bad(start, i + 1);
        } else {
          value.text += static_cast<char>(high * 16 + low);
          i += 2;
        }
        break;
      }
      default: {
        size_t stop = i + 1;  // all bytes of one UTF-8 character
        while (stop < end && (static_cast<unsigned char>(literal[stop]) & 0xc0) == 0x80) ++stop;
        bad(start, stop);
        i = stop - 1;
      }
    }
  }
  return value;
}

std::string string_literal(std::string_view bytes) {
  static const char kDigits[] = "0123456789abcdef";
  std::string literal = "\"";
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      literal += '\\';
      literal += c;
    } else if (c == '\n') {
      literal += "\\n";
    } else if (c == '\t') {
      literal += "\\t";
    } else if (c == '\0') {
      literal += "\\0";
    } else if (byte < 0x20 || byte == 0x7f) {
      literal += "\\x";
      literal += kDigits[byte >> 4];
      literal += kDigits[byte & 15];
    } else {
      literal += c;
    }
  }
  return literal + "\"";
}

}  // namespace baton::syntax
