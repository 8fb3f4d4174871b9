// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which way do slaves get to the taker, and in which byte orders may the giver arrive?
//
// Both follow from the conventions and the handoff's own words and need no address, so that placement and the
// tree can know: a pen of a relay is reserved in the tree.
//
//   slaves by auto; from linux.kexec@2005 to linux.bootblock@2, giver both  ->  relay: the second word of the
//   stub's head is the little-endian branch, and this taker's slaves need it
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "contract/claim.h"
#include "placement/layout.h"
#include "trampoline/relay.h"

namespace baton::trampoline {

/// Big-endian first. Both unless the handoff says one, or the giver's LE is promised.
std::vector<Endian> giver_orders(const placement::Layout& layout);

/// `head_copied < slaves_released`: what the giver copies to 0 is there when slaves come.
bool copies_before_release(const model::Convention& giver);

/// All of a relay but the stub's address and the landing's clause, or why the two conventions allow for none.
Result<Relay> relay_terms(const contract::Boundary& from, const contract::Boundary& to);

/// Whether slaves may come, and what `slaves by` comes to: none where no slave arrives, else what is asked for; `auto` is
/// a pen where the taker wants one, else overlay unless the stub's own words of the head are needed by the taker's slaves
/// and a relay can be. Reports nothing.
void choose_slave_means(placement::Layout& layout);

/// Where the taker wants a pen: whether its table fits the stub and this machine's CPUs. Reports.
bool check_pen(const placement::Layout& layout, diagnostics::Sink& sink);

}  // namespace baton::trampoline
