// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is a handshake between CPUs written down, before anybody asks whether it is sound?
//
// As one short program per CPU over shared words: loads, stores, barriers, cache instructions, fetches of words that
// are executed, polls and branches. Registers are named, and each is written by one event of its CPU. What must not
// happen is stated at loads and fetches (`must_be`), for whole runs (`Model::never`) and for CPUs (`must_finish`).
// Nothing here knows an instruction's encoding: whoever has a stub extracts these events from it.
//
//   Model m;
//   m.words = {{"code", 0, "line"}, {"flag", 0, ""}};
//   m.cpus = {{"master", {store("code", 1), dcbst("line"), sync(), icbi("line"), sync(), store("flag", 1)}},
//             {"slave", {poll("flag", 1), isync(), fetch("code", {1})}}};
//   Result<Verdict> verdict = explore(m);                                // explore.h; holds
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace baton::handshake {

/// Events are those of all CPUs together.
inline constexpr size_t kMostCpus = 4, kMostEvents = 64, kMostWords = 8, kMostStores = 8, kMostLineWords = 4;

/// Shared memory of 8 bits, of which a handshake needs few. `line` is set where the word is executed as well.
struct Word {
  std::string name;
  uint8_t initial = 0;
  std::string line = {};
};

enum class Act : uint8_t {
  kLoad,    // reg = word
  kStore,   // word = value, or = reg
  kAdd,     // word += value, one lwarx/stwcx. loop that succeeds
  kPoll,    // load word again and again until it is value; what follows depends on it as on a branch
  kFetch,   // the word is fetched to be executed here; what follows depends on it as on a branch
  kBranch,  // if reg is value (or is not), go to target: forward, or back over loads and fetches only
  kSync,
  kLwsync,
  kIsync,  // isync, rfid, hrfid: context synchronisation
  kDcbst,  // of a line
  kIcbi    // of a line, broadcast
};

struct Event {
  Act act = Act::kSync;
  std::string place = {};  // the word, or the line
  std::string reg = {};    // written by load and fetch, read by store and branch; empty: none
  uint8_t value = 0;
  std::string after = {};             // the address is computed from this register
  std::vector<uint8_t> must_be = {};  // load, fetch: any other value is a violation; empty: all are welcome
  bool unless = false;                // branch: taken where the register is *not* value
  size_t target = 0;                  // branch: an event of the program, or its length: the end
};

Event load(std::string reg, std::string word, std::string after = {});
Event store(std::string word, uint8_t value, std::string after = {});
Event store_register(std::string word, std::string reg);
Event add(std::string word, uint8_t value = 1);
Event poll(std::string word, uint8_t value);
Event fetch(std::string word, std::vector<uint8_t> must_be, std::string reg = {});
Event branch_if(std::string reg, uint8_t value, size_t target);
Event branch_unless(std::string reg, uint8_t value, size_t target);
Event sync();
Event lwsync();
Event isync();
Event dcbst(std::string line);
Event icbi(std::string line);

enum class Arrival : uint8_t {
  kSometime,  // early or late, as any scheduling has it
  kNever,
  kPerhaps  // both are looked at
};

struct Cpu {
  std::string name;
  std::vector<Event> program;
  Arrival arrival = Arrival::kSometime;
  bool must_finish = false;  // no run may leave it waiting in a poll
};

/// `name` is a register of `cpu`, or, with an empty `cpu`, a word's last value.
struct Condition {
  std::string cpu;
  std::string name;
  uint8_t value = 0;
};

struct Model {
  std::vector<Word> words;
  std::vector<Cpu> cpus;
  std::vector<Condition> never = {};  // no run that ends may end with all of them true; empty: no such demand
};

/// One event for people: `store flag = 1`, `fetch code`.
std::string text(const Event& event);

}  // namespace baton::handshake
