// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Wrapping and aligning; see text_layout.h. No line ends in a blank.
#include "report/text_layout.h"

#include <algorithm>

namespace baton::report {
namespace {

void end_line(std::string& text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  text.push_back('\n');
}

std::string aligned(const std::string& text, size_t width, Align align) {
  if (text.size() >= width) return text;
  std::string blanks(width - text.size(), ' ');
  return align == Align::kLeft ? text + blanks : blanks + text;
}

}  // namespace

std::string ascii(std::string_view text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 && byte < 0xc0) continue;  // goes on with a character that has its `?` already
    if (c == '\n' || c == '\t' || c == '\r')
      out.push_back(' ');
    else
      out.push_back(byte < ' ' || byte > '~' ? '?' : c);
  }
  return out;
}

std::string counted(size_t n, const std::string& noun, const std::string& plural) {
  return std::to_string(n) + " " + (n == 1 ? noun : plural.empty() ? noun + "s" : plural);
}

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

std::vector<std::string> break_lines(std::string_view raw, size_t width) {
  const std::string text = ascii(raw);
  if (text.size() <= width) return {text};  // blanks of its own are kept
  std::vector<std::string> lines(1);
  for (size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    size_t end = std::min(text.find(' ', at), text.size());
    std::string word = text.substr(at, end - at);
    at = end;
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
    for (; word.size() > width; word.erase(0, width)) {
      lines.back() = word.substr(0, width);
      lines.emplace_back();
    }
    if (!lines.back().empty()) lines.back().push_back(' ');
    lines.back() += word;
  }
  return lines;
}

std::string wrap(std::string_view text, size_t first, size_t rest) {
  std::string out;
  // The first line may be wider or narrower than the others: break for the narrower.
  for (const std::string& line : break_lines(text, kWidth - std::max(first, rest))) {
    out += std::string(out.empty() ? first : rest, ' ') + line;
    end_line(out);
  }
  return out;
}

TextTable& TextTable::row(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = ascii(cell);
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
  return *this;
}

std::string TextTable::print(size_t indent, size_t widest, size_t first_width) const {
  const size_t last = columns_.size() - 1;
  std::vector<size_t> widths(columns_.size(), 0);
  if (last > 0) widths[0] = first_width;
  size_t used = indent;
  for (size_t i = 0; i < last; ++i) {
    for (const auto& row : rows_)
      if (row[i].size() <= widest) widths[i] = std::max(widths[i], row[i].size());
    used += widths[i] + 2;
  }
  for (const auto& row : rows_) widths[last] = std::max(widths[last], row[last].size());
  widths[last] = std::min(widths[last], used < kWidth - 20 ? kWidth - used : size_t{20});

  std::string text;
  for (const auto& row : rows_) {
    std::string line(indent, ' ');
    size_t column = indent;
    for (size_t i = 0; i < last; ++i) {
      if (row[i].size() > widths[i]) {
        for (const std::string& piece : break_lines(row[i], kWidth - column)) {
          text += line + piece;
          end_line(text);
          line = std::string(column, ' ');
        }
        line = std::string(column + widths[i] + 2, ' ');
      } else {
        line += aligned(row[i], widths[i], columns_[i]) + "  ";
      }
      column += widths[i] + 2;
    }
    bool first = true;
    for (const std::string& piece : break_lines(row[last], widths[last])) {
      if (!first) line = std::string(column, ' ');
      text += line + aligned(piece, widths[last], columns_[last]);
      end_line(text);
      first = false;
    }
  }
  return text;
}

}  // namespace baton::report
