// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reachability over a handful of events. See order.h.
#include "contract/order.h"

#include <functional>

namespace baton::contract {

const std::vector<std::string_view>& events() {
  static const std::vector<std::string_view> kEvents = {
      "segments_placed", "interrupts_off",  "real_mode",      "hash_table_cleared",
      "head_copied",     "slaves_released", "slaves_arrived", "master_enters"};
  return kEvents;
}

const std::vector<std::string_view>& facts() {
  static const std::vector<std::string_view> kFacts = {"segments_placed", "icache_coherent",
                                                       "hash_table_cleared"};
  return kFacts;
}

const std::vector<std::string_view>& arrival_states() {
  static const std::vector<std::string_view> kStates = {"absent", "firmware", "arriving", "held",
                                                        "unknown"};
  return kStates;
}

void PartialOrder::add(const std::string& before, const std::string& after) {
  after_[before].insert(after);
}

bool PartialOrder::entails(const std::string& before, const std::string& after) const {
  std::set<std::string> seen;
  std::function<bool(const std::string&)> reaches = [&](const std::string& event) {
    auto it = after_.find(event);
    if (it == after_.end()) return false;
    for (const std::string& next : it->second)
      if (next == after || (seen.insert(next).second && reaches(next))) return true;
    return false;
  };
  return reaches(before);
}

std::vector<std::string> PartialOrder::cycle() const {
  std::vector<std::string> path;
  std::set<std::string> done;
  std::function<bool(const std::string&)> visit = [&](const std::string& event) {
    for (size_t i = 0; i < path.size(); ++i) {
      if (path[i] != event) continue;
      path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(i));
      path.push_back(event);
      return true;
    }
    if (done.count(event) != 0) return false;
    path.push_back(event);
    if (auto it = after_.find(event); it != after_.end())
      for (const std::string& next : it->second)
        if (visit(next)) return true;
    path.pop_back();
    done.insert(event);
    return false;
  };
  for (const auto& [event, next] : after_) {
    path.clear();
    if (visit(event)) return path;
  }
  return {};
}

}  // namespace baton::contract
