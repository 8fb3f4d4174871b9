// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which clauses of a convention that is being read say something of this key?
//
// A convention may inherit, override and drop thousands of clauses: each is found by its section and key, not by
// looking through all of them. Places in the list stay as they are until `sweep`: what is removed is only marked.
//
//   index.open(c.clauses); for (size_t i : index.find(Section::kMaster, "r3")) ...; index.remove(i); index.sweep();
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/program.h"

namespace baton::check {

class ClauseIndex {
 public:
  /// From here on about this list, which nobody else changes until `sweep`.
  void open(std::vector<model::Clause>& clauses);

  /// Places in the list, ascending.
  std::vector<size_t> find(model::Section section, const std::string& key) const;
  model::Clause& at(size_t place) { return (*clauses_)[place]; }
  size_t size() const { return clauses_->size(); }
  bool is_removed(size_t place) const { return removed_.count(place) != 0; }
  void push(model::Clause clause);
  void remove(size_t place);

  /// Takes what was removed out of the list.
  void sweep();

 private:
  static std::string name_of(model::Section section, const std::string& key);

  std::vector<model::Clause>* clauses_ = nullptr;
  std::unordered_map<std::string, std::vector<size_t>> places_;
  std::set<size_t> removed_;
};

}  // namespace baton::check
