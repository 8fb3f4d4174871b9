// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decoding UTF-8 step by step, widths from LLVM's Unicode tables. See snippet.h.
#include "diagnostics/snippet.h"

#include <algorithm>
#include <cstdint>

#include "llvm/Support/Unicode.h"

namespace baton::diagnostics {
namespace {

constexpr size_t kTab = 4;
constexpr std::string_view kCut = "...";
/// A line may have megabytes; only this much around the place is looked at.
constexpr size_t kLookAround = 1024;

struct Glyph {
  size_t bytes;       // of the input, at least 1
  std::string text;   // what is printed
  size_t width;       // columns it takes
};

bool is_continuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

std::string escaped_byte(uint8_t byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  return std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15];
}

/// The bytes of the character at `at`, or 0 when they are no UTF-8.
size_t utf8_length(std::string_view text, size_t at) {
  auto lead = static_cast<uint8_t>(text[at]);
  size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || text.size() - at < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if (!is_continuation(text[at + i])) return 0;
  return length;
}

Glyph next_glyph(std::string_view text, size_t at) {
  auto byte = static_cast<uint8_t>(text[at]);
  if (byte >= 0x20 && byte < 0x7f) return {1, std::string(1, text[at]), 1};
  size_t length = utf8_length(text, at);
  if (length > 1) {
    std::string_view character = text.substr(at, length);
    int width = llvm::sys::unicode::columnWidthUTF8(llvm::StringRef(character.data(), length));
    if (width >= 0) return {length, std::string(character), static_cast<size_t>(width)};
  }
  Glyph glyph{std::max<size_t>(length, 1), {}, 0};
  for (size_t i = 0; i < glyph.bytes; ++i)
    glyph.text += escaped_byte(static_cast<uint8_t>(text[at + i]));
  glyph.width = glyph.text.size();
  return glyph;
}

}  // namespace

QuotedLine::QuotedLine(std::string_view line, size_t focus, size_t width) {
  focus = std::min(focus, line.size());
  size_t begin = focus > kLookAround ? focus - kLookAround : 0;
  while (begin > 0 && begin < focus && is_continuation(line[begin])) ++begin;
  size_t end = std::min(line.size(), focus + kLookAround);
  while (end < line.size() && is_continuation(line[end])) ++end;
  first_byte_ = begin;

  std::vector<std::string> cells;
  for (size_t at = begin; at < end;) {
    Glyph glyph = line[at] == '\t' ? Glyph{1, " ", kTab - cells.size() % kTab} : next_glyph(line, at);
    cell_of_byte_.insert(cell_of_byte_.end(), glyph.bytes, cells.size());
    // A character of two columns is one cell with it and one empty; other texts have a column a byte.
    bool spread = glyph.text.size() == glyph.width;
    for (size_t i = 0; i < glyph.width; ++i) {
      if (line[at] == '\t') cells.emplace_back(" ");
      else if (spread) cells.emplace_back(1, glyph.text[i]);
      else cells.push_back(i == 0 ? glyph.text : std::string());
    }
    if (glyph.width == 0 && !cells.empty()) cells.back() += glyph.text;  // a combining mark
    at += glyph.bytes;
  }
  cell_of_byte_.push_back(cells.size());

  left_ = 0;
  right_ = cells.size();
  if (right_ > width) {
    size_t at = cell(focus);
    left_ = at > width / 4 ? at - width / 4 : 0;
    right_ = std::min(cells.size(), left_ + width);
    left_ = right_ > width ? right_ - width : 0;
  }
  cut_left_ = left_ > 0 || begin > 0;
  if (cut_left_) text_ = kCut;
  for (size_t i = left_; i < right_; ++i) text_ += cells[i];
  if (right_ < cells.size() || end < line.size()) text_ += kCut;
}

size_t QuotedLine::cell(size_t byte) const {
  if (byte < first_byte_) return 0;
  return cell_of_byte_[std::min(byte - first_byte_, cell_of_byte_.size() - 1)];
}

bool QuotedLine::shows(size_t byte) const {
  if (byte < first_byte_ || byte - first_byte_ >= cell_of_byte_.size()) return false;
  return cell(byte) >= left_ && cell(byte) <= right_;
}

size_t QuotedLine::column(size_t byte) const {
  return std::clamp(cell(byte), left_, right_) - left_ + (cut_left_ ? kCut.size() : 0);
}

std::string printable(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\n' || text[at] == '\t') {
      out += text[at] == '\n' ? '\n' : ' ';
      ++at;
      continue;
    }
    Glyph glyph = next_glyph(text, at);
    out += glyph.text;
    at += glyph.bytes;
  }
  return out;
}

}  // namespace baton::diagnostics
