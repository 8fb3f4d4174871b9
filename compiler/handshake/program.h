// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model with its names resolved: what the machine runs. Names that nobody declared, registers written twice, loops
// that store and the limits of model.h end in a Failure; what comes out of `resolve` needs no further check.
//
//   "poll flag until 1" of cpu 2, event 0   ->   ops[2][0] = {kPoll, word 1, value 1}, known elsewhere as event first[2] + 0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "handshake/model.h"

namespace baton::handshake {

/// Events are numbered from the first of the first CPU on (Program::id_of); the initial value of word w is 64 + w, as if somebody had
/// stored it.
using EventId = uint8_t;
inline constexpr EventId kInitial = kMostEvents, kNothing = 255;

constexpr uint64_t bit(size_t id) { return uint64_t{1} << id; }
constexpr uint8_t cpu_bit(size_t cpu) { return static_cast<uint8_t>(1u << cpu); }

struct Op {
  Act act = Act::kSync;
  uint8_t word = 0, line = 0, value = 0, target = 0;
  int8_t source = -1;   // the event of this CPU that writes the register which is stored or tested
  int8_t address = -1;  // the same for the register of the address
  bool unless = false;
  bool kept = false;  // what it read is asked for later
  std::vector<uint8_t> must_be;
  bool reads() const { return act == Act::kLoad || act == Act::kPoll; }
  bool writes() const { return act == Act::kStore || act == Act::kAdd; }
  bool travels() const { return writes() || act == Act::kDcbst || act == Act::kIcbi; }
};

struct End {
  int8_t cpu = -1;     // -1: a word's last value
  uint8_t number = 0;  // event that writes the register, or the word
  uint8_t value = 0;
};

struct Program {
  Model model;
  std::vector<std::vector<Op>> ops;
  std::array<uint8_t, kMostCpus + 1> first{};  // cpu: the number of its first event; behind the last one, how many there are
  std::array<uint8_t, kMostEvents> owner{};    // event: its CPU
  std::vector<std::vector<uint8_t>> lines;   // line -> its words
  bool meets = false;                        // some word is stored to by two CPUs
  std::vector<End> never;
  std::vector<uint8_t> kind;                 // cpu: the first one that is like it
  std::vector<std::vector<uint8_t>> orders;  // renamings of CPUs that change nothing, the identity first

  size_t id_of(size_t cpu, size_t i) const { return first[cpu] + i; }
  size_t cpu_of(size_t id) const { return owner[id]; }
  size_t place_of(size_t id) const { return id - first[owner[id]]; }
  size_t events() const { return first[ops.size()]; }
};

Result<Program> resolve(const Model& model);

}  // namespace baton::handshake
