// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does "a before b" follow from what a convention says about order?
//
// Events and edges form a strict partial order. A chain `a < b < c` is two edges; what follows is the
// transitive closure. A cycle is no order at all and is reported with its path.
//
//   PartialOrder o; o.add("head_copied", "slaves_released"); o.add("slaves_released", "master_enters");
//   o.entails("head_copied", "master_enters") == true
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace baton::contract {

/// The events of the language, in the order in which a kexec usually meets them.
const std::vector<std::string_view>& events();
/// The facts a memory section may state.
const std::vector<std::string_view>& facts();
/// The arrival states of slaves.
const std::vector<std::string_view>& arrival_states();

class PartialOrder {
 public:
  void add(const std::string& before, const std::string& after);
  bool entails(const std::string& before, const std::string& after) const;
  /// The events of one cycle, first repeated last; empty when there is none.
  std::vector<std::string> cycle() const;

 private:
  std::map<std::string, std::set<std::string>> after_;
};

}  // namespace baton::contract
