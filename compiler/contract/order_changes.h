// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How did an order of events change, told in as few words as it takes?
//
// Two orders are compared by their closures and told by their reductions (the edges that follow from no
// others). An event that went past others is told once, however many pairs it changed: the fewest events
// are looked for whose moves explain every reversed pair. What is left are edges that came or went.
//
//   a < b < c < d  ->  a < c < d < b     b moved: "a < b < c" is now "d < b"
#pragma once

#include <string>
#include <vector>

#include "contract/differences.h"

namespace baton::contract {

/// The edges that follow from no others, of an order without some of its events.
std::vector<model::OrderEdge> reduced(const Statement& statement, const std::vector<std::string>& without);

std::vector<Difference> order_changes(const Statement& before, const Statement& after,
                                      const std::string& old_name, const std::string& new_name);

}  // namespace baton::contract
