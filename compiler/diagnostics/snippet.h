// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which columns of a terminal does a piece of program text take, and what stands in them?
//
// A QuotedLine is one source line laid out in cells of one column: tabs are spaces up to the next multiple
// of four, a wide character takes two cells, and what a terminal would act on (control characters, bytes
// that are no UTF-8, marks that reverse the direction of text) is written out. It knows the column of every
// byte, and it is cut to a window around a place when the line is too long. It knows nothing of labels.
//
//   QuotedLine line("\tr3 = 0;", 1, 100);  line.text() == "    r3 = 0;";  line.column(1) == 4
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace baton::diagnostics {

class QuotedLine {
 public:
  /// Lays out `line` so that the byte `focus` (0-based, may be the line's length) is in the window.
  QuotedLine(std::string_view line, size_t focus, size_t width);

  /// What is printed: the window, with "..." where the line was cut.
  const std::string& text() const { return text_; }
  /// Whether the byte's column is inside the window.
  bool shows(size_t byte) const;
  /// The column of a byte in text(), moved to the window's edge when it is outside.
  size_t column(size_t byte) const;

 private:
  size_t cell(size_t byte) const;

  size_t first_byte_ = 0;               // where the part that was laid out begins
  std::vector<size_t> cell_of_byte_;    // from first_byte_, one more than there are bytes
  size_t left_ = 0, right_ = 0;         // the window in cells, half-open
  bool cut_left_ = false;
  std::string text_;
};

/// Text of any origin on its way to a terminal: one line stays one line unless it holds '\n'.
std::string printable(std::string_view text);

}  // namespace baton::diagnostics
