// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In which order are declarations read that extend each other?
//
// The oldest first, each once, without recursion: a line of versions may be as long as a file. A circle is entered
// where it is met first; the declaration that closes it finds its parent open.
//
//   b extends a, c extends b:   lineage.read("c", ...)   reads a, b, c
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "syntax/ast.h"

namespace baton::check {

class Lineage {
 public:
  explicit Lineage(const std::map<std::string, const syntax::Declaration*>& declarations) : declarations_(declarations) {}

  /// `flatten(name)` for this one and for all before it that are not `done`.
  template <typename Done, typename Flatten>
  void read(const std::string& name, const Done& done, Flatten flatten) {
    std::string next = name;
    while (done.count(next) == 0 && declarations_.count(next) != 0 && opened_.insert(next).second) {
      open_.push_back(next);
      const syntax::Declaration& d = *declarations_.at(next);
      if (!d.extends) break;
      next = d.extends->text();
    }
    while (!open_.empty()) {
      flatten(open_.back());
      opened_.erase(open_.back());
      open_.pop_back();
    }
  }

  /// "b -> c -> b" when this parent of the one that is being read is open itself; else empty.
  std::string circle_to(const std::string& parent) const {
    if (opened_.count(parent) == 0) return {};
    std::string drawn;
    for (auto it = std::find(open_.begin(), open_.end(), parent); it != open_.end(); ++it) drawn += *it + " -> ";
    return drawn + parent;
  }

 private:
  const std::map<std::string, const syntax::Declaration*>& declarations_;
  std::vector<std::string> open_;
  std::set<std::string> opened_;
};

/// Each convention and loader holds a copy of what it inherits: a hundred thousand short ones after a long one would
/// fill any memory. What ships has some hundreds in all.
inline constexpr size_t kMaxInherited = 250000;

}  // namespace baton::check
