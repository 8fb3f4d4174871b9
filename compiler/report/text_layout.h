// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How do words and tables become lines that fit a terminal of 100 columns?
//
// ASCII only: whatever else a name or a comment holds is shown as `?`. A table's last column takes what is
// left of the line and wraps under itself; a word longer than a line is cut, so the width always holds.
//
//   TextTable t({Align::kLeft, Align::kRight}); t.row({"kernel", "38MiB"}); t.print(2) -> "  kernel  38MiB\n"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::report {

inline constexpr size_t kWidth = 100;

/// Printable ASCII, one `?` for each character that is not; line ends become blanks.
std::string ascii(std::string_view text);

/// The text as lines, the first after `first` blanks, the others after `rest`; each ends with '\n'.
std::string wrap(std::string_view text, size_t first, size_t rest);

/// The words of `text` in lines of at most `width` characters; at least one line.
std::vector<std::string> break_lines(std::string_view text, size_t width);

/// "1 hole", "3 holes"; `plural` for a noun that takes no s.
std::string counted(size_t n, const std::string& noun, const std::string& plural = {});

std::string padded(std::string text, size_t width);

enum class Align { kLeft, kRight };

class TextTable {
 public:
  /// One entry per column; columns stand two blanks apart.
  explicit TextTable(std::vector<Align> columns) : columns_(std::move(columns)) {}

  TextTable& row(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  /// After `indent` blanks. No column but the last is wider than `widest`: longer cells push the rest of
  /// their row to the next line. The first is at least `first` wide: tables below each other line up.
  std::string print(size_t indent, size_t widest = 44, size_t first = 0) const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace baton::report
