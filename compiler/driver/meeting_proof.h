// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Do master and slaves of a handoff get along, whenever the slaves come?
//
// The giver's promises to a slave and the taker's needs of it become a CPU that runs beside the master, over the same
// bytes; what they do to each other is looked at in slaves/meeting.h.
//
//   "slaves that come early, late or never", proved: single-branch window at 0x60: ...
#pragma once

#include "driver/pipeline.h"
#include "slaves/meeting.h"

namespace baton::driver {

/// What one slave is entered with, and needs.
struct SlaveSetting {
  Address landing;
  verify::EntryState state;
  verify::Goals goals;
};

/// The states in which the master may be entered, its goals, and what it was seen to do (slaves::MeetingOf::seen).
struct MasterSetting {
  std::vector<verify::EntryState> states;
  const verify::Goals& goals;
  std::vector<slaves::SharedRuns> seen = {};
};

/// Adds the obligation, where slaves may come to a place that is known.
void judge_meeting(const Compilation& c, const trampoline::ClosedOrder& order, const verify::Loaded& loaded, MasterSetting master,
                   SlaveSetting slave, verify::Verdict& verdict);

/// Where the giver lets slaves come, if that is one place.
std::optional<Address> slaves_landing(const trampoline::ClosedOrder& order);

}  // namespace baton::driver
