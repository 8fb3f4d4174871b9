// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Events by name, and their text. See model.h.
#include "handshake/model.h"

#include <utility>

namespace baton::handshake {

Event load(std::string reg, std::string word, std::string after) {
  return {.act = Act::kLoad, .place = std::move(word), .reg = std::move(reg), .after = std::move(after)};
}
Event store(std::string word, uint8_t value, std::string after) {
  return {.act = Act::kStore, .place = std::move(word), .value = value, .after = std::move(after)};
}
Event store_register(std::string word, std::string reg) {
  return {.act = Act::kStore, .place = std::move(word), .reg = std::move(reg)};
}
Event add(std::string word, uint8_t value) { return {.act = Act::kAdd, .place = std::move(word), .value = value}; }
Event poll(std::string word, uint8_t value) { return {.act = Act::kPoll, .place = std::move(word), .value = value}; }
Event fetch(std::string word, std::vector<uint8_t> must_be, std::string reg) {
  return {.act = Act::kFetch, .place = std::move(word), .reg = std::move(reg), .must_be = std::move(must_be)};
}
Event branch_if(std::string reg, uint8_t value, size_t target) {
  return {.act = Act::kBranch, .reg = std::move(reg), .value = value, .target = target};
}
Event branch_unless(std::string reg, uint8_t value, size_t target) {
  return {.act = Act::kBranch, .reg = std::move(reg), .value = value, .unless = true, .target = target};
}
Event sync() { return {.act = Act::kSync}; }
Event lwsync() { return {.act = Act::kLwsync}; }
Event isync() { return {.act = Act::kIsync}; }
Event dcbst(std::string line) { return {.act = Act::kDcbst, .place = std::move(line)}; }
Event icbi(std::string line) { return {.act = Act::kIcbi, .place = std::move(line)}; }

std::string text(const Event& e) {
  const std::string number = std::to_string(e.value), after = e.after.empty() ? "" : " (address from " + e.after + ")";
  switch (e.act) {
    case Act::kLoad: return "load " + e.reg + " = " + e.place + after;
    case Act::kStore: return "store " + e.place + " = " + (e.reg.empty() ? number : e.reg) + after;
    case Act::kAdd: return "add " + number + " to " + e.place;
    case Act::kPoll: return "poll " + e.place + " until " + number;
    case Act::kFetch: return "fetch " + e.place;
    case Act::kBranch:
      return "branch to " + std::to_string(e.target) + (e.unless ? " unless " : " if ") + e.reg + " = " + number;
    case Act::kSync: return "sync";
    case Act::kLwsync: return "lwsync";
    case Act::kIsync: return "isync";
    case Act::kDcbst: return "dcbst " + e.place;
    case Act::kIcbi: return "icbi " + e.place;
  }
  return "";
}

}  // namespace baton::handshake
