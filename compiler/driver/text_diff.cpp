// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Common head and tail are cut off, the middle is aligned by longest common subsequence where it is small
// enough for a table, and replaced as a whole where it is not. Programs are pages, so it is.
#include "driver/text_diff.h"

#include <algorithm>
#include <vector>

namespace baton::driver {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = text.find('\n', at);
    if (end == std::string::npos) {
      lines.push_back(text.substr(at) + "\n\\ No newline at end of file\n");
      break;
    }
    lines.push_back(text.substr(at, end + 1 - at));
    at = end + 1;
  }
  return lines;
}

struct Line {
  char mark;  // ' ', '-' or '+'
  const std::string* text;
};

constexpr size_t kLargestTable = 16u << 20;

std::vector<Line> align(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  size_t head = 0, tail = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  while (tail < a.size() - head && tail < b.size() - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  std::vector<Line> out;
  for (size_t i = 0; i < head; ++i) out.push_back({' ', &a[i]});
  size_t n = a.size() - head - tail, m = b.size() - head - tail;
  if ((n + 1) * (m + 1) <= kLargestTable) {
    std::vector<std::vector<uint32_t>> common(n + 1, std::vector<uint32_t>(m + 1, 0));
    for (size_t i = n; i-- > 0;)
      for (size_t j = m; j-- > 0;)
        common[i][j] = a[head + i] == b[head + j] ? common[i + 1][j + 1] + 1
                                                  : std::max(common[i + 1][j], common[i][j + 1]);
    size_t i = 0, j = 0;
    while (i < n || j < m) {
      if (i < n && j < m && a[head + i] == b[head + j]) {
        out.push_back({' ', &a[head + i]});
        ++i, ++j;
      } else if (j == m || (i < n && common[i + 1][j] >= common[i][j + 1])) {
        out.push_back({'-', &a[head + i++]});
      } else {
        out.push_back({'+', &b[head + j++]});
      }
    }
  } else {
    for (size_t i = 0; i < n; ++i) out.push_back({'-', &a[head + i]});
    for (size_t j = 0; j < m; ++j) out.push_back({'+', &b[head + j]});
  }
  for (size_t i = a.size() - tail; i < a.size(); ++i) out.push_back({' ', &a[i]});
  return out;
}

}  // namespace

std::string unified_diff(const std::string& name, const std::string& before, const std::string& after) {
  auto a = lines_of(before), b = lines_of(after);
  auto lines = align(a, b);
  constexpr size_t kContext = 3;
  std::string text;
  size_t old_line = 1, new_line = 1, at = 0;
  while (at < lines.size()) {
    size_t change = at;
    while (change < lines.size() && lines[change].mark == ' ') ++change;
    if (change == lines.size()) break;
    size_t begin = change - std::min(kContext, change - at), end = change, quiet = 0;
    for (size_t i = change; i < lines.size() && quiet <= 2 * kContext; ++i) {
      quiet = lines[i].mark == ' ' ? quiet + 1 : 0;
      if (quiet == 0) end = i + 1;
    }
    end = std::min(lines.size(), end + kContext);
    for (; at < begin; ++at) ++old_line, ++new_line;
    size_t old_count = 0, new_count = 0;
    std::string body;
    for (; at < end; ++at) {
      old_count += lines[at].mark != '+';
      new_count += lines[at].mark != '-';
      body += lines[at].mark + *lines[at].text;
    }
    if (text.empty()) text = "--- a/" + name + "\n+++ b/" + name + "\n";
    text += "@@ -" + std::to_string(old_count ? old_line : old_line - 1) + "," + std::to_string(old_count) + " +" +
            std::to_string(new_count ? new_line : new_line - 1) + "," + std::to_string(new_count) + " @@\n" + body;
    old_line += old_count;
    new_line += new_count;
  }
  return text;
}

}  // namespace baton::driver
