// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A hash table of places. See clause_index.h.
#include "check/clause_index.h"

namespace baton::check {

std::string ClauseIndex::name_of(model::Section section, const std::string& key) {
  return std::to_string(static_cast<int>(section)) + " " + key;
}

void ClauseIndex::open(std::vector<model::Clause>& clauses) {
  clauses_ = &clauses;
  places_.clear();
  removed_.clear();
  for (size_t i = 0; i < clauses.size(); ++i) places_[name_of(clauses[i].section, clauses[i].key)].push_back(i);
}

std::vector<size_t> ClauseIndex::find(model::Section section, const std::string& key) const {
  auto it = places_.find(name_of(section, key));
  return it == places_.end() ? std::vector<size_t>() : it->second;
}

void ClauseIndex::push(model::Clause clause) {
  places_[name_of(clause.section, clause.key)].push_back(clauses_->size());
  clauses_->push_back(std::move(clause));
}

void ClauseIndex::remove(size_t place) {
  std::erase(places_[name_of(at(place).section, at(place).key)], place);
  removed_.insert(place);
}

void ClauseIndex::sweep() {
  if (removed_.empty()) return;
  size_t kept = 0;
  auto next = removed_.begin();
  for (size_t i = 0; i < clauses_->size(); ++i) {
    if (next != removed_.end() && *next == i) {
      ++next;
      continue;
    }
    if (kept != i) at(kept) = std::move(at(i));
    ++kept;
  }
  clauses_->erase(clauses_->begin() + static_cast<ptrdiff_t>(kept), clauses_->end());
  removed_.clear();
  places_.clear();
}

}  // namespace baton::check
