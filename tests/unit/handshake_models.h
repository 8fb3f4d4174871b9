// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The handshakes that tests and figures ask about: new code that slaves are released into, with any of its barriers
// left out, and the ways to overwrite the loop in which they wait.
//
//   publication(kAfterDcbst | kAfterIcbi, 2)    two slaves, no isync after the flag
#pragma once

#include <string>

#include "handshake/model.h"

namespace baton::handshake {

enum : unsigned { kAfterDcbst = 1, kAfterIcbi = 2, kAfterFlag = 4, kComplete = 7 };

inline void add_slaves(Model& model, size_t slaves, const std::vector<Event>& program) {
  for (size_t i = 1; i <= slaves; ++i) model.cpus.push_back({"slave" + std::to_string(i), program});
}

/// The master stores new code and releases the slaves into it. The stores that the set names are there: a sync after
/// dcbst, a sync after icbi, an isync in the slave after the flag.
inline Model publication(unsigned barriers, size_t slaves) {
  Model m;
  m.words = {{"code", 0, "line"}, {"flag", 0, ""}};
  std::vector<Event> master = {store("code", 1), dcbst("line")};
  if (barriers & kAfterDcbst) master.push_back(sync());
  master.push_back(icbi("line"));
  if (barriers & kAfterIcbi) master.push_back(sync());
  master.push_back(store("flag", 1));
  m.cpus = {{"master", master, Arrival::kSometime, true}};
  std::vector<Event> slave = {poll("flag", 1)};
  if (barriers & kAfterFlag) slave.push_back(isync());
  slave.push_back(fetch("code", {1}));
  add_slaves(m, slaves, slave);
  for (Cpu& cpu : m.cpus) cpu.must_finish = true;
  return m;
}

enum class Overlay { kDelay, kAcknowledged, kIdentical };

/// Slaves wait in a loop at `line` until they are told to leave; the master overwrites it. A delay orders nothing, so
/// it is no event at all.
inline Model overlay(Overlay how, size_t slaves) {
  Model m;
  const uint8_t loop = 7, leave = 8, fresh = how == Overlay::kIdentical ? loop : 1;
  m.words = {{"loop", loop, "line"}, {"leave", leave, "line"}, {"released", 0, ""}, {"acks", 0, ""}};
  std::vector<Event> master = {store("released", 1)};
  if (how == Overlay::kAcknowledged) master.push_back(poll("acks", static_cast<uint8_t>(slaves)));
  master.push_back(store("loop", fresh));
  master.push_back(store("leave", how == Overlay::kIdentical ? leave : 2));
  master.push_back(dcbst("line"));
  master.push_back(sync());
  master.push_back(icbi("line"));
  master.push_back(sync());
  m.cpus = {{"master", master, Arrival::kSometime, true}};
  std::vector<Event> slave = {fetch("loop", {loop}), load("r", "released"), branch_unless("r", 1, 0), fetch("leave", {leave})};
  if (how == Overlay::kAcknowledged) slave.push_back(add("acks"));
  add_slaves(m, slaves, slave);
  return m;
}

}  // namespace baton::handshake
